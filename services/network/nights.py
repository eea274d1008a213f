"""When it is dark on a territory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.daylight import light_s
from services.domain.geo import Point
from services.domain.operating_domain import Restriction
from services.domain.settings_part import DAY_S
from services.network.folder import Network

DARKNESS = "darkness"


def nights(network: Network, day: date) -> tuple[Restriction, ...]:
    """The nights before, after and a day after a day, if any shuttle is not fit for them.

    Where the sun does not set, there are none.
    """
    if all(group.drives_in_darkness for group in network.territory.fleet):
        return ()
    return dark_hours(network, day)


def dark_hours(network: Network, day: date) -> tuple[Restriction, ...]:
    """The same, whether or not shuttles are fit for them."""
    territory, stops = network.territory, network.stops
    place = Point(float(stops.lon.mean()), float(stops.lat.mean()))
    return tuple(_nights(place, day, territory.timezone))


def _nights(place: Point, day: date, timezone: str) -> Iterator[Restriction]:
    zone = ZoneInfo(timezone)
    begins = datetime.combine(day, time(12), zone).astimezone(UTC) - timedelta(hours=12)
    darkens_s = -DAY_S
    for ahead in range(-1, 3):
        other = day + timedelta(days=ahead)
        light = light_s(place, other, timezone)
        if light is None:
            continue
        # Clocks may be changed in between.
        midnight = datetime.combine(other, time(), zone).astimezone(UTC)
        ahead_s = round((midnight - begins).total_seconds())
        lightens_s = light[0] + ahead_s
        if ahead >= 0:
            yield Restriction(DARKNESS, darkens_s, lightens_s, darkness=True)
        darkens_s = light[1] + ahead_s
