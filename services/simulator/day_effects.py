"""How weekday and weather change a generated day.

Round figures: fewer rides at weekends and none to school, a market on Saturday, many pupils at home
on Wednesdays; in the rain those ride who would walk or cycle, in the snow people stay where they
are. Not a calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.domain.day import DayKind, Weather
from services.simulator.purposes import PURPOSES, Purpose

BY_WEEKDAY = (1.0, 0.96, 0.98, 1.0, 1.1, 0.72, 0.42)
"""Requests beside a Monday's."""
BY_WEATHER = {Weather.DRY: 1.0, Weather.RAIN: 1.15, Weather.SNOW: 0.7}
"""Requests beside a dry day's."""
CHANCE_SHARE = 0.15
"""A day has up to this share more or less requests than its kind explains."""

Shares = Mapping[str, float]

_WORKDAY: Shares = {}
_WEDNESDAY: Shares = {"school": 0.6, "visit": 1.3}
_SATURDAY: Shares = {
    "work": 0.25, "train": 0.6, "school": 0, "market": 2.4, "medical": 0.4, "visit": 1.8,
}  # fmt: skip
_SUNDAY: Shares = {
    "work": 0.1, "train": 1.2, "school": 0, "market": 0.6, "medical": 0.05, "visit": 3,
}  # fmt: skip
SHARES_BY_WEEKDAY = (
    _WORKDAY, _WORKDAY, _WEDNESDAY, _WORKDAY, _WORKDAY, _SATURDAY, _SUNDAY,
)  # fmt: skip
"""Each purpose's share beside its usual one; 1 where none is given."""
SHARES_BY_WEATHER: Mapping[Weather, Shares] = {
    Weather.DRY: {},
    Weather.RAIN: {"school": 1.3, "market": 0.8, "visit": 0.8},
    Weather.SNOW: {"market": 0.6, "visit": 0.5},
}


def purposes_on(kind: DayKind) -> tuple[Purpose, ...]:
    """What takes people out of the house on such a day."""
    by_weekday, by_weather = SHARES_BY_WEEKDAY[kind.weekday], SHARES_BY_WEATHER[kind.weather]
    return tuple(
        replace(
            purpose,
            share=purpose.share * by_weekday.get(purpose.name, 1) * by_weather.get(purpose.name, 1),
        )
        for purpose in PURPOSES
    )


def requests_on(kind: DayKind, usual: float, luck: float) -> int:
    """How many requests such a day has.

    Parameters
    ----------
    usual
        On a dry Monday.
    luck
        From 0 to 1.
    """
    by_chance = 1 + CHANCE_SHARE * (2 * luck - 1)
    return round(usual * BY_WEEKDAY[kind.weekday] * BY_WEATHER[kind.weather] * by_chance)
