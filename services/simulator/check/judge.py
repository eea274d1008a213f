"""Brings together what was run, and applies all rules to it."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from services.domain.errors import InvalidFile
from services.domain.territory import Territory
from services.network.settings_file import read_settings
from services.simulator.check import (
    batteries,
    closures,
    domain,
    driving,
    duty,
    figures,
    leases,
    life,
    promises,
    remedies,
    requests,
    supervision,
)
from services.simulator.check.case import Case
from services.simulator.check.demand import read_demand
from services.simulator.check.epochs import Epochs
from services.simulator.check.ground import read_ground
from services.simulator.check.run import Run, read_run
from services.simulator.check.verdict import Finding, Notes, Rule, Verdict
from services.simulator.check.ways import ways_of
from services.simulator.input_paths import demand_of, territory_of


def check(run_dir: Path, territory: Path | None = None, demand: Path | None = None) -> Verdict:
    """Judge a run.

    Parameters
    ----------
    run_dir
        The folder that the run wrote.
    territory, demand
        Where they lie now, if not where the run read them.

    Raises
    ------
    InvalidFile
        If there is nothing that can be judged: a file is missing, half written, or its columns are
        not those that a run writes.
    """
    run = read_run(run_dir)
    notes = Notes()
    territory_dir = territory_of(run.folder, run.file.territory.path, territory)
    demand_path = demand_of(run.folder, run.file.demand.path, demand)
    _inputs(notes, run, territory_dir, demand_path)
    _settings(notes, run, territory_dir)
    ground = read_ground(territory_dir, run.settings.travel)
    _fleet(notes, run, set(ground.stops))
    asked_for = read_demand(demand_path, skipped_lines=run.file.demand.skipped_lines)
    place = {request_id: at for at, request_id in enumerate(asked_for.ids)}
    ways = ways_of(ground, run.settings.travel)
    case = Case(
        run=run,
        ground=ground,
        demand=asked_for,
        ways=ways,
        epochs=Epochs(run, ground, ways),
        notes=notes,
        territory=territory_dir,
        asked=run.rides.request_id.numbers(place),
        pickup=run.rides.pickup_stop.numbers(ground.stops),
        dropoff=run.rides.dropoff_stop.numbers(ground.stops),
    )
    driven = (duty, batteries, supervision, driving, closures, domain)
    for rules in (requests, remedies, promises, life, leases, *driven, figures):
        rules.judge(case)
    return notes.verdict()


def _inputs(notes: Notes, run: Run, territory: Path, demand: Path) -> None:
    named = run.file.territory.sha256
    for name in named:
        if not name or Path(name).name != name:
            reason = f"'{name[:80]}' is not the name of a file in a territory's folder"
            raise InvalidFile(run.folder / "run.json", reason, field="territory.sha256")
    files = [(territory / name, digest) for name, digest in sorted(named.items())]
    if not any(name == "territory.yaml" for name in named):
        message = "run.json has no hash of territory.yaml"
        notes.add(Finding(rule=Rule.INPUTS, message=message))
    for path, expected in [*files, (demand, run.file.demand.sha256)]:
        notes.checked(Rule.INPUTS, 1)
        if not path.is_file():
            notes.add(Finding(rule=Rule.INPUTS, message=f"{path.name} is not there any more"))
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected:
            message = f"{path.name} is not the file that was run (SHA-256 differs)"
            notes.add(Finding(rule=Rule.INPUTS, message=message))


def _settings(notes: Notes, run: Run, territory: Path) -> None:
    """A run may have another fleet and dispatch otherwise, but promise only what is promised."""
    own = read_settings(territory / "territory.yaml", Territory)
    if run.benchmark and run.settings.promises.pickup_window_s is None:
        # Benchmarks promise the whole of the longest wait, whatever the territory does.
        whole = own.promises.model_copy(update={"pickup_window_s": None})
        own = own.model_copy(update={"promises": whole})
    parts = ("timezone", "service", "promises", "stop_times", "travel", "chargers", "supervision")
    for part in parts:
        notes.checked(Rule.SETTINGS, 1)
        if getattr(own, part) != getattr(run.settings, part):
            message = (
                f"the run's {part} differ from those of the territory: {_unlike(own, run, part)}"
            )
            notes.add(Finding(rule=Rule.SETTINGS, message=message))


def _unlike(own: Territory, run: Run, part: str) -> str:
    mine, theirs = own.model_dump(mode="json")[part], run.settings.model_dump(mode="json")[part]
    if not isinstance(mine, dict):
        return f"{theirs}, not {mine}"
    unlike = [key for key in mine if mine[key] != theirs[key]]
    return "; ".join(f"{key} is {theirs[key]}, not {mine[key]}" for key in unlike)


def _fleet(notes: Notes, run: Run, stops: set[str]) -> None:
    shuttles = run.file.shuttles
    notes.checked(Rule.FLEET, len(shuttles))
    for name, count in Counter(row.shuttle_id for row in shuttles).items():
        if count > 1:
            message = f"is {count} times in run.json"
            notes.add(Finding(rule=Rule.FLEET, message=message, shuttle=name))
    for name in run.strangers:
        message = "drives, but is not of the fleet"
        notes.add(Finding(rule=Rule.FLEET, message=message, shuttle=name))
    for row in shuttles:
        if row.depot_stop not in stops:
            message = f"starts at '{row.depot_stop}', which is no stop"
            notes.add(Finding(rule=Rule.FLEET, message=message, shuttle=row.shuttle_id))
    have = Counter(
        (s.depot_stop, s.seats, s.wheelchairs, s.luggage, s.seats_per_wheelchair) for s in shuttles
    )
    want: Counter[tuple[str, int, int, int, int]] = Counter()
    for group in run.settings.fleet:
        room = (group.seats, group.wheelchair_places, group.luggage_places)
        want[group.depot, *room, group.seats_per_wheelchair] += group.count
    for kind in sorted({*have, *want}):
        if have[kind] != want[kind]:
            depot, seats, wheelchairs, luggage, displaced = kind
            message = (
                f"{have[kind]} shuttles at {depot} with {seats} seats, {wheelchairs} wheelchair"
                f" and {luggage} luggage places, {displaced} seats less for each wheelchair,"
                f" where the settings have {want[kind]}"
            )
            notes.add(Finding(rule=Rule.FLEET, message=message))
