"""When it is dark on a territory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

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
    darkens_s = -DAY_S
    for ahead in range(-1, 3):
        light = light_s(place, day + timedelta(days=ahead), timezone)
        if light is None:
            continue
        lightens_s = light[0] + DAY_S * ahead
        if ahead >= 0:
            yield Restriction(DARKNESS, darkens_s, lightens_s, darkness=True)
        darkens_s = light[1] + DAY_S * ahead
