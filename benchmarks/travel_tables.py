"""How long travel tables take on a real road network, by number of stops.

Run it from the project's root: ``python -m benchmarks.travel_tables [FOLDER_OF_ROADS]``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from services.network.clean import connect
from services.network.road_files import read_road_tables
from services.network.roads import graph
from services.network.stops import StopRow, place_stops
from services.network.tables import road_tables

STOPS = (10, 500, 1000, 2000)
"""The first one compiles and does not count."""

SPEED_KMH_MAX = 50


def main(folder: Path) -> None:
    """Print seconds and megabytes for each number of stops."""
    rows, _ = connect(
        read_road_tables(
            folder / "vulkaneifel_road_nodes.csv.gz", folder / "vulkaneifel_road_edges.csv.gz"
        )[0]
    )
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
        began = time.perf_counter()
        tables = road_tables(roads, stops)
        took_s = time.perf_counter() - began
        size = sum(array.nbytes for array in tables.arrays().values())
        if count > STOPS[0]:
            print(f"{count:>6,} stops: {took_s:6.2f} s, {size / 1e6:6.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data/roads"))
