"""The shuttles as they are: they drive, stop, let people on and off, and report it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.domain.battery import Charger
from services.domain.events import (
    Arrived,
    Boarded,
    Departed,
    Fault,
    Left,
    NotThere,
    PlanAcknowledged,
    Repaired,
    Report,
    RideLetOff,
)
from services.domain.ids import RideId
from services.domain.plan import Plan, Visit
from services.domain.shuttle import FaultKind, Shuttle
from services.domain.task import Task, TaskKind
from services.domain.task_reports import TaskDone
from services.domain.territory import StopTimes
from services.network.driving import Ways
from services.network.tables import UNREACHABLE_S
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.diary import Diary
from services.simulator.kerb import NEVER_S, Kerb
from services.simulator.leases import Leases, may_board
from services.simulator.radio import Radio, turned_off
from services.simulator.records import Blackout
from services.simulator.supervision import Operators
from services.simulator.vehicle import (
    Passengers,
    Stay,
    Vehicle,
    charge,
    is_void,
    plugged_in,
    prune,
    start_mwh,
)
from services.simulator.whereabouts import Whereabouts

DRIVE_VARIATION = 0.12
BOARDING_VARIATION = 0.15
PLUG_S = 30  # a shuttle that finds no plug free looks again after this long


class World:
    """All shuttles of a territory.

    Parameters
    ----------
    shuttles
        The fleet, at its depots.
    ways
        Travel times.
    stop_times
        How long stops take, and how long shuttles wait for people.
    riders
        Who stands at the stops.
    chance
        Dice; off: driving and boarding take just their time.
    chargers
        Where shuttles charge.
    """

    def __init__(
        self,
        shuttles: tuple[Shuttle, ...],
        ways: Ways,
        stop_times: StopTimes,
        riders: Passengers,
        chance: Chance,
        chargers: tuple[Charger, ...] = (),
    ) -> None:
        self._where = Whereabouts(ways, ways)
        self._riders = riders
        self._chance = chance
        self.vehicles = [
            Vehicle(k, shuttle, shuttle.depot_stop, level_mwh=start_mwh(shuttle))
            for k, shuttle in enumerate(shuttles)
        ]
        self._number = {shuttle.id: k for k, shuttle in enumerate(shuttles)}
        self._kerb = Kerb(riders, stop_times)
        self._chargers = {charger.stop: charger for charger in chargers}
        diary = self._diary = Diary(riders, ways)
        self.drives, self.stays, self.versions = diary.drives, diary.stays, diary.versions
        self.leases = Leases()
        self.blackouts: list[Blackout] = []
        self.departed: Callable[[Vehicle, int], None] = lambda _vehicle, _from_stop: None
        """Told of each departure from a stop."""
        self.operators = Operators(None)
        self.report_every_s = 0
        """How often a moving shuttle says where it is; 0: never."""

    def connect(self, agenda: Agenda, send: Callable[[Report], None]) -> None:
        """Say where events are entered, and who takes reports."""
        self._agenda = agenda
        self._radio = Radio(agenda, send)

    def receive(self, plan: Plan) -> None:
        """Follow a plan, unless a newer one is known or it broke down since that was made."""
        vehicle = self.vehicles[self._number[plan.shuttle_id]]
        if is_void(vehicle, plan) or not self._radio.hears(vehicle, plan):
            return
        before, vehicle.revision = vehicle.revision, plan.revision
        vehicle.visits = list(plan.visits)
        self.leases.take(vehicle, plan, self._agenda.now_s)
        prune(vehicle)
        acknowledgement = PlanAcknowledged(plan.shuttle_id, plan.revision, self._agenda.now_s)
        if vehicle.moving and vehicle.visits and vehicle.visits[0].stop != vehicle.stop:
            acknowledgement = self._turn_off(vehicle, plan, before)
        self._radio.say(vehicle, acknowledgement)
        if not vehicle.moving and not vehicle.boarding:
            self._go_on(vehicle)

    def fall_silent(self, k: int, until_s: int) -> None:
        """Let a shuttle neither hear nor be heard for a while; it goes on with what it holds."""
        vehicle, now_s = self.vehicles[k], self._agenda.now_s
        shuttle_id = vehicle.shuttle.id
        self.blackouts.append(Blackout(shuttle_id=shuttle_id, from_s=now_s, until_s=until_s))
        self._radio.fall_silent(vehicle, until_s, self.receive)

    def break_down(self, k: int, until_s: int) -> None:
        """Let a shuttle break down: it stands at once, or once those who board are on board."""
        vehicle = self.vehicles[k]
        if not vehicle.broken_until_s and until_s > self._agenda.now_s:
            vehicle.broken_until_s = until_s
            if not vehicle.boarding:
                self._stand_still(vehicle)

    def _stand_still(self, vehicle: Vehicle) -> None:
        """Stop where it is, let everybody off at the nearest stop, and wait to be repaired."""
        now_s = self._agenda.now_s
        place, place_ms = self._where.of_stop(vehicle.stop), now_s * 1000
        if vehicle.moving:
            self._diary.cut(vehicle, self._where, now_s)
            place, place_ms = vehicle.place, vehicle.place_ms
        elif vehicle.stay is not None:
            self._end_stay(vehicle)
        at_s = max(-(-place_ms // 1000), now_s)
        self.operators.gives_up(vehicle.number, now_s)
        stop, walk_s = self._where.nearest_stop(place)
        vehicle.moving, vehicle.stop = False, stop
        vehicle.turn += 1
        vehicle.visits.clear()
        self.leases.give_up(vehicle, now_s)
        stay = self._stay(vehicle)
        stay.broke_down_at = place
        stay.arrive_s = stay.depart_s = at_s + walk_s
        for ride_id in sorted(vehicle.aboard):
            stay.left.append(ride_id)
            self._kerb.was_let_off(ride_id, stop, stay.arrive_s)
        vehicle.aboard.clear()
        until_s = max(vehicle.broken_until_s, stay.arrive_s + 1)
        vehicle.broken_until_s, vehicle.fault_s = until_s, at_s
        fault = Fault(vehicle.shuttle.id, FaultKind.BREAKDOWN, stop, at_s, stay.arrive_s)
        self._agenda.at(at_s, lambda: self._radio.say(vehicle, fault))
        self._agenda.at(at_s, lambda: self._let_go(vehicle))
        self._agenda.at(until_s, lambda: self._repair(vehicle))

    def _repair(self, vehicle: Vehicle) -> None:
        self._end_stay(vehicle)
        vehicle.broken_until_s = 0
        self._radio.say(vehicle, Repaired(vehicle.shuttle.id, vehicle.stop, self._agenda.now_s))
        self._radio.tell_level(vehicle)
        self._go_on(vehicle)

    def roads_changed(self, ways: Ways) -> None:
        """Drive by other travel times; who is under way finishes the link that he is on."""
        same = self._where.drives_alike(ways)
        moving = [vehicle for vehicle in self.vehicles if vehicle.moving and not same]
        for vehicle in moving:
            self._diary.cut(vehicle, self._where, self._agenda.now_s)
        self._where = Whereabouts(ways, self.versions[0])
        self.versions.append(ways)
        for vehicle in self.vehicles:
            if not vehicle.moving and not vehicle.boarding:
                self._go_on(vehicle)
        for vehicle in moving:
            if vehicle.place != self._where.of_stop(vehicle.stop):
                self.head_for(vehicle, vehicle.stop)

    def goes_on(self, event: RideLetOff) -> None:
        """Let a party that got off to change wait for another shuttle; else, it is known."""
        self._kerb.goes_on(self.vehicles[self._number[event.shuttle_id]], event)

    def look_again(self, ride_id: RideId) -> None:
        """Reckon anew when a party comes: a shuttle that stands there for it knows only now."""
        for vehicle in self.vehicles:
            if vehicle.moving or vehicle.boarding or not vehicle.visits or vehicle.broken_until_s:
                continue
            if ride_id in vehicle.visits[0].board and vehicle.visits[0].stop == vehicle.stop:
                self._go_on(vehicle)

    def _go_on(self, vehicle: Vehicle) -> None:
        """Do what comes next: the shuttle stands, and nobody gets on or off."""
        if vehicle.broken_until_s:
            return
        vehicle.turn += 1
        prune(vehicle, self._agenda.now_s)
        now_s, leave_s = self._agenda.now_s, self._leave_s(vehicle)
        if leave_s > now_s:
            self.operators.gives_up(vehicle.number, now_s)
        if self._serves_here(vehicle):
            self._serve(vehicle, vehicle.visits[0])
        elif leave_s <= now_s:
            if self.operators.lets_go(vehicle.number, now_s):
                self._depart(vehicle, vehicle.visits[0].stop)
            elif (more_s := self.operators.more_s(now_s)) is not None:
                self._agenda.at(more_s, self._let_go)
        elif leave_s < NEVER_S:
            turn = vehicle.turn
            self._agenda.at(leave_s, lambda: self._wake(vehicle, turn))

    def _leave_s(self, vehicle: Vehicle) -> int:
        """When a shuttle is to set off; never, if its next visit is here or out of reach."""
        here, visit = vehicle.stop, next(iter(vehicle.visits), None)
        if visit is None or visit.stop == here:
            return NEVER_S
        if self._where.ways.drive_s[here, visit.stop] >= UNREACHABLE_S:
            return NEVER_S  # no road leads there: a new plan is on its way, or it is opened
        leave_s = max(visit.leave_s, self._kerb.alighted_s(vehicle.stay), self._agenda.now_s)
        return self._where.set_off_s(vehicle, visit.stop, leave_s)

    def _let_go(self, stopped: Vehicle | None = None) -> None:
        """Let those set off who waited for somebody to supervise them."""
        if stopped is not None:
            self.operators.stopped(stopped.number)
        while line := self.operators.next_in_line(self._agenda.now_s):
            self._go_on(self.vehicles[line[0]])

    def _wake(self, vehicle: Vehicle, turn: int) -> None:
        if vehicle.turn == turn:
            self._go_on(vehicle)

    def _serve(self, vehicle: Vehicle, visit: Visit) -> None:
        """Let people off, wait for those who are to come, let them on."""
        if visit.task is not None:
            self._work(vehicle, visit.task)
            return
        now_s, stay = self._agenda.now_s, self._stay(vehicle)
        for ride_id in visit.leave:
            if ride_id in vehicle.aboard:
                vehicle.aboard.remove(ride_id)
                vehicle.done.add(ride_id)
                stay.left.append(ride_id)
                self._radio.say(vehicle, Left(vehicle.shuttle.id, ride_id, vehicle.stop, now_s))
        start_s = max(now_s, visit.board_from_s)
        for ride_id in visit.board:
            present_s = self._kerb.present_s(ride_id, vehicle.stop)
            present_s = max(present_s, self._riders.pickup_from_s(ride_id))
            wait_s = min(present_s, self._kerb.patient_until_s(ride_id, stay))
            if may_board(vehicle, ride_id, wait_s):
                start_s = max(start_s, wait_s)
        turn = vehicle.turn
        if start_s > now_s:
            self._agenda.at(start_s, lambda: self._wake(vehicle, turn))
            return
        self._board(vehicle, visit, stay)

    def _work(self, vehicle: Vehicle, task: Task) -> None:
        """Stand there until a task is done; off duty, with nothing to follow, until told."""
        now_s, turn, stay = self._agenda.now_s, vehicle.turn, self._stay(vehicle)
        if vehicle.aboard:
            return  # somebody got on that the plan did not know of; a new one is on its way
        if now_s < task.earliest_s:
            self._agenda.at(task.earliest_s, lambda: self._wake(vehicle, turn))
            return
        charger = self._chargers.get(task.stop) if task.kind is TaskKind.CHARGE else None
        if charger is not None and plugged_in(self.vehicles, task.stop) >= charger.plugs:
            self._agenda.at(now_s + PLUG_S, lambda: self._wake(vehicle, turn))
            return
        stay.task, stay.depart_s = task, now_s
        if task.kind is TaskKind.OFF_DUTY and len(vehicle.visits) == 1:
            return
        vehicle.boarding = True
        self._agenda.at(task.end_s(now_s), lambda: self._finish(vehicle, turn, task))

    def _finish(self, vehicle: Vehicle, turn: int, task: Task) -> None:
        if vehicle.turn != turn:
            return
        vehicle.boarding = False
        if task.kind is TaskKind.CHARGE and task.stop in self._chargers:
            charge(vehicle, self._chargers[task.stop].gain_mwh(task.duration_s))
        vehicle.done.add(task)
        self._radio.say(vehicle, TaskDone(vehicle.shuttle.id, task, self._agenda.now_s))
        self._end_stay(vehicle)
        self._radio.tell_level(vehicle)
        if vehicle.broken_until_s:
            self._stand_still(vehicle)
        self._go_on(vehicle)

    def _board(self, vehicle: Vehicle, visit: Visit, stay: Stay) -> None:
        now_s = self._agenda.now_s
        coming, crowded, absent = self._kerb.who_comes(vehicle, visit.board, stay, now_s)
        for ride_id in absent:
            waited_from_s = min(max(self._riders.pickup_from_s(ride_id), stay.arrive_s), now_s)
            report = NotThere(vehicle.shuttle.id, ride_id, vehicle.stop, waited_from_s, now_s)
            self._radio.say(vehicle, report)
            vehicle.done.add(ride_id)
        self.leases.use(vehicle, absent, now_s)
        name = f"{vehicle.shuttle.id}/{now_s}"
        permille = self._chance.permille(BOARDING_VARIATION, "board", name)
        dwell_s = self._kerb.dwell_s(vehicle, coming, stay, now_s, permille)
        # Whoever did not come is in the plan no more; the new one is on its way.
        vehicle.visits[0] = replace(visit, board=(*coming, *crowded), leave=())
        if crowded and not coming and not stay.left:
            return  # somebody is on board that the plan did not know of; a new one is on its way
        vehicle.boarding = True
        vehicle.turn += 1
        turn = vehicle.turn
        if dwell_s:
            self._agenda.at(now_s + dwell_s, lambda: self._close(vehicle, turn, coming))
        else:
            self._close(vehicle, turn, coming)

    def _close(self, vehicle: Vehicle, turn: int, coming: list[RideId]) -> None:
        """Doors close: those who got on are on board."""
        if vehicle.turn != turn:
            return
        now_s, stay = self._agenda.now_s, self._stay(vehicle)
        for ride_id in coming:
            if self._kerb.present_s(ride_id, vehicle.stop) > now_s:
                continue  # changed its mind at the door
            vehicle.aboard.add(ride_id)
            self._kerb.got_on(ride_id)
            stay.boarded.append(ride_id)
            self._radio.say(vehicle, Boarded(vehicle.shuttle.id, ride_id, vehicle.stop, now_s))
        self.leases.use(vehicle, stay.boarded, now_s)
        vehicle.boarding = False
        self._end_stay(vehicle)
        self._radio.tell_level(vehicle)
        if vehicle.broken_until_s:
            self._stand_still(vehicle)
        self._go_on(vehicle)

    def _stay(self, vehicle: Vehicle) -> Stay:
        return self._diary.stay(vehicle, self._agenda.now_s)

    def _end_stay(self, vehicle: Vehicle) -> None:
        self._diary.end_stay(vehicle, self._agenda.now_s)

    def _depart(self, vehicle: Vehicle, towards: int) -> None:
        now_s = self._agenda.now_s
        if vehicle.stay is not None:
            self._end_stay(vehicle)
        here, name = vehicle.stop, f"{vehicle.shuttle.id}/{vehicle.departures}"
        vehicle.permille = self._chance.permille(DRIVE_VARIATION, "drive", name)
        vehicle.moving, vehicle.departures = True, vehicle.departures + 1
        vehicle.place, vehicle.place_ms = self._where.of_stop(here), now_s * 1000
        self._radio.say(vehicle, Departed(vehicle.shuttle.id, here, towards, now_s))
        self.head_for(vehicle, towards, int(self._where.ways.drive_s[here, towards]))
        self.departed(vehicle, here)

    def head_for(self, vehicle: Vehicle, stop: int, straight_s: int | None = None) -> None:
        """Drive on to a stop, from where the shuttle is."""
        vehicle.stop, vehicle.turn = stop, vehicle.turn + 1
        vehicle.arrive_ms = self._where.arrive_ms(vehicle, straight_s)
        if vehicle.cut_off:
            return
        turn, arrive_s = vehicle.turn, -(-vehicle.arrive_ms // 1000)
        self._agenda.at(arrive_s, lambda: self._arrive(vehicle, turn))
        if self.report_every_s and self._where.roads:
            self._radio.tell_place(vehicle, self._where, self.report_every_s)

    def _turn_off(self, vehicle: Vehicle, plan: Plan, revision: int) -> PlanAcknowledged:
        """Leave the old way where the plan says, or where it is still possible."""
        now_s = self._agenda.now_s
        wanted = -1 if plan.divert_node is None else plan.divert_node
        place, ms = self._where.leave_way(vehicle, wanted, max(now_s, plan.divert_s or 0), now_s)
        self._diary.drive(vehicle, place, ms, revision)
        vehicle.place, vehicle.place_ms = place, ms
        self.head_for(vehicle, vehicle.visits[0].stop)
        return turned_off(plan, place, ms, now_s)

    def _arrive(self, vehicle: Vehicle, turn: int) -> None:
        if vehicle.turn != turn:
            return
        end = self._where.of_stop(vehicle.stop), vehicle.arrive_ms
        self._diary.drive(vehicle, *end, vehicle.revision)
        vehicle.moving = False
        self.operators.stopped(vehicle.number)
        self._stay(vehicle)
        self._radio.say(vehicle, Arrived(vehicle.shuttle.id, vehicle.stop, self._agenda.now_s))
        self._radio.tell_level(vehicle)
        self._go_on(vehicle)
        if vehicle.stay is not None and not vehicle.boarding and not self._serves_here(vehicle):
            self._end_stay(vehicle)
        self._let_go()

    def _serves_here(self, vehicle: Vehicle) -> bool:
        """Whether people get on or off where a shuttle stands, now or soon."""
        return bool(vehicle.visits) and vehicle.visits[0].stop == vehicle.stop
