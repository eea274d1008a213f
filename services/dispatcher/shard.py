"""Runs the zones of a shard between a log and a store: read, decide, commit, publish."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence

import structlog

from services.dispatcher.company import Beside, Company
from services.dispatcher.crossing import is_inner
from services.dispatcher.host import Decided, Host
from services.dispatcher.hosts import Broken, Hosts
from services.dispatcher.marks import Marks
from services.dispatcher.outbox import Outbox
from services.dispatcher.places import INPUTS
from services.dispatcher.right_time import compare
from services.dispatcher.saving import Saving
from services.dispatcher.surroundings import Surroundings, name_of
from services.domain.errors import Unreadable
from services.domain.events import (
    CommandTurnedDown,
    Event,
    Message,
    ParkProposal,
    Passed,
    PlanIssued,
    ReportMarked,
    RideEvent,
    WakeUp,
)
from services.domain.ids import ZoneId
from services.domain.zone_crossing import (
    LendingTurnedDown,
    MessageForwarded,
    PassedOn,
    ShuttleEvent,
)
from services.runtime.journal import entries
from services.runtime.ports import Forgotten, Group, Holding, Record, ZoneHolding
from services.wire.topics import Topic

log = structlog.get_logger()

Crossing = ShuttleEvent | MessageForwarded

GROUP_MAX = 100
"""Most messages that are decided and committed together."""

GROUP_S_MAX = 0.02
"""Deciding goes on for so long before what was decided is committed."""

WAITING_MAX = 1000
"""Records read ahead; what comes beyond stays on the log."""

SAVE_EVERY_S = 60.0
"""So often it is seen whether a snapshot of a zone is due."""

OVERDUE_S = 2
"""While messages come, a zone is woken when its timer is so late."""

INPUT_BYTES_MAX = 256 << 10
"""Longest command or report of others."""

OURS = WakeUp | CommandTurnedDown
"""What a zone is told by us and by nobody else."""

IDLE_S = 1.0
"""How far reading and publishing got is noted in the store after so long without a step."""


class Shard:
    """One shard and its zones, from the moment they are taken until they are let go.

    Parameters
    ----------
    number
        Its number: the partition of both input topics.
    zones
        Its zones.
    make
        Makes the host of a zone as its last owner left it.
    beside
        Says what runs beside a zone.
    around
        What it works with.
    """

    def __init__(
        self,
        number: int,
        zones: Collection[ZoneId],
        make: Callable[[ZoneId, ZoneHolding], Host],
        beside: Callable[[Host], Beside],
        around: Surroundings,
    ) -> None:
        self.number = number
        self.taken: Callable[[], object] = lambda: None
        """Called once the zones are as their last owner left them."""
        self._zones = zones
        self._make = make
        self._beside = beside
        self._around = around
        self._metrics = around.metrics
        self._hosts: Hosts
        self._end: Callable[[], None] = lambda: None
        self._company: Company
        self._epoch = 0
        self._inbox: asyncio.Queue[Record] = asyncio.Queue(WAITING_MAX)
        self._put_off: deque[Record] = deque()
        self._committed = 0.0
        self._saved = 0.0
        self._saving = Saving(around.store, number)
        self._marks = Marks(around.messages, around.store, number)
        self._letting_go = asyncio.Event()
        self._outbox = Outbox(around.messages, number, around.clock, around.metrics.outbox)

    async def run(self) -> None:
        """Take the shard and dispatch until it is let go.

        Raises
        ------
        ExceptionGroup
            If the shard was lost (`ShardLost`), nobody can say what the store holds
            (`Unavailable`), or something broke; what is known here is then void.
        """
        began = time.perf_counter()
        try:
            holding = await self._take()
            took_s = time.perf_counter() - began
            self._metrics.takes.observe(took_s)
            log.info(
                "shard_taken",
                shard=self.number,
                epoch=self._epoch,
                zones=len(holding.zones),
                rides=sum(len(zone.rides) for zone in holding.zones.values()),
                ms=round(took_s * 1000),
            )
            self.taken()
            async with asyncio.TaskGroup() as tasks:
                await self._work(tasks, holding)
        finally:
            self._end()
        log.info("shard_let_go", shard=self.number, epoch=self._epoch)

    async def _work(self, tasks: asyncio.TaskGroup, holding: Holding) -> None:
        self._company = Company(self._beside, tasks, self._metrics.attendants)
        parts = [tasks.create_task(self._outbox.run())]
        await self._catch_up(holding)
        reads = [self._read(topic) for topic in INPUTS]
        parts += [tasks.create_task(read) for read in reads]
        for host in self._hosts:
            self._company.join(host)
        await self._dispatch()
        await self._outbox.empty()
        await self._commit([])
        self._company.end()
        for part in parts:
            part.cancel()

    def let_go(self) -> None:
        """Finish what is being decided, let it out, and end `run`."""
        self._letting_go.set()

    async def _take(self) -> Holding:
        await compare(self._around, self.number)
        # Who cannot read the log, or another one, must take no shard from somebody who can.
        await self._marks.check()
        store = self._around.store
        holding = await store.take(self.number, self._zones, self._around.owner)
        self._epoch = holding.epoch
        self._hosts = Hosts(holding, self._make, store, self._metrics)
        self._end = self._hosts.end
        unpublished = [
            (entry, entry.decided())
            for zone, held in holding.zones.items()
            async for entry in entries(store, zone, held.published)
        ]
        # What is decided from here on is replayed from here, if code or territory changed.
        await self._saving.save_due(self._hosts, self._epoch)
        for entry, events in unpublished:
            self._outbox.put(entry, events)
        return holding

    async def _catch_up(self, holding: Holding) -> None:
        """Hear who accepted while nobody owned the shard, before time goes on and offers lapse.

        These messages come again in their turn, and are dropped then as repeats.
        """
        topic = Topic.RIDE_COMMANDS
        end = await self._around.messages.end(topic, self.number)
        start = self._hosts.places.start(topic) if topic in holding.offsets else end
        reader = self._around.messages.reader(topic, self.number, start)
        decided: list[Decided] = []
        try:
            while reader.position < end:
                for record in await reader.read():
                    try:
                        decided += self._hosts.accept(record)
                    except Broken as broken:
                        decided = await self._without(broken, decided)
        except Forgotten:
            log.error("commands_forgotten", shard=self.number)
        finally:
            reader.close()
        await self._commit(decided)

    async def _read(self, topic: Topic) -> None:
        start = self._hosts.places.start(topic)
        reader = self._around.messages.reader(topic, self.number, start)
        try:
            while True:
                try:
                    records = await reader.read()
                except Forgotten as error:
                    # Nothing can bring them back; what is still there must not wait for that.
                    log.error("inputs_forgotten", reason=str(error), shard=self.number)
                    self._metrics.forgotten.inc(error.first - reader.position)
                    reader.close()
                    reader = self._around.messages.reader(topic, self.number, error.first)
                    continue
                for record in records:
                    await self._inbox.put(record)
        finally:
            reader.close()

    async def _dispatch(self) -> None:
        while not self._letting_go.is_set():
            await self._outbox.room()
            records = await self._next()
            began = time.perf_counter()
            decided = await self._decide(records, began)
            if decided or began - self._committed > IDLE_S:
                await self._commit(decided)
                await self._marks.see(self._epoch, records)
            if began - self._saved > SAVE_EVERY_S:
                self._saved = began
                await compare(self._around, self.number)
                await self._saving.save_due(self._hosts, self._epoch)
            if decided:
                self._metrics.steps.inc(len(decided))
                self._metrics.group.observe(time.perf_counter() - began)

    async def _commit(self, decided: Sequence[Decided]) -> None:
        self._committed = time.perf_counter()
        stepped = dict.fromkeys(one.entry.zone for one in decided)
        changes = self._hosts.changes(stepped)
        for zone in stepped:
            if self._hosts.get(zone) is None:  # it could not say, and stands still
                self._company.leave(zone)
        decided = [one for one in decided if self._hosts.get(one.entry.zone) is not None]
        group = Group(
            entries=[one.entry for one in decided],
            changes=changes,
            offsets=self._hosts.places.offsets,
            published=self._outbox.published(),
        )
        if not (group.entries or group.changes or group.offsets or group.published):
            return
        await self._around.store.commit(self.number, self._epoch, group)
        self._hosts.committed()
        for one in decided:
            self._outbox.put(one.entry, one.events)
            for event in one.events:
                self._note(one.entry.zone, event)
        for zone in changes:
            self._company.changed(zone)

    def _note(self, zone: ZoneId, event: Event) -> None:
        if isinstance(event, RideEvent):
            self._metrics.events.labels(name_of(event)).inc()
        elif isinstance(event, Crossing):
            self._metrics.crossings.labels(name_of(event)).inc()
        match event:
            case LendingTurnedDown(shuttle_id=shuttle_id, to=to, reason=reason):
                log.info("lending_turned_down", zone=zone, shuttle=shuttle_id, to=to, reason=reason)
            case ReportMarked(shuttle_id=shuttle_id, report=PassedOn.__name__):
                log.error("shuttle_not_given", zone=zone, shuttle=shuttle_id)

    async def _next(self) -> Sequence[Record]:
        """Wait for records; none means that a timer is due, or nothing came for a while."""
        records = [*self._put_off]
        self._put_off.clear()
        if not records and self._inbox.empty():
            getting = asyncio.ensure_future(self._inbox.get())
            waits: set[asyncio.Future[object]] = {getting}  # type: ignore[arg-type]
            waits.add(asyncio.ensure_future(self._timer()))
            waits.add(asyncio.ensure_future(self._letting_go.wait()))
            try:
                await asyncio.wait(waits, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    records.append(getting.result())
            finally:
                for wait in waits:
                    wait.cancel()
        while not self._inbox.empty() and len(records) < GROUP_MAX:
            records.append(self._inbox.get_nowait())
        return records

    async def _timer(self) -> None:
        """Sleep until the first zone wants to be woken."""
        due = [(due_s, host) for host in self._hosts if (due_s := host.next_due_s())]
        if not due:
            await asyncio.Event().wait()  # nothing is due: only a message ends the wait
        else:
            due_s, host = min(due, key=lambda one: one[0] - one[1].clock.now_s())
            await host.clock.sleep_until(due_s)

    async def _decide(self, records: Sequence[Record], began: float) -> list[Decided]:
        """Make steps of records, and of what is due."""
        decided: list[Decided] = []
        before = self._hosts.places.mark()
        try:
            for number, record in enumerate(records):
                decided += await self._hear(record)
                if time.perf_counter() - began > GROUP_S_MAX:
                    self._put_off.extend(records[number + 1 :])
                    break
            # Where messages never cease, what is due must not wait for a pause.
            self._wake(OVERDUE_S if records else 0, decided)
        except Broken as broken:
            # All come again: for the other zones they are repeats.
            self._put_off = deque(records)
            self._hosts.places.back_to(before)
            decided = await self._without(broken, decided)
            self._company.leave(broken.zone)
            if (host := self._hosts.get(broken.zone)) is not None:
                self._company.join(host)
        return decided

    async def _without(self, broken: Broken, decided: Sequence[Decided]) -> list[Decided]:
        """What others decided than a zone that broke; that is read anew."""
        await self._hosts.again(broken)
        return [one for one in decided if one.entry.zone != broken.zone]

    def _wake(self, late_s: int, decided: list[Decided]) -> None:
        """Wake the zones whose timers are due, and as late as that."""
        for host in self._hosts:
            due_s, now_s = host.next_due_s(), host.clock.now_s()
            if due_s is not None and due_s + late_s <= now_s:
                decided.append(self._hosts.wake(host, now_s))

    async def _hear(self, record: Record) -> Sequence[Decided]:
        """Make steps of a record, if any come of it."""
        value, places = record.value, self._hosts.places
        zone = None if isinstance(value, Unreadable) else value.zone
        if not places.is_new(record, zone):
            places.hear(record, zone)
            return ()
        if (reason := self._hosts.poison.get((record.topic, record.offset))) is not None:
            place = ""
        elif isinstance(value, Unreadable):
            place, reason = value.place, value.reason
        elif not isinstance(value.body, Message) or isinstance(value.body, OURS):
            place, reason = "envelope.body", "neither command nor report"
        elif len(record.data) > INPUT_BYTES_MAX and not is_inner(value.body):
            # The zone says all that it was told again, in its events and in its journal.
            place, reason = "envelope", f"longer than {INPUT_BYTES_MAX} bytes"
        elif (host := self._hosts.get(value.zone)) is None:
            place, reason = "envelope.zone", "no zone of this shard"
        else:
            decided: Sequence[Decided] = ()
            if not await self._hosts.is_long_over(value.body, host):
                decided = self._hosts.hear(record, value, value.body, host)
            # A position that waits may be lost with this process: a newer one will come.
            places.hear(record, zone)
            self._count(value.body, decided)
            return decided
        await self._refuse(record, place, reason)
        answer = self._hosts.turn_down(value)
        places.hear(record, zone)
        return answer

    def _count(self, body: Message, decided: Sequence[Decided]) -> None:
        if not decided and not isinstance(body, Passed):
            self._metrics.repeats.inc()
        if decided and isinstance(body, ParkProposal):
            taken = any(isinstance(event, PlanIssued) for event in decided[-1].events)
            self._metrics.moves.labels("taken" if taken else "turned_down").inc()

    async def _refuse(self, record: Record, place: str, reason: str) -> None:
        """Put a record aside, safely, before what comes behind it takes effect."""
        self._metrics.unreadable.inc()
        log.error(
            "input_unreadable",
            topic=record.topic.value,
            partition=record.partition,
            offset=record.offset,
            part=place,
            reason=reason,
        )
        await self._around.dead_letters.put(record, place, reason)
