"""Rules about who is on board of which shuttle, and about the stops that shuttles make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.simulator.check.case import DEVIATIONS, STOP_VARIATION, Case, noise_bounds
from services.simulator.check.columns import BoolArray, IntArray, NameLists
from services.simulator.check.verdict import Finding, Rule

LATE_S = 900
"""By so much more than twice the longest ride, a ride may end late."""


def judge(case: Case) -> None:
    """Apply them."""
    _boards_once(case)
    _rides_and_visits(case)
    _on_board(case)
    _stop_times(case)
    _visit_order(case)


def happened(case: Case, lists: NameLists) -> dict[int, list[int]]:
    """Visits, by row, at which each ride is on the list."""
    rides = lists.items.numbers(case.ride_numbers())
    known = rides >= 0
    visits_of: dict[int, list[int]] = defaultdict(list)
    for ride, visit in zip(rides[known].tolist(), lists.rows[known].tolist(), strict=True):
        visits_of[ride].append(visit)
    arrive_s = case.run.visits.arrive_s
    for rows in visits_of.values():
        rows.sort(key=lambda visit: (arrive_s[visit], visit))
    return visits_of


def _boards_once(case: Case) -> None:
    visits, notes = case.run.visits, case.notes
    boarded, left = happened(case, visits.boarded), happened(case, visits.left)
    notes.checked(Rule.BOARDS_ONCE, len(boarded))
    notes.checked(Rule.LEFT_ABOARD, len(boarded))
    limit_s = case.ride_limit_s()
    for ride in sorted({*boarded, *left}):
        on, off = boarded.get(ride, []), left.get(ride, [])
        if len(on) == len(off) + 1 and goes_on(case, off, limit_s[ride]):
            notes.add(_left_aboard(case, ride, on[-1]))
            continue
        message = _unlike_one_ride(case, on, off, limit_s[ride])
        if message:
            at_s = int(visits.arrive_s[(on or off)[-1]])
            notes.add(case.ride_finding(Rule.BOARDS_ONCE, ride, message, at_s))


def goes_on(case: Case, off: Sequence[int], limit_s: float) -> bool:
    """Whether a party had to get off at these visits, and so boards again.

    Its shuttle broke down, or might not drive to the end of the ride, which was known.
    """
    within_s = 2 * limit_s + LATE_S
    return all(
        case.run.visits.broke_down[visit] or case.may_not_drive_on(visit, within_s) for visit in off
    )


def _unlike_one_ride(case: Case, on: Sequence[int], off: Sequence[int], limit_s: float) -> str:
    """What is wrong with the visits of a ride, which may go on where it had to get off."""
    visits, shuttles = case.run.visits, case.run.file.shuttles
    if not on or len(on) != len(off) or not goes_on(case, off[:-1], limit_s):
        names = sorted({shuttles[visits.shuttle[visit]].shuttle_id for visit in (*on, *off)})
        return f"boards {len(on)} times and leaves {len(off)} times ({', '.join(names)})"
    for i, (got_on, got_off) in enumerate(zip(on, off, strict=True)):
        before, after = (shuttles[visits.shuttle[visit]].shuttle_id for visit in (got_on, got_off))
        if before != after:
            return f"boards {before} and leaves {after}"
        if got_off <= got_on:
            early_s = int(visits.depart_s[got_on] - visits.arrive_s[got_off])
            return f"leaves {early_s} s before it boards"
        if i and visits.stop[got_on] != visits.stop[off[i - 1]]:
            return f"is let off at {visits.stop[off[i - 1]]}, but boards at {visits.stop[got_on]}"
        if i and visits.depart_s[got_on] < visits.arrive_s[off[i - 1]]:
            return "boards another shuttle before it is let off on the way"
    return ""


def _left_aboard(case: Case, ride: int, visit: int) -> Finding:
    message = "boards and never leaves"
    at_s = int(case.run.visits.depart_s[visit])
    return case.ride_finding(Rule.LEFT_ABOARD, ride, message, at_s)


def _rides_and_visits(case: Case) -> None:
    rides, visits, notes = case.run.rides, case.run.visits, case.notes
    notes.checked(Rule.RIDES_AND_VISITS, len(rides))
    numbers = case.ride_numbers()
    for lists, verb in ((visits.boarded, "board"), (visits.left, "leave")):
        for at in np.flatnonzero(lists.items.numbers(numbers) < 0).tolist():
            shuttle, at_s = (
                int(visits.shuttle[lists.rows[at]]),
                int(visits.arrive_s[lists.rows[at]]),
            )
            message = f"lets {verb} '{lists.items[at]}', which is no ride"
            notes.add(case.shuttle_finding(Rule.RIDES_AND_VISITS, shuttle, message, at_s))
    boarded, left = happened(case, visits.boarded), happened(case, visits.left)
    let_off, limit_s = case.let_off(), case.ride_limit_s()
    for ride in range(len(rides)):
        on, off, status = boarded.get(ride, []), left.get(ride, []), rides.status[ride]
        if status == "completed":
            messages = _story(case, ride, (on, off), limit_s[ride])
        elif on and status in ("refused", "cancelled", "no_show") and not let_off[ride]:
            messages = [f"is {status}, but boards"]
        else:
            messages = []
        for message in messages:
            notes.add(case.ride_finding(Rule.RIDES_AND_VISITS, ride, message))


def _story(
    case: Case, ride: int, rows: tuple[Sequence[int], Sequence[int]], limit_s: float
) -> list[str]:
    """Where a completed ride's row and its visits differ."""
    rides, visits = case.run.rides, case.run.visits
    on, off = rows
    messages = []
    # Who boards and never leaves is told about elsewhere.
    if not on:
        messages.append("is completed, but never boards")
    # Who boards twice, though it need not have got off, is told about once already; there is no one
    # visit to hold the row against.
    gone_on = goes_on(case, off[:-1], limit_s)
    if on and len(on) <= max(len(off), 1) and gone_on:
        visit = on[0]
        name = case.run.file.shuttles[visits.shuttle[on[-1]]].shuttle_id
        picked_up_s = rides.picked_up_s[ride]
        if name != rides.shuttle_id[ride]:
            messages.append(f"boards {name}")
        if visits.stop[visit] != rides.pickup_stop[ride]:
            messages.append(f"boards at {visits.stop[visit]}, not at {rides.pickup_stop[ride]}")
        if not visits.arrive_s[visit] <= picked_up_s <= visits.depart_s[visit]:
            by_s = picked_up_s - visits.depart_s[visit]
            messages.append(f"is picked up {by_s:+d} s from the end of the stop where it boards")
    if off and gone_on:
        visit = off[-1]
        closed = case.run.file.disruptions.closures and rides.diverted_stop[ride]
        dropoff = closed or rides.dropoff_stop[ride]
        if visits.stop[visit] != dropoff:
            messages.append(f"leaves at {visits.stop[visit]}, not at {dropoff}")
        if visits.arrive_s[visit] != rides.dropped_off_s[ride]:
            by_s = rides.dropped_off_s[ride] - visits.arrive_s[visit]
            messages.append(f"is dropped off {by_s:+d} s from the arrival at which it leaves")
    return messages


