"""A journal is decided again, on this code and territory, and every event is the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from services.cli.commands import EXIT_ERROR, EXIT_FINDINGS
from services.domain.errors import InvalidFile
from services.domain.events import AcceptOffer, WakeUp
from services.domain.ids import RideId
from services.network.fingerprint import fingerprint
from services.network.folder import Network, load
from services.runtime.journal import BrokenChain, linked
from services.simulator.replay.again import Again, NoBeginning, OtherTerritory, Replayed
from services.simulator.replay.archive import Gap, open_archive
from services.simulator.replay.archiving import Archiving
from services.wire.codec import encode_body
from services.wire.snapshots import KeptRow
from services.wire.stored import Entry
from tests.builders import LINE, crow_network, road_network, territory
from tests.gateway.peer import DAY
from tests.simulator.lived import ZONE, Lived, eased, live


def small(**parts: object) -> Network:
    """A few roads, two shuttles, and batches that are searched a little."""
    dispatch = {"solve_iterations": 20, "batch_every_s": 60}
    return road_network(territory(dispatch=dispatch, **parts))


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live(small(), seed=4)


@pytest.fixture
def folder(lived: Lived, tmp_path: Path) -> Path:
    return lived.archived(tmp_path / "archive")


def replay(
    folder: Path, *networks: Network, first: int | None = None, last: int | None = None
) -> Replayed:
    again = Again(open_archive(folder), {fingerprint(network): network for network in networks})
    for _ in again.steps(first, last):
        pass
    return again.replayed


def relinked(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries with a chain that holds."""
    made: list[Entry] = []
    for entry in entries:
        made.append(linked(made[-1].link if made else b"", entry))
    return made


