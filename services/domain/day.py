"""What kind of day it is, as far as it changes how many ride, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Weather(StrEnum):
    """Weather of a day, in the classes that riders and operators go by."""

    DRY = "dry"
    RAIN = "rain"
    SNOW = "snow"


@dataclass(frozen=True, slots=True)
class DayKind:
    """A weekday (0: Monday) and its weather."""

    weekday: int = 0
    weather: Weather = Weather.DRY

    @staticmethod
    def of(day: date, weather: Weather) -> DayKind:
        """Return the kind of a date."""
        return DayKind(day.weekday(), weather)
