"""A forecast: how many requests a cell is expected to have in a quarter of an hour, and how surely.

All of it is integers, so that whoever reckons with it gets the same answer on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.domain.day import DayKind, Weather
from services.forecast.counts import QUARTERS

THOUSAND = 1000
PARTS_H = (0, 6, 10, 14, 17, 24)
"""Parts of the day, by the hours at which they begin; within one, places and weather work alike."""
PARTS = len(PARTS_H) - 1
PART_OF_QUARTER = np.repeat(np.arange(PARTS), np.diff(PARTS_H) * (QUARTERS // 24))
WORKDAY, SATURDAY, SUNDAY = range(3)
PATTERNS = 3
PATTERN_OF_WEEKDAY = (WORKDAY,) * 5 + (SATURDAY, SUNDAY)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """What to expect of any kind of day.

    Parameters
    ----------
    cells
        H3 indexes.
    milli
        (patterns, cells, quarters) thousandths of a request on a dry, average day of each pattern:
        workday, Saturday, Sunday.
    shape_milli
        The same shape: thousandths of the gamma distribution's shape that says how surely that is
        known: its variance is the square of the mean, divided by this.
    weekday_permille
        (7, parts) requests beside the average day of the weekday's pattern, by part of the day.
    weather_permille
        (weather classes, parts) requests beside a dry day, by part of the day.
    day_variance_ppm
        Variance, in millionths, of the factor by which whole days come out otherwise.
    """

    cells: tuple[str, ...]
    milli: Integers
    shape_milli: Integers
    weekday_permille: Integers
    weather_permille: Integers
    day_variance_ppm: int

    def expected_milli(self, kind: DayKind) -> Integers:
        """Thousandths of a request to expect (cells, quarters) on such a day."""
        pattern = PATTERN_OF_WEEKDAY[kind.weekday]
        sky = list(Weather).index(kind.weather)
        permille = self.weekday_permille[kind.weekday] * self.weather_permille[sky]
        scaled: Integers = self.milli[pattern] * permille[PART_OF_QUARTER] // THOUSAND**2
        return scaled

    def spread(self, kind: DayKind) -> tuple[Floats, Floats]:
        """Mean and variance of the number of requests (cells, quarters) on such a day."""
        mean = self.expected_milli(kind) / THOUSAND
        return mean, mean + mean**2 * (self.unsure(kind) + self.day_variance_ppm / 1e6)

    def unsure(self, kind: DayKind) -> Floats:
        """Squared coefficient of variation (cells, quarters) of the means themselves."""
        shape = self.shape_milli[PATTERN_OF_WEEKDAY[kind.weekday]]
        found: Floats = THOUSAND / np.maximum(shape, 1)
        return found
