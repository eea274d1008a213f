"""``navette simulate``: one day from a territory and a demand to a folder of results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.domain.day import DayKind
from services.domain.geo import Point
from services.domain.territory import Territory
from services.forecast.expected import expected_in
from services.network.fleet import groups, shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.closures import read_closures
from services.simulator.conditions import corridors_closed, restrictions_of, speed_caps_of
from services.simulator.demand import Demand, Trip, demand_of, read_demand, write_demand
from services.simulator.faults import read_faults
from services.simulator.generator import generate_day
from services.simulator.inputs import read_inputs
from services.simulator.kpis import kpis
from services.simulator.outcome import outcome, timing
from services.simulator.output_folder import (
    claim_output,
    finish_output,
    write_json,
    write_text,
)
from services.simulator.record_files import write_run
from services.simulator.records import Faults
from services.simulator.report import render
from services.simulator.simulation import Simulation
from services.simulator.summary import print_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for, as on the command line."""

    demand: Path | None
    shuttles: int | None
    seed: int
    kind: DayKind | None
    benchmark: bool
    skip_bad_rows: bool
    force: bool
    faults: Path | None
    closures: Path | None
    conditions: Path | None
    day: date | None
    breakdowns: float
    blackouts: float


def simulate(territory: Path, out: Path, asked: Asked) -> None:
    """Simulate a day and write what came of it.

    Raises
    ------
    NavetteError
        If an input is unusable, or ``out`` holds something that must not be overwritten.
    """
    console = Console()
    setup = _Timer()
    with setup("territory"):
        network = _as_asked(load(territory), asked.shuttles, benchmark=asked.benchmark)
    with setup("demand"):
        day = _day(network, asked)
    _tell_bad_rows(console, day)
    fleet = shuttles(network)
    faults = Faults(
        breakdowns_per_1000_km=asked.breakdowns,
        blackouts_per_day=asked.blackouts,
        rows=() if asked.faults is None else read_faults(asked.faults, fleet),
        closures=(
            *(() if asked.closures is None else read_closures(asked.closures, network)),
            *corridors_closed(network, asked.day, asked.conditions),
        ),
        restrictions=restrictions_of(network, asked.day, asked.conditions),
        speed_caps=speed_caps_of(network, asked.day, asked.conditions),
    )
    claim_output(out, force=asked.force)
    inputs = read_inputs(
        territory,
        asked.demand,
        day.sha256,
        tuple(row.line for row in day.bad_rows if row.line is not None),
        network.territory.parking.strategy,
    )
    inputs = replace(inputs, kind=asked.kind)
    chance = Chance(asked.seed, on=not asked.benchmark)
    with setup("kernels"):
        warm_up(network)
    with setup("simulation"):
        simulation = Simulation(network, fleet, day, chance, faults=faults)
        simulation.expect(expected_in(network, asked.kind or DayKind()))
    with _progress(console, len(day.trips)) as told:
        answers = simulation.run(told)
    run = outcome(simulation, fleet, chance, inputs)
    with setup("results"):
        if asked.demand is None:
            write_demand(day, out / "demand.csv")
        figures = kpis(run, network, day)
        write_json(out / "kpis.json", figures)
        write_text(out / "report.html", render(run, network, day, figures))
    write_json(
        out / "timing.json", timing(answers.wall_s, answers.answers_s, answers.steps, setup.took_s)
    )
    write_run(run, out)
    finish_output(out)
    print_summary(console, run, figures, answers, out)


def _as_asked(network: Network, count: int | None, *, benchmark: bool) -> Network:
    """The network with the fleet and the rules of this run."""
    territory = network.territory.model_copy(update={"fleet": groups(network, count)})
    if benchmark:
        territory = without_chance(territory)
    return replace(network, territory=territory)


def without_chance(territory: Territory) -> Territory:
    """A territory's rules for benchmarks: whole pickup windows, no latency, no reserve.

    Shuttles may turn off until they arrive.
    """
    return territory.model_copy(
        update={
            "promises": territory.promises.model_copy(update={"pickup_window_s": None}),
            "dispatch": territory.dispatch.model_copy(
                update={"divert_latency_s": 0, "keep_course_s": 0, "reserve_s": 0}
            ),
        }
    )


def _day(network: Network, asked: Asked) -> Demand:
    if asked.demand is None:
        return generate_day(network, seed=asked.seed, kind=asked.kind)
    return read_demand(asked.demand, skip_bad_rows=asked.skip_bad_rows)


def _tell_bad_rows(console: Console, day: Demand) -> None:
    if not day.bad_rows:
        return
    console.print(f"[yellow]{len(day.bad_rows)} rows of the demand were skipped:[/]")
    for error in day.bad_rows[:20]:
        console.print(f"  {error}", markup=False, highlight=False)
    if len(day.bad_rows) > 20:
        console.print(f"  … and {len(day.bad_rows) - 20} more (run.json lists all lines)")


def warm_up(network: Network) -> None:
    """Compile the kernels, or load them as they were compiled before, on a day of one request."""
    chance = Chance(0, on=False)
    settings = network.territory.model_copy(update={"zones": {}})
    alone = replace(network, territory=settings)
    Simulation(alone, shuttles(network)[:1], _one_request(network), chance).run()


def _one_request(network: Network) -> Demand:
    """A trip between the two stops that lie furthest apart in number."""
    stops = network.stops
    ends = [Point(float(stops.lon[i]), float(stops.lat[i])) for i in (0, -1)]
    noon_s = 12 * 3600
    trip = Trip(
        request_id="warm-up",
        request_s=noon_s,
        departure_s=noon_s,
        origin=ends[0],
        destination=ends[1],
    )
    return demand_of([trip])


class _Timer:
    """Wall seconds of each part of the set-up."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.took_s[name] = perf_counter() - began


@contextmanager
def _progress(console: Console, requests: int) -> Iterator[Any]:
    bar = Progress(
        TextColumn("[bold]{task.fields[clock]}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} requests"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=requests, clock="00:00")

        def told(now_s: int, answered: int) -> None:
            clock = f"{now_s // 3600:02}:{now_s % 3600 // 60:02}"
            bar.update(task, completed=answered, clock=clock)

        yield told
