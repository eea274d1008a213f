"""What a legal plan is. Every plan passes here before it is published.

Hard rules hold always: order, capacity in every dimension, who is on board stays until let off,
driving and stopping take their time. The world may break promises (a closed road, a late shuttle)
and even crowd a shuttle (people got on unforeseen), so a plan is judged against the plan before it:
of these it may break none newly and worsen none that is broken already.

Written apart from the code that makes plans, and in plain Python, so that the two cannot share an
error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.domain.battery import Charger
from services.domain.ids import RideId
from services.domain.plan import Plan, Visit
from services.domain.resources import Energy, Supervised
from services.domain.ride import Load, Ride, Status
from services.domain.task import Task, TaskKind
from services.domain.territory import StopTimes

UNREACHABLE_S = 65_535
WAITING = frozenset({Status.OFFERED, Status.CONFIRMED})


class Rule(StrEnum):
    """What a plan can violate."""

    UNKNOWN_RIDE = "unknown_ride"
    NOT_WAITING = "not_waiting"
    ANOTHER_SHUTTLE = "another_shuttle"
    ORDER = "order"
    LEFT_OUT = "left_out"
    WRONG_STOP = "wrong_stop"
    SEATS = "seats"
    WHEELCHAIRS = "wheelchairs"
    LUGGAGE = "luggage"
    DRIVE_TIME = "drive_time"
    STOP_TIME = "stop_time"
    UNREACHABLE = "unreachable"
    PICKUP_EARLY = "pickup_early"
    PICKUP_LATE = "pickup_late"
    ARRIVAL_LATE = "arrival_late"
    RIDE_TIME = "ride_time"
    TASK_LOST = "task_lost"
    TASK_SHORT = "task_short"
    TASK_LATE = "task_late"
    TASK_ABOARD = "task_aboard"
    ENERGY = "energy"
    PLUGS = "plugs"
    DOMAIN = "domain"
    UNSUPERVISED = "unsupervised"
    SUPERVISION = "supervision"


PROMISES = frozenset({Rule.PICKUP_LATE, Rule.ARRIVAL_LATE, Rule.RIDE_TIME})
LATENESS = PROMISES | {Rule.TASK_LATE}
CAPACITY = frozenset({Rule.SEATS, Rule.WHEELCHAIRS, Rule.LUGGAGE})
BY_THE_WORLD = (
    LATENESS
    | CAPACITY
    | {
        Rule.UNREACHABLE,
        Rule.TASK_ABOARD,
        Rule.ENERGY,
        Rule.DOMAIN,
        Rule.SUPERVISION,
    }
)
"""Rules that the world can break by itself: shuttles are late, or stand where no road leads on, and
people get on unforeseen."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks, at which visit, for whom or which task, and by how much."""

    rule: Rule
    visit: int
    ride_id: RideId | None = None
    by: int = 0
    task: Task | None = None


ANY_MOVES = Violation(Rule.SUPERVISION, 0, None, 2**40)
"""Stands for moving when too many do: who follows what happened cannot choose when it moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a shuttle's plan has to start from.

    Parameters
    ----------
    capacity
        Room in all.
    seats_per_wheelchair
        Seats that each rider in a wheelchair takes away.
    free_s
        From when the shuttle can be sent elsewhere, and ``approach_s`` the seconds from where it is
        then to a stop, if it sets off at a time.
    first_arrive_s
        Its arrival at ``heading_stop``, if it goes on as it is; while boarding, where it stands.
    aboard
        Who is on board, and since when.
    boarding
        Whether people get on or off at the first visit already.
    holds
        Who is to be picked up by this shuttle, and by no other.
    tasks
        What the shuttle has to do besides.
    rides
        The zone's rides.
    drive_s
        Seconds between two stops for who sets off at a time; 65,535 where there is no way.
    stop_times
        What a visit takes, and each party that gets on or off.
    pauses
        When it may not drive, from and until; the way that it is on, ``moving``, it ends.
    energy
        None: it never runs out.
    supervised
        None: any number of shuttles may move.
    """

    capacity: Load
    seats_per_wheelchair: int
    free_s: int
    approach_s: Callable[[int, int], int]
    heading_stop: int
    first_arrive_s: int
    aboard: Mapping[RideId, int]
    boarding: bool
    holds: Collection[RideId]
    tasks: Collection[Task]
    rides: Mapping[RideId, Ride]
    drive_s: Callable[[int, int, int], int]
    stop_times: StopTimes
    pauses: Collection[tuple[int, int]] = ()
    moving: bool = False
    energy: Energy | None = None
    supervised: Supervised | None = None


