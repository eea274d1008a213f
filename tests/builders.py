"""Small territories, shuttles and requests that tests share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.dispatcher.core import Zone
from services.domain.fleet_settings import FleetGroup
from services.domain.geo import Plane, Point
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Load, Party, Request, StopWalk
from services.domain.shuttle import Shuttle
from services.domain.task import TaskKind, Upkeep
from services.domain.territory import Territory, Travel, TravelKind
from services.network.crow import crow_tables_of
from services.network.flat import xy_m
from services.network.folder import Network
from services.network.roads import RoadRows, Roads, graph
from services.network.stops import Stops
from services.network.tables import road_tables

EIGHT_S = 8 * 3600
CENTRE = Point(1.5, 46.2)
PLANE = Plane(CENTRE)
EIGHT_SEATS = Load(8, 1, 4)

LINE = tuple((300 * i, 0) for i in range(8))
"""Stops on a straight road, 300 m apart: all drives between them are exact to the second."""

PLAIN = ((0, 0), (700, 130), (1500, -260), (390, 1210), (1840, 950), (2710, 320), (1010, 2090))
"""Stops here and there."""

NODES = ((0, 0), (400, 0), (800, 0), (1200, 0), (0, 500), (400, 500), (800, 500), (1200, 500))
STREETS = ((0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7), (0, 4), (1, 5), (2, 6), (3, 7))
"""Two-way streets of a small grid, by its nodes."""
STREET_MS = (31_000, 44_500, 27_250, 38_000, 29_001, 41_999, 52_000, 33_333, 47_100, 30_400)
STOP_NODES = (0, 2, 3, 4, 6, 7, 2)
"""The road nodes of the stops; two stops lie at one node."""


def territory(**parts: Any) -> Territory:
    """A territory's settings; ``parts`` are those that matter to the test.

    Each part is a dictionary: ``territory(promises={"wait_s_max": 300})``.
    """
    given: dict[str, Any] = {"name": "Essai", "fleet": [FleetGroup(depot="s0", count=2)], **parts}
    return Territory.model_validate(given)


def on_plane(points_m: Sequence[tuple[float, float]], node: Sequence[int] | None = None) -> Stops:
    """Stops at metres east and north of the centre."""
    x_m = np.array([x for x, _ in points_m], np.float64)
    y_m = np.array([y for _, y in points_m], np.float64)
    lon, lat = lon_lat(points_m)
    return Stops(
        ids=tuple(f"s{i}" for i in range(len(points_m))),
        names=("",) * len(points_m),
        lon=lon,
        lat=lat,
        node=np.array(node if node is not None else [-1] * len(points_m), np.int32),
        x_mm=np.rint(x_m * 1000).astype(np.int64),
        y_mm=np.rint(y_m * 1000).astype(np.int64),
    )


def lon_lat(points_m: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
    """Degrees of points in metres east and north of the centre."""
    unit_x, unit_y = xy_m(PLANE, np.array([CENTRE.lon + 1]), np.array([CENTRE.lat + 1]))
    lon = CENTRE.lon + np.array([x for x, _ in points_m]) / unit_x[0]
    lat = CENTRE.lat + np.array([y for _, y in points_m]) / unit_y[0]
    return lon, lat


def crow_network(
    points_m: Sequence[tuple[float, float]] = LINE, settings: Territory | None = None
) -> Network:
    """A territory without roads: 10 m in a second, straight on."""
    stops = on_plane(points_m)
    travel = Travel(kind=TravelKind.CROW, crow_factor=1.0, crow_speed_kmh=36)
    chosen = (settings or territory()).model_copy(update={"travel": travel})
    return Network(
        territory=chosen,
        stops=stops,
        roads=None,
        tables=crow_tables_of(stops, travel.crow_factor, travel.crow_speed_kmh),
        places=(),
        plane=PLANE,
    )


def two_way(
    streets: Sequence[tuple[int, int]] = STREETS, street_ms: Sequence[int] = STREET_MS
) -> list[tuple[int, int, int]]:
    """Each street as a link there and a link back, somewhat slower."""
    links = []
    for (a, b), ms in zip(streets, street_ms, strict=True):
        links += [(a, b, ms), (b, a, ms + 2000)]
    return links


def roads(
    links: Sequence[tuple[int, int, int]], nodes_m: Sequence[tuple[float, float]] = NODES
) -> Roads:
    """Roads of directed links (from, to, milliseconds), all driven at 36 km/h."""
    lon, lat = lon_lat(nodes_m)
    return graph(
        RoadRows(
            node_ids=tuple(f"n{i}" for i in range(len(nodes_m))),
            lon=lon,
            lat=lat,
            link_ids=tuple(f"a{i}" for i in range(len(links))),
            tail=np.array([a for a, _, _ in links], np.int32),
            head=np.array([b for _, b, _ in links], np.int32),
            length_m=np.array([ms / 100 for _, _, ms in links], np.float64),
            speed_kmh=np.full(len(links), 36.0),
            highway=("tertiary",) * len(links),
            way=("",) * len(links),
        )
    )


def road_network(
    settings: Territory | None = None,
    links: Sequence[tuple[int, int, int]] | None = None,
    stop_nodes: Sequence[int] = STOP_NODES,
) -> Network:
    """A territory of eight road nodes and a few stops at them."""
    drawn = roads(two_way() if links is None else links)
    stops = on_plane([NODES[node] for node in stop_nodes], stop_nodes)
    return Network(
        territory=settings or territory(),
        stops=stops,
        roads=drawn,
        tables=road_tables(drawn, stops),
        places=(),
        plane=PLANE,
    )


def fleet(
    *depots: int,
    capacity: Load = EIGHT_SEATS,
    seats_per_wheelchair: int = 0,
    shifts: tuple[tuple[int, int], ...] = (),
    upkeep: tuple[Upkeep, ...] = (),
    dark: bool = True,
) -> tuple[Shuttle, ...]:
    """Shuttles ``a``, ``b`` … at these stops."""
    return tuple(
        Shuttle(
            id=ShuttleId(chr(ord("a") + i)),
            depot_stop=depot,
            capacity=capacity,
            seats_per_wheelchair=seats_per_wheelchair,
            shifts=shifts,
            upkeep=upkeep,
            dark=dark,
        )
        for i, depot in enumerate(depots or (0, 0))
    )


def cleaning(stop: int, from_s: int, to_s: int, duration_s: int = 300) -> Upkeep:
    """A daily cleaning that may begin between two times."""
    kind = TaskKind.CLEANING
    return Upkeep(kind=kind, stop=stop, from_s=from_s, to_s=to_s, duration_s=duration_s)


def zone(network: Network | None = None, *depots: int, capacity: Load = EIGHT_SEATS) -> Zone:
    """A zone with shuttles at these stops."""
    return Zone(network or crow_network(), fleet(*depots, capacity=capacity))


Near = int | Sequence[int | tuple[int, int]]


def near(stops: Near) -> tuple[StopWalk, ...]:
    """Stops near a place: a number, or numbers, or (number, walk in metres)."""
    listed: Sequence[int | tuple[int, int]] = [stops] if isinstance(stops, int) else stops
    return tuple(
        StopWalk(*stop) if isinstance(stop, tuple) else StopWalk(stop, 0) for stop in listed
    )


def request(
    name: str = "r1",
    origins: Near = 1,
    destinations: Near = 4,
    departure_s: int = EIGHT_S,
    *,
    arrive_by_s: int | None = None,
    party: Party | None = None,
) -> Request:
    """Somebody who wants to go from near some stops to near others."""
    return Request(
        ride_id=RideId(name),
        party=party or Party(),
        origins=near(origins),
        destinations=near(destinations),
        departure_s=departure_s,
        arrive_by_s=arrive_by_s,
    )