@dataclass(frozen=True, slots=True)
class Aboard:
    """Who is on board when each visit ends."""

    seats: IntArray
    wheelchairs: IntArray
    parties: IntArray


def aboard(case: Case) -> Aboard:
    """Count again who is on board."""
    visits = case.run.visits
    numbers = case.ride_numbers()
    sizes = [np.maximum(case.asked_for(name), 0) for name in ("seats", "wheelchairs")]
    sizes.append(np.ones(len(case.run.rides), dtype=np.int64))
    change = np.zeros((3, len(visits)), dtype=np.int64)
    for lists, sign in ((visits.boarded, 1), (visits.left, -1)):
        ride = lists.items.numbers(numbers)
        known = ride >= 0
        for row, size in zip(change, sizes, strict=True):
            np.add.at(row, lists.rows[known], sign * size[ride[known]])
    total = np.cumsum(change, axis=1)
    first = first_of(visits.shuttle)
    start = np.flatnonzero(first)
    before = (total - change)[:, start]
    seats, wheelchairs, parties = total - before[:, np.cumsum(first) - 1]
    return Aboard(seats, wheelchairs, parties)


def first_of(shuttle: IntArray) -> BoolArray:
    """Which rows are the first of their shuttle."""
    first: BoolArray = np.diff(shuttle, prepend=-1) != 0
    return first


