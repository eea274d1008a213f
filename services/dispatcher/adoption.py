"""What becomes of a solver's proposal: brought up to date, judged, adopted whole or not at all.

A proposal falls into groups of shuttles that exchange riders. Since its snapshot, people got on and
off, cancelled and asked; so each group is first brought up to date. It is adopted if the referee
finds it legal and if it costs less than what is planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.answers import Answers
from services.dispatcher.arrays import Ask
from services.dispatcher.fleet import Shuttles, before_task
from services.dispatcher.handover import Handover
from services.dispatcher.objective import DRIVE_COST
from services.dispatcher.offers import ask_again
from services.dispatcher.plan_cost import plan_cost, weights_of
from services.dispatcher.publication import Publisher
from services.dispatcher.route import Stopover
from services.domain.events import Event, PlanProposal
from services.domain.ids import RideId
from services.domain.plan import Call
from services.domain.referee import PROMISES, Violation
from services.domain.ride import Ride

Search = Callable[[Ask, Collection[int]], list[int]]
"""Best insertion into some of the shuttles."""


class Outcome(StrEnum):
    """What became of a group of a proposal."""

    ADOPTED = "adopted"
    STALE = "stale"
    """What happened since the snapshot does not fit it."""
    ILLEGAL = "illegal"
    NO_BETTER = "no_better"


@dataclass(slots=True)
class Tally:
    """What became of all proposals so far; ``saved_s`` is in seconds of driving."""

    groups: Counter[Outcome]
    saved_s: int = 0
    moved: int = 0
    """Rides that went to another shuttle."""
    found: int = 0
    """Requests that found a place at second look."""


class _Before(NamedTuple):
    """A shuttle as it was, so that nothing remains of a group that is not adopted."""

    head: NDArray[np.int64]
    visits: NDArray[np.int64]
    rides: NDArray[np.int64]
    stops: list[Stopover]
    held: set[RideId]
    written: Stopover | None


class Adoption:
    """Takes proposals.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans.
    handover
        Follows rides that change their shuttle.
    search
        Best insertion into some shuttles as they are now.
    answers
        Knows the requests that wait, and offers them what was found.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: dict[RideId, Ride],
        publisher: Publisher,
        handover: Handover,
        search: Search,
        answers: Answers,
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._handover = handover
        self._search = search
        self._answers = answers
        dispatch = answers.terms.territory.dispatch
        self._weights = weights_of(dispatch)
        self._keep_s = dispatch.keep_course_s
        self._reassign_until_s = dispatch.reassign_until_s
        self.tally = Tally(Counter())

    def take(self, proposal: PlanProposal, now_s: int, events: list[Event]) -> None:
        """Take a proposal, group by group."""
        calls: dict[int, tuple[Call, ...]] = {}
        for route in proposal.routes:
            k = self._fleet.number.get(route.shuttle_id)
            if k is None or k in calls:
                self.tally.groups[Outcome.STALE] += 1
                return
            calls[k] = route.calls
        left: list[int] = []
        turned_down: list[Outcome] = []
        for group in self._groups(calls):
            outcome = self._consider({k: calls[k] for k in group}, now_s, events)
            if self._fleet.supervised and outcome in (Outcome.ILLEGAL, Outcome.NO_BETTER):
                left += group
                turned_down.append(outcome)
            else:
                self.tally.groups[outcome] += 1
        # One may move when others no longer do: what cannot be adopted alone may be together.
        if Outcome.ILLEGAL in turned_down:
            together = {k: calls[k] for k in sorted(left)}
            outcome = self._consider(together, now_s, events)
            turned_down = [outcome] if outcome is Outcome.ADOPTED else turned_down
        self.tally.groups.update(turned_down)

    def _groups(self, calls: dict[int, tuple[Call, ...]]) -> list[list[int]]:
        """Shuttles that exchange riders, together; those with the lowest number first."""
        leader = {k: k for k in calls}

        def find(k: int) -> int:
            while leader[k] != k:
                k = leader[k]
            return k

        for k, own in calls.items():
            for call in own:
                for ride_id in call.board:
                    ride = self._rides.get(ride_id)
                    giver = None if ride is None else self._holder(ride)
                    if giver is not None and giver in leader:
                        a, b = sorted((find(k), find(giver)))
                        leader[b] = a
        groups: dict[int, list[int]] = {}
        for k in sorted(calls):
            groups.setdefault(find(k), []).append(k)
        return list(groups.values())

    def _holder(self, ride: Ride) -> int | None:
        return self._fleet.holder(ride.id, ride.shuttle_id)

    def _consider(
        self, calls: dict[int, tuple[Call, ...]], now_s: int, events: list[Event]
    ) -> Outcome:
        fleet = self._fleet
        for k in calls:
            fleet.refresh(k, now_s)
        givers = {r: k for k in calls for stop in fleet.routes[k].stops for r in stop.board}
        asked = self._asked(calls)
        updated = self._up_to_date(calls, {*givers, *asked}, givers, now_s)
        if updated is None:
            return Outcome.STALE
        routes, newcomers = updated
        broken = {k: self._publisher.broken(k) for k in calls}
        cost = self._cost(calls)
        before = {k: self._saved(k) for k in calls}
        outcome = Outcome.ILLEGAL
        for ride_id in asked:
            self._answers.pencil_in(ride_id, now_s)
        if self._install(routes, newcomers, now_s):
            saved = cost - self._cost(calls)
            promised = self._ink_in(asked, calls, now_s)
            if saved <= 0 and not asked:
                outcome = Outcome.NO_BETTER
            elif promised and self._is_legal(broken, now_s):
                for ride_id in asked:
                    self._answers.offered(ride_id, events)
                self._adopt(givers, broken, now_s, events)
                self.tally.saved_s += saved // DRIVE_COST
                self.tally.found += len(asked)
                return Outcome.ADOPTED
        for k, saved_state in before.items():
            self._restore(k, saved_state, now_s)
        for ride_id in asked:
            self._answers.rub_out(ride_id)
        for ride_id, k in givers.items():
            ride = self._rides[ride_id]
            self._rides[ride_id] = replace(ride, shuttle_id=fleet.routes[k].shuttle.id)
        return outcome

    def _asked(self, calls: dict[int, tuple[Call, ...]]) -> list[RideId]:
        """Requests still waiting for which there is a place, in the order of their asking."""
        boarding = {r for own in calls.values() for call in own for r in call.board}
        leaving = {r for own in calls.values() for call in own for r in call.leave}
        return [r for r in self._answers.waiting if r in boarding and r in leaving]

    def _ink_in(self, asked: list[RideId], calls: Iterable[int], now_s: int) -> bool:
        """Make the promises to newly served riders as narrow as they will be, if they can be."""
        fleet, possible = self._fleet, True
        for k in calls if asked else ():
            rows = fleet.arrays.visits[k, : len(fleet.routes[k].stops)].tolist()
            for row, stop in zip(rows, fleet.routes[k].stops, strict=True):
                for ride_id in asked:
                    if ride_id in stop.board:
                        times_s = row[c.V_START], row[c.V_DEPART]
                        possible &= self._answers.ink_in(ride_id, times_s, now_s)
        return possible

    def _up_to_date(
        self,
        calls: dict[int, tuple[Call, ...]],
        known: Collection[RideId],
        givers: dict[RideId, int],
        now_s: int,
    ) -> tuple[dict[int, list[Stopover]], dict[RideId, list[int]]] | None:
        """The proposed routes without what is over, and whom they do not know yet.

        For each of these, the shuttles that can take them.
        """
        fleet = self._fleet
        routes: dict[int, list[Stopover]] = {}
        seen: set[RideId] = set()
        mentioned = {r for own in calls.values() for c in own for r in (*c.board, *c.leave)}
        for k, own in calls.items():
            route = fleet.routes[k]
            stops: list[Stopover] = []
            waiting: set[RideId] = set()
            for call in own:
                leave = [r for r in call.leave if r in waiting or r in route.aboard]
                board = [r for r in call.board if r in known and r not in seen]
                waiting.update(board)
                seen.update(board)
                seen.update(leave)
                if not 0 <= call.stop < len(fleet.ways.stop_mm):
                    return None
                if board or leave:
                    stops.append(Stopover(call.stop, board, leave))
            tail = _tail(route.stops, mentioned)
            if before_task(route.stops) < len(route.stops) - len(tail):
                return None
            stops += [replace(s, board=list(s.board), leave=list(s.leave)) for s in tail]
            seen.update(r for stop in tail for r in stop.board)
            if not self._keeps_what_is_under_way(k, stops):
                return None
            moved = [r for r in waiting if givers.get(r, k) != k]
            if any(self._stays(r, givers[r], now_s) for r in moved):
                return None
            routes[k] = stops
        aboard = [r for k in calls for r in fleet.routes[k].aboard]
        if any(r not in seen for r in aboard):
            return None  # got on since, or its dropoff is forgotten
        return routes, {
            r: [k] if self._stays(r, k, now_s) else list(routes)
            for r, k in givers.items()
            if r not in seen
        }

    def _stays(self, ride_id: RideId, k: int, now_s: int) -> bool:
        """Whether a ride keeps its shuttle: it comes soon, or may not have been told of it yet."""
        route, visits = self._fleet.routes[k], self._fleet.arrays.visits[k]
        at = next(i for i, stop in enumerate(route.stops) if ride_id in stop.board)
        soon = visits[at, c.V_DEPART] < now_s + self._reassign_until_s
        return bool(soon) or ride_id in route.awaited

    def _keeps_what_is_under_way(self, k: int, stops: list[Stopover]) -> bool:
        """Whether a route begins with what people do already, and keeps a course that is fixed."""
        route, head = self._fleet.routes[k], self._fleet.head(k)
        if head[c.H_SILENT] or head[c.H_OUT] or head[c.H_AWAY]:
            return False
        now = route.stops[0] if route.stops else None
        first = stops[0] if stops else None
        if now is not None and first is not None and _alike(now, first):
            stops[0] = replace(now, board=list(now.board), leave=list(now.leave))
            return True
        arrives = head[c.H_MODE] == c.MOVING and head[c.H_ARRIVE] - head[c.H_FREE] < self._keep_s
        elsewhere = now is not None and (first is None or first.stop != now.stop)
        return not (head[c.H_LOCKED] or head[c.H_SERVING] or (arrives and elsewhere))

    def _install(
        self, routes: dict[int, list[Stopover]], newcomers: dict[RideId, list[int]], now_s: int
    ) -> bool:
        """Put routes in the place of those planned; false if a newcomer fits nowhere."""
        fleet = self._fleet
        for k, stops in routes.items():
            route = fleet.routes[k]
            if stops and route.stops and _alike(stops[0], route.stops[0]):
                route.written = stops[0] if route.written is route.stops[0] else None
            route.stops = stops
            route.held = {ride_id for stop in stops for ride_id in stop.board}
            for ride_id in route.held:
                ride = self._rides[ride_id]
                if ride.shuttle_id != route.shuttle.id:
                    self._rides[ride_id] = replace(ride, shuttle_id=route.shuttle.id)
            self._publisher.schedule(k, now_s)
        for ride_id, among in newcomers.items():
            ride = self._rides[ride_id]
            found = self._search(ask_again(ride, fleet, now_s), among)
            if found[c.F_VALUE] < 0:
                return False
            k = found[c.F_SHUTTLE]
            fleet.settle(k, now_s)
            fleet.insert(found, ride_id, ride.promise.pickup_stop, ride.promise.dropoff_stop)
            self._rides[ride_id] = replace(ride, shuttle_id=fleet.routes[k].shuttle.id)
            self._publisher.schedule(k, now_s)
        return True

    def _is_legal(self, broken: dict[int, tuple[Violation, ...]], now_s: int) -> bool:
        """Whether the referee agrees: nobody's promise is newly broken, or broken further."""
        return not any(self._publisher.objections(k, now_s, _before(k, broken)) for k in broken)

    def _adopt(
        self,
        givers: dict[RideId, int],
        broken: dict[int, tuple[Violation, ...]],
        now_s: int,
        events: list[Event],
    ) -> None:
        fleet = self._fleet
        for taker in broken:
            for ride_id in sorted(fleet.routes[taker].held):
                if givers.get(ride_id, taker) != taker:
                    self._handover.begin(ride_id, givers[ride_id], taker, now_s)
                    self.tally.moved += 1
        for k in broken:
            self._publisher.publish(k, now_s, events, _before(k, broken))

    def _cost(self, shuttles: Iterable[int]) -> int:
        return sum(plan_cost(self._fleet, self._rides, k, self._weights) for k in shuttles)

    def _saved(self, k: int) -> _Before:
        fleet, route = self._fleet, self._fleet.routes[k]
        arrays = fleet.arrays
        return _Before(
            head=arrays.heads[k].copy(),
            visits=arrays.visits[k].copy(),
            rides=arrays.rides[k].copy(),
            stops=route.stops,
            held=route.held,
            written=route.written,
        )

    def _restore(self, k: int, before: _Before, now_s: int) -> None:
        fleet, route = self._fleet, self._fleet.routes[k]
        arrays = fleet.arrays
        arrays.heads[k] = before.head
        arrays.visits[k, : len(before.visits)] = before.visits
        arrays.rides[k, : len(before.rides)] = before.rides
        route.stops, route.held, route.written = before.stops, before.held, before.written
        fleet.book(k, now_s)


def _tail(stops: list[Stopover], mentioned: Collection[RideId]) -> list[Stopover]:
    """The last stops of a route, from a moment at which nobody of whom a proposal speaks is left.

    Whoever gets off there gets on there too.
    """
    first = len(stops)
    while first and not any(
        r in mentioned for r in (*stops[first - 1].board, *stops[first - 1].leave)
    ):
        first -= 1
    boarding: set[RideId] = set()
    for i in range(first, len(stops)):
        if any(r not in boarding for r in stops[i].leave):
            first, boarding = i + 1, set()
            continue
        boarding.update(stops[i].board)
    return stops[first:]


def _alike(a: Stopover, b: Stopover) -> bool:
    """Whether the same people get on and off at the same stop."""
    same = set(a.board) == set(b.board) and set(a.leave) == set(b.leave)
    return same and a.stop == b.stop and a.task == b.task


def _before(k: int, broken: dict[int, tuple[Violation, ...]]) -> tuple[Violation, ...]:
    """What is broken already: all of the shuttle's own, and promises of those it takes over."""
    others: Iterable[Violation] = (v for i, own in broken.items() if i != k for v in own)
    return (*broken[k], *(v for v in others if v.rule in PROMISES))