def violations(plan: Plan, now: Situation) -> tuple[Violation, ...]:
    """Name every rule that a plan breaks."""
    found: list[Violation] = []
    _judge_times(plan.visits, now, found)
    _judge_tasks(plan.visits, now, found)
    if now.energy is not None:
        _judge_energy(plan.visits, now.energy, found)
    if now.supervised is not None:
        _judge_supervision(plan.visits, now.supervised, found)
    picked = {ride_id: since for ride_id, since in now.aboard.items() if ride_id in now.rides}
    found += [Violation(Rule.UNKNOWN_RIDE, 0, r) for r in now.aboard if r not in now.rides]
    seats, wheelchairs, luggage = _load(now, picked)
    done: set[RideId] = set()
    for i, visit in enumerate(plan.visits):
        for ride_id in visit.leave:
            picked_s = picked.pop(ride_id, None)
            if picked_s is None or ride_id in done:
                found.append(Violation(Rule.ORDER, i, ride_id))
                continue
            done.add(ride_id)
            load = now.rides[ride_id].request.party.load
            seats, wheelchairs, luggage = (
                seats - load[0],
                wheelchairs - load[1],
                luggage - load[2],
            )
            _judge_dropoff(i, visit, now.rides[ride_id], picked_s, found)
        for ride_id in visit.board:
            ride = now.rides.get(ride_id)
            if ride is None or ride.offer is None:
                found.append(Violation(Rule.UNKNOWN_RIDE, i, ride_id))
                continue
            if ride_id in picked or ride_id in done:
                found.append(Violation(Rule.ORDER, i, ride_id))
                continue
            if ride.status not in WAITING:
                found.append(Violation(Rule.NOT_WAITING, i, ride_id))
            if ride.shuttle_id != plan.shuttle_id:
                found.append(Violation(Rule.ANOTHER_SHUTTLE, i, ride_id))
            picked[ride_id] = visit.depart_s
            load = ride.request.party.load
            seats, wheelchairs, luggage = (
                seats + load[0],
                wheelchairs + load[1],
                luggage + load[2],
            )
            _judge_pickup(i, visit, ride, found)
        if visit.task is not None and picked:
            found.append(Violation(Rule.TASK_ABOARD, i, None, len(picked), visit.task))
        room = now.capacity
        taken = seats + now.seats_per_wheelchair * wheelchairs
        if taken > room[0]:
            found.append(Violation(Rule.SEATS, i, None, taken - room[0]))
        if wheelchairs > room[1]:
            found.append(Violation(Rule.WHEELCHAIRS, i, None, wheelchairs - room[1]))
        if luggage > room[2]:
            found.append(Violation(Rule.LUGGAGE, i, None, luggage - room[2]))
    forgotten = [ride_id for ride_id in now.holds if ride_id not in picked and ride_id not in done]
    found += [Violation(Rule.LEFT_OUT, len(plan.visits), r) for r in (*picked, *forgotten)]
    return tuple(found)


def new_violations(
    found: Iterable[Violation], before: Iterable[Violation], grain_s: int = 0
) -> tuple[Violation, ...]:
    """What makes a plan illegal, given what was broken before it anyway.

    Most rules count always; those that the world can break by itself only if they were kept before,
    or are broken further (promises by more than ``grain_s``).
    """
    known: dict[tuple[Rule, RideId | None, Task | None], int] = {}
    for v in before:
        if v.rule in BY_THE_WORLD:
            known[_key(v)] = max(v.by, known.get(_key(v), 0))
    return tuple(
        v for v in found if v.by > known.get(_key(v), -1) + (grain_s if v.rule in LATENESS else 0)
    )


