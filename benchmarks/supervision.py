"""What it is worth that batches know how many shuttles may move at once.

Run it from the project's root: ``python -m benchmarks.supervision [--days N] [--shuttles N]``. On
generated days of the demo territory with all that goes wrong by chance, each of three ways to plan
sees the same days: instant answers alone; batches whose search does not know the limit, so that the
zone turns down what breaks it; and batches as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from benchmarks._measuring import options, print_table
from services.dispatcher.adoption import Outcome
from services.dispatcher.batch import Batch
from services.dispatcher.batching import Batching
from services.domain.territory import Territory
from services.network.fleet import groups, shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.driven import legs_of
from services.simulator.generator import generate_day
from services.simulator.simulation import Simulation

DEMO = Path("territories/la-souterraine")


class Figures(NamedTuple):
    """Of one day: percent served, kilometres a ride, groups adopted and turned down as illegal."""

    served: float
    km_per_ride: float
    adopted: int
    illegal: int


class Unaware(Batching):
    """Batches without the limit."""

    def take(self, now_s: int) -> list[Batch]:
        """Take a snapshot in which any number of shuttles may move."""
        return [
            replace(batch, problem=batch.problem._replace(moves=None))
            for batch in super().take(now_s)
        ]


def limited(network: Network, fleet: int, limit: int, every_s: int) -> Network:
    """The network with so many shuttles, of which so many may move at once at any time."""
    territory: Territory = network.territory
    duty = territory.supervision
    assert duty is not None
    duty = duty.model_copy(
        update={
            "shuttles_per_operator": 1,
            "operators": tuple(one.model_copy(update={"count": limit}) for one in duty.operators),
        }
    )
    changes = {
        "fleet": groups(network, fleet),
        "supervision": duty,
        "dispatch": territory.dispatch.model_copy(update={"batch_every_s": every_s}),
    }
    return replace(network, territory=territory.model_copy(update=changes))


def happen(network: Network, seed: int, kind: Callable[..., Batching]) -> Figures:
    """Let a day happen once."""
    day = generate_day(network, seed=seed)
    simulation = Simulation(network, shuttles(network), day, Chance(seed, on=True))
    simulation.batching = kind(simulation.zone)
    simulation.run()
    served = sum(ride.status == "completed" for ride in simulation.zone.rides.values())
    world = simulation.world
    _, driven_mm = legs_of(world.drives, network, world.versions)
    taken: Counter[Outcome] = simulation.zone.adoption.tally.groups
    return Figures(
        served=100 * served / len(day.trips),
        km_per_ride=float(driven_mm.sum()) / 1e6 / max(served, 1),
        adopted=taken[Outcome.ADOPTED],
        illegal=taken[Outcome.ILLEGAL],
    )


def main() -> None:
    """Print what each way to plan comes to, for several limits."""
    parser = options("How many may move at once, and whether batches know it.", repeat=1)
    parser.add_argument("--days", type=int, default=4, help="days to take the mean of [4]")
    parser.add_argument("--shuttles", type=int, default=10, help="size of the fleet [10]")
    asked = parser.parse_args()
    network, fleet = load(DEMO), asked.shuttles
    ways = (("instant", 0, Batching), ("batches unaware", 30, Unaware), ("batches", 30, Batching))
    rows = []
    for limit in (fleet, fleet * 8 // 10, fleet * 6 // 10):
        for name, every_s, kind in ways:
            network_of = limited(network, fleet, limit, every_s)
            own = [happen(network_of, seed, kind) for seed in range(1, asked.days + 1)]
            means = [fmean(values) for values in zip(*own, strict=True)]
            rows.append(
                [
                    f"{limit} of {fleet} may move: {name}",
                    f"{means[0]:.1f} %",
                    f"{means[1]:.2f}",
                    f"{means[2]:.0f}",
                    f"{means[3]:.0f}",
                ]
            )
    print(f"Mean of {asked.days} generated days of {DEMO.name}\n")
    print_table(("", "served", "km a ride", "groups adopted", "illegal"), rows)


if __name__ == "__main__":
    main()
