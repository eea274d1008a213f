"""Puts aside what could not be read, finds it again, and puts it back."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.domain.errors import InvalidRequest, NavetteError, Unreadable
from services.runtime.kafka_connection import RECORD_BYTES_MAX
from services.runtime.ports import Log, Record
from services.runtime.settings import InvalidSetting, KafkaSettings
from services.wire.codec import decode
from services.wire.dead_letter import DeadLetter, decode_letter, encode_letter
from services.wire.topics import FACTS, Topic, partition_of

REASON_MAX = 1000
"""Longest reason that is kept, in characters."""


class StillUnreadable(NavetteError):
    """A dead letter that would come back at once."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"dead letter {place} is not put back: {reason}; --force does it all the same"
        )


class Seal:
    """Encrypts bytes under the first of some keys, and reads what any of them encrypted.

    Parameters
    ----------
    keys
        Fernet keys, separated by commas; none: bytes are kept as they are.

    Raises
    ------
    InvalidSetting
        If one of them is no key.
    """

    def __init__(self, keys: str = "") -> None:
        try:
            fernets = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
        except ValueError:
            # What is wrong with it is not said: that would show a part of the key.
            raise InvalidSetting(
                "dead_letter_key", "not a Fernet key (32 bytes in base64)"
            ) from None
        self._fernet = MultiFernet(fernets) if fernets else None

    @classmethod
    def of(cls, settings: KafkaSettings) -> Seal:
        """Return what seals under the key of the settings, if there is one."""
        key = settings.dead_letter_key
        return cls("" if key is None else key.get_secret_value())

    def close(self, letter: DeadLetter) -> DeadLetter:
        """Encrypt a letter's bytes, if there is a key."""
        if self._fernet is None:
            return letter
        token = base64.urlsafe_b64decode(self._fernet.encrypt(letter.data))
        return replace(letter, data=token, encrypted=True)

    def open(self, letter: DeadLetter) -> bytes:
        """Return a letter's bytes as they came.

        Raises
        ------
        InvalidSetting
            If none of the keys opens it.
        """
        if not letter.encrypted:
            return letter.data
        if self._fernet is None:
            raise InvalidSetting("dead_letter_key", "missing, and the dead letter is encrypted")
        try:
            return self._fernet.decrypt(base64.urlsafe_b64encode(letter.data))
        except InvalidToken:
            raise InvalidSetting("dead_letter_key", "does not open this dead letter") from None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class DeadLetterWriter:
    """Puts records aside that could not be read.

    Parameters
    ----------
    messages
        The log on which they came, and on which they are put aside.
    seal
        Encrypts them.
    now_ms
        The time, in milliseconds since 1970 UTC.
    """

    def __init__(
        self, messages: Log, seal: Seal | None = None, now_ms: Callable[[], int] = _wall_ms
    ) -> None:
        self._log = messages
        self._seal = seal or Seal()
        self._now_ms = now_ms

    async def put(self, record: Record, place: str, reason: str) -> None:
        """Put a record aside; when this returns it is safe.

        If it fails nobody can say, and it has to be called again: it may then be there twice.

        Parameters
        ----------
        place, reason
            Which part of it is at fault, and what is wrong with it.

        Raises
        ------
        Unavailable
            If the log takes no more at the moment.
        """
        data = record.data
        if len(data) > RECORD_BYTES_MAX:
            # What does not fit would keep the shard from going on for ever.
            digest = sha256(data).hexdigest()
            reason = f"{reason} (cut: {len(data)} bytes, SHA-256 {digest})"
            data = data[:RECORD_BYTES_MAX]
        letter = DeadLetter(
            topic=record.topic.value,
            partition=record.partition,
            offset=record.offset,
            key=_bounded(record.key),
            place=_bounded(place),
            reason=_bounded(reason),
            data=data,
            recorded_at_ms=self._now_ms(),
        )
        await append(self._log, record.partition, self._seal.close(letter))


