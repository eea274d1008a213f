"""How fast shuttles drive when chance is on: one factor a drive, from departure to arrival."""

from __future__ import annotations

import numpy as np

from services.simulator.check.case import DEVIATIONS, DRIVE_VARIATION, Case
from services.simulator.check.columns import BoolArray, FloatArray, IntArray
from services.simulator.check.verdict import Finding, Rule

CROW_EARLY_MS = 503.0
CROW_LATE_MS = 1003.0
"""Without roads, drives are planned to whole seconds: by so much less or more than the line."""
SHARP = 0.005
"""A factor that is known this well says something about the mean of all."""


def judge(case: Case, of_leg: IntArray, shuttle: IntArray, real: BoolArray, ms: FloatArray) -> None:
    """Hold the legs of each drive against each other, and all drives against the mean.

    Parameters
    ----------
    of_leg
        The drive that each leg is part of.
    shuttle
        Whose each drive is.
    real, ms
        Whether there is such a road as each leg, and its time without chance.
    """
    if case.run.benchmark:
        return
    least, most = _factors(case, real, ms)
    count = len(shuttle)
    low, high = np.full(count, 0.0), np.full(count, np.inf)
    np.maximum.at(low, of_leg, least)
    np.minimum.at(high, of_leg, most)
    driven = np.zeros(count, dtype=np.bool_)
    driven[of_leg[real]] = True
    case.notes.checked(Rule.PACE, int(driven.sum()))
    first = np.full(count, len(of_leg), dtype=np.int64)
    np.minimum.at(first, of_leg, np.arange(len(of_leg)))

    def describe(drive: int) -> Finding:
        # One leg took at least the one, another one at most the other share of its time.
        message = f"one leg takes {low[drive]:.1%} of its time or more, another {high[drive]:.1%}"
        at_s = float(case.run.legs.depart_ms[first[drive]]) / 1000
        return case.shuttle_finding(Rule.PACE, int(shuttle[drive]), f"{message} or less", at_s)

    case.notes.add_where(Rule.PACE, driven & (low > high + 1e-9), describe)
    _mean(case, low[driven], high[driven])


def _factors(case: Case, real: BoolArray, ms: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least and greatest factor that explains each leg's time."""
    legs = case.run.legs
    took_ms = (legs.arrive_ms - legs.depart_ms).astype(np.float64)
    judged = real & (took_ms >= 0)
    road_ms = np.where(judged, np.maximum(ms, 1e-3), 1.0)
    if case.ground.links is not None:
        # Thousandths, each link's time rounded up to the millisecond.
        least = (np.floor((took_ms - 1) * 1000 / road_ms + 1e-9) + 1) / 1000
        most = np.floor(took_ms * 1000 / road_ms + 1e-9) / 1000
    else:
        least = (took_ms - 1) / (road_ms + CROW_LATE_MS)
        early_ms = road_ms - CROW_EARLY_MS
        most = np.where(early_ms > 0, (took_ms + 1) / np.maximum(early_ms, 1e-3), np.inf)
    return np.where(judged, least, 0.0), np.where(judged, most, np.inf)


def _mean(case: Case, low: FloatArray, high: FloatArray) -> None:
    """All drives together take their mean time, as near as their number says."""
    sharp = (high >= low) & (high - low <= SHARP)
    factors = (low + high)[sharp] / 2
    if not len(factors):
        return
    off = float(factors.mean() - 1)
    allowed = DEVIATIONS * DRIVE_VARIATION / np.sqrt(len(factors)) + SHARP
    if abs(off) > allowed:
        message = (
            f"{len(factors)} drives take {1 + off:.1%} of their time in the mean,"
            f" which chance does not do"
        )
        case.notes.add(Finding(rule=Rule.PACE, message=message))
