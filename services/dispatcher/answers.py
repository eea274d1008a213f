"""Requests and what is said to them: an offer, a second look, or a refusal.

A request is answered at once by best insertion. One that finds no place as things are planned can
wait for a second look: a batch that moves other rides to make room. A territory may also let all
requests wait a little and answer them together. In each case the zone's own timer answers whoever
still waits when the time is over.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from typing import NamedTuple

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.fleet import Shuttles
from services.dispatcher.offers import Terms
from services.dispatcher.publication import Publisher
from services.dispatcher.refusals import nearer, refuse
from services.domain.events import (
    AnswerDeferred,
    CommandTurnedDown,
    Event,
    OfferExpired,
    RequestRide,
    RideOffered,
    RideRefused,
)
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Constraint, Offer, Refusal, Request, Ride, Status, StopWalk
from services.domain.shuttle import Shuttle
from services.domain.zone_crossing import RideReferred
from services.domain.zone_state import WaitingRequest
from services.network.driving import is_hindered

ANYWHERE = frozenset(
    {
        Constraint.WALK_TO_STOP,
        Constraint.WALK_FROM_STOP,
        Constraint.SAME_STOP,
        Constraint.UNREACHABLE,
        Constraint.SERVICE_HOURS,
    }
)
"""What stands between a request and any zone's shuttles alike."""


class Asked(NamedTuple):
    """A request that waits, between the stops that a batch tries.

    Parameters
    ----------
    window_s
        Earliest boarding and latest end of boarding.
    drop_by_s, ride_s_max
        Latest arrival and longest ride; all less the reserve.
    stop_s
        What the party's boarding takes.
    """

    ride: Ride
    pickup: StopWalk
    dropoff: StopWalk
    window_s: tuple[int, int]
    drop_by_s: int
    ride_s_max: int
    stop_s: int


