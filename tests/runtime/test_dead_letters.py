"""What cannot be read is put aside as it came, found again, and put back once it can be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidRequest, Unreadable
from services.domain.ids import ZoneId
from services.runtime.dead_letters import (
    DeadLetterWriter,
    Kept,
    Seal,
    StillUnreadable,
    find,
    kept,
    resubmit,
)
from services.runtime.dead_letters_command import described, line
from services.runtime.embedded import EmbeddedLog
from services.runtime.kafka_connection import RECORD_BYTES_MAX
from services.runtime.memory import MemoryLog
from services.runtime.ports import Record
from services.runtime.settings import InvalidSetting
from services.wire.codec import encode
from services.wire.dead_letter import DeadLetter, decode_letter, encode_letter
from services.wire.topics import Topic, partition_of
from tests.runtime.samples import ZONE, envelope

PARTITIONS = 3
PARTITION = partition_of(ZONE, PARTITIONS)
TOPIC = Topic.RIDE_COMMANDS
KEY = Fernet.generate_key().decode()


@pytest.fixture
def log() -> EmbeddedLog:
    return EmbeddedLog(MemoryLog(PARTITIONS))


async def put_aside(log: EmbeddedLog, data: bytes, seal: Seal | None = None) -> Kept:
    """Put bytes on the topic and aside, as somebody would who cannot read them."""
    offset = await log.append_raw(TOPIC, PARTITION, "key", data)
    (record,) = await log.reader(TOPIC, PARTITION, offset).read()
    await DeadLetterWriter(log, seal, lambda: 1_754_000_000_000).put(record, "envelope", "odd")
    return (await kept(log))[-1]


async def test_a_dead_letter_says_where_it_was_and_why_and_holds_the_bytes_as_they_came(
    log: EmbeddedLog,
) -> None:
    await log.append(TOPIC, "key", envelope())
    one = await put_aside(log, b"\xff odd")
    assert one == Kept(
        f"{PARTITION}-0",
        DeadLetter(
            topic="ride-commands",
            partition=PARTITION,
            offset=1,
            key="key",
            place="envelope",
            reason="odd",
            data=b"\xff odd",
            recorded_at_ms=1_754_000_000_000,
        ),
    )
    assert await find(log, one.place) == one
    with pytest.raises(InvalidRequest, match="there is none at '2-9'"):
        await find(log, "2-9")


async def test_with_a_key_the_log_never_holds_the_bytes_in_the_clear(log: EmbeddedLog) -> None:
    secret = b"Mme Dupont, 06 12 34 56 78"
    one = await put_aside(log, secret, Seal(KEY))
    (record,) = await log.reader(Topic.DEAD_LETTERS, PARTITION).read()
    assert secret[:9] not in record.data
    assert one.letter.encrypted
    assert Seal(KEY).open(one.letter) == secret


async def test_keys_can_be_changed_and_a_wrong_one_is_an_error_that_does_not_show_it(
    log: EmbeddedLog,
) -> None:
    one = await put_aside(log, b"odd", Seal(KEY))
    new = Fernet.generate_key().decode()
    assert Seal(f"{new}, {KEY}").open(one.letter) == b"odd"
    with pytest.raises(InvalidSetting, match="NAVETTE_DEAD_LETTER_KEY: does not open"):
        Seal(new).open(one.letter)
    with pytest.raises(InvalidSetting, match="NAVETTE_DEAD_LETTER_KEY: missing"):
        Seal().open(one.letter)
    with pytest.raises(InvalidSetting, match="not a Fernet key") as caught:
        Seal("geheim")
    assert "geheim" not in str(caught.value)


async def test_what_can_be_read_by_now_is_put_back_where_it_was_once(log: EmbeddedLog) -> None:
    one = await put_aside(log, encode(envelope(7)))
    offset = await resubmit(log, one, Seal())
    assert offset == one.letter.offset + 1
    (record,) = await log.reader(TOPIC, PARTITION, offset).read()
    assert record == Record(TOPIC, PARTITION, offset, "key", envelope(7), one.letter.data)
    again = await find(log, one.place)
    assert again.resubmitted_as == offset
    assert len(await kept(log)) == 1
    with pytest.raises(StillUnreadable, match=f"put back before, at offset {offset}"):
        await resubmit(log, again, Seal())
    assert await resubmit(log, again, Seal(), force=True) == offset + 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff odd", "still not be read"),
        (encode(envelope(zone=ZoneId("elsewhere-1"))), "zone elsewhere-1 is not on partition"),
    ],
    ids=["odd bytes", "another partition"],
)
async def test_what_would_come_back_at_once_is_put_back_only_by_force(
    log: EmbeddedLog, data: bytes, reason: str
) -> None:
    one = await put_aside(log, data)
    with pytest.raises(StillUnreadable, match=reason):
        await resubmit(log, one, Seal())
    assert await log.end(TOPIC, PARTITION) == 1
    assert await resubmit(log, one, Seal(), force=True) == 1


async def test_what_does_not_belong_on_its_topic_is_put_back_only_by_force(
    log: EmbeddedLog,
) -> None:
    one = await put_aside(log, encode(envelope()))
    moved = Kept(one.place, replace(one.letter, topic="shuttle-reports"))
    with pytest.raises(StillUnreadable, match="AcceptOffer does not belong on shuttle-reports"):
        await resubmit(log, moved, Seal())
    gone = Kept(one.place, replace(one.letter, topic="no-more"))
    with pytest.raises(Unreadable, match="'no-more' is not known here"):
        await resubmit(log, gone, Seal(), force=True)


async def test_what_others_put_on_the_topic_is_listed_and_hides_nothing(log: EmbeddedLog) -> None:
    await log.append_raw(Topic.DEAD_LETTERS, PARTITION, "", b"\xff\xff")
    one = await put_aside(log, b"odd")
    odd, found = await kept(log)
    assert found == one
    assert odd.letter.reason.startswith("not a dead letter of ours")


@pytest.mark.parametrize("force", [False, True])
async def test_what_others_put_on_the_topic_is_never_multiplied(
    log: EmbeddedLog, force: bool
) -> None:
    await log.append_raw(Topic.DEAD_LETTERS, PARTITION, "", b"\xff\xff")
    (odd,) = await kept(log)
    with pytest.raises(InvalidRequest, match=f"{odd.place} is none of ours and came from no other"):
        await resubmit(log, odd, Seal(), force=force)
    assert await kept(log) == [odd]


@given(data=st.binary(max_size=300), reason=st.text(max_size=50), place=st.text(max_size=50))
async def test_any_bytes_come_back_as_they_were_and_any_reason_is_kept(
    data: bytes, reason: str, place: str
) -> None:
    log = EmbeddedLog(MemoryLog(PARTITIONS))
    record = Record(TOPIC, 1, 5, "k", Unreadable("a", "b"), data)
    await DeadLetterWriter(log, Seal(KEY)).put(record, place, reason)
    (one,) = await kept(log)
    assert Seal(KEY).open(one.letter) == data
    assert decode_letter(encode_letter(one.letter)) == one.letter
    for text in (line(one), *described(one, data, dump=True)):
        assert text.isprintable()


def test_a_long_letter_is_shown_in_part_and_says_so() -> None:
    letter = DeadLetter(
        topic="x", partition=0, offset=0, data=b"A" * 5000, recorded_at_ms=10**18, reason="r"
    )
    lines = described(Kept("0-0", letter, 3), letter.data, dump=True)
    assert "put back     at offset 3" in lines
    assert lines[-1] == "... 904 bytes more; --out FILE writes all of them"
    assert "A" * 16 in lines[-2]


@pytest.mark.parametrize("seal", [None, Seal(KEY)], ids=["in the clear", "encrypted"])
async def test_whatever_came_fits_into_a_letter(log: EmbeddedLog, seal: Seal | None) -> None:
    record = Record(
        TOPIC, PARTITION, 0, "\ufffd" * 400_000, Unreadable("", ""), bytes(RECORD_BYTES_MAX + 1)
    )
    await DeadLetterWriter(log, seal).put(record, "envelope", "too long")
    (one,) = await kept(log)
    assert f"{RECORD_BYTES_MAX + 1} bytes" in one.letter.reason
