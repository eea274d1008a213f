"""Shuttles that are lent to another zone of the territory, and those that come from one.

A shuttle that is to be lent gets nothing new, and others take over whom they can. Once it stands
empty and without a promise, its tasks are taken out; when it has acknowledged that plan, it belongs
to the other zone, in the same step.
"""

from __future__ import annotations

from collections.abc import Callable

from services.dispatcher import columns as c
from services.dispatcher.duties import Duties, still_to_do, tasks_between
from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.dispatcher.route import Route
from services.domain.events import Event, Message, Report, ReportMarked
from services.domain.ids import RideId, ShuttleId
from services.domain.task import Task, TaskKind
from services.domain.zone_crossing import (
    AdoptionConfirmed,
    AdoptShuttle,
    Handed,
    LendingTurnedDown,
    LendShuttle,
    MessageForwarded,
    PassedOn,
    ShuttleAdopted,
    ShuttleReleased,
)
from services.domain.zone_state import Lending, Unconfirmed
from services.network.zones import Zones

AGAIN_S = 60
AGAIN_S_MAX = 3600
"""A hand-over that nobody confirms is said again after so long, and later ever more seldom."""


class Lender:
    """Lends and adopts shuttles.

    Parameters
    ----------
    fleet
        All shuttles of the territory, of which some are this zone's.
    publisher
        Issues plans.
    duties
        The shuttles' tasks.
    consider
        Withdraws a ride from a shuttle if another one can keep its promise.
    zones
        This zone and the others; absent: there are none.
    layout
        By which numbers stops go.
    """

    def __init__(
        self,
        fleet: Shuttles,
        publisher: Publisher,
        duties: Duties,
        consider: Callable[[RideId, int, int, list[Event]], None],
        zones: Zones | None,
        layout: str,
    ) -> None:
        self._consider = consider
        self._fleet = fleet
        self._publisher = publisher
        self._duties = duties
        self._zones = zones
        self._layout = layout
        for k, route in enumerate(fleet.routes):
            home = None if zones is None else zones.of(route.shuttle.depot_stop)
            if zones is not None and home != zones.own:
                route.holder, route.guest = home, True
                fleet.head(k)[c.H_AWAY] = 1
        self._under_way: set[ShuttleId] = set()

    def watch(self) -> None:
        """Take note of what is under way in a zone that goes on."""
        routes = self._fleet.routes
        self._under_way = {route.shuttle.id for route in routes if _is_under_way(route)}

    def pass_on(self, message: Message, now_s: int, events: list[Event]) -> bool:
        """Pass a message on if it is about a shuttle that is not ours; return whether it is."""
        if not isinstance(message, Report | LendShuttle):
            return False
        k = self._fleet.number.get(message.shuttle_id)
        if k is None or (to := self._fleet.routes[k].holder) is None:
            return False
        if isinstance(message, LendShuttle):
            self._say_again(k, now_s, events)  # somebody misses it
        events.append(MessageForwarded(to, number=self._fleet.routes[k].handed))
        return True

    def knows(self, shuttle_id: ShuttleId, number: int) -> bool:
        """Whether so many hand-overs of a shuttle are known of here, if it is itself."""
        k = self._fleet.number.get(shuttle_id)
        return k is None or self._fleet.routes[k].handed >= number

    def not_given(self, message: PassedOn, events: list[Event]) -> None:
        """Mark what was passed on for a shuttle that is said to be here, and never came."""
        events.append(ReportMarked(message.shuttle_id, "PassedOn", "it was never handed over"))

    def take(self, message: LendShuttle, now_s: int, events: list[Event]) -> None:
        """Begin to lend a shuttle; or to another zone than before."""
        reason = self._obstacle(message, now_s)
        if reason is not None:
            events.append(LendingTurnedDown(message.shuttle_id, message.to, reason))
            return
        k = self._fleet.number[message.shuttle_id]
        self._fleet.touched.add(k)
        route = self._fleet.routes[k]
        begun = route.lending or Lending(message.to, message.until_s)
        route.lending = begun._replace(to=message.to, until_s=message.until_s)
        self._under_way.add(route.shuttle.id)
        self._fleet.head(k)[c.H_AWAY] = 1
        for ride_id in [ride_id for stop in route.stops for ride_id in stop.board]:
            self._consider(ride_id, k, now_s, events)

    def _obstacle(self, message: LendShuttle, now_s: int) -> str | None:
        k, zones = self._fleet.number.get(message.shuttle_id), self._zones
        if k is None:
            return "there is no such shuttle"
        if zones is not None and message.to == zones.own:
            return "it is there already"
        if zones is None or message.to not in zones.ids:
            return "there is no such other zone"
        if message.until_s <= now_s:
            return "it is too late"
        if self._fleet.head(k)[c.H_CAPACITY] and message.to not in zones.charged:
            return "it could not charge there"
        if message.to not in zones.watched:
            return "nobody would supervise it there"
        return None

    def next_due_s(self) -> int | None:
        """When the next lending is given up, or the next hand-over is said again."""
        due_s = []
        for k in self._shuttles():
            route = self._fleet.routes[k]
            if route.lending is not None:
                due_s.append(route.lending.until_s + 1)
            elif route.unconfirmed is not None:
                due_s.append(route.unconfirmed.again_s)
        return min(due_s, default=None)

    def proceed(self, now_s: int, events: list[Event]) -> None:
        """Go on with all that are to be lent, as far as their shuttles are."""
        for k in self._shuttles():
            route = self._fleet.routes[k]
            lending = route.lending
            if lending is None:
                if route.unconfirmed is not None and now_s >= route.unconfirmed.again_s:
                    self._say_again(k, now_s, events)
                continue
            if now_s > lending.until_s:
                self._give_up(k, lending, now_s, events)
            elif not self._stands_empty(k, now_s):
                continue
            elif route.stops or lending.revision != route.revision:
                self._strike(k, lending, now_s, events)
            elif route.unanswered_s < 0 and not route.leases:
                self._release(k, lending, now_s, events)
            if not _is_under_way(route):
                self._under_way.discard(route.shuttle.id)

    def _shuttles(self) -> list[int]:
        """Those that are to be lent, or whose hand-over is to be said again; hardly ever any."""
        number = self._fleet.number
        return sorted(number[one] for one in self._under_way if one in number)

    def _stands_empty(self, k: int, now_s: int) -> bool:
        """Whether a shuttle has nothing to do with any rider, and does nothing else just now."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        engaged = route.aboard or any(stop.board or stop.leave for stop in route.stops)
        if engaged or head[c.H_MODE] != c.AT_STOP or head[c.H_OUT]:
            return False
        fleet.refresh(k, now_s)
        return not (head[c.H_LOCKED] or head[c.H_SERVING])

    def _strike(self, k: int, lending: Lending, now_s: int, events: list[Event]) -> None:
        """Take all tasks out of a route: whoever gets the shuttle sees to them, or to charging."""
        route = self._fleet.routes[k]
        kept = tuple(task for task in route.tasks if task.kind is not TaskKind.CHARGE)

        def strike() -> None:
            route.stops, route.tasks, route.parking = [], [], None

        self._publisher.shorten(k, strike, now_s, events)
        tasks = (*lending.tasks, *kept)
        route.lending = lending._replace(revision=route.revision, tasks=tasks)

    def _release(self, k: int, lending: Lending, now_s: int, events: list[Event]) -> None:
        route, head = self._fleet.routes[k], self._fleet.head(k)
        self._fleet.touched.add(k)
        route.lending, route.holder, route.handed = None, lending.to, route.handed + 1
        handed = Handed(
            shuttle_id=route.shuttle.id,
            number=route.handed,
            revision=route.revision,
            stop=int(head[c.H_STOP]),
            free_s=int(head[c.H_BUSY]),
            level_mwh=int(head[c.H_LEVEL]) if head[c.H_CAPACITY] else 0,
            moved_s=route.moved_s,
            fault_s=route.fault_s,
            fault_stop=route.fault_stop,
            repaired_s=route.repaired_s,
            layout=self._layout,
            tasks=lending.tasks,
            tasks_until_s=self._duties.until_s,
        )
        route.unconfirmed = Unconfirmed(lending.to, handed, now_s, now_s)
        self._say_again(k, now_s, events)

    def _say_again(self, k: int, now_s: int, events: list[Event]) -> None:
        """Say to whom a shuttle was handed over, unless that has come to be."""
        route = self._fleet.routes[k]
        if (due := route.unconfirmed) is None:
            return
        self._fleet.touched.add(k)
        pause_s = min(max(AGAIN_S, now_s - due.since_s), AGAIN_S_MAX)
        route.unconfirmed = due._replace(again_s=now_s + pause_s)
        events.append(ShuttleReleased(due.handed, due.to))

    def confirmed(self, message: AdoptionConfirmed) -> None:
        """Say no more of a hand-over that took effect."""
        k = self._fleet.number.get(message.shuttle_id)
        due = None if k is None else self._fleet.routes[k].unconfirmed
        if k is not None and due is not None and message.number >= due.handed.number:
            self._fleet.routes[k].unconfirmed = None
            self._fleet.touched.add(k)

    def _give_up(self, k: int, lending: Lending, now_s: int, events: list[Event]) -> None:
        self._fleet.touched.add(k)
        route = self._fleet.routes[k]
        route.lending = None
        self._fleet.head(k)[c.H_AWAY] = 0
        waits = lending.revision == route.revision
        reason = "it did not acknowledge its plan" if waits else "it was not empty in time"
        events.append(LendingTurnedDown(route.shuttle.id, lending.to, reason))
        if tasks := [*still_to_do(lending.tasks, now_s)]:
            self._duties.add(k, tasks, now_s, events)

    def adopt(self, message: AdoptShuttle, now_s: int, events: list[Event]) -> None:
        """Take a shuttle over that another zone let go; once, however often that is said."""
        handed = message.handed
        k = self._fleet.number.get(handed.shuttle_id)
        if k is None:  # other settings may know it; till then it is said again
            reason = "no shuttle of this zone"
            events.append(ReportMarked(handed.shuttle_id, "AdoptShuttle", reason))
            return
        if handed.layout != self._layout:  # till they are the same, too
            reason = "stops or zones are others there"
            events.append(ReportMarked(handed.shuttle_id, "AdoptShuttle", reason))
            return
        events.append(ShuttleAdopted(handed.shuttle_id, message.giver, handed.number))
        route, head = self._fleet.routes[k], self._fleet.head(k)
        if handed.number <= route.handed:
            return
        self._fleet.touched.add(k)
        route.holder, route.handed, route.revision = None, handed.number, handed.revision
        route.moved_s, route.fault_s = handed.moved_s, handed.fault_s
        route.fault_stop, route.repaired_s = handed.fault_stop, handed.repaired_s
        route.unconfirmed = None
        route.stops, route.tasks, route.parking, route.heard_s = [], [], None, now_s
        route.targets.clear()
        head[[c.H_LOCKED, c.H_PENDING, c.H_SILENT, c.H_SERVING, c.H_OUT, c.H_AWAY]] = 0
        head[c.H_MODE], head[c.H_STOP], head[c.H_BUSY] = c.AT_STOP, handed.stop, handed.free_s
        if head[c.H_CAPACITY]:
            head[c.H_LEVEL] = handed.level_mwh
        self._duties.add(k, self._tasks(k, handed, now_s), now_s, events)

    def _tasks(self, k: int, handed: Handed, now_s: int) -> list[Task]:
        """What a shuttle has left to do, of the days that are laid out here."""
        until_s = self._duties.until_s
        kept = [task for task in handed.tasks if task.earliest_s < until_s]
        if handed.tasks_until_s < until_s:
            shuttle = self._fleet.routes[k].shuttle
            kept += tasks_between(self._fleet.calendar, shuttle, handed.tasks_until_s, until_s)
        return [*still_to_do(tuple(kept), now_s)]


def _is_under_way(route: Route) -> bool:
    return route.lending is not None or route.unconfirmed is not None
