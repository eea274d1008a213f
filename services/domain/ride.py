"""A ride: who travels, what was promised, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.domain.ids import RideId, ShuttleId, ZoneId


class Load(NamedTuple):
    """What takes up room in a shuttle, or the room that there is; one field a dimension."""

    seats: int
    wheelchairs: int
    luggage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """People who travel together and are never split.

    Parameters
    ----------
    seats
        Seats for the riders themselves.
    wheelchairs
        Riders who stay in their wheelchair; each takes a wheelchair place.
    luggage
        Large pieces.
    companions
        Carers who travel along; each takes a seat.
    """

    seats: int = 1
    wheelchairs: int = 0
    luggage: int = 0
    companions: int = 0

    def __post_init__(self) -> None:
        if min(self.seats, self.wheelchairs, self.luggage, self.companions) < 0:
            raise ValueError("a party's numbers are never negative")
        if self.seats + self.wheelchairs < 1:
            raise ValueError("a party has at least one rider")

    @property
    def load(self) -> Load:
        """The room that the party takes up."""
        return Load(self.seats + self.companions, self.wheelchairs, self.luggage)


class Status(StrEnum):
    """Where a ride stands."""

    REQUESTED = "requested"
    OFFERED = "offered"
    REFUSED = "refused"
    REFERRED = "referred"
    """It belongs to another zone."""
    CONFIRMED = "confirmed"
    ABOARD = "aboard"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"
    FAILED = "failed"


NEXT: dict[Status, frozenset[Status]] = {
    Status.REQUESTED: frozenset(
        {Status.OFFERED, Status.REFUSED, Status.REFERRED, Status.CANCELLED, Status.EXPIRED}
    ),
    Status.OFFERED: frozenset({Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED}),
    Status.CONFIRMED: frozenset({Status.ABOARD, Status.CANCELLED, Status.NO_SHOW, Status.FAILED}),
    Status.ABOARD: frozenset({Status.COMPLETED, Status.FAILED}),
}
"""The life cycle: what may follow what by command or plan; absent means forbidden.

A physical fact may correct a status against this table: boarded or left unforeseen (it is then
marked), or let off by a shuttle that broke down (confirmed again, another one takes the party on).
"""

TERMINAL = frozenset(status for status in Status if status not in NEXT)


class StopWalk(NamedTuple):
    """A stop within reach of a place: its number, and the walk in whole metres."""

    stop: int
    walk_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the rider can rely on.

    Pickup time is when boarding ends, dropoff time when alighting starts; seconds after midnight of
    the service day.
    """

    pickup_stop: int
    dropoff_stop: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    ride_s_max: int
    walk_to_m: int
    walk_from_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A promise that holds its seats until ``expires_s``, if the rider accepts it by then."""

    promise: Promise
    expires_s: int


class Constraint(StrEnum):
    """What can stand between a request and a shuttle."""

    WALK_TO_STOP = "walk_to_stop"
    WALK_FROM_STOP = "walk_from_stop"
    SAME_STOP = "same_stop"
    UNREACHABLE = "unreachable"
    SERVICE_HOURS = "service_hours"
    PARTY_SIZE = "party_size"
    SEATS = "seats"
    RIDE_TIME = "ride_time"
    ARRIVAL = "arrival"
    WAIT = "wait"
    ENERGY = "energy"
    OPERATING_DOMAIN = "operating_domain"
    SUPERVISION = "supervision"
    FLEET = "fleet"


class Relaxation(StrEnum):
    """One dimension in which a refused request could give way."""

    LEAVE_LATER_S = "leave_later_s"
    ARRIVE_LATER_S = "arrive_later_s"
    WALK_FURTHER_M = "walk_further_m"
    FEWER_SEATS = "fewer_seats"
    RIDE_LONGER_S = "ride_longer_s"


@dataclass(frozen=True, slots=True)
class Remedy:
    """The smallest change in one dimension that would have worked, all else as asked."""

    relaxation: Relaxation
    amount: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a ride was refused, and what would have worked (smallest change first; may be empty)."""

    reason: Constraint
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A ride that somebody asks for, as the dispatcher sees it: stops, no homes.

    Parameters
    ----------
    origins, destinations
        Stops near the two ends, nearest first. Those beyond the walking limit are only used to say
        what a longer walk would have brought.
    departure_s
        When the rider leaves the origin; the walk to the stop comes on top.
    arrive_by_s
        When the rider must be at the destination, walk included.
    """

    ride_id: RideId
    party: Party
    origins: tuple[StopWalk, ...]
    destinations: tuple[StopWalk, ...]
    departure_s: int
    arrive_by_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """A request and all that became of it.

    Parameters
    ----------
    changed
        What is promised instead of the offer, since that cannot be meant any more.
    picked_up_s
        When it was first picked up.
    let_off_s
        When it was let off on the way, because its shuttle broke down or may not drive on.
    changing
        It gets off, or got off, at a stop only to go on from there with another shuttle.
    failure
        Why it failed.
    referrals, referred_to
        How many zones could not serve it before, and to which this one referred it.
    turned_down
        Its offer was accepted too late: who was told so is not told otherwise later.
    """

    request: Request
    requested_s: int
    status: Status = Status.REQUESTED
    offer: Offer | None = None
    refusal: Refusal | None = None
    shuttle_id: ShuttleId | None = None
    picked_up_s: int | None = None
    dropped_off_s: int | None = None
    expected_pickup_s: int | None = None
    expected_arrival_s: int | None = None
    changed: Promise | None = None
    let_off_s: int | None = None
    changing: bool = False
    failure: str | None = None
    referrals: int = 0
    referred_to: ZoneId | None = None
    turned_down: bool = False

    @property
    def id(self) -> RideId:
        """The ride's id."""
        return self.request.ride_id

    @property
    def promise(self) -> Promise:
        """What is promised; only rides that were offered have one."""
        if self.changed is not None:
            return self.changed
        assert self.offer is not None, f"ride {self.id} was never offered"
        return self.offer.promise
