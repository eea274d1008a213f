"""Small days that were lived, and their journals."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from services.dispatcher.saving import kept_rows
from services.dispatcher.service import Step
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.network.fleet import shuttles
from services.network.folder import Network
from services.runtime.code_version import code_version
from services.simulator.chance import Chance
from services.simulator.conditions import restrictions_of
from services.simulator.demand import Demand, demand_of
from services.simulator.generator import generate_day
from services.simulator.records import Closure, FaultRow, Faults
from services.simulator.replay.archiving import Archiving
from services.simulator.replay.recording import Recording
from services.simulator.simulation import Simulation
from services.wire.snapshots import Snapshot
from services.wire.stored import Entry
from tests.gateway.peer import DAY

ZONE = ZoneId("lived")


@dataclass
class Lived:
    """A day, its journal, and the zone as it was after some steps."""

    network: Network
    demand: Demand
    simulation: Simulation
    entries: list[Entry]
    snapshots: list[Snapshot] = field(default_factory=list)

    def archived(self, folder: Path, entries: Sequence[Entry] | None = None) -> Path:
        """Write an archive of it, or of what somebody made of it."""
        with Archiving(folder, ZONE, DAY.date) as archive:
            for snapshot in self.snapshots:
                archive.add_snapshot(snapshot)
            for entry in self.entries if entries is None else entries:
                archive.add(entry)
        return folder


def live(
    network: Network, seed: int, requests: int = 60, faults: Faults | None = None, every: int = 100
) -> Lived:
    """Live a day of some requests; its zone is kept as a whole at first and every some steps."""
    generated = generate_day(network, seed=seed, requests=requests)
    demand = demand_of(generated.trips)
    fleet = shuttles(network)
    chosen = some_faults(network, seed) if faults is None else faults
    simulation = Simulation(network, fleet, demand, Chance(seed), faults=chosen)
    recording = Recording(ZONE, DAY)
    lived = Lived(network, demand, simulation, recording.entries)

    def keep(number: int, now_s: int, link: bytes) -> None:
        lived.snapshots.append(
            Snapshot(
                zone=ZONE,
                number=number,
                now_s=now_s,
                taken_at_ms=now_s * 1000 + 1,
                link=link,
                code=code_version(),
                territory=fingerprint(network),
                rows=kept_rows(simulation.zone),
            )
        )

    def decided(step: Step) -> None:
        recording.write(step)
        last = recording.entries[-1]
        if not last.number % every:
            keep(last.number, last.now_s, last.link)

    keep(0, 0, b"")
    simulation.decided = decided
    simulation.run()
    return lived


def eased(demo: Path, folder: Path) -> Path:
    """A copy of the demo, its batches searched less than by default."""
    shutil.copytree(demo, folder)
    path = folder / "territory.yaml"
    text = path.read_text(encoding="utf-8")
    assert "dispatch:" not in text
    path.write_text(f"{text}\ndispatch: {{solve_iterations: 20}}\n", encoding="utf-8")
    return folder


def some_faults(network: Network, seed: int) -> Faults:
    """Breakdowns, blackouts and a closed road, somewhere in the day."""
    dice = Random(f"faults {seed}")
    names = [shuttle.id for shuttle in shuttles(network)]
    rows = tuple(
        FaultRow(kind=kind, shuttle_id=dice.choice(names), at_s=dice.randrange(25_000, 60_000),
                 for_s=dice.randrange(300, 3000))
        for kind in ("breakdown", "breakdown", "blackout", "blackout")
    )  # fmt: skip
    closures: tuple[Closure, ...] = ()
    if network.roads is not None:
        from_s = dice.randrange(25_000, 60_000)
        links = tuple(dice.sample(network.roads.link_ids, 3))
        closures = (Closure(closure_id="works", links=links, from_s=from_s, until_s=from_s + 3600),)
    return Faults(
        rows=rows, closures=closures, restrictions=restrictions_of(network, DAY.date, None)
    )
