"""A zone's open work as it is, and as it will be when a batch takes effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.answers import Asked
from services.dispatcher.batch import Batch
from services.dispatcher.batch_requests import (
    FAR_S,
    MUST,
    REFUSED,
    BatchRequest,
    columns_of,
    request_of,
)
from services.dispatcher.energy import beyond_reserve, level_when_free
from services.dispatcher.fleet import Shuttles, before_task
from services.dispatcher.free_moves import free_moves
from services.dispatcher.moves import locate_and_book
from services.dispatcher.objective import DRIVE_COST
from services.dispatcher.projection import (
    J_FROZEN,
    J_STOP,
    J_TIME,
    J_TOWARDS,
    approaches,
    approaches_m,
    project_all,
)
from services.dispatcher.route import Stopover
from services.dispatcher.schedule import locate_all
from services.domain.ids import RideId
from services.domain.plan import Call
from services.domain.ride import Ride
from services.domain.territory import DispatchSettings
from services.network.speed_caps import table_at
from services.solver.given import broken
from services.solver.problem import ANY, NOT_YET, Moves, Problem


class Snapshot:
    """A zone's open work as it is, and as it will be when a batch takes effect.

    It works on copies: looking at a zone changes nothing in it.

    Parameters
    ----------
    fleet, rides
        The zone's shuttles and rides.
    settings
        How the dispatcher weighs and hurries.
    cells
        (stops,) cell of the map in which each stop lies.
    times_s
        Now, and when the batch takes effect.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: Mapping[RideId, Ride],
        settings: DispatchSettings,
        cells: NDArray[np.int32],
        times_s: tuple[int, int],
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._settings = settings
        self._cells = cells
        now_s, self._deadline_s = times_s
        weights = (settings.wait_weight, settings.ride_weight)
        self._weights = np.array([round(w * DRIVE_COST) for w in weights], np.int64)
        old = fleet.arrays
        self.arrays = old.some(range(len(old.heads)))
        self._now_s = now_s
        if fleet.supervised:
            every = np.arange(len(old.heads))
            locate_and_book(fleet.ways, self.arrays, every, now_s, fleet.latency_s)
        else:
            locate_all(fleet.ways, *self.arrays[:3], now_s, fleet.latency_s)
        times = (self._deadline_s, fleet.latency_s, settings.keep_course_s, settings.early_s)
        self.projected: NDArray[np.int64] = project_all(fleet.ways, self.arrays, times)
        """Where each shuttle is when the batch takes effect (``J_`` columns)."""
        self._open_to = [self._planned_anew(k) for k in range(len(fleet.routes))]

    def shuttles(self) -> list[int]:
        """The shuttles that can be sent anywhere at all, if only before their next task."""
        heads = self.arrays.heads
        there = ~heads[:, [c.H_SILENT, c.H_OUT, c.H_AWAY]].any(axis=1)
        there &= self.projected[:, J_FROZEN] <= self._open_to
        found: list[int] = np.flatnonzero(there).tolist()
        return found

    def _planned_anew(self, k: int) -> int:
        """How many visits are planned anew: those before a task, and before what is far ahead.

        The rest stays as it is; nobody is on board when it begins.
        """
        stops = self._fleet.routes[k].stops
        last = before_task(stops)
        rows = self.arrays.visits[k]
        far_s = self._deadline_s + self._settings.batch_ahead_s
        if not last or rows[last - 1, c.V_START] <= far_s:
            return last
        for i in np.flatnonzero(rows[:last, c.V_START] > far_s).tolist():
            aboard = rows[i - 1, c.V_SEATS : c.V_LUGGAGE + 1] if i else self._aboard(k)
            if not aboard.any():
                return int(i)
        return last

    def _aboard(self, k: int) -> NDArray[np.int64]:
        load: NDArray[np.int64] = self.arrays.heads[k, c.H_ABOARD_SEATS : c.H_ABOARD_LUGGAGE + 1]
        return load

    def stops(self, k: int) -> list[int]:
        """The stops at which a shuttle is, for which it is heading, or that it is to visit."""
        at = self.projected[k]
        here = at[J_STOP] if at[J_STOP] >= 0 else at[J_TOWARDS]
        stops = self._fleet.routes[k].stops[: self._open_to[k]]
        return [int(here), *(stop.stop for stop in stops)]

    def rides(self, k: int) -> int:
        """How many rides a shuttle has, on board and planned."""
        return int(self.arrays.heads[k, c.H_RIDES])

    def batch(
        self, shuttles: Sequence[int], asked: Sequence[Asked], part: tuple[int, int] = (0, 1)
    ) -> Batch:
        """Take some shuttles and all their open work, and requests that wait.

        Shuttles whose plan breaks a limit as a solver sees it are left out: theirs stays. ``part``
        says which this is of how many batches at the same time.
        """
        batch = self._batch(shuttles, asked, part)
        if out := broken(batch.problem, batch.start):
            kept = [k for own, k in enumerate(shuttles) if own not in out]
            batch = self._batch(kept, asked, part)
        return batch

    def _batch(
        self, shuttles: Sequence[int], asked: Sequence[Asked], part: tuple[int, int]
    ) -> Batch:
        fleet = self._fleet
        requests: list[BatchRequest] = []
        number: dict[RideId, int] = {}
        sequences: list[list[tuple[RideId, bool]]] = []
        frozen: list[tuple[Call, ...]] = []
        at = self.projected[list(shuttles)]
        for own, k in enumerate(shuttles):
            first = int(at[own, J_FROZEN])
            stops = fleet.routes[k].stops[: self._open_to[k]]
            frozen.append(tuple(_call(stop) for stop in stops[:first]))
            for request in self._open(k, own, first):
                number[request.ride_id] = len(requests)
                requests.append(request)
            sequences.append(
                [
                    (ride_id, boards)
                    for stop in stops[first:]
                    for boards, ids in ((False, stop.leave), (True, stop.board))
                    for ride_id in ids
                ]
            )
        requests += [request_of(one) for one in asked]
        n = len(requests)
        start = tuple(
            tuple(number[ride_id] + (0 if boards else n) for ride_id, boards in sequence)
            for sequence in sequences
        )
        problem, stops_used = self._problem(requests, shuttles, at)
        problem = problem._replace(moves=self._moves(problem, shuttles, at, part))
        if self.arrays.heads[:, c.H_CAPACITY].any():
            for own, k in enumerate(shuttles):
                problem.length_max[own] = self._length_max(problem, own, start[own], k)
        return Batch(
            problem=problem,
            start=start,
            shuttles=tuple(fleet.routes[k].shuttle.id for k in shuttles),
            revisions=tuple(fleet.routes[k].revision for k in shuttles),
            rides=tuple(request.ride_id for request in requests),
            asked=len(asked),
            frozen=tuple(frozen),
            stops=stops_used,
        )

    def _open(self, k: int, own: int, first: int) -> list[BatchRequest]:
        """The requests that shuttle ``k``, number ``own`` of the batch, serves after a visit."""
        fleet, route = self._fleet, self._fleet.routes[k]
        rows = self.arrays.visits[k, : len(route.stops)].tolist()
        picked_s = dict(route.aboard)
        for stop, row in zip(route.stops[:first], rows, strict=False):
            picked_s |= dict.fromkeys(stop.board, row[c.V_DEPART])
        pickups: dict[RideId, tuple[int, int, int]] = {}
        requests = []
        for stop, row in list(zip(route.stops, rows, strict=True))[first : self._open_to[k]]:
            for late, ride_id in enumerate(stop.leave):
                terms = fleet.terms_of(ride_id, self._rides)
                since_s = picked_s.get(ride_id, NOT_YET)
                pickup, picked, sooner_s = pickups.get(ride_id, (stop.stop, since_s, 0))
                # As a solver sees it, who gets off behind others of the same visit does so later,
                # and who gets on before others sooner.
                arrive_s = row[c.V_ARRIVE] + (late and row[c.V_DWELL])
                near = picked - self._deadline_s < self._settings.reassign_until_s
                fixed = since_s != NOT_YET or near or ride_id in route.awaited
                requests.append(
                    BatchRequest(
                        ride_id=ride_id,
                        pickup=pickup,
                        dropoff=stop.stop,
                        opens_s=terms.pickup_from_s,
                        leave_by_s=max(terms.pickup_to_s, picked),
                        arrive_by_s=max(terms.arrive_by_s, arrive_s),
                        ride_s_max=max(terms.ride_s_max, arrive_s - picked + sooner_s),
                        stop_s=terms.stop_s,
                        load=terms[:3],
                        shuttle=own if fixed else ANY,
                        picked_s=since_s,
                    )
                )
            for ride_id in stop.board:
                sooner_s = row[c.V_DWELL] if len(stop.board) > 1 else 0
                pickups[ride_id] = stop.stop, row[c.V_DEPART], sooner_s
        return requests

    def _end(self, k: int) -> tuple[int, int, int]:
        """Where a shuttle has to be for what stays as it is (-1: nowhere), from and until when.

        It ends its way before it may not drive, if it does so as planned.
        """
        at, stops = self._open_to[k], self._fleet.routes[k].stops
        rows = self.arrays.visits[k]
        bound = at < len(stops)
        by_s = int(rows[at, c.V_ARRIVE] + rows[at, c.V_RIDE_SLACK]) if bound else FAR_S
        ends_s = int(self.projected[k, J_TIME])
        if bound or at:
            ends_s = int(rows[at, c.V_ARRIVE] if bound else rows[at - 1, c.V_DEPART])
        ahead = [from_s for from_s, _ in self._fleet.pauses(k) if from_s >= ends_s]
        by_s = min([by_s, FAR_S, *ahead])
        riders = bound and stops[at].task is None
        opens_s = min(int(rows[at, c.V_EARLIEST]), by_s) if riders else 0
        return stops[at].stop if bound else -1, opens_s, by_s

    def _length_max(self, problem: Problem, own: int, route: tuple[int, ...], k: int) -> int:
        """How far a shuttle's battery lasts, about: as far as planned, and what it has to spare.

        It takes as much for each second as on the way from any stop to any other on average; the
        referee reckons exactly what becomes of it.
        """
        head = self.arrays.heads[k]
        if not head[c.H_CAPACITY]:
            return FAR_S
        n, m = problem.requests, problem.shuttles
        nodes = [2 * n + own, *route, *([] if problem.open_end[own] else [2 * n + m + own])]
        places = problem.place[nodes]
        planned = int(problem.length[places[:-1], places[1:]].sum()) if route else 0
        per_s_mwh = head[c.H_PER_S] + head[c.H_PER_M] * self._m_per_s
        cost_per_s = DRIVE_COST + self._settings.km_weight * self._m_per_s
        return min(planned + int(self._spare_mwh(k) / max(per_s_mwh, 1) * cost_per_s), FAR_S)

    @cached_property
    def _m_per_s(self) -> float:
        """How fast shuttles are between stops, on average."""
        ways = self._fleet.ways
        known = ways.drive_s < c.UNREACHABLE_S
        driven_s = max(int(ways.drive_s[known].sum(dtype=np.int64)), 1)
        return int(ways.drive_m[known].sum(dtype=np.int64)) / driven_s

    def _spare_mwh(self, k: int) -> int:
        """What is left over with the plan as it is, up to its next charge."""
        head, ways = self.arrays.heads[k], self._fleet.ways
        rows = self.arrays.visits[k, : head[c.H_VISITS]]
        charges = np.flatnonzero(rows[:, c.V_CHARGE])
        rows = rows[: charges[0] + 1] if len(charges) else rows
        level = level_when_free(ways, head)
        now_mwh = beyond_reserve(ways, head, head[c.H_STOP], level)
        return max(int(rows[:, c.V_MARGIN].min(initial=now_mwh)), 0)

    def _moves(
        self,
        problem: Problem,
        shuttles: Sequence[int],
        at: NDArray[np.int64],
        part: tuple[int, int],
    ) -> Moves | None:
        if not self._fleet.supervised:
            return None
        rest = [self._open_to[k] for k in shuttles]
        kept = np.stack((at[:, J_FROZEN], rest, at[:, J_TIME], at[:, J_STOP] < 0), axis=1)
        known = problem.begin_by[problem.begin_by < FAR_S]
        until_s = int(known.max(initial=self._deadline_s))
        span_s = self._now_s, until_s
        return free_moves(self._fleet.ways, self.arrays, shuttles, kept, span_s, part)

    def _drive_cost(
        self, travel: NDArray[np.int32], stops: NDArray[np.int64], at: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        """What driving between places costs, by time and distance."""
        ways, size, km_weight = self._fleet.ways, len(stops), self._settings.km_weight
        cost = travel.astype(np.int64) * DRIVE_COST
        if km_weight:
            cost[:size, :size] += ways.drive_m[np.ix_(stops, stops)].astype(np.int64) * km_weight
            cost[size:, :size] += approaches_m(ways, at, stops) * km_weight
        cost[(travel >= c.UNREACHABLE_S) | (cost > FAR_S)] = FAR_S
        return cost.astype(np.int32)

    def _problem(
        self, requests: list[BatchRequest], shuttles: Sequence[int], at: NDArray[np.int64]
    ) -> tuple[Problem, tuple[int, ...]]:
        fleet, n, m = self._fleet, len(requests), len(shuttles)
        nodes = [r.pickup for r in requests] + [r.dropoff for r in requests]
        ends = [self._end(k) for k in shuttles]
        nodes += [stop for stop, _, _ in ends if stop >= 0]
        stops, place = np.unique(np.array(nodes, np.int64), return_inverse=True)
        size = len(stops)
        travel = np.full((size + m, size + m), FAR_S, np.int32)
        # The search takes times as they are when its answer takes effect; adoption is exact.
        travel[:size, :size] = table_at(fleet.ways, self._deadline_s)[np.ix_(stops, stops)]
        travel[size:, :size] = approaches(fleet.ways, at, stops)
        length = self._drive_cost(travel, stops, at)
        travel[travel >= c.UNREACHABLE_S] = FAR_S
        starts = np.arange(size, size + m)
        begin_by = np.full(2 * (n + m), FAR_S, np.int32)
        opens, leave_by, service = np.zeros_like(begin_by), begin_by.copy(), np.zeros_like(begin_by)
        table = columns_of(requests)
        opens[:n], leave_by[:n], begin_by[n : 2 * n] = table[0:3]
        service[:n] = service[n : 2 * n] = table[3]
        opens[2 * n : 2 * n + m] = at[:, J_TIME]
        opens[2 * n + m :] = [opens_s for _, opens_s, _ in ends]
        begin_by[2 * n + m :] = [by_s for _, _, by_s in ends]
        end_places = starts.copy()
        bound = np.array([stop >= 0 for stop, _, _ in ends], np.bool_)
        end_places[bound] = place[2 * n :]
        heads = self.arrays.heads[list(shuttles)]
        cells = np.concatenate((self._cells[stops], np.full(m, -1))).astype(np.int32)
        for own in range(m):
            if at[own, J_STOP] >= 0:
                cells[size + own] = self._cells[at[own, J_STOP]]
        problem = Problem(
            travel=travel,
            length=length,
            place=np.concatenate((place[: 2 * n], starts, end_places)).astype(np.int32),
            opens=opens,
            begin_by=begin_by,
            leave_by=leave_by,
            service=service,
            setup=np.array([fleet.stop_times.base_s], np.int32),
            load=np.array([r.load for r in requests], np.int32).reshape(n, 3),
            ride_max=table[4].astype(np.int32),
            shuttle_of=table[5].astype(np.int32),
            picked_at=table[6].astype(np.int32),
            penalty=np.array([REFUSED if r.asked else MUST for r in requests], np.int64),
            capacity=heads[:, c.H_SEATS : c.H_LUGGAGE + 1].astype(np.int32),
            displaces=np.array(
                [fleet.routes[k].shuttle.seats_per_wheelchair for k in shuttles], np.int32
            ),
            open_end=~bound,
            duration_max=np.full(m, FAR_S, np.int32),
            length_max=np.full(m, FAR_S, np.int32),
            fixed=np.zeros(m, np.int64),
            kind=np.arange(m, dtype=np.int32),
            cell=cells,
            weights=self._weights,
        )
        return problem, tuple(stops.tolist())


def _call(stop: Stopover) -> Call:
    return Call(stop=stop.stop, board=tuple(stop.board), leave=tuple(stop.leave))
