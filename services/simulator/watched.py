"""Figures about supervision: how many shuttles moved at once, and who waited for an operator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.domain.settings_part import DAY_S
from services.simulator.records import Run

HOUR_S = 3600


def watch_figures(run: Run) -> dict[str, Any]:
    """Figures of a day on which only so many shuttles might move at once."""
    if run.settings.supervision is None:
        return {"supervision": None}
    waited_s = sum(wait.until_s - wait.from_s for wait in run.waits)
    return {
        "supervision": {
            "moving_max": max(moving_max(run, [(0, 2**62)])),
            "waits": len(run.waits),
            "waited_h": round(waited_s / HOUR_S, 3),
        }
    }


def moving_max(run: Run, spans_ms: list[tuple[int, int]]) -> list[int]:
    """How many shuttles drove at once at most, in each of some spans of time."""
    legs = run.legs
    real = legs.arrive_ms > legs.depart_ms
    starts, ends = np.sort(legs.depart_ms[real]), np.sort(legs.arrive_ms[real])

    def moving(at_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        before = np.searchsorted(starts, at_ms, side="right")
        return before - np.searchsorted(ends, at_ms, side="right")

    return [
        int(moving(np.append(starts[(from_ms <= starts) & (starts < to_ms)], from_ms)).max())
        for from_ms, to_ms in spans_ms
    ]


def limits_of(run: Run, hours: range) -> list[int]:
    """How many shuttles might move all through each hour."""
    supervision = run.settings.supervision
    limits = (0,) if supervision is None else supervision.limits
    minutes = [
        range(hour * HOUR_S % DAY_S // 60, hour * HOUR_S % DAY_S // 60 + 60) for hour in hours
    ]
    return [min(limits[minute % len(limits)] for minute in own) for own in minutes]


def waited_s(run: Run, hours: range) -> list[int]:
    """For how long shuttles waited for an operator, by the hour in which they began to."""
    return [
        sum(w.until_s - w.from_s for w in run.waits if w.from_s // HOUR_S == hour) for hour in hours
    ]
