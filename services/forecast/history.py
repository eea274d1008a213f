"""Earlier days: who asked when, from which stop to which; the file that a territory keeps them in.

Only stops, no places: where somebody lives is not in it.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from services.domain.day import DayKind, Weather
from services.domain.errors import InvalidFile
from services.network.rows import Row, read_rows
from services.network.stops import Stops

HISTORY_FILE = "history.csv.gz"
COLUMNS = ("date", "weather", "request_s", "departure_s", "origin", "destination")
TIME_S_MAX = 3 * 86_400


class PastRequest(NamedTuple):
    """When somebody asked (seconds after midnight), for when, and between which stops."""

    request_s: int
    departure_s: int
    origin: int
    destination: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDay:
    """One day of the history."""

    date: date
    weather: Weather
    requests: tuple[PastRequest, ...]

    @property
    def kind(self) -> DayKind:
        """Its weekday and weather."""
        return DayKind.of(self.date, self.weather)


def write_history(days: Sequence[PastDay], stops: Stops, path: Path) -> None:
    """Write days as CSV, gzipped if the name ends in ``.gz``; the same days give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for day in days:
        for past in day.requests:
            ends = stops.ids[past.origin], stops.ids[past.destination]
            times = past.request_s, past.departure_s
            writer.writerow((day.date.isoformat(), day.weather.value, *times, *ends))
    data = text.getvalue().encode()
    try:
        path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    except OSError as error:
        raise InvalidFile(path, f"cannot be written: {error.strerror or error}") from None


def read_history(path: Path, stops: Stops) -> tuple[PastDay, ...]:
    """Read the days of a file, in the order of their dates.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    number = {stop_id: i for i, stop_id in enumerate(stops.ids)}
    requests: dict[date, list[PastRequest]] = {}
    weather: dict[date, Weather] = {}
    for row in read_rows(path, COLUMNS):
        day, sky = _date(row), row.text("weather")
        if sky not in list(Weather):
            raise row.wrong("weather", f"'{sky}' is none of {', '.join(Weather)}")
        if weather.setdefault(day, Weather(sky)) != sky:
            raise row.wrong("weather", f"was {weather[day]} in an earlier row of {day}")
        times = (row.whole(name, 0, TIME_S_MAX) for name in ("request_s", "departure_s"))
        ends = (_stop(row, name, number) for name in ("origin", "destination"))
        requests.setdefault(day, []).append(PastRequest(*times, *ends))
    return tuple(
        PastDay(date=day, weather=weather[day], requests=tuple(requests[day]))
        for day in sorted(requests)
    )


def _date(row: Row) -> date:
    try:
        return date.fromisoformat(row.text("date"))
    except ValueError:
        raise row.wrong("date", "is not a date like 2026-01-31") from None


def _stop(row: Row, field: str, number: dict[str, int]) -> int:
    stop_id = row.text(field)
    if stop_id not in number:
        raise row.wrong(field, f"there is no stop '{stop_id}'")
    return number[stop_id]
