"""``navette replay``: decides all steps of a journal again, and says whether they are the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.domain.errors import InvalidRequest
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.network.folder import Network, load
from services.network.zone_networks import zone_networks
from services.runtime.code_version import code_version
from services.simulator.replay.again import Again, Difference, Replayed
from services.simulator.replay.archive import Archive, open_archive
from services.simulator.replay.archive_command import archive_zone, source
from services.simulator.warm_up import warm_up

TOLD_EVERY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for, as on the command line."""

    territories: Sequence[Path]
    zone: str | None
    database: str | None
    kafka: str | None
    first: int | None
    last: int | None


def replay(folder: Path | None, asked: Asked) -> bool:
    """Replay an archive, or the journal in a database or on Kafka; return if all was the same.

    Raises
    ------
    NavetteError
        If there is nothing to replay, or the territory is not the one that was lived on.
    """
    console = Console()
    with ExitStack() as stack:
        archive = stack.enter_context(opened(folder, asked.zone, asked.database, asked.kafka))
        if archive.manifest.last < archive.manifest.first:
            raise InvalidRequest("replay", f"zone {archive.zone} has no step yet")
        territories = loaded(asked.territories, archive.zone)
        for network in territories.values():
            warm_up(network)
        again = Again(archive, territories)
        began = perf_counter()
        for _ in _shown(console, again, archive, asked):
            pass
        took_s = perf_counter() - began
    told(console.print, archive, again.replayed, took_s)
    return again.replayed.difference is None


def loaded(folders: Sequence[Path], zone: ZoneId) -> dict[str, Network]:
    """Load territories as a zone sees them, by what tells them apart."""
    territory = ZoneId(zone.rpartition(".")[0])
    networks = []
    for folder in folders:
        network = load(folder)
        cut = bool(network.territory.zones)
        own = zone_networks(territory, network).get(zone) if cut else network
        if own is None:
            raise InvalidRequest("replay", f"{zone} is no zone of {folder}")
        networks.append(own)
    return {fingerprint(network): network for network in networks}


@contextmanager
def opened(
    folder: Path | None, zone: str | None, database: str | None, kafka: str | None
) -> Iterator[Archive]:
    """Open an archive; the journal in a database or on Kafka is archived aside first."""
    if folder is not None:
        if database or kafka:
            raise InvalidRequest("replay", "name either an archive, or --database, or --kafka")
        yield open_archive(folder, zone)
        return
    if zone is None:
        raise InvalidRequest("replay", "name an archive; or --database or --kafka, and --zone")
    with tempfile.TemporaryDirectory(prefix="navette-replay-") as aside:

        async def read() -> None:
            async with source(database, kafka) as found:
                await archive_zone(found, ZoneId(zone), Path(aside) / zone, lambda _text: None)

        asyncio.run(read())
        yield open_archive(Path(aside), zone)


def told(say: Callable[..., None], archive: Archive, replayed: Replayed, took_s: float) -> None:
    """Say how a replay went."""

    def line(text: str) -> None:
        say(text, markup=False, highlight=False, soft_wrap=True)

    difference = replayed.difference
    lived_s = replayed.last_s - (replayed.first_s or 0) if replayed.steps else 0
    if replayed.steps:
        line(
            f"{replayed.steps:,} steps with {replayed.events:,} events decided again in"
            f" {took_s:.1f} s: {replayed.steps / took_s:,.0f} steps/s,"
            f" {lived_s / took_s:,.0f} x as fast as they were lived ({clock(lived_s)})."
        )
    if difference is None:
        line(
            f"All the same, byte for byte; {replayed.snapshots} snapshots compared."
            f" Hash of the last step: {replayed.link.hex()}"
        )
        return
    for text in described(archive, difference):
        line(text)


def described(archive: Archive, difference: Difference) -> Iterator[str]:
    """Say what the first difference is."""
    yield (
        f"Zone {archive.zone} differs at step {difference.number:,}"
        f" ({clock(difference.now_s)}): {difference.what}"
    )
    yield f"  expected  {difference.expected}"
    yield f"  found     {difference.found}"
    yield from (f"  {one}" for one in difference.details)
    if difference.code is None:
        yield "Nobody wrote down by which code it was decided; another one may decide otherwise."
    elif difference.code != code_version():
        yield (
            f"It was decided by code {difference.code}, and this is {code_version()}:"
            " only the same code has to decide the same."
        )


def clock(at_s: int) -> str:
    """Write seconds as days, hours, minutes and seconds."""
    days, rest = divmod(at_s, 86_400)
    text = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"day {days} {text}" if days else text


def _shown(console: Console, again: Again, archive: Archive, asked: Asked) -> Iterator[None]:
    """Go through all steps, and show how far that is."""
    manifest = archive.manifest
    first = max(asked.first or manifest.first, manifest.first)
    last = min(asked.last or manifest.last, manifest.last)
    bar = Progress(
        TextColumn("[bold]{task.fields[clock]}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} steps"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=last - first + 1, clock="")
        for step in again.steps(asked.first, asked.last):
            if not step.number % TOLD_EVERY:
                done = max(0, step.number - first + 1)
                bar.update(task, completed=done, clock=clock(step.now_s))
            yield
