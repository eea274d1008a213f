"""Best insertion, spelled out: every shuttle, pair of stops and pair of positions is simulated.

It says in plain Python, with nothing left out and nothing clever, what the compiled search has to
find. Of the dispatcher it shares the routes, what the rides were promised (latest times less the
reserve), and where each shuttle is free from when; not a schedule, a slack or a load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.core import Zone
from services.dispatcher.distance import from_head_m
from services.dispatcher.energy import level_when_free, to_first_mwh
from services.dispatcher.objective import DRIVE_COST
from services.dispatcher.schedule import from_head
from services.domain.ids import RideId
from services.domain.ride import Load
from services.domain.task import TaskKind
from tests.dispatcher.plain_moves import minutes_of
from tests.dispatcher.plain_routes import NEW, Insertion, Place, Shuttle, Stop, Timetable

NO_WAY_S = 65_535


class PlainInsertion:
    """The insertion search for one state of a zone.

    Parameters
    ----------
    zone
        As it was left by a search of its own, which looks where every shuttle is.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._drive_s = zone.fleet.ways.drive_s.tolist()
        self._drive_m = zone.fleet.ways.drive_m.tolist()
        self._reserve_s = zone.territory.reserve_s
        self._limit_s = {
            ride_id: ride.promise.ride_s_max - self._reserve_s
            for ride_id, ride in zone.rides.items()
            if ride.offer is not None
        }
        self._load = {ride_id: ride.request.party.load for ride_id, ride in zone.rides.items()}
        self._moves: dict[int, set[int]] | None = None
        self.shuttles = {
            k: self._shuttle(k)
            for k in range(len(zone.fleet.routes))
            if not zone.fleet.head(k)[c.H_SILENT]
        }

    def best(self, ask: Ask) -> Insertion | None:
        """The best insertion of a request, if there is any."""
        return min(self.all(ask), default=None)

    def all(self, ask: Ask) -> Iterator[Insertion]:
        """Every insertion that works."""
        party = ask.party.tolist()
        self._load[NEW] = Load(party[c.A_SEATS], party[c.A_WHEELCHAIRS], party[c.A_LUGGAGE])
        for k, shuttle in self.shuttles.items():
            for a in range(len(ask.pickups)):
                for b in range(len(ask.dropoffs)):
                    if ask.pickups[a, c.P_STOP] != ask.dropoffs[b, c.D_STOP]:
                        yield from self._into(k, shuttle, ask, a, b)

    def _into(self, k: int, shuttle: Shuttle, ask: Ask, a: int, b: int) -> Iterator[Insertion]:
        before = self.timetable(shuttle.place, shuttle.route)
        count = len(shuttle.route)
        for pick in range(1 if shuttle.place.boarding else 0, count + 1):
            for pick_joins in (1,) if pick == 0 and shuttle.place.keeps_course else (0, 1):
                for drop in range(pick + pick_joins, count + 1):
                    for drop_joins in (0, 1):
                        where = (pick, pick_joins, drop, drop_joins)
                        route = self._with(shuttle.route, ask, a, b, where)
                        if route is None:
                            continue
                        judged = self._judge(shuttle, route, before, ask, (a, b))
                        if judged is None:
                            continue
                        value, pickup_s, dropoff_s = judged
                        yield Insertion(
                            value=value,
                            shuttle=k,
                            pickup=a,
                            pick=pick,
                            pick_joins=pick_joins,
                            drop=drop,
                            dropoff=b,
                            drop_joins=drop_joins,
                            pickup_s=pickup_s,
                            dropoff_s=dropoff_s,
                        )

    def _with(
        self, route: tuple[Stop, ...], ask: Ask, a: int, b: int, where: tuple[int, int, int, int]
    ) -> list[Stop] | None:
        """The route with both stops at their places, if these can be joined."""
        pick, pick_joins, drop, drop_joins = where
        at, earliest_s = int(ask.pickups[a, c.P_STOP]), int(ask.pickups[a, c.P_EARLIEST])
        to = int(ask.dropoffs[b, c.D_STOP])
        stops = list(route)
        if drop_joins:
            if drop == len(stops) or stops[drop].stop != to or stops[drop].task_s is not None:
                return None
            stops[drop] = replace(stops[drop], leave=(*stops[drop].leave, NEW))
        else:
            stops.insert(drop, Stop(stop=to, leave=(NEW,)))
        if pick_joins:
            if pick == len(route) or stops[pick].stop != at or stops[pick].task_s is not None:
                return None
            joined = stops[pick]
            earliest_s = max(earliest_s, joined.earliest_s)
            stops[pick] = replace(joined, board=(*joined.board, NEW), earliest_s=earliest_s)
        else:
            stops.insert(pick, Stop(stop=at, board=(NEW,), earliest_s=earliest_s))
        return stops

    def _judge(
        self,
        shuttle: Shuttle,
        route: list[Stop],
        before: Timetable,
        ask: Ask,
        ends: tuple[int, int],
    ) -> tuple[int, int, int] | None:
        """Value, pickup and dropoff time of a route with the new party, if it is possible."""
        a, b = ends
        now = self.timetable(shuttle.place, route)
        pickup_s, dropoff_s = self._times(NEW, shuttle, route, now)
        missing = self._missing_seats(shuttle, route, ask)
        seats = int(ask.party[c.A_SEATS])
        if (
            not now.possible
            or missing is None
            or seats - missing < ask.party[c.A_SEATS_MIN]
            or pickup_s > ask.pickups[a, c.P_PICK_BY]
            or dropoff_s > ask.dropoffs[b, c.D_DROP_BY]
            or dropoff_s - pickup_s > ask.pairs[a, b, c.E_LIMIT]
            or not self._harmless(shuttle, route, before, now)
            or not (ask.party[c.A_ANY_LEVEL] or self._enough(shuttle, route))
            or not (ask.party[c.A_ANY_MOVES] or self._watched(shuttle, route, now, ask, ends))
        ):
            return None
        mode = ask.party[c.A_MODE]
        walk_m = max(int(ask.pickups[a, c.P_EXTRA_WALK]), int(ask.dropoffs[b, c.D_EXTRA_WALK]))
        late_s = max(pickup_s - int(ask.pickups[a, c.P_GOAL]), 0)
        behind_s = max(dropoff_s - int(ask.dropoffs[b, c.D_GOAL]), 0)
        exceeds = {
            c.LEAVE_LATER: late_s,
            c.ARRIVE_LATER: behind_s,
            c.LATENESS: late_s + behind_s,
            c.WALK_FURTHER: max(walk_m, 0),
            c.FEWER_SEATS: missing,
            c.RIDE_LONGER: max(dropoff_s - pickup_s - int(ask.pairs[a, b, c.E_GOAL]), 0),
        }
        if mode != c.COST:
            return exceeds[mode], pickup_s, dropoff_s
        cost = (now.drive_s - before.drive_s) * DRIVE_COST + int(ask.pairs[a, b, c.E_WALK_COST])
        more_m = self._way_m(shuttle, route) - self._way_m(shuttle, shuttle.route)
        cost += int(ask.party[c.A_KM_WEIGHT]) * more_m
        cost += int(ask.party[c.A_WAIT_WEIGHT]) * (pickup_s - int(ask.pickups[a, c.P_EARLIEST]))
        cost += int(ask.party[c.A_RIDE_WEIGHT]) * (dropoff_s - pickup_s)
        cost += int(ask.party[c.A_DELAY_WEIGHT]) * self._delay_s(shuttle, route, before, now)
        return max(cost, 0), pickup_s, dropoff_s

    def _way_m(self, shuttle: Shuttle, route: tuple[Stop, ...] | list[Stop]) -> int:
        """Metres of a route."""
        legs_m = [shuttle.approach_m[stop.stop] for stop in route[:1]]
        legs_m += [self._drive_m[a.stop][b.stop] for a, b in pairwise(route)]
        return sum(legs_m)

    def timetable(self, place: Place, route: tuple[Stop, ...] | list[Stop]) -> Timetable:
        """Drive a route, as early as possible."""
        times_s = self._zone.territory.stop_times
        arrivals: list[int] = []
        departures: list[int] = []
        driven_s, possible = 0, True
        for i, stop in enumerate(route):
            if i == 0 and place.boarding:
                arrivals.append(place.free_s)
                departures.append(place.free_s)
                continue
            free_s = departures[-1] if i else place.free_s
            if i:
                drive_s = self._drive_s[route[i - 1].stop][stop.stop]
            elif place.arrive_s is not None and stop.stop == place.stop:
                drive_s = max(place.arrive_s - free_s, 0)
            else:
                drive_s = place.drive_s[stop.stop]
            possible = possible and drive_s < NO_WAY_S
            driven_s += drive_s
            parties_s = stop.served_s + sum(
                times_s.party_s + times_s.wheelchair_s * self._load[ride_id].wheelchairs
                for ride_id in (*stop.board, *stop.leave)
            )
            stands_s = times_s.base_s + parties_s if stop.task_s is None else stop.task_s
            arrivals.append(free_s + drive_s)
            start_s = max(free_s + drive_s, stop.earliest_s)
            departures.append(start_s + stands_s)
        return Timetable(arrivals, departures, driven_s, possible)

    def _harmless(
        self, shuttle: Shuttle, route: list[Stop], before: Timetable, now: Timetable
    ) -> bool:
        """Whether nothing that is promised gets broken, or broken further."""
        for j, stop in enumerate(route):
            if stop.number >= 0:
                arrive_s, depart_s = before.arrive_s[stop.number], before.depart_s[stop.number]
                if now.arrive_s[j] > max(stop.drop_by_s, arrive_s):
                    return False
                if now.depart_s[j] > max(stop.pick_by_s, depart_s):
                    return False
        for ride_id in _everybody(shuttle):
            picked_s, dropped_s = self._times(ride_id, shuttle, shuttle.route, before)
            got_s, left_s = self._times(ride_id, shuttle, route, now)
            if left_s - got_s > max(self._limit_s[ride_id], dropped_s - picked_s):
                return False
        return True

    def moves(self, k: int) -> set[int]:
        """The minutes in which a shuttle may move as things stand."""
        shuttle = self.shuttles[k]
        times_s = self._zone.territory.dispatch.early_s, self._zone.now_s
        now = self.timetable(shuttle.place, shuttle.route)
        given = (shuttle.place, shuttle.route, now, shuttle.aboard, self._limit_s, times_s)
        return minutes_of(*given)

    def _watched(
        self, shuttle: Shuttle, route: list[Stop], now: Timetable, ask: Ask, ends: tuple[int, int]
    ) -> bool:
        """Whether no more shuttles move than are supervised, or none that did not move anyway."""
        if self._zone.territory.supervision is None:
            return True
        if self._moves is None:
            self._moves = {k: self.moves(k) for k in self.shuttles}
        a, b = ends
        to_s, by_s = int(ask.pickups[a, c.P_PICK_BY]), int(ask.dropoffs[b, c.D_DROP_BY])
        limits_s = {**self._limit_s, NEW: int(ask.pairs[a, b, c.E_LIMIT])}
        bound = [
            replace(
                stop,
                pick_by_s=min(stop.pick_by_s, to_s) if NEW in stop.board else stop.pick_by_s,
                drop_by_s=min(stop.drop_by_s, by_s) if NEW in stop.leave else stop.drop_by_s,
            )
            for stop in route
        ]
        times_s = self._zone.territory.dispatch.early_s, self._zone.now_s
        minutes = minutes_of(shuttle.place, bound, now, shuttle.aboard, limits_s, times_s)
        own = next(k for k, one in self.shuttles.items() if one is shuttle)
        taken = Counter(minute for moves in self._moves.values() for minute in moves)
        limits = self._zone.territory.supervision.limits
        return all(taken[m] < limits[m % len(limits)] for m in minutes - self._moves[own])

    def _enough(self, shuttle: Shuttle, route: list[Stop]) -> bool:
        """Whether the reserve, and the way to a charger, are left at every stop, as before."""
        if shuttle.battery is None:
            return True
        before = self._margins(shuttle, list(shuttle.route))
        return all(
            margin >= (min(before[stop.number], 0) if stop.number >= 0 else 0)
            for stop, margin in zip(route, self._margins(shuttle, route), strict=True)
        )

    def _margins(self, shuttle: Shuttle, route: list[Stop]) -> list[int]:
        battery, tables, left = shuttle.battery, self._zone.fleet.ways, shuttle.level_mwh
        assert battery is not None
        margins = []
        for i, stop in enumerate(route):
            if i:
                last = route[i - 1].stop
                left -= battery.drive_mwh(
                    int(tables.drive_m[last, stop.stop]), self._drive_s[last][stop.stop]
                )
            else:
                left -= shuttle.approach_mwh[stop.stop]
            arrived = left
            if stop.task_s is None:
                left -= battery.per_stop_mwh
            else:
                left = max(left, min(left + stop.gain_mwh, battery.capacity_mwh))
            onward = min(
                battery.drive_mwh(
                    int(tables.drive_m[stop.stop, charger]), self._drive_s[stop.stop][charger]
                )
                for charger in self._zone.fleet.chargers
            )
            margins.append(min(arrived, left - onward) - battery.reserve_mwh)
        return margins

    def _times(
        self,
        ride_id: RideId,
        shuttle: Shuttle,
        route: tuple[Stop, ...] | list[Stop],
        times: Timetable,
    ) -> tuple[int, int]:
        """When a party gets on and off."""
        picked_s, dropped_s = shuttle.aboard.get(ride_id, 0), 0
        for stop, arrive_s, depart_s in zip(route, times.arrive_s, times.depart_s, strict=True):
            if ride_id in stop.board:
                picked_s = depart_s
            if ride_id in stop.leave:
                dropped_s = arrive_s
        return picked_s, dropped_s

    def _missing_seats(self, shuttle: Shuttle, route: list[Stop], ask: Ask) -> int | None:
        """Seats that the new party lacks on its way; nothing at all if it cannot come at all."""
        aboard, missing = set(shuttle.aboard), 0
        for stop in route:
            if NEW in aboard and stop.task_s is not None:
                return None
            aboard = (aboard - set(stop.leave)) | set(stop.board)
            if NEW not in aboard:
                continue
            taken = [sum(self._load[ride_id][d] for ride_id in aboard) for d in range(3)]
            if taken[1] > shuttle.room[1] or taken[2] > shuttle.room[2]:
                return None
            missing = max(missing, taken[0] + shuttle.per_wheelchair * taken[1] - shuttle.room[0])
        return missing

    def _delay_s(
        self, shuttle: Shuttle, route: list[Stop], before: Timetable, now: Timetable
    ) -> int:
        """Seconds by which those who have a promise already are later, all together."""
        delay_s = 0
        for j, stop in enumerate(route):
            if stop.number >= 0:
                i, as_it_is = stop.number, shuttle.route[stop.number]
                delay_s += (now.depart_s[j] - before.depart_s[i]) * len(as_it_is.board)
                delay_s += (now.arrive_s[j] - before.arrive_s[i]) * len(as_it_is.leave)
        return max(delay_s, 0)

    def _shuttle(self, k: int) -> Shuttle:
        fleet, rides, reserve_s = self._zone.fleet, self._zone.rides, self._reserve_s
        head, route = fleet.head(k), fleet.routes[k]
        under_way = bool(head[c.H_MODE]) and not head[c.H_PENDING]
        there = bool(route.stops) and route.stops[0].stop == head[c.H_STOP]
        keep_s = self._zone.territory.dispatch.keep_course_s
        place = Place(
            free_s=int(head[c.H_FREE]),
            drive_s=tuple(int(from_head(fleet.ways, head, s)) for s in range(len(self._drive_s))),
            stop=int(head[c.H_STOP]),
            arrive_s=int(head[c.H_ARRIVE]) if under_way else None,
            keeps_course=under_way and there and head[c.H_ARRIVE] - head[c.H_FREE] < keep_s,
            boarding=bool(head[c.H_LOCKED]),
        )
        stops = []
        for number, stop in enumerate(route.stops):
            boarding = [rides[ride_id].promise for ride_id in stop.board]
            leaving = [rides[ride_id].promise for ride_id in stop.leave]
            stops.append(
                Stop(
                    stop=stop.stop,
                    number=number,
                    board=tuple(stop.board),
                    leave=tuple(stop.leave),
                    served_s=stop.served_s,
                    earliest_s=max([stop.hold_s, *(p.pickup_from_s for p in boarding)]),
                    pick_by_s=min((p.pickup_to_s for p in boarding), default=c.FAR_S) - reserve_s,
                    drop_by_s=min((p.arrive_by_s for p in leaving), default=c.FAR_S) - reserve_s,
                )
            )
            if stop.task is not None:
                stops[-1] = replace(
                    stops[-1],
                    task_s=stop.task.duration_s,
                    earliest_s=stop.task.earliest_s,
                    drop_by_s=stop.task.latest_s - reserve_s,
                    gain_mwh=fleet.chargers[stop.task.stop].gain_mwh(stop.task.duration_s)
                    if stop.task.kind is TaskKind.CHARGE
                    else 0,
                )
        room = route.shuttle.capacity
        return Shuttle(
            place=place,
            route=tuple(stops),
            aboard=dict(route.aboard),
            room=(room.seats, room.wheelchairs, room.luggage),
            per_wheelchair=route.shuttle.seats_per_wheelchair,
            battery=route.shuttle.battery,
            level_mwh=int(level_when_free(fleet.ways, head)),
            approach_mwh=tuple(
                int(to_first_mwh(fleet.ways, head, s)) for s in range(len(self._drive_s))
            ),
            approach_m=tuple(
                int(from_head_m(fleet.ways, head, s)) for s in range(len(self._drive_s))
            ),
        )


def _everybody(shuttle: Shuttle) -> list[RideId]:
    return [*shuttle.aboard, *(ride_id for stop in shuttle.route for ride_id in stop.board)]
