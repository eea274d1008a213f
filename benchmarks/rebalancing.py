"""What it is worth where idle shuttles wait: staying, going home, going by the forecast.

Run it from the project's root: ``python -m benchmarks.rebalancing [--data DIR] [--days N]``. All
three see the same days with the same fleet; what is shown is the mean over days, and below it the
mean of the differences to staying with its 95 % confidence interval (Student's t). No forecast has
seen the day that it is tried on:

- demo territory: the days after the history that ships, with all that goes wrong by chance;
- drawn days: 1,000 of the 10,000 requests, the forecast learned from days drawn from the others;
- the morning peak, half of its requests and shuttles, the forecast learned from the other half;
- the two days of the online data as they are, each with a forecast learned from the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import fmean
from typing import NamedTuple

import numpy as np
from scipy import stats

from benchmarks._measuring import data_files, options, print_table
from benchmarks.online.days import Day, Form, Order, demand_and_ends, fleet_of, network_of, read_day
from services.domain.day import DayKind
from services.domain.fleet_settings import FleetGroup
from services.domain.shuttle import Shuttle
from services.domain.territory import Parking, WaitingPlace
from services.forecast.cells import cells_of
from services.forecast.counts import QUARTER_S, QUARTERS, Counts
from services.forecast.expected import Expected, expected
from services.forecast.learning import learn
from services.forecast.model_file import FORECAST_FILE, read_forecast
from services.network.fleet import groups, shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.demand import Demand
from services.simulator.history_days import demand_on
from services.simulator.kpis import wait_s
from services.simulator.outcome import outcome as record
from services.simulator.records import Inputs
from services.simulator.simulation import Ends, Simulation

DEMO = Path("territories/la-souterraine")
AFTER_HISTORY = date(2026, 2, 4)
HISTORY_SEED = 1
DEMO_FLEETS = (10, 6)
DRAWN_DAYS, DRAWN_REQUESTS = 14, 1000
"""Days that a forecast for a drawn day learns from."""
PEAK_H = (7, 9)
NO_INPUTS = Inputs(territory="", territory_sha256={}, demand=None, demand_sha256="")


class Outcome(NamedTuple):
    """Of one day."""

    served: float
    """Percent."""
    wait_s: float
    km_per_ride: float
    empty_km: float
    waiting_km: float
    """Of these, to stops where nobody got on or off."""


Try = Callable[[WaitingPlace], Outcome]
"""One day under a strategy."""


def happen(
    network: Network,
    fleet: tuple[Shuttle, ...],
    day: tuple[Demand, Mapping[str, Ends] | None],
    chance: Chance,
    awaited: Expected,
) -> Outcome:
    """Let a day happen and look at what came of it."""
    demand, ends = day
    simulation = Simulation(network, fleet, demand, chance, ends)
    simulation.expect(awaited)
    simulation.run()
    run = record(simulation, fleet, chance, NO_INPUTS)
    served = [ride for ride in run.rides if ride.status == "completed"]
    empty_mm = waiting_mm = 0
    for before, visit in zip([None, *run.visits[:-1]], run.visits, strict=True):
        same = before is not None and before.shuttle_id == visit.shuttle_id
        if not (same and before and before.seats_on_board + before.wheelchairs_on_board):
            empty_mm += visit.drive_mm
            waiting_mm += 0 if visit.boarded or visit.left else visit.drive_mm
    km = sum(visit.drive_mm for visit in run.visits) / 1e6
    return Outcome(
        100 * len(served) / len(run.rides),
        fmean(wait_s(ride) for ride in served),
        km / len(served),
        empty_mm / 1e6,
        waiting_mm / 1e6,
    )


def waiting_at(network: Network, place: WaitingPlace) -> Network:
    """The same territory, its idle shuttles waiting elsewhere."""
    territory = network.territory.model_copy(update={"parking": Parking(strategy=place)})
    return replace(network, territory=territory)


def demo_days(count: int, fleet_size: int) -> list[Try]:
    """Days after the history of the demo territory."""
    network = load(DEMO)
    fleet = groups(network, fleet_size)
    network = replace(network, territory=network.territory.model_copy(update={"fleet": fleet}))
    cells = cells_of(network.stops)
    forecast = read_forecast(DEMO / FORECAST_FILE, cells)

    def one(number: int) -> Try:
        day = AFTER_HISTORY + timedelta(days=number)
        kind, demand = demand_on(network, day, HISTORY_SEED)
        awaited = expected(forecast, kind, cells, network.tables.drive_s)
        return lambda place: happen(
            waiting_at(network, place),
            shuttles(network),
            (demand, None),
            Chance(number),
            awaited,
        )

    return [one(number) for number in range(count)]


def expected_of(
    network: Network, vans: int, earlier: Sequence[Sequence[Order]], times: int = 1
) -> tuple[Network, Expected]:
    """What to expect after days of orders, if so many times as busy; the network with its fleet."""
    fleet = (FleetGroup(depot="0", count=vans),)
    network = replace(network, territory=network.territory.model_copy(update={"fleet": fleet}))
    cells = cells_of(network.stops)
    number = np.zeros((len(earlier), len(cells.names), QUARTERS), np.int64)
    for d, orders in enumerate(earlier):
        for order in orders:
            number[d, cells.of_stop[order.origin], order.request_s // QUARTER_S % QUARTERS] += times
    kinds = tuple(DayKind(d % 5) for d in range(len(earlier)))
    forecast = learn(Counts(cells=cells.names, kinds=kinds, number=number))
    return network, expected(forecast, DayKind(), cells, network.tables.drive_s)


def online(day: Day, earlier: Sequence[Sequence[Order]], times: int = 1) -> Try:
    """A day of the online data, and days of orders to learn from, so many times as busy."""
    network, awaited = expected_of(network_of(day, Form.ARRIVAL), len(day.vans), earlier, times)
    return lambda place: happen(
        waiting_at(network, place),
        fleet_of(day),
        demand_and_ends(day, Form.ARRIVAL),
        Chance(0, on=False),
        awaited,
    )


def drawn_day(whole: Day, seed: int) -> tuple[Day, list[list[Order]]]:
    """Some of the requests as a day, and days drawn of the others to learn from."""
    dice = Random(seed)
    drawn = set(dice.sample(range(len(whole.orders)), DRAWN_REQUESTS))
    own = tuple(order for i, order in enumerate(whole.orders) if i in drawn)
    others = [order for i, order in enumerate(whole.orders) if i not in drawn]
    earlier = [dice.sample(others, DRAWN_REQUESTS) for _ in range(DRAWN_DAYS)]
    return replace(whole, name=f"draw {seed}", orders=own), earlier


def half_peak(peak: Day, seed: int) -> Try:
    """Half of the peak's requests and every second shuttle; learned from the other half."""
    drawn = set(Random(seed).sample(range(len(peak.orders)), len(peak.orders) // 2))
    own = tuple(order for i, order in enumerate(peak.orders) if i in drawn)
    others = [order for i, order in enumerate(peak.orders) if i not in drawn]
    return online(replace(peak, orders=own, vans=peak.vans[seed % 2 :: 2]), [others])


def compare(name: str, days: Sequence[Try]) -> list[list[str]]:
    """Rows of one set of days: each strategy, and how it differs from staying."""
    stay = [day(WaitingPlace.STAY) for day in days]
    rows = [[f"{name}: stay", *(f"{fmean(v):.2f}" for v in zip(*stay, strict=True))]]
    for place in (WaitingPlace.DEPOT, WaitingPlace.FORECAST):
        own = [day(place) for day in days]
        more = [[a - b for a, b in zip(x, y, strict=True)] for x, y in zip(own, stay, strict=True)]
        rows.append([f"{'':{len(name)}}  {place}", *map(interval, zip(*more, strict=True))])
    return rows


def interval(differences: Sequence[float]) -> str:
    """Mean of paired differences with its 95 % confidence interval."""
    mean = fmean(differences)
    if len(differences) < 2:
        return f"{mean:+.2f}"
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    return f"{mean:+.2f} ±{half:.2f}"


def main() -> None:
    """Print a table for each set of days."""
    parser = options("Where idle shuttles wait: at their stop, at home, by the forecast.")
    parser.add_argument("--days", type=int, default=20, metavar="N", help="days of a set [20]")
    asked = parser.parse_args()
    names = ("stops.csv", "requests_10000.csv", "fleet_20.csv", "fleet_100.csv")
    stops, many, twenty, hundred = data_files(asked.data / "online", *names)
    (few,) = data_files(asked.data / "online", "requests_1000.csv")
    whole, small = read_day(stops, many, twenty), read_day(stops, few, twenty)
    peak = read_day(stops, many, hundred).between(*PEAK_H)
    thinned = [Random(seed).sample(whole.orders, DRAWN_REQUESTS) for seed in range(DRAWN_DAYS)]
    sets: list[tuple[str, Callable[[], list[Try]]]] = [
        *((f"demo, {size} shuttles", partial(demo_days, asked.days, size)) for size in DEMO_FLEETS),
        (
            "1,000 drawn / 20",
            lambda: [online(*drawn_day(whole, seed)) for seed in range(asked.days)],
        ),
        ("half the peak / 50", lambda: [half_peak(peak, seed) for seed in range(asked.days // 2)]),
        ("requests_1000 / 20", lambda: [online(small, thinned)]),
        (f"{peak.name}", lambda: [online(peak, [small.orders], times=10)]),
    ]
    header = ("", "served %", "wait s", "km a ride", "empty km", "of it to wait")
    for name, days in sets:
        print_table(header, compare(name, days()))


if __name__ == "__main__":
    main()
