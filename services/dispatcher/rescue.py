"""Rides that their shuttle cannot serve as promised move to another one, or are told the truth.

A ride is first withdrawn; only when its shuttle has acknowledged the plan without it does another
get it, so that two never come for one party. It goes where its promise is kept, else to where it is
late least. Nothing is dropped in silence: a ride that no shuttle can take fails with a reason.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.fleet import Shuttles
from services.dispatcher.handover import Handover, Move
from services.dispatcher.leases import ends_s, holder_of
from services.dispatcher.offers import ask_again
from services.dispatcher.publication import Publisher
from services.dispatcher.rides import Rides
from services.dispatcher.route import Stopover
from services.domain.events import (
    Event,
    OfferExpired,
    ReportMarked,
    RideConfirmed,
    RideFailed,
    RideReassigned,
)
from services.domain.ids import RideId
from services.domain.ride import Request, Ride, Status
from services.domain.zone_state import Sought, StoredMove, Withdrawn

ANSWER_S = 300
"""For how long after a promised pickup a ride that no shuttle can take waits for one that can."""
LATE_S_MAX = 3600
"""A ride that comes later than this after its promise is none any more."""
SEEK_AGAIN_S = 60
"""How often a shuttle is sought again for a ride that none can take."""

Search = Callable[[Ask, Collection[int] | None], list[int]]


class Rescue:
    """Moves rides between shuttles.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans.
    handover
        Rides on their way from one plan to another.
    search
        Best insertion into the fleet as it is now, or into some of its shuttles.
    hours
        Opening and closing of the service day of a request.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: Rides,
        publisher: Publisher,
        handover: Handover,
        search: Search,
        hours: Callable[[Request], tuple[int, int]],
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._handover = handover
        self._search = search
        self._hours = hours
        self._withdrawn: dict[RideId, tuple[int, int, int]] = {}
        """Which shuttle is to let go of a ride, by which revision, and how long that is awaited."""
        self._sought: dict[RideId, tuple[int, int]] = {}
        """For which rides a shuttle is sought: how long, and when the next time."""
        self._due: list[tuple[int, RideId]] = []

    def next_due_s(self) -> int | None:
        """When the next ride that is in no route, or not yet given on, has waited long enough."""
        while self._due and not self._is_due(*self._due[0]):
            heapq.heappop(self._due)
        due_s = self._due[0][0] if self._due else None
        handover_s = self._handover.next_due_s()
        return min((s for s in (due_s, handover_s) if s is not None), default=None)

    def _is_due(self, at_s: int, ride_id: RideId) -> bool:
        """Whether a time still counts: others took the places of some."""
        withdrawn, sought = self._withdrawn.get(ride_id), self._sought.get(ride_id)
        waits = withdrawn is not None and withdrawn[2] == at_s
        return waits or (sought is not None and sought[1] == at_s)

    def stored(self) -> tuple[tuple[Withdrawn, ...], tuple[Sought, ...], tuple[StoredMove, ...]]:
        """Rides that are withdrawn, sought a shuttle for, and on their way, as values."""
        routes = self._fleet.routes
        withdrawn = (
            Withdrawn(ride_id, routes[k].shuttle.id, since, until_s)
            for ride_id, (k, since, until_s) in self._withdrawn.items()
        )
        sought = (Sought(ride_id, *times_s) for ride_id, times_s in self._sought.items())
        return tuple(withdrawn), tuple(sought), self._handover.stored()

    def restore(
        self,
        withdrawn: Iterable[Withdrawn],
        sought: Iterable[Sought],
        moves: Iterable[StoredMove],
    ) -> None:
        """Go on with these."""
        for ride_id, shuttle_id, since, until_s in withdrawn:
            self._withdrawn[ride_id] = (self._fleet.number[shuttle_id], since, until_s)
            heapq.heappush(self._due, (until_s, ride_id))
        for ride_id, until_s, next_s in sought:
            self._sought[ride_id] = (until_s, next_s)
            heapq.heappush(self._due, (next_s, ride_id))
        self._handover.restore(moves)

    def drop(self, ride_id: RideId) -> int | None:
        """A ride needs no other shuttle any more; say which has yet to let it go, if one has."""
        self._sought.pop(ride_id, None)
        withdrawn = self._withdrawn.pop(ride_id, None)
        return None if withdrawn is None else withdrawn[0]

    def relieve(self, k: int, now_s: int, events: list[Event]) -> None:
        """Issue a plan after people got on unforeseen: whoever does not fit now is withdrawn."""
        fleet = self._fleet
        victims: list[RideId] = []
        fleet.write(k, self._rides)
        head = fleet.head(k)
        room = head[c.H_SEATS : c.H_LUGGAGE + 1]
        if (head[c.H_ABOARD_SEATS : c.H_ABOARD_LUGGAGE + 1] > room).any():
            shuttle_id = fleet.routes[k].shuttle.id
            events.append(ReportMarked(shuttle_id, "Boarded", "more on board than fits"))
        while (victim := self._crowded_out(k)) is not None:
            victims.append(victim)
            fleet.remove(k, victim)
            fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))
        for ride_id in victims:
            self.wait(ride_id, k, now_s)

    def consider(
        self,
        ride_id: RideId,
        k: int,
        now_s: int,
        events: list[Event],
        by_s: int | None = None,
    ) -> None:
        """Withdraw a late ride from shuttle ``k`` if another one can keep its promise.

        ``by_s``: or, though late too, gets it there by then; so far in the future that any would
        do, it is withdrawn in any case.
        """
        fleet, ride = self._fleet, self._rides[ride_id]
        stops = fleet.routes[k].stops
        at = next((i for i, stop in enumerate(stops) if ride_id in stop.board), -1)
        if at < fleet.head(k)[c.H_FIRST] or ride_id in fleet.routes[k].awaited:
            return  # on board, or boarding, or just coming
        others = [i for i in range(len(fleet.routes)) if i != k]
        better = self._search(ask_again(ride, fleet, now_s), others)[c.F_VALUE] >= 0
        if not better and by_s is not None:
            better = by_s >= c.FAR_S or self.soonest_s(ride, others, now_s) <= by_s
        if better:
            self._publisher.take_out(k, ride_id, now_s, events)
            self.wait(ride_id, k, now_s)

    def soonest_s(self, ride: Ride, among: Collection[int] | None, now_s: int) -> int:
        """When some shuttle, the one that is least late, would have brought a ride there."""
        found = self._search(self._later(ask_again(ride, self._fleet, now_s), ride), among)
        return found[c.F_DROPOFF_S] if found[c.F_VALUE] >= 0 else c.FAR_S

    def acknowledged(self, k: int, revision: int, now_s: int, events: list[Event]) -> None:
        """A shuttle follows a plan: the rides that this withdrew are free for others."""
        self._handover.acknowledged(k, revision, now_s, events)
        if not self._withdrawn:
            return
        waiting = self._withdrawn.items()
        free = [r for r, (at, since, _) in waiting if at == k and since <= revision]
        for ride_id in free:
            del self._withdrawn[ride_id]
            self.place(self._rides[ride_id], now_s, events)

    def revive(self, ride: Ride, now_s: int, events: list[Event]) -> bool:
        """Give a ride whose offer expired its place back, if its promise can still be kept."""
        holder = holder_of(self._fleet, ride.id, now_s)
        among = None if holder is None else [holder]
        found = self._search(ask_again(ride, self._fleet, now_s), among)
        if found[c.F_VALUE] < 0:
            return False
        k = found[c.F_SHUTTLE]
        self._fleet.settle(k, now_s)
        before = self._publisher.broken(k)
        shuttle_id = self._fleet.routes[k].shuttle.id
        self._rides[ride.id] = replace(ride, status=Status.CONFIRMED, shuttle_id=shuttle_id)
        self._fleet.insert(found, ride.id, ride.promise.pickup_stop, ride.promise.dropoff_stop)
        events.append(RideConfirmed(ride.id))
        if shuttle_id != ride.shuttle_id:
            events.append(RideReassigned(ride.id, shuttle_id))
        self._publisher.publish(k, now_s, events, before)
        return True

    def let_off(self, k: int, ride: Ride, now_s: int) -> None:
        """Plan the dropoff of a party that got on unforeseen: breaking least, then soonest."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        if route.stops and route.stops[0].task is not None:  # with people on board none begins
            head[c.H_LOCKED] = head[c.H_FIRST] = 0
        holds, locked = [stop.hold_s for stop in route.stops], int(head[c.H_LOCKED])
        first, last = int(head[c.H_FIRST]), len(route.stops)

        def put(position: int) -> tuple[int, int, int]:
            route.stops.insert(position, Stopover(ride.promise.dropoff_stop, leave=[ride.id]))
            head[c.H_LOCKED] = locked
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            arrive_s = int(fleet.arrays.visits[k, position, c.V_ARRIVE])
            return int(head[c.H_BROKEN]), arrive_s, position

        tried = []
        for position in range(min(first, last), last + 1):
            tried.append(put(position))
            del route.stops[position]
            for stop, hold_s in zip(route.stops, holds, strict=True):
                stop.hold_s = hold_s
        put(min(tried)[2])

    def give_up(self, now_s: int, events: list[Event]) -> None:
        """See to rides whose shuttle never said that it let them go.

        Those that another has taken already go back; the rest fail, or a shuttle is still sought.
        """
        for ride_id, move in self._handover.unanswered(now_s):
            self._put_back(ride_id, move, now_s, events)
        while self._due and self._due[0][0] <= now_s:
            at_s, ride_id = heapq.heappop(self._due)
            if not self._is_due(at_s, ride_id):
                continue
            ride = self._rides[ride_id]
            if ride_id in self._withdrawn and self._withdrawn[ride_id][2] <= now_s:
                k = self._withdrawn.pop(ride_id)[0]  # its lease is over
                if self._fleet.routes[k].unanswered_s >= 0:
                    self._rides.lapse(ride_id, self._fleet.routes[k].shuttle.id)
            self.place(ride, now_s, events)

    def _put_back(self, ride_id: RideId, move: Move, now_s: int, events: list[Event]) -> None:
        """Leave a ride with the shuttle that does not answer: it will come as it was told."""
        ride, fleet = self._rides[ride_id], self._fleet
        taker = fleet.holder(ride_id, ride.shuttle_id)
        if taker is None:
            return
        self._publisher.take_out(taker, ride_id, now_s, events)
        out = fleet.head(move.giver)[c.H_OUT]
        self.place(ride, now_s, events, None if out else move)

    def wait(self, ride_id: RideId, k: int, now_s: int, revision: int | None = None) -> None:
        """Await that a shuttle lets go of a ride, or its lease ends.

        It lets go by its newest plan, or an earlier one.
        """
        until_s = max(now_s, ends_s(self._fleet.routes[k], ride_id) + 1)
        since = self._fleet.routes[k].revision if revision is None else revision
        self._withdrawn[ride_id] = (k, since, until_s)
        heapq.heappush(self._due, (until_s, ride_id))

    def place(
        self,
        ride: Ride,
        now_s: int,
        events: list[Event],
        kept: Move | None = None,
    ) -> None:
        """Give a ride that is in no route to the shuttle that keeps its promise, or is least late.

        ``kept``: only to the one that has it by its own plan; if that has no room, its answer is
        awaited.
        While there is none, but some shuttle is out of order or does not answer, it is sought again
        and again, until some time after the promise.
        """
        if (move := self._handover.call_off(ride.id)) is not None:
            # The shuttle that had it before may still come for it.
            self.wait(ride.id, move.giver, now_s, move.revision)
            return
        fleet = self._fleet
        holder = holder_of(fleet, ride.id, now_s)
        if holder is not None and (kept is None or holder != kept.giver):
            route = fleet.routes[holder]
            self.wait(ride.id, holder, now_s, route.leases[ride.id].gone or route.revision + 1)
            return
        ask = ask_again(ride, fleet, now_s)
        among = None if kept is None else [kept.giver]
        found = self._search(ask, among)
        late = found[c.F_VALUE] < 0
        if late:
            found = self._search(self._later(ask, ride), among)
        if found[c.F_VALUE] < 0 and kept is not None:
            self.wait(ride.id, kept.giver, now_s, kept.revision)
            return
        if found[c.F_VALUE] < 0:
            self._seek_later(ride, now_s, events)
            return
        self._sought.pop(ride.id, None)
        k = found[c.F_SHUTTLE]
        shuttle_id = fleet.routes[k].shuttle.id
        fleet.settle(k, now_s)
        before = self._publisher.broken(k)
        self._rides[ride.id] = replace(ride, shuttle_id=shuttle_id)
        fleet.insert(found, ride.id, ride.promise.pickup_stop, ride.promise.dropoff_stop)
        if kept is None:
            events.append(RideReassigned(ride.id, shuttle_id))
        if late:
            # The rider is promised nothing new: this one breaks what was promised, and says so.
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            before = self._publisher.as_it_is(k)
            times_s = found[c.F_PICKUP_S], found[c.F_DROPOFF_S]
            events.append(self._rides.retime(ride.id, *times_s, promise_kept=False))
        self._publisher.publish(k, now_s, events, before)

    def _later(self, ask: Ask, ride: Ride) -> Ask:
        """The same, but late; least lateness wins.

        Who was let off on the way is picked up however late it gets. Others wait for an hour, but
        not past the end of service, and nobody rides for more than twice as long as promised.
        """
        late_s = c.FAR_S
        if ride.let_off_s is None:
            closes_s = self._hours(ride.request)[1]
            late_s = min(ride.promise.pickup_to_s + LATE_S_MAX, closes_s)
        ask.pickups[:, c.P_PICK_BY] = np.maximum(late_s, ask.pickups[:, c.P_PICK_BY])
        ask.dropoffs[:, c.D_DROP_BY] = c.FAR_S
        ask.pairs[:, :, c.E_LIMIT] = np.minimum(2 * ask.pairs[:, :, c.E_LIMIT], c.FAR_S)
        ask.party[c.A_MODE] = c.LATENESS
        return ask

    def _seek_later(self, ride: Ride, now_s: int, events: list[Event]) -> None:
        heads = self._fleet.arrays.heads
        # A road is opened, an operator is free, a shuttle is repaired or heard of again.
        hope = (
            bool(self._fleet.closed)
            or self._fleet.supervised
            or bool((heads[:, [c.H_SILENT, c.H_OUT]] > 0).any())
        )
        until_s = max(now_s, ride.promise.pickup_to_s) + ANSWER_S if hope else now_s
        until_s = self._sought.get(ride.id, (until_s, 0))[0]
        if now_s < until_s:
            next_s = min(now_s + SEEK_AGAIN_S, until_s)
            self._sought[ride.id] = (until_s, next_s)
            heapq.heappush(self._due, (next_s, ride.id))
            return
        self._sought.pop(ride.id, None)
        drive_s = self._fleet.drive_s[ride.promise.pickup_stop, ride.promise.dropoff_stop]
        led = drive_s < c.UNREACHABLE_S
        self._fail(ride, "no shuttle can take it" if led else "no road leads there", events)

    def _fail(self, ride: Ride, reason: str, events: list[Event]) -> None:
        if ride.status is Status.OFFERED:  # nothing was promised yet
            self._rides[ride.id] = replace(ride, status=Status.EXPIRED)
            events.append(OfferExpired(ride.id))
            return
        self._rides[ride.id] = replace(ride, status=Status.FAILED, failure=reason)
        events.append(RideFailed(ride.id, reason))

    def _crowded_out(self, k: int) -> RideId | None:
        """The last one to get on before the first visit after which more is on board than fits."""
        head, stops = self._fleet.head(k), self._fleet.routes[k].stops
        count = int(head[c.H_VISITS])
        loads = self._fleet.arrays.visits[k, :count, c.V_SEATS : c.V_LUGGAGE + 1]
        over: list[bool] = np.any(loads > head[c.H_SEATS : c.H_LUGGAGE + 1], axis=1).tolist()
        waiting: RideId | None = None
        for stop, crowded in zip(stops, over, strict=True):
            waiting = stop.board[-1] if stop.board else waiting
            if crowded and waiting is not None:
                return waiting
        return None
