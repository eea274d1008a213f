"""Runs a dispatcher between a log and a store: read, decide, commit, publish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from services.dispatcher.service import Dispatcher
from services.domain.errors import Unavailable, Unreadable
from services.domain.events import Message, ParkProposal, PlanIssued, WakeUp
from services.domain.ids import ZoneId
from services.runtime.clock import Clock
from services.runtime.ports import Log, Record, Step, Store
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, partition_of, topic_of

log = structlog.get_logger()

INPUTS = (Topic.RIDE_COMMANDS, Topic.SHUTTLE_REPORTS)

GROUP_MAX = 100
"""Most steps that are committed together."""

WAITING_MAX = 1000
"""Records read ahead; what comes beyond stays on the log."""

RETRY_S = 0.05
STEP_BUCKETS_S = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)


class LoopMetrics:
    """What a dispatcher's loop counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.steps = Counter("navette_steps_total", "Steps committed.", registry=registry)
        self.group = Histogram(
            "navette_step_group_seconds",
            "From the first message of a group to the last of its events on the log.",
            buckets=STEP_BUCKETS_S,
            registry=registry,
        )
        self.unreadable = Counter(
            "navette_inputs_unreadable_total",
            "Commands and reports that could not be read.",
            registry=registry,
        )
        self.moves = Counter(
            "navette_moves_total",
            "Proposals that an idle shuttle waits elsewhere: taken, or turned down.",
            ["outcome"],
            registry=registry,
        )


class DispatcherLoop:
    """Reads commands and reports, and publishes what the dispatcher decided once it is committed.

    Parameters
    ----------
    dispatcher
        Decides.
    zone
        Whose messages it takes.
    messages, store
        Where they come from and go to, and where steps are written down.
    clock
        Tells the zone's time.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        zone: ZoneId,
        messages: Log,
        store: Store,
        clock: Clock,
        metrics: LoopMetrics,
    ) -> None:
        self.decided: Callable[[], None] = lambda: None
        """Called whenever something was decided."""
        self._dispatcher = dispatcher
        self._zone = zone
        self._log = messages
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._partition = partition_of(zone, messages.partitions)
        self._inbox: asyncio.Queue[Record] = asyncio.Queue(WAITING_MAX)
        self._skipped: dict[Topic, int] = {}

    async def run(self) -> None:
        """Take the zone and dispatch until cancelled.

        Raises
        ------
        ExceptionGroup
            If the zone was lost or something broke; what this dispatcher knows is then void.
        """
        holding = await self._store.take(self._zone)
        self._dispatcher.number = holding.number
        async with asyncio.TaskGroup() as tasks:
            for topic in INPUTS:
                tasks.create_task(self._read(topic, holding.offsets.get(topic, 0)))
            tasks.create_task(self._dispatch(holding.epoch))

    async def _read(self, topic: Topic, offset: int) -> None:
        reader = self._log.reader(topic, self._partition, offset)
        try:
            while True:
                for record in await reader.read():
                    await self._inbox.put(record)
        finally:
            reader.close()

    async def _dispatch(self, epoch: int) -> None:
        while True:
            records = await self._next()
            began = time.perf_counter()
            decided = [one for record in records if (one := self._take(record)) is not None]
            if not records:
                step = self._dispatcher.step([WakeUp()], self._clock.now_s())
                decided = [(step, "")]
            if not decided:
                continue
            await self._store.commit(self._zone, epoch, [step for step, _ in decided])
            for step, traceparent in decided:
                await self._publish(step, traceparent)
            self.decided()
            self._metrics.steps.inc(len(decided))
            self._metrics.group.observe(time.perf_counter() - began)

    async def _next(self) -> Sequence[Record]:
        """Wait for records; none means that the zone's timer is due."""
        records: list[Record] = []
        if self._inbox.empty():
            getting = asyncio.ensure_future(self._inbox.get())
            timer = asyncio.ensure_future(self._timer())
            try:
                await asyncio.wait({getting, timer}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    return ()
                records.append(getting.result())
            finally:
                getting.cancel()
                timer.cancel()
        while not self._inbox.empty() and len(records) < GROUP_MAX:
            records.append(self._inbox.get_nowait())
        return records

    async def _timer(self) -> None:
        due_s = self._dispatcher.zone.next_due_s()
        if due_s is None:
            await asyncio.Event().wait()  # nothing is due: only a message ends the wait
        else:
            await self._clock.sleep_until(due_s)

    def _take(self, record: Record) -> tuple[Step, str] | None:
        """Make a step of a record, and say whose trace it belongs to."""
        value = record.value
        self._skipped[record.topic] = record.offset + 1
        if isinstance(value, Unreadable) or not isinstance(value.body, Message):
            reason = str(value) if isinstance(value, Unreadable) else "neither command nor report"
            self._metrics.unreadable.inc()
            log.error(
                "input_unreadable",
                topic=record.topic.value,
                offset=record.offset,
                reason=reason,
            )
            return None
        if value.zone != self._zone:
            return None
        offsets = tuple(self._skipped.items())
        self._skipped = {}
        step = self._dispatcher.step([value.body], self._clock.now_s(), offsets)
        if isinstance(value.body, ParkProposal):
            taken = any(isinstance(event, PlanIssued) for event in step.events)
            self._metrics.moves.labels("taken" if taken else "turned_down").inc()
        return step, value.traceparent

    async def _publish(self, step: Step, traceparent: str) -> None:
        now_ms = self._clock.now_ms()
        for number, event in enumerate(step.events):
            envelope = Envelope(
                message_id=f"{self._zone}/{step.number}/{number}",
                zone=self._zone,
                happened_at_ms=now_ms,
                recorded_at_ms=now_ms,
                zone_time_s=step.now_s,
                traceparent=traceparent,
                version=step.number,
                body=event,
            )
            while True:
                try:
                    await self._log.append(topic_of(event), key_of(event, self._zone), envelope)
                    break
                except Unavailable as error:
                    # It is committed, so it has to go out; until then nothing more is decided.
                    log.warning("publishing_waits", reason=str(error))
                    await asyncio.sleep(RETRY_S)
