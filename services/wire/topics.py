"""The topics: what each carries, by which key, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, get_args
from zlib import crc32

from services.domain.events import (
    Command,
    OperatorCommand,
    PlanIssued,
    Proposal,
    Report,
    RideEvent,
    RoadEvent,
)
from services.domain.ids import ZoneId
from services.domain.zone_crossing import FromZone, ShuttleEvent
from services.wire.envelope import Body

HOUR_S = 3600
DAY_S = 24 * HOUR_S


class Topic(StrEnum):
    """A topic, by the name that it has on the broker."""

    RIDE_COMMANDS = "ride-commands"
    SHUTTLE_REPORTS = "shuttle-reports"
    RIDE_EVENTS = "ride-events"
    SHUTTLE_PLANS = "shuttle-plans"
    ZONE_JOURNAL = "zone-journal"
    DEAD_LETTERS = "dead-letters"


class Key(StrEnum):
    """What the key of a message names; a shuttle, with its zone."""

    ZONE = "zone"
    RIDE = "ride"
    SHUTTLE = "shuttle"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How a topic is kept.

    Parameters
    ----------
    key
        What a message's key names.
    compacted
        Whether only the newest message of each key is kept, and that for ever.
    retention_s
        For how long messages are kept, in seconds; absent: see ``compacted``.
    bodies
        The classes of message that it carries; none: not envelopes but something of its own.
    puts_aside
        Whether it holds what came on other topics, which may be as long as any message, and more.
    """

    key: Key
    compacted: bool = False
    retention_s: int | None = None
    bodies: tuple[type[Body], ...] = ()
    puts_aside: bool = False


FACTS: Final[dict[Topic, Facts]] = {
    Topic.RIDE_COMMANDS: Facts(
        key=Key.ZONE,
        retention_s=7 * DAY_S,
        bodies=get_args(Command | OperatorCommand | FromZone | Proposal),
    ),
    Topic.SHUTTLE_REPORTS: Facts(key=Key.ZONE, retention_s=7 * DAY_S, bodies=get_args(Report)),
    Topic.RIDE_EVENTS: Facts(
        key=Key.RIDE,
        retention_s=30 * DAY_S,
        bodies=(*get_args(RideEvent), *get_args(RoadEvent), *get_args(ShuttleEvent)),
    ),
    Topic.SHUTTLE_PLANS: Facts(key=Key.SHUTTLE, compacted=True, bodies=(PlanIssued,)),
    Topic.ZONE_JOURNAL: Facts(key=Key.ZONE, retention_s=90 * DAY_S),
    Topic.DEAD_LETTERS: Facts(key=Key.NOTHING, retention_s=3 * DAY_S, puts_aside=True),
}


def partition_of(zone: ZoneId, partitions: int) -> int:
    """Choose the partition, of every topic alike, that holds what concerns this zone.

    A fixed function that every writer shares: producers' default partitioners differ from library
    to library, so the choice is never left to them.

    Parameters
    ----------
    zone
        The zone.
    partitions
        How many there are; the same for all topics, and never changed.
    """
    return crc32(zone.encode()) % partitions


def topic_of(body: Body) -> Topic:
    """Return the topic on which such a message travels.

    Raises
    ------
    KeyError
        If it travels on none (a zone's own timer).
    """
    return _TOPICS[type(body)]


def key_of(body: Body, zone: ZoneId) -> str:
    """Return the key of a message on its topic."""
    match FACTS[topic_of(body)].key:
        case Key.RIDE:
            # A marked report or a closure may concern no ride at all.
            return getattr(body, "ride_id", None) or zone
        case Key.SHUTTLE:
            assert isinstance(body, PlanIssued)
            return f"{zone}/{body.plan.shuttle_id}"  # ids are the same in many zones
        case _:
            return zone


_TOPICS: dict[type[Body], Topic] = {
    kind: topic for topic, facts in FACTS.items() for kind in facts.bodies
}
