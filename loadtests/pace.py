"""How many riders ask in a second, over a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from loadtests.trips import QUARTER_S

HOUR_S = 3600
DAY_HOURS = (5, 23)
PEAK_HOURS = (7, 9)
ASKS_EVERY_S = 4.0
"""A user of the load test asks so often on average, each time as another rider."""


class Pace(Protocol):
    """Requests a second, as long as the run lasts."""

    def at(self, run_s: float) -> float | None:
        """Return how many; absent once the run is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDay:
    """As over some hours of a day, compressed in time.

    Parameters
    ----------
    quarters
        Requests a second in each quarter of an hour of the day.
    hours
        From when to when.
    compress
        Seconds of the day in a second of the run.
    times
        How many such territories ask.
    """

    quarters: Sequence[float]
    hours: tuple[int, int]
    compress: float
    times: float = 1.0

    def at(self, run_s: float) -> float | None:
        """Return how many; absent once the run is over."""
        day_s = self.hours[0] * HOUR_S + run_s * self.compress
        if day_s >= self.hours[1] * HOUR_S:
            return None
        return self.quarters[int(day_s) // QUARTER_S] * self.compress * self.times


@dataclass(frozen=True, slots=True)
class Steady:
    """The same all the time."""

    rate: float
    seconds: float

    def at(self, run_s: float) -> float | None:
        """Return how many; absent once the run is over."""
        return self.rate if run_s < self.seconds else None


def users(rate: float) -> int:
    """Return how many users ask that often together."""
    return math.ceil(rate * ASKS_EVERY_S)
