"""Zones of one territory with a network between them in which anything can go wrong on purpose.

Each zone is held by a real host and kept in a real store. Between any two of its steps it may be
killed and put together again from its rows, and what leaves it may come late, or twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

import h3

from services.dispatcher.host import Decided, Host
from services.dispatcher.outbox import passed_on
from services.domain.events import (
    Command,
    Event,
    Message,
    PlanIssued,
    Report,
    RequestRide,
    RideEvent,
    RideLetOff,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Request, Ride, Status
from services.domain.zone_crossing import AdoptShuttle, LendShuttle, RideReferred, ShuttleReleased
from services.domain.zone_state import StoredShuttle
from services.network.fleet import shuttles
from services.network.folder import Network
from services.network.zone_networks import homes, zone_networks
from services.runtime.clock import VirtualClock
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Group
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.demand import Trip
from services.simulator.riders import Rider, Riders
from services.simulator.world import World
from services.wire.codec import decode, encode
from services.wire.envelope import Envelope
from services.wire.topics import Topic, topic_of
from services.wire.zone_rows import decode_row
from tests.builders import EIGHT_S
from tests.gateway.peer import DAY
from tests.play import NOWHERE

T = TypeVar("T")


def at_once(doing: Coroutine[Any, Any, T]) -> T:
    """Do what never waits."""
    try:
        doing.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


def cells(network: Network, *groups: range) -> dict[str, tuple[str, ...]]:
    """Zones ``z0``, ``z1`` … of some stops each, as settings have them."""
    places = list(zip(network.stops.lat, network.stops.lon, strict=True))
    return {
        f"z{number}": tuple(h3.latlng_to_cell(*places[stop], 12) for stop in group)
        for number, group in enumerate(groups)
    }


@dataclass
class Place:
    """A zone in somebody's hands, what it has to read, and what it has yet to let out."""

    zone: ZoneId
    shard: int
    network: Network
    clock: VirtualClock
    host: Host
    epoch: int
    topics: dict[Topic, list[bytes]] = field(
        default_factory=lambda: {Topic.RIDE_COMMANDS: [], Topic.SHUTTLE_REPORTS: []}
    )
    read: dict[Topic, int] = field(
        default_factory=lambda: {Topic.RIDE_COMMANDS: 0, Topic.SHUTTLE_REPORTS: 0}
    )
    outbox: deque[Decided] = field(default_factory=deque)
    woken_s: int = -1


