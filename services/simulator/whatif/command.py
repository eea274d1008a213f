"""``navette whatif``: simulates a lived day under another policy, and puts both side by side."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console

from services.domain.day import DayKind, Weather
from services.domain.errors import InvalidFile, InvalidRequest
from services.forecast.expected import expected_in
from services.network.fleet import shuttles
from services.network.folder import Network
from services.runtime.clock import ServiceDay
from services.simulator.chance import Chance
from services.simulator.demand import Demand, write_demand
from services.simulator.inputs import read_inputs
from services.simulator.kpis import Kpis, kpis
from services.simulator.outcome import outcome, timing
from services.simulator.output_folder import claim_output, finish_output, write_json, write_text
from services.simulator.record_files import write_run
from services.simulator.records import Faults
from services.simulator.replay.again import Again
from services.simulator.replay.archive import Archive
from services.simulator.replay.replay_command import described, loaded, opened
from services.simulator.report import render
from services.simulator.simulation import Simulation
from services.simulator.warm_up import warm_up
from services.simulator.whatif import comparison, lived, wishes
from services.simulator.whatif.outside import LivedRider, Outside, outside
from services.simulator.whatif.policy import under_policy
from services.simulator.whatif.will import LivedWill

TERRITORY_FOLDER = "territory-under-policy"
"""Lies in the run's folder, so that the run can be judged and looked at later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for, as on the command line."""

    policy: Path
    territory: Path
    zone: str | None
    day: date | None
    weather: Weather
    seed: int
    force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A day as it was lived.

    Parameters
    ----------
    number
        Of the day; the zone's first one is 0.
    riders
        Those of whom it is known where they were and what became of them, by id.
    left_out
        How many others there were.
    """

    number: int
    date: date
    network: Network
    found: Outside
    riders: dict[str, LivedRider]
    left_out: int
    demand: Demand


def whatif(archive: Path, out: Path, asked: Asked) -> None:
    """Simulate a lived day under another policy, and write what came of it.

    Raises
    ------
    NavetteError
        If the archive, the territory or the policy is unusable, or the journal does not repeat.
    """
    console = Console()
    with opened(archive, asked.zone, None, None) as journal:
        day = lived_day(journal, asked)
    with tempfile.TemporaryDirectory(prefix="navette-whatif-") as aside:
        # What is wrong with a policy is said before anything is written.
        under_policy(asked.territory, asked.policy, Path(aside))
    claim_output(out, force=asked.force)
    network = under_policy(asked.territory, asked.policy, out / TERRITORY_FOLDER)
    faults = wishes.faults(day.found, day.network, network, day.number, day.date)
    figures = _simulate(day, faults, network, out, asked)
    then = lived.figures(day.riders.values(), day.found, day.network, day.demand, day.number)
    rows, notes = comparison.lines(then, figures), _notes(day, faults, asked)
    write_json(out / "lived.json", then)
    write_text(out / "comparison.md", comparison.markdown(rows, notes))
    write_text(out / "comparison.html", comparison.html(rows, notes))
    finish_output(out)
    console.print(comparison.table(rows))
    for note in notes:
        console.print(f"- {note}", markup=False, highlight=False, soft_wrap=True)
    told = (
        f"Open {out / 'comparison.html'} in a browser; navette check {out} judges the simulation."
    )
    console.print(told, markup=False, highlight=False, soft_wrap=True)


def lived_day(archive: Archive, asked: Asked) -> Lived:
    """Go through an archive's journal again, and take out one day.

    Raises
    ------
    InvalidFile
        If the journal does not repeat itself, so that nobody can say what was lived.
    InvalidRequest
        If it has no such day, or several and none was chosen.
    """
    territories = loaded([asked.territory], archive.zone)
    (network,) = territories.values()
    if network.zones is not None:
        raise InvalidRequest("whatif", "its territory has other zones too, which also had a part")
    warm_up(network)
    again = Again(archive, territories)
    first = archive.manifest.first_day
    calendar = ServiceDay(first, network.territory.timezone).calendar
    found = outside(again.steps(), calendar)
    if (difference := again.replayed.difference) is not None:
        raise InvalidFile(archive.folder, " ".join(described(archive, difference)))
    number = _chosen(found.days(), first, asked.day)
    everybody = list(found.of_day(number))
    riders = {one.request.ride_id: one for one in everybody if lived.is_known(one)}
    return Lived(
        number=number,
        date=first + timedelta(days=number),
        network=network,
        found=found,
        riders={str(name): one for name, one in riders.items()},
        left_out=len(everybody) - len(riders),
        demand=wishes.demand(riders.values(), network, found.begins_s(number)),
    )


def _chosen(days: dict[int, int], first: date, wanted: date | None) -> int:
    """Return the number of the day that is meant."""
    known = {first + timedelta(days=number): number for number in days}
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    if wanted in known:
        return known[wanted]
    if not known:
        raise InvalidRequest("archive", "nobody asked for a ride in it")
    several = ", ".join(f"{one} ({days[number]} requests)" for one, number in known.items())
    reason = "which day is meant?" if wanted is None else f"nobody wanted a ride on {wanted};"
    raise InvalidRequest("--date", f"{reason} There are {several}")


def _simulate(day: Lived, faults: Faults, network: Network, out: Path, asked: Asked) -> Kpis:
    """Let the day happen under the policy, and write the files of a run."""
    chance, fleet = Chance(asked.seed), shuttles(network)
    kind = DayKind(day.date.weekday(), asked.weather)
    simulation = Simulation(network, fleet, day.demand, chance, faults=faults)
    simulation.expect(expected_in(network, kind))
    simulation.riders.will = LivedWill(day.riders, network.territory.promises, chance)
    answers = simulation.run()
    own = asked.policy if asked.policy.is_dir() else out / TERRITORY_FOLDER
    waiting = network.territory.parking.strategy
    inputs = read_inputs(own, None, day.demand.sha256, waiting=waiting)
    named = str(own) if asked.policy.is_dir() else TERRITORY_FOLDER
    run = outcome(simulation, fleet, chance, replace(inputs, kind=kind, territory=named))
    write_demand(day.demand, out / "demand.csv")
    figures = kpis(run, network, day.demand)
    write_json(out / "kpis.json", figures)
    write_text(out / "report.html", render(run, network, day.demand, figures))
    write_json(out / "timing.json", timing(answers.wall_s, answers.answers_s, answers.steps, {}))
    write_run(run, out)
    return figures


def _notes(day: Lived, faults: Faults, asked: Asked) -> Sequence[str]:
    kinds = Counter(row.kind for row in faults.rows)
    notes = [
        f"{day.date}, {len(day.riders):,} requests as they came; seed {asked.seed} of what"
        " nobody knows (how long drives take, whether who was refused then takes an offer).",
        f"From outside: breakdowns {kinds['breakdown']}, blackouts {kinds['blackout']},"
        f" closures {len(faults.closures)}, times at which shuttles may not drive"
        f" {len(faults.restrictions)}.",
        "Places are near the lived ones, not the same; shuttles begin the day at their depots.",
    ]
    if day.left_out:
        notes.append(
            f"{day.left_out:,} requests are left out: still open at the journal's end, or near no"
            " stop at all."
        )
    return notes
