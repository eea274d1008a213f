"""What must hold after every single message, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.dispatcher import columns as c
from services.dispatcher.core import Zone
from services.domain.events import (
    Event,
    Message,
    PlanIssued,
    PromiseChanged,
    Report,
    RideBoarded,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideFailed,
    RideNoShow,
    RideOffered,
    RideRetimed,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import TERMINAL, Load, Promise, Status
from services.domain.task import TaskKind
from services.simulator.world import World

ENDS = (RideCompleted, RideCancelled, RideNoShow, RideFailed)


@dataclass
class Audit:
    """Follows the events of a zone, and looks into it after each message.

    Parameters
    ----------
    zone
        The zone.
    world
        The shuttles as they are, if there are any.
    """

    zone: Zone
    world: World | None = None
    promises: dict[RideId, Promise] = field(default_factory=dict)
    confirmed: set[RideId] = field(default_factory=set)
    ended: dict[RideId, Event] = field(default_factory=dict)
    told_late: set[RideId] = field(default_factory=set)
    known_late: dict[RideId, bool] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)

    def look(self, message: Message, events: tuple[Event, ...]) -> None:
        """Judge what a message led to."""
        for event in events:
            self._hear(event)
        for event in events:
            ride_id = getattr(event, "ride_id", None)
            if ride_id is not None and ride_id in self.promises:
                self._look_at_promise(ride_id)
        self._look_at_routes()
        if isinstance(message, Report):
            self._look_ahead(message.shuttle_id)
        if self.world is not None:
            self._look_at_shuttles(self.world)

    def _look_at_promise(self, ride_id: RideId) -> None:
        promise = self.zone.rides[ride_id].promise
        assert promise == self.promises[ride_id], f"{ride_id} was promised something else"

    def _hear(self, event: Event) -> None:
        match event:
            case RideOffered():
                assert event.ride_id not in self.promises, f"{event.ride_id} was offered twice"
                self.promises[event.ride_id] = event.offer.promise
            case PromiseChanged():
                self.promises[event.ride_id] = event.promise
            case RideConfirmed():
                self.confirmed.add(event.ride_id)
            case RideRetimed():
                (self.told_late.discard if event.promise_kept else self.told_late.add)(
                    event.ride_id
                )
            case RideBoarded():
                late = event.at_s > self.promises[event.ride_id].pickup_to_s
                if late and event.expected and self.known_late.get(event.ride_id):
                    assert event.ride_id in self.told_late, f"{event.ride_id} was not told"
                if not event.expected:  # what was believed to be over goes on
                    self.ended.pop(event.ride_id, None)
            case PlanIssued():
                plan = event.plan
                assert plan.revision > self.revisions.get(plan.shuttle_id, 0)
                self.revisions[plan.shuttle_id] = plan.revision
            case _:
                pass
        if isinstance(event, ENDS):
            before = self.ended.get(event.ride_id)
            if before is not None:  # a fact corrects what was believed, and says so
                assert isinstance(event, RideCompleted), f"{before} and then {event}"
                assert not event.expected
                assert not isinstance(before, RideCompleted)
            self.ended[event.ride_id] = event

    def _look_at_routes(self) -> None:
        fleet = self.zone.fleet
        holder: dict[RideId, int] = {}
        for k, route in enumerate(fleet.routes):
            planned = [stop.task for stop in route.stops if stop.task is not None]
            assert sorted(planned, key=repr) == sorted(route.tasks, key=repr), "a task is lost"
            leaving = [ride_id for stop in route.stops for ride_id in stop.leave]
            riding = route.ride_ids()
            assert sorted(leaving) == sorted(riding), "whoever gets on gets off, once"
            assert len(set(riding)) == len(riding)
            for ride_id in riding:
                assert holder.setdefault(ride_id, k) == k, f"{ride_id} is in two routes"
                ride = self.zone.rides[ride_id]
                assert ride.status not in TERMINAL, f"{ride_id} is {ride.status} and in a route"
                assert (ride_id in route.aboard) == (ride.status is Status.ABOARD)
                assert ride.shuttle_id == route.shuttle.id

    def _look_ahead(self, shuttle_id: ShuttleId) -> None:
        """Note whom a shuttle that has just been heard of will pick up late."""
        fleet = self.zone.fleet
        k = fleet.number.get(shuttle_id)
        if k is None:
            return
        for stop, row in zip(fleet.routes[k].stops, fleet.arrays.visits[k], strict=False):
            for ride_id in stop.board:
                promised_s = self.zone.rides[ride_id].promise.pickup_to_s
                self.known_late[ride_id] = int(row[c.V_DEPART]) > promised_s

    def _look_at_shuttles(self, world: World) -> None:
        aboard: set[RideId] = set()
        coming: dict[RideId, int] = {}
        for vehicle in world.vehicles:
            held = [r for r, until_s in vehicle.leases.items() if until_s >= self.zone.now_s]
            for ride_id in [r for r in held if r not in vehicle.aboard | vehicle.done]:
                if self.zone.rides[ride_id].status is Status.CONFIRMED:
                    other = coming.setdefault(ride_id, vehicle.number)
                    assert other == vehicle.number, f"two shuttles come for {ride_id}"
        for vehicle in world.vehicles:
            working = vehicle.stay is not None and vehicle.stay.task is not None
            assert not (working and vehicle.aboard), "on board while it has other things to do"
            assert not aboard & vehicle.aboard, "somebody is in two shuttles"
            aboard |= vehicle.aboard
            loads = [self.zone.rides[ride_id].request.party.load for ride_id in vehicle.aboard]
            # What riders carry is their secret: shuttles see seats and wheelchairs.
            taken = Load(sum(load[0] for load in loads), sum(load[1] for load in loads), 0)
            assert vehicle.shuttle.fits(taken), f"{taken} on board of {vehicle.shuttle}"

    def is_over(self) -> None:
        """Nobody has more to do: every ride that was confirmed has ended, and how it did shows."""
        for ride_id in self.promises:
            if ride_id in self.zone.rides:  # others were over more than a day ago
                self._look_at_promise(ride_id)
        for ride_id in self.confirmed:
            assert ride_id in self.ended
        for ride in self.zone.rides.values():
            assert ride.status in TERMINAL, f"{ride.id} is still {ride.status}"
        for route in self.zone.fleet.routes:
            assert not route.aboard
            rests = [stop.task.kind for stop in route.stops if stop.task is not None]
            assert len(rests) == len(route.stops), "all rides are over"
            assert rests in ([], [TaskKind.OFF_DUTY]), "only who rests last rests for ever"
        if self.world is not None:
            assert not any(vehicle.aboard for vehicle in self.world.vehicles)
