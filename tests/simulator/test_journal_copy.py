"""A journal is read from its copy on the topic, whatever else lies there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.errors import Unreadable
from services.domain.events import WakeUp
from services.domain.ids import ZoneId
from services.runtime.embedded import EmbeddedLog
from services.runtime.journal import BrokenChain, linked
from services.runtime.memory import MemoryLog
from services.simulator.replay.archive import Gap, open_archive
from services.simulator.replay.archive_command import archive_zone
from services.simulator.replay.sources import FromTopic
from services.wire.codec import encode_body
from services.wire.stored import Entry, encode_entry
from services.wire.topics import Topic

ZONE = ZoneId("creuse")
GARBAGE = b"garbage"


def step(number: int, before: Entry | None = None, zone: ZoneId = ZONE) -> Entry:
    made = Entry(
        zone=zone,
        number=number,
        now_s=28_800 + number,
        decided_at_ms=1_754_000_000_000 + 1000 * number,
        inputs=(encode_body(WakeUp()),),
        events=(),
    )
    return linked(before.link if before else b"", made)


def steps(count: int) -> list[Entry]:
    made: list[Entry] = []
    for number in range(1, count + 1):
        made.append(step(number, made[-1] if made else None))
    return made


async def archived(folder: Path, records: Sequence[bytes]) -> list[str]:
    """Archive a topic with these records; return the warnings."""
    log = EmbeddedLog(MemoryLog(1))
    for record in records:
        await log.append_raw(Topic.ZONE_JOURNAL, 0, "", record)
    warnings: list[str] = []
    await archive_zone(FromTopic(log, warnings.append), ZONE, folder, lambda _: None)
    return warnings


@pytest.mark.parametrize("other", [GARBAGE, b"", b"\xff" * 20], ids=["garbage", "none", "bytes"])
async def test_what_is_no_step_is_passed_over_with_a_warning_of_its_place(
    tmp_path: Path, other: bytes
) -> None:
    written = steps(4)
    one, two, three, four = map(encode_entry, written)
    warnings = await archived(tmp_path, [one, other, two, two, three, other, four])
    assert list(open_archive(tmp_path).entries()) == written
    assert [text.partition(": passed over")[0] for text in warnings] == [
        "zone-journal/0/1",
        "zone-journal/0/5",
    ]


async def test_a_step_that_garbage_lies_in_place_of_is_missed(tmp_path: Path) -> None:
    one, _, three = map(encode_entry, steps(3))
    with pytest.raises(Gap):
        await archived(tmp_path, [one, GARBAGE, three])


async def test_a_step_that_was_changed_does_not_fit_the_chain(tmp_path: Path) -> None:
    one, two, _ = steps(3)
    with pytest.raises(BrokenChain):
        await archived(tmp_path, [*map(encode_entry, (one, two, step(3, one)))])


async def test_a_step_that_was_too_long_is_an_error_for_its_own_zone_only(tmp_path: Path) -> None:
    def note(zone: ZoneId) -> bytes:
        return encode_entry(replace(step(2, zone=zone), inputs=()))

    one = encode_entry(step(1))
    assert await archived(tmp_path, [one, note(ZoneId("elsewhere"))]) == []
    with pytest.raises(Unreadable, match="step 2 was too long; the database has it"):
        await archived(tmp_path / "own", [one, note(ZONE)])
