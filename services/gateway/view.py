"""What a gateway knows of rides, from the events that it follows."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.domain.errors import Unavailable
from services.domain.events import (
    AnswerDeferred,
    CommandTurnedDown,
    ReportMarked,
    RideEvent,
    RideOffered,
    RideRefused,
)
from services.domain.ids import RideId, ZoneId
from services.domain.ride import TERMINAL, Status
from services.domain.zone_crossing import RideReferred
from services.gateway.seen import Seen, evolve, seen_in
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

EARLY = (AnswerDeferred, CommandTurnedDown)
"""What a zone may say of a ride and refer it all the same; whatever else it says, it keeps it."""


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
        "shifted",
        "since_s",
        "sure",
        "told",
        "version",
        "waiters",
    )

    def __init__(self, ride_id: RideId, zone: ZoneId) -> None:
        self.seen = Seen(ride_id=ride_id, zone=zone)
        self.before: ZoneId | None = None
        """Another zone that said something of it."""
        self.sure = False
        """It is known that that one referred it to this one."""
        self.shifted: frozenset[int] = frozenset()
        """Numbers of events that were told before that was known."""
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

    def settle(self, receiver: ZoneId, giver: ZoneId) -> None:
        """Know which zone referred it to which."""
        self.refer(receiver)
        self.before, self.sure = giver, True
        for i, one in enumerate(self.history):
            if one.after.zone == receiver and one.offset < REFERRAL:
                self.shifted |= {one.offset}
                self.history[i] = replace(one, offset=one.offset + REFERRAL)

    def is_decided(self) -> bool:
        """Whether the zone that was heard last will not refer it any more."""
        zone = self.seen.zone
        return any(
            one.after.zone == zone and not isinstance(one.event, EARLY) for one in self.history
        )


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
        seen, zone = seen_in(stored), file.seen.zone
        if seen.zone != stored.zone:
            file.settle(seen.zone, stored.zone)
            if seen.zone != zone:
                self._see(file, seen)
            return file.seen
        if seen.zone != zone and not stored.ride.referrals and (file.sure or file.history):
            # It was read before the ride was referred.
            if not file.sure:
                file.settle(zone, seen.zone)
            return file.seen
        if stored.ride.referrals and zone != seen.zone:
            file.settle(seen.zone, zone)
        file.refer(seen.zone)
        # It may have been read before the newest event came.
        known = max(file.version, file.told)
        if stored.version > known or (file.partial and stored.version == known):
            file.partial = False
            file.told = stored.version
            self._see(file, seen)
        return file.seen

    def history(self, ride_id: RideId, after: int = -1) -> tuple[Happening, ...]:
        """Return what happened to a ride behind an offset, oldest first."""
        file = self._files.get(ride_id)
        if file is None:
            return ()
        if not file.sure and after >= REFERRAL:
            after -= REFERRAL  # another gateway heard of a referral, this one did not
        elif after in file.shifted:
            after += REFERRAL
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
        if not self._is_owner(file, event, envelope.zone):
            return False
        if envelope.version < file.version or any(
            one.message_id == envelope.message_id for one in file.history
        ):
            return False
        offset += REFERRAL if file.sure else 0
        # What the store told already is news only to the history.
        after = evolve(file.seen, event) if envelope.version > file.told else file.seen
        file.history.append(
            Happening(offset, envelope.message_id, envelope.happened_at_ms, event, after)
        )
        del file.history[:-HISTORY_MAX]
        file.version = envelope.version
        self._see(file, after)
        return True

    def _is_owner(self, file: _File, event: RideEvent, zone: ZoneId) -> bool:
        """Whether a zone that says something of a ride has it, as far as can be known.

        Of two zones one referred it to the other, which may be heard first.
        """
        if file.sure or (file.before is None and zone == file.seen.zone):
            return zone == file.seen.zone
        if isinstance(event, EARLY) and file.fingerprint is None:
            if not file.is_decided():
                file.refer(zone)  # either may be the one
            elif zone != file.seen.zone:
                file.settle(file.seen.zone, zone)
        elif zone != file.seen.zone:
            file.partial |= file.fingerprint is None and not isinstance(event, FIRST)
            file.settle(zone, file.seen.zone)
        elif file.before is not None:
            file.settle(zone, file.before)
        return zone == file.seen.zone

    def _referred(self, file: _File, event: RideReferred, giver: ZoneId) -> bool:
        """Expect what the receiver says, unless it was heard before."""
        news = event.to != file.seen.zone
        file.settle(event.to, giver)
        if news:
            self._see(file, evolve(file.seen, event))
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


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()
