"""Rules about what shuttles do besides: shifts, cleaning, maintenance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.domain.fleet_settings import DailyUpkeep, FleetGroup
from services.domain.settings_part import DAY_S
from services.simulator.check.case import Case
from services.simulator.check.columns import BoolArray
from services.simulator.check.verdict import Finding, Rule

LATE_S = 1800
"""With chance, drives take longer than thought, and what must be in time may be this late."""
KINDS = {"off_duty": 0, "cleaning": 1, "maintenance": 2, "charge": 3}


def judge(case: Case) -> None:
    """Apply them."""
    _tasks(case)
    broke_down = set(case.run.visits.shuttle[case.run.visits.broke_down].tolist())
    for shuttle, group in enumerate(groups_of(case)):
        if shuttle in broke_down:
            continue  # whoever stands on the road comes late
        _shifts(case, shuttle, group)
        for upkeep in group.upkeep:
            _upkeep(case, shuttle, group, upkeep)


def groups_of(case: Case) -> list[FleetGroup]:
    """The group of each shuttle, as far as there are as many as the settings say."""
    groups = [group for group in case.run.settings.fleet for _ in range(group.count)]
    return groups[: len(case.run.file.shuttles)]


def gaps_s(group: FleetGroup, first_s: int, last_s: int) -> Iterator[tuple[int, int]]:
    """Times off duty that begin from one time to another."""
    shifts = group.shifts_s
    nexts = [*shifts[1:], *((a + DAY_S, b + DAY_S) for a, b in shifts[:1])]
    for day_s in range((first_s // DAY_S - 2) * DAY_S, last_s + 1, DAY_S):
        for (_, ends_s), (begins_s, _) in zip(shifts, nexts, strict=True):
            if begins_s > ends_s and first_s <= ends_s + day_s <= last_s:
                yield ends_s + day_s, begins_s + day_s


def _span_s(case: Case) -> tuple[int, int]:
    """From the first request to the last that happened."""
    visits, first_s = case.run.visits, case.run.rides.request_s.min(initial=2**31)
    return int(first_s), int(max(case.run.file.horizon_s[1], visits.depart_s.max(initial=0)))


def _tasks(case: Case) -> None:
    visits = case.run.visits
    judged = visits.task.codes >= 0
    case.notes.checked(Rule.TASKS, int(judged.sum()))
    kind = visits.task.numbers(KINDS)
    depots = [case.ground.stops.get(row.depot_stop, -1) for row in case.run.file.shuttles]
    depot = np.array([*depots, -1], dtype=np.int64)[visits.shuttle]
    changes = np.zeros(len(visits), dtype=np.bool_)
    for lists in (visits.boarded, visits.left):
        changes[lists.rows] = True
    people = visits.seats_on_board + visits.wheelchairs_on_board
    away = (kind == KINDS["off_duty"]) & (visits.stop.numbers(case.ground.stops) != depot)
    for broken, text in (
        (judged & (kind < 0), "does what nobody knows at {}"),
        (judged & (changes | (people != 0)), "carries people while it has something to do at {}"),
        (away, "is off duty at {}, not at its depot"),
    ):
        case.notes.add_where(
            Rule.TASKS,
            broken,
            lambda visit, t=text: _finding(case, Rule.TASKS, visit, t.format(visits.stop[visit])),  # type: ignore[misc]
        )


def _shifts(case: Case, shuttle: int, group: FleetGroup) -> None:
    """Off duty a shuttle is at its depot; after the day it is, if that is its rule."""
    visits, legs = case.run.visits, case.run.legs
    first_s, last_s = _span_s(case)
    late_s = 0 if case.run.benchmark else LATE_S
    own, mine = legs.shuttle == shuttle, _of(case, shuttle, "off_duty")
    for ends_s, begins_s in gaps_s(group, first_s - DAY_S, last_s):
        case.notes.checked(Rule.SHIFTS, 1)
        driven = own & (legs.arrive_ms > (ends_s + late_s) * 1000 + 1)
        driven &= legs.depart_ms < begins_s * 1000
        case.notes.add_where(
            Rule.SHIFTS,
            driven,
            lambda leg: case.shuttle_finding(
                Rule.SHIFTS, shuttle, "drives off duty", float(legs.depart_ms[leg]) / 1000
            ),
        )
        home = mine & (visits.arrive_s <= ends_s + late_s) & (visits.depart_s >= ends_s)
        if ends_s >= first_s and not home.any():
            message = "is not at its depot when it goes off duty"
            case.notes.add(case.shuttle_finding(Rule.SHIFTS, shuttle, message, ends_s))
    if group.home and not group.shifts and (visits.shuttle == shuttle).any():
        case.notes.checked(Rule.SHIFTS, 1)
        last = int(np.flatnonzero(visits.shuttle == shuttle)[-1])
        if visits.task[last] != "off_duty":
            message = f"does not come home, but ends its day at {visits.stop[last]}"
            case.notes.add(_finding(case, Rule.SHIFTS, last, message))


def _upkeep(case: Case, shuttle: int, group: FleetGroup, upkeep: DailyUpkeep) -> None:
    """It is done once a day, at its stop, within its window, and takes its time."""
    visits = case.run.visits
    first_s, last_s = _span_s(case)
    late_s = 0 if case.run.benchmark else LATE_S
    done = _of(case, shuttle, upkeep.kind.value)
    done &= visits.stop.numbers({upkeep.stop or group.depot: 0}) == 0
    from_s, to_s = upkeep.window_s
    for day_s in range(0, last_s + 1, DAY_S):
        if not first_s <= from_s + day_s <= last_s:
            continue
        case.notes.checked(Rule.UPKEEP, 1)
        stood_s = visits.depart_s - np.maximum(visits.arrive_s, from_s + day_s)
        right = done & (stood_s >= upkeep.duration_s)
        right &= visits.depart_s <= to_s + day_s + late_s
        if right.sum() != 1:
            message = f"{upkeep.kind} is done {right.sum()} times, not once, as it should be"
            case.notes.add(case.shuttle_finding(Rule.UPKEEP, shuttle, message, from_s + day_s))


def _of(case: Case, shuttle: int, kind: str) -> BoolArray:
    visits = case.run.visits
    found: BoolArray = (visits.shuttle == shuttle) & (visits.task.numbers(KINDS) == KINDS[kind])
    return found


def _finding(case: Case, rule: Rule, visit: int, message: str) -> Finding:
    visits = case.run.visits
    at_s = int(visits.arrive_s[visit])
    return case.shuttle_finding(rule, int(visits.shuttle[visit]), message, at_s)
