"""An online day in the product's hands under chosen settings, or in those of its peers: judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from time import perf_counter
from typing import NamedTuple

from benchmarks._measuring import give_up
from benchmarks.online.days import Day, Form, demand_and_ends, fleet_of, network_of
from benchmarks.online.judge import Records, judge, records_of
from benchmarks.online.planners import by_navette
from benchmarks.online.rolling import Planner, World, in_hindsight, roll
from services.domain.ride import Status
from services.domain.territory import Parking, WaitingPlace
from services.forecast.expected import Expected
from services.network.folder import Network
from services.simulator.chance import Chance
from services.simulator.simulation import Simulation
from services.solver.problem import Budget

Settings = Mapping[str, object]
"""Of the territory's ``dispatch``, where they differ from the defaults."""


class Outcome(NamedTuple):
    """What came of a day.

    Parameters
    ----------
    served
        Percent.
    plan_s
        Mean wall time of planning anew; 0 if nothing was.
    thrown
        Plans that forgot somebody or broke a limit, and were thrown away.
    """

    served: float
    wait_s: float
    km_per_ride: float
    wall_s: float
    plan_s: float = 0.0
    thrown: int = 0


HEADER = ("", "served", "wait s", "km a served ride", "wall s", "s a plan")


def row(name: str, found: Outcome) -> list[str]:
    """A row of a table."""
    return [
        f"{name} ({found.thrown} plans thrown away)" if found.thrown else name,
        f"{found.served:.2f} %",
        f"{found.wait_s:.0f}",
        f"{found.km_per_ride:.3f}",
        f"{found.wall_s:.1f}",
        f"{found.plan_s:.3f}" if found.plan_s else "–",
    ]


def ours(
    day: Day, form: Form, settings: Settings, awaited: tuple[Network, Expected] | None = None
) -> Outcome:
    """Let the product run a day; ``awaited`` lets idle shuttles wait where the forecast says."""
    network = network_of(day, form) if awaited is None else awaited[0]
    dispatch = network.territory.dispatch.model_copy(update=dict(settings))
    update: dict[str, object] = {"dispatch": dispatch}
    if awaited is not None:
        update["parking"] = Parking(strategy=WaitingPlace.FORECAST)
    territory = network.territory.model_copy(update=update)
    demand, ends = demand_and_ends(day, form)
    simulation = Simulation(
        replace(network, territory=territory), fleet_of(day), demand, Chance(0, on=False), ends
    )
    simulation.expect(awaited[1] if awaited else None)
    began = perf_counter()
    simulation.run()
    batches_s = simulation.batches_s
    return judged(day, form, records_of(simulation), perf_counter() - began, batches_s)


def theirs(day: Day, form: Form, planner: Planner, every_s: int = 30, *, divert: bool) -> Outcome:
    """Let a planner run a day that is planned anew every so often."""
    world = World(day, form, divert=divert)
    began = perf_counter()
    roll(world, day, every_s, planner)
    found = judged(day, form, world.records(), perf_counter() - began, world.planned_s)
    return found._replace(thrown=world.thrown)


def hindsight(day: Day, form: Form, seconds: float) -> Outcome:
    """Let our solver plan a day all of which it knows; nobody is picked up before asking."""
    world = World(day, form)
    began = perf_counter()
    in_hindsight(world, day, by_navette(Budget(seconds=seconds)))
    return judged(day, form, world.records(), perf_counter() - began, world.planned_s)


def judged(
    day: Day, form: Form, records: Records, wall_s: float, planned_s: list[float]
) -> Outcome:
    """Judge a day and work out its figures; a fault ends the benchmark."""
    verdict = judge(day, form, records)
    if verdict.faults:
        give_up(f"{day.name}, {form}: {len(verdict.faults)} faults, first {verdict.faults[0]}")
    served = [ride for ride in records.rides.values() if ride.status is Status.COMPLETED]
    return Outcome(
        100 * len(served) / len(day.orders),
        fmean((ride.picked_up_s or 0) - ride.requested_s for ride in served),
        verdict.driven_km / len(served),
        wall_s,
        fmean(planned_s) if planned_s else 0.0,
    )
