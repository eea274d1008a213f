"""What each shuttle did when, and how many people were on board: visits and legs joined by time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.domain.settings_part import DAY_S
from services.simulator.records import Run, VisitRow

Longs = NDArray[np.int64]


class State(IntEnum):
    """What a shuttle is doing; at any other time it stands idle and empty."""

    AT_STOP = 0
    DRIVING_EMPTY = 1
    DRIVING_LOADED = 2
    UPKEEP = 3
    OFF_DUTY = 4


BUSY = (State.AT_STOP, State.DRIVING_EMPTY, State.DRIVING_LOADED)
"""States in which a shuttle works for riders."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetDay:
    """A fleet's day, one row a stretch of time, by shuttle and start.

    Parameters
    ----------
    shuttle
        Number of the shuttle in the run.
    start_ms, end_ms
        Milliseconds after midnight; stretches of one shuttle never overlap.
    state
        A `State`.
    """

    shuttle: Longs
    start_ms: Longs
    end_ms: Longs
    state: Longs

    def state_ms(self, state: State) -> int:
        """Time that the whole fleet spent in a state."""
        chosen = self.state == state
        return int((self.end_ms[chosen] - self.start_ms[chosen]).sum())

    def active_ms(self) -> int:
        """Time that the whole fleet spent working for riders."""
        return sum(self.state_ms(state) for state in BUSY)

    def shares(self, edges_ms: Longs) -> dict[State, NDArray[np.float64]]:
        """Mean number of shuttles in each state between each two edges."""
        width_ms = np.diff(edges_ms)
        shares = {}
        for state in State:
            chosen = self.state == state
            before = _time_before(self.start_ms[chosen], self.end_ms[chosen], edges_ms)
            shares[state] = np.diff(before) / width_ms
        return shares


def _time_before(start_ms: Longs, end_ms: Longs, times_ms: Longs) -> Longs:
    """Sum, for each time, how much of all the stretches lies before it."""
    return _elapsed(start_ms, times_ms) - _elapsed(end_ms, times_ms)


def _elapsed(since_ms: Longs, times_ms: Longs) -> Longs:
    ordered = np.sort(since_ms)
    sums = np.concatenate([[0], np.cumsum(ordered)])
    count = np.searchsorted(ordered, times_ms, side="left")
    elapsed: Longs = count * times_ms - sums[count]
    return elapsed


def people_on_legs(run: Run) -> Longs:
    """How many people were on board on each leg of the run.

    A leg belongs to the last stop made before it. The middles of both are compared, so that
    neither's rounding to whole seconds matters.
    """
    legs = run.legs
    people = np.zeros(len(legs), dtype=np.int64)
    if not run.visits or not len(legs):
        return people
    shuttle, arrive_ms, depart_ms, aboard = _visit_columns(run)
    middle_ms = arrive_ms + depart_ms
    order = np.lexsort((np.arange(len(shuttle)), middle_ms, shuttle))
    span = 2 * max(int(depart_ms.max()), int(legs.arrive_ms.max())) + 1
    keys = shuttle[order] * span + middle_ms[order]
    wanted = legs.shuttle.astype(np.int64) * span + legs.depart_ms + legs.arrive_ms
    found = np.searchsorted(keys, wanted, side="right") - 1
    row = order[np.maximum(found, 0)]
    known = (found >= 0) & (shuttle[row] == legs.shuttle)
    people[known] = aboard[row[known]]
    return people


def _visit_columns(run: Run) -> tuple[Longs, Longs, Longs, Longs]:
    number = {shuttle.shuttle_id: index for index, shuttle in enumerate(run.shuttles)}
    rows = [
        (
            number[visit.shuttle_id],
            visit.arrive_s * 1000,
            visit.depart_s * 1000,
            visit.seats_on_board + visit.wheelchairs_on_board,
        )
        for visit in run.visits
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return columns[0], columns[1], columns[2], columns[3]


def fleet_day(run: Run, people: Longs) -> FleetDay:
    """Put all that the shuttles did in one order of time.

    Parameters
    ----------
    run
        The day.
    people
        On board on each leg, from `people_on_legs`.
    """
    legs = run.legs
    shuttle, arrive_ms, depart_ms, aboard = _visit_columns(run)
    driving = np.where(people > 0, int(State.DRIVING_LOADED), int(State.DRIVING_EMPTY))
    standing = np.array([_standing(visit) for visit in run.visits], dtype=np.int64)
    # Who goes off duty last of all stays there: nobody says until when.
    last = np.append(shuttle[1:] != shuttle[:-1], True)[: len(shuttle)]
    depart_ms = depart_ms + DAY_S * 1000 * (last & (standing == State.OFF_DUTY))
    columns = {
        "shuttle": np.concatenate([shuttle, legs.shuttle]),
        "start": np.concatenate([arrive_ms, legs.depart_ms]),
        "end": np.concatenate([depart_ms, legs.arrive_ms]),
        "state": np.concatenate([standing, driving]),
        "people": np.concatenate([aboard, people]),
    }
    order = np.lexsort((columns["end"], columns["start"], columns["shuttle"]))
    columns = {name: column[order].astype(np.int64) for name, column in columns.items()}
    return _without_overlaps(columns)


def _standing(visit: VisitRow) -> State:
    if visit.task is None:
        return State.AT_STOP
    return State.OFF_DUTY if visit.task == "off_duty" else State.UPKEEP


def _without_overlaps(columns: dict[str, Longs]) -> FleetDay:
    """Cut overlaps off; a stand with riders on board counts as a stop."""
    shuttle, start, end = columns["shuttle"], columns["start"], columns["end"]
    same = np.diff(shuttle, prepend=-1) == 0
    previous_end = np.concatenate([[0], end])[:-1].astype(np.int64)
    # Times in seconds are rounded, so a leg may begin before its stop ended: the later one waits.
    start = np.where(same & (start < previous_end), previous_end, start)
    end = np.maximum(start, end)
    waits = np.flatnonzero(same & (start > previous_end) & (np.roll(columns["people"], 1) > 0))
    merged_start = np.concatenate([start, previous_end[waits]])
    merged_shuttle = np.concatenate([shuttle, shuttle[waits]])
    order = np.lexsort((merged_start, merged_shuttle))
    return FleetDay(
        shuttle=merged_shuttle[order],
        start_ms=merged_start[order],
        end_ms=np.concatenate([end, start[waits]])[order],
        state=np.concatenate([columns["state"], np.full(len(waits), int(State.AT_STOP))])[order],
    )


def pooled_rides(visits: tuple[VisitRow, ...]) -> frozenset[str]:
    """Requests that at any time shared their shuttle with another party."""
    pooled: set[str] = set()
    aboard: set[str] = set()
    shuttle_id = None
    for visit in visits:
        if visit.shuttle_id != shuttle_id:
            shuttle_id, aboard = visit.shuttle_id, set()
        aboard.difference_update(visit.left)
        aboard.update(visit.boarded)
        if len(aboard) > 1:
            pooled |= aboard
    return frozenset(pooled)
