"""The shuttles of a zone: who boards and leaves where, and the arrays that the kernels work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.arrays import Fleet, allocated
from services.dispatcher.departures import T_COLUMNS, outline
from services.dispatcher.energy import point_mwh, runs_short
from services.dispatcher.moves import book
from services.dispatcher.pages import turned, with_more
from services.dispatcher.route import Route, Stopover
from services.dispatcher.schedule import refresh
from services.dispatcher.sight import Sight, differing, take_over
from services.domain.battery import Battery, Charger
from services.domain.calendar import Calendar
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Ride
from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.task import TaskKind
from services.domain.territory import Territory
from services.network.driving import Ways, crow_s, drive_until, set_off

POSITIONS = 16
"""Visits that a plan has room for at first; doubled when one is full."""


class Terms(NamedTuple):
    """What the arrays need of a ride; latest times are those promised, less the reserve."""

    seats: int
    wheelchairs: int
    luggage: int
    stop_s: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    ride_s_max: int


class Shuttles:
    """All shuttles of a zone, as lists and, kept in step, as arrays.

    Parameters
    ----------
    shuttles
        The fleet, in the order of its ids.
    ways
        Travel times.
    territory
        How long stops take, how far ahead a shuttle can turn off, and the reserve of plans.
    chargers
        Where shuttles charge.
    """

    def __init__(
        self,
        shuttles: tuple[Shuttle, ...],
        ways: Ways,
        territory: Territory,
        chargers: tuple[Charger, ...] = (),
        calendar: Calendar | None = None,
    ) -> None:
        self.calendar = calendar or Calendar()
        self.closed: frozenset[int] = frozenset()
        """Links that are closed."""
        self.changed_s = -1
        """When roads were last closed or opened."""
        self.disruptions = 0
        """How often a shuttle broke down, or a road was closed or opened."""
        self.replanned = 0
        """How often somebody's plan changed, since this process holds the zone."""
        self._sight = Sight()
        self.touched: set[int] = set()
        """Shuttles that may have changed since somebody last emptied this."""
        self.ways = ways
        self.lease_ahead_s = territory.dispatch.lease_ahead_s
        self.lease_late_s = territory.dispatch.lease_late_s
        self.latency_s = territory.dispatch.divert_latency_s
        self.stop_times = territory.stop_times
        self.reserve_s = territory.reserve_s
        self.chargers = {charger.stop: charger for charger in chargers}
        self.routes = [Route(shuttle) for shuttle in shuttles]
        self._terms: dict[RideId, Terms] = {}
        self.number = {shuttle.id: k for k, shuttle in enumerate(shuttles)}
        heads = np.zeros((len(shuttles), c.H_COLUMNS), np.int64)
        for k, shuttle in enumerate(shuttles):
            heads[k, c.H_STOP] = shuttle.depot_stop
            heads[k, c.H_SEATS : c.H_LUGGAGE + 1] = shuttle.capacity
            heads[k, c.H_PER_WHEELCHAIR] = shuttle.seats_per_wheelchair
            heads[k, c.H_DARK] = not shuttle.dark
            heads[k, c.H_KEEP] = territory.dispatch.keep_course_s
            heads[k, c.H_EARLY] = territory.dispatch.early_s
            heads[k, c.H_PARK] = -1
            if shuttle.battery is not None:
                heads[k, c.H_CAPACITY : c.H_PER_STOP + 1] = _battery(shuttle.battery)
        limits = () if territory.supervision is None else territory.supervision.limits
        self.supervised = bool(limits)
        self.arrays = allocated(heads, POSITIONS, np.array(limits, np.int64))
        self._page_until_s = 0
        self.turn_page(0)
        self.drive_on(ways)

    def trial(self, chosen: Sequence[int]) -> Shuttles:
        """A fleet of some of the shuttles as they are now, to try things on; this one stays."""
        fleet = copy(self)
        fleet.routes = [self.routes[k].trial() for k in chosen]
        fleet.number = {route.shuttle.id: k for k, route in enumerate(fleet.routes)}
        fleet.arrays = self.arrays.some(chosen)
        fleet._terms, fleet.touched, fleet._sight = dict(self._terms), set(), Sight()
        return fleet

    def drive_on(self, ways: Ways) -> None:
        """Take other travel times; schedules are not computed anew by this."""
        for head in self.arrays.heads:
            if head[c.H_CAPACITY] and head[c.H_MODE] == c.MOVING:
                before_mwh = point_mwh(self.ways, head, head[c.H_STOP])
                head[c.H_LEVEL] += before_mwh - point_mwh(ways, head, head[c.H_STOP])
        self.ways = ways
        self.drive_s = memoryview(ways.drive_s)  # type: ignore[arg-type]  # plain ints, fast

    def head(self, k: int) -> NDArray[np.int64]:
        """Where shuttle ``k`` is (``H_`` columns)."""
        head: NDArray[np.int64] = self.arrays.heads[k]
        return head

    def write(self, k: int, rides: Mapping[RideId, Ride]) -> None:
        """Bring the arrays of shuttle ``k`` in step with its route; times are computed after."""
        route = self.routes[k]
        self.touched.add(k)
        if max(len(route.stops), len(route.ride_ids())) > self.arrays.times.shape[0]:
            self._grow(max(len(route.stops), len(route.ride_ids())))
        head = self.arrays.heads[k]
        load = [0, 0, 0]
        per_wheelchair = route.shuttle.seats_per_wheelchair
        limits: dict[RideId, list[int]] = {}
        for ride_id, picked_s in route.aboard.items():
            terms = self.terms_of(ride_id, rides)
            _add(load, terms, 1)
            limits[ride_id] = [-1, 0, terms.ride_s_max, picked_s]
        head[c.H_ABOARD_SEATS : c.H_ABOARD_LUGGAGE + 1] = load
        head[c.H_ABOARD_SEATS] += per_wheelchair * load[1]
        rows = [self._row(i, stop, rides, load, limits) for i, stop in enumerate(route.stops)]
        head[c.H_VISITS] = len(rows)
        head[c.H_RIDES] = len(limits)
        if rows:
            self.arrays.visits[k, : len(rows), : c.V_ARRIVE] = rows
            if per_wheelchair:
                taken = self.arrays.visits[k, : len(rows)]
                taken[:, c.V_SEATS] += per_wheelchair * taken[:, c.V_WHEELCHAIRS]
            if route.stops[0] is not route.written:
                self.arrays.visits[k, 0, c.V_START] = c.FAR_S
        route.written = route.stops[0] if route.stops else None
        if limits:
            self.arrays.rides[k, : len(limits)] = list(limits.values())

    def _row(
        self,
        i: int,
        stop: Stopover,
        rides: Mapping[RideId, Ride],
        load: list[int],
        limits: dict[RideId, list[int]],
    ) -> list[int]:
        if stop.task is not None:
            task = stop.task
            by_s = task.latest_s - self.reserve_s
            window = (task.earliest_s, task.duration_s, c.FAR_S, by_s)
            charges = task.kind is TaskKind.CHARGE and task.stop in self.chargers
            gain_mwh = self.chargers[task.stop].gain_mwh(task.duration_s) if charges else 0
            return [stop.stop, *window, *load, 0, 0, 1, gain_mwh]
        earliest_s, pick_by_s, drop_by_s = stop.hold_s, c.FAR_S, c.FAR_S
        dwell_s = self.stop_times.base_s + stop.served_s
        for ride_id in stop.leave:
            terms = self.terms_of(ride_id, rides)
            drop_by_s = min(drop_by_s, terms.arrive_by_s)
            dwell_s += terms.stop_s
            limits[ride_id][c.R_DROP] = i
            _add(load, terms, -1)
        for ride_id in stop.board:
            terms = self.terms_of(ride_id, rides)
            earliest_s = max(earliest_s, terms.pickup_from_s)
            pick_by_s = min(pick_by_s, terms.pickup_to_s)
            dwell_s += terms.stop_s
            limits[ride_id] = [i, 0, terms.ride_s_max, 0]
            _add(load, terms, 1)
        window = (earliest_s, dwell_s, pick_by_s, drop_by_s)
        return [stop.stop, *window, *load, len(stop.board), len(stop.leave), 0, 0]

    def terms_of(self, ride_id: RideId, rides: Mapping[RideId, Ride]) -> Terms:
        """A ride's promise and load, which never change, at hand."""
        terms = self._terms.get(ride_id)
        if terms is None:
            promise, load = rides[ride_id].promise, rides[ride_id].request.party.load
            terms = self._terms[ride_id] = Terms(
                *load,
                self.stop_times.of_party_s(load.wheelchairs),
                promise.pickup_from_s,
                promise.pickup_to_s - self.reserve_s,
                promise.arrive_by_s - self.reserve_s,
                promise.ride_s_max - self.reserve_s,
            )
        return terms

    def forget(self, ride_id: RideId) -> None:
        """Drop what is kept of a ride that is in no route any more."""
        self._terms.pop(ride_id, None)

    def refresh(self, k: int, now_s: int) -> bool:
        """Find where shuttle ``k`` can be sent from, and schedule; say if boarding was held."""
        self.touched.add(k)
        arrays = self.arrays
        visits = arrays.visits[k]
        held = refresh(self.ways, arrays.heads[k], visits, arrays.rides[k], now_s, self.latency_s)
        self.book(k, now_s)
        if held:
            for stop, row in zip(self.routes[k].stops, visits, strict=False):
                stop.hold_s = int(row[c.V_EARLIEST])
        return bool(held)

    def seen(self, now_s: int) -> Fleet:
        """The arrays as searches see them at a time; nothing changes by looking."""
        return self._sight.at(self.ways, self.arrays, now_s, self.latency_s)

    def settle(self, k: int, now_s: int) -> None:
        """Take shuttle ``k`` as it was seen, since a search found a place in its plan.

        So are others whose bookings looked otherwise then: the search counted on that.
        """
        self.touched.add(k)
        seen = self.seen(now_s)
        others = differing(seen.booked, self.arrays.booked)
        take_over(self.arrays, seen, np.unique(np.append(others, k)))

    def limit(self, minute: int) -> int:
        """How many shuttles may move in a minute, counted from the first day's midnight."""
        limits = self.arrays.limits
        return int(limits[self.calendar.local_s(minute * 60) // 60 % len(limits)])

    @property
    def booked_min(self) -> int:
        """Up to which minute drives may be booked; 0 where nobody supervises them."""
        return int(self.arrays.days[0, 0]) + len(self.arrays.total) if self.supervised else 0

    def turn_page(self, now_s: int) -> None:
        """Let minutes be booked from the day before on, once a day."""
        if now_s < self._page_until_s:
            return
        self._page_until_s = (now_s // DAY_S + 1) * DAY_S
        self.arrays = turned(self.arrays, self.calendar, now_s)

    def book(self, k: int, now_s: int) -> None:
        """Book the minutes in which shuttle ``k`` moves, by its schedule and newest plan."""
        self.touched.add(k)
        if not self.supervised:
            return
        parking = self.parking(k)
        self.arrays.heads[k, c.H_PARK] = -1 if parking is None else parking
        needed = book(self.ways, self.arrays, k, now_s)
        if needed > len(self.arrays.total):
            self.arrays = with_more(self.arrays, needed)
            book(self.ways, self.arrays, k, now_s)

    def can_spare(self, k: int, stop: int) -> bool:
        """Whether there is energy to stand at a stop first, before all that is planned."""
        head, visits, ways = self.arrays.heads[k], self.arrays.visits[k], self.ways
        if not head[c.H_CAPACITY]:
            return True
        own = (0, stop, -1, -1)
        return not runs_short(ways, head, visits, own)

    def pauses(self, k: int) -> list[tuple[int, int]]:
        """When shuttle ``k`` may not drive: from and until, in order."""
        spans = self.ways.pauses[int(self.arrays.heads[k, c.H_DARK])].tolist()
        return [(from_s, until_s) for from_s, until_s in spans if from_s < c.FAR_S]

    def set_off(self, k: int, leave_s: int, start: int, stop: int) -> tuple[int, int]:
        """From when on shuttle ``k`` may drive between stops, and how long that takes then."""
        leave_s, drive_s = set_off(self.ways, self.arrays.heads[k, c.H_DARK], leave_s, start, stop)
        return int(leave_s), int(drive_s)

    def outline(self, k: int, early_s: int) -> tuple[tuple[int, int] | None, list[list[int]]]:
        """Where, and from when, shuttle ``k`` stands before its next work, if anywhere.

        And when it sets off for each visit, arrives and departs (``T_`` columns).
        """
        head, visits, parking = self.arrays.heads[k], self.arrays.visits[k], self.parking(k)
        to = -1 if parking is None else parking
        times = np.empty((head[c.H_VISITS], T_COLUMNS), np.int64)
        stop, there_s = outline(self.ways, head, visits, times, to, early_s)
        return (int(stop), int(there_s)) if stop >= 0 else None, times.tolist()

    def arrive_s(self, node: int, node_ms: int, stop: int) -> int:
        """When a shuttle that passes a road node at a time gets to a stop, exactly.

        Far in the future, if no road leads there.
        """
        if self.ways.node_drive_s[node, stop] >= c.UNREACHABLE_S:
            return node_ms // 1000 + 2 * c.UNREACHABLE_S
        _, arrive_ms = drive_until(self.ways, node, node_ms, stop, c.FAR_S, 1000)
        return -(-int(arrive_ms) // 1000)

    def crow_s(self, x_mm: int, y_mm: int, stop: int) -> int:
        """Seconds from a point to a stop, without roads."""
        return int(crow_s(self.ways, x_mm, y_mm, stop))

    def parking(self, k: int) -> int | None:
        """Return where shuttle ``k`` is to go and wait, standing elsewhere, by its newest plan."""
        route, head = self.routes[k], self.arrays.heads[k]
        if route.parking is None or route.parking[1] != route.revision:
            return None
        stop = route.parking[0]
        return stop if head[c.H_MODE] == c.AT_STOP and head[c.H_STOP] != stop else None

    def insert(self, found: list[int], ride_id: RideId, pickup: int, dropoff: int) -> None:
        """Put a ride where the search found its place (``F_`` columns)."""
        k, pick, joins, drop, drop_joins = found[c.F_SHUTTLE : c.F_DROP_MERGED + 1]
        stops = self.routes[k].stops
        self.touched.add(k)
        self.routes[k].held.add(ride_id)
        if drop_joins:
            stops[drop].leave.append(ride_id)
        else:
            stops.insert(drop, Stopover(dropoff, leave=[ride_id]))
        if joins:
            stops[pick].board.append(ride_id)
        else:
            stops.insert(pick, Stopover(pickup, board=[ride_id]))

    def remove(self, k: int, ride_id: RideId) -> None:
        """Take a ride out of shuttle ``k``'s route, and out of the shuttle."""
        self.touched.add(k)
        route = self.routes[k]
        route.aboard.pop(ride_id, None)
        route.held.discard(ride_id)
        route.awaited.discard(ride_id)
        self.forget(ride_id)
        for stop in route.stops:
            if ride_id in stop.board:
                stop.board.remove(ride_id)
            if ride_id in stop.leave:
                stop.leave.remove(ride_id)
        if route.stops and not _has_to_be_made(route.stops[0]):
            self.head(k)[[c.H_LOCKED, c.H_SERVING]] = 0
        route.stops = [stop for stop in route.stops if _has_to_be_made(stop)]

    def holder(self, ride_id: RideId, shuttle_id: ShuttleId | None) -> int | None:
        """The number of the shuttle whose route has this ride, given where it should be."""
        k = None if shuttle_id is None else self.number.get(shuttle_id)
        if k is None:
            return None
        return k if ride_id in self.routes[k].ride_ids() else None

    def _grow(self, needed: int) -> None:
        old = self.arrays
        size = old.times.shape[0]
        while size < needed:
            size *= 2
        made = allocated(old.heads, size, old.limits)
        made.visits[:, : old.visits.shape[1]] = old.visits
        made.rides[:, : old.rides.shape[1]] = old.rides
        self.arrays = old._replace(visits=made.visits, rides=made.rides, times=made.times)


def before_task(stops: list[Stopover]) -> int:
    """How many stops come before the first task."""
    return next((i for i, stop in enumerate(stops) if stop.task is not None), len(stops))


def _battery(battery: Battery) -> tuple[int, ...]:
    return (
        battery.capacity_mwh,
        battery.start_mwh,
        battery.reserve_mwh,
        battery.per_m_mwh,
        battery.per_s_mwh,
        battery.per_stop_mwh,
    )


def _has_to_be_made(stop: Stopover) -> bool:
    return bool(stop.board or stop.leave or stop.task)


def _add(load: list[int], terms: Terms, sign: int) -> None:
    load[0] += sign * terms.seats
    load[1] += sign * terms.wheelchairs
    load[2] += sign * terms.luggage
