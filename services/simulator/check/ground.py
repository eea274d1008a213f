"""Reads a territory's raw files once more: stops and roads, as plain arrays of this check's own."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from services.domain.errors import InvalidFile
from services.domain.geo import EARTH_RADIUS_M
from services.domain.territory import Travel, TravelKind
from services.network.rows import read_rows
from services.simulator.check.columns import BoolArray, FloatArray, IntArray, Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Directed links, sorted by where they start and end, quickest first.

    ``ms`` is the time at the capped speed, rounded up, at least 1.
    """

    ids: tuple[str, ...]

    tail: IntArray
    head: IntArray
    length_mm: IntArray
    ms: IntArray

    def named(self, text: str) -> BoolArray:
        """Which links a name means; one that ends in ``*`` is that of all that begin like it."""
        begins, wild = text.strip().removesuffix("*"), text.strip().endswith("*")
        return np.array(
            [name.startswith(begins) if wild else name == begins for name in self.ids], np.bool_
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Stops and roads.

    Parameters
    ----------
    stops
        Number of each stop by its id.
    stop_x_m, stop_y_m
        On the flat map that is centred on the mean of the stops.
    stop_node
        Number of each stop's road node; without roads, of the first stop at this place.
    nodes
        Number of each road node by its id; without roads, ``stop_node`` by the stop's id.
    links
        Without roads: nothing.
    """

    centre_lon: float
    centre_lat: float
    stops: dict[str, int]
    stop_x_m: FloatArray
    stop_y_m: FloatArray
    stop_node: IntArray
    nodes: dict[str, int]
    links: Links | None

    def xy_m(self, lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Places on the flat map, in metres."""
        return _xy_m(lon, lat, self.centre_lon, self.centre_lat)

    def nearest_stop(self, lon: FloatArray, lat: FloatArray, walk_factor: float) -> IntArray:
        """Stop with the shortest walk in whole metres; of equals, the first in the file."""
        x_m, y_m = self.xy_m(lon, lat)
        known = np.isfinite(x_m)
        tree = cKDTree(np.column_stack((self.stop_x_m, self.stop_y_m)))
        points = np.column_stack((x_m[known], y_m[known]))
        line_m, stop = tree.query(points, k=list(range(1, min(8, len(self.stops)) + 1)))
        walk_m = np.ceil(np.rint(line_m * walk_factor * 1000) / 1000)
        first = np.where(walk_m == walk_m.min(axis=1, keepdims=True), stop, len(self.stops))
        nearest = np.full(len(lon), -1, dtype=np.int64)
        nearest[known] = first.min(axis=1, initial=len(self.stops))
        return nearest

    def places(self, names: Names) -> tuple[FloatArray, FloatArray]:
        """Without roads: where these stops or ``@x_mm,y_mm`` points are; NaN if nowhere."""
        x_m = np.full(len(names.values) + 1, np.nan)
        y_m = np.full(len(names.values) + 1, np.nan)
        for code, name in enumerate(names.values):
            stop = self.stops.get(name)
            if stop is not None:
                x_m[code], y_m[code] = self.stop_x_m[stop], self.stop_y_m[stop]
            elif name.startswith("@"):
                x_m[code], y_m[code] = _point_m(name)
        return x_m[names.codes], y_m[names.codes]


def read_ground(folder: Path, travel: Travel) -> Ground:
    """Read stops and, if shuttles drive on roads, nodes and links.

    Raises
    ------
    InvalidFile
        At the first thing that makes no sense.
    """
    stops: dict[str, int] = {}
    degrees: list[tuple[float, float]] = []
    tied: list[str] = []
    path = table(folder, "stops.csv")
    for row in read_rows(path, ("stop_id", "lon", "lat")):
        stops[row.text("stop_id")] = len(degrees)
        degrees.append(row.lon_lat())
        tied.append(row.optional("node"))
    if len(stops) < len(degrees) or not stops:
        raise InvalidFile(path, "no stops, or two of one name", field="stop_id")
    lon, lat = np.array(degrees).T
    centre_lon, centre_lat = fsum(lon) / len(lon), fsum(lat) / len(lat)
    # The territory's flat map knows stops to the millimetre.
    stop_x_m, stop_y_m = (
        np.rint(metres * 1000) / 1000 for metres in _xy_m(lon, lat, centre_lon, centre_lat)
    )
    links = None
    # Without roads, stops at one and the same place are as good as one node.
    places = np.column_stack((stop_x_m, stop_y_m))
    _, first, place = np.unique(places, axis=0, return_index=True, return_inverse=True)
    stop_node = first[place.reshape(-1)].astype(np.int64)
    nodes = {stop: int(stop_node[number]) for stop, number in stops.items()}
    if travel.kind is TravelKind.ROAD:
        nodes, node_lon, node_lat = _read_nodes(table(folder, "nodes.csv"))
        links = _read_links(table(folder, "links.csv"), nodes, travel.speed_kmh_max)
        stop_node = _nearest((lon, lat), (node_lon, node_lat))
        for stop, node in enumerate(tied):
            if node and node not in nodes:
                raise InvalidFile(path, f"there is no node '{node}'", line=stop + 2, field="node")
            if node:
                stop_node[stop] = nodes[node]
    return Ground(
        centre_lon=centre_lon,
        centre_lat=centre_lat,
        stops=stops,
        stop_x_m=stop_x_m,
        stop_y_m=stop_y_m,
        stop_node=stop_node,
        nodes=nodes,
        links=links,
    )


def table(folder: Path, name: str) -> Path:
    """Where a table lies, plain or gzipped."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InvalidFile(folder / name, "missing")


def _xy_m(
    lon: FloatArray, lat: FloatArray, centre_lon: float, centre_lat: float
) -> tuple[FloatArray, FloatArray]:
    shrink = np.cos(np.radians(centre_lat))
    return (
        np.radians(lon - centre_lon) * EARTH_RADIUS_M * shrink,
        np.radians(lat - centre_lat) * EARTH_RADIUS_M,
    )


def _point_m(name: str) -> tuple[float, float]:
    try:
        x_mm, y_mm = (int(part) for part in name[1:].split(","))
        return x_mm / 1000, y_mm / 1000
    except (ValueError, OverflowError):
        return np.nan, np.nan


def _read_nodes(path: Path) -> tuple[dict[str, int], FloatArray, FloatArray]:
    nodes: dict[str, int] = {}
    degrees: list[tuple[float, float]] = []
    for row in read_rows(path, ("node", "lon", "lat")):
        nodes[row.text("node")] = len(degrees)
        degrees.append(row.lon_lat())
    if len(nodes) < len(degrees) or not nodes:
        raise InvalidFile(path, "no nodes, or two of one name", field="node")
    lon, lat = np.array(degrees).T
    return nodes, lon, lat


def _read_links(path: Path, nodes: dict[str, int], speed_kmh_max: float | None) -> Links:
    ids: list[str] = []
    ends: list[tuple[int, int]] = []
    size: list[tuple[float, float]] = []
    for row in read_rows(path, ("from", "to", "length_m", "speed_kmh")):
        for field in ("from", "to"):
            if row.text(field) not in nodes:
                raise row.wrong(field, f"there is no node '{row.text(field)}'")
        ids.append(row.optional("link"))
        ends.append((nodes[row.text("from")], nodes[row.text("to")]))
        size.append((row.number("length_m", 0, 1e6), row.number("speed_kmh", 1e-3, 1e3)))
    if not ends:
        raise InvalidFile(path, "no links")
    tail, head = np.array(ends, dtype=np.int64).T
    length_m, speed_kmh = np.array(size).T
    if speed_kmh_max is not None:
        speed_kmh = np.minimum(speed_kmh, speed_kmh_max)
    length_mm = np.rint(length_m * 1000).astype(np.int64)
    speed_m_h = np.rint(speed_kmh * 1000).astype(np.int64)
    # Time is rounded up to the ms as a fraction of integers, so that no float can tip it over.
    ms = np.maximum(1, -((-length_mm * 3600) // np.maximum(1, speed_m_h)))
    order = np.lexsort((ms, head, tail))
    return Links(
        ids=tuple(ids[link] for link in order.tolist()),
        tail=tail[order],
        head=head[order],
        length_mm=length_mm[order],
        ms=ms[order],
    )


def _nearest(
    points: tuple[FloatArray, FloatArray], nodes: tuple[FloatArray, FloatArray]
) -> IntArray:
    """Nearest node of each point; of those equally near (to the mm), the first in the file."""
    centre = (fsum(nodes[0]) / len(nodes[0]), fsum(nodes[1]) / len(nodes[1]))
    tree = cKDTree(np.column_stack(_xy_m(*nodes, *centre)))
    near_m, near = tree.query(np.column_stack(_xy_m(*points, *centre)), k=[1, 2, 3, 4, 5, 6, 7, 8])
    near_mm = np.rint(np.where(np.isfinite(near_m), near_m, 1e12) * 1000)
    first = np.where(near_mm == near_mm[:, :1], near, len(nodes[0])).min(axis=1)
    return np.asarray(first, dtype=np.int64)
