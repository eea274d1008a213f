"""Messages by which rides and shuttles go from one zone of a territory to another.

At every moment a ride, and a shuttle, belongs to exactly one zone, or is in exactly one message
that a zone has committed: whoever lets go says so in the step that sends it on.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Refusal, Request
from services.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A shuttle on its way from one zone to another: empty, at a stop, without a promise.

    Parameters
    ----------
    number
        How often it was handed over, this time included.
    revision
        Of its last plan, an empty one that it has acknowledged.
    stop, free_s
        Where it stands, and from when on it can set off.
    level_mwh
        What its battery holds, if it has one.
    moved_s, fault_s, repaired_s
        When it last arrived, broke down, and was repaired; the latter -1: never.
    fault_stop
        Where it let everybody off when it broke down; -1: nowhere.
    layout
        By which numbers stops go (`network.layout`).
    tasks, tasks_until_s
        What it has to do besides, up to when.
    """

    shuttle_id: ShuttleId
    number: int
    revision: int
    stop: int
    free_s: int
    level_mwh: int
    moved_s: int
    fault_s: int
    fault_stop: int
    repaired_s: int
    layout: str
    tasks: tuple[Task, ...]
    tasks_until_s: int


# Commands: topic ride-commands, key zone.


@dataclass(frozen=True, slots=True)
class LendShuttle:
    """The operator lends a shuttle to another zone, as soon as it is empty; not after a time."""

    shuttle_id: ShuttleId
    to: ZoneId
    until_s: int


@dataclass(frozen=True, slots=True)
class AdoptShuttle:
    """Another zone has let a shuttle go to this one; from the zone that did."""

    handed: Handed
    giver: ZoneId


@dataclass(frozen=True, slots=True)
class AdoptionConfirmed:
    """A shuttle that was let go has come to the other zone; for the zone that let it go."""

    shuttle_id: ShuttleId
    number: int


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What came for a shuttle to a zone that had let it go.

    A zone that knows of fewer hand-overs (``number``) never got the shuttle: to pass this on again
    could go on for ever. ``message`` is it, as bytes.
    """

    shuttle_id: ShuttleId
    number: int
    message: bytes


# Events: topic ride-events.


@dataclass(frozen=True, slots=True)
class RideReferred:
    """The request belongs to another zone from now on, which answers it.

    ``refusal`` is what the zone that refers it would have said.
    """

    ride_id: RideId
    to: ZoneId
    request: Request
    refusal: Refusal
    useful_until_s: int | None = None


@dataclass(frozen=True, slots=True)
class ShuttleReleased:
    """A shuttle belongs to another zone from now on."""

    handed: Handed
    to: ZoneId


@dataclass(frozen=True, slots=True)
class ShuttleAdopted:
    """A shuttle has come from another zone, and belongs to this one."""

    shuttle_id: ShuttleId
    giver: ZoneId
    number: int


@dataclass(frozen=True, slots=True)
class LendingTurnedDown:
    """A shuttle stays where it is: it is not to be lent, or not in time."""

    shuttle_id: ShuttleId
    to: ZoneId
    reason: str


# In journals only: what leaves is the message itself, to whom it is for.


@dataclass(frozen=True, slots=True)
class MessageForwarded:
    """One of the step's inputs, by its number, is about what belongs to another zone by now.

    ``number``: how many hand-overs of a shuttle are known of here.
    """

    to: ZoneId
    input: int = 0
    number: int = 0


FromZone = AdoptShuttle | AdoptionConfirmed | PassedOn
ShuttleEvent = ShuttleReleased | ShuttleAdopted | LendingTurnedDown
