"""The rule about ``kpis.json``: its figures follow from rides, visits and legs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from services.simulator.check.case import Case
from services.simulator.check.columns import BoolArray, IntArray, present
from services.simulator.check.driving import drives_of
from services.simulator.check.life import aboard
from services.simulator.check.verdict import Finding, Rule

SLACK = {
    "served_share": 0.0005,
    "on_time_share": 0.0005,
    "wait_s": 0.05,
    "vehicle_km": 0.05,
    "empty_km": 0.05,
}
"""Figures may be written rounded: shares to a thousandth, seconds and kilometres to a tenth."""


def judge(case: Case) -> None:
    """Apply it."""
    kpis = case.run.kpis
    for key, want in _figures(case).items():
        _compare(case, key, want, kpis.get(key), SLACK.get(key, 0.0))


def _compare(case: Case, key: str, want: Any, have: Any, slack: float) -> None:
    if isinstance(want, dict):
        parts = have if isinstance(have, dict) else {}
        # A reason that nobody was refused for may be left out, or be there with a zero.
        by_reason = key == "refused"
        default = 0 if by_reason else None
        for part in sorted({*want, *map(str, parts)} if by_reason else want):
            mine, theirs = want.get(part, default), parts.get(part, default)
            _compare(case, f"{key}.{part}", mine, theirs, slack)
        return
    case.notes.checked(Rule.KPIS, 1)
    if want is None and have is None:
        return
    if isinstance(have, bool) or not isinstance(have, int | float) or want is None:
        message = f"{key} is {have!r:.40}, but should be {_text(want)}"
    elif not abs(have - want) <= slack + 1e-9 * abs(want):
        message = f"{key} is {have}, but should be {_text(want)} ({have - want:+.6g})"
    else:
        return
    case.notes.add(Finding(rule=Rule.KPIS, message=message))


def _figures(case: Case) -> dict[str, Any]:
    rides, count = case.run.rides, len(case.run.rides)
    ended = Counter(rides.status[ride] for ride in range(count))
    refused = rides.status.numbers({"refused": 1}) == 1
    done = rides.status.numbers({"completed": 1}) == 1
    ending = done | (rides.status.numbers({"failed": 1}) == 1)
    waited = done & present(rides.picked_up_s) & present(rides.earliest_pickup_s)
    kept = ending & present(rides.promised_pickup_from_s) & present(rides.dropped_off_s)
    kept &= rides.picked_up_s <= rides.promised_pickup_to_s
    kept &= rides.picked_up_s >= rides.promised_pickup_from_s
    kept &= rides.dropped_off_s <= rides.promised_arrival_s
    served = ended["completed"]
    return {
        "requests": count,
        "served": served,
        "served_share": served / count if count else None,
        "refused": dict(Counter(rides.refusal_reason[int(r)] for r in np.flatnonzero(refused))),
        "cancelled": ended["cancelled"],
        "no_show": ended["no_show"],
        "failed": ended["failed"],
        "wait_s": _spread((rides.picked_up_s - rides.earliest_pickup_s)[waited]),
        "on_time_share": float(kept.sum() / ending.sum()) if ending.any() else None,
        "vehicle_km": float(case.run.legs.length_m.sum() / 1000),
        "empty_km": float(case.run.legs.length_m[_empty(case)].sum() / 1000),
    }


def _spread(values: IntArray) -> dict[str, float | None]:
    if not len(values):
        return {"mean": None, "p50": None, "p95": None}
    p50, p95 = np.percentile(values, [50, 95])
    return {"mean": float(values.mean()), "p50": float(p50), "p95": float(p95)}


def _empty(case: Case) -> BoolArray:
    """Legs that are driven with nobody on board."""
    legs, drives = case.run.legs, drives_of(case)
    first = (drives.of_leg == 0) | (drives.shuttle[drives.of_leg - 1] != legs.shuttle)
    before = np.where(first, -1, drives.of_leg - legs.shuttle - 1)
    empty: BoolArray = np.append(aboard(case).parties, 0)[before] == 0
    return empty


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
