"""The tasks of a shuttle's days: times off duty between shifts, cleaning, maintenance.

They stand in its route like any visit, so whatever is promised leaves room for them. A day's tasks
are laid out when somebody first asks for a ride in it; those of the first when the zone begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.dispatcher.route import Stopover
from services.domain.calendar import Calendar
from services.domain.events import Event
from services.domain.ids import RideId
from services.domain.ride import Ride
from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.task import Task, TaskKind
from services.domain.task_reports import TaskDone

CUT_S = 4 * 3600
"""Days are cut at this hour, at which hardly anybody rides."""


class Duties:
    """Lays out tasks, and strikes off those that are done.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides.
    publisher
        Issues plans.
    ahead_s
        How far ahead days are laid out at most.
    """

    def __init__(
        self, fleet: Shuttles, rides: Mapping[RideId, Ride], publisher: Publisher, ahead_s: int
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._ahead_s = ahead_s
        shuttles = [route.shuttle for route in fleet.routes]
        bound = any(shuttle.shifts or shuttle.upkeep for shuttle in shuttles)
        self._until_s = -1 if bound else c.FAR_S
        self._newcomers: list[int] = []

    def begin(self, now_s: int, events: list[Event]) -> None:
        """Lay out the day in which the zone begins."""
        if self._until_s < 0:
            self.lay_out(now_s, now_s, events)
        for k in self._newcomers:
            tasks = self._tasks_left(k, now_s)
            if tasks and self._fleet.routes[k].holder is None:
                self.add(k, tasks, now_s, events)
        self._newcomers = []

    def restore(self, until_s: int, newcomers: list[int]) -> None:
        """Go on from a day; shuttles that were not there before get their tasks up to it."""
        if self._until_s < c.FAR_S and until_s < c.FAR_S:
            self._until_s, self._newcomers = until_s, newcomers

    @property
    def until_s(self) -> int:
        """Up to when tasks are laid out; far in the future if there are none."""
        return self._until_s

    def _tasks_left(self, k: int, now_s: int) -> list[Task]:
        """What is left of a shuttle's tasks up to the day that is laid out."""
        from_s = now_s - CUT_S - 2 * DAY_S
        shuttle, calendar = self._fleet.routes[k].shuttle, self._fleet.calendar
        tasks = tasks_between(calendar, shuttle, from_s, self._until_s)
        return [*still_to_do(tuple(tasks), now_s)]

    def lay_out(self, up_to_s: int, now_s: int, events: list[Event]) -> None:
        """Give every shuttle its tasks of all days up to a time."""
        if up_to_s < self._until_s:
            return
        up_to_s = min(up_to_s, now_s + self._ahead_s)
        first = self._until_s < 0
        calendar = self._fleet.calendar
        from_s = calendar.last_s(CUT_S, now_s) if first else self._until_s
        self._until_s = max(calendar.last_s(CUT_S, up_to_s, days=1), self._until_s)
        for k, route in enumerate(self._fleet.routes):
            if route.holder is not None:
                continue  # who has it sees to that
            tasks = list(tasks_between(calendar, route.shuttle, from_s, self._until_s))
            if first:
                before = tasks_between(calendar, route.shuttle, from_s - 2 * DAY_S, from_s)
                tasks = [*still_to_do((*before, *tasks), now_s)]
            if tasks and route.lending is not None and route.lending.revision >= 0:
                kept = (*route.lending.tasks, *tasks)
                route.lending = route.lending._replace(tasks=kept)
                self._fleet.touched.add(k)
            elif tasks:
                self.add(k, tasks, now_s, events)

    def add(self, k: int, tasks: list[Task], now_s: int, events: list[Event]) -> None:
        """Put tasks at the end of a shuttle's route, and issue its plan."""
        fleet, route = self._fleet, self._fleet.routes[k]
        for task in sorted(tasks, key=lambda task: (task.latest_s, task.earliest_s)):
            route.tasks.append(task)
            route.stops.append(Stopover(task.stop, task=task))
        # Somebody who rides late can make a task late that nobody had thought of before.
        fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))

    def done(self, k: int, report: TaskDone, now_s: int, events: list[Event]) -> None:
        """Strike off a task; one that is not on the list was struck off before."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        if report.task not in route.tasks:
            return
        at = next(i for i, stop in enumerate(route.stops) if stop.task == report.task)

        def strike() -> None:
            route.tasks.remove(report.task)
            del route.stops[at]

        if at == 0 and head[c.H_MODE] == c.AT_STOP and head[c.H_STOP] == report.task.stop:
            strike()
            head[c.H_LOCKED] = 0
            head[c.H_BUSY] = max(int(head[c.H_BUSY]), report.at_s)
            fleet.write(k, self._rides)
        else:
            # Other reports overtook this one: the shuttle was thought to have gone on without.
            self._publisher.shorten(k, strike, now_s, events)


def tasks_between(calendar: Calendar, shuttle: Shuttle, from_s: int, to_s: int) -> Iterator[Task]:
    """All tasks of a shuttle that may begin from one time to another."""
    days = range(calendar.local_s(from_s) // DAY_S - 2, calendar.local_s(to_s) // DAY_S + 1)
    for day in days:
        for task in _tasks_of_day(shuttle, calendar, day * DAY_S):
            if from_s <= task.earliest_s < to_s:
                yield task


def _tasks_of_day(shuttle: Shuttle, calendar: Calendar, midnight_s: int) -> Iterator[Task]:
    """All that a shuttle does on a day, given what clocks show as it begins."""
    shifts = shuttle.shifts
    tomorrow = [from_s + DAY_S for from_s, _ in shifts[:1]]
    begins_s = [*(from_s for from_s, _ in shifts[1:]), *tomorrow]
    for (_, ends_s), next_s in zip(shifts, begins_s, strict=True):
        if next_s > ends_s:
            off_s = calendar.at_s(midnight_s + ends_s)
            yield Task(
                kind=TaskKind.OFF_DUTY,
                stop=shuttle.depot_stop,
                earliest_s=off_s,
                latest_s=off_s,
                duration_s=calendar.at_s(midnight_s + next_s) - off_s,
            )
    for upkeep in shuttle.upkeep:
        yield Task(
            kind=upkeep.kind,
            stop=upkeep.stop,
            earliest_s=calendar.at_s(midnight_s + upkeep.from_s),
            latest_s=calendar.at_s(midnight_s + upkeep.to_s),
            duration_s=upkeep.duration_s,
        )


def still_to_do(tasks: tuple[Task, ...], now_s: int) -> Iterator[Task]:
    """What is left of tasks when a zone begins: its shuttles are at home, and nothing is done."""
    for task in tasks:
        if task.kind is not TaskKind.OFF_DUTY:
            if task.latest_s >= now_s:
                yield task
        elif (end_s := task.earliest_s + task.duration_s) > now_s:
            begins_s = max(task.earliest_s, now_s)
            yield Task(
                kind=task.kind,
                stop=task.stop,
                earliest_s=begins_s,
                latest_s=task.latest_s if begins_s > now_s else end_s,
                duration_s=end_s - begins_s,
            )
