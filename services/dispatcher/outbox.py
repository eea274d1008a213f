"""Lets out what was decided, in order and at least once, after it was committed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.dispatcher.crossing import for_other_zone
from services.domain.errors import Unavailable
from services.domain.events import Event, Report
from services.domain.ids import ZoneId
from services.domain.zone_crossing import LendShuttle, MessageForwarded, PassedOn
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.wire.envelope import Envelope
from services.wire.stored import Entry, encode_copy
from services.wire.topics import Topic

log = structlog.get_logger()

BATCH_MAX = 200
"""Most steps whose events are sent at once."""

BATCH_BYTES = 2 << 20
"""With so many bytes at once, no more steps are added."""

FULL = 2000
"""With so many steps waiting, nothing more is decided."""

RETRY_S = 0.1
RETRY_S_MAX = 2.0


class OutboxMetrics:
    """What is counted of outboxes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter(
            "navette_events_published_total", "Events that went out.", registry=registry
        )
        self.waiting = Gauge(
            "navette_outbox_steps", "Steps whose events wait to go out.", registry=registry
        )
        self.age = Gauge(
            "navette_outbox_age_seconds",
            "For how long the oldest of them has waited.",
            registry=registry,
        )


class Outbox:
    """The events of a shard's zones on their way to the log.

    Parameters
    ----------
    messages
        The log.
    partition
        The shard's number.
    clock
        Tells for how long events have waited.
    metrics
        Counts.
    """

    def __init__(self, messages: Log, partition: int, clock: Clock, metrics: OutboxMetrics) -> None:
        self._log = messages
        self._partition = partition
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[tuple[Entry, tuple[Event, ...]]] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._published: dict[ZoneId, int] = {}

    def put(self, entry: Entry, events: tuple[Event, ...]) -> None:
        """Let the events of a committed step out, after those of the steps before."""
        self._waiting.append((entry, events))
        self._metrics.waiting.inc()
        self._news.set()
        self._empty.clear()
        if len(self._waiting) >= FULL:
            self._room.clear()

    async def room(self) -> None:
        """Wait until there is room for more."""
        await self._room.wait()

    async def empty(self) -> None:
        """Wait until everything is out."""
        await self._empty.wait()

    def published(self) -> Mapping[ZoneId, int]:
        """Return how far each zone's events got since this was last asked."""
        published, self._published = self._published, {}
        return published

    async def run(self) -> None:
        """Let out what comes, until cancelled."""
        try:
            while True:
                await self._news.wait()
                batch = self._next()
                if not batch:
                    self._news.clear()
                    self._empty.set()
                    continue
                await self._send(batch)
                for entry, _ in batch:
                    self._waiting.popleft()
                    self._published[entry.zone] = entry.number
                self._metrics.waiting.dec(len(batch))
                self._metrics.published.inc(sum(len(events) for _, events in batch))
                if len(self._waiting) < FULL:
                    self._room.set()
        finally:
            self._metrics.waiting.dec(len(self._waiting))

    def _next(self) -> list[tuple[Entry, tuple[Event, ...]]]:
        """What goes out next, together: no more than the log takes before its deadline."""
        batch, size = [], 0
        for one in islice(self._waiting, BATCH_MAX):
            batch.append(one)
            size += sum(map(len, one[0].inputs)) + sum(map(len, one[0].events))
            if size > BATCH_BYTES:
                break
        return batch

    async def _send(self, batch: Sequence[tuple[Entry, tuple[Event, ...]]]) -> None:
        numbered = [
            (entry, number, event) for entry, events in batch for number, event in enumerate(events)
        ]
        envelopes = [_envelope(*one) for one in numbered if type(one[2]) is not MessageForwarded]
        for_others = [on for one in numbered if (on := passed_on(*one)) is not None]
        copies = [(entry.zone, encode_copy(entry)) for entry, _ in batch]
        pause_s = RETRY_S
        while True:
            try:
                if for_others:
                    # Who hears below where something went may tell that zone something of it.
                    await self._log.append_all(for_others)
                await asyncio.gather(
                    self._log.append_all(envelopes),
                    self._log.append_raw_all(Topic.ZONE_JOURNAL, self._partition, copies),
                )
            except Unavailable as error:
                # It is committed, so it has to go out: again, since nobody knows what got through.
                age_s = (self._clock.now_ms() - batch[0][0].decided_at_ms) / 1000
                self._metrics.age.set(age_s)
                log.warning("publishing_waits", reason=str(error), age_s=round(age_s, 1))
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, RETRY_S_MAX)
            else:
                self._metrics.age.set(0)
                return


def passed_on(entry: Entry, number: int, event: Event) -> Envelope | None:
    """The message to another zone that an event of a step is as well, if it is one."""
    found = for_other_zone(entry.zone, event, lambda index: entry.messages()[index])
    if found is None:
        return None
    to, told = found
    if isinstance(event, MessageForwarded) and isinstance(told, Report | LendShuttle):
        # On the same topic as the hand-over, and so behind it.
        told = PassedOn(told.shuttle_id, event.number, entry.inputs[event.input])
    return Envelope(
        message_id=f"{entry.zone}/{entry.number}/{number}/on",
        zone=to,
        happened_at_ms=entry.decided_at_ms,
        recorded_at_ms=entry.decided_at_ms,
        zone_time_s=entry.now_s,
        traceparent=entry.traceparent,
        body=told,
    )


def _envelope(entry: Entry, number: int, event: Event) -> Envelope:
    return Envelope(
        message_id=f"{entry.zone}/{entry.number}/{number}",
        zone=entry.zone,
        happened_at_ms=entry.decided_at_ms,
        recorded_at_ms=entry.decided_at_ms,
        zone_time_s=entry.now_s,
        traceparent=entry.traceparent,
        version=entry.number,
        body=event,
        encoded=entry.events[number],
    )
