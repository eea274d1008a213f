"""Demand files: what is read, what is refused and where, and that what is written comes back."""

from __future__ import annotations

import gzip
import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.geo import Point
from services.simulator.demand import TIME_S_MAX, Trip, demand_of, read_demand, write_demand

HEADER = (
    "request_id,departure_s,origin_lon,origin_lat,destination_lon,destination_lat,"
    "request_s,arrive_by_s,seats,wheelchairs,cancel_s"
)
GOOD = "a,3600,1.48,46.23,1.59,46.24,1800,7200,2,1,3000"


def a_trip(request_id: str = "a", **changes: object) -> Trip:
    trip = Trip(
        request_id=request_id,
        request_s=1800,
        departure_s=3600,
        origin=Point(1.48, 46.23),
        destination=Point(1.59, 46.24),
    )
    return replace(trip, **changes)  # type: ignore[arg-type]


def a_file(folder: Path, *lines: str, name: str = "demand.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def a_row(**changes: str) -> str:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changes
    return ",".join(cells.values())


def a_parquet(folder: Path, **columns: object) -> Path:
    table = {
        "request_id": ["a", "b"],
        "departure_s": [3600, 60],
        "origin_lon": [1.48, 1.48],
        "origin_lat": [46.23, 46.23],
        "destination_lon": [1.59, 1.59],
        "destination_lat": [46.24, 46.24],
    } | columns
    path = folder / "demand.parquet"
    pq.write_table(pa.table(table), path)
    return path


def test_every_column_is_read(tmp_path: Path) -> None:
    (trip,) = read_demand(a_file(tmp_path, HEADER, GOOD)).trips
    assert trip == a_trip(arrive_by_s=7200, seats=2, wheelchairs=1, cancel_s=3000)
    assert trip.booked


def test_without_optional_columns_one_rider_asks_at_departure(tmp_path: Path) -> None:
    lines = [",".join(line.split(",")[:6]) for line in (HEADER, GOOD)]
    (trip,) = read_demand(a_file(tmp_path, *lines)).trips
    assert trip == a_trip(request_s=3600)
    assert not trip.booked


def test_an_empty_optional_cell_is_as_good_as_no_column(tmp_path: Path) -> None:
    row = a_row(request_s="", arrive_by_s=" ", seats="", wheelchairs="", cancel_s="")
    assert read_demand(a_file(tmp_path, HEADER, row)).trips == (a_trip(request_s=3600),)


def test_columns_come_in_any_order_and_unknown_ones_are_ignored(tmp_path: Path) -> None:
    header = "mode," + ",".join(reversed(HEADER.split(","))) + ",,"
    row = "car," + ",".join(reversed(GOOD.split(","))) + ",x,y"
    plain = read_demand(a_file(tmp_path, HEADER, GOOD))
    assert read_demand(a_file(tmp_path, header, row, name="other.csv")).trips == plain.trips


def test_trips_come_in_the_order_of_their_requests_then_ids(tmp_path: Path) -> None:
    rows = [
        a_row(request_id=name, request_s=at) for name, at in (("c", "9"), ("b", "9"), ("d", "3"))
    ]
    trips = read_demand(a_file(tmp_path, HEADER, *rows)).trips
    assert [trip.request_id for trip in trips] == ["d", "b", "c"]


@pytest.mark.parametrize("text", ["3600.0", "3.6e3", "+3600", " 3600 ", "3600."])
def test_a_whole_number_may_be_written_as_a_decimal(tmp_path: Path, text: str) -> None:
    (trip,) = read_demand(a_file(tmp_path, HEADER, a_row(departure_s=text))).trips
    assert trip.departure_s == 3600
    assert isinstance(trip.departure_s, int)


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER, GOOD)
    assert read_demand(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_gzip_and_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\r\n{GOOD}\r\n\r\n".encode("utf-8-sig")))
    assert len(read_demand(path).trips) == 1


BAD_CELLS = [
    ("request_id", ""),
    ("request_id", "x" * 201),
    ("departure_s", ""),
    ("departure_s", "soon"),
    ("departure_s", "nan"),
    ("departure_s", "inf"),
    ("departure_s", "1e999"),
    ("departure_s", "3600.5"),
    ("departure_s", "-1"),
    ("departure_s", "1_000"),
    ("departure_s", "٣٦٠٠"),
    ("departure_s", str(TIME_S_MAX + 1)),
    ("origin_lon", "180.1"),
    ("origin_lat", "-90.1"),
    ("destination_lon", "NaN"),
    ("destination_lat", "-Infinity"),
    ("destination_lat", "46,24"),
    ("request_s", "3601"),
    ("request_s", "-5"),
    ("arrive_by_s", "3599"),
    ("arrive_by_s", str(TIME_S_MAX + 1)),
    ("seats", "-1"),
    ("seats", "201"),
    ("seats", "1.5"),
    ("wheelchairs", "51"),
    ("cancel_s", "1799"),
    ("cancel_s", "9" * 39),
]


@pytest.mark.parametrize(("field", "text"), BAD_CELLS)
def test_a_bad_cell_is_an_error_with_file_line_and_field(
    tmp_path: Path, field: str, text: str
) -> None:
    quoted = f'"{text}"'
    path = a_file(tmp_path, HEADER, a_row(request_id="first"), a_row(**{field: quoted}))
    with pytest.raises(InvalidFile) as caught:
        read_demand(path)
    assert (caught.value.path, caught.value.line, caught.value.field) == (path, 3, field)


def test_nobody_is_not_a_party(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_demand(a_file(tmp_path, HEADER, a_row(seats="0", wheelchairs="0")))
    assert caught.value.field == "seats"


def test_somebody_in_a_wheelchair_may_travel_without_a_seat(tmp_path: Path) -> None:
    (trip,) = read_demand(a_file(tmp_path, HEADER, a_row(seats="0", wheelchairs="1"))).trips
    assert (trip.seats, trip.wheelchairs) == (0, 1)


def test_a_repeated_id_names_the_line_that_it_repeats(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="line 2") as caught:
        read_demand(a_file(tmp_path, HEADER, GOOD, GOOD))
    assert (caught.value.line, caught.value.field) == (3, "request_id")


def test_a_row_with_too_few_or_many_cells_is_bad(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER, "a,1,2", GOOD + ",7", a_row(request_id="c"))
    bad = read_demand(path, skip_bad_rows=True).bad_rows
    assert [(error.line, error.field) for error in bad] == [(2, None), (3, None)]


def test_skipping_bad_rows_lists_each_and_keeps_the_rest(tmp_path: Path) -> None:
    bad = [
        a_row(**{"request_id": f"x{i}", field: f'"{text}"'})
        for i, (field, text) in enumerate(BAD_CELLS)
        if field != "request_id"
    ]
    path = a_file(tmp_path, HEADER, GOOD, *bad, a_row(request_id="z"))
    demand = read_demand(path, skip_bad_rows=True)
    assert [trip.request_id for trip in demand.trips] == ["a", "z"]
    assert [error.line for error in demand.bad_rows] == list(range(3, 3 + len(bad)))


def test_lines_count_as_an_editor_counts_them(tmp_path: Path) -> None:
    two_lines = a_row(request_id='"one\ntwo"')
    path = a_file(tmp_path, HEADER, "", two_lines, a_row(seats="x"))
    bad = read_demand(path, skip_bad_rows=True).bad_rows
    assert [(error.line, error.field) for error in bad] == [(3, "request_id"), (5, "seats")]


@pytest.mark.parametrize("column", HEADER.split(",")[:6])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = a_file(tmp_path, HEADER.replace(column, "other"), GOOD)
    with pytest.raises(InvalidFile, match="missing") as caught:
        read_demand(path, skip_bad_rows=True)
    assert (caught.value.line, caught.value.field) == (1, column)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER + ",seats", GOOD + ",2")
    with pytest.raises(InvalidFile, match="twice") as caught:
        read_demand(path)
    assert caught.value.field == "seats"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("blank.csv", b"\n \n"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0)),
        ("short.csv.gz", gzip.compress((HEADER + "\n" + GOOD).encode() * 50, mtime=0)[:-30]),
        ("damaged.csv.gz", b"\x1f\x8b\x08" + bytes(range(60))),
        ("latin.csv", (HEADER + "\nd\u00e9but,1\n").encode("latin-1")),
        ("quote.csv", (HEADER + "\n" + a_row(request_id='"open')).encode()),
        ("text.parquet", HEADER.encode()),
        ("short.parquet", b"PAR1" + bytes(40) + b"PAR1"),
        ("wide.csv", (HEADER + "\n" + "9" * 200_000).encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_file_is_an_error_of_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as caught:
        read_demand(path, skip_bad_rows=True)
    assert caught.value.path == path


def test_text_that_is_not_utf_8_says_on_which_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(f"{HEADER}\n{GOOD}\nd\u00e9but,1\n".encode("latin-1"))
    with pytest.raises(InvalidFile) as caught:
        read_demand(path)
    assert caught.value.line == 3


def test_a_file_that_is_not_there_is_an_invalid_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile):
        read_demand(tmp_path / "nothing.csv")


