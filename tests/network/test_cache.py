from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from services.network import cache
from services.network.cache import cached_road_tables
from services.network.cache_folder import cache_folder
from tests.network.drawings import roads_of, stops_at

ROADS = roads_of(4, [(0, 1, 5000), (1, 2, 6000), (2, 3, 7000), (3, 0, 8000), (1, 0, 100)])
STOPS = stops_at(ROADS, [0, 2, 3])


def only_set(folder: Path) -> Path:
    (found,) = (folder / "tables").iterdir()
    return found


def no_computing(*_: object) -> None:
    raise AssertionError("computed although it was cached")


def test_tables_are_computed_once_and_then_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cached_road_tables(ROADS, STOPS, tmp_path)
    monkeypatch.setattr(cache, "road_tables", no_computing)
    again = cached_road_tables(ROADS, STOPS, tmp_path)
    assert again.version == first.version == only_set(tmp_path).name
    for name, array in first.arrays().items():
        assert np.array_equal(array, again.arrays()[name])
        assert not again.arrays()[name].flags.writeable


@pytest.mark.parametrize("damage", ["cut", "flip", "no manifest", "bad manifest", "missing table"])
def test_a_damaged_cache_is_computed_anew_with_a_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    sound = cached_road_tables(ROADS, STOPS, tmp_path)
    expected = sound.drive_s.tolist()
    del sound
    table, manifest = only_set(tmp_path) / "drive_s.npy", only_set(tmp_path) / "manifest.json"
    data = table.read_bytes()
    match damage:
        case "cut":
            table.write_bytes(data[:-3])
        case "flip":
            table.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "no manifest":
            manifest.unlink()
        case "bad manifest":
            manifest.write_text("[]")
        case _:
            table.unlink()
    with caplog.at_level(logging.WARNING):
        assert cached_road_tables(ROADS, STOPS, tmp_path).drive_s.tolist() == expected
    assert "damaged" in caplog.text
    caplog.clear()
    assert cached_road_tables(ROADS, STOPS, tmp_path).drive_s.tolist() == expected
    assert not caplog.text


def test_a_cache_that_cannot_be_written_is_only_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tables").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        assert cached_road_tables(ROADS, STOPS, tmp_path).drive_s[0, 0] == 0
    assert "could not be cached" in caplog.text


def test_nothing_is_left_beside_a_written_cache(tmp_path: Path) -> None:
    cached_road_tables(ROADS, STOPS, tmp_path)
    assert len(list((tmp_path / "tables").iterdir())) == 1


def test_the_cache_lies_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("NAVETTE_CACHE", raising=False)
    assert cache_folder() == tmp_path / "xdg" / "navette"
    monkeypatch.setenv("NAVETTE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