class Neighbours:
    """All zones of a territory, its shuttles and its riders, in virtual time.

    Parameters
    ----------
    network
        The whole territory, with its zones in the settings.
    seed
        Of everything.
    kills
        Share of steps before, or after, which their zone is killed.
    stale
        Share of riders and shuttles who do not hear to whom they belong now.
    """

    def __init__(
        self, network: Network, seed: int, kills: float = 0.05, stale: float = 0.3
    ) -> None:
        self.dice = Random(f"neighbours {seed}")
        self.kills, self.stale = kills, stale
        self.agenda, self.store = Agenda(), EmbeddedStore()
        self.clock = VirtualClock(DAY, EIGHT_S)
        self.places: dict[ZoneId, Place] = {}
        for shard, (zone, own) in enumerate(zone_networks(ZoneId("t"), network).items()):
            at_once(self.store.open(zone, shard, DAY.date))
            self.places[zone] = self._taken(zone, shard, own)
        chance = Chance(seed)
        self.riders = Riders(network.territory.promises, chance, self.agenda, self._wish)
        whole = next(iter(self.places.values())).host.zone.fleet.ways
        settings = network.territory
        self.world = World(shuttles(network), whole, settings.stop_times, self.riders, chance)
        self.world.connect(self.agenda, self._report)
        self.world.report_every_s = 30
        first = next(iter(self.places.values()))
        self.at_home = homes(first.zone, first.network)
        self.plan_of: dict[ShuttleId, tuple[int, ZoneId]] = {}
        self.ride_at: dict[RideId, ZoneId] = {}
        self.asked: dict[RideId, Request] = {}
        self.events: list[tuple[ZoneId, Event]] = []
        self.sent = self.killed = 0
        self.revisions: dict[ShuttleId, int] = {}

    # What zones are made of.

    def _taken(self, zone: ZoneId, shard: int, network: Network) -> Place:
        holding = at_once(self.store.take(shard, [zone], "somebody"))
        held = holding.zones[zone]
        host = Host.held(zone, network, self.clock, held)
        place = Place(zone, shard, network, self.clock, host, holding.epoch)
        place.read.update(holding.offsets)
        return place

    def kill(self, place: Place) -> None:
        """Forget what is not committed; the next owner lets out again what may not have left."""
        self.killed += 1
        again = self._taken(place.zone, place.shard, place.network)
        place.host, place.epoch = again.host, again.epoch
        if self.dice.random() < 0.5:
            place.host._ids.clear()  # as if what was heard lay too far back
        place.read = {topic: again.read.get(topic, 0) for topic in place.topics}
        held = at_once(self.store.look(place.zone))
        entries = at_once(self.store.journal(place.zone, held.published))
        place.outbox = deque(Decided(entry, entry.decided()) for entry in entries)

    # What comes and goes.

    def _wish(self, command: Command) -> None:
        if isinstance(command, RequestRide):
            zone = self._zone_of(command.request)
            self.ride_at.setdefault(command.request.ride_id, zone)
            self.send(zone, command, f"{command.request.ride_id}/request")
        else:
            self.send(self.ride_at[command.ride_id], command)

    def _zone_of(self, request: Request) -> ZoneId:
        zones = next(iter(self.places.values())).network.zones
        assert zones is not None
        return zones.of(request.origins[0].stop)

    def _report(self, report: Report) -> None:
        _, zone = self.plan_of.get(report.shuttle_id, (0, self.at_home[report.shuttle_id]))
        if self.dice.random() < self.stale / 5:
            zone = self.dice.choice([*self.places])
        self.send(zone, report)

    def send(self, zone: ZoneId, body: Message, message_id: str = "") -> None:
        """Put a message onto a zone's topic."""
        self.sent += 1
        self.append(
            Envelope(
                message_id=message_id or f"m{self.sent}",
                zone=zone,
                happened_at_ms=self.clock.now_ms(),
                recorded_at_ms=self.clock.now_ms(),
                zone_time_s=self.agenda.now_s,
                body=body,
            )
        )

    def append(self, envelope: Envelope) -> None:
        """Write to a zone's topic, now and then twice."""
        topic = topic_of(envelope.body)
        data, messages = encode(envelope), self.places[envelope.zone].topics[topic]
        for _ in range(1 + (self.dice.random() < 0.1)):
            messages.append(data)
        if isinstance(envelope.body, AdoptShuttle) or self.dice.random() < 0.02:
            later_s = self.agenda.now_s + self.dice.randint(1, 1200)
            self.agenda.at(later_s, lambda: messages.append(data))

    def _let_out(self, place: Place) -> None:
        """Let some steps' events out, what is for other zones first; perhaps nobody notes it."""
        batch = [place.outbox[i] for i in range(self.dice.randint(1, len(place.outbox)))]
        for entry, events in batch:
            for number, event in enumerate(events):
                if (on := passed_on(entry, number, event)) is not None:
                    self.append(on)
        if self.dice.random() < self.kills:
            self.kill(place)
            return
        for _, events in batch:
            for event in events:
                self._hear(place.zone, event)
            place.outbox.popleft()
        last = batch[-1].entry.number
        if self.dice.random() < 0.5:
            at_once(
                self.store.commit(place.shard, place.epoch, Group(published={place.zone: last}))
            )

    def _hear(self, zone: ZoneId, event: Event) -> None:
        self.events.append((zone, event))
        now_s = self.agenda.now_s
        if isinstance(event, PlanIssued):
            plan = event.plan
            after_s = self.dice.randint(0, 5)
            self.agenda.at(now_s + after_s, lambda: self.world.receive(plan))
            if plan.revision > self.plan_of.get(plan.shuttle_id, (0, zone))[0]:
                self.plan_of[plan.shuttle_id] = plan.revision, zone
        elif isinstance(event, RideReferred):
            if self.dice.random() >= self.stale:
                self.ride_at[event.ride_id] = event.to
        elif isinstance(event, RideEvent):
            self.riders.hear(event)
            if isinstance(event, RideLetOff):
                self.world.goes_on(event)

    # What happens.

    def ask(self, request: Request, at_s: int, cancel_s: int | None = None) -> None:
        """Let somebody ask for a ride."""
        self.asked[request.ride_id] = request
        trip = Trip(
            request_id=request.ride_id,
            request_s=at_s,
            departure_s=request.departure_s,
            origin=NOWHERE,
            destination=NOWHERE,
            cancel_s=cancel_s,
        )
        rider = self.riders.riders[request.ride_id] = Rider(trip, request)
        self.agenda.at(at_s, lambda: self._wish(RequestRide(request)))
        if cancel_s is not None:
            self.agenda.at(cancel_s, lambda: self.riders._cancel(rider))

    def lend(self, shuttle: ShuttleId, to: ZoneId, at_s: int, for_s: int = 900) -> None:
        """Let an operator lend a shuttle, saying so to any zone."""
        to_whom = self.dice.choice([*self.places])
        command = LendShuttle(shuttle, to, at_s + for_s)
        self.agenda.at(at_s, lambda: self.send(to_whom, command))

    def run(self) -> None:
        """Let everything happen, until nobody has more to do."""
        while self.agenda.next_s() is not None:
            self.agenda.happen()
            self.clock.advance_to(self.agenda.now_s)
            while busy := [*self._busy()]:
                self._go_on(self.dice.choice(busy))
            for place in self.places.values():
                due_s = place.host.next_due_s()
                if due_s is not None and (
                    place.woken_s <= self.agenda.now_s or due_s < place.woken_s
                ):
                    place.woken_s = due_s
                    self.agenda.at(due_s, lambda p=place: self._wake(p))  # type: ignore[misc]

    def _busy(self) -> Iterator[tuple[Place, Topic | None]]:
        for place in self.places.values():
            if place.outbox:
                yield place, None
            for topic, messages in place.topics.items():
                if place.read[topic] < len(messages):
                    yield place, topic

    def _go_on(self, what: tuple[Place, Topic | None]) -> None:
        place, topic = what
        if topic is None:
            self._let_out(place)
            return
        offset = place.read[topic]
        place.read[topic] = offset + 1
        envelope = decode(place.topics[topic][offset])
        body = envelope.body
        assert isinstance(body, Message)
        if envelope.zone == place.zone:
            self._commit(place, place.host.take(envelope, body, self.agenda.now_s))

    def _wake(self, place: Place) -> None:
        due_s = place.host.next_due_s()
        if due_s is not None and due_s <= self.agenda.now_s:
            self._commit(place, place.host.wake(WakeUp(), self.agenda.now_s))

    def _commit(self, place: Place, decided: Decided | None) -> None:
        if decided is None:
            return
        if self.dice.random() < self.kills:
            self.kill(place)  # before the commit: all is read and decided once more
            return
        group = Group(
            entries=[decided.entry],
            changes={place.zone: place.host.changes()},
            offsets=dict(place.read),
        )
        at_once(self.store.commit(place.shard, place.epoch, group))
        place.outbox.append(decided)
        self._look(place.zone, decided)
        if self.dice.random() < self.kills:
            self.kill(place)

    # What always holds.

    def _look(self, zone: ZoneId, decided: Decided) -> None:
        for event in decided.events:
            if isinstance(event, PlanIssued):
                shuttle = event.plan.shuttle_id
                newer = event.plan.revision > self.revisions.get(shuttle, 0)
                assert newer, f"{zone} plans for {shuttle} by {event.plan.revision} again"
                self.revisions[shuttle] = event.plan.revision
            if isinstance(event, RideReferred):
                self.who_has(event.ride_id)
        self.owners()

    def rides(self, ride_id: RideId) -> dict[ZoneId, Ride]:
        """A ride as each zone that knows it has committed it."""
        held = {zone: at_once(self.store.look(zone)) for zone in self.places}
        return {
            zone: ride for zone, known in held.items() for ride in known.rides if ride.id == ride_id
        }

    def who_has(self, ride_id: RideId) -> ZoneId | None:
        """The zone that has a ride; none: a message to one that it was referred to has it."""
        rides = self.rides(ride_id)
        holders = [zone for zone, ride in rides.items() if ride.status is not Status.REFERRED]
        marks = {ride.referred_to for ride in rides.values() if ride.status is Status.REFERRED}
        assert len(holders) <= 1, f"{ride_id} has {holders}"
        assert len(marks) <= 1, f"{ride_id} was referred to {marks}"
        assert holders or marks, f"{ride_id} has nobody"
        assert not (holders and marks) or marks == set(holders), f"{ride_id}: {marks}, {holders}"
        return holders[0] if holders else None

    def owners(self) -> dict[ShuttleId, ZoneId | None]:
        """The zone of each shuttle; none: a message to one that it was lent to has it."""
        rows: dict[ShuttleId, dict[ZoneId, StoredShuttle]] = {}
        for zone in self.places:
            for (kind, name), data in self.store._zones[zone].parts.items():
                if kind == "shuttle":
                    rows.setdefault(ShuttleId(name), {})[zone] = _shuttle(name, data)
        found: dict[ShuttleId, ZoneId | None] = {}
        for shuttle, held in rows.items():
            owners = [zone for zone, row in held.items() if row.holder is None]
            assert len(owners) <= 1, f"{shuttle} has {owners}"
            if not owners and len(held) == len(self.places):
                last = max(held.values(), key=lambda row: row.handed)
                assert last.holder is not None
                assert held[last.holder].handed < last.handed, f"{shuttle} has nobody"
            found[shuttle] = owners[0] if owners else None
        return found

    def released(self) -> int:
        """How often a shuttle went from one zone to another."""
        return sum(isinstance(event, ShuttleReleased) for _, event in self.events)

    def journals(self) -> Iterator[tuple[ZoneId, Event]]:
        """All that was decided."""
        for zone in self.places:
            for entry in at_once(self.store.journal(zone, 0, 1_000_000)):
                for event in entry.decided():
                    yield zone, event


def _shuttle(name: str, data: bytes) -> StoredShuttle:
    value = decode_row("shuttle", name, data).value
    assert isinstance(value, StoredShuttle)
    return value
