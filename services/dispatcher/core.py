"""A zone: a pure state machine that answers requests and keeps its promises.

``Zone.apply(message, now_s)`` does no I/O, reads no clock and throws no dice: the same messages at
the same times give the same events. Commands can be turned down; reports are facts and never are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import assert_never

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.breakdowns import Breakdowns
from services.dispatcher.duties import Duties
from services.dispatcher.fleet import Shuttles
from services.dispatcher.insertion import search
from services.dispatcher.offers import Terms
from services.dispatcher.publication import Publisher
from services.dispatcher.rebalancing import Rebalancing
from services.dispatcher.refusals import refuse
from services.dispatcher.reports import Reports
from services.dispatcher.rescue import Rescue
from services.dispatcher.roadworks import Roadworks
from services.dispatcher.silence import Silence
from services.domain.events import (
    AcceptOffer,
    Arrived,
    Boarded,
    CancelRide,
    CloseRoads,
    CommandTurnedDown,
    Departed,
    Event,
    Fault,
    Left,
    Message,
    NotThere,
    OfferExpired,
    OpenRoads,
    ParkProposal,
    Passed,
    PlanAcknowledged,
    Repaired,
    Report,
    RequestRide,
    RideCancelled,
    RideConfirmed,
    RideOffered,
    RideRefused,
    TaskDone,
    WakeUp,
)
from services.domain.ids import RideId
from services.domain.ride import NEXT, Offer, Request, Ride, Status
from services.domain.shuttle import Shuttle
from services.domain.territory import DAY_S
from services.network.driving import ways
from services.network.folder import Network


class Zone:
    """The rides, shuttles and plans of one zone.

    Parameters
    ----------
    network
        The territory with its travel tables.
    shuttles
        Its fleet, parked at its depots.
    """

    def __init__(self, network: Network, shuttles: tuple[Shuttle, ...]) -> None:
        territory = network.territory
        self.territory = territory
        self.rides: dict[RideId, Ride] = {}
        self.fleet = Shuttles(shuttles, ways(network), territory)
        fleet = self.fleet
        self.terms = Terms(territory, lambda a, b: int(fleet.drive_s[a, b]))
        self.now_s = 0
        self._kinds = _kinds(shuttles)
        self.before_answer: Callable[[RideId], None] | None = None
        """Told just before each request is answered, so that somebody can look at the zone then."""
        self._expiries: list[tuple[int, RideId]] = []
        self._publisher = Publisher(self.fleet, self.rides, territory.dispatch.early_s)
        self._rescue = Rescue(
            self.fleet, self.rides, self._publisher, self.search, self.terms.hours
        )
        breakdowns = Breakdowns(
            self.fleet, self.rides, self._publisher, self._rescue, territory.promises.wait_s_max
        )
        ahead_s = territory.promises.book_ahead_s_max + DAY_S
        self._duties = Duties(self.fleet, self.rides, self._publisher, ahead_s)
        self._reports = Reports(
            self.fleet, self.rides, self._publisher, self._rescue, breakdowns, self._duties
        )
        self._silence = Silence(self.fleet, self.rides, self._publisher, self._reports.tell)
        self._roadworks = Roadworks(
            self.fleet, self.rides, self._publisher, self._rescue, self._reports.tell
        )
        self._rebalancing = Rebalancing(self.fleet, self._publisher, territory.dispatch.early_s)

    def apply(self, message: Message, now_s: int) -> tuple[Event, ...]:
        """Take one message, after the timers that fell due before it.

        Parameters
        ----------
        message
            A command, a report, or a wake-up.
        now_s
            Seconds after midnight of the service day; a time before the last step's counts as that.

        Returns
        -------
        tuple of Event
            All that it led to, in order.
        """
        now_s = self.now_s = max(now_s, self.now_s)
        events: list[Event] = []
        if self._expiries and self._expiries[0][0] < now_s:
            self._expire(now_s, events)
        self._roadworks.turn(now_s, events)
        self._rescue.give_up(now_s, events)
        self._silence.break_off(now_s, events)
        self._duties.lay_out(now_s, now_s, events)
        match message:
            case RequestRide(request=request):
                self._request(request, now_s, events)
            case AcceptOffer(ride_id=ride_id):
                self._accept(ride_id, events)
            case CancelRide(ride_id=ride_id):
                self._cancel(ride_id, now_s, events)
            case ParkProposal():
                self._rebalancing.adopt(message, now_s, events)
            case CloseRoads() | OpenRoads():
                self._roadworks.take(message, now_s, events)
            case Passed() | Departed() | Arrived() | Boarded() | Left() | NotThere():
                self._report(message, now_s, events)
            case PlanAcknowledged() | Fault() | Repaired() | TaskDone():
                self._report(message, now_s, events)
            case WakeUp():
                pass
            case _:
                assert_never(message)
        return tuple(events)

    def next_due_s(self) -> int | None:
        """When the zone wants to be woken up, if nothing else comes before."""
        due_s = [self._expiries[0][0] + 1] if self._expiries else []
        timers = (self._rescue, self._silence, self._roadworks)
        later_s = [timer.next_due_s() for timer in timers]
        return min((*due_s, *(s for s in later_s if s is not None)), default=None)

    def search(self, ask: Ask) -> list[int]:
        """Best insertion into the fleet as it is now (``F_`` columns)."""
        fleet = self.fleet
        found = search(fleet.ways, fleet.arrays, ask, self.now_s, fleet.latency_s)
        columns: list[int] = found.tolist()
        return columns

    def best(self, request: Request) -> tuple[Ask, list[int]] | None:
        """Best insertion of a request as it was asked, with the arrays that it was searched by."""
        terms = self.terms
        if terms.obstacle(request) is not None:
            return None
        origins, destinations = terms.tried(request.origins), terms.tried(request.destinations)
        ask = terms.ask(request, origins, destinations, self.now_s)
        found = self.search(ask)
        return (ask, found) if found[c.F_VALUE] >= 0 else None

    def trial(self, shuttles: Sequence[int] | None = None) -> Zone:
        """A zone as this one is now, to try messages on; this one stays as it is.

        Parameters
        ----------
        shuttles
            Numbers of those that are in it, as if there were no others; absent: all.

        Returns
        -------
        Zone
            It shares with this one only what never changes.
        """
        fleet = self.fleet
        chosen = range(len(fleet.routes)) if shuttles is None else shuttles
        memo: dict[int, object] = {
            id(self.territory): self.territory,
            id(self.rides): dict(self.rides),
            id(fleet): fleet.trial(chosen),
            id(self.before_answer): None,
        }
        return deepcopy(self, memo)

    def _report(self, report: Report, now_s: int, events: list[Event]) -> None:
        self._reports.take(report, now_s, events)
        if self.fleet.closed and report.shuttle_id in self.fleet.number:
            k = self.fleet.number[report.shuttle_id]
            if self._roadworks.untangle(k, now_s, events):
                self._reports.tell(k, now_s, events)

    def _request(self, request: Request, now_s: int, events: list[Event]) -> None:
        if request.ride_id in self.rides:
            return  # the same request again: it has taken effect already
        if not self._stops_exist(request):
            events.append(CommandTurnedDown(request.ride_id, "request", "no such stop"))
            return
        self._duties.lay_out(self.terms.latest_s(request), now_s, events)
        if self.before_answer is not None:
            self.before_answer(request.ride_id)
        ride = Ride(request=request, requested_s=now_s)
        best = self.best(request)
        if best is not None:
            self._offer(ride, self._offer_of(request, *best), best[1], events)
            return
        too_large = not any(shuttle.fits(request.party.load) for shuttle in self._kinds)
        refusal = refuse(request, self.terms, self.search, now_s, too_large=too_large)
        self.rides[ride.id] = replace(ride, status=Status.REFUSED, refusal=refusal)
        events.append(RideRefused(ride.id, refusal))

    def _offer_of(self, request: Request, ask: Ask, found: list[int]) -> Offer:
        """What to promise, if a request is inserted where the search found its place."""
        terms, fleet = self.terms, self.fleet
        pickup = terms.tried(request.origins)[found[c.F_PICKUP]]
        dropoff = terms.tried(request.destinations)[found[c.F_DROPOFF]]
        window = ask.pickups[found[c.F_PICKUP]].tolist()
        start_s = found[c.F_PICKUP_S] - int(ask.party[c.A_BASE_S] + ask.party[c.A_PARTY_S])
        if found[c.F_PICK_MERGED]:
            visit = fleet.arrays.visits[found[c.F_SHUTTLE], found[c.F_PICK]]
            start_s = max(int(visit[c.V_START]), window[c.P_EARLIEST])
        times_s = (
            window[c.P_EARLIEST],
            start_s,
            found[c.F_PICKUP_S],
            window[c.P_PICK_BY] + terms.reserve_s,
        )
        promise = terms.promise(request, pickup, dropoff, times_s)
        return Offer(promise=promise, expires_s=self.now_s + terms.promises.offer_s)

    def _stops_exist(self, request: Request) -> bool:
        stops = len(self.fleet.ways.stop_mm)
        return all(0 <= near.stop < stops for near in (*request.origins, *request.destinations))

    def _offer(self, ride: Ride, offer: Offer, found: list[int], events: list[Event]) -> None:
        """Hold the seats: the plan goes out with the offer, so that the promise stays possible."""
        fleet = self.fleet
        k = found[c.F_SHUTTLE]
        before = self._publisher.broken(k)
        shuttle_id = fleet.routes[k].shuttle.id
        self.rides[ride.id] = Ride(
            request=ride.request,
            requested_s=ride.requested_s,
            status=Status.OFFERED,
            offer=offer,
            shuttle_id=shuttle_id,
        )
        fleet.insert(found, ride.id, offer.promise.pickup_stop, offer.promise.dropoff_stop)
        heapq.heappush(self._expiries, (offer.expires_s, ride.id))
        self._silence.watch(self.rides[ride.id])
        events.append(RideOffered(ride.id, shuttle_id, offer))
        self._publisher.publish(k, self.now_s, events, before)

    def _accept(self, ride_id: RideId, events: list[Event]) -> None:
        ride = self.rides.get(ride_id)
        if ride is not None and ride.status is Status.CONFIRMED:
            return  # accepted already: a repeated command
        expired = ride is not None and ride.status is Status.EXPIRED
        # Too late for the offer, perhaps not for what it promised.
        if ride is not None and expired and self._rescue.revive(ride, self.now_s, events):
            self._silence.watch(ride)
            return
        if self._allowed(ride, ride_id, "accept", Status.CONFIRMED, events):
            assert ride is not None
            self.rides[ride_id] = replace(ride, status=Status.CONFIRMED)
            events.append(RideConfirmed(ride_id))

    def _cancel(self, ride_id: RideId, now_s: int, events: list[Event]) -> None:
        ride = self.rides.get(ride_id)
        if ride is not None and ride.status is Status.CANCELLED:
            return
        if self._allowed(ride, ride_id, "cancel", Status.CANCELLED, events):
            assert ride is not None
            self.rides[ride_id] = replace(ride, status=Status.CANCELLED)
            events.append(RideCancelled(ride_id))
            self._free(ride, now_s, events)

    def _allowed(
        self, ride: Ride | None, ride_id: RideId, command: str, wanted: Status, events: list[Event]
    ) -> bool:
        if ride is None:
            events.append(CommandTurnedDown(ride_id, command, "there is no such ride"))
            return False
        if wanted not in NEXT.get(ride.status, ()):
            events.append(CommandTurnedDown(ride_id, command, f"the ride is {ride.status}"))
            return False
        return True

    def _expire(self, now_s: int, events: list[Event]) -> None:
        while self._expiries and self._expiries[0][0] < now_s:
            _, ride_id = heapq.heappop(self._expiries)
            ride = self.rides[ride_id]
            if ride.status is Status.OFFERED:
                self.rides[ride_id] = replace(ride, status=Status.EXPIRED)
                events.append(OfferExpired(ride_id))
                self._free(ride, now_s, events)

    def _free(self, ride: Ride, now_s: int, events: list[Event]) -> None:
        self._rescue.drop(ride.id)
        k = self.fleet.holder(ride.id, ride.shuttle_id)
        if k is not None:
            self._publisher.take_out(k, ride.id, now_s, events)


def _kinds(shuttles: tuple[Shuttle, ...]) -> tuple[Shuttle, ...]:
    """One shuttle of each kind of room."""
    return tuple({(s.capacity, s.seats_per_wheelchair): s for s in shuttles}.values())
