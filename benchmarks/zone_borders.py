"""What it costs to cut a territory into zones, and how much of that referrals bring back.

Run it from the project's root: ``python -m benchmarks.zone_borders [TERRITORY] [--seeds 4]``. The
same generated days are simulated on the territory as one zone, and cut in two between its depots:
with referrals to the neighbour, and without. If its settings have zones, these are taken.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import h3

from benchmarks._measuring import print_table
from services.domain.ride import Status
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.network.zones import Zones
from services.simulator.chance import Chance
from services.simulator.demand import Demand
from services.simulator.generator import generate_day
from services.simulator.simulation import Simulation

DEMO = Path("territories/la-souterraine")
Cut = dict[str, tuple[str, ...]]


def between_depots(network: Network) -> Cut:
    """Cut in two: what is nearer to the depot that is furthest from the first one, and the rest."""
    stops = network.stops
    depots = [stops.ids.index(group.depot) for group in network.territory.fleet]
    drive_s = network.tables.drive_s.astype(int)
    far = max(depots, key=lambda depot: int(drive_s[depots[0], depot]))
    others = [depot for depot in depots if depot != far]
    own = (drive_s[far] < drive_s[others].min(axis=0)).tolist()
    places = list(zip(stops.lat, stops.lon, strict=True))
    for size in range(6, 14):
        zones: dict[str, set[bool]] = defaultdict(set)
        for place, mine in zip(places, own, strict=True):
            zones[h3.latlng_to_cell(*place, size)].add(mine)
        if all(len(kinds) == 1 for kinds in zones.values()):
            names = {True: "far", False: "near"}
            cut: dict[str, list[str]] = defaultdict(list)
            for cell, kinds in sorted(zones.items()):
                cut[names[next(iter(kinds))]].append(cell)
            return {name: tuple(cells) for name, cells in cut.items()}
    raise SystemExit("two stops of different zones lie too near to each other")


@contextmanager
def alone(yes: bool) -> Iterator[None]:
    """Let no zone know of a neighbour, while this lasts."""
    known = Zones.neighbour
    if yes:
        Zones.neighbour = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Zones.neighbour = known  # type: ignore[method-assign]


def served(network: Network, day: Demand, seed: int) -> tuple[float, float]:
    """Share of the requests that were served, and referred."""
    simulation = Simulation(network, shuttles(network), day, Chance(seed))
    simulation.run()
    rides = simulation.rides.values()
    count = len(day.trips)
    done = sum(ride.status is Status.COMPLETED for ride in rides)
    return done / count, sum(ride.referrals > 0 for ride in rides) / count


def main() -> None:
    """Print the share served in each way, and what is lost against one zone, paired by day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("territory", type=Path, nargs="?", default=DEMO)
    parser.add_argument("--seeds", type=int, default=4)
    asked = parser.parse_args()
    network = load(asked.territory)
    zones = network.territory.zones or between_depots(network)

    def cut_by(cut: Cut) -> Network:
        settings = network.territory.model_copy(update={"zones": cut})
        return replace(network, territory=settings)

    ways = {"one zone": (cut_by({}), False), "referring": (cut_by(zones), False)}
    ways["each for itself"] = cut_by(zones), True
    days = [generate_day(network, seed=seed) for seed in range(1, asked.seeds + 1)]
    found: dict[str, list[tuple[float, float]]] = {}
    for name, (cut, apart) in ways.items():
        with alone(apart):
            found[name] = [served(cut, day, seed) for seed, day in enumerate(days, 1)]
    rows = []
    for name, shares in found.items():
        pairs = zip(found["one zone"], shares, strict=True)
        lost = [100 * (whole[0] - own[0]) for whole, own in pairs]
        spread = stdev(lost) if len(lost) > 1 else 0.0
        rows.append(
            [
                name,
                f"{fmean(one[0] for one in shares):.1%}",
                f"{fmean(one[1] for one in shares):.1%}",
                f"{fmean(lost):.1f} ({spread:.1f})",
            ]
        )
    print(f"{asked.territory.name}, {len(days)} days; zones: {', '.join(zones)}\n")
    print_table(("", "served", "referred", "points lost (s.d. of a day)"), rows)


if __name__ == "__main__":
    main()
