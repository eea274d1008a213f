from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from services.domain.errors import InvalidFile
from services.domain.territory import Territory
from services.network.settings_file import read_settings
from tests.network.drawings import TERRITORY


def read(tmp_path: Path, text: str) -> Territory:
    path = tmp_path / "territory.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, Territory)


@pytest.mark.parametrize("written", ["22:30", "'22:30'", "22:30:00"])
def test_a_time_of_day_is_a_time_however_it_is_written(tmp_path: Path, written: str) -> None:
    service = read(tmp_path, TERRITORY + f"service: {{opens: 06:00, closes: {written}}}\n").service
    assert (service.opens, service.closes) == (time(6), time(22, 30))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: &x [1]\nb: *x\n", 2, "references"),
        ("a: 1\nb: {c: 1, c: 2}\n", 2, "twice"),
        ("? [1]\n: 2\n", 1, "a key must be a word"),
        ("- 1\n", 1, "keys and values"),
        ("a: !!python/object/apply:os.getcwd []\n", 1, "could not determine a constructor"),
        ("a: \x07\n", None, "not YAML"),
        ("[" * 5000, None, "nested too deeply"),
    ],
)
def test_yaml_with_a_catch_is_refused(
    tmp_path: Path, text: str, line: int | None, reason: str
) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        read(tmp_path, text)
    assert caught.value.line == line
