"""Roads closed on a busy day: how long until all that they touch is planned anew.

Run it from the project's root: ``python -m benchmarks.road_closures [--data DIR]``. On the day of
``benchmarks.vulkaneifel_day``, every hour a road is closed for half an hour, one of those most
driven. Timed is the zone's own step: travel times, schedules, plans, and what is told.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np

from benchmarks._measuring import data_files, give_up, options, print_table
from benchmarks.vulkaneifel_day import DEMAND, build
from services.domain.events import Event, Message, PlanIssued
from services.domain.operating_domain import RoadsChanged
from services.network.fleet import groups, shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.demand import read_demand
from services.simulator.driven import legs_of
from services.simulator.records import Closure, Faults
from services.simulator.simulation import Simulation

SHUTTLES = 50
HOURS = range(7, 21)
CLOSED_S = 1800
SECOND_MS = 1000


class Turn(NamedTuple):
    """One change of the roads: what it took, and what came of it."""

    cpu_ms: float
    wall_ms: float
    plans: int
    at_risk: int


def most_driven(network: Network, demand: Path) -> list[str]:
    """Links by how often they are driven on the day without closures, most often first."""
    simulation = Simulation(network, shuttles(network), read_demand(demand), Chance(1, on=False))
    simulation.run()
    legs, _ = legs_of(simulation.world.drives, network, simulation.world.versions)
    roads = network.roads
    assert roads is not None
    pair = roads.tail.astype(np.int64) * roads.node_count + roads.head
    driven = legs.from_node.astype(np.int64) * roads.node_count + legs.to_node
    passes = np.bincount(np.argsort(pair)[np.searchsorted(np.sort(pair), driven)])
    return [roads.link_ids[link] for link in np.argsort(-passes, kind="stable")]


def day_of_closures(network: Network, demand: Path) -> list[Turn]:
    """Let the day happen; what each closing and opening took."""
    links = most_driven(network, demand)
    closures = tuple(
        Closure(
            closure_id=f"{hour} h",
            links=(links[7 * i],),
            from_s=hour * 3600,
            until_s=hour * 3600 + CLOSED_S,
        )
        for i, hour in enumerate(HOURS)
    )
    fleet = shuttles(network)
    simulation = Simulation(
        network, fleet, read_demand(demand), Chance(1, on=False), faults=Faults(closures=closures)
    )
    turns: list[Turn] = []
    apply = simulation.zone.apply

    def timed(message: Message, now_s: int) -> tuple[Event, ...]:
        wall, cpu = perf_counter(), process_time()
        events = apply(message, now_s)
        took = SECOND_MS * (process_time() - cpu), SECOND_MS * (perf_counter() - wall)
        for event in events:
            if isinstance(event, RoadsChanged) and event.closed:
                plans = sum(isinstance(other, PlanIssued) for other in events)
                turns.append(Turn(*took, plans, len(event.at_risk)))
        return events

    simulation.zone.apply = timed  # type: ignore[method-assign]
    simulation.run()
    return turns


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__ or "", repeat=1).parse_args()
    (demand,) = data_files(chosen.data, DEMAND)
    with TemporaryDirectory() as folder:
        territory = Path(folder) / "territory"
        build(territory, chosen.data)
        network = load(territory)
    settings = network.territory.model_copy(update={"fleet": groups(network, SHUTTLES)})
    turns = day_of_closures(replace(network, territory=settings), demand)[1:]  # the first compiles
    if not turns:
        give_up("no road was closed")
    columns = list(zip(*turns, strict=True))
    print_table(
        ["a road closed", "median", "largest"],
        [
            [name, f"{np.median(column):.{digits}f}", f"{max(column):.{digits}f}"]
            for name, column, digits in (
                ("CPU ms", columns[0], 0),
                ("wall ms", columns[1], 0),
                ("plans issued", columns[2], 0),
                ("promises that fell", columns[3], 0),
            )
        ],
    )
    if max(columns[0]) > SECOND_MS:
        give_up("a change took more than a second")


if __name__ == "__main__":
    main()
