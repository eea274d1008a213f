"""What a gateway knows of rides, from the events that it follows."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from services.domain.errors import Unavailable
from services.domain.events import (
    AnswerDeferred,
    CommandTurnedDown,
    OfferExpired,
    PromiseChanged,
    ReportMarked,
    RideBoarded,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideEvent,
    RideFailed,
    RideLetOff,
    RideNoShow,
    RideOffered,
    RideReassigned,
    RideRefused,
    RideRetimed,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import TERMINAL, Offer, Refusal, Status
from services.domain.zone_crossing import RideReferred
from services.runtime.ports import StoredRide
from services.wire.envelope import Envelope

LOST_S = 600.0
"""A ride of which nothing was heard for so long makes room for others, if there is none."""

HISTORY_MAX = 200
"""Newest events that are kept of a ride."""


REFERRAL = 1 << 56
"""Events behind a referral have numbers beyond this, whatever their place on another partition."""

FIRST = (AnswerDeferred, RideOffered, RideReferred, RideRefused)
"""With these a ride begins; of one that begins otherwise, something was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A ride as its events tell it."""

    ride_id: RideId
    zone: ZoneId
    status: Status = Status.REQUESTED
    offer: Offer | None = None
    refusal: Refusal | None = None
    shuttle_id: ShuttleId | None = None
    retimed: RideRetimed | None = None
    failure: str | None = None
    answer_by_s: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a ride, and the ride after it.

    ``offset`` grows from event to event: its place on the topic, the same for every gateway.
    """

    offset: int
    message_id: str
    at_ms: int
    event: RideEvent
    after: Seen


class _File:
    """All that is kept about one ride."""

    __slots__ = (
        "before",
        "fingerprint",
        "history",
        "partial",
        "seen",
        "since_s",
        "told",
        "version",
        "waiters",
    )

    def __init__(self, ride_id: RideId, zone: ZoneId) -> None:
        self.seen = Seen(ride_id=ride_id, zone=zone)
        self.before: ZoneId | None = None
        """The zone that referred it to another one."""
        self.fingerprint: bytes | None = None
        self.version = 0
        self.partial = False
        """Its first events were not seen here: only the store knows how the ride stands."""
        self.told = 0
        """Version that the store had, if it was asked."""
        self.history: list[Happening] = []
        self.since_s = time.monotonic()
        self.waiters: list[asyncio.Future[None]] = []

    def is_lost(self) -> bool:
        """Whether nothing was ever heard of it, and nobody waits for an answer any more."""
        unheard = self.seen.status is Status.REQUESTED and not self.history
        return unheard and time.monotonic() - self.since_s > LOST_S

    def refer(self, zone: ZoneId) -> None:
        """Go by what another zone says from now on."""
        if zone != self.seen.zone:
            self.before, self.seen = self.seen.zone, replace(self.seen, zone=zone)
            self.version = self.told = 0


