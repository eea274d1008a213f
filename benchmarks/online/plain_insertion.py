"""Best insertion as one would write it first: plain Python, every place in time tried in full.

It is there to be timed beside the compiled search, and to agree with it. It leaves out what a
glance rules out (a pickup that comes too late), and simulates the whole route for the rest. Parties
here have seats alone, and nobody explains a refusal; the tests have an oracle that knows all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

DRIVE_COST = 1000
FAR_S = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with a promise; ``picked_s`` is since when it is on board, if it is."""

    seats: int
    ride_s_max: int = FAR_S
    picked_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A visit of a plan.

    Parameters
    ----------
    earliest_s
        Boarding starts no earlier.
    pick_by_s, drop_by_s
        Boarding ends, and the shuttle arrives, no later.
    board, leave
        Parties that get on and off, by number.
    planned
        Which visit of the plan this was before the newcomer; -1: the newcomer's own.
    """

    stop: int
    planned: int
    earliest_s: int = 0
    dwell_s: int
    pick_by_s: int = FAR_S
    drop_by_s: int = FAR_S
    board: tuple[int, ...] = ()
    leave: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Van:
    """A shuttle: from when it can be sent elsewhere, how far it is then to a stop, and its plan.

    ``keeps_course``: it is about to arrive at its first visit, and goes there first.
    """

    seats: int
    free_s: int
    keeps_course: bool
    leg_s: Callable[[int], int]
    halts: tuple[Halt, ...]
    parties: dict[int, Party]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A request for a seat or more, between any of its candidate stops.

    Parameters
    ----------
    pickups
        Stop, earliest start and latest end of boarding.
    dropoffs
        Stop and latest arrival.
    ride_s_max, walk_cost
        By pickup and dropoff.
    base_s, party_s
        What a stop takes, and each party that gets on or off.
    weights
        Of its wait, its ride, and the delay to others, in thousandths of a second of driving.
    """

    seats: int
    pickups: tuple[tuple[int, int, int], ...]
    dropoffs: tuple[tuple[int, int], ...]
    ride_s_max: tuple[tuple[int, ...], ...]
    walk_cost: tuple[tuple[int, ...], ...]
    base_s: int
    party_s: int
    weights: tuple[int, int, int]


class Place(NamedTuple):
    """Positions among the visits as planned; joining the visit there, or on its own before it."""

    pick: int
    pick_joins: bool
    drop: int
    drop_joins: bool


class Insertion(NamedTuple):
    """The best insertion: what it costs, where it is, and when the newcomer rides."""

    cost: int
    van: int
    pickup: int
    dropoff: int
    place: Place
    picked_s: int
    dropped_s: int


class Times(NamedTuple):
    """When a visit happens."""

    arrive_s: int
    start_s: int
    depart_s: int


NEWCOMER = -1
Drives = Sequence[Sequence[int]]


def best_insertion(vans: Sequence[Van], who: Newcomer, drive_s: Drives) -> Insertion | None:
    """Try everything; of equally good places the first counts."""
    best: Insertion | None = None
    for k, van in enumerate(vans):
        planned, planned_driven_s = _timetable(van, van.halts, drive_s)
        for a in range(len(who.pickups)):
            for place, b in _places(van, who, a, planned, drive_s):
                if who.pickups[a][0] == who.dropoffs[b][0]:
                    continue
                halts = _with_newcomer(van, who, (a, b), place, planned)
                if halts is None:
                    continue
                times, driven_s = _timetable(van, halts, drive_s)
                ride = _newcomers_ride(halts, times)
                if not _works(van, who, (a, b), halts, times, planned):
                    continue
                wait_weight, ride_weight, delay_weight = who.weights
                cost = (driven_s - planned_driven_s) * DRIVE_COST + who.walk_cost[a][b]
                cost += wait_weight * (ride[0] - who.pickups[a][1])
                cost += ride_weight * (ride[1] - ride[0])
                cost += delay_weight * max(_delay_s(van, halts, times, planned), 0)
                cost = max(cost, 0)
                if best is None or cost < best.cost:
                    best = Insertion(cost, k, a, b, place, *ride)
    return best


def _places(
    van: Van, who: Newcomer, a: int, planned: Sequence[Times], drive_s: Drives
) -> Iterator[tuple[Place, int]]:
    """Every pair of positions, by itself or joining the visit there, and every dropoff stop."""
    stop, _, pick_by_s = who.pickups[a]
    count = len(van.halts)
    for pick in range(count + 1):
        time_s = planned[pick - 1].depart_s if pick else van.free_s
        if time_s > pick_by_s:
            return
        leg_s = drive_s[van.halts[pick - 1].stop][stop] if pick else van.leg_s(stop)
        late = time_s + leg_s + who.base_s + who.party_s > pick_by_s
        joins_only = late or (pick == 0 and van.keeps_course)
        for pick_joins in (False, True):
            same_stop = pick < count and van.halts[pick].stop == stop
            if not same_stop if pick_joins else joins_only:
                continue
            for drop in range(pick + pick_joins, count + 1):
                for b in range(len(who.dropoffs)):
                    for drop_joins in (False, True):
                        yield Place(pick, pick_joins, drop, drop_joins), b