def _key(v: Violation) -> tuple[Rule, RideId | None, Task | None]:
    return v.rule, v.ride_id, v.task


def _load(now: Situation, ride_ids: Iterable[RideId]) -> tuple[int, int, int]:
    loads = [now.rides[ride_id].request.party.load for ride_id in ride_ids]
    return (
        sum(load.seats for load in loads),
        sum(load.wheelchairs for load in loads),
        sum(load.luggage for load in loads),
    )


def _judge_times(visits: tuple[Visit, ...], now: Situation, found: list[Violation]) -> None:
    """Driving and stopping take their time."""
    free_s, last = now.free_s, -1
    for i, visit in enumerate(visits):
        leave_s = max(visit.leave_s, free_s)
        if i > 0:
            drive_s = now.drive_s(last, visit.stop, leave_s)
        elif now.boarding:
            drive_s = 0 if visit.stop == now.heading_stop else UNREACHABLE_S
        elif visit.stop == now.heading_stop:
            drive_s = max(now.first_arrive_s - free_s, 0)
        else:
            drive_s = now.approach_s(visit.stop, leave_s)
        if i > 0 or not (now.boarding or now.moving):
            _judge_domain(i, leave_s, drive_s, now, found)
        if drive_s >= UNREACHABLE_S:
            found.append(Violation(Rule.UNREACHABLE, i))
        elif i > 0 or not now.boarding:
            early_s = max(free_s + drive_s, visit.leave_s) - visit.arrive_s
            if early_s > 0:
                found.append(Violation(Rule.DRIVE_TIME, i, None, early_s))
            short_s = visit.arrive_s + _stop_s(visit, now) - visit.depart_s
            if short_s > 0:
                found.append(Violation(Rule.STOP_TIME, i, None, short_s))
        if visit.task is not None and (i > 0 or not now.boarding):
            _judge_task_times(i, visit, visit.task, found)
        if visit.depart_s < visit.arrive_s:
            found.append(Violation(Rule.STOP_TIME, i, None, visit.arrive_s - visit.depart_s))
        free_s, last = visit.depart_s, visit.stop


def _judge_domain(
    i: int, leave_s: int, drive_s: int, now: Situation, found: list[Violation]
) -> None:
    """No way is begun that does not end before the shuttle may not drive."""
    if 0 < drive_s < UNREACHABLE_S:
        over_s = [
            min(leave_s + drive_s, until_s) - max(leave_s, from_s) for from_s, until_s in now.pauses
        ]
        if (most_s := max(over_s, default=0)) > 0:
            found.append(Violation(Rule.DOMAIN, i, None, most_s))


def _judge_task_times(i: int, visit: Visit, task: Task, found: list[Violation]) -> None:
    late_s = visit.arrive_s - task.latest_s
    if late_s > 0:
        found.append(Violation(Rule.TASK_LATE, i, None, late_s, task))
    short_s = task.end_s(max(visit.arrive_s, task.earliest_s)) - visit.depart_s
    if short_s > 0:
        found.append(Violation(Rule.TASK_SHORT, i, None, short_s, task))


def _judge_tasks(visits: tuple[Visit, ...], now: Situation, found: list[Violation]) -> None:
    """Each task of the shuttle is done once, where it should be, with nobody getting on or off."""
    missing = list(now.tasks)
    for i, visit in enumerate(visits):
        task = visit.task
        if task is None:
            continue
        if task not in missing or task.stop != visit.stop or visit.board or visit.leave:
            found.append(Violation(Rule.TASK_LOST, i, None, 1, task))
        if task in missing:
            missing.remove(task)
    found += [Violation(Rule.TASK_LOST, len(visits), None, 1, task) for task in missing]


