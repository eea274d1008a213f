"""All that a zone is made of, as values: a row for each ride and shuttle, and few for the rest.

From these rows another process goes on exactly as the one that wrote them. What follows from other
rows (who holds whose seats, when offers lapse, travel times around closed roads) is not in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.domain.events import CloseRoads
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.operating_domain import RestrictDriving, RoadsChanged
from services.domain.ride import Ride
from services.domain.task import Task
from services.domain.zone_crossing import Handed


class RowKind(StrEnum):
    """What a row holds; there is one of ``ZONE`` and one of ``ROADS``, without an id.

    A ``NOTE`` belongs to the ride with its id; most rides have none.
    """

    ZONE = "zone"
    ROADS = "roads"
    SHUTTLE = "shuttle"
    RIDE = "ride"
    NOTE = "note"


class RideNote(NamedTuple):
    """What is remembered of an open ride besides.

    Parameters
    ----------
    told_late_s
        How late its riders were last told that it is.
    look_s
        When somebody is to see why it is overdue, if that was done before.
    lapsed
        The shuttle that might have picked it up before its lease was over, unheard.
    """

    ride_id: RideId
    told_late_s: int | None
    look_s: int | None
    lapsed: ShuttleId | None


class Whereabouts(NamedTuple):
    """Where a shuttle is, and from where and when it can be sent elsewhere, as last worked out.

    The fields are those columns of ``dispatcher.columns`` (``H_``) that depend on what happened.
    """

    mode: int
    stop: int
    node: int
    node_ms: int
    x_mm: int
    y_mm: int
    arrive_s: int
    locked: int
    pending: int
    silent: int
    free_s: int
    first: int
    free_x_mm: int
    free_y_mm: int
    broken: int
    busy_s: int
    serving: int
    out: int
    level_mwh: int
    park: int


class StoredTimes(NamedTuple):
    """When a stop of a route is made, as last worked out (``V_`` columns)."""

    earliest_s: int
    arrive_s: int
    start_s: int
    depart_s: int
    slack_s: int
    ride_slack_s: int
    level_mwh: int
    margin_mwh: int
    pause_s: int


class StoredStopover(NamedTuple):
    """A stop of a route: who still boards and leaves there, and when."""

    stop: int
    board: tuple[RideId, ...]
    leave: tuple[RideId, ...]
    served_s: int
    task: Task | None
    hold_s: int
    times: StoredTimes


class StoredParty(NamedTuple):
    """Who is on board, and since when."""

    ride_id: RideId
    since_s: int


class Target(NamedTuple):
    """To which stop a plan sends a shuttle."""

    revision: int
    stop: int


class Booking(NamedTuple):
    """Minutes in which a shuttle is booked to move, the last one left out."""

    from_min: int
    until_min: int


class StoredLease(NamedTuple):
    """Until when a party may get on, and the plan from which on it may not; 0: none yet."""

    ride_id: RideId
    until_s: int
    gone: int


class Lending(NamedTuple):
    """A shuttle that is to be lent: to whom, how long that is tried, and what it had to do.

    ``revision`` is that of the plan by which it gave up its tasks; -1: not yet.
    """

    to: ZoneId
    until_s: int
    revision: int = -1
    tasks: tuple[Task, ...] = ()


class Unconfirmed(NamedTuple):
    """A hand-over of which the other zone has not said yet that it took effect.

    It was first said at ``since_s``, and is said again at ``again_s``.
    """

    to: ZoneId
    handed: Handed
    since_s: int
    again_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredShuttle:
    """What one shuttle is doing and is to do.

    Parameters
    ----------
    battery
        Whether it had one, so that its level means anything.
    written
        Whether the first stop was the first one when times were last worked out.
    awaited
        Whom it picks up once another shuttle has acknowledged that it will not.
    targets
        Where each plan that was not acknowledged yet sends it first.
    parking
        Where it is to wait for its next work, by the plan that says so.
    fault_s, fault_stop, repaired_s
        When it last broke down, where it let everybody off, and when it was repaired; -1: never.
    leases
        Whom it may pick up, as far as it was ever told.
    unanswered_s
        Since when a plan waits to be acknowledged; -1: none does.
    grant_s
        When it is to get its next leases; -1: it has all.
    holder
        To which other zone it belongs, as far as is known here; absent: to this one.
    handed
        How often it was handed over from zone to zone, as far as is known here.
    lending
        If it is to be lent.
    moved_s
        When it last set off or arrived.
    unconfirmed
        Its last hand-over, until that is known to have taken effect.
    guest
        Whether another zone is its home.
    """

    shuttle_id: ShuttleId
    revision: int
    battery: bool
    where: Whereabouts
    stopovers: tuple[StoredStopover, ...]
    written: bool
    aboard: tuple[StoredParty, ...]
    awaited: tuple[RideId, ...]
    targets: tuple[Target, ...]
    parking: Target | None
    fault_s: int
    fault_stop: int
    repaired_s: int
    booked: tuple[Booking, ...]
    leases: tuple[StoredLease, ...]
    unanswered_s: int
    grant_s: int
    holder: ZoneId | None = None
    handed: int = 0
    lending: Lending | None = None
    moved_s: int = -1
    unconfirmed: Unconfirmed | None = None
    guest: bool = False

    @property
    def is_lent(self) -> bool:
        """Whether it is not where it is at home, or is to leave, as far as this zone knows."""
        return self.lending is not None or (self.holder is None) == self.guest


class WaitingRequest(NamedTuple):
    """A request that waits for a batch: from when on it wants one, and when it is answered.

    ``useful_until_s``: until when somebody waits for that, if it is known.
    """

    ride_id: RideId
    from_s: int
    due_s: int
    useful_until_s: int | None = None


class Withdrawn(NamedTuple):
    """A ride that a shuttle is to let go, by which of its plans, and how long that is awaited."""

    ride_id: RideId
    shuttle_id: ShuttleId
    revision: int
    until_s: int


class Sought(NamedTuple):
    """A ride for which a shuttle is sought: how long, and when the next time."""

    ride_id: RideId
    until_s: int
    next_s: int


class StoredMove(NamedTuple):
    """A ride on its way from one shuttle's plan to another's."""

    ride_id: RideId
    giver: ShuttleId
    revision: int
    taker: ShuttleId
    until_s: int


class WantsCharge(NamedTuple):
    """A shuttle that asks for a plug, and when next."""

    shuttle_id: ShuttleId
    from_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredZone:
    """What a zone knows beside rides, shuttles and roads.

    Parameters
    ----------
    layout
        By which numbers go which stops and roads (`network.layout`).
    duties_until_s
        Up to when the shuttles' tasks are laid out.
    disruptions
        How often a shuttle broke down, or a road was closed or opened.
    booked_min
        How many minutes have room for bookings.
    shuttle_ids, heard_s
        When each shuttle was last heard of.
    """

    now_s: int
    layout: str
    duties_until_s: int
    disruptions: int
    booked_min: int
    shuttle_ids: tuple[ShuttleId, ...]
    heard_s: tuple[int, ...]
    waiting: tuple[WaitingRequest, ...]
    withdrawn: tuple[Withdrawn, ...]
    sought: tuple[Sought, ...]
    moves: tuple[StoredMove, ...]
    charging: tuple[WantsCharge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoads:
    """Closed roads, and when shuttles may not drive.

    Parameters
    ----------
    closed
        Links that are closed.
    changed_s
        When that last changed; -1: never.
    """

    version: int
    closures: tuple[CloseRoads, ...]
    domain: RestrictDriving
    closed: tuple[int, ...]
    changed_s: int

    def said(self) -> RoadsChanged:
        """What shuttles were told of them last."""
        domain = self.domain
        return RoadsChanged(self.version, self.closed, (), domain.restrictions, domain.speed_caps)


class Row(NamedTuple):
    """One row of a zone; without a value, it is not part of the zone any more."""

    kind: RowKind
    id: str
    value: Ride | RideNote | StoredShuttle | StoredZone | StoredRoads | None
