"""Light by the sun: held against sunrises and twilights as almanacs have them."""

from __future__ import annotations

from datetime import date

import pytest

from services.domain.daylight import light_s
from services.domain.geo import Point

PARIS = Point(2.3522, 48.8566)
SUNRISE = -0.833
"""Degrees: the upper edge of the sun, lifted by the air."""


def clock_s(text: str) -> int:
    hours, minutes = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes)


@pytest.mark.parametrize(
    ("day", "altitude", "rises", "sets"),
    [
        (date(2024, 6, 21), SUNRISE, "05:47", "21:58"),
        (date(2024, 12, 21), SUNRISE, "08:41", "16:56"),
        (date(2024, 3, 20), SUNRISE, "06:55", "19:05"),
    ],
)
def test_the_sun_rises_and_sets_in_paris(day: date, altitude: float, rises: str, sets: str) -> None:
    light = light_s(PARIS, day, "Europe/Paris", altitude)
    assert light is not None
    assert abs(light[0] - clock_s(rises)) <= 180
    assert abs(light[1] - clock_s(sets)) <= 180


def test_civil_twilight_is_longer_than_the_day_by_half_an_hour_or_more_at_each_end() -> None:
    for month in range(1, 13):
        day = light_s(PARIS, date(2025, month, 15), "Europe/Paris", SUNRISE)
        light = light_s(PARIS, date(2025, month, 15), "Europe/Paris")
        assert day is not None
        assert light is not None
        assert 1700 < day[0] - light[0] < 3000
        assert 1700 < light[1] - day[1] < 3000


def test_where_the_sun_does_not_set_there_is_no_night() -> None:
    assert light_s(Point(25.0, 70.0), date(2025, 6, 21), "Europe/Helsinki") is None