def _judge_energy(visits: tuple[Visit, ...], now: Energy, found: list[Violation]) -> None:
    """The reserve is kept everywhere, and the way to a charger; each charge has its plug."""
    battery, level, last = now.battery, now.level_mwh, -1
    for i, visit in enumerate(visits):
        level -= now.drive_mwh(last, visit.stop) if i > 0 else now.approach_mwh(visit.stop)
        last, arrived = visit.stop, level
        task = visit.task
        if task is not None and task.kind is TaskKind.CHARGE and task.stop in now.chargers:
            charger = now.chargers[task.stop]
            gain_mwh = charger.gain_mwh(task.duration_s)
            level = max(level, min(level + gain_mwh, battery.capacity_mwh))
            _judge_plug(i, task, charger, now.booked(task.stop), found)
        elif visit.board or visit.leave:
            level -= battery.per_stop_mwh
        if task is None and not visit.board and not visit.leave:
            continue  # it only passes through
        spare = min(arrived, level - now.to_charger_mwh(visit.stop)) - battery.reserve_mwh
        if spare < 0:
            found.append(Violation(Rule.ENERGY, i, None, -spare))


def _judge_plug(
    i: int, task: Task, charger: Charger, booked: list[tuple[int, int]], found: list[Violation]
) -> None:
    begins_s, ends_s = task.earliest_s, task.latest_s + task.duration_s
    times_s = [begins_s, *(a for a, _ in booked if begins_s <= a < ends_s)]
    taken = max(sum(a <= s < b for a, b in booked) for s in times_s)
    if taken >= charger.plugs:
        found.append(Violation(Rule.PLUGS, i, None, taken + 1 - charger.plugs, task))


def _judge_supervision(visits: tuple[Visit, ...], now: Supervised, found: list[Violation]) -> None:
    """Each drive is supervised from its beginning to its end, and never more than can be."""
    minutes: set[int] = set()
    last = now.standing
    for i, visit in enumerate(visits):
        ends_s = visit.arrive_s if visit.latest_s is None else visit.latest_s
        if visit.stop != last:
            if visit.latest_s is None or ends_s < visit.arrive_s:
                found.append(Violation(Rule.UNSUPERVISED, i, None, visit.arrive_s - ends_s + 1))
            minutes.update(range(visit.leave_s // 60, max(ends_s - 1, visit.leave_s) // 60 + 1))
        last = visit.stop
    over = sum(now.booked(minute) >= now.limit(minute) for minute in minutes)
    if over:
        found.append(Violation(Rule.SUPERVISION, 0, None, over))


def _stop_s(visit: Visit, now: Situation) -> int:
    """Seconds that the parties of a visit need; 0 if there are none."""
    rides = [now.rides[r] for r in (*visit.board, *visit.leave) if r in now.rides]
    if not rides:
        return 0
    parties_s = [now.stop_times.of_party_s(ride.request.party.wheelchairs) for ride in rides]
    return now.stop_times.base_s + sum(parties_s)


def _judge_pickup(i: int, visit: Visit, ride: Ride, found: list[Violation]) -> None:
    promise = ride.promise
    if visit.stop != promise.pickup_stop:
        found.append(Violation(Rule.WRONG_STOP, i, ride.id))
    if visit.depart_s > promise.pickup_to_s:
        late_s = visit.depart_s - promise.pickup_to_s
        found.append(Violation(Rule.PICKUP_LATE, i, ride.id, late_s))
    elif visit.depart_s < promise.pickup_from_s:
        early_s = promise.pickup_from_s - visit.depart_s
        found.append(Violation(Rule.PICKUP_EARLY, i, ride.id, early_s))


def _judge_dropoff(i: int, visit: Visit, ride: Ride, picked_s: int, found: list[Violation]) -> None:
    promise = ride.promise
    if visit.stop != promise.dropoff_stop:
        found.append(Violation(Rule.WRONG_STOP, i, ride.id))
    if visit.arrive_s > promise.arrive_by_s:
        late_s = visit.arrive_s - promise.arrive_by_s
        found.append(Violation(Rule.ARRIVAL_LATE, i, ride.id, late_s))
    if visit.arrive_s - picked_s > promise.ride_s_max:
        long_s = visit.arrive_s - picked_s - promise.ride_s_max
        found.append(Violation(Rule.RIDE_TIME, i, ride.id, long_s))
