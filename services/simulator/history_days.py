"""Generated days one after another, with their weekdays and weather: a history to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from services.domain.day import DayKind, Weather
from services.forecast.history import PastDay, PastRequest
from services.network.folder import Network
from services.network.reach import Reach
from services.simulator.chance import Chance
from services.simulator.demand import Demand
from services.simulator.generator import generate_day

RAIN_SHARE = 0.3
SNOW_SHARE = 0.12
"""Of the days of winter, December to February."""
WINTER = (12, 1, 2)


def weather_on(day: date, seed: int) -> Weather:
    """Draw the weather of a date."""
    drawn = Chance(seed).uniform("weather", day.isoformat())
    if day.month in WINTER and drawn >= 1 - SNOW_SHARE:
        return Weather.SNOW
    return Weather.RAIN if drawn < RAIN_SHARE else Weather.DRY


def demand_on(network: Network, day: date, seed: int) -> tuple[DayKind, Demand]:
    """Generate the requests of a date; the same seed and date always give the same."""
    kind = DayKind.of(day, weather_on(day, seed))
    seed_of_day = round(2**48 * Chance(seed).uniform("day", day.isoformat()))
    return kind, generate_day(network, seed=seed_of_day, kind=kind)


def generate_history(network: Network, *, seed: int, first: date, days: int) -> tuple[PastDay, ...]:
    """Generate what was asked on so many days, at the stops nearest to it.

    Whoever lives too far from any stop to walk there is left out: no shuttle could come.
    """
    reach = Reach(network.stops, network.plane, network.territory.promises)
    past = []
    for number in range(days):
        day = first + timedelta(days=number)
        kind, demand = demand_on(network, day, seed)
        past.append(
            PastDay(date=day, weather=kind.weather, requests=_at_stops(network, reach, demand))
        )
    return tuple(past)


def _at_stops(network: Network, reach: Reach, demand: Demand) -> tuple[PastRequest, ...]:
    walk_m_max = network.territory.promises.walk_m_max
    ends: list[Sequence[int]] = []
    for points in (
        [trip.origin for trip in demand.trips],
        [trip.destination for trip in demand.trips],
    ):
        lon, lat = np.array([p.lon for p in points]), np.array([p.lat for p in points])
        near = reach.near_many(lon, lat, 1)
        ends.append(
            [found[0].stop if found and found[0].walk_m <= walk_m_max else -1 for found in near]
        )
    return tuple(
        PastRequest(trip.request_s, trip.departure_s, origin, destination)
        for trip, origin, destination in zip(demand.trips, *ends, strict=True)
        if origin >= 0 and destination >= 0 and origin != destination
    )
