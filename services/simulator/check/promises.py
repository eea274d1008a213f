"""Rules about what a ride was promised and what it got: stops, walks, times."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from services.domain.settings_part import DAY_S
from services.simulator.check.case import Case, in_service, walk_s_bounds
from services.simulator.check.columns import (
    ABSENT,
    BoolArray,
    FloatArray,
    IntArray,
    Names,
    present,
)
from services.simulator.check.verdict import Finding, Rule

WALK_SLACK_M = 0.01
"""Stops may be known to whole millimetres; that must not tip a walk over to the next metre."""

FORGOTTEN_S = 900
"""With chance, who is on board for twice as long as allowed and this much more was forgotten."""


def judge(case: Case) -> None:
    """Apply them."""
    _stops(case)
    _walks(case)
    _earliest(case)
    _direct(case)
    _promises(case)
    _too_early(case)
    _service_hours(case)
    _ride_time(case)
    if case.run.as_planned:
        _kept(case)
    _arrive_by(case)


def _add(case: Case, rule: Rule, broken: BoolArray, message: Callable[[int], str]) -> None:
    """Findings about rides, at their pickup's time."""
    picked_up_s = case.run.rides.picked_up_s

    def describe(ride: int) -> Finding:
        at_s = int(picked_up_s[ride]) if picked_up_s[ride] != ABSENT else None
        return case.ride_finding(rule, ride, message(ride), at_s)

    case.notes.add_where(rule, broken, describe)


def _stops(case: Case) -> None:
    rides = case.run.rides
    named: list[tuple[Names, IntArray]] = [
        (rides.pickup_stop, case.pickup),
        (rides.dropoff_stop, case.dropoff),
    ]
    case.notes.checked(Rule.STOPS, int((case.pickup >= 0).sum()))
    for names, numbers in named:
        unknown = (names.codes >= 0) & (numbers < 0)
        _add(case, Rule.STOPS, unknown, lambda ride, n=names: f"there is no stop '{n[ride]}'")  # type: ignore[misc]
    same = (case.pickup >= 0) & (case.pickup == case.dropoff)
    _add(case, Rule.STOPS, same, lambda ride: f"from {rides.pickup_stop[ride]} to itself")


def _walks(case: Case) -> None:
    rides, promises = case.run.rides, case.promises
    ends = (
        ("to", "origin", rides.walk_to_m, case.pickup),
        ("from", "destination", rides.walk_from_m, case.dropoff),
    )
    for which, end, walk_m, stop in ends:
        judged = (case.asked >= 0) & (stop >= 0) & present(walk_m)
        case.notes.checked(Rule.WALKS, int(judged.sum()))
        lon, lat = case.place_of(f"{end}_lon"), case.place_of(f"{end}_lat")
        x_m, y_m = case.ground.xy_m(lon, lat)
        line_m = np.hypot(x_m - case.ground.stop_x_m[stop], y_m - case.ground.stop_y_m[stop])
        exact_m = promises.walk_factor * line_m
        wrong = judged & (walk_m < np.ceil(exact_m - WALK_SLACK_M))
        wrong |= judged & (walk_m > np.ceil(exact_m + WALK_SLACK_M))
        text = f"walk {which} the stop is given as {{}} m, but is {{:.2f}} m"
        _add(
            case,
            Rule.WALKS,
            wrong,
            lambda ride, t=text, w=walk_m, e=exact_m: t.format(w[ride], e[ride]),  # type: ignore[misc]
        )
        far = judged & ~wrong & (walk_m > promises.walk_m_max)
        text = f"walk {which} the stop of {{}} m, {{}} m more than the limit"
        over = walk_m - promises.walk_m_max
        _add(
            case,
            Rule.WALKS,
            far,
            lambda ride, t=text, w=walk_m, o=over: t.format(w[ride], o[ride]),  # type: ignore[misc]
        )