def forged(folder: Path, lived: Lived, entries: Sequence[Entry]) -> Path:
    """An archive of entries of which nobody looked at the chain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.simulator.replay.archiving.link", lambda _before, entry: entry.link)
        return replace(lived).archived(folder, entries)


def test_a_day_gives_the_same_hash(lived: Lived, folder: Path) -> None:
    found = replay(folder, lived.network)
    assert found.difference is None
    assert found.steps == len(lived.entries) > 200
    assert found.events == sum(len(entry.events) for entry in lived.entries)
    assert found.link == lived.entries[-1].link
    assert found.snapshots == len(lived.snapshots) - 1 > 1


def test_it_can_begin_at_any_snapshot_and_end_anywhere(lived: Lived, folder: Path) -> None:
    found = replay(folder, lived.network, first=150, last=180)
    assert found.difference is None
    assert found.steps == 80
    assert found.link == lived.entries[179].link


def test_without_any_snapshot_it_begins_with_nothing(lived: Lived, tmp_path: Path) -> None:
    bare = Lived(lived.network, lived.demand, lived.simulation, lived.entries)
    found = replay(bare.archived(tmp_path / "bare"), lived.network)
    assert (found.difference, found.link) == (None, lived.entries[-1].link)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["crow", "collected"])
def test_days_with_faults_repeat(kind: str, seed: int, tmp_path: Path) -> None:
    rules = {"answer_after_s": 20} if kind == "collected" else {}
    settings = territory(dispatch={"solve_iterations": 20, **rules})
    network = crow_network(LINE, settings) if kind == "crow" else road_network(settings)
    lived = live(network, seed, every=37)
    found = replay(lived.archived(tmp_path / "archive"), network)
    assert found.difference is None
    assert found.steps == len(lived.entries)
    assert found.snapshots == len(lived.snapshots) - 1


def changed_event(entries: list[Entry]) -> None:
    at = next(i for i, entry in enumerate(entries) if i > 120 and entry.events)
    event = bytearray(entries[at].events[0])
    event[-1] ^= 1
    entries[at] = replace(entries[at], events=(bytes(event), *entries[at].events[1:]))


def lost_step(entries: list[Entry]) -> None:
    del entries[130]


def changed_time(entries: list[Entry]) -> None:
    entries[140] = replace(entries[140], now_s=entries[140].now_s + 1)


@pytest.mark.parametrize("damage", [changed_event, lost_step, changed_time])
def test_what_was_changed_after_it_was_written_is_found(
    damage: Callable[[list[Entry]], None], lived: Lived, tmp_path: Path
) -> None:
    entries = list(lived.entries)
    damage(entries)
    with pytest.raises((BrokenChain, Gap)):
        replace(lived).archived(tmp_path / "refused", entries)
    assert not (tmp_path / "refused" / "manifest.json").exists()
    if damage is lost_step:
        return
    found = replay(forged(tmp_path / "forged", lived, entries), lived.network).difference
    assert found is not None
    assert "hash chain" in found.what
    assert found.number > 100


def test_an_event_that_this_code_would_not_say_is_told_in_words(
    lived: Lived, tmp_path: Path
) -> None:
    entries = list(lived.entries)
    at = next(i for i, entry in enumerate(entries) if i > 100 and len(entry.events) > 1)
    entries[at] = replace(entries[at], events=(*entries[at].events[1:], entries[at].events[0]))
    bare = Lived(lived.network, lived.demand, lived.simulation, entries)
    found = replay(bare.archived(tmp_path / "other", relinked(entries)), lived.network).difference
    assert found is not None
    assert found.number == at + 1
    assert found.what.startswith("event 1 of ")
    assert found.expected != found.found
    assert "(" in found.expected
    assert any(line.startswith("input: ") for line in found.details)


def test_a_step_that_nobody_took_makes_a_difference(lived: Lived, tmp_path: Path) -> None:
    entries = list(lived.entries)
    accept = AcceptOffer(RideId("nobody"))
    entries[99] = replace(entries[99], inputs=(*entries[99].inputs, encode_body(accept)))
    bare = Lived(lived.network, lived.demand, lived.simulation, entries)
    found = replay(bare.archived(tmp_path / "other", relinked(entries)), lived.network).difference
    assert found is not None
    assert (found.number, found.expected) == (100, "nothing")
    assert "CommandTurnedDown" in found.found


def test_a_zone_that_is_not_as_its_snapshot_is_found(lived: Lived, tmp_path: Path) -> None:
    rows = lived.snapshots[2].rows
    wrong = replace(lived.snapshots[2], rows=(*rows[:-1], KeptRow("zone", "", b"")))
    snapshots = [*lived.snapshots[:2], wrong, *lived.snapshots[3:]]
    found = replay(
        replace(lived, snapshots=snapshots).archived(tmp_path / "archive"), lived.network
    ).difference
    assert found is not None
    assert (found.number, found.details) == (wrong.number, ("zone",))


def test_another_territory_is_an_error_that_names_it(lived: Lived, folder: Path) -> None:
    other = small(promises={"offer_s": 61})
    assert fingerprint(other) != fingerprint(lived.network) == fingerprint(small())
    with pytest.raises(OtherTerritory, match="another territory"):
        replay(folder, other)


def test_a_territory_that_changed_is_taken_up_where_it_changed(
    lived: Lived, tmp_path: Path
) -> None:
    """Two days on two territories, the second from where the first one ended."""
    other = small(promises={"offer_s": 61})
    change = lived.snapshots[1]
    changed = replace(change, taken_at_ms=change.taken_at_ms + 1, territory=fingerprint(other))
    parts = replace(lived, snapshots=[*lived.snapshots[:2], changed])
    folder = parts.archived(tmp_path / "archive", lived.entries[: change.number])
    with pytest.raises(OtherTerritory):
        replay(folder, lived.network)
    assert replay(folder, lived.network, other).difference is None


def test_what_other_code_decided_is_told_as_such(lived: Lived, tmp_path: Path) -> None:
    entries = list(lived.entries)
    woken = replace(entries[50], events=(), inputs=(encode_body(WakeUp()),))
    old = replace(lived, snapshots=[replace(lived.snapshots[0], code="0.0.9+old")])
    found = replay(
        old.archived(tmp_path / "old", relinked([*entries[:50], woken, *entries[51:]])),
        lived.network,
    ).difference
    assert found is not None
    assert found.code == "0.0.9+old"


def test_an_archive_grows_and_days_are_files_of_their_own(lived: Lived, tmp_path: Path) -> None:
    one, pieces = tmp_path / "one", tmp_path / "pieces"
    lived.archived(one)
    for snapshot in lived.snapshots:
        with Archiving(pieces, ZONE, DAY.date) as archive:
            archive.add_snapshot(snapshot)
    for start in range(0, len(lived.entries), 97):
        with Archiving(pieces, ZONE, DAY.date) as archive:
            for entry in lived.entries[start : start + 97]:
                archive.add(entry)
    assert open_archive(pieces).manifest == open_archive(one).manifest
    assert list(open_archive(pieces).entries()) == lived.entries
    assert list(open_archive(pieces).entries(after=100)) == lived.entries[100:]
    kept = sorted(path.name for path in (pieces / "journal").iterdir())
    assert kept == [part.file for part in open_archive(one).manifest.journal]


def test_an_archive_that_was_being_added_to_is_as_it_was(lived: Lived, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archiving(folder, ZONE, DAY.date) as archive:
        for entry in lived.entries[:100]:
            archive.add(entry)
    before = open_archive(folder).manifest
    archive = Archiving(folder, ZONE, DAY.date)
    for entry in lived.entries[100:150]:
        archive.add(entry)
    with pytest.raises(InvalidFile, match="somebody else"):
        Archiving(folder, ZONE, DAY.date)
    os.close(archive._lock)  # the machine dies
    assert open_archive(folder).manifest == before
    assert list(open_archive(folder).entries()) == lived.entries[:100]
    with Archiving(folder, ZONE, DAY.date) as archive:
        for entry in lived.entries[100:]:
            archive.add(entry)
    assert list(open_archive(folder).entries()) == lived.entries
    assert all(path.suffix == ".parquet" for path in (folder / "journal").iterdir())


def test_an_archive_that_lacks_its_beginning_needs_a_snapshot(lived: Lived, tmp_path: Path) -> None:
    bare = Lived(lived.network, lived.demand, lived.simulation, lived.entries)
    with pytest.raises(NoBeginning):
        replay(bare.archived(tmp_path / "bare", lived.entries[100:]), lived.network)
    late = replace(lived, snapshots=lived.snapshots[1:])
    found = replay(late.archived(tmp_path / "late", lived.entries[50:]), lived.network)
    assert (found.difference, found.steps) == (None, len(lived.entries) - 100)


def test_damaged_files_are_named(lived: Lived, folder: Path) -> None:
    path = next((folder / "journal").iterdir())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidFile, match=path.name):
        replay(folder, lived.network)


def test_the_command_says_hash_and_speed_in_a_fresh_process(demo: Path, tmp_path: Path) -> None:
    copied = eased(demo, tmp_path / "demo")
    lived = live(load(copied), 2, requests=40, every=500)
    folder = lived.archived(tmp_path / "archive" / ZONE)
    options = ["--territory", str(copied)]
    fresh = subprocess.run(
        [sys.executable, "-m", "services.cli", "replay", str(folder.parent), *options],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert fresh.returncode == 0, fresh.stderr
    assert lived.entries[-1].link.hex() in fresh.stdout
    times = re.search(r"([\d,]+) x as fast as they were lived", fresh.stdout)
    assert times is not None
    assert int(times[1].replace(",", "")) >= 100

    other = CliRunner().invoke(main, ["replay", str(folder), "--territory", str(demo)])
    assert other.exit_code == EXIT_ERROR
    assert "another territory" in other.stderr

    entries = list(lived.entries)
    changed_event(entries)
    damaged = forged(tmp_path / "forged", lived, entries)
    found = CliRunner().invoke(main, ["replay", str(damaged), *options])
    assert found.exit_code == EXIT_FINDINGS
    assert re.search(
        r"differs at step \d+ \(\d\d:\d\d:\d\d\): the hash chain is broken", found.stdout
    )
