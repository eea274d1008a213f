"""The zones of a shard, each for itself: one that breaks is read anew, or stands still.

Who is to blame for a step that fails cannot be seen from that step: with its message come timers
that are due, and positions that waited. So the zone is read anew, and takes all one by one for a
while. A message that breaks it then is put aside. If a timer does, nothing helps: the zone stands
still, until other code takes it. The shard's other zones notice nothing of all that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from services.dispatcher.host import Decided, Host
from services.dispatcher.places import Places
from services.dispatcher.rides import KEPT_S
from services.dispatcher.surroundings import ShardMetrics
from services.domain.errors import NavetteError, Unreadable
from services.domain.events import (
    AcceptOffer,
    CancelRide,
    CommandTurnedDown,
    Message,
    Passed,
    RequestRide,
    WakeUp,
)
from services.domain.ids import ZoneId
from services.domain.ride import Status
from services.runtime.ports import Changes, Holding, Record, Store, ZoneHolding
from services.wire.envelope import Envelope
from services.wire.topics import HOUR_S, Topic

log = structlog.get_logger()

CAREFUL_STEPS = 200
"""For so many messages a zone that broke takes all one by one."""


KNOWN_S = KEPT_S - HOUR_S
"""A zone knows for so long that a request came before; the store for longer."""

WAKE_UP = WakeUp()
REFUSED = "it cannot be worked on, by a fault of ours"


class Broken(NavetteError):
    """A zone broke in a step; what it decided since the last commit is void.

    Parameters
    ----------
    zone, error
        Which one, and of what.
    alone
        Whether nothing but its timers can be to blame.
    """

    def __init__(self, zone: ZoneId, error: Exception, *, alone: bool = False) -> None:
        self.zone = zone
        self.alone = alone
        self.reason = f"{type(error).__name__}: {error}"
        super().__init__(f"{zone}: {self.reason}")


class Hosts:
    """Holds the zones of a shard.

    Parameters
    ----------
    holding
        What the shard's last owner left.
    make
        Makes the host of a zone as its last owner left it.
    store
        Where zones are read anew.
    metrics
        Counts those that break.
    """

    def __init__(
        self,
        holding: Holding,
        make: Callable[[ZoneId, ZoneHolding], Host],
        store: Store,
        metrics: ShardMetrics,
    ) -> None:
        self.places = Places(holding)
        self.poison: dict[tuple[Topic, int], str] = {}
        """Where lie messages that broke a zone, and how; they are put aside."""
        self._make = make
        self._store = store
        self._metrics = metrics
        self._hosts: dict[ZoneId, Host] = {}
        self._careful: dict[ZoneId, int] = {}
        for zone, held in holding.zones.items():
            self._hold(zone, held)

    def __iter__(self) -> Iterator[Host]:
        """All that go on."""
        return iter(self._hosts.values())

    def get(self, zone: ZoneId) -> Host | None:
        """Return the host of a zone, if it goes on."""
        return self._hosts.get(zone)

    def end(self) -> None:
        """Count these zones no more."""
        self._metrics.still.dec(len(self.places.still))

    def committed(self) -> None:
        """All that was heard is safe now, and so is what was put aside."""
        self.places.committed()
        for topic, offset in [*self.poison]:
            if offset < self.places.start(topic):
                del self.poison[topic, offset]

    async def again(self, broken: Broken) -> None:
        """Read a zone anew that broke; if that cannot help, it stands still."""
        zone = broken.zone
        self._metrics.broken.inc()
        log.error("zone_broke", zone=zone, reason=broken.reason, exc_info=broken.__cause__)
        del self._hosts[zone]
        if broken.alone:
            self._stop(zone, broken.reason)
        else:
            self._careful[zone] = CAREFUL_STEPS
            self._hold(zone, await self._store.look(zone))

    def hear(self, record: Record, value: Envelope, message: Message, host: Host) -> list[Decided]:
        """Make steps of a record, if any come of it.

        Raises
        ------
        Broken
            If the zone breaks.
        """
        now_s, careful = host.clock.now_s(), host.id in self._careful
        decided = [self.wake(host, now_s)] if careful else []
        try:
            one = host.take(value, message, now_s)
            if careful and isinstance(message, Passed):
                one = host.wake(WakeUp(), now_s)  # positions do not wait
        except Exception as error:
            broken = Broken(host.id, error)
            if careful:
                self.poison[record.topic, record.offset] = broken.reason
            raise broken from error
        if careful:
            self._careful[host.id] -= 1
            if not self._careful[host.id]:
                del self._careful[host.id]
        return decided if one is None else [*decided, one]

    async def is_long_over(self, message: Message, host: Host) -> bool:
        """Whether a message is a request whose ride its zone had forgotten when it came again.

        The zone would let it expire, and so give a ride another end than it had.

        Raises
        ------
        Unavailable
            If the store does not answer.
        """
        if not isinstance(message, RequestRide) or message.useful_until_s is None:
            return False
        if max(host.clock.now_s(), host.zone.now_s) <= message.useful_until_s + KNOWN_S:
            return False
        known = await self._store.ride(message.request.ride_id)
        # Who referred it knows it before it comes here.
        return known is not None and (known.zone == host.id or not message.referrals)

    def accept(self, record: Record) -> Sequence[Decided]:
        """Hear early who accepted an offer that holds; others are heard in their turn.

        Raises
        ------
        Broken
            If the zone breaks.
        """
        value = record.value
        if isinstance(value, Unreadable) or not isinstance(value.body, AcceptOffer):
            return ()
        host = self._hosts.get(value.zone)
        ride = None if host is None else host.zone.rides.get(value.body.ride_id)
        if host is None or ride is None or ride.status is not Status.OFFERED or ride.offer is None:
            return ()
        at_s = value.zone_time_s if value.body.at_s is None else value.body.at_s
        if at_s > ride.offer.expires_s or host.id in self._careful:
            return ()
        try:
            one = host.take(value, value.body, host.zone.now_s)
        except Exception as error:
            raise Broken(host.id, error) from error
        return () if one is None else (one,)

    def turn_down(self, value: Envelope | Unreadable) -> Sequence[Decided]:
        """Answer a rider's command that was put aside, if it could be read.

        Raises
        ------
        Broken
            If the zone breaks.
        """
        if isinstance(value, Unreadable) or (host := self._hosts.get(value.zone)) is None:
            return ()
        match value.body:
            case RequestRide(request=request):
                ride_id, verb = request.ride_id, "request"
            case AcceptOffer(ride_id=ride_id):
                verb = "accept"
            case CancelRide(ride_id=ride_id):
                verb = "cancel"
            case _:
                return ()
        answer = CommandTurnedDown(ride_id, verb, REFUSED)
        return (self.wake(host, host.clock.now_s(), answer),)

    def wake(self, host: Host, now_s: int, message: Message = WAKE_UP) -> Decided:
        """Make a step of a timer that is due, or of a message that does nothing in the zone.

        Raises
        ------
        Broken
            If the zone breaks.
        """
        try:
            return host.wake(message, now_s)
        except Exception as error:
            raise Broken(host.id, error, alone=host.id in self._careful) from error

    def changes(self, stepped: Iterable[ZoneId]) -> Mapping[ZoneId, Changes]:
        """Return what changed in zones that stepped since they were last asked.

        One that cannot say it stands still; what it decided is void. Besides, where zones are that
        are behind the others.
        """
        changes: dict[ZoneId, Changes] = {}
        for zone in stepped:
            try:
                changes[zone] = self._hosts[zone].changes()
            except Exception as error:
                log.exception("zone_broke", zone=zone)
                del self._hosts[zone]
                self._stop(zone, repr(error))
        for zone, parts in self.places.parts().items():
            changed = changes.get(zone, Changes())
            changes[zone] = replace(changed, parts=(*changed.parts, *parts))
        return changes

    def _hold(self, zone: ZoneId, held: ZoneHolding) -> None:
        try:
            self._hosts[zone] = self._make(zone, held)
        except Exception as error:
            log.exception("zone_not_restored", zone=zone)
            self._stop(zone, repr(error))

    def _stop(self, zone: ZoneId, reason: str) -> None:
        self.places.stop(zone)
        self._metrics.still.inc()
        log.error("zone_stands_still", zone=zone, reason=reason)
