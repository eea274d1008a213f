"""The rule about refusals: reason and remedies are such as can be meant.

Whether a remedy would have worked is not tried out: for that one would have to plan.
"""

from __future__ import annotations

import re

import numpy as np

from services.domain.settings_part import DAY_S
from services.simulator.check.case import Case
from services.simulator.check.columns import present
from services.simulator.check.place_figures import nearest_walk_m
from services.simulator.check.verdict import Rule

LATEST_S = 3 * DAY_S
"""No service day is longer."""
FURTHEST_M = 10_000
"""No stop further away than this is named to anybody."""
MOST_SEATS = 200
REMEDY = re.compile(r"([a-z_]+)=([1-9][0-9]{0,8})")
REMEDY_OF = {
    "wait": "leave_later_s",
    "arrival": "arrive_later_s",
    "ride_time": "ride_longer_s",
    "seats": "fewer_seats",
}
"""Who is refused for one of these would have had a ride by giving way in it."""


def judge(case: Case) -> None:
    """Apply it."""
    rides = case.run.rides
    refused = rides.status.numbers({"refused": 1}) == 1
    case.notes.checked(Rule.REMEDIES, int(refused.sum()))
    far = {end: _too_far(case, end) for end in ("origin", "destination")}
    for ride in np.flatnonzero(refused | (rides.refusal_remedy.codes >= 0)).tolist():
        if refused[ride]:
            messages = _remedies(case, ride) + _walks(case, ride, far)
        else:
            messages = [f"is {rides.status[ride]}, but has remedies for a refusal"]
        for message in messages:
            case.notes.add(case.ride_finding(Rule.REMEDIES, ride, message))


def _remedies(case: Case, ride: int) -> list[str]:
    rides = case.run.rides
    text, reason = rides.refusal_remedy[ride], rides.refusal_reason[ride]
    most = _most(case, ride)
    messages, names = [], []
    for part in text.split(";") if text else ():
        found = REMEDY.fullmatch(part)
        if found is None or found[1] not in most:
            messages.append(f"'{part[:60]}' is no remedy")
            continue
        names.append(found[1])
        if int(found[2]) > most[found[1]]:
            messages.append(f"{part} is more than the {most[found[1]]} that can be")
    messages += [f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    needed = REMEDY_OF.get(reason)
    if needed and needed not in names and not messages:
        messages.append(f"is refused for {reason}, but would not have needed {needed}")
    return messages


def _most(case: Case, ride: int) -> dict[str, int]:
    """The most that each remedy can ask for; 0 where it cannot be asked for at all."""
    must_arrive = case.asked[ride] >= 0 and present(case.asked_for("arrive_by_s"))[ride]
    seats = min(int(case.run.rides.seats[ride]), MOST_SEATS)
    return {
        "leave_later_s": LATEST_S,
        "arrive_later_s": LATEST_S if must_arrive else 0,
        "ride_longer_s": LATEST_S,
        "walk_further_m": FURTHEST_M,
        "fewer_seats": max(0, seats - 1),
    }


def _too_far(case: Case, end: str) -> list[bool | None]:
    """Whether each ride has no stop in walking reach of this end; None if nobody asked."""
    walk_m = nearest_walk_m(case, end)
    limit_m = case.promises.walk_m_max
    return [None if np.isnan(walk) else bool(walk > limit_m) for walk in walk_m.tolist()]


def _walks(case: Case, ride: int, far: dict[str, list[bool | None]]) -> list[str]:
    """Refused for the walk if, and only if, there is no stop in reach."""
    reason = case.run.rides.refusal_reason[ride]
    origin, destination = far["origin"][ride], far["destination"][ride]
    if origin is None or destination is None:
        return []
    due = "walk_to_stop" if origin else "walk_from_stop" if destination else ""
    if due and reason != due:
        return [f"is refused for {reason}, but no stop is in reach ({due})"]
    if not due and reason in ("walk_to_stop", "walk_from_stop"):
        return [f"is refused for {reason}, but a stop is in reach"]
    return []
