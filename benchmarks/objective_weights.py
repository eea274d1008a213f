"""What the weights of the objective are worth, over many days rather than on one.

Run it from the project's root: ``python -m benchmarks.objective_weights [--data DIR]``. Each day is
a random draw of 1,000 requests from the day of 10,000, with 20 shuttles; all weights see the same
days. The spread between days says how little a single one proves.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from statistics import fmean, stdev

from benchmarks._measuring import data_files, options, print_table
from benchmarks.online.days import Day, Form, demand_and_ends, fleet_of, network_of, read_day
from services.domain.ride import Status
from services.simulator.chance import Chance
from services.simulator.driven import legs_of
from services.simulator.simulation import Simulation

DAYS = 16
REQUESTS = 1000
WEIGHTS = (
    (0.0, 0.0, 0.0),
    (0.2, 0.2, 0.1),
    (0.5, 0.5, 0.0),
    (0.5, 0.5, 0.3),
    (1.0, 1.0, 0.5),
    (2.0, 2.0, 1.0),
)
"""Of wait, ride, and others' delay; in seconds of driving."""

Outcome = tuple[float, float, float]


def outcome(day: Day, weights: tuple[float, float, float]) -> Outcome:
    """Served share, mean wait in s, km per served ride of one day."""
    network = network_of(day, Form.ARRIVAL)
    names = ("wait_weight", "ride_weight", "delay_weight")
    settings = network.territory.dispatch.model_copy(update=dict(zip(names, weights, strict=True)))
    territory = network.territory.model_copy(update={"dispatch": settings})
    demand, ends = demand_and_ends(day, Form.ARRIVAL)
    simulation = Simulation(
        replace(network, territory=territory), fleet_of(day), demand, Chance(0, on=False), ends
    )
    simulation.run()
    rides = [r for r in simulation.zone.rides.values() if r.status is Status.COMPLETED]
    _, drive_mm = legs_of(simulation.world.drives, network, [simulation.zone.fleet.ways])
    waits = [(ride.picked_up_s or 0) - ride.requested_s for ride in rides]
    km = float(drive_mm.sum()) / 1e6
    return len(rides) / len(day.orders), fmean(waits), km / len(rides)


def main() -> None:
    """Print the mean over the days for each setting, and how far single days differ."""
    parser = options("The weights of the objective, over days drawn from the day of 10,000.")
    asked = parser.parse_args()
    names = ("stops.csv", "requests_10000.csv", "fleet_20.csv")
    whole = read_day(*data_files(asked.data / "online", *names))
    days = []
    for seed in range(DAYS):
        drawn = Random(seed).sample(whole.orders, REQUESTS)
        orders = tuple(sorted(drawn, key=lambda order: order.request_s))
        days.append(replace(whole, name=f"draw {seed}", orders=orders))
    plain = [outcome(day, WEIGHTS[0]) for day in days]
    rows = []
    for weights in WEIGHTS:
        found = plain if weights == WEIGHTS[0] else [outcome(day, weights) for day in days]
        gains = [100 * (own[0] - other[0]) for own, other in zip(found, plain, strict=True)]
        rows.append(
            [
                ", ".join(f"{weight:g}" for weight in weights),
                f"{fmean(own[0] for own in found):.2%}",
                f"{fmean(gains):+.2f} ({stdev(gains):.2f})",
                f"{fmean(own[1] for own in found):.0f}",
                f"{fmean(own[2] for own in found):.2f}",
            ]
        )
    print(f"{DAYS} days of {REQUESTS:,} requests, {len(whole.vans)} shuttles, arrival form\n")
    print_table(
        ("wait, ride, delay", "served", "points more (s.d. of a day)", "wait s", "km a ride"), rows
    )


if __name__ == "__main__":
    main()
