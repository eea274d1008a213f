"""The history is days of requests at stops: it comes back as it was written, and repeats."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from services.cli import main
from services.domain.day import Weather
from services.domain.errors import InvalidFile
from services.forecast.history import PastDay, PastRequest, read_history, write_history
from services.network.folder import load
from services.network.rows import read_bytes
from tests.builders import LINE, on_plane

STOPS = on_plane(LINE)
TIMES = st.integers(0, 86_400)
ENDS = st.integers(0, len(LINE) - 1)
REQUESTS = st.lists(st.builds(PastRequest, TIMES, TIMES, ENDS, ENDS), min_size=1, max_size=5)
DAYS = st.lists(
    st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.sampled_from(Weather), REQUESTS),
    min_size=1,
    max_size=4,
    unique_by=lambda day: day[0],
)


@given(days=DAYS)
def test_a_history_comes_back_as_it_was_written(
    days: list[tuple[date, Weather, list[PastRequest]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    past = tuple(
        PastDay(date=day, weather=weather, requests=tuple(requests))
        for day, weather, requests in sorted(days, key=lambda day: day[0])
    )
    path = tmp_path_factory.mktemp("history") / "history.csv.gz"
    write_history(past, STOPS, path)
    assert read_history(path, STOPS) == past


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2026-13-01,dry,0,0,s0,s1", "is not a date"),
        ("2026-01-01,fair,0,0,s0,s1", "'fair' is none of"),
        ("2026-01-01,dry,0,-1,s0,s1", "is not between"),
        ("2026-01-01,dry,0,0,s0,s9", "there is no stop 's9'"),
        ("2026-01-01,dry,0,0,s0,s1\n2026-01-01,rain,0,0,s0,s1", "was dry in an earlier row"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(row: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(f"date,weather,request_s,departure_s,origin,destination\n{row}\n")
    with pytest.raises(InvalidFile, match=complaint):
        read_history(path, STOPS)


def test_the_history_that_ships_is_what_its_command_makes(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "history.csv.gz"
    made = ["demand", "history", str(demo), "--from", "2026-01-05", "--out", str(out)]
    assert CliRunner().invoke(main, made).exit_code == 0
    # Unpacked: how well a machine packs is its own affair.
    assert read_bytes(out) == read_bytes(demo / "history.csv.gz")


def test_the_history_that_ships_has_what_a_forecast_has_to_learn(demo: Path) -> None:
    days = read_history(demo / "history.csv.gz", load(demo).stops)
    assert len(days) == 30
    assert {day.date.weekday() for day in days} == set(range(7))
    assert {day.weather for day in days} == set(Weather)
    size = {day.date.weekday(): len(day.requests) for day in days[:7]}
    assert size[6] < size[5] < min(size[0], size[1], size[2], size[3])
    for day in days:
        out = {(past.origin, past.destination) for past in day.requests}
        back = [past for past in day.requests if (past.destination, past.origin) in out]
        assert len(back) > len(day.requests) / 2, "most come back"
