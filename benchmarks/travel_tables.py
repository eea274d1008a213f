"""How long travel tables take on a real road network, by number of stops.

Run it from the project's root: ``python -m benchmarks.travel_tables [--data DIR]``.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks._measuring import data_files, middle, options
from services.network.clean import connect
from services.network.road_files import read_road_tables
from services.network.roads import graph
from services.network.stops import StopRow, place_stops
from services.network.tables import road_tables

STOPS = (10, 500, 1000, 2000)
"""The first one compiles and does not count."""

SPEED_KMH_MAX = 50


ROADS = ("roads/vulkaneifel_road_nodes.csv.gz", "roads/vulkaneifel_road_edges.csv.gz")


def main() -> None:
    """Print seconds and megabytes for each number of stops."""
    asked = options("Travel tables on a real road network, by number of stops.", 1).parse_args()
    measure(data_files(asked.data, *ROADS), asked.repeat)


def measure(files: list[Path], repeat: int) -> None:
    """Compute tables between ever more stops."""
    rows, _ = connect(read_road_tables(*files)[0])
    roads = graph(rows, SPEED_KMH_MAX)
    print(f"{roads.node_count:,} nodes, {roads.link_count:,} links")
    rng = np.random.default_rng(0)
    for count in STOPS:
        nodes = np.sort(rng.choice(roads.node_count, count, replace=False)).tolist()
        stops, _ = place_stops(
            [
                StopRow(f"s{node}", "", float(roads.lon[node]), float(roads.lat[node]), node)
                for node in nodes
            ]
        )
        took_s = []
        for _ in range(repeat if count > STOPS[0] else 1):
            began = time.perf_counter()
            tables = road_tables(roads, stops)
            took_s.append(time.perf_counter() - began)
        size = sum(array.nbytes for array in tables.arrays().values())
        if count > STOPS[0]:
            print(f"{count:>6,} stops: {middle(took_s, 2)} s, {size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
