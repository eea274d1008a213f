"""Small roads, stops and folders, drawn by hand for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.network.roads import RoadRows, Roads, graph
from services.network.stops import Stops

Link = tuple[int, int, int]
"""From, to, and milliseconds (or metres, by what the drawing says)."""


def road_rows(
    node_count: int,
    links: Sequence[Link],
    *,
    speed_kmh: float = 3.6,
    highway: Sequence[str] | None = None,
) -> RoadRows:
    """Nodes in a row some 70 m apart; a link of k mm at 3.6 km/h takes k ms."""
    count = len(links)
    return RoadRows(
        node_ids=tuple(f"n{i}" for i in range(node_count)),
        lon=6.0 + np.arange(node_count) / 1000,
        lat=np.full(node_count, 50.0),
        link_ids=tuple(f"a{i}" for i in range(count)),
        tail=np.array([link[0] for link in links], dtype=np.int32),
        head=np.array([link[1] for link in links], dtype=np.int32),
        length_m=np.array([link[2] / 1000 for link in links], dtype=np.float64),
        speed_kmh=np.full(count, speed_kmh),
        highway=tuple(highway or ["residential"] * count),
        way=tuple(f"w{i}" for i in range(count)),
    )


def roads_of(node_count: int, links: Sequence[Link]) -> Roads:
    """The graph of such roads."""
    return graph(road_rows(node_count, links))


def stops_at(roads: Roads, nodes: Sequence[int]) -> Stops:
    """Stops at road nodes."""
    chosen = np.array(nodes, dtype=np.int32)
    return Stops(
        ids=tuple(f"s{i}" for i in range(len(nodes))),
        names=("",) * len(nodes),
        lon=roads.lon[chosen],
        lat=roads.lat[chosen],
        node=chosen,
        x_mm=np.arange(len(nodes), dtype=np.int64) * 70_000,
        y_mm=np.zeros(len(nodes), dtype=np.int64),
    )


TERRITORY = """\
name: Valley
fleet:
  - depot: a
    count: 2
"""
NODES = "node,lon,lat\n1,6.000,50.000\n2,6.010,50.000\n3,6.020,50.000\n"
LINKS = """\
link,from,to,length_m,speed_kmh,highway
12,1,2,700,60,primary
21,2,1,700,60,primary
23,2,3,700,30,residential
32,3,2,700,30,residential
"""
STOPS = "stop_id,name,lon,lat\na,Church,6.0001,50.0001\nb,School,6.0199,50.0001\n"
PLACES = """\
name,kind,lon,lat,population,roles,insee
Valley,town,6.01,50.0,1200,station;school,23176
Mill,hamlet,6.02,50.0,,,
"""
FILES = {
    "territory.yaml": TERRITORY,
    "nodes.csv": NODES,
    "links.csv": LINKS,
    "stops.csv": STOPS,
    "places.csv": PLACES,
}


def draw_folder(folder: Path, **changed: str | None) -> Path:
    """Write a territory of three nodes; ``changed`` replaces files (stops="...") or omits them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        content = changed.get(name.split(".")[0], text)
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder
