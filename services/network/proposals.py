"""Proposed stops on the roads of a territory, and how well stops cover its people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from services.domain.errors import InvalidRequest
from services.domain.geo import Plane
from services.domain.places import Place
from services.domain.territory import Promises
from services.network.ends import Ends
from services.network.flat import Floats, plane_over, xy_m
from services.network.reach import walks_m
from services.network.roads import RoadRows
from services.network.siting import ROUNDS, propose
from services.network.stops import StopRow, Stops

NO_STOPPING = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})
"""Classes of road on which nobody should wait; a node is ruled out if any such link touches it."""

_MAPS_MAX = 3
_MAP_SLACK = 2e-4
"""By how much the scale of two maps may differ; the centre has then moved by a kilometre or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Share of trips with both ends near a stop, by two measures of near.

    ``by_walk`` is what the dispatcher goes by: the walk (straight line x factor) is within the
    longest walk. ``by_straight_line`` leaves the factor out.
    """

    what: str
    by_walk: float
    by_straight_line: float


def propose_stops(
    ends: Ends,
    roads: RoadRows | None,
    promises: Promises,
    cover: float,
    places: Sequence[Place] = (),
) -> list[StopRow]:
    """Choose road nodes (without roads: the places of the demand) as stops.

    Walks are measured on the map centred on the stops, as the dispatcher will. So a quick choice
    comes first, to find that centre, and the choice is repeated if the centre was far off.

    Raises
    ------
    InvalidRequest
        If no stop would bring anybody within the walk.
    """
    nodes, lon, lat = _sites(ends, roads)
    reach_m = promises.walk_m_max / promises.walk_factor * (1 - 1.5 * _MAP_SLACK)
    plane = ends.plane()
    chosen: list[int] = []
    for attempt in range(_MAPS_MAX):
        rounds = ROUNDS if attempt else 0
        chosen = propose(ends.trips(plane), xy_m(plane, lon, lat), reach_m, cover, rounds)
        if not chosen:
            raise InvalidRequest("stops", "no place lies within the walk of a road")
        before, plane = plane, plane_over(lon[chosen], lat[chosen])
        if rounds and abs(_shrink(before) / _shrink(plane) - 1) < _MAP_SLACK:
            break
    names = _names(lon[chosen], lat[chosen], places)
    width = len(str(len(chosen)))
    return [
        StopRow(
            f"s{number + 1:0{width}d}",
            name,
            float(lon[site]),
            float(lat[site]),
            None if roads is None else int(nodes[site]),
        )
        for number, (site, name) in enumerate(zip(chosen, names, strict=True))
    ]


def _shrink(plane: Plane) -> float:
    return float(np.cos(np.radians(plane.centre.lat)))


def _sites(ends: Ends, roads: RoadRows | None) -> tuple[NDArray[np.int64], Floats, Floats]:
    if roads is None:
        return np.arange(len(ends.lon), dtype=np.int64), ends.lon, ends.lat
    allowed = np.ones(len(roads.node_ids), dtype=np.bool_)
    fast = np.array([highway in NO_STOPPING for highway in roads.highway], dtype=np.bool_)
    allowed[roads.tail[fast]] = False
    allowed[roads.head[fast]] = False
    nodes = np.flatnonzero(allowed)
    if not len(nodes):
        raise InvalidRequest("stops", "all roads are motorways or trunk roads: nobody may stop")
    return nodes, roads.lon[nodes], roads.lat[nodes]


def _names(lon: Floats, lat: Floats, places: Sequence[Place]) -> list[str]:
    """Name stops after the nearest place, with a number."""
    if not places:
        return [""] * len(lon)
    plane = plane_over(lon, lat)
    centres = cKDTree(np.array([plane.xy_m(place.point) for place in places]))
    _, nearest = centres.query(np.column_stack(xy_m(plane, lon, lat)))
    names, used = [], dict[int, int]()
    for place in nearest.tolist():
        used[place] = used.get(place, 0) + 1
        number = "" if used[place] == 1 else f" {used[place]}"
        names.append(places[place].name + number)
    return names


def measure_cover(ends: Ends, stops: Stops, plane: Plane, promises: Promises) -> Cover:
    """Measure which share of the trips has both ends near a stop."""
    tree = cKDTree(np.column_stack((stops.x_mm / 1000, stops.y_mm / 1000)))
    straight_m, _ = tree.query(np.column_stack(xy_m(plane, ends.lon, ends.lat)))
    near_by_walk = walks_m(straight_m, promises.walk_factor) <= promises.walk_m_max
    return Cover(
        what=ends.what,
        by_walk=_share(ends, near_by_walk),
        by_straight_line=_share(ends, straight_m <= promises.walk_m_max),
    )


def _share(ends: Ends, near: NDArray[np.bool_]) -> float:
    both = near[ends.origin] & near[ends.destination]
    return float(ends.weight[both].sum() / ends.weight.sum())