class RideView:
    """Rides by id, as of the newest event that was read.

    Parameters
    ----------
    rides_max
        Rides that are kept; beyond that, the oldest that came to their end are forgotten.
    """

    def __init__(self, rides_max: int = 100_000) -> None:
        self._rides_max = rides_max
        self._files: dict[RideId, _File] = {}
        self._by_status: Counter[Status] = Counter()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more will be seen."""
        return self._closed

    def by_status(self, status: Status) -> int:
        """Count the rides that stand there."""
        return self._by_status[status]

    def get(self, ride_id: RideId) -> Seen | None:
        """Return a ride, if it is known."""
        file = self._files.get(ride_id)
        return file.seen if file else None

    def is_partial(self, ride_id: RideId) -> bool:
        """Whether the first events of a ride were not seen here, and the store has to be asked."""
        file = self._files.get(ride_id)
        return file is not None and file.partial

    def fingerprint(self, ride_id: RideId) -> bytes | None:
        """Return what tells the request's body apart, if it was asked for here."""
        file = self._files.get(ride_id)
        return file.fingerprint if file else None

    def register(self, ride_id: RideId, zone: ZoneId, fingerprint: bytes) -> None:
        """Expect events of a ride that is about to be asked for.

        Raises
        ------
        Unavailable
            If there is no room, all rides being under way.
        """
        self._open(ride_id, zone).fingerprint = fingerprint

    def unregister(self, ride_id: RideId) -> None:
        """Forget a ride whose request did not get through, so that it can be asked for again."""
        file = self._files.get(ride_id)
        if file is not None and not file.history:
            del self._files[ride_id]
            self._by_status[file.seen.status] -= 1
            _wake(file.waiters)

    def adopt(self, stored: StoredRide) -> Seen:
        """Take note of a ride as the store has it, unless newer events came already.

        Raises
        ------
        Unavailable
            If there is no room, all rides being under way.
        """
        file = self._open(stored.ride.id, stored.zone)
        # An event goes out after its commit: the store never knows less than a file begun late.
        seen = seen_in(stored)
        version = stored.version if stored.zone == seen.zone else 0
        newer = file.partial
        if seen.zone == file.seen.zone:
            newer |= version > max(file.version, file.told)
        elif newer or seen.zone != file.before:
            newer = True
            file.refer(seen.zone)
        if newer:
            file.partial = False
            file.told = version
            self._see(file, seen)
        return file.seen

    def history(self, ride_id: RideId, after: int = -1) -> tuple[Happening, ...]:
        """Return what happened to a ride behind an offset, oldest first."""
        file = self._files.get(ride_id)
        if file is None:
            return ()
        if file.before is None and after >= REFERRAL:
            after -= REFERRAL  # another gateway heard of a referral, this one did not
        return tuple(one for one in file.history if one.offset > after)

    def apply(self, offset: int, envelope: Envelope) -> bool:
        """Take note of an event; return whether it was news (a repeat is none)."""
        event = envelope.body
        if not isinstance(event, RideEvent):
            return False
        if isinstance(event, ReportMarked):
            # Its rider learns nothing from it: it is about a shuttle, for the operator.
            return False
        is_young = event.ride_id not in self._files
        file = self._open(event.ride_id, envelope.zone)
        if is_young and not isinstance(event, FIRST):
            file.partial = True
        if isinstance(event, RideReferred):
            return self._referred(file, event, envelope.zone)
        if envelope.zone == file.before:
            return False  # it has nothing to say any more
        if envelope.zone != file.seen.zone:
            # The receiver's word came before that of the zone that referred the ride.
            file.partial |= file.fingerprint is None
            file.refer(envelope.zone)
        if envelope.version < file.version or any(
            one.message_id == envelope.message_id for one in file.history
        ):
            return False
        offset += 0 if file.before is None else REFERRAL
        # What the store told already is news only to the history.
        after = evolve(file.seen, event) if envelope.version > file.told else file.seen
        file.history.append(
            Happening(offset, envelope.message_id, envelope.happened_at_ms, event, after)
        )
        del file.history[:-HISTORY_MAX]
        file.version = envelope.version
        self._see(file, after)
        return True

    def _referred(self, file: _File, event: RideReferred, giver: ZoneId) -> bool:
        """Expect what the receiver says, unless it was heard before."""
        news = event.to != file.seen.zone
        if news:
            file.refer(event.to)
            self._see(file, evolve(file.seen, event))
        file.before = giver
        return news

    def _see(self, file: _File, after: Seen) -> None:
        self._by_status[file.seen.status] -= 1
        self._by_status[after.status] += 1
        file.seen = after
        _wake(file.waiters)

    async def changed(self, ride_id: RideId, done: Callable[[Seen], bool]) -> Seen:
        """Wait until a ride is as wanted.

        Raises
        ------
        Unavailable
            If the view is closed meanwhile, or the request did not get through.
        """
        while True:
            if self._closed:
                raise Unavailable("the gateway is closing")
            if (file := self._files.get(ride_id)) is None:
                raise Unavailable("the request did not get through; send it again")
            if done(file.seen):
                return file.seen
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            file.waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in file.waiters:
                    file.waiters.remove(waiter)

    def close(self) -> None:
        """Let go of everybody who waits."""
        self._closed = True
        for file in self._files.values():
            _wake(file.waiters)

    def _open(self, ride_id: RideId, zone: ZoneId) -> _File:
        file = self._files.get(ride_id)
        if file is None:
            if len(self._files) >= self._rides_max:
                self._forget_some()
            file = self._files[ride_id] = _File(ride_id, zone)
            self._by_status[file.seen.status] += 1
        return file

    def _forget_some(self) -> None:
        over = [
            ride_id
            for ride_id, file in self._files.items()
            if (file.seen.status in TERMINAL or file.is_lost()) and not file.waiters
        ]
        if not over:
            raise Unavailable("too many rides are under way")
        # Several at once, so that not every new ride has to look through all.
        for ride_id in over[: max(1, self._rides_max // 10)]:
            self._by_status[self._files.pop(ride_id).seen.status] -= 1


def seen_in(stored: StoredRide) -> Seen:
    """Return a ride as the store has it."""
    ride = stored.ride
    retimed = None
    if ride.offer is not None and (pickup_s := ride.expected_pickup_s) is not None:
        promise, arrival_s = ride.promise, ride.expected_arrival_s or 0
        kept = pickup_s <= promise.pickup_to_s and arrival_s <= promise.arrive_by_s
        retimed = RideRetimed(ride.id, pickup_s, arrival_s, kept)
    if ride.referred_to is not None:  # nothing is known yet of what the receiver says
        return Seen(ride_id=ride.id, zone=ride.referred_to)
    return Seen(
        ride_id=ride.id,
        zone=stored.zone,
        status=ride.status,
        offer=None if ride.offer is None else replace(ride.offer, promise=ride.promise),
        refusal=ride.refusal,
        shuttle_id=ride.shuttle_id,
        retimed=retimed,
        failure=ride.failure,
    )


def evolve(seen: Seen, event: RideEvent) -> Seen:
    """Return the ride as it is after an event."""
    match event:
        case AnswerDeferred(until_s=until_s):
            return replace(seen, answer_by_s=until_s)
        case RideOffered(shuttle_id=shuttle_id, offer=offer):
            offered = replace(seen, status=Status.OFFERED, shuttle_id=shuttle_id, offer=offer)
            return replace(offered, answer_by_s=None)
        case RideRefused(refusal=refusal):
            return replace(seen, status=Status.REFUSED, refusal=refusal, answer_by_s=None)
        case RideConfirmed():
            return replace(seen, status=Status.CONFIRMED)
        case OfferExpired():
            return replace(seen, status=Status.EXPIRED)
        case RideCancelled():
            return replace(seen, status=Status.CANCELLED)
        case RideRetimed():
            return replace(seen, retimed=event)
        case RideReassigned(shuttle_id=shuttle_id):
            return replace(seen, shuttle_id=shuttle_id)
        case RideLetOff():
            return replace(seen, status=Status.CONFIRMED)
        case PromiseChanged(promise=promise):
            changed = seen.offer and replace(seen.offer, promise=promise)
            return replace(seen, offer=changed)
        case RideBoarded(shuttle_id=shuttle_id):
            return replace(seen, status=Status.ABOARD, shuttle_id=shuttle_id)
        case RideCompleted(shuttle_id=shuttle_id):
            return replace(seen, status=Status.COMPLETED, shuttle_id=shuttle_id)
        case RideNoShow():
            return replace(seen, status=Status.NO_SHOW)
        case RideFailed(reason=reason):
            return replace(seen, status=Status.FAILED, failure=reason)
        case RideReferred(to=to):
            return replace(seen, zone=to, answer_by_s=None)
        case CommandTurnedDown() | ReportMarked():
            return seen
        case _:
            assert_never(event)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()
