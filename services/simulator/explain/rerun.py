"""A recorded day, run again up to the end of one ride, to look at the moment of its answer.

Nothing of a zone's state is recorded; the same inputs give the same day, so it is made again. What
is no longer the same (a file, the code) is found out and said, never explained away.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from services.dispatcher.core import Zone
from services.dispatcher.explanation import Explanation, explain
from services.domain.day import DayKind
from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.events import RideEvent
from services.domain.ids import RideId, ride_id
from services.domain.ride import TERMINAL, Status
from services.forecast.expected import expected_in
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.demand import Demand, Trip, read_demand
from services.simulator.input_paths import demand_of, territory_of
from services.simulator.inputs import read_inputs
from services.simulator.outcome import ride_row
from services.simulator.output_folder import RUN_FILE, is_unfinished
from services.simulator.record_files import read_run
from services.simulator.records import RideRow, Run
from services.simulator.riders import CALLER
from services.simulator.simulation import Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One ride of a recorded day.

    Parameters
    ----------
    row
        As it was recorded.
    explanation
        Why it got its answer; none if it was cancelled before.
    told
        Everything that the dispatcher said about it, and when.
    names
        Request ids by ride id.
    """

    trip: Trip
    row: RideRow
    explanation: Explanation | None
    told: tuple[tuple[int, RideEvent], ...]
    network: Network
    names: dict[RideId, str]


def story(
    run_dir: Path, request_id: str, territory: Path | None = None, demand: Path | None = None
) -> Story:
    """Run a recorded day again until a ride has come to its end.

    Parameters
    ----------
    run_dir
        The folder that ``navette simulate`` wrote.
    request_id
        As in its records.
    territory, demand
        Where they lie now, if not where the run read them.

    Raises
    ------
    InvalidFile
        If there is no run, or its territory or demand are not what they were.
    InvalidRequest
        If it has no such request, or the day does not repeat itself.
    """
    run = _read(run_dir)
    row = _row(run, run_dir, request_id)
    network, day = _inputs(run, run_dir, territory, demand)
    chance, faults = Chance(run.seed, on=not run.benchmark), run.disruptions.asked
    simulation = Simulation(network, shuttles(network), day, chance, faults=faults)
    simulation.expect(expected_in(network, run.inputs.kind or DayKind()))
    wanted = ride_id(CALLER, request_id)
    told = list[tuple[int, RideEvent]]()
    explained: list[Explanation] = []

    def look(zone: Zone, asking: RideId) -> None:
        if asking == wanted:
            explained.append(explain(zone, simulation.riders.riders[asking].request))

    def listen(now_s: int, event: RideEvent) -> bool:
        if event.ride_id != wanted:
            return False
        told.append((now_s, event))
        ride = simulation.rides.get(wanted)
        # Who accepts too late may be given the ride all the same.
        return ride is not None and ride.status in TERMINAL - {Status.EXPIRED, Status.REFERRED}

    for part in simulation.parts:
        part.zone.answers.before = partial(look, part.zone)
    simulation.run(listen=listen)
    rider = simulation.riders.riders[wanted]
    _compare(run_dir, row, ride_row(rider, simulation.rides.get(wanted), network))
    return Story(
        trip=rider.trip,
        row=row,
        explanation=explained[-1] if explained else None,
        told=tuple(told),
        network=network,
        names={key: one.trip.request_id for key, one in simulation.riders.riders.items()},
    )


def _read(run_dir: Path) -> Run:
    if not run_dir.is_dir():
        raise InvalidFile(run_dir, "no such folder")
    if is_unfinished(run_dir):
        raise InvalidFile(run_dir, "the run that wrote here is not finished")
    if not (run_dir / RUN_FILE).is_file():
        reason = f"holds no run ({RUN_FILE} is missing); name a folder that 'navette simulate' made"
        raise InvalidFile(run_dir, reason)
    return read_run(run_dir)


def _row(run: Run, run_dir: Path, request_id: str) -> RideRow:
    rows = {row.request_id: row for row in run.rides}
    if request_id in rows:
        return rows[request_id]
    reason = f"'{request_id}' is none of the {len(rows):,} requests in {run_dir}"
    if alike := get_close_matches(request_id, rows, n=3, cutoff=0.5):
        reason += f"; did you mean {', '.join(alike)}?"
    elif run.inputs.skipped_lines:
        reason += f" ({len(run.inputs.skipped_lines)} unusable rows were skipped)"
    raise InvalidRequest("REQUEST", reason)


def _inputs(
    run: Run, run_dir: Path, territory: Path | None, demand: Path | None
) -> tuple[Network, Demand]:
    """Read what the run read, if it is still the same, under the settings of the run."""
    folder = territory_of(run_dir, run.inputs.territory, territory)
    waiting = run.settings.parking.strategy
    now = read_inputs(folder, None, "", waiting=waiting).territory_sha256
    then = run.inputs.territory_sha256
    changed = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if changed:
        reason = (
            f"{', '.join(changed)} changed since the run (SHA-256 differs), so the day cannot be"
            " repeated; name an unchanged copy with --territory"
        )
        raise InvalidFile(folder, reason)
    file = demand_of(run_dir, run.inputs.demand, demand)
    day = read_demand(file, skip_bad_rows=bool(run.inputs.skipped_lines))
    if day.sha256 != run.inputs.demand_sha256:
        reason = "changed since the run (SHA-256 differs), so the day cannot be repeated"
        raise InvalidFile(file, f"{reason}; name an unchanged copy with --demand")
    return replace(load(folder), territory=run.settings), day


def _compare(run_dir: Path, then: RideRow, now: RideRow) -> None:
    unlike = [
        f"{field.name} was {getattr(then, field.name)}, is {getattr(now, field.name)}"
        for field in fields(then)
        if getattr(then, field.name) != getattr(now, field.name)
    ]
    if unlike:
        reason = (
            f"the day does not repeat itself ({'; '.join(unlike[:3])}): it was written by another"
            " version of Navette, so this one cannot explain it"
        )
        raise InvalidFile(run_dir, reason)
