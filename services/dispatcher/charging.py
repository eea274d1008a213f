"""When and where shuttles charge: between rides, never more of them than there are plugs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.energy import after_visit
from services.dispatcher.fleet import Shuttles
from services.dispatcher.plugs import booked_s, most_at_once
from services.dispatcher.publication import Publisher
from services.dispatcher.route import Stopover
from services.domain.battery import Charger
from services.domain.events import Event, ReportMarked
from services.domain.ids import RideId
from services.domain.ride import Ride
from services.domain.task import Task, TaskKind
from services.domain.task_reports import BatteryLevel
from services.domain.zone_state import WantsCharge

PATIENCE_S = 3600
"""For how long a shuttle waits for a plug at most; then it asks again later."""
SPARE_S = 300
"""A shuttle may come this much, and a quarter of its drive, later to its plug than planned."""
SESSION_S = 2700
"""A shuttle charges for no longer at a time, so that others have their turn."""
WORTH_S = 600
"""A shorter charge is not worth the way."""
SOON_S = 7200
"""Gaps that begin this much after the first are looked at as well: one may be on the way."""
AGAIN_S = 300
"""A shuttle for which there was no plug or no time asks again after this long."""
STEP_S = 60
"""Charging takes whole minutes."""


class _Gap(NamedTuple):
    """Where a charge would go in a route: from where, when and with what, and until when."""

    position: int
    stop: int
    free_s: int
    level_mwh: int
    next_stop: int
    until_s: int


class Charging:
    """Follows what batteries hold, and sends idle shuttles to charge.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides.
    publisher
        Issues plans.
    """

    def __init__(self, fleet: Shuttles, rides: Mapping[RideId, Ride], publisher: Publisher) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._waiting: dict[int, int] = {}

    def take(self, report: BatteryLevel, now_s: int, events: list[Event]) -> None:
        """Note what a battery holds, and see who should charge."""
        fleet, k = self._fleet, self._fleet.number.get(report.shuttle_id)
        if k is None or not fleet.head(k)[c.H_CAPACITY]:
            events.append(ReportMarked(report.shuttle_id, "BatteryLevel", "no battery here"))
            return
        head = fleet.head(k)
        fleet.routes[k].heard_s = now_s
        if head[c.H_MODE] == c.AT_STOP:  # of a moving one, it is known when it stands
            head[c.H_LEVEL] = min(max(report.level_wh, 0) * 1000, int(head[c.H_CAPACITY]))
        fleet.refresh(k, now_s)
        self._waiting[k] = now_s
        for waiting, from_s in list(self._waiting.items()):
            if not self._wants(waiting) or (from_s <= now_s and self._send(waiting, now_s, events)):
                del self._waiting[waiting]
            elif from_s <= now_s:
                self._waiting[waiting] = now_s + AGAIN_S

    def stored(self) -> tuple[WantsCharge, ...]:
        """Who waits for a plug, as values."""
        routes = self._fleet.routes
        return tuple(WantsCharge(routes[k].shuttle.id, s) for k, s in self._waiting.items())

    def restore(self, waiting: Iterable[WantsCharge]) -> None:
        """Go on with those who waited and are still there."""
        number = self._fleet.number
        self._waiting = {number[one.shuttle_id]: one.from_s for one in waiting if one[0] in number}

    def _wants(self, k: int) -> bool:
        """Whether too little will be left when all that is planned is over."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        battery = route.shuttle.battery
        if battery is None or head[c.H_OUT] or head[c.H_SILENT] or head[c.H_AWAY]:
            return False
        level = int(head[c.H_LEVEL])
        if route.stops:
            row = fleet.arrays.visits[k, len(route.stops) - 1]
            level = int(after_visit(head, row, row[c.V_LEVEL]))
        return level < battery.charge_below_mwh

    def _send(self, k: int, now_s: int, events: list[Event]) -> bool:
        """Plan the charge that takes least driving for what it brings; say if there is any."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        before = self._publisher.broken(k)
        broken, was = int(head[c.H_BROKEN]), head.copy()
        gaps = self._gaps(k)
        soon = [gap for gap in gaps if gap.free_s <= gaps[0].free_s + SOON_S]
        options = [option for gap in soon for option in self._options(k, gap)]
        for _, position, task in sorted(options, key=lambda option: option[:2]):
            route.tasks.append(task)
            route.stops.insert(position, Stopover(task.stop, task=task))
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            fits = head[c.H_BROKEN] <= broken
            if fits and not self._publisher.objections(k, now_s, before):
                self._publisher.publish(k, now_s, events, before)
                return True
            route.tasks.pop()
            route.stops.pop(position)
            head[:] = was
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
        return False

    def _gaps(self, k: int) -> list[_Gap]:
        """Times at which nobody is on board, up to where the next ride or task would be delayed."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k).tolist()
        rows = fleet.arrays.visits[k, : len(route.stops)].tolist()
        gaps = []
        for i in range(head[c.H_FIRST], len(rows) + 1):
            if i > 0:
                task = route.stops[i - 1].task
                if task is not None and task.kind is TaskKind.OFF_DUTY:
                    break  # what the next shift needs is seen to then
                row = rows[i - 1]
                level = int(after_visit(fleet.head(k), np.array(row), row[c.V_LEVEL]))
                stop, free_s, people = row[c.V_STOP], row[c.V_DEPART], row[c.V_SEATS]
                people += row[c.V_WHEELCHAIRS]
            else:
                stop, free_s, level = head[c.H_STOP], head[c.H_FREE], head[c.H_LEVEL]
                people = len(route.aboard) or head[c.H_MODE] != c.AT_STOP
            if people:
                continue
            until_s, next_stop = c.FAR_S, -1
            if i < len(rows):
                until_s, next_stop = rows[i][c.V_START], rows[i][c.V_STOP]
                if rows[i][c.V_TASK]:
                    until_s = rows[i][c.V_ARRIVE] + rows[i][c.V_RIDE_SLACK]
            gaps.append(_Gap(i, stop, free_s, level, next_stop, until_s))
        return gaps

    def _options(self, k: int, gap: _Gap) -> list[tuple[int, int, Task]]:
        """A charge at each charger, when a plug is free there first; seconds of driving per kWh."""
        fleet, battery = self._fleet, self._fleet.routes[k].shuttle.battery
        assert battery is not None
        options = []
        for charger in fleet.chargers.values():
            drive_s = int(fleet.drive_s[gap.stop, charger.stop])
            way_m = int(fleet.ways.drive_m[gap.stop, charger.stop])
            onward_s = int(fleet.drive_s[charger.stop, gap.next_stop]) if gap.next_stop >= 0 else 0
            missing_mwh = battery.charge_to_mwh - gap.level_mwh + battery.drive_mwh(way_m, drive_s)
            spare_s = SPARE_S + drive_s // 4 + fleet.reserve_s
            there_s = gap.free_s + drive_s
            needs_s = min(charger.charging_s(missing_mwh), SESSION_S)
            needs_s = min(needs_s, gap.until_s - onward_s - spare_s - there_s) // STEP_S * STEP_S
            from_s = self._free_from(charger, there_s, spare_s + needs_s)
            reachable = drive_s < c.UNREACHABLE_S
            if from_s > there_s + PATIENCE_S or not reachable or needs_s < WORTH_S:
                continue
            task = Task(
                kind=TaskKind.CHARGE,
                stop=charger.stop,
                earliest_s=from_s,
                latest_s=from_s + spare_s,
                duration_s=needs_s,
            )
            direct_s = int(fleet.drive_s[gap.stop, gap.next_stop]) if gap.next_stop >= 0 else 0
            detour_s = max(drive_s + onward_s - direct_s, 0)
            gain_mwh = min(charger.gain_mwh(needs_s), missing_mwh)
            options.append((detour_s * 1_000_000 // gain_mwh, gap.position, task))
        return options

    def _free_from(self, charger: Charger, there_s: int, for_s: int) -> int:
        """From when a plug is free for a time, at the earliest from ``there_s`` on."""
        booked = booked_s(self._fleet, charger.stop)
        tried = sorted({there_s, *(end for _, end in booked if end > there_s)})
        for from_s in tried:
            if most_at_once([*booked, (from_s, from_s + for_s)], from_s) <= charger.plugs:
                return from_s
        return tried[-1]
