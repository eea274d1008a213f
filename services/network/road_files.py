"""Roads from tables of nodes and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.domain.errors import InvalidFile
from services.network.clean import DropLog, Dropped
from services.network.flat import Floats
from services.network.roads import LINK_M_MAX, LINK_S_MAX, STAND_STILL_KMH, RoadRows
from services.network.rows import Row, read_rows
from services.network.speeds import UNDRIVABLE, class_kmh

KMH_MAX = 200.0


@dataclass(frozen=True, slots=True)
class NodeTable:
    """Road nodes of a table, and the number of each id."""

    ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    number: dict[str, int]


@dataclass(slots=True)
class _Links:
    """Columns of a table of links while it is read."""

    ids: list[str] = field(default_factory=list)
    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    length_m: list[float] = field(default_factory=list)
    speed_kmh: list[float] = field(default_factory=list)
    highway: list[str] = field(default_factory=list)
    way: list[str] = field(default_factory=list)

    def add(self, row: Row, ends: tuple[int, int], highway: str, speed_kmh: float) -> None:
        length_m = row.number("length_m", 0, LINK_M_MAX)
        if length_m * 3.6 > LINK_S_MAX * speed_kmh:
            raise row.wrong("length_m", f"takes longer than {LINK_S_MAX} s at {speed_kmh:g} km/h")
        self.ids.append(row.text("link"))
        self.tail.append(ends[0])
        self.head.append(ends[1])
        self.length_m.append(length_m)
        self.speed_kmh.append(speed_kmh)
        self.highway.append(highway)
        self.way.append(row.optional("osm_way"))

    def on(self, nodes: NodeTable) -> RoadRows:
        return RoadRows(
            node_ids=nodes.ids,
            lon=nodes.lon,
            lat=nodes.lat,
            link_ids=tuple(self.ids),
            tail=np.array(self.tail, dtype=np.int32),
            head=np.array(self.head, dtype=np.int32),
            length_m=np.array(self.length_m, dtype=np.float64),
            speed_kmh=np.array(self.speed_kmh, dtype=np.float64),
            highway=tuple(self.highway),
            way=tuple(self.way),
        )


def read_nodes(path: Path) -> NodeTable:
    """Read a table of road nodes: ``node, lon, lat``."""
    number: dict[str, int] = {}
    lon: list[float] = []
    lat: list[float] = []
    for row in read_rows(path, ("node", "lon", "lat")):
        node = row.text("node")
        if node in number:
            raise row.wrong("node", f"'{node}' is there twice")
        x, y = row.lon_lat()
        number[node] = len(number)
        lon.append(x)
        lat.append(y)
    return NodeTable(tuple(number), np.array(lon), np.array(lat), number)


def read_own_roads(nodes_path: Path, links_path: Path) -> RoadRows:
    """Read the tables of a territory folder, in which every link has its nodes and its speed."""
    nodes = read_nodes(nodes_path)
    links, seen = _Links(), set[str]()
    for row in read_rows(links_path, ("link", "from", "to", "length_m", "speed_kmh", "highway")):
        _check_new(row, seen)
        ends = _known(row, "from", nodes), _known(row, "to", nodes)
        if ends[0] == ends[1]:
            raise row.wrong("to", "a link must lead from one node to another")
        speed_kmh = row.number("speed_kmh", STAND_STILL_KMH, KMH_MAX)
        links.add(row, ends, row.optional("highway"), speed_kmh)
    if not links.ids:
        raise _nothing_in(links_path)
    return links.on(nodes)


def read_road_tables(nodes_path: Path, links_path: Path) -> tuple[RoadRows, list[Dropped]]:
    """Read a road network from tables made elsewhere.

    Speeds are ``allowed_speed_kmh`` where that is given, else those of the class of road. Links
    that lead from or to a node that is not there, and ways that are not for cars, are dropped.

    Returns
    -------
    tuple
        The roads, and what was dropped.
    """
    nodes = read_nodes(nodes_path)
    links, seen, log = _Links(), set[str](), DropLog()
    for row in read_rows(links_path, ("link", "from", "to", "length_m")):
        link = _check_new(row, seen)
        tail, head = (nodes.number.get(row.text(end)) for end in ("from", "to"))
        highway = row.optional("highway")
        modes = row.optional("modes")
        if tail is None or head is None:
            log.drop("links without one of their nodes", link)
        elif highway in UNDRIVABLE or (modes and "car" not in modes.split(",")):
            log.drop("links that are not for cars", link)
        else:
            links.add(row, (tail, head), highway or "road", _speed_kmh(row, highway))
    if not links.ids:
        raise _nothing_in(links_path)
    return links.on(nodes), log.dropped()


def _nothing_in(path: Path) -> InvalidFile:
    return InvalidFile(path, "has no link that can be driven")


def _known(row: Row, end: str, nodes: NodeTable) -> int:
    node = nodes.number.get(row.text(end))
    if node is None:
        raise row.wrong(end, f"there is no road node '{row.text(end)}'")
    return node


def _speed_kmh(row: Row, highway: str) -> float:
    for column in ("allowed_speed_kmh", "speed_kmh"):
        if row.optional(column):
            return row.number(column, STAND_STILL_KMH, KMH_MAX)
    return class_kmh(highway)


def _check_new(row: Row, seen: set[str]) -> str:
    link = row.text("link")
    if link in seen:
        raise row.wrong("link", f"'{link}' is there twice")
    seen.add(link)
    return link
