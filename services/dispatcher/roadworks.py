"""Roads that are closed for a time: other travel times, and what becomes of those they touch.

All travel times around the closed links are worked out within the step, since that takes a
fraction of a second and depends on nothing but the links. Shuttles under way finish the link that
they are on and go on by the new times. Promises that fall are told at once; rides move to shuttles
that can keep them. What no road leads to any more is taken out of the plans: who waits there is
given to others, or fails with a reason; who is on board is let off at the nearest stop that can be
reached.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.diversion import divert
from services.dispatcher.fleet import Shuttles
from services.dispatcher.lateness import Expected, expected
from services.dispatcher.publication import Publisher
from services.dispatcher.rescue import Rescue
from services.dispatcher.route import Stopover
from services.dispatcher.schedule import from_head
from services.domain.events import CloseRoads, Event, OpenRoads, PromiseChanged
from services.domain.ids import RideId
from services.domain.operating_domain import (
    ClosureTurnedDown,
    RestrictDriving,
    Restriction,
    RoadsChanged,
    SpeedCap,
)
from services.domain.ride import Ride
from services.domain.zone_state import StoredRoads
from services.network.closures import Detours
from services.network.driving import Ways, drive_until, pause_table
from services.network.speed_caps import drives_alike, under_caps

Tell = Callable[[int, int, list[Event]], None]


class Roadworks:
    """Keeps the closures of a zone.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans.
    rescue
        Finds other shuttles.
    tell
        Tells a shuttle's riders how things stand.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: dict[RideId, Ride],
        publisher: Publisher,
        rescue: Rescue,
        tell: Tell,
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._rescue = rescue
        self._tell = tell
        self._detours = Detours(fleet.ways)
        self._closures: dict[str, CloseRoads] = {}
        self._turns: list[int] = []
        self._domain = RestrictDriving(())
        self.version = 0

    def next_due_s(self) -> int | None:
        """When roads are closed or opened next."""
        return self._turns[0] if self._turns else None

    def restrict(self, message: RestrictDriving, now_s: int, events: list[Event]) -> None:
        """Take it that shuttles may not drive, or only slowly, at some times, and at no others."""
        every: tuple[Restriction | SpeedCap, ...] = (*message.restrictions, *message.speed_caps)
        if any(one.until_s <= one.from_s for one in every):
            events.append(ClosureTurnedDown("operating domain", "it ends before it begins"))
        elif not all(self._makes_sense(cap) for cap in message.speed_caps):
            events.append(ClosureTurnedDown("operating domain", "no such link, or no such speed"))
        elif message != self._domain:
            self._domain = message
            self._change(self._fleet.closed, now_s, events)

    def _makes_sense(self, cap: SpeedCap) -> bool:
        count = self._detours.link_count
        return count > 0 and cap.speed_m_h > 0 and all(0 <= n < count for n in cap.links)

    def take(self, message: CloseRoads | OpenRoads, now_s: int, events: list[Event]) -> None:
        """Take a command of the operator."""
        reason = ""
        match message:
            case OpenRoads() if message.closure_id not in self._closures:
                reason = "there is no such closure"
            case CloseRoads() if not all(0 <= n < self._detours.link_count for n in message.links):
                reason = "there is no such link"
            case CloseRoads() if message.until_s is not None and message.until_s <= message.from_s:
                reason = "it ends before it begins"
            case OpenRoads():
                del self._closures[message.closure_id]
            case CloseRoads():
                self._closures[message.closure_id] = message
        if reason:
            events.append(ClosureTurnedDown(message.closure_id, reason))
        else:
            self._await_turns(now_s)
            self._turn(now_s, events)

    def _await_turns(self, now_s: int) -> None:
        ends = ((one.from_s, one.until_s) for one in self._closures.values())
        self._turns = sorted({s for pair in ends for s in pair if s is not None and s > now_s})

    def stored(self) -> StoredRoads:
        """All that is closed and restricted, as a value."""
        return StoredRoads(
            version=self.version,
            closures=tuple(self._closures.values()),
            domain=self._domain,
            closed=tuple(sorted(self._fleet.closed)),
            changed_s=self._fleet.changed_s,
        )

    def restore(self, stored: StoredRoads, now_s: int) -> None:
        """Take the roads as they were; shuttles stay where they are."""
        fleet = self._fleet
        self.version, self._domain = stored.version, stored.domain
        self._closures = {closure.closure_id: closure for closure in stored.closures}
        self._await_turns(now_s)
        fleet.closed, fleet.changed_s = frozenset(stored.closed), stored.changed_s
        fleet.ways = self._ways(fleet.closed)
        fleet.drive_s = memoryview(fleet.ways.drive_s)  # type: ignore[arg-type]

    def _ways(self, closed: frozenset[int]) -> Ways:
        ways = under_caps(self._detours.around(closed), self._domain.speed_caps)
        return ways._replace(pauses=pause_table(self._domain.restrictions))

    def turn(self, now_s: int, events: list[Event]) -> None:
        """Close and open what is due."""
        if self._turns and self._turns[0] <= now_s:
            self._await_turns(now_s)
            self._turn(now_s, events)

    def _turn(self, now_s: int, events: list[Event]) -> None:
        closed = frozenset(
            link
            for closure in self._closures.values()
            if closure.from_s <= now_s and (closure.until_s is None or now_s < closure.until_s)
            for link in closure.links
        )
        if closed != self._fleet.closed:
            self._change(closed, now_s, events)

    def _change(self, closed: frozenset[int], now_s: int, events: list[Event]) -> None:
        fleet = self._fleet
        count = len(fleet.routes)
        late_before = {e.ride_id for k in range(count) for e in self._late(k)}
        before = fleet.arrays.visits[:, :, c.V_ARRIVE : c.V_DEPART + 1].copy()
        ways, domain = self._ways(closed), self._domain
        if not drives_alike(ways, fleet.ways):
            self._reroute(closed, ways, now_s)
        fleet.ways = ways
        for k in range(count):
            fleet.refresh(k, now_s)
        fallen = [e.ride_id for k in range(count) for e in self._late(k)]
        self.version += 1
        at_risk = tuple(ride_id for ride_id in fallen if ride_id not in late_before)
        shut = tuple(sorted(closed))
        said = domain.restrictions, domain.speed_caps
        events.append(RoadsChanged(self.version, shut, at_risk, *said))
        for k in range(count):
            visits = len(fleet.routes[k].stops)
            after = fleet.arrays.visits[k, :visits, c.V_ARRIVE : c.V_DEPART + 1]
            touched = not np.array_equal(before[k, :visits], after)
            if not self.untangle(k, now_s, events) and touched:
                self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))
            self._tell(k, now_s, events)

    def _reroute(self, closed: frozenset[int], ways: Ways, now_s: int) -> None:
        """Let those under way go on by other travel times."""
        fleet = self._fleet
        for k in range(len(fleet.routes)):
            self._pass_on(k, now_s)
        fleet.closed, fleet.changed_s = closed, now_s
        fleet.disruptions += 1
        fleet.drive_on(ways)
        for k in range(len(fleet.routes)):
            self._head_on(k)

    def _late(self, k: int) -> list[Expected]:
        return [e for e in expected(self._fleet, self._rides, k) if e.late_s]

    def _pass_on(self, k: int, now_s: int) -> None:
        """A shuttle under way finishes the link that it is on; it is not known to turn before."""
        fleet, head = self._fleet, self._fleet.head(k)
        if head[c.H_MODE] == c.MOVING and not head[c.H_PENDING]:
            way = (int(head[c.H_NODE]), int(head[c.H_MS]), int(head[c.H_STOP]))
            head[c.H_NODE], head[c.H_MS] = drive_until(fleet.ways, *way, now_s * 1000, 1000)

    def _head_on(self, k: int) -> None:
        fleet, head = self._fleet, self._fleet.head(k)
        if head[c.H_MODE] == c.MOVING and fleet.ways.node_drive_s.shape[0]:
            node, ms, stop = int(head[c.H_NODE]), int(head[c.H_MS]), int(head[c.H_STOP])
            head[c.H_ARRIVE] = fleet.arrive_s(node, ms, stop)

    def untangle(self, k: int, now_s: int, events: list[Event]) -> bool:
        """Take out of a route what no road leads to; say if that issued another plan."""
        fleet, route = self._fleet, self._fleet.routes[k]
        if not fleet.closed or self._cut_off(k, 0) is None:
            return False
        withdrawn: list[RideId] = []
        changed = False
        at = self._cut_off(k, 0)
        while at is not None:
            first = int(fleet.head(k)[c.H_FIRST])
            boarding = {ride_id for stop in route.stops[:first] for ride_id in stop.board}
            stop = route.stops[at]
            waiting = [r for r in (*stop.board, *stop.leave) if r not in route.aboard]
            waiting = [ride_id for ride_id in dict.fromkeys(waiting) if ride_id not in boarding]
            aboard = [ride_id for ride_id in stop.leave if ride_id in route.aboard]
            for ride_id in waiting:
                fleet.remove(k, ride_id)
            withdrawn += waiting
            # One at a time: the visits before it may be gone with those who were to board there.
            moved = bool(waiting) or any(self._divert(k, at, r, now_s, events) for r in aboard)
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            changed |= moved
            at = self._cut_off(k, 0 if moved else at + 1)
        if not changed:
            return False
        self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))
        for ride_id in withdrawn:
            self._rescue.wait(ride_id, k, now_s)
        return True

    def _cut_off(self, k: int, start: int) -> int | None:
        """The first visit from this one on to which no road leads from the one before."""
        stops = self._fleet.routes[k].stops
        for at in range(start, len(stops)):
            if self._drives_s(k, at)[stops[at].stop] >= c.UNREACHABLE_S:
                return at
        return None

    def _drives_s(self, k: int, at: int) -> NDArray[np.int64]:
        """Seconds to each stop from the place before a visit."""
        fleet = self._fleet
        if at:
            row: NDArray[np.int64] = fleet.ways.drive_s[fleet.routes[k].stops[at - 1].stop].astype(
                np.int64
            )
            return row
        head = fleet.head(k)
        stops = range(len(fleet.ways.stop_node))
        return np.array([from_head(fleet.ways, head, stop) for stop in stops], np.int64)

    def _divert(self, k: int, at: int, ride_id: RideId, now_s: int, events: list[Event]) -> bool:
        """Let somebody on board off at the stop nearest to theirs that can be reached."""
        fleet, ride = self._fleet, self._rides[ride_id]
        assert ride.offer is not None
        mm = fleet.ways.stop_mm
        away_mm = np.abs(mm - mm[ride.offer.promise.dropoff_stop]).sum(axis=1)
        # Nobody may be on board when a task begins.
        stops = fleet.routes[k].stops
        at = next((i for i, stop in enumerate(stops[:at]) if stop.task is not None), at)
        reached = np.flatnonzero(self._drives_s(k, at) < c.UNREACHABLE_S)
        if not len(reached):
            return False
        stop = int(reached[away_mm[reached].argmin()])
        since_s = fleet.routes[k].aboard[ride_id]
        fleet.remove(k, ride_id)
        route = fleet.routes[k]
        route.aboard[ride_id] = since_s
        place = min(at, len(route.stops))
        if place == 0:
            fleet.head(k)[c.H_LOCKED] = 0
        route.stops.insert(place, Stopover(stop, leave=[ride_id]))
        promise = divert(fleet, self._rides, k, ride, stop, now_s)
        events.append(PromiseChanged(ride_id, promise, "no road leads to its stop"))
        return True