@dataclass(frozen=True, slots=True)
class Kept:
    """A dead letter, where it lies (``PARTITION-OFFSET``), and at what offset it was put back."""

    place: str
    letter: DeadLetter
    resubmitted_as: int | None = None


async def append(messages: Log, partition: int, letter: DeadLetter) -> None:
    """Add a dead letter, or a note, to the topic."""
    await messages.append_raw(Topic.DEAD_LETTERS, partition, "", encode_letter(letter))


async def kept(messages: Log) -> list[Kept]:
    """Return all dead letters that are kept, oldest first."""
    letters: dict[str, DeadLetter] = {}
    put_back: dict[str, int] = {}
    for partition in range(messages.partitions):
        async for offset, letter in _lying(messages, partition):
            if letter.resubmitted:
                put_back[letter.resubmitted] = letter.resubmitted_as
            else:
                letters[f"{partition}-{offset}"] = letter
    found = [Kept(place, letter, put_back.get(place)) for place, letter in letters.items()]
    return sorted(found, key=lambda one: one.letter.recorded_at_ms)


async def find(messages: Log, place: str) -> Kept:
    """Return one dead letter.

    Raises
    ------
    InvalidRequest
        If there is none at this place.
    """
    for one in await kept(messages):
        if one.place == place:
            return one
    raise InvalidRequest("dead letter", f"there is none at '{place}' (any more)")


async def resubmit(messages: Log, one: Kept, seal: Seal, *, force: bool = False) -> int:
    """Put a dead letter's bytes back on its topic and partition, and note that.

    Returns
    -------
    int
        The new offset of the message.

    Raises
    ------
    StillUnreadable
        If it can still not be read, or was put back before, and it is not forced.
    InvalidRequest
        If somebody else put it among dead letters: it would come back there each time.
    """
    letter = one.letter
    if letter.topic == Topic.DEAD_LETTERS.value:
        raise InvalidRequest(
            "dead letter", f"{one.place} is none of ours and came from no other topic; it stays"
        )
    data = seal.open(letter)
    if not force and (reason := _unfit(one, data, messages.partitions)):
        raise StillUnreadable(one.place, reason)
    offset = await messages.append_raw(letter.home(), letter.partition, letter.key, data)
    note = DeadLetter(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        recorded_at_ms=_wall_ms(),
        resubmitted=one.place,
        resubmitted_as=offset,
    )
    await append(messages, int(one.place.partition("-")[0]), note)
    return offset


def _unfit(one: Kept, data: bytes, partitions: int) -> str:
    """Say why a message would be of no use on its topic; empty if nothing is known."""
    if one.resubmitted_as is not None:
        return f"it was put back before, at offset {one.resubmitted_as}"
    try:
        envelope = decode(data)
        home = one.letter.home()
    except Unreadable as error:
        return f"it can still not be read ({error})"
    if not isinstance(envelope.body, FACTS[home].bodies):
        return f"{type(envelope.body).__name__} does not belong on {home}"
    if partition_of(envelope.zone, partitions) != one.letter.partition:
        return f"zone {envelope.zone} is not on partition {one.letter.partition}"
    return ""


async def _lying(messages: Log, partition: int) -> AsyncIterator[tuple[int, DeadLetter]]:
    end = await messages.end(Topic.DEAD_LETTERS, partition)
    begin = await messages.offset_at(Topic.DEAD_LETTERS, partition, 0)
    if begin >= end:
        return
    reader = messages.reader(Topic.DEAD_LETTERS, partition, begin)
    try:
        while reader.position < end:
            for record in await reader.read():
                try:
                    yield record.offset, decode_letter(record.data)
                except Unreadable as error:
                    reason = f"not a dead letter of ours: {error}"
                    yield (
                        record.offset,
                        DeadLetter(
                            topic=Topic.DEAD_LETTERS.value,
                            partition=partition,
                            offset=record.offset,
                            reason=reason,
                            data=record.data,
                            recorded_at_ms=0,
                        ),
                    )
    finally:
        reader.close()


def _bounded(text: str) -> str:
    return text.encode(errors="replace").decode()[:REASON_MAX]