def _earliest(case: Case) -> None:
    rides = case.run.rides
    judged = (case.asked >= 0) & (case.pickup >= 0)
    judged &= present(rides.walk_to_m) & present(rides.earliest_pickup_s)
    case.notes.checked(Rule.EARLIEST, int(judged.sum()))
    least_s, most_s = walk_s_bounds(rides.walk_to_m, case.promises.walk_speed_m_s)
    departure_s = case.asked_for("departure_s")
    have_s = rides.earliest_pickup_s - departure_s
    wrong = judged & ((have_s < least_s) | (have_s > most_s))
    _add(
        case,
        Rule.EARLIEST,
        wrong,
        lambda ride: (
            f"earliest pickup is {have_s[ride]} s after departure, but the walk of"
            f" {rides.walk_to_m[ride]} m takes {most_s[ride]} s"
        ),
    )


def _direct(case: Case) -> None:
    rides = case.run.rides
    judged = np.flatnonzero((case.pickup >= 0) & (case.dropoff >= 0) & present(rides.direct_s))
    case.notes.checked(Rule.DIRECT, len(judged))
    node = case.ground.stop_node
    least_s, most_s = case.ways.direct_s(node[case.pickup[judged]], node[case.dropoff[judged]])
    have_s = rides.direct_s[judged]
    for at in np.flatnonzero((have_s < least_s) | (have_s > most_s)):
        message = f"direct drive is given as {have_s[at]} s, but takes {most_s[at]:.0f} s"
        case.notes.add(case.ride_finding(Rule.DIRECT, int(judged[at]), message))


def _promises(case: Case) -> None:
    rides, promises = case.run.rides, case.promises
    judged = case.promised()
    case.notes.checked(Rule.PROMISES, int(judged.sum()))
    earliest_s, from_s = rides.earliest_pickup_s, rides.promised_pickup_from_s
    to_s, arrival_s = rides.promised_pickup_to_s, rides.promised_arrival_s
    limit_s = case.ride_limit_s()
    width_s = promises.pickup_window_s or promises.wait_s_max
    over: list[tuple[str, IntArray | FloatArray]] = [
        ("pickup is promised {} s before the rider can be there", earliest_s - from_s),
        ("the promised pickup window ends {} s before it begins", from_s - to_s),
        (
            "a wait of {} s more than the limit is promised",
            to_s - earliest_s - promises.wait_s_max,
        ),
        ("the promised pickup window is {} s too wide", to_s - from_s - width_s),
        ("arrival is promised {} s before it is possible", from_s + rides.direct_s - arrival_s),
        ("a ride of {} s more than the limit is promised", arrival_s - to_s - limit_s),
    ]
    for text, by_s in over:
        _add(
            case,
            Rule.PROMISES,
            judged & (by_s > 0),
            lambda ride, t=text, b=by_s: t.format(int(b[ride])),  # type: ignore[misc]
        )


def _too_early(case: Case) -> None:
    rides = case.run.rides
    judged = (case.asked >= 0) & present(rides.picked_up_s)
    case.notes.checked(Rule.TOO_EARLY, int(judged.sum()))
    asked_s = case.asked_for("request_s")
    before_s = asked_s - rides.picked_up_s
    _add(
        case,
        Rule.TOO_EARLY,
        judged & (before_s > 0),
        lambda ride: f"picked up {before_s[ride]} s before it was asked for",
    )
    judged &= present(rides.earliest_pickup_s)
    early_s = rides.earliest_pickup_s - rides.picked_up_s
    _add(
        case,
        Rule.TOO_EARLY,
        judged & (before_s <= 0) & (early_s > 0),
        lambda ride: f"picked up {early_s[ride]} s before the rider can be there",
    )


def _kept(case: Case) -> None:
    rides = case.run.rides
    judged = case.completed()
    case.notes.checked(Rule.KEPT, int(judged.sum()))
    over = (
        (
            "picked up {} s before the promised window",
            rides.promised_pickup_from_s - rides.picked_up_s,
        ),
        (
            "picked up {} s after the promised window",
            rides.picked_up_s - rides.promised_pickup_to_s,
        ),
        ("arrived {} s later than promised", rides.dropped_off_s - rides.promised_arrival_s),
    )
    for text, by_s in over:
        _add(
            case,
            Rule.KEPT,
            judged & (by_s > 0),
            lambda ride, t=text, b=by_s: t.format(b[ride]),  # type: ignore[misc]
        )


