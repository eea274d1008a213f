"""A zone in the hands of this process: what comes in becomes steps, ready to be committed."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from services.dispatcher.core import Zone
from services.dispatcher.service import Dispatcher
from services.domain.errors import Unreadable
from services.domain.events import AcceptOffer, Event, Message, Passed, Report, RequestRide
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Ride
from services.domain.zone_crossing import LendShuttle, PassedOn
from services.domain.zone_state import RowKind
from services.network.fleet import shuttles
from services.network.folder import Network
from services.runtime.clock import Clock
from services.runtime.journal import linked
from services.runtime.ports import Changes, Part, ZoneHolding
from services.wire.codec import decode_body, encode_body
from services.wire.envelope import Envelope
from services.wire.stored import Entry
from services.wire.zone_rows import encode_row

IDS_MAX = 10_000
"""Newest messages that a repeat is compared with."""

CLOCKS_S = 10
"""Clocks of gateways may be behind by this."""

POSITIONS_S_MAX = 2
"""Where shuttles are is taken into the zone at least this often, in seconds."""


class Decided(NamedTuple):
    """A step that is ready to be committed, and its events."""

    entry: Entry
    events: tuple[Event, ...]


class Host:
    """Holds a zone, knows what it has heard before, and keeps positions until its next step.

    Parameters
    ----------
    zone
        Its id.
    network
        Its territory.
    clock
        Tells the zone's time.
    """

    def __init__(self, zone: ZoneId, network: Network, clock: Clock) -> None:
        self.id = zone
        self.network = network
        self.clock = clock
        self.fleet = shuttles(network)
        self.dispatcher = Dispatcher(Zone(network, self.fleet))
        self._link = b""
        self._ids: dict[str, None] = {}
        self._positions: dict[ShuttleId, Passed] = {}
        self._positions_due_s: int | None = None

    @property
    def zone(self) -> Zone:
        """The zone itself."""
        return self.dispatcher.zone

    @property
    def link(self) -> bytes:
        """Of the last step, in the journal's hash chain."""
        return self._link

    @classmethod
    def held(cls, zone: ZoneId, network: Network, clock: Clock, holding: ZoneHolding) -> Host:
        """Hold a zone as its last owner left it.

        Raises
        ------
        StateMismatch
            If it does not fit its territory any more.
        """
        host = cls(zone, network, clock)
        restored = Zone.restored(network, host.fleet, holding.rows())
        host.dispatcher = Dispatcher(restored, holding.number)
        host._link = holding.link
        host._ids = dict.fromkeys(holding.message_ids)
        return host

    def changes(self) -> Changes:
        """Return what changed in the zone's state since this was last asked."""
        rides: list[Ride] = []
        forgotten: list[RideId] = []
        parts: list[Part] = []
        for row in self.zone.changed_rows():
            if row.kind is not RowKind.RIDE:
                parts.append(Part(row.kind, row.id, encode_row(row)))
            elif row.value is None:
                forgotten.append(RideId(row.id))
            else:
                assert isinstance(row.value, Ride)
                rides.append(row.value)
        return Changes(rides=tuple(rides), forgotten=tuple(forgotten), parts=tuple(parts))

    def next_due_s(self) -> int | None:
        """When the zone is to be woken up, or positions have waited long enough."""
        due_s, positions_s = self.zone.next_due_s(), self._positions_due_s
        if due_s is None or positions_s is None:
            return positions_s if due_s is None else due_s
        return min(due_s, positions_s)

    def take(self, envelope: Envelope, message: Message, now_s: int) -> Decided | None:
        """Make a step of a message; none of one that came before, and none of a position yet."""
        if isinstance(message, PassedOn):
            message = self._unpacked(message)
        if isinstance(message, Passed):
            # Only the newest of each shuttle counts; a later one takes its turn, too.
            self._positions.pop(message.shuttle_id, None)
            self._positions[message.shuttle_id] = message
            if self._positions_due_s is None:
                self._positions_due_s = now_s + POSITIONS_S_MAX
            return None
        if envelope.message_id in self._ids:
            return None
        if isinstance(message, RequestRide) and message.useful_until_s is not None:
            message = self._still_useful(message, message.useful_until_s, now_s)
        if isinstance(message, AcceptOffer) and message.at_s is None:
            message = self._dated(message, envelope)
        self._ids[envelope.message_id] = None
        if len(self._ids) > IDS_MAX:
            del self._ids[next(iter(self._ids))]
        return self._step(message, envelope, now_s)

    def _dated(self, accept: AcceptOffer, envelope: Envelope) -> AcceptOffer:
        """An acceptance that is to be passed on, with its time: the envelope's is gone then."""
        ride = self.zone.rides.get(accept.ride_id)
        if ride is None or ride.referred_to is None:
            return accept
        return replace(accept, at_s=envelope.zone_time_s)

    def _unpacked(self, passed: PassedOn) -> Message:
        """What another zone passed on; or that it did, for the zone to mark it."""
        if not self.zone.lender.knows(passed.shuttle_id, passed.number):
            return passed
        try:
            found = decode_body(passed.message)
        except Unreadable:
            return passed
        return found if isinstance(found, Report | LendShuttle) else passed

    def _still_useful(self, asked: RequestRide, until_s: int, now_s: int) -> RequestRide:
        """A request as the zone is to see it, whose time may be ahead: an owner's clock was wrong.

        Whether somebody still waits for its answer goes by this process's own clock, and gateways'
        may go wrong a little. What is made of that is what the journal has.
        """
        if now_s > until_s + CLOCKS_S or until_s >= max(now_s, self.zone.now_s):
            return asked
        return replace(asked, useful_until_s=max(now_s, self.zone.now_s))

    def wake(self, message: Message, now_s: int) -> Decided:
        """Make a step of a timer that is due."""
        return self._step(message, None, now_s)

    def _step(self, message: Message, envelope: Envelope | None, now_s: int) -> Decided:
        positions = tuple(self._positions.values())
        self._positions.clear()
        self._positions_due_s = None
        step = self.dispatcher.step((*positions, message), now_s)
        data = envelope.encoded if envelope and envelope.body is message else b""
        entry = Entry(
            zone=self.id,
            number=step.number,
            now_s=step.now_s,
            decided_at_ms=self.clock.now_ms(),
            inputs=(*map(encode_body, positions), data or encode_body(message)),
            events=tuple(encode_body(one) for one in step.events),
            message_ids=("",) * len(positions) + (envelope.message_id if envelope else "",),
            traceparent=envelope.traceparent if envelope else "",
        )
        entry = linked(self._link, entry)
        self._link = entry.link
        return Decided(entry, step.events)