class Answers:
    """Answers requests.

    Parameters
    ----------
    fleet, rides
        The zone's shuttles and rides; changed in place.
    publisher
        Issues plans.
    terms
        The territory's rules.
    search
        Best insertion into the fleet as it is now.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: dict[RideId, Ride],
        publisher: Publisher,
        terms: Terms,
        search: Callable[..., list[int]],
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self.terms = terms
        self._search = search
        self._dispatch = terms.territory.dispatch
        self._kinds = _kinds(fleet)
        self._expiries: list[tuple[int, RideId]] = []
        self._due: list[tuple[int, RideId, int | None]] = []
        self.waiting: dict[RideId, int] = {}
        """Requests that wait for a batch, and from when on they want one."""
        self.neighbour: Callable[[Request], ZoneId | None] = lambda _request: None
        """To which other zone a request can be referred."""
        self.before: Callable[[RideId], None] | None = None
        """Told just before a request is answered, so that somebody can look at the zone then."""

    def searching(self, search: Callable[..., list[int]]) -> Answers:
        """The same with another search, and rules that can be changed."""
        made = copy(self)
        made._search = search
        return made

    def next_due_s(self) -> int | None:
        """When the next offer lapses, or the next request has waited long enough."""
        while self._due and self._due[0][1] not in self.waiting:
            heapq.heappop(self._due)
        while self._expiries and not self._is_offered(self._expiries[0][1]):
            heapq.heappop(self._expiries)
        due_s = [self._expiries[0][0] + 1] if self._expiries else []
        return min((*due_s, *(at_s for at_s, *_ in self._due[:1])), default=None)

    def is_new(self, asked: RequestRide, now_s: int, events: list[Event]) -> bool:
        """Whether a request has not taken effect before, and names stops that there are."""
        request = asked.request
        if request.ride_id in self._rides:
            return False
        stops = len(self._fleet.ways.stop_mm)
        if all(0 <= near.stop < stops for near in (*request.origins, *request.destinations)):
            return True
        if asked.refusal is not None:  # of the zone that referred it; its rider waits for an answer
            self._refuse(_ride(asked, now_s), asked.refusal, events)
        else:
            events.append(CommandTurnedDown(request.ride_id, "request", "no such stop"))
        return False

    def too_late(self, asked: RequestRide, now_s: int, events: list[Event]) -> None:
        """Let a request expire whose answer nobody waits for any more: it holds no seats."""
        ride = replace(_ride(asked, now_s), status=Status.EXPIRED)
        self._rides[ride.id] = ride
        events.append(OfferExpired(ride.id))

    def request(self, asked: RequestRide, now_s: int, events: list[Event]) -> None:
        """Take a new request."""
        ride = _ride(asked, now_s)
        possible = self.terms.obstacle(ride.request) is None
        collect_s = self._dispatch.answer_after_s
        if possible and not collect_s and self._insert(ride, now_s, events):
            return
        if possible and (collect_s or self._dispatch.second_look):
            self._rides[ride.id] = ride
            self.waiting[ride.id] = now_s + collect_s
            due_s = now_s + self._dispatch.answer_s_max
            heapq.heappush(self._due, (due_s, ride.id, asked.useful_until_s))
            events.append(AnswerDeferred(ride.id, due_s))
            return
        if not possible:
            self._look(ride.id)
        refusal = self._refusal(ride, now_s)
        if not self._refer(ride, refusal, asked.useful_until_s, events):
            self._refuse(ride, refusal, events)

    def answer(self, request: Request, now_s: int, events: list[Event]) -> None:
        """Answer a request here and at once, whether or not requests wait or can be referred."""
        ride = Ride(request=request, requested_s=now_s)
        if not self._insert(ride, now_s, events):
            self._refuse(ride, self._refusal(ride, now_s), events)

    def lapsed(self, now_s: int) -> list[Ride]:
        """Rides still offered whose offer holds no more."""
        lapsed = []
        while self._expiries and self._expiries[0][0] < now_s:
            _, ride_id = heapq.heappop(self._expiries)
            if self._is_offered(ride_id):
                lapsed.append(self._rides[ride_id])
        return lapsed

    def _is_offered(self, ride_id: RideId) -> bool:
        ride = self._rides.get(ride_id)
        return ride is not None and ride.status is Status.OFFERED

    def stored(self) -> tuple[WaitingRequest, ...]:
        """Who waits, as values."""
        due_s = {ride_id: (at_s, useful_s) for at_s, ride_id, useful_s in self._due}
        return tuple(WaitingRequest(r, from_s, *due_s[r]) for r, from_s in self.waiting.items())

    def restore(self, waiting: Iterable[WaitingRequest]) -> None:
        """Go on with those who waited, and with the offers that hold."""
        for ride_id, from_s, due_s, useful_until_s in waiting:
            self.waiting[ride_id] = from_s
            heapq.heappush(self._due, (due_s, ride_id, useful_until_s))
        for ride in self._rides.values():
            if ride.status is Status.OFFERED and ride.offer is not None:
                heapq.heappush(self._expiries, (ride.offer.expires_s, ride.id))

    def answer_due(self, now_s: int, events: list[Event]) -> None:
        """Answer those who have waited long enough."""
        while self._due and self._due[0][0] <= now_s:
            _, ride_id, useful_until_s = heapq.heappop(self._due)
            if self.waiting.pop(ride_id, None) is None:
                continue
            ride = self._rides[ride_id]
            if self._insert(ride, now_s, events):
                continue
            refusal = self._refusal(ride, now_s)
            if useful_until_s is not None:  # who has waited till now, waits as long once more
                useful_until_s += now_s - ride.requested_s
            if not self._refer(ride, refusal, useful_until_s, events):
                self._refuse(ride, refusal, events)

    def asked(self, ride_id: RideId, now_s: int) -> Asked:
        """A request that waits, as a batch tries it: between the stops nearest to its ends."""
        ride, terms = self._rides[ride_id], self.terms
        origins, destinations = (
            terms.tried(ride.request.origins),
            terms.tried(ride.request.destinations),
        )
        ask = terms.ask(ride.request, origins, destinations, now_s)
        a, b = min(
            (
                (a, b)
                for a, near in enumerate(origins)
                for b, far in enumerate(destinations)
                if near.stop != far.stop
            ),
            key=lambda pair: (origins[pair[0]].walk_m + destinations[pair[1]].walk_m, pair),
        )
        return Asked(
            ride=ride,
            pickup=origins[a],
            dropoff=destinations[b],
            window_s=(int(ask.pickups[a, c.P_EARLIEST]), int(ask.pickups[a, c.P_PICK_BY])),
            drop_by_s=int(ask.dropoffs[b, c.D_DROP_BY]),
            ride_s_max=int(ask.pairs[a, b, c.E_LIMIT]),
            stop_s=int(ask.party[c.A_PARTY_S]),
        )

    def pencil_in(self, ride_id: RideId, now_s: int) -> None:
        """Treat a request that waits as offered, with all the room that it leaves."""
        self._look(ride_id)
        asked = self.asked(ride_id, now_s)
        earliest_s, pick_by_s = asked.window_s
        to_s = pick_by_s + self.terms.reserve_s
        promise = self.terms.promise(
            asked.ride.request,
            asked.pickup,
            asked.dropoff,
            (earliest_s, earliest_s, to_s, pick_by_s),
        )
        wide = replace(promise, pickup_from_s=earliest_s, pickup_to_s=to_s)
        offer = Offer(promise=wide, expires_s=now_s + self.terms.promises.offer_s)
        self._rides[ride_id] = replace(asked.ride, status=Status.OFFERED, offer=offer)
        self._fleet.forget(ride_id)

    def rub_out(self, ride_id: RideId) -> None:
        """Take that back: the request waits on."""
        ride = self._rides[ride_id]
        self._rides[ride_id] = replace(ride, status=Status.REQUESTED, offer=None, shuttle_id=None)
        self._fleet.forget(ride_id)

    def ink_in(self, ride_id: RideId, times_s: tuple[int, int], now_s: int) -> bool:
        """Narrow the promise to what is planned: when boarding is to start and to end.

        False if that is later than may be promised.
        """
        asked, ride = self.asked(ride_id, now_s), self._rides[ride_id]
        (earliest_s, pick_by_s), (start_s, picked_s) = asked.window_s, times_s
        promise = self.terms.promise(
            ride.request,
            asked.pickup,
            asked.dropoff,
            (earliest_s, start_s, picked_s, pick_by_s + self.terms.reserve_s),
        )
        offer = Offer(promise=promise, expires_s=now_s + self.terms.promises.offer_s)
        self._rides[ride_id] = replace(ride, offer=offer)
        self._fleet.forget(ride_id)
        return picked_s <= pick_by_s

    def offered(self, ride_id: RideId, events: list[Event]) -> None:
        """Tell the rider, and hold the seats for a while."""
        ride = self._rides[ride_id]
        assert ride.offer is not None
        assert ride.shuttle_id is not None
        if ride.refusal is not None:  # of the zone that referred it
            self._rides[ride_id] = replace(ride, refusal=None)
        self.waiting.pop(ride_id, None)
        heapq.heappush(self._expiries, (ride.offer.expires_s, ride.id))
        events.append(RideOffered(ride.id, ride.shuttle_id, ride.offer))

    def best(self, request: Request, now_s: int) -> tuple[Ask, list[int]] | None:
        """Best insertion of a request as it was asked, with the arrays that it was searched by."""
        terms = self.terms
        if terms.obstacle(request) is not None:
            return None
        origins, destinations = terms.tried(request.origins), terms.tried(request.destinations)
        ask = terms.ask(request, origins, destinations, now_s)
        found = self._search(ask)
        return (ask, found) if found[c.F_VALUE] >= 0 else None

    def _insert(self, ride: Ride, now_s: int, events: list[Event]) -> bool:
        """Offer the cheapest place in the plans as they are; false if there is none."""
        self._look(ride.id)
        best = self.best(ride.request, now_s)
        if best is None:
            return False
        found, fleet = best[1], self._fleet
        fleet.settle(found[c.F_SHUTTLE], now_s)
        offer = self._offer_of(ride.request, *best, now_s)
        k = found[c.F_SHUTTLE]
        before = self._publisher.broken(k)
        shuttle_id = fleet.routes[k].shuttle.id
        self._rides[ride.id] = replace(
            ride, status=Status.OFFERED, offer=offer, shuttle_id=shuttle_id
        )
        fleet.insert(found, ride.id, offer.promise.pickup_stop, offer.promise.dropoff_stop)
        # The plan goes out with the offer, so that the promise stays possible.
        self.offered(ride.id, events)
        self._publisher.publish(k, now_s, events, before)
        return True

    def _offer_of(self, request: Request, ask: Ask, found: list[int], now_s: int) -> Offer:
        """What to promise, if a request is inserted where the search found its place."""
        terms, fleet = self.terms, self._fleet
        pickup = terms.tried(request.origins)[found[c.F_PICKUP]]
        dropoff = terms.tried(request.destinations)[found[c.F_DROPOFF]]
        window = ask.pickups[found[c.F_PICKUP]].tolist()
        start_s = found[c.F_PICKUP_S] - int(ask.party[c.A_BASE_S] + ask.party[c.A_PARTY_S])
        if found[c.F_PICK_MERGED]:
            visit = fleet.arrays.visits[found[c.F_SHUTTLE], found[c.F_PICK]]
            start_s = max(int(visit[c.V_START]), window[c.P_EARLIEST])
        pick_by_s = window[c.P_PICK_BY] + terms.reserve_s
        times_s = (window[c.P_EARLIEST], start_s, found[c.F_PICKUP_S], pick_by_s)
        promise = terms.promise(request, pickup, dropoff, times_s)
        return Offer(promise=promise, expires_s=now_s + terms.promises.offer_s)

    def _look(self, ride_id: RideId) -> None:
        if self.before is not None:
            self.before(ride_id)

    def _refusal(self, ride: Ride, now_s: int) -> Refusal:
        load = ride.request.party.load
        too_large = not any(shuttle.fits(load) for shuttle in self._kinds)
        seen = self._fleet.seen(now_s)
        return refuse(
            ride.request,
            self.terms,
            lambda ask: self._search(ask, seen=seen),
            now_s,
            too_large=too_large,
            restricted=bool(is_hindered(self._fleet.ways)),
        )

    def _refer(
        self, ride: Ride, refusal: Refusal, useful_until_s: int | None, events: list[Event]
    ) -> bool:
        """Send a request on to another zone, if that may have a shuttle for it; once."""
        if ride.referrals or refusal.reason in ANYWHERE:
            return False
        to = self.neighbour(ride.request)
        if to is None:
            return False
        referred = replace(ride, status=Status.REFERRED, refusal=refusal, referred_to=to)
        self._rides[ride.id] = referred
        events.append(RideReferred(ride.id, to, ride.request, refusal, useful_until_s))
        return True

    def _refuse(self, ride: Ride, refusal: Refusal, events: list[Event]) -> None:
        if ride.refusal is not None and ride.refusal is not refusal:
            refusal = nearer(ride.refusal, refusal, ride.request, self.terms)
        self._rides[ride.id] = replace(ride, status=Status.REFUSED, refusal=refusal)
        events.append(RideRefused(ride.id, refusal))


def _ride(asked: RequestRide, now_s: int) -> Ride:
    """A ride as it is asked for; what another zone would have said goes with it."""
    return Ride(
        request=asked.request,
        requested_s=now_s,
        refusal=asked.refusal,
        referrals=asked.referrals,
    )


def _kinds(fleet: Shuttles) -> tuple[Shuttle, ...]:
    """One shuttle of each kind of room."""
    shuttles = [route.shuttle for route in fleet.routes]
    return tuple({(s.capacity, s.seats_per_wheelchair): s for s in shuttles}.values())