def _ride_time(case: Case) -> None:
    rides = case.run.rides
    judged = case.completed() & ~case.let_off() & (case.run.rides.diverted_stop.codes < 0)
    case.notes.checked(Rule.RIDE_TIME, int(judged.sum()))
    ride_s = rides.dropped_off_s - rides.picked_up_s
    limit_s = case.ride_limit_s()
    if not case.run.as_planned:
        limit_s = limit_s + _stood_s(case, judged)
    if not case.run.as_planned:
        limit_s = 2 * limit_s + FORGOTTEN_S
    over_s = ride_s - limit_s
    _add(
        case,
        Rule.RIDE_TIME,
        judged & (over_s > 0),
        lambda ride: f"was on board for {ride_s[ride]} s, {over_s[ride]:.0f} s more than allowed",
    )


def _stood_s(case: Case, judged: BoolArray) -> IntArray:
    """For how long each ride's shuttle might not drive while it was on board."""
    rides = case.run.rides
    shuttle = rides.shuttle_id.numbers(case.shuttle_numbers())
    stood_s = np.zeros(len(rides), dtype=np.int64)
    for ride in np.flatnonzero(judged & (shuttle >= 0)).tolist():
        since_s, until_s = int(rides.picked_up_s[ride]), int(rides.dropped_off_s[ride])
        for from_s, to_s, _ in sorted(case.not_driven_s(int(shuttle[ride]))):
            stood_s[ride] += max(min(to_s, until_s) - max(from_s, since_s), 0)
            since_s = max(since_s, min(to_s, until_s))
    return stood_s


def _arrive_by(case: Case) -> None:
    """The promise leaves time for the walk; without chance, so does the ride."""
    rides = case.run.rides
    by_s = case.asked_for("arrive_by_s")
    judged = case.promised() & present(by_s)
    case.notes.checked(Rule.ARRIVE_BY, int(judged.sum()))
    walk_s, _ = walk_s_bounds(rides.walk_from_m, case.promises.walk_speed_m_s)
    ends = [("is promised to be", rides.promised_arrival_s, judged)]
    if case.run.as_planned:
        ends.append(("was", rides.dropped_off_s, judged & case.completed()))
    for verb, arrival_s, rows in ends:
        late_s = arrival_s + walk_s - by_s
        _add(
            case,
            Rule.ARRIVE_BY,
            rows & (late_s > 0),
            lambda ride, v=verb, b=late_s: f"{v} {b[ride]} s late at its destination",  # type: ignore[misc]
        )


def _service_hours(case: Case) -> None:
    """Without chance what happens, with chance what is promised, is within service hours."""
    rides, hours = case.run.rides, case.run.settings.service
    ends = [
        ("pickup is promised", rides.promised_pickup_from_s),
        ("arrival is promised", rides.promised_arrival_s),
    ]
    if not case.run.disrupted:
        ends.append(("picked up", rides.picked_up_s))
    if case.run.as_planned:
        ends.append(("dropped off", rides.dropped_off_s))
    for verb, at_s in ends:
        judged = present(at_s)
        case.notes.checked(Rule.SERVICE_HOURS, int(judged.sum()))
        outside = judged & ~in_service(hours, at_s)
        _add(
            case,
            Rule.SERVICE_HOURS,
            outside,
            lambda ride, v=verb, a=at_s: _outside(v, int(a[ride]), hours.opens_s),  # type: ignore[misc]
        )


def _outside(verb: str, at_s: int, opens_s: int) -> str:
    closed_for_s = (at_s - opens_s) % DAY_S
    return f"{verb} outside of service hours, {DAY_S - closed_for_s} s before they open"
