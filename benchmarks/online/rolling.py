"""A plain world for planners that solve everything anew every so often, or once for the whole day.

It shares nothing with the product but the travel times and the solvers' form of a problem. Every
``every_s`` seconds the requests since then become known to the planner, which sees where each
shuttle is, who is on board and who was accepted, and plans all routes anew. It answers in no time.
A request that it leaves out is refused; who was accepted stays, within all limits, or the old
routes do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, hypot
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.online.days import CROW_FACTOR, SPEED_KMH, Day, Form
from benchmarks.online.judge import MS_PER_MM, XY, Records
from services.domain.ids import RideId
from services.domain.ride import Party, Request, Ride, Status
from services.network.crow import crow_tables
from services.simulator.driven import Drive
from services.simulator.vehicle import Stay
from services.solver.given import broken
from services.solver.problem import ANY, DIMENSIONS, NOT_YET, SEATS, Problem, Route, far

FAR_S = far(np.int32)
NEWCOMER, ACCEPTED = 10**7, 10**10
"""What it costs to leave somebody out, in seconds of driving."""
FOREVER_S = 10**9

Planner = Callable[[Problem, list[Route]], Sequence[Sequence[int]]]
"""Plans routes anew, given a problem and the routes so far; newcomers are in none of these."""


class Visit(NamedTuple):
    """One party gets on or off."""

    order: int
    boards: bool


@dataclass(slots=True)
class Leg:
    """On the way to a stop."""

    stop: int
    arrive_s: int


@dataclass(slots=True)
class Shuttle:
    """Where a shuttle is or was last, and what it is to do.

    ``place`` is where it set off at ``free_s``, or where it stands since then.
    """

    place: XY
    stop: int
    free_s: int = 0
    leg: Leg | None = None
    route: list[Visit] = field(default_factory=list)
    aboard: dict[int, int] = field(default_factory=dict)
    """When parties on board got on."""


class World:
    """Shuttles that do what they are told, and a record of it.

    Parameters
    ----------
    day, form
        The day, and what bounds a ride.
    divert
        Whether shuttles turn off between stops; else they drive to the next one in any case.
    """

    def __init__(self, day: Day, form: Form, *, divert: bool = False) -> None:
        self._day, self._form, self._divert = day, form, divert
        xy_mm = day.xy_mm
        self._xy: list[XY] = [(x_mm, y_mm) for x_mm, y_mm in xy_mm.tolist()]
        x_mm, y_mm = np.ascontiguousarray(xy_mm[:, 0]), np.ascontiguousarray(xy_mm[:, 1])
        tables = crow_tables(x_mm, y_mm, CROW_FACTOR, SPEED_KMH)
        self._drive_s: NDArray[np.int32] = np.asarray(tables.drive_s).astype(np.int32)
        self.shuttles = [Shuttle(place=self._xy[van.stop], stop=van.stop) for van in day.vans]
        self._accepted: list[int] = []
        self._times_s: dict[int, list[int]] = {}
        self._stays: list[Stay] = []
        self._drives: list[Drive] = []
        self.thrown = 0
        """Plans that forgot somebody or broke a limit, and were thrown away."""
        self.planned_s: list[float] = []
        """Wall time of each plan."""

    def advance(self, until_s: int) -> None:
        """Let shuttles drive; what begins at this very second has not begun."""
        for k, shuttle in enumerate(self.shuttles):
            while shuttle.leg is not None or shuttle.route:
                if shuttle.leg is None:
                    if shuttle.free_s >= until_s:
                        break
                    visit = shuttle.route[0]
                    stop = self._stop_of(visit)
                    shuttle.leg = Leg(stop, shuttle.free_s + self._drive_from(shuttle, stop))
                if self._done_s(shuttle, shuttle.leg) > until_s:
                    break
                self._arrive(k, shuttle, shuttle.leg)

    def _done_s(self, shuttle: Shuttle, leg: Leg) -> int:
        """When the next visit is over: nobody gets on before he asked."""
        visit = shuttle.route[0]
        asked_s = self._day.orders[visit.order].request_s if visit.boards else 0
        return max(leg.arrive_s, asked_s)

    def _arrive(self, k: int, shuttle: Shuttle, leg: Leg) -> None:
        self._drove(k, shuttle, leg, self._xy[leg.stop], leg.arrive_s * 1000)
        done_s, visit = self._done_s(shuttle, leg), shuttle.route.pop(0)
        stay = Stay(k, leg.stop, leg.arrive_s, done_s, len(self._drives))
        ride_id = RideId(self._day.orders[visit.order].request_id)
        if visit.boards:
            stay.boarded.append(ride_id)
            shuttle.aboard[visit.order] = done_s
            self._times_s[visit.order] = [done_s]
        else:
            stay.left.append(ride_id)
            del shuttle.aboard[visit.order]
            self._times_s[visit.order].append(leg.arrive_s)
        self._stays.append(stay)
        shuttle.place, shuttle.stop, shuttle.free_s, shuttle.leg = (
            self._xy[leg.stop],
            leg.stop,
            done_s,
            None,
        )

    def _drove(self, k: int, shuttle: Shuttle, leg: Leg, end: XY, end_ms: int) -> None:
        if end != shuttle.place:
            start_ms = shuttle.free_s * 1000
            drive = Drive(k, shuttle.place, start_ms, leg.stop, end, end_ms, 1000, 0)
            self._drives.append(drive)

    def _stop_of(self, visit: Visit) -> int:
        order = self._day.orders[visit.order]
        return order.origin if visit.boards else order.destination

    def _drive_from(self, shuttle: Shuttle, stop: int) -> int:
        if shuttle.stop >= 0:
            return int(self._drive_s[shuttle.stop, stop])
        return _straight_s(shuttle.place, self._xy[stop])

    def plan(self, newcomers: list[int], now_s: int, planner: Planner) -> None:
        """Let a planner plan everything anew."""
        starts = [self._start(shuttle, now_s) for shuttle in self.shuttles]
        aboard = {r: (k, s) for k, start in enumerate(starts) for r, s in start.aboard.items()}
        gone = self._times_s.keys() | aboard.keys()
        waiting = [r for r in self._accepted if r not in gone]
        orders = [*aboard, *waiting, *newcomers]
        number = {r: i for i, r in enumerate(orders)}
        n = len(orders)
        before: list[Route] = [
            [number[visit.order] + (0 if visit.boards else n) for visit in start.route]
            for start in starts
        ]
        problem = self._problem(orders, len(newcomers), aboard, starts, now_s)
        began = perf_counter()
        routes = planner(problem, [list(route) for route in before])
        self.planned_s.append(perf_counter() - began)
        served = {node - n for route in routes for node in route if node >= n}
        forgotten = any(i not in served for i in range(n - len(newcomers)))
        if forgotten or broken(problem, routes):
            self.thrown += 1
            routes, served = before, set(range(n - len(newcomers)))
        self._accepted = waiting + [r for r in newcomers if number[r] in served]
        for k, (shuttle, route) in enumerate(zip(self.shuttles, routes, strict=True)):
            visits = [Visit(orders[node % n], node < n) for node in route]
            self._redirect(k, shuttle, visits, now_s)

    def _start(self, shuttle: Shuttle, now_s: int) -> Shuttle:
        """From where, when and with whom on board a shuttle can be sent elsewhere."""
        leg = shuttle.leg
        if leg is None:
            free_s = max(shuttle.free_s, now_s)
            return Shuttle(shuttle.place, shuttle.stop, free_s, None, shuttle.route, shuttle.aboard)
        if self._divert:
            place = self._between(shuttle, leg, now_s)
            return Shuttle(place, -1, now_s, leg, shuttle.route, shuttle.aboard)
        visit, free_s = shuttle.route[0], self._done_s(shuttle, leg)
        aboard = {r: s for r, s in shuttle.aboard.items() if r != visit.order}
        if visit.boards:
            aboard[visit.order] = free_s
        return Shuttle(self._xy[leg.stop], leg.stop, free_s, None, shuttle.route[1:], aboard)

    def _between(self, shuttle: Shuttle, leg: Leg, now_s: int) -> XY:
        if now_s >= leg.arrive_s:
            return self._xy[leg.stop]
        gone, way_s = now_s - shuttle.free_s, leg.arrive_s - shuttle.free_s
        (x, y), (to_x, to_y) = shuttle.place, self._xy[leg.stop]
        return x + (to_x - x) * gone // way_s, y + (to_y - y) * gone // way_s

    def _redirect(self, k: int, shuttle: Shuttle, visits: list[Visit], now_s: int) -> None:
        leg = shuttle.leg
        if leg is None:
            shuttle.free_s = max(shuttle.free_s, now_s)
        elif not self._divert:
            visits = [shuttle.route[0], *visits]
        elif not visits or self._stop_of(visits[0]) != leg.stop:
            place = self._between(shuttle, leg, now_s)
            self._drove(k, shuttle, leg, place, now_s * 1000)
            shuttle.place, shuttle.stop, shuttle.free_s, shuttle.leg = place, -1, now_s, None
        shuttle.route = visits

    def _travel(self, starts: list[Shuttle], now_s: int) -> NDArray[np.int32]:
        """Travel times between stops, and behind them from where each shuttle starts."""
        stops = len(self._xy)
        size = stops + len(starts)
        travel = np.full((size, size), FAR_S, np.int32)
        travel[:stops, :stops] = self._drive_s
        for k, start in enumerate(starts, start=stops):
            travel[k, :stops] = [self._drive_from(start, stop) for stop in range(stops)]
            if start.leg is not None:
                travel[k, start.leg.stop] = max(start.leg.arrive_s - now_s, 0)
            travel[k, k] = 0
        return travel

    def _problem(
        self,
        orders: list[int],
        newcomers: int,
        aboard: dict[int, tuple[int, int]],
        starts: list[Shuttle],
        now_s: int,
    ) -> Problem:
        n, m, stops = len(orders), len(starts), len(self._xy)
        rows = [self._day.orders[r] for r in orders]
        travel = self._travel(starts, now_s)
        begin_by = np.full(2 * (n + m), FAR_S, np.int32)
        leave_by, opens = begin_by.copy(), np.zeros_like(begin_by)
        opens[:n] = [row.request_s for row in rows]
        leave_by[:n] = [row.pickup_by_s for row in rows]
        opens[2 * n : 2 * n + m] = [start.free_s for start in starts]
        ride_max = np.full(n, FAR_S, np.int32)
        if self._form is Form.ARRIVAL:
            begin_by[n : 2 * n] = [row.dropoff_by_s for row in rows]
        else:
            ride_max[:] = [row.ride_s_max for row in rows]
        load = np.zeros((n, DIMENSIONS), np.int32)
        load[:, SEATS] = [row.seats for row in rows]
        capacity = np.zeros((m, DIMENSIONS), np.int32)
        capacity[:, SEATS] = [van.seats for van in self._day.vans]
        starts_at = np.arange(stops, stops + m)
        nodes = [row.origin for row in rows] + [row.destination for row in rows]
        return Problem(
            travel=travel,
            length=travel,
            place=np.concatenate((np.array(nodes, np.int64), starts_at, starts_at)).astype(
                np.int32
            ),
            opens=opens,
            begin_by=begin_by,
            leave_by=leave_by,
            service=np.zeros_like(begin_by),
            setup=np.zeros(1, np.int32),
            load=load,
            ride_max=ride_max,
            shuttle_of=np.array([aboard.get(r, (ANY, 0))[0] for r in orders], np.int32),
            picked_at=np.array([aboard.get(r, (0, NOT_YET))[1] for r in orders], np.int32),
            penalty=np.array([ACCEPTED] * (n - newcomers) + [NEWCOMER] * newcomers, np.int64),
            capacity=capacity,
            displaces=np.zeros(m, np.int32),
            open_end=np.ones(m, np.bool_),
            duration_max=np.full(m, FAR_S, np.int32),
            length_max=np.full(m, FAR_S, np.int32),
            fixed=np.zeros(m, np.int64),
            kind=np.arange(m, dtype=np.int32),
            cell=np.full(stops + m, -1, np.int32),
            weights=np.zeros(2, np.int64),
        )

    def records(self) -> Records:
        """What happened, for the judge."""
        rides = {}
        for r, order in enumerate(self._day.orders):
            times_s = self._times_s.get(r)
            ride_id = RideId(order.request_id)
            rides[order.request_id] = Ride(
                request=Request(
                    ride_id=ride_id,
                    party=Party(),
                    origins=(),
                    destinations=(),
                    departure_s=order.request_s,
                ),
                requested_s=order.request_s,
                status=Status.COMPLETED if times_s else Status.REFUSED,
                picked_up_s=times_s[0] if times_s else None,
                dropped_off_s=times_s[1] if times_s else None,
            )
        order_of = {ride.id: name for name, ride in rides.items()}
        return Records(rides=rides, order_of=order_of, stays=self._stays, drives=self._drives)


def _straight_s(start: XY, end: XY) -> int:
    way_mm = hypot(end[0] - start[0], end[1] - start[1])
    return ceil(way_mm * MS_PER_MM / 1000 - 1e-9)


def roll(world: World, day: Day, every_s: int, planner: Planner) -> None:
    """Let a day happen, planned anew every so often whenever somebody new has asked."""
    left = list(range(len(day.orders)))
    while left:
        now_s = -(-day.orders[left[0]].request_s // every_s) * every_s
        known = sum(day.orders[r].request_s <= now_s for r in left)
        world.advance(now_s)
        world.plan(left[:known], now_s, planner)
        left = left[known:]
    world.advance(FOREVER_S)


def in_hindsight(world: World, day: Day, planner: Planner) -> None:
    """Let a day happen that was known from its first second on."""
    world.plan(list(range(len(day.orders))), 0, planner)
    world.advance(FOREVER_S)
