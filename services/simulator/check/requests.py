"""Rules about what was asked for and how it ended."""

from __future__ import annotations

from collections import Counter

import numpy as np

from services.domain.ride import Constraint
from services.simulator.check.case import Case
from services.simulator.check.columns import IntArray, present
from services.simulator.check.verdict import Finding, Rule

STATUSES = ("completed", "refused", "cancelled", "no_show", "failed")


def judge(case: Case) -> None:
    """Apply them."""
    _every_request_once(case)
    _as_asked(case)
    _status(case)
    _dropped(case)
    _cancelled(case)
    _no_show(case)


def _every_request_once(case: Case) -> None:
    rides, notes = case.run.rides, case.notes
    notes.checked(Rule.REQUESTS, len(case.demand.ids))
    times = Counter(int(code) for code in rides.request_id.codes)
    rows_of = {rides.request_id.values[code]: count for code, count in times.items()}
    for request_id in case.demand.ids:
        count = rows_of.get(request_id, 0)
        if count != 1:
            message = "is in the demand but has no ride" if not count else f"has {count} rides"
            notes.add(Finding(rule=Rule.REQUESTS, message=message, ride=request_id))
    notes.add_where(
        Rule.REQUESTS,
        case.asked < 0,
        lambda ride: case.ride_finding(Rule.REQUESTS, ride, "nobody asked for it"),
    )
    for request_id, count in Counter(case.demand.ids).items():
        if count > 1:
            message = f"is {count} times in the demand"
            notes.add(Finding(rule=Rule.REQUESTS, message=message, ride=request_id))


def _as_asked(case: Case) -> None:
    rides, known = case.run.rides, case.asked >= 0
    case.notes.checked(Rule.REQUEST_FACTS, int(known.sum()))
    for name in ("request_s", "seats", "wheelchairs"):
        have: IntArray = getattr(rides, name)
        want: IntArray = case.asked_for(name)

        def describe(
            ride: int, name: str = name, have: IntArray = have, want: IntArray = want
        ) -> Finding:
            message = f"{name} is {have[ride]}, but {want[ride]} was asked"
            return case.ride_finding(Rule.REQUEST_FACTS, ride, message)

        case.notes.add_where(Rule.REQUEST_FACTS, known & (have != want), describe)


def _status(case: Case) -> None:
    rides, notes = case.run.rides, case.notes
    notes.checked(Rule.STATUS, len(rides))
    needed = {
        "earliest_pickup_s": present(rides.earliest_pickup_s),
        "promised_pickup_from_s": present(rides.promised_pickup_from_s),
        "promised_pickup_to_s": present(rides.promised_pickup_to_s),
        "promised_arrival_s": present(rides.promised_arrival_s),
        "shuttle_id": rides.shuttle_id.codes >= 0,
        "pickup_stop": rides.pickup_stop.codes >= 0,
        "dropoff_stop": rides.dropoff_stop.codes >= 0,
        "picked_up_s": present(rides.picked_up_s),
        "dropped_off_s": present(rides.dropped_off_s),
        "walk_to_m": present(rides.walk_to_m),
        "walk_from_m": present(rides.walk_from_m),
        "direct_s": present(rides.direct_s),
    }
    reasons, let_off = set(Constraint), case.let_off()
    for ride in range(len(rides)):
        status = rides.status[ride]
        wrong = []
        if status not in STATUSES:
            wrong.append(f"status '{status}' is none of {', '.join(STATUSES)}")
        elif status == "completed":
            wrong += [
                f"completed without {name}" for name, there in needed.items() if not there[ride]
            ]
        elif status == "refused" and rides.refusal_reason[ride] not in reasons:
            wrong.append(f"refused for '{rides.refusal_reason[ride]}', which is no reason")
        if status in ("refused", "cancelled", "no_show"):
            facts = ("dropped_off_s",) if let_off[ride] else ("picked_up_s", "dropped_off_s")
            wrong += [f"{status} with {name}" for name in facts if needed[name][ride]]
        wrong += _offer(case, ride) + _answer(case, ride)
        for message in wrong:
            notes.add(case.ride_finding(Rule.STATUS, ride, message))


