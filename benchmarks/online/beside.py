"""Puts the plain insertion beside the compiled one: same states, same answers, how long each."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, hypot
from time import thread_time
from typing import Any

from benchmarks.online.plain_insertion import (
    Halt,
    Insertion,
    Newcomer,
    Party,
    Place,
    Van,
    best_insertion,
)
from benchmarks.online.stopwatch import Took
from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask, Fleet
from services.dispatcher.core import Zone
from services.network.driving import Ways


class Beside:
    """Answers every so many-th request of a day a second time, in plain Python.

    ``plain_s`` and ``kernel_s`` are seconds of computing for the same decisions; the states are
    translated into plain values before the time is taken.
    """

    def __init__(self, zone: Zone, every: int) -> None:
        self._zone = zone
        self._every = every
        self._seen = 0
        self._drive_s: list[list[int]] = zone.fleet.ways.drive_s.tolist()
        self.plain_s: list[float] = []
        self.kernel_s: list[float] = []
        self.unlike: list[str] = []

    def told(self, ways: Ways, fleet: Fleet, ask: Ask, found: Any, took: Took) -> None:
        """Take note of a decision of the kernel's."""
        self._seen += 1
        if self._seen % self._every:
            return
        vans, firsts = self._vans(ways, fleet)
        who = newcomer_of(ask)
        began = thread_time()
        best = best_insertion(vans, who, self._drive_s)
        self.plain_s.append(thread_time() - began)
        self.kernel_s.append(took.cpu_s)
        compiled = _as_insertion(found.tolist(), firsts)
        if compiled != best:
            self.unlike.append(f"request {self._seen}: {compiled} by the kernel, {best} in Python")

    def _vans(self, ways: Ways, seen: Fleet) -> tuple[list[Van], list[int]]:
        """The fleet as plain values, and at which position of each plan they begin."""
        heads = seen.heads.tolist()
        firsts = [head[c.H_FIRST] for head in heads]
        return [self._van(ways, k, head) for k, head in enumerate(heads)], firsts

    def _van(self, ways: Ways, k: int, head: list[int]) -> Van:
        fleet, rides = self._zone.fleet, self._zone.rides
        route = fleet.routes[k]
        number = {ride_id: n for n, ride_id in enumerate(route.ride_ids())}
        picked_s = dict(route.aboard)
        boarding = route.stops[: head[c.H_FIRST]]
        gone = [ride_id for stop in boarding for ride_id in stop.leave]
        picked_s |= {ride_id: head[c.H_FREE] for stop in boarding for ride_id in stop.board}
        halts = []
        for planned, stop in enumerate(route.stops[head[c.H_FIRST] :]):
            promised = [rides[ride_id].promise for ride_id in stop.board]
            parties_s = fleet.stop_times.party_s * (len(stop.board) + len(stop.leave))
            halts.append(
                Halt(
                    stop=stop.stop,
                    planned=planned,
                    earliest_s=max([stop.hold_s, *(p.pickup_from_s for p in promised)]),
                    dwell_s=fleet.stop_times.base_s + parties_s + stop.served_s,
                    pick_by_s=min([c.FAR_S, *(p.pickup_to_s for p in promised)]),
                    drop_by_s=min([c.FAR_S, *(rides[r].promise.arrive_by_s for r in stop.leave)]),
                    board=tuple(number[ride_id] for ride_id in stop.board),
                    leave=tuple(number[ride_id] for ride_id in stop.leave),
                )
            )
        return Van(
            seats=head[c.H_SEATS],
            free_s=head[c.H_FREE],
            keeps_course=_is_arriving(head, halts),
            leg_s=self._leg_s(ways, head),
            halts=tuple(halts),
            parties={
                number[ride_id]: Party(
                    seats=rides[ride_id].request.party.load.seats,
                    ride_s_max=rides[ride_id].promise.ride_s_max,
                    picked_s=picked_s.get(ride_id),
                )
                for ride_id in number
                if ride_id not in gone
            },
        )

    def _leg_s(self, ways: Ways, head: list[int]) -> Callable[[int], int]:
        """Seconds to a stop from where a shuttle can be sent elsewhere."""
        if head[c.H_MODE] == c.AT_STOP:
            return self._drive_s[head[c.H_STOP]].__getitem__
        heading_for = -1 if head[c.H_PENDING] else head[c.H_STOP]
        places = ways.stop_mm.tolist()
        x_mm, y_mm = head[c.H_FREE_X], head[c.H_FREE_Y]

        def straight_s(stop: int) -> int:
            if stop == heading_for:
                return max(head[c.H_ARRIVE] - head[c.H_FREE], 0)
            way_mm = hypot(places[stop][0] - x_mm, places[stop][1] - y_mm)
            return ceil(way_mm * ways.s_per_mm - 1e-9)

        return straight_s


def _is_arriving(head: list[int], halts: list[Halt]) -> bool:
    """Whether a shuttle is so close to its first visit that it goes there whoever asks."""
    under_way = head[c.H_MODE] != c.AT_STOP and not head[c.H_PENDING]
    there = bool(halts) and halts[0].stop == head[c.H_STOP]
    return under_way and there and head[c.H_ARRIVE] - head[c.H_FREE] < head[c.H_KEEP]


def newcomer_of(ask: Ask) -> Newcomer:
    """A request as plain values."""
    party = ask.party.tolist()
    return Newcomer(
        seats=party[c.A_SEATS],
        pickups=tuple(
            (row[c.P_STOP], row[c.P_EARLIEST], row[c.P_PICK_BY]) for row in ask.pickups.tolist()
        ),
        dropoffs=tuple((row[c.D_STOP], row[c.D_DROP_BY]) for row in ask.dropoffs.tolist()),
        ride_s_max=tuple(map(tuple, ask.pairs[:, :, c.E_LIMIT].tolist())),
        walk_cost=tuple(map(tuple, ask.pairs[:, :, c.E_WALK_COST].tolist())),
        base_s=party[c.A_BASE_S],
        party_s=party[c.A_PARTY_S],
        weights=(party[c.A_WAIT_WEIGHT], party[c.A_RIDE_WEIGHT], party[c.A_DELAY_WEIGHT]),
    )


def _as_insertion(found: list[int], firsts: list[int]) -> Insertion | None:
    """What the kernel found, with positions counted from the first that is still open."""
    if found[c.F_VALUE] < 0:
        return None
    k = found[c.F_SHUTTLE]
    return Insertion(
        cost=found[c.F_VALUE],
        van=k,
        pickup=found[c.F_PICKUP],
        dropoff=found[c.F_DROPOFF],
        place=Place(
            pick=found[c.F_PICK] - firsts[k],
            pick_joins=bool(found[c.F_PICK_MERGED]),
            drop=found[c.F_DROP] - firsts[k],
            drop_joins=bool(found[c.F_DROP_MERGED]),
        ),
        picked_s=found[c.F_PICKUP_S],
        dropped_s=found[c.F_DROPOFF_S],
    )