def _with_newcomer(
    van: Van, who: Newcomer, ends: tuple[int, int], place: Place, planned: Sequence[Times]
) -> list[Halt] | None:
    """The plan with both stops in it; None if there is no such visit to join."""
    pickup, dropoff = who.pickups[ends[0]], who.dropoffs[ends[1]]
    own_s = who.base_s + who.party_s
    halts = list(van.halts)
    if place.drop_joins:
        if place.drop == len(halts) or halts[place.drop].stop != dropoff[0]:
            return None
        halt = halts[place.drop]
        halts[place.drop] = replace(
            halt, dwell_s=halt.dwell_s + who.party_s, leave=(*halt.leave, NEWCOMER)
        )
    else:
        own = Halt(stop=dropoff[0], planned=-1, dwell_s=own_s, leave=(NEWCOMER,))
        halts.insert(place.drop, own)
    if place.pick_joins:
        halt = halts[place.pick]
        halts[place.pick] = replace(
            halt,
            earliest_s=max(halt.earliest_s, planned[place.pick].start_s, pickup[1]),
            dwell_s=halt.dwell_s + who.party_s,
            board=(*halt.board, NEWCOMER),
        )
    else:
        own = Halt(
            stop=pickup[0], planned=-1, earliest_s=pickup[1], dwell_s=own_s, board=(NEWCOMER,)
        )
        halts.insert(place.pick, own)
    return halts


def _timetable(van: Van, halts: Sequence[Halt], drive_s: Drives) -> tuple[list[Times], int]:
    """As early as possible; and the seconds of driving in it."""
    times: list[Times] = []
    time_s, driven_s, last = van.free_s, 0, -1
    for halt in halts:
        leg_s = drive_s[last][halt.stop] if last >= 0 else van.leg_s(halt.stop)
        start_s = max(time_s + leg_s, halt.earliest_s)
        times.append(Times(time_s + leg_s, start_s, start_s + halt.dwell_s))
        time_s, last = start_s + halt.dwell_s, halt.stop
        driven_s += leg_s
    return times, driven_s


def _newcomers_ride(halts: Sequence[Halt], times: Sequence[Times]) -> tuple[int, int]:
    picked_s = next(t.depart_s for h, t in zip(halts, times, strict=True) if NEWCOMER in h.board)
    dropped_s = next(t.arrive_s for h, t in zip(halts, times, strict=True) if NEWCOMER in h.leave)
    return picked_s, dropped_s


def _works(
    van: Van,
    who: Newcomer,
    ends: tuple[int, int],
    halts: Sequence[Halt],
    times: Sequence[Times],
    planned: Sequence[Times],
) -> bool:
    """All fit in, and no promise is broken, nor one that is broken already any further."""
    a, b = ends
    picked_s, dropped_s = _newcomers_ride(halts, times)
    if picked_s > who.pickups[a][2] or dropped_s > who.dropoffs[b][1]:
        return False
    if dropped_s - picked_s > who.ride_s_max[a][b]:
        return False
    parties = {**van.parties, NEWCOMER: Party(seats=who.seats)}
    seats = sum(party.seats for party in van.parties.values() if party.picked_s is not None)
    for halt, time in zip(halts, times, strict=True):
        seats += sum(parties[n].seats for n in halt.board)
        seats -= sum(parties[n].seats for n in halt.leave)
        if seats > van.seats:
            return False
        if halt.planned >= 0:
            before = planned[halt.planned]
            if time.arrive_s > max(halt.drop_by_s, before.arrive_s):
                return False
            if time.depart_s > max(halt.pick_by_s, before.depart_s):
                return False
    if all(party.ride_s_max >= FAR_S for party in van.parties.values()):
        return True
    rides_s, rides_before_s = _rides_s(van, halts, times), _rides_s(van, van.halts, planned)
    return all(
        rides_s[n] <= max(party.ride_s_max, rides_before_s[n]) for n, party in van.parties.items()
    )


def _rides_s(van: Van, halts: Sequence[Halt], times: Sequence[Times]) -> dict[int, int]:
    """How long everybody is on board."""
    picked_s = {n: party.picked_s or 0 for n, party in van.parties.items()}
    rides_s: dict[int, int] = {}
    for halt, time in zip(halts, times, strict=True):
        picked_s |= dict.fromkeys(halt.board, time.depart_s)
        rides_s |= {n: time.arrive_s - picked_s[n] for n in halt.leave}
    return rides_s


def _delay_s(
    van: Van, halts: Sequence[Halt], times: Sequence[Times], planned: Sequence[Times]
) -> int:
    """What the others lose: later pickups and arrivals than planned, summed over parties."""
    delay_s = 0
    for halt, time in zip(halts, times, strict=True):
        if halt.planned >= 0:
            known, before = van.halts[halt.planned], planned[halt.planned]
            delay_s += (time.depart_s - before.depart_s) * len(known.board)
            delay_s += (time.arrive_s - before.arrive_s) * len(known.leave)
    return max(delay_s, 0)
