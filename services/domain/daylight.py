"""When it is light: civil twilight, from where and which day it is.

The sun's place by the low-precision formulas of the Astronomical Almanac (U.S. Naval Observatory
and HM Nautical Almanac Office, section C), good to a minute or so in the latitudes where people
live.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import acos, asin, atan2, cos, degrees, radians, sin
from zoneinfo import ZoneInfo

from services.domain.geo import Point

CIVIL_TWILIGHT = -6.0
"""Degrees of the sun above the horizon until which one sees what is on the road."""
EPOCH = date(2000, 1, 1)
S_PER_DEGREE = 240


def light_s(
    place: Point, day: date, timezone: str, altitude: float = CIVIL_TWILIGHT
) -> tuple[int, int] | None:
    """From when to when the sun stands above an altitude, in seconds after midnight of a day.

    Returns
    -------
    None
        If it never rises above it, or never sinks below.
    """
    n = (day - EPOCH).days - place.lon / 360
    anomaly = radians(357.529 + 0.98560028 * n)
    mean = 280.459 + 0.98564736 * n
    longitude = radians(mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.00000036 * n)
    ascension = degrees(atan2(cos(tilt) * sin(longitude), cos(longitude)))
    declination = asin(sin(tilt) * sin(longitude))
    ahead = (mean - ascension + 180) % 360 - 180
    latitude = radians(place.lat)
    angle = sin(radians(altitude)) - sin(latitude) * sin(declination)
    angle /= cos(latitude) * cos(declination)
    if not -1 < angle < 1:
        return None
    half_s = degrees(acos(angle)) * S_PER_DEGREE
    noon_s = 43_200 - (place.lon + ahead) * S_PER_DEGREE
    utc = datetime.combine(day, time(), UTC)
    midnight = datetime.combine(day, time(), ZoneInfo(timezone))
    rises, sets = (
        (utc + timedelta(seconds=noon_s + way * half_s) - midnight).total_seconds()
        for way in (-1, 1)
    )
    return round(rises), round(sets)
