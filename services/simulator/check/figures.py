"""The rule about ``kpis.json``: its figures follow from rides, visits, legs, demand and places."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from services.simulator.check.case import Case
from services.simulator.check.columns import BoolArray, FloatArray, present
from services.simulator.check.fleet_figures import fleet_figures
from services.simulator.check.near import KILO, TENTH, THREE_DIGITS, Between, near, share
from services.simulator.check.place_figures import in_reach, place_figures
from services.simulator.check.supervision import supervised
from services.simulator.check.verdict import Finding, Rule

MISSING = object()


def judge(case: Case) -> None:
    """Apply it."""
    with np.errstate(all="ignore"):  # rides that make no sense break other rules
        want = _figures(case)
    _compare(case, "", want, case.run.kpis)


def _compare(case: Case, key: str, want: Any, have: Any) -> None:
    if isinstance(want, dict) and isinstance(have, dict):
        # A reason that nobody was refused for may be left out, or be there with a zero.
        default = 0 if key == "refused" else MISSING
        for part in [*want, *(part for part in have if part not in want)]:
            name = f"{key}.{part}" if key else str(part)
            _compare(case, name, want.get(part, default), have.get(part, default))
        return
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for at, (mine, theirs) in enumerate(zip(want, have, strict=True)):
            _compare(case, f"{key}[{at}]", mine, theirs)
        return
    case.notes.checked(Rule.KPIS, 1)
    message = _unlike(want, have)
    if message:
        case.notes.add(Finding(rule=Rule.KPIS, message=f"{key:.80} {message}"))


def _unlike(want: Any, have: Any) -> str:
    """What is wrong with a figure; empty if nothing is."""
    if want is MISSING:
        return "is no figure that a run writes"
    if have is MISSING:
        return f"is missing, but should be {_text(want)}"
    number = isinstance(have, int | float) and not isinstance(have, bool)
    if isinstance(want, Between | int) and number:
        bounds = want if isinstance(want, Between) else Between(want, want)
        if bounds.holds(have):
            return ""
        off_by = f" ({bounds.off_by(have):+.6g})" if abs(have) < 1e300 else ""
        return f"is {_text(have)}, but should be {want}{off_by}"
    # Also where one is a number and the other is not, or lists differ in length.
    same = type(want) is type(have) and want == have
    return "" if same else f"is {_text(have)}, but should be {_text(want)}"


def _text(value: Any) -> str:
    text = str(value) if isinstance(value, Between | float | int) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _figures(case: Case) -> dict[str, Any]:
    rides = case.run.rides
    done = rides.status.numbers({"completed": 1}) == 1
    timed = done & present(rides.picked_up_s) & present(rides.dropped_off_s)
    timed &= present(rides.earliest_pickup_s)
    wait_s = np.where(timed, rides.picked_up_s - rides.earliest_pickup_s, np.nan)
    ride_s = (rides.dropped_off_s - rides.picked_up_s)[timed]
    direct_s = rides.direct_s[timed]
    apart = present(direct_s) & (direct_s != 0)
    walks_m = [
        np.where(present(walk_m), walk_m, 0)[done]
        for walk_m in (rides.walk_to_m, rides.walk_from_m)
    ]
    return {
        **_counts(case, done),
        "answer_s": _spread((rides.answered_s - rides.request_s)[present(rides.answered_s)], TENTH),
        "wait_s": _spread(wait_s[timed], TENTH),
        "ride_s": _spread(ride_s, TENTH),
        "detour": _spread(ride_s[apart] / direct_s[apart], THREE_DIGITS),
        "walk_m": _spread(walks_m[0] + walks_m[1], TENTH),
        **_promises(case, done),
        "disruptions": _disruptions(case, done),
        "supervision": supervised(case),
        **fleet_figures(case, done),
        **place_figures(case, wait_s),
    }


def _counts(case: Case, done: BoolArray) -> dict[str, Any]:
    rides, count = case.run.rides, len(case.run.rides)
    people = rides.seats + rides.wheelchairs
    ended = Counter(rides.status[ride] for ride in range(count))
    refused = np.flatnonzero(rides.status.numbers({"refused": 1}) == 1)
    reach = in_reach(case)
    served, offers = ended["completed"], int(rides.offered.sum())
    return {
        "requests": count,
        "people_asking": int(people.sum()),
        "served": served,
        "people_served": int(people[done].sum()),
        "served_share": share(served, count),
        "in_reach": int(reach.sum()),
        "served_in_reach": int((reach & done).sum()),
        "served_share_in_reach": share(int((reach & done).sum()), int(reach.sum())),
        "refused": dict(Counter(rides.refusal_reason[int(ride)] or "unknown" for ride in refused)),
        "refused_total": ended["refused"],
        "cancelled": ended["cancelled"],
        "no_show": ended["no_show"],
        "failed": ended["failed"],
        "offers": offers,
        "accepted_share": share(int(rides.accepted.sum()), offers),
    }


def _promises(case: Case, done: BoolArray) -> dict[str, Any]:
    rides = case.run.rides
    ending = done | (rides.status.numbers({"failed": 1}) == 1)
    kept = ending & present(rides.promised_pickup_from_s) & present(rides.dropped_off_s)
    kept &= rides.picked_up_s <= rides.promised_pickup_to_s
    kept &= rides.picked_up_s >= rides.promised_pickup_from_s
    kept &= rides.dropped_off_s <= rides.promised_arrival_s
    late_s = []
    for at_s, promised_s in (
        (rides.picked_up_s, rides.promised_pickup_to_s),
        (rides.dropped_off_s, rides.promised_arrival_s),
    ):
        known = ending & present(at_s) & present(promised_s)
        late_s.append(np.maximum(0, (at_s - promised_s)[known]))
    return {
        "on_time_share": share(int(kept.sum()), int(ending.sum())),
        "late_pickups": int((late_s[0] > 0).sum()),
        "late_arrivals": int((late_s[1] > 0).sum()),
        "pickup_late_s": _spread(late_s[0], TENTH),
        "arrival_late_s": _spread(late_s[1], TENTH),
    }


def _disruptions(case: Case, done: BoolArray) -> dict[str, Any]:
    visits, let_off = case.run.visits, case.let_off()
    failed = case.run.rides.status.numbers({"failed": 1}) == 1
    out_s = int((visits.depart_s - visits.arrive_s)[visits.broke_down].sum())
    return {
        "breakdowns": int(visits.broke_down.sum()),
        "out_of_order_h": near(out_s / 3600, KILO),
        "let_off": int(let_off.sum()),
        "let_off_completed": int((let_off & done).sum()),
        "let_off_failed": int((let_off & failed).sum()),
        "blackouts": len(case.run.file.disruptions.blackouts),
        "closures": len(case.run.file.disruptions.closures),
        "diverted": int((case.run.rides.diverted_stop.codes >= 0).sum()),
    }


def _spread(values: Any, slack: float) -> dict[str, Between | None]:
    if not len(values):
        return dict.fromkeys(("mean", "p50", "p95", "max"))
    numbers: FloatArray = np.asarray(values, dtype=np.float64)
    p50, p95 = np.percentile(numbers, [50, 95])
    found = {"mean": numbers.mean(), "p50": p50, "p95": p95, "max": numbers.max()}
    return {name: near(float(value), slack) for name, value in found.items()}
