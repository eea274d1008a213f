"""Who competes for the same riders is solved together, as long as groups do not get too large."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from services.dispatcher.answers import Asked
from services.dispatcher.grouping import Cells, groups_of
from services.domain.ride import Ride, StopWalk
from tests.builders import request

CELLS = 6


class Work:
    """Open work as a snapshot shows it: each shuttle's stops, and how many rides it has."""

    def __init__(self, shuttles: list[tuple[list[int], int]]) -> None:
        self._shuttles = shuttles

    def shuttles(self) -> list[int]:
        return list(range(len(self._shuttles)))

    def stops(self, k: int) -> list[int]:
        return self._shuttles[k][0]

    def rides(self, k: int) -> int:
        return self._shuttles[k][1]


def asked(number: int, stop: int) -> Asked:
    ride = Ride(request=request(f"r{number}", stop, (stop + 1) % 12), requested_s=0)
    here, there = StopWalk(stop, 0), StopWalk((stop + 1) % 12, 0)
    return Asked(ride, here, there, (0, 900), 9000, 9000, 15)


def cells() -> Cells:
    """Twelve stops, two in each of six cells in a row; each has a neighbour on either side."""
    number = np.arange(CELLS)
    near = np.abs(number[:, None] - number) <= 1
    return Cells(np.repeat(number, 2).astype(np.int32), near)


SHUTTLES = st.lists(
    st.tuples(st.lists(st.integers(0, 11), min_size=1, max_size=6), st.integers(0, 8)),
    min_size=1,
    max_size=12,
)


@given(shuttles=SHUTTLES, pickups=st.lists(st.integers(0, 11), max_size=8), most=st.integers(1, 30))
@example(shuttles=[([0], 4), ([0], 0)], pickups=[0, 0, 0], most=5)
def test_each_is_in_one_group_at_most_and_none_is_too_large(
    shuttles: list[tuple[list[int], int]], pickups: list[int], most: int
) -> None:
    waiting = [asked(number, stop) for number, stop in enumerate(pickups)]
    work = Work(shuttles)
    groups = groups_of(work, waiting, cells(), most)  # type: ignore[arg-type]
    assert groups == groups_of(work, waiting, cells(), most)  # type: ignore[arg-type]
    members = [k for own, _ in groups for k in own]
    assert len(set(members)) == len(members)
    assert all(k in members for k, (_, rides) in enumerate(shuttles) if rides)
    new = [one.ride.id for _, own in groups for one in own]
    assert sorted(new) == sorted(one.ride.id for one in waiting)
    for own, _ in groups:
        rides = sum(shuttles[k][1] for k in own)
        assert rides <= most or len(own) == 1
    room = sum(max(most - sum(shuttles[k][1] for k in own), 0) for own, _ in groups)
    if room >= len(waiting) + sum(1 for own, _ in groups):
        larger = [own for own, new in groups if sum(shuttles[k][1] for k in own) + len(new) > most]
        assert all(len(own) == 1 and shuttles[own[0]][1] > most for own in larger)


def test_shuttles_that_never_come_near_one_another_are_apart() -> None:
    work = Work([([0, 1], 3), ([10, 11], 3), ([2], 3), ([8], 3)])
    groups = groups_of(work, [asked(0, 11)], cells(), 7)  # type: ignore[arg-type]
    assert [own for own, _ in groups] == [[0, 2], [1, 3]]
    assert [len(new) for _, new in groups] == [0, 1]


def test_a_small_zone_is_one_group() -> None:
    work = Work([([0], 3), ([11], 3)])
    assert [own for own, _ in groups_of(work, [], cells(), 6)] == [[0, 1]]  # type: ignore[arg-type]


def test_where_nothing_is_open_there_is_no_group() -> None:
    assert groups_of(Work([([0], 0)]), [], cells(), 6) == []  # type: ignore[arg-type]
