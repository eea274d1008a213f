"""The riders: they ask, accept or not, walk to their stop, wait, and sometimes do not come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp
from typing import Protocol

from services.domain.events import (
    AcceptOffer,
    AnswerDeferred,
    CancelRide,
    Command,
    PromiseChanged,
    RequestRide,
    RideCancelled,
    RideConfirmed,
    RideEvent,
    RideOffered,
    RideRefused,
)
from services.domain.ids import CallerId, RideId, ride_id
from services.domain.ride import Offer, Party, Promise, Request, StopWalk
from services.domain.territory import Promises
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.demand import Trip

CALLER = CallerId("simulation")
NEVER_S = 2**40
NO_SHOW_SHARE = 0.02
THINK_S = (5, 45)
"""Shortest and longest time that a rider thinks about an offer."""
WALK_VARIATION = 0.15
INDIFFERENT = 2.5
"""Waits plus walks, as multiples of half an hour, at which every second rider declines."""
STEEPNESS = 3.0


@dataclass(slots=True)
class Rider:
    """One party of the demand, and how far it has come."""

    trip: Trip
    request: Request
    offer: Offer | None = None
    confirmed: bool = False
    gone: bool = False
    waiting: bool = False
    """Whether it was told that its answer comes later."""
    answered_s: int | None = None
    """When it got an offer or was refused."""


class Will(Protocol):
    """What riders do of their own accord."""

    def think_s(self, rider: Rider, offer: Offer) -> int:
        """For how long a rider thinks about an offer."""

    def accepts(self, rider: Rider, offer: Offer) -> bool:
        """Whether a rider takes an offer."""

    def comes(self, rider: Rider) -> bool:
        """Whether a rider who has a promise comes to the stop."""


class DrawnWill:
    """What riders do by the dice.

    Parameters
    ----------
    promises
        How people walk.
    chance
        Dice.
    """

    def __init__(self, promises: Promises, chance: Chance) -> None:
        self._promises = promises
        self._chance = chance

    def think_s(self, rider: Rider, _offer: Offer) -> int:
        """For how long a rider thinks about an offer."""
        low_s, high_s = THINK_S
        return low_s + int(self._chance.uniform("think", rider.trip.request_id) * (high_s - low_s))

    def accepts(self, rider: Rider, offer: Offer) -> bool:
        """Whether a rider takes an offer."""
        share = willingness(self._promises, offer.promise, rider.trip.departure_s)
        return self._chance.happens(share, "accept", rider.trip.request_id)

    def comes(self, rider: Rider) -> bool:
        """Whether a rider who has a promise comes to the stop."""
        return not self._chance.happens(NO_SHOW_SHARE, "no-show", rider.trip.request_id)


def willingness(promises: Promises, promise: Promise, departure_s: int) -> float:
    """Share of riders who take an offer: a logistic curve over its wait and its walks."""
    walks_s = promises.walk_s(promise.walk_to_m + promise.walk_from_m)
    burden = (promise.pickup_to_s - departure_s + walks_s) / 1800
    return 1 / (1 + exp(-STEEPNESS * (INDIFFERENT - burden)))


class Riders:
    """Everybody who asks for a ride.

    Parameters
    ----------
    promises
        How people walk.
    chance
        Dice; off: every offer is accepted at once, and everybody comes in time.
    agenda
        Where they enter what they will do.
    send
        Takes their commands.
    """

    def __init__(
        self,
        promises: Promises,
        chance: Chance,
        agenda: Agenda,
        send: Callable[[Command], None],
    ) -> None:
        self._promises = promises
        self._chance = chance
        self._agenda = agenda
        self._send = send
        self.will: Will = DrawnWill(promises, chance)
        self.riders: dict[RideId, Rider] = {}

    def add(
        self, trip: Trip, origins: tuple[StopWalk, ...], destinations: tuple[StopWalk, ...]
    ) -> Rider:
        """Add a party that will ask at its time."""
        rider = Rider(
            trip,
            Request(
                ride_id=ride_id(CALLER, trip.request_id),
                party=Party(seats=trip.seats, wheelchairs=trip.wheelchairs),
                origins=origins,
                destinations=destinations,
                departure_s=trip.departure_s,
                arrive_by_s=trip.arrive_by_s,
            ),
        )
        self.riders[rider.request.ride_id] = rider
        self._agenda.at(trip.request_s, lambda: self._send(RequestRide(rider.request)))
        if trip.cancel_s is not None:
            self._agenda.at(trip.cancel_s, lambda: self._cancel(rider))
        return rider

    def hear(self, event: RideEvent) -> None:
        """React to what the dispatcher says."""
        rider = self.riders.get(event.ride_id) if event.ride_id is not None else None
        if rider is None:
            return
        if isinstance(event, AnswerDeferred):
            rider.waiting = True
        if isinstance(event, RideOffered | RideRefused):
            rider.waiting, rider.answered_s = False, self._agenda.now_s
        if isinstance(event, RideOffered):
            rider.offer = event.offer
            self._think(rider, event.offer)
        elif isinstance(event, PromiseChanged) and rider.offer is not None:
            rider.offer = replace(rider.offer, promise=event.promise)
        elif isinstance(event, RideConfirmed):
            rider.confirmed = True
        elif isinstance(event, RideCancelled):
            rider.gone = True

    def present_s(self, ride: RideId) -> int:
        """When a party is at its stop; never, if it does not come."""
        rider = self.riders.get(ride)
        if rider is None or not rider.confirmed or rider.gone or rider.offer is None:
            return NEVER_S
        name = rider.trip.request_id
        if not self.will.comes(rider):
            return NEVER_S
        walk_s = self._promises.walk_s(rider.offer.promise.walk_to_m)
        walk_s = -(-walk_s * self._chance.permille(WALK_VARIATION, "walk", name) // 1000)
        # Whoever has a promised window comes for its beginning.
        set_off_s = max(rider.trip.departure_s, rider.offer.promise.pickup_from_s - walk_s)
        return set_off_s + walk_s

    def pickup_from_s(self, ride: RideId) -> int:
        """From when the party was promised to be picked up."""
        rider = self.riders.get(ride)
        return 0 if rider is None or rider.offer is None else rider.offer.promise.pickup_from_s

    def seats(self, ride: RideId) -> tuple[int, int]:
        """Seats and wheelchair places that the party takes."""
        load = self.riders[ride].request.party.load
        return load.seats, load.wheelchairs

    def _think(self, rider: Rider, offer: Offer) -> None:
        if not self._chance.on:
            self._send(AcceptOffer(rider.request.ride_id))
            return
        think_s = self.will.think_s(rider, offer)
        self._agenda.at(self._agenda.now_s + think_s, lambda: self._decide(rider, offer))

    def _decide(self, rider: Rider, offer: Offer) -> None:
        ride = rider.request.ride_id
        if self.will.accepts(rider, offer):
            self._send(AcceptOffer(ride))
        else:
            self._send(CancelRide(ride))

    def _cancel(self, rider: Rider) -> None:
        if rider.offer is not None or rider.waiting:
            self._send(CancelRide(rider.request.ride_id))
