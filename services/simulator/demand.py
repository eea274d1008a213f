"""A day of demand: who asks when to go where; read from CSV or Parquet, written as CSV."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.geo import Point
from services.simulator.demand_rows import ROWS_MAX, open_table, point_of, text_of, whole_of

TIME_S_MAX = 3 * 86_400
"""A service day may run past midnight, but not for longer than this."""
SEATS_MAX = 200
WHEELCHAIRS_MAX = 50
TEXT_MAX = 200

REQUIRED = (
    "request_id",
    "departure_s",
    "origin_lon",
    "origin_lat",
    "destination_lon",
    "destination_lat",
)
OPTIONAL = ("request_s", "arrive_by_s", "seats", "wheelchairs", "cancel_s", "purpose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One party's wish to go from one place to another.

    Parameters
    ----------
    request_id
        Unique in its day.
    request_s
        When it is asked, in seconds after midnight; never after ``departure_s``.
    departure_s
        When the party can leave its origin at the earliest.
    arrive_by_s
        When it must be at its destination at the latest, if it must.
    seats, wheelchairs
        Riders on seats, and riders who stay in their wheelchair.
    cancel_s
        When the party changes its mind, if it does.
    purpose
        What the trip is for, in one word; for people, not for the dispatcher.

    Raises
    ------
    InvalidRequest
        If a value makes no sense; its ``field`` names it.
    """

    request_id: str
    request_s: int
    departure_s: int
    origin: Point
    destination: Point
    arrive_by_s: int | None = None
    seats: int = 1
    wheelchairs: int = 0
    cancel_s: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        _check_text("request_id", self.request_id)
        _check_text("purpose", self.purpose)
        if not self.request_id:
            raise InvalidRequest("request_id", "is empty")
        _check_range("departure_s", self.departure_s, TIME_S_MAX)
        _check_range("request_s", self.request_s, TIME_S_MAX)
        _check_range("seats", self.seats, SEATS_MAX)
        _check_range("wheelchairs", self.wheelchairs, WHEELCHAIRS_MAX)
        if self.seats + self.wheelchairs == 0:
            raise InvalidRequest("seats", "is 0, and nobody in a wheelchair travels either")
        if self.request_s > self.departure_s:
            raise InvalidRequest(
                "request_s", f"{self.request_s} is after the departure at {self.departure_s}"
            )
        if self.arrive_by_s is not None:
            _check_range("arrive_by_s", self.arrive_by_s, TIME_S_MAX)
            if self.arrive_by_s < self.departure_s:
                raise InvalidRequest(
                    "arrive_by_s",
                    f"{self.arrive_by_s} is before the departure at {self.departure_s}",
                )
        if self.cancel_s is not None:
            _check_range("cancel_s", self.cancel_s, TIME_S_MAX)
            if self.cancel_s < self.request_s:
                raise InvalidRequest(
                    "cancel_s", f"{self.cancel_s} is before the request at {self.request_s}"
                )

    @property
    def booked(self) -> bool:
        """Whether the ride is asked for before it is wanted."""
        return self.request_s < self.departure_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A day of trips.

    Parameters
    ----------
    trips
        In the order (``request_s``, ``request_id``).
    bad_rows
        What was skipped, one error a row, in the order of the file.
    sha256
        Content hash of the file as it lies on disk; for demand that no file holds, of the CSV that
        `write_demand` would write.
    """

    trips: tuple[Trip, ...]
    bad_rows: tuple[InvalidFile, ...] = ()
    sha256: str


def read_demand(path: Path, *, skip_bad_rows: bool = False) -> Demand:
    """Read a day of demand from CSV (plain or gzipped) or Parquet.

    Parameters
    ----------
    path
        A file with the columns `REQUIRED` and any of `OPTIONAL`; others are ignored. Lines count
        from the header, also in Parquet: its first row is line 2.
    skip_bad_rows
        Leave bad rows out and list them, instead of failing at the first.

    Raises
    ------
    InvalidFile
        If the file cannot be read, lacks a column, or (without ``skip_bad_rows``) has a bad row.
    """
    path = Path(path)
    trips: list[Trip] = []
    bad_rows: list[InvalidFile] = []
    line_of: dict[str, int] = {}
    table = open_table(path, REQUIRED, OPTIONAL)
    column_of = {name: index for index, name in enumerate(table.header)}
    for line, cells in table.rows:
        if len(trips) + len(bad_rows) >= ROWS_MAX:
            raise InvalidFile(path, f"has more than {ROWS_MAX:,} rows", line=line)
        try:
            if len(cells) != len(table.header):
                raise InvalidRequest(
                    "", f"has {len(cells)} cells where the header has {len(table.header)}"
                )
            trip = _trip(column_of, cells)
            first_line = line_of.setdefault(trip.request_id, line)
            if first_line != line:
                raise InvalidRequest("request_id", f"repeats the one on line {first_line}")
            trips.append(trip)
        except InvalidRequest as error:
            bad = InvalidFile(path, error.reason, line=line, field=error.field or None)
            if not skip_bad_rows:
                raise bad from None
            bad_rows.append(bad)
    return Demand(
        trips=tuple(sorted(trips, key=_ORDER)), bad_rows=tuple(bad_rows), sha256=_file_sha256(path)
    )


def demand_of(trips: Iterable[Trip]) -> Demand:
    """Make a day of trips that no file holds.

    Raises
    ------
    InvalidRequest
        If two trips have one id.
    """
    ordered = tuple(sorted(trips, key=_ORDER))
    seen: set[str] = set()
    for trip in ordered:
        if trip.request_id in seen:
            raise InvalidRequest("request_id", f"'{trip.request_id}' is there twice")
        seen.add(trip.request_id)
    return Demand(trips=ordered, sha256=hashlib.sha256(_csv(ordered)).hexdigest())


def write_demand(demand: Demand, path: Path) -> None:
    """Write a day as CSV that `read_demand` reads back equal; gzipped if its name ends in ``.gz``.

    The same demand gives the same bytes.
    """
    path = Path(path)
    data = _csv(demand.trips)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


_ORDER = attrgetter("request_s", "request_id")


def _csv(trips: Sequence[Trip]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*REQUIRED, *OPTIONAL))
    for trip in trips:
        writer.writerow(
            (
                trip.request_id,
                trip.departure_s,
                repr(trip.origin.lon),
                repr(trip.origin.lat),
                repr(trip.destination.lon),
                repr(trip.destination.lat),
                trip.request_s,
                "" if trip.arrive_by_s is None else trip.arrive_by_s,
                trip.seats,
                trip.wheelchairs,
                "" if trip.cancel_s is None else trip.cancel_s,
                trip.purpose,
            )
        )
    return text.getvalue().encode()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _trip(column_of: Mapping[str, int], cells: Sequence[object]) -> Trip:
    def cell(field: str) -> object:
        index = column_of.get(field)
        value = None if index is None else cells[index]
        if isinstance(value, str):
            value = value.strip()
        return None if value == "" else value

    def optional(field: str) -> int | None:
        value = cell(field)
        return None if value is None else whole_of(field, value)

    def given(field: str) -> object:
        value = cell(field)
        if value is None:
            raise InvalidRequest(field, "is empty")
        return value

    departure_s = whole_of("departure_s", given("departure_s"))
    request_s = optional("request_s")
    seats = optional("seats")
    return Trip(
        request_id=text_of("request_id", given("request_id")),
        request_s=departure_s if request_s is None else request_s,
        departure_s=departure_s,
        origin=point_of("origin", given("origin_lon"), given("origin_lat")),
        destination=point_of("destination", given("destination_lon"), given("destination_lat")),
        arrive_by_s=optional("arrive_by_s"),
        seats=1 if seats is None else seats,
        wheelchairs=optional("wheelchairs") or 0,
        cancel_s=optional("cancel_s"),
        purpose=text_of("purpose", cell("purpose") or ""),
    )


def _check_range(field: str, value: int, high: int) -> None:
    if not 0 <= value <= high:
        raise InvalidRequest(field, f"{value} is not between 0 and {high}")


def _check_text(field: str, value: str) -> None:
    if len(value) > TEXT_MAX or not value.isprintable() or value != value.strip():
        raise InvalidRequest(field, f"must be at most {TEXT_MAX} printable characters")
