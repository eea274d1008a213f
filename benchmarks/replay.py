"""A day of the demo territory, lived and replayed: the same hash, and how much faster.

Run it from the project's root: ``python -m benchmarks.replay``. The day is as a living service
writes it down: moving shuttles say where they are, and there is a step at least every two seconds
of service. It goes through an archive, and is decided again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

from benchmarks._measuring import give_up, middle, options, print_table
from services.dispatcher.host import POSITIONS_S_MAX
from services.dispatcher.saving import kept_rows
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.runtime.clock import ServiceDay
from services.runtime.code_version import code_version
from services.simulator.chance import Chance
from services.simulator.conditions import restrictions_of
from services.simulator.generator import generate_day
from services.simulator.live_shuttles import POSITION_EVERY_S
from services.simulator.records import Faults
from services.simulator.replay.again import Again
from services.simulator.replay.archive import open_archive
from services.simulator.replay.archiving import Archiving
from services.simulator.replay.recording import Recording
from services.simulator.simulation import Simulation
from services.wire.snapshots import Snapshot

DEMO = Path("territories/la-souterraine")
DAY = ServiceDay(date(2026, 6, 10), "Europe/Paris")
ZONE = ZoneId("demo")
BREAKDOWNS_PER_1000_KM = 2.0
BLACKOUTS_PER_DAY = 1.0
BAR = 100


class Took(NamedTuple):
    """What one replay took."""

    wall_s: float
    cpu_s: float


def live(network: Network, seed: int) -> tuple[Recording, Snapshot]:
    """Let the day happen; its journal, and the zone at its beginning."""
    faults = Faults(
        breakdowns_per_1000_km=BREAKDOWNS_PER_1000_KM,
        blackouts_per_day=BLACKOUTS_PER_DAY,
        restrictions=restrictions_of(network, DAY.date, None),
    )
    demand = generate_day(network, seed=seed)
    simulation = Simulation(network, shuttles(network), demand, Chance(seed), faults=faults)
    simulation.world.report_every_s = POSITION_EVERY_S
    service = network.territory.service
    for at_s in range(service.opens_s, service.closes_s or 86_400, POSITIONS_S_MAX):
        simulation.agenda.at(at_s, simulation.wake)
    recording = Recording(ZONE, DAY)
    simulation.decided = recording.write
    beginning = Snapshot(
        zone=ZONE,
        number=0,
        now_s=0,
        taken_at_ms=0,
        link=b"",
        code=code_version(),
        territory=fingerprint(network),
        rows=kept_rows(simulation.zone),
    )
    simulation.run()
    return recording, beginning


def replay(folder: Path, network: Network, link: bytes) -> Took:
    """Decide all of it again."""
    began, cpu_s = perf_counter(), process_time()
    again = Again(open_archive(folder), {fingerprint(network): network})
    for _ in again.steps():
        pass
    took = Took(perf_counter() - began, process_time() - cpu_s)
    if again.replayed.difference is not None or again.replayed.link != link:
        give_up(f"the replay differs: {again.replayed.difference}")
    return took


def main() -> None:
    """Measure and print."""
    asked = options(__doc__.splitlines()[0]).parse_args()
    network = load(DEMO)
    # How well batches are searched does not matter: what was found is in the journal.
    eased = network.territory.dispatch.model_copy(update={"solve_iterations": 50})
    territory = network.territory.model_copy(update={"dispatch": eased})
    network = replace(network, territory=territory)
    recording, beginning = live(network, seed=1)
    entries = recording.entries
    with TemporaryDirectory() as aside:
        folder = Path(aside)
        began = perf_counter()
        with Archiving(folder, ZONE, DAY.date) as archive:
            archive.add_snapshot(beginning)
            for entry in entries:
                archive.add(entry)
        archived_s = perf_counter() - began
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        took = [replay(folder, network, entries[-1].link) for _ in range(asked.repeat)]
    lived_s = entries[-1].now_s - entries[0].now_s
    ratios = [lived_s / one.wall_s for one in took]
    rows = [
        ("steps", f"{len(entries):,}"),
        ("events", f"{sum(len(entry.events) for entry in entries):,}"),
        ("lived, hours", f"{lived_s / 3600:.1f}"),
        ("replayed, seconds", middle([one.wall_s for one in took], 2)),
        ("  CPU of a step, ms", middle([one.cpu_s / len(entries) * 1000 for one in took], 3)),
        ("times as fast", middle(ratios, 0)),
        ("archived, seconds", f"{archived_s:.2f}"),
        ("archive, bytes a step", f"{size / len(entries):.0f}"),
    ]
    print_table(("a day of the demo", ""), rows)
    if min(ratios) < BAR:
        give_up(f"less than {BAR} times as fast as it was lived")


if __name__ == "__main__":
    main()
