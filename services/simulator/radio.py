"""What shuttles say and hear, and when they can do neither."""

from __future__ import annotations

from collections.abc import Callable

from services.domain.events import Passed, PlanAcknowledged, Report
from services.domain.plan import Plan
from services.domain.task_reports import BatteryLevel
from services.simulator.agenda import Agenda
from services.simulator.vehicle import Place, Vehicle
from services.simulator.whereabouts import Whereabouts


class Radio:
    """Carries reports; those of a shuttle that cannot be heard wait, in order.

    Parameters
    ----------
    agenda
        What happens when.
    send
        Takes reports.
    """

    def __init__(self, agenda: Agenda, send: Callable[[Report], None]) -> None:
        self._agenda = agenda
        self._send = send

    def say(self, vehicle: Vehicle, report: Report) -> None:
        """Send a report, now or once it gets through."""
        if self._agenda.now_s < vehicle.silent_until_s:
            vehicle.unsaid.append(report)
        else:
            self._send(report)

    def tell_level(self, vehicle: Vehicle) -> None:
        """Say what a shuttle's battery holds, if it has one."""
        if vehicle.shuttle.battery is not None:
            level_wh = vehicle.level_mwh // 1000
            self.say(vehicle, BatteryLevel(vehicle.shuttle.id, level_wh, self._agenda.now_s))

    def tell_place(self, vehicle: Vehicle, where: Whereabouts, every_s: int) -> None:
        """Say where a shuttle is every so often, until it arrives or changes its mind."""
        turn, when_s = vehicle.turn, self._agenda.now_s + every_s

        def tell() -> None:
            if vehicle.turn != turn:
                return
            now_ms = self._agenda.now_s * 1000
            if vehicle.place_ms <= now_ms:
                node, ms = where.passes(vehicle, now_ms)
                self.say(vehicle, Passed(vehicle.shuttle.id, node, -(-ms // 1000)))
            self.tell_place(vehicle, where, every_s)

        if when_s * 1000 < vehicle.arrive_ms:
            self._agenda.at(when_s, tell)

    def hears(self, vehicle: Vehicle, plan: Plan) -> bool:
        """Whether a plan gets through; if not, the newest one will later."""
        if self._agenda.now_s >= vehicle.silent_until_s:
            return True
        if vehicle.unheard is None or vehicle.unheard.revision < plan.revision:
            vehicle.unheard = plan
        return False

    def fall_silent(self, vehicle: Vehicle, until_s: int, receive: Callable[[Plan], None]) -> None:
        """Let a shuttle neither hear nor be heard for a while."""
        vehicle.silent_until_s = max(until_s, vehicle.silent_until_s)
        self._agenda.at(vehicle.silent_until_s, lambda: self._end(vehicle, receive))

    def _end(self, vehicle: Vehicle, receive: Callable[[Plan], None]) -> None:
        if self._agenda.now_s < vehicle.silent_until_s:
            return
        unsaid, plan = vehicle.unsaid, vehicle.unheard
        vehicle.unsaid, vehicle.unheard = [], None
        for report in unsaid:
            self._send(report)
        if plan is not None:
            receive(plan)


def turned_off(plan: Plan, place: Place, ms: int, now_s: int) -> PlanAcknowledged:
    """Say that a shuttle follows a plan, and where and when it turns off for it."""
    return PlanAcknowledged(
        plan.shuttle_id,
        plan.revision,
        now_s,
        node=place if isinstance(place, int) else None,
        node_ms=ms,
        x_mm=place[0] if isinstance(place, tuple) else None,
        y_mm=place[1] if isinstance(place, tuple) else None,
    )