def _offer(case: Case, ride: int) -> list[str]:
    """Who is promised something was offered it; who rides, or should have, accepted."""
    rides = case.run.rides
    offered, accepted = bool(rides.offered[ride]), bool(rides.accepted[ride])
    promised = bool(present(rides.promised_pickup_from_s)[ride])
    if offered != promised:
        return ["offered nothing, but has a promise" if promised else "offered without a promise"]
    if accepted and not offered:
        return ["accepted what was not offered"]
    if not accepted and rides.status[ride] in ("completed", "no_show"):
        return [f"{rides.status[ride]} without having accepted"]
    return []


def _answer(case: Case, ride: int) -> list[str]:
    """Every offer and refusal came at its time, and no later than the territory says."""
    rides, after_s = case.run.rides, case.run.settings.dispatch.answer_s_max
    if not rides.offered[ride] and rides.status[ride] != "refused":
        return []
    if not present(rides.answered_s)[ride]:
        return ["answered, but without answered_s"]
    took_s = int(rides.answered_s[ride] - rides.request_s[ride])
    if not 0 <= took_s <= after_s:
        return [f"answered {took_s} s after the request, where answers take 0 to {after_s} s"]
    return []


def _dropped(case: Case) -> None:
    """A promise ends in a ride, or for a cause that somebody can be told."""
    rides, benchmark = case.run.rides, case.run.as_planned
    promised = present(rides.promised_pickup_from_s)
    case.notes.checked(Rule.DROPPED, int(promised.sum()))
    cancels = present(case.asked_for("cancel_s"))
    for ride in np.flatnonzero(promised | (rides.status.numbers({"failed": 1}) == 1)).tolist():
        status, message = rides.status[ride], ""
        if status == "refused":
            message = "refused after it was promised"
        elif benchmark and status in ("no_show", "failed"):
            message = f"{status} in a run without chance"
        elif benchmark and status == "cancelled" and not cancels[ride]:
            message = "cancelled, but its rider never asked for that"
        elif status == "failed" and not rides.refusal_reason[ride]:
            message = "failed without a reason"
        if message:
            case.notes.add(case.ride_finding(Rule.DROPPED, ride, message))


def _cancelled(case: Case) -> None:
    """Whoever cancelled before the shuttle stood there is not picked up."""
    visits = case.run.visits
    cancel_s = case.asked_for("cancel_s")
    case.notes.checked(Rule.CANCELLED, int(present(cancel_s).sum()))
    ride = visits.boarded.items.numbers(case.ride_numbers())
    known = ride >= 0
    ride, arrive_s = ride[known], visits.arrive_s[visits.boarded.rows[known]]
    late = present(cancel_s[ride]) & (arrive_s > cancel_s[ride])

    def describe(at: int) -> Finding:
        by_s = arrive_s[at] - cancel_s[ride[at]]
        message = f"boarded by a shuttle that came {by_s} s after the cancellation"
        return case.ride_finding(Rule.CANCELLED, int(ride[at]), message, int(arrive_s[at]))

    case.notes.add_where(Rule.CANCELLED, late, describe)


def _no_show(case: Case) -> None:
    """Somebody who is said not to have come was waited for, at the place and time promised."""
    rides, visits, ground = case.run.rides, case.run.visits, case.ground
    shuttle = rides.shuttle_id.numbers(case.shuttle_numbers())
    missed = np.flatnonzero(rides.status.numbers({"no_show": 1}) == 1)
    case.notes.checked(Rule.NO_SHOW, len(missed))
    stop = visits.stop.numbers(ground.stops)
    for ride in missed:
        there = (visits.shuttle == shuttle[ride]) & (stop == case.pickup[ride])
        there &= visits.depart_s >= rides.earliest_pickup_s[ride]
        there &= visits.depart_s >= rides.promised_pickup_from_s[ride]
        if not there.any():
            message = "no shuttle stood at its stop when it should have boarded"
            case.notes.add(case.ride_finding(Rule.NO_SHOW, int(ride), message))
