"""A zone with the simulated world around it, in which anything can go wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from services.dispatcher.core import Zone
from services.domain.events import (
    Event,
    Message,
    PlanIssued,
    Report,
    RequestRide,
    RideEvent,
    RideLetOff,
    WakeUp,
)
from services.domain.geo import Point
from services.domain.operating_domain import RoadsChanged
from services.domain.plan import Plan
from services.domain.ride import Request
from services.domain.shuttle import Shuttle
from services.network.fleet import chargers
from services.network.folder import Network
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.demand import Trip
from services.simulator.riders import Rider, Riders
from services.simulator.supervision import Operators
from services.simulator.world import World

NOWHERE = Point(0, 0)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong between shuttles and dispatcher.

    Parameters
    ----------
    link_s
        Longest time that a plan is under way.
    late, late_s
        Share of reports that come late, and by how much at most: others overtake them.
    repeated
        Share of reports that come a second time, up to ``late_s`` later.
    stray
        Turns up with each report, as often as not something that makes no sense; takes dice.
    """

    link_s: int = 0
    late: float = 0.0
    late_s: int = 60
    repeated: float = 0.0
    stray: Callable[[Random], Message | None] = lambda dice: None


@dataclass
class Play:
    """A zone, shuttles that drive and riders that come, in virtual time.

    ``watch`` is called before (with no events) and after each message that the zone takes.
    """

    network: Network
    shuttles: tuple[Shuttle, ...]
    chance: Chance = field(default_factory=lambda: Chance(0, on=False))
    faults: Faults = Faults()
    watch: Callable[[Message, tuple[Event, ...] | None], None] = lambda message, events: None

    def __post_init__(self) -> None:
        self.agenda = Agenda()
        self.zone = Zone(self.network, self.shuttles)
        settings = self.network.territory
        self.riders = Riders(settings.promises, self.chance, self.agenda, self.say)
        ways = self.zone.fleet.ways
        self.world = World(
            self.shuttles,
            ways,
            settings.stop_times,
            self.riders,
            self.chance,
            chargers(self.network),
        )
        self.world.operators = Operators(settings.supervision)
        self.world.connect(self.agenda, self._report)
        self.events: list[tuple[int, Event]] = []
        self._dice = Random(self.chance.seed)
        self._inbox: list[Message] = []
        self._woken_s = -1

    def ask(self, request: Request, at_s: int, cancel_s: int | None = None) -> None:
        """Let somebody ask for a ride."""
        trip = Trip(
            request_id=request.ride_id,
            request_s=min(at_s, max(request.departure_s, 0)),
            departure_s=max(request.departure_s, 0),
            origin=NOWHERE,
            destination=NOWHERE,
            cancel_s=cancel_s,
        )
        rider = self.riders.riders[request.ride_id] = Rider(trip, request)
        self.at(at_s, lambda: self.say(RequestRide(request)))
        if cancel_s is not None:
            self.at(cancel_s, lambda: self.riders._cancel(rider))

    def at(self, when_s: int, action: Callable[[], None]) -> None:
        """Let something happen at its time."""
        self.agenda.at(when_s, action)

    def run(self, until_s: int = 2**40) -> None:
        """Let everything happen up to a time, until nobody has more to do."""
        while (next_s := self.agenda.next_s()) is not None and next_s <= until_s:
            self.agenda.happen()
            while self._inbox:
                self._step(self._inbox.pop(0))
            due_s = self.zone.next_due_s()
            if due_s is not None and (self._woken_s <= self.agenda.now_s or due_s < self._woken_s):
                self._woken_s = due_s
                self.at(due_s, lambda: self.say(WakeUp()))

    def say(self, message: Message) -> None:
        """Bring a message to the zone."""
        self._inbox.append(message)

    def _step(self, message: Message) -> None:
        self.watch(message, None)
        events = self.zone.apply(message, self.agenda.now_s)
        for event in events:
            self.events.append((self.agenda.now_s, event))
            if isinstance(event, PlanIssued):
                self._transmit(event.plan)
            elif isinstance(event, RoadsChanged):
                self.world.roads_changed(self.zone.fleet.ways)
            elif isinstance(event, RideEvent):
                self.riders.hear(event)
                if isinstance(event, RideLetOff):
                    self.world.goes_on(event)
        self.watch(message, events)

    def _transmit(self, plan: Plan) -> None:
        if not self.faults.link_s:
            self.world.receive(plan)
        else:
            link_s = self._dice.randint(0, self.faults.link_s)
            self.at(self.agenda.now_s + link_s, lambda: self.world.receive(plan))

    def _report(self, report: Report) -> None:
        faults, dice, now_s = self.faults, self._dice, self.agenda.now_s
        if (stray := faults.stray(dice)) is not None:
            self.say(stray)
        if dice.random() < faults.late:
            self.at(now_s + dice.randint(0, faults.late_s), lambda: self.say(report))
        else:
            self.say(report)
        if dice.random() < faults.repeated:
            self.at(now_s + dice.randint(0, faults.late_s), lambda: self.say(report))
