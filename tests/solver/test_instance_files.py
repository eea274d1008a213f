"""Files of instances: what is in them is read, what is wrong with them is said."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidFile
from services.solver.darp import read_darp
from services.solver.instance import Instance
from services.solver.lilim import read_lilim
from services.solver.plane import UNIT, TooLarge, problem_of
from services.solver.problem import far
from tests.solver.instance_files import DARP, LILIM, with_cell, write

Reader = Callable[[Path], Instance]


def ids(instance: Instance) -> list[int]:
    return [site.id for site in instance.tasks]


def test_a_lilim_file_pairs_pickups_with_their_deliveries(tmp_path: Path) -> None:
    crossed = LILIM.replace("50 1 0 3", "50 1 0 4").replace("50 1 0 4\n3", "50 1 0 3\n3")
    crossed = crossed.replace("-2 0 60 1 1", "-1 0 60 1 2").replace(
        "0 5 -1 0 60 1 2", "0 5 -2 0 60 1 1"
    )
    assert ids(read_lilim(write(tmp_path, LILIM))) == [1, 2, 3, 4]
    assert ids(read_lilim(write(tmp_path, crossed))) == [1, 2, 4, 3]


def test_rows_of_a_lilim_file_may_come_in_any_order(tmp_path: Path) -> None:
    header, depot, *rows = LILIM.splitlines()
    shuffled = "\n".join([header, depot, *reversed(rows)])
    assert ids(read_lilim(write(tmp_path, shuffled))) == [2, 1, 4, 3]


def test_tabs_blank_lines_and_line_ends_of_windows_do_not_matter(tmp_path: Path) -> None:
    for text, read in ((LILIM, read_lilim), (DARP, read_darp)):
        plain = read(write(tmp_path, text))
        odd = "\ufeff\r\n" + text.replace(" ", "\t  ").replace("\n", " \r\n\r\n")
        assert read(write(tmp_path, odd)) == plain


def test_the_speed_in_the_header_is_not_used(tmp_path: Path) -> None:
    assert read_lilim(write(tmp_path, with_cell(LILIM, 1, 2, "0"))) == read_lilim(
        write(tmp_path, LILIM)
    )


def test_a_darp_header_counts_requests_or_their_nodes_with_one_depot_or_two(tmp_path: Path) -> None:
    plain = read_darp(write(tmp_path, DARP))
    doubled = read_darp(write(tmp_path, with_cell(DARP, 1, 1, "4")))
    single = read_darp(write(tmp_path, DARP.removesuffix("5 0 0 0 0 0 100\n")))
    assert doubled == plain
    assert plain.end.id == 5
    assert (single.tasks, single.end) == (plain.tasks, single.start)


@pytest.mark.parametrize(
    ("line", "column", "cell", "field"),
    [
        (1, 0, "0", "vehicles"),
        (1, 1, "-1", "capacity"),
        (1, 2, "fast", "speed"),
        (2, 0, "7", "id"),
        (2, 3, "1", "load"),
        (2, 6, "5", "service"),
        (6, 0, "1", "id"),
        (3, 1, "nan", "x"),
        (3, 2, "1e300", "y"),
        (3, 3, "-2", "load"),
        (3, 3, "1.5", "load"),
        (3, 4, "-1", "earliest"),
        (3, 4, "51", "latest"),
        (3, 6, "-1", "service"),
        (3, 7, "2", "pickup"),
        (3, 8, "9", "delivery"),
        (3, 8, "1", "delivery"),
        (3, 8, "0", "pickup"),
        (5, 3, "-1", "load"),
        (5, 7, "2", "pickup"),
        (5, 7, "0", "pickup"),
    ],
)
def test_a_wrong_cell_of_a_lilim_file_is_named(
    tmp_path: Path, line: int, column: int, cell: str, field: str
) -> None:
    with pytest.raises(InvalidFile) as raised:
        read_lilim(write(tmp_path, with_cell(LILIM, line, column, cell)))
    assert raised.value.field == field
    assert raised.value.line in {line, 5}  # or that of its partner


@pytest.mark.parametrize(
    ("line", "column", "cell", "field"),
    [
        (1, 0, "0", "vehicles"),
        (1, 1, "3", "requests"),
        (1, 1, "5", "requests"),
        (1, 2, "-3", "max_route_duration"),
        (1, 3, "x", "capacity"),
        (1, 4, "inf", "max_ride_time"),
        (2, 0, "1", "id"),
        (4, 0, "3", "id"),
        (3, 4, "-2", "load"),
        (5, 4, "2", "load"),
        (5, 5, "99", "latest"),
        (7, 3, "1", "service"),
    ],
)
def test_a_wrong_cell_of_a_darp_file_is_named(
    tmp_path: Path, line: int, column: int, cell: str, field: str
) -> None:
    with pytest.raises(InvalidFile) as raised:
        read_darp(write(tmp_path, with_cell(DARP, line, column, cell)))
    assert (raised.value.line, raised.value.field) == (line, field)


@pytest.mark.parametrize("read", [read_lilim, read_darp])
@pytest.mark.parametrize("text", ["", "\n\n", "2 3 1\n", "2 2 60 3 20\n", "1 2 3 4\n", "\0", "é"])
def test_what_is_no_instance_is_refused(tmp_path: Path, read: Reader, text: str) -> None:
    with pytest.raises(InvalidFile):
        read(write(tmp_path, text))


@given(text=st.text("0123456789.-e \n\tx", max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = write(tmp_path_factory.getbasetemp(), text)
    for read in (read_lilim, read_darp):
        with suppress(InvalidFile, TooLarge):
            problem_of(read(path))


def test_a_row_too_many_or_too_short_is_named(tmp_path: Path) -> None:
    for text in (LILIM + "5 0 0 0 0 9 0 0\n", LILIM.replace("0 0 0 0 0 100 0 0 0", "0 0")):
        with pytest.raises(InvalidFile, match="should have 9"):
            read_lilim(write(tmp_path, text))
    with pytest.raises(InvalidFile, match="do not go with 8 rows"):
        read_darp(write(tmp_path, DARP + "6 0 0 0 0 0 100\n6 0 0 0 0 0 100\n"))


def test_a_file_with_too_many_rows_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    rows = "".join(f"{i} 0 0 0 0 1 0 0 0\n" for i in range(6000))
    with pytest.raises(InvalidFile, match="more than 2,500 requests"):
        read_lilim(write(tmp_path, "2 3 1\n" + rows))


@given(value=st.floats(0, 9e7), whole=st.integers(0, 9 * 10**7), digits=st.integers(0, 6))
def test_times_are_rounded_so_that_no_schedule_is_lost(
    tmp_path_factory: pytest.TempPathFactory, value: float, whole: int, digits: int
) -> None:
    decimal = f"{whole / 10**digits:.6f}"
    text = with_cell(with_cell(DARP, 1, 4, decimal), 1, 2, repr(value))
    text = with_cell(with_cell(text, 3, 5, "0"), 3, 6, repr(value))
    problem = problem_of(read_darp(write(tmp_path_factory.getbasetemp(), text)))
    assert problem.ride_max[0] == round(float(decimal) * UNIT)
    for limit in (problem.duration_max[0], problem.begin_by[0]):
        assert -EPSILON <= limit / UNIT - value <= 1 / UNIT + EPSILON + value * 1e-15


EPSILON = 2e-9


def test_travel_is_rounded_down_and_length_to_the_nearest(tmp_path: Path) -> None:
    text = with_cell(with_cell(LILIM, 3, 1, "1"), 3, 2, "1")
    problem = problem_of(read_lilim(write(tmp_path, text)))
    depot = problem.place[4]
    assert problem.travel[depot, problem.place[0]] == 1_414_213
    assert problem.length[depot, problem.place[0]] == 1_414_214
    assert problem.travel[depot, problem.place[1]] == 10 * UNIT


def test_the_cost_puts_requests_before_vehicles_before_distance(tmp_path: Path) -> None:
    problem = problem_of(read_lilim(write(tmp_path, LILIM)))
    farthest = int(problem.length.max()) * (problem.requests * 2 + problem.shuttles)
    assert problem.fixed.min() > farthest
    assert problem.penalty.min() > int(problem.fixed.sum()) + farthest


def test_depots_windows_and_limits_stand_where_solvers_look_for_them(tmp_path: Path) -> None:
    problem = problem_of(read_darp(write(tmp_path, DARP)))
    assert problem.place.tolist() == [0, 1, 2, 3, 4, 4, 5, 5]
    assert problem.begin_by.tolist() == [t * UNIT for t in (50, 50, 60, 60, 100, 100, 100, 100)]
    assert problem.load[:, 0].tolist() == [2, 1]
    assert problem.ride_max.tolist() == [20 * UNIT] * 2
    assert problem.duration_max.tolist() == [60 * UNIT] * 2
    assert problem_of(read_lilim(write(tmp_path, LILIM))).ride_max.tolist() == [far(np.int64)] * 2


@pytest.mark.parametrize("large", ["1e8", "999999999", "1e18"])
def test_a_large_number_is_no_limit(tmp_path: Path, large: str) -> None:
    text = with_cell(with_cell(with_cell(DARP, 1, 2, large), 1, 4, large), 3, 6, large)
    problem = problem_of(read_darp(write(tmp_path, text)))
    limits = (problem.duration_max[0], problem.ride_max[0], problem.begin_by[0])
    assert limits == (far(np.int64),) * 3


def test_vehicles_beyond_the_number_of_requests_are_left_out(tmp_path: Path) -> None:
    assert problem_of(read_darp(write(tmp_path, with_cell(DARP, 1, 0, "1e9")))).shuttles == 2


def test_distances_that_64_bits_cannot_add_up_are_refused(tmp_path: Path) -> None:
    rows = "".join(
        f"{i} -1e6 0 0 0 1e9 0 0 {i + 1}\n{i + 1} 1e6 0 0 0 1e9 0 {i} 0\n"
        for i in range(1, 2001, 2)
    )
    with pytest.raises(TooLarge):
        problem_of(read_lilim(write(tmp_path, f"1000 9 1\n0 0 0 0 0 1e9 0 0 0\n{rows}")))


def test_every_measured_instance_is_read(shared_data: Path) -> None:
    for folder, read in (("pdptw", read_lilim), ("darp", read_darp)):
        with (shared_data / folder / "best_known.csv").open() as file:
            names = [row["instance"] for row in csv.DictReader(file)]
        for name in names:
            path = shared_data / folder / name
            instance = read(path if path.exists() else path.with_suffix(".txt"))
            assert instance.name == name
            assert problem_of(instance).requests == instance.requests > 0
