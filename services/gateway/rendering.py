"""Rides and events as callers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
from services.domain.ride import Offer, Refusal
from services.domain.zone_crossing import RideReferred
from services.gateway.bodies import (
    ExpectedOut,
    OfferOut,
    RefusalOut,
    RemedyOut,
    RideOut,
    StopOut,
)
from services.gateway.seen import Seen
from services.gateway.view import Happening
from services.gateway.words import REASONS, remedy_text
from services.network.stops import Stops
from services.runtime.clock import ServiceDay

EVENT_NAMES: dict[type[RideEvent], str] = {
    AnswerDeferred: "deferred",
    RideOffered: "offered",
    RideRefused: "refused",
    RideConfirmed: "confirmed",
    OfferExpired: "expired",
    RideCancelled: "cancelled",
    RideRetimed: "retimed",
    RideReassigned: "reassigned",
    RideLetOff: "let_off",
    PromiseChanged: "promise_changed",
    RideBoarded: "boarded",
    RideCompleted: "completed",
    RideNoShow: "no_show",
    RideFailed: "failed",
    CommandTurnedDown: "turned_down",
    ReportMarked: "marked",
    RideReferred: "referred",
}
"""Names of server-sent events."""


class Rendering:
    """Turns stop numbers and seconds into names and times.

    Parameters
    ----------
    stops
        The territory's stops.
    day
        The service day from which seconds count.
    """

    def __init__(self, stops: Stops, day: ServiceDay) -> None:
        self._stops = stops
        self._day = day

    def ride(self, seen: Seen) -> RideOut:
        """Show a ride."""
        expected = None
        if seen.retimed is not None:
            expected = ExpectedOut(
                pickup=self.moment(seen.retimed.expected_pickup_s),
                arrival=self.moment(seen.retimed.expected_arrival_s),
                promise_kept=seen.retimed.promise_kept,
            )
        return RideOut(
            id=seen.ride_id,
            status=seen.status,
            offer=self._offer(seen.offer) if seen.offer else None,
            refusal=_refusal(seen.refusal) if seen.refusal else None,
            shuttle=seen.shuttle_id,
            expected=expected,
            failure=seen.failure,
            answer_by=None if seen.answer_by_s is None else self.moment(seen.answer_by_s),
        )

    def happening(self, one: Happening) -> dict[str, Any]:
        """Show an event, with the ride as it was after it."""
        shown: dict[str, Any] = {
            "at": datetime.fromtimestamp(one.at_ms / 1000, self._day.moment(0).tzinfo).isoformat(
                timespec="seconds"
            ),
            "ride": self.ride(one.after).model_dump(mode="json"),
        }
        if isinstance(one.event, CommandTurnedDown):
            shown["reason"] = one.event.reason
        return shown

    def _offer(self, offer: Offer) -> OfferOut:
        promise = offer.promise
        return OfferOut(
            pickup_stop=self._stops.ids[promise.pickup_stop],
            dropoff_stop=self._stops.ids[promise.dropoff_stop],
            pickup_from=self.moment(promise.pickup_from_s),
            pickup_to=self.moment(promise.pickup_to_s),
            arrival_by=self.moment(promise.arrive_by_s),
            walk_to_m=promise.walk_to_m,
            walk_from_m=promise.walk_from_m,
            expires_at=self.moment(offer.expires_s),
            pickup=self._stop(promise.pickup_stop),
            dropoff=self._stop(promise.dropoff_stop),
        )

    def _stop(self, stop: int) -> StopOut:
        return StopOut(
            name=self._stops.names[stop],
            lon=float(self._stops.lon[stop]),
            lat=float(self._stops.lat[stop]),
        )

    def moment(self, at_s: int) -> datetime:
        """Show a moment."""
        return self._day.moment(at_s)


def _refusal(refusal: Refusal) -> RefusalOut:
    remedies = [
        RemedyOut(relaxation=one.relaxation, amount=one.amount, text=remedy_text(one))
        for one in refusal.remedies
    ]
    return RefusalOut(
        reason=refusal.reason,
        text=REASONS[refusal.reason],
        remedy=remedies[0].text if remedies else None,
        remedies=remedies,
    )