def test_a_header_alone_is_a_day_without_requests(tmp_path: Path) -> None:
    assert read_demand(a_file(tmp_path, HEADER)).trips == ()


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    path = a_parquet(
        tmp_path,
        request_id=[7, 8],
        departure_s=[3600.0, 60.0],
        arrive_by_s=[7200, None],
        tags=[["unknown"], None],
    )
    first, second = read_demand(path).trips
    assert (first.request_id, first.arrive_by_s) == ("8", None)
    assert second == a_trip("7", request_s=3600, arrive_by_s=7200)


@pytest.mark.parametrize(
    ("field", "values", "line"),
    [
        ("departure_s", [3600, None], 3),
        ("departure_s", [3600.5, 60.0], 2),
        ("departure_s", [True, False], 2),
        ("departure_s", [b"3600", b"60"], 2),
        ("origin_lon", [1.48, float("nan")], 3),
        ("origin_lat", [float("inf"), 46.0], 2),
        ("request_id", ["a", "a"], 3),
        ("request_id", [1.5, 2.5], 2),
        ("seats", [[1], [2]], 2),
    ],
)
def test_a_bad_parquet_cell_counts_lines_as_if_below_a_header(
    tmp_path: Path, field: str, values: list[object], line: int
) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_demand(a_parquet(tmp_path, **{field: values}))
    assert (caught.value.line, caught.value.field) == (line, field)


