"""What could not be read, as it lies on the topic ``dead-letters``."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.errors import Unreadable
from services.wire.fields import Form
from services.wire.generated.navette.v1 import events_pb2
from services.wire.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that could not be read; or a note that one was put back on its topic.

    Parameters
    ----------
    topic, partition, offset, key
        Where it was.
    place, reason
        Which part of it is at fault, and what is wrong with it.
    data, encrypted
        Its bytes: as they came, or encrypted.
    recorded_at_ms
        When it was put aside, or back, in milliseconds since 1970 UTC.
    resubmitted, resubmitted_as
        Of a note: the dead letter's own place (``PARTITION-OFFSET``), and the new offset of its
        message.
    """

    topic: str
    partition: int
    offset: int
    key: str = ""
    place: str = ""
    reason: str = ""
    data: bytes = b""
    encrypted: bool = False
    recorded_at_ms: int
    resubmitted: str = ""
    resubmitted_as: int = 0

    def home(self) -> Topic:
        """Return the topic that it came on.

        Raises
        ------
        Unreadable
            If this version knows no such topic.
        """
        try:
            return Topic(self.topic)
        except ValueError:
            raise Unreadable("topic", f"'{self.topic}' is not known here") from None


_LETTER = Form(DeadLetter, events_pb2.DeadLetter)


def encode_letter(letter: DeadLetter) -> bytes:
    """Turn a dead letter into bytes."""
    return _LETTER.encode(letter)


def decode_letter(data: bytes) -> DeadLetter:
    """Return the dead letter that these bytes carry.

    Raises
    ------
    Unreadable
        If they carry none.
    """
    letter = _LETTER.decode(data, "dead_letter")
    assert isinstance(letter, DeadLetter)
    return letter
