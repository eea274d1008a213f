"""Who is near what: places in walking reach of stops, and people near their medium town."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from services.domain.geo import Point
from services.domain.places import Place
from services.domain.ride import StopWalk
from services.network.flat import xy_m
from services.network.folder import Network
from services.network.reach import Reach
from services.network.tables import UNREACHABLE_S

NEAR_TOWN_S = 20 * 60
"""Twenty minutes: how near a medium town should be."""

Longs = NDArray[np.int64]


def points_xy_m(network: Network, points: Sequence[Point]) -> NDArray[np.float64]:
    """Places on the territory's flat map, one row each, in metres."""
    lon = np.array([point.lon for point in points], dtype=np.float64)
    lat = np.array([point.lat for point in points], dtype=np.float64)
    return np.column_stack(xy_m(network.plane, lon, lat))


def near_a_stop(network: Network, points: Sequence[Point]) -> NDArray[np.bool_]:
    """Whether each point has a stop within the longest walk."""
    if not points:
        return np.zeros(0, dtype=np.bool_)
    promises = network.territory.promises
    nearest = Reach(network.stops, network.plane, promises).near_many(
        [point.lon for point in points], [point.lat for point in points], 1
    )
    near = [bool(found) and found[0].walk_m <= promises.walk_m_max for found in nearest]
    return np.array(near, dtype=np.bool_)


def nearest_place(network: Network, points: Sequence[Point]) -> Longs:
    """Return the number of the place nearest to each point; the territory must have places."""
    if not points:
        return np.zeros(0, dtype=np.int64)
    tree = cKDTree(points_xy_m(network, [place.point for place in network.places]))
    number: Longs = tree.query(points_xy_m(network, points))[1].astype(np.int64)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class TownTime:
    """How far a place is from the medium town.

    Parameters
    ----------
    direct_s
        Walk from the place's centre to a stop, and the direct drive from there to a stop within
        walking reach of the town's centre, whichever stops make it shortest. None if no stop is in
        walking reach or no way leads there; 0 in the town itself.
    """

    place: Place
    people: int
    direct_s: int | None


def town_times(network: Network) -> tuple[TownTime, ...]:
    """Tell for every place with known inhabitants how far its medium town is.

    Empty if the territory names no town, or nobody knows how many people live where.
    """
    town = next((place for place in network.places if place.name == network.territory.town), None)
    places = [place for place in network.places if place.population]
    if town is None or not places:
        return ()
    reach = Reach(network.stops, network.plane, network.territory.promises)
    town_stops = [stop.stop for stop in _stops_near(network, reach, town)]
    times = []
    for place in places:
        direct_s = 0 if place == town else _direct_s(network, reach, place, town_stops)
        times.append(TownTime(place=place, people=place.population or 0, direct_s=direct_s))
    return tuple(times)


def _direct_s(
    network: Network, reach: Reach, place: Place, town_stops: Sequence[int]
) -> int | None:
    best_s: int | None = None
    for stop, walk_m in _stops_near(network, reach, place):
        walk_s = network.territory.promises.walk_s(walk_m)
        for town_stop in town_stops:
            leg_s = int(network.tables.drive_s[stop, town_stop])
            if leg_s < UNREACHABLE_S and (best_s is None or walk_s + leg_s < best_s):
                best_s = walk_s + leg_s
    return best_s


def _stops_near(network: Network, reach: Reach, place: Place) -> list[StopWalk]:
    """Stops within the longest walk of a place's centre."""
    walk_m_max = network.territory.promises.walk_m_max
    found = reach.near(place.point, len(network.stops))
    return [stop for stop in found if stop.walk_m <= walk_m_max]