def test_a_missing_parquet_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "demand.parquet"
    pq.write_table(pa.table({"request_id": ["a"]}), path)
    with pytest.raises(InvalidFile) as caught:
        read_demand(path)
    assert caught.value.field == "departure_s"


def test_ten_thousand_rows_take_no_time_to_speak_of(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER, *(a_row(request_id=f"r{i}") for i in range(10_000)))
    began_s = time.perf_counter()
    assert len(read_demand(path).trips) == 10_000
    assert time.perf_counter() - began_s < 2


def test_the_shared_days_read_whole(shared_data: Path) -> None:
    folder = shared_data / "demand"
    assert len(read_demand(folder / "vulkaneifel_requests.csv.gz").trips) == 7146
    assert len(read_demand(folder / "corsica_trips.csv").trips) == 1416


def test_two_trips_with_one_id_make_no_day() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        demand_of([a_trip(), a_trip(seats=2)])


TIMES = st.integers(0, TIME_S_MAX)
POINTS = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=20)


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    request_s, departure_s, arrive_by_s = sorted((draw(TIMES), draw(TIMES), draw(TIMES)))
    cancel_s = draw(st.none() | st.integers(request_s, TIME_S_MAX))
    wheelchairs = draw(st.integers(0, 3))
    return Trip(
        request_id=draw(TEXTS.map(lambda text: f"x{text}x")),
        request_s=request_s,
        departure_s=departure_s,
        origin=draw(POINTS),
        destination=draw(POINTS),
        arrive_by_s=draw(st.none() | st.just(arrive_by_s)),
        seats=draw(st.integers(0 if wheelchairs else 1, 8)),
        wheelchairs=wheelchairs,
        cancel_s=cancel_s,
        purpose=draw(TEXTS.map(str.strip)),
    )


@given(st.lists(trips(), max_size=8, unique_by=lambda trip: trip.request_id))
def test_a_written_day_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, some: list[Trip]
) -> None:
    day = demand_of(some)
    path = tmp_path_factory.mktemp("day") / "day.csv"
    write_demand(day, path)
    assert read_demand(path) == day


def test_a_written_day_may_be_gzipped_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    day = demand_of([a_trip("b"), a_trip("a")])
    paths = [tmp_path / name for name in ("one.csv.gz", "two.csv.gz")]
    for path in paths:
        write_demand(day, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert read_demand(paths[0]).trips == day.trips