def _on_board(case: Case) -> None:
    visits, shuttles = case.run.visits, case.run.file.shuttles
    counted = aboard(case)
    displaced = np.array([row.seats_per_wheelchair for row in shuttles] + [0], dtype=np.int64)
    lost = displaced[visits.shuttle] * counted.wheelchairs
    for what, have, less, written in (
        ("seats", counted.seats, lost, visits.seats_on_board),
        ("wheelchairs", counted.wheelchairs, 0, visits.wheelchairs_on_board),
    ):
        room = np.array([getattr(row, what) for row in shuttles], dtype=np.int64)
        over = have + less - np.append(room, 0)[visits.shuttle]

        def too_many(visit: int, what: str = what, over: IntArray = over) -> Finding:
            message = f"{over[visit]} {what} more on board than fit, from {visits.stop[visit]} on"
            return _visit_finding(case, Rule.CAPACITY, visit, message)

        def miscounted(
            visit: int, what: str = what, have: IntArray = have, written: IntArray = written
        ) -> Finding:
            message = f"{what} on board are given as {written[visit]}, but are {have[visit]}"
            return _visit_finding(case, Rule.ON_BOARD, visit, message)

        case.notes.checked(Rule.CAPACITY, len(visits))
        case.notes.add_where(Rule.CAPACITY, over > 0, too_many)
        case.notes.checked(Rule.ON_BOARD, len(visits))
        case.notes.add_where(Rule.ON_BOARD, have != written, miscounted)


def _stop_times(case: Case) -> None:
    visits, times = case.run.visits, case.run.settings.stop_times
    parties = np.bincount(visits.boarded.rows, minlength=len(visits))
    parties += np.bincount(visits.left.rows, minlength=len(visits))
    parties[visits.broke_down] = 0
    least_s = times.base_s + times.party_s * parties + times.wheelchair_s * _ramps(case)
    if not case.run.benchmark:
        _all_stops(case, np.where(parties > 0, least_s, 0))
        least_s = np.floor(least_s * noise_bounds(STOP_VARIATION)[0]).astype(np.int64)
    short_s = least_s - (visits.depart_s - visits.arrive_s)
    case.notes.checked(Rule.STOP_TIME, int((parties > 0).sum()))
    # A stop that ends before it begins breaks another rule.
    broken = (parties > 0) & (short_s > 0) & (visits.depart_s >= visits.arrive_s)
    case.notes.add_where(
        Rule.STOP_TIME,
        broken,
        lambda visit: _visit_finding(
            case,
            Rule.STOP_TIME,
            visit,
            f"stop at {visits.stop[visit]} is {short_s[visit]} s too short"
            f" for {parties[visit]} parties",
        ),
    )


def _ramps(case: Case) -> IntArray:
    """How often a wheelchair gets on or off at each visit."""
    visits = case.run.visits
    wheelchairs = np.append(np.maximum(case.asked_for("wheelchairs"), 0), 0)
    ramps = np.zeros(len(visits), dtype=np.int64)
    for lists in (visits.boarded, visits.left):
        np.add.at(ramps, lists.rows, wheelchairs[lists.items.numbers(case.ride_numbers())])
    return ramps


def _all_stops(case: Case, mean_s: IntArray) -> None:
    """With chance, stops may be short, but not all together."""
    visits = case.run.visits
    stood_s = np.maximum(0, visits.depart_s - visits.arrive_s)[mean_s > 0].sum()
    least_s = mean_s.sum() - DEVIATIONS * STOP_VARIATION * np.sqrt((mean_s**2).sum())
    if stood_s < least_s:
        message = f"all stops together are {least_s - stood_s:.0f} s shorter than chance allows"
        case.notes.add(Finding(rule=Rule.STOP_TIME, message=message))


def _visit_order(case: Case) -> None:
    visits = case.run.visits
    case.notes.checked(Rule.VISIT_ORDER, len(visits))
    unknown = visits.stop.numbers(case.ground.stops) < 0
    backwards_s = visits.arrive_s - visits.depart_s
    later = ~first_of(visits.shuttle)
    overlap_s = np.where(later, np.roll(visits.depart_s, 1) - visits.arrive_s, 0)
    twice = later & (np.diff(visits.seq, prepend=0) == 0)
    for broken, message in (
        (unknown, lambda visit: f"stops at '{visits.stop[visit]}', which is no stop"),
        (backwards_s > 0, lambda visit: f"leaves {backwards_s[visit]} s before it arrives"),
        (overlap_s > 0, lambda visit: f"arrives {overlap_s[visit]} s before the last stop ends"),
        (twice, lambda visit: f"has two visits with seq {visits.seq[visit]}"),
    ):
        case.notes.add_where(
            Rule.VISIT_ORDER,
            broken,
            lambda visit, m=message: _visit_finding(case, Rule.VISIT_ORDER, visit, m(visit)),  # type: ignore[misc]
        )


def _visit_finding(case: Case, rule: Rule, visit: int, message: str) -> Finding:
    visits = case.run.visits
    shuttle, at_s = int(visits.shuttle[visit]), int(visits.arrive_s[visit])
    return case.shuttle_finding(rule, shuttle, message, at_s)
