"""A ride as its events, or the store, tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from services.domain.events import (
    AnswerDeferred,
    CommandTurnedDown,
    OfferExpired,
    PromiseChanged,
    ReportMarked,
    RideBoarded,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideEvent,
    RideFailed,
    RideLetOff,
    RideNoShow,
    RideOffered,
    RideReassigned,
    RideRefused,
    RideRetimed,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Offer, Refusal, Status
from services.domain.zone_crossing import RideReferred
from services.runtime.ports import StoredRide


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A ride as its events tell it."""

    ride_id: RideId
    zone: ZoneId
    status: Status = Status.REQUESTED
    offer: Offer | None = None
    refusal: Refusal | None = None
    shuttle_id: ShuttleId | None = None
    retimed: RideRetimed | None = None
    failure: str | None = None
    answer_by_s: int | None = None


def seen_in(stored: StoredRide) -> Seen:
    """Return a ride as the store has it."""
    ride = stored.ride
    retimed = None
    if ride.offer is not None and (pickup_s := ride.expected_pickup_s) is not None:
        promise, arrival_s = ride.promise, ride.expected_arrival_s or 0
        kept = pickup_s <= promise.pickup_to_s and arrival_s <= promise.arrive_by_s
        retimed = RideRetimed(ride.id, pickup_s, arrival_s, kept)
    if ride.referred_to is not None:  # nothing is known yet of what the receiver says
        return Seen(ride_id=ride.id, zone=ride.referred_to)
    return Seen(
        ride_id=ride.id,
        zone=stored.zone,
        status=ride.status,
        offer=None if ride.offer is None else replace(ride.offer, promise=ride.promise),
        refusal=ride.refusal,
        shuttle_id=ride.shuttle_id,
        retimed=retimed,
        failure=ride.failure,
    )


def evolve(seen: Seen, event: RideEvent) -> Seen:
    """Return the ride as it is after an event."""
    match event:
        case AnswerDeferred(until_s=until_s):
            return replace(seen, answer_by_s=until_s)
        case RideOffered(shuttle_id=shuttle_id, offer=offer):
            offered = replace(seen, status=Status.OFFERED, shuttle_id=shuttle_id, offer=offer)
            return replace(offered, answer_by_s=None)
        case RideRefused(refusal=refusal):
            return replace(seen, status=Status.REFUSED, refusal=refusal, answer_by_s=None)
        case RideConfirmed():
            return replace(seen, status=Status.CONFIRMED)
        case OfferExpired():
            return replace(seen, status=Status.EXPIRED)
        case RideCancelled():
            return replace(seen, status=Status.CANCELLED)
        case RideRetimed():
            return replace(seen, retimed=event)
        case RideReassigned(shuttle_id=shuttle_id):
            return replace(seen, shuttle_id=shuttle_id)
        case RideLetOff():
            return replace(seen, status=Status.CONFIRMED)
        case PromiseChanged(promise=promise):
            changed = seen.offer and replace(seen.offer, promise=promise)
            return replace(seen, offer=changed)
        case RideBoarded(shuttle_id=shuttle_id):
            return replace(seen, status=Status.ABOARD, shuttle_id=shuttle_id)
        case RideCompleted(shuttle_id=shuttle_id):
            return replace(seen, status=Status.COMPLETED, shuttle_id=shuttle_id)
        case RideNoShow():
            return replace(seen, status=Status.NO_SHOW)
        case RideFailed(reason=reason):
            return replace(seen, status=Status.FAILED, failure=reason)
        case RideReferred(to=to):
            return replace(seen, zone=to, answer_by_s=None)
        case CommandTurnedDown() | ReportMarked():
            return seen
        case _:
            assert_never(event)
