"""How simulated shuttles hear their plans and are heard: on the log, or each over its link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol
from urllib.parse import quote, urlencode
from uuid import uuid4

from services.domain.errors import Unavailable, Unreadable
from services.domain.events import Event, PlanIssued, Report
from services.domain.ids import ShuttleId, ZoneId
from services.domain.operating_domain import RoadsChanged
from services.runtime.clock import Clock
from services.runtime.ports import Log, Reader, Record
from services.runtime.shuttle_tokens import shuttle_token
from services.simulator.link_client import LinkClient, Pauses, Told
from services.simulator.roads import Roads
from services.wire.envelope import Envelope
from services.wire.link import LinkWelcome
from services.wire.topics import Topic, key_of, partition_of, topic_of

RETRY_S = 0.05


class Contact(Protocol):
    """Between shuttles and whoever dispatches them."""

    async def listen(self, hear: Callable[[Event], None]) -> None:
        """Pass on what there is to hear, until cancelled."""

    async def send(self, reports: Sequence[Report]) -> None:
        """Report, in order."""


class LogContact:
    """By the topics themselves: also what happens to rides is heard.

    Parameters
    ----------
    log, clock
        The log, and the territory's clock.
    zones
        From which offset on rides of each zone are followed; plans are followed from the oldest
        kept on, and of what is there at first only the newest of each shuttle counts.
    homes
        To which zone each shuttle belongs before it has any plan.
    """

    def __init__(
        self, log: Log, clock: Clock, zones: Mapping[ZoneId, int], homes: Mapping[ShuttleId, ZoneId]
    ) -> None:
        self._log = log
        self._clock = clock
        self._zones = zones
        self._at = dict(homes)
        self._revisions: dict[ShuttleId, int] = {}
        self._roads = Roads()

    def know(self, zone: ZoneId, roads: RoadsChanged) -> RoadsChanged:
        """Take note of a zone's roads as they were, and return those of all."""
        return self._roads.hear(zone, roads)

    async def listen(self, hear: Callable[[Event], None]) -> None:
        """Follow rides and plans."""
        since: dict[int, int] = {}
        for zone, offset in self._zones.items():
            partition = partition_of(zone, self._log.partitions)
            since[partition] = min(offset, since.get(partition, offset))
        newest: dict[ShuttleId, PlanIssued] = {}
        readers = []
        try:
            for partition, offset in since.items():
                readers.append(self._log.reader(Topic.RIDE_EVENTS, partition, offset))
                begin = await self._log.offset_at(Topic.SHUTTLE_PLANS, partition, 0)
                readers.append(plans := self._log.reader(Topic.SHUTTLE_PLANS, partition, begin))
                end = await self._log.end(Topic.SHUTTLE_PLANS, partition)
                await self._read_newest(plans, end, newest)
            for event in newest.values():
                hear(event)
            async with asyncio.TaskGroup() as tasks:
                for reader in readers:
                    tasks.create_task(self._follow(reader, hear))
        finally:
            for reader in readers:
                reader.close()

    async def _read_newest(
        self, plans: Reader, end: int, newest: dict[ShuttleId, PlanIssued]
    ) -> None:
        while plans.position < end:
            for event in self._ours(await plans.read()):
                assert isinstance(event, PlanIssued)
                before = newest.get(event.plan.shuttle_id)
                if before is None or before.plan.revision < event.plan.revision:
                    newest[event.plan.shuttle_id] = event

    async def _follow(self, reader: Reader, hear: Callable[[Event], None]) -> None:
        while True:
            for event in self._ours(await reader.read()):
                hear(event)

    def _ours(self, records: Iterable[Record]) -> Iterator[Event]:
        for record in records:
            value = record.value
            if isinstance(value, Unreadable) or value.zone not in self._zones:
                continue
            assert isinstance(value.body, Event)
            if isinstance(value.body, PlanIssued):
                plan = value.body.plan
                if plan.revision >= self._revisions.get(plan.shuttle_id, 0):
                    # Who plans for a shuttle now is who wants to hear of it.
                    self._revisions[plan.shuttle_id] = plan.revision
                    self._at[plan.shuttle_id] = value.zone
            known = value.body
            yield self._roads.hear(value.zone, known) if isinstance(known, RoadsChanged) else known

    async def send(self, reports: Sequence[Report]) -> None:
        """Put reports on the log; they wait until it takes them."""
        for report in reports:
            envelope = Envelope(
                message_id=uuid4().hex,
                zone=self._at[report.shuttle_id],
                happened_at_ms=round(self._clock.day.moment(report.at_s).timestamp() * 1000),
                recorded_at_ms=self._clock.now_ms(),
                zone_time_s=report.at_s,
                body=report,
            )
            await self._append(envelope)

    async def _append(self, envelope: Envelope) -> None:
        body = envelope.body
        while True:
            try:
                await self._log.append(topic_of(body), key_of(body, envelope.zone), envelope)
                return
            except Unavailable:
                # A shuttle keeps its reports until they get through, in their order.
                await asyncio.sleep(RETRY_S)


class LinkContact:
    """By links, one for each shuttle: plans and roads are heard, and nothing else.

    Parameters
    ----------
    gateway
        As ``ws://HOST:PORT``.
    key
        From which the shuttles' tokens are made.
    zone, shuttles
        Whose they are, and their ids.
    pauses
        Between attempts to connect.
    kind
        What each link is made of.
    """

    def __init__(
        self,
        gateway: str,
        key: str,
        zone: ZoneId,
        shuttles: Iterable[ShuttleId],
        pauses: Pauses = Pauses(),  # noqa: B008 - a frozen value
        kind: type[LinkClient] = LinkClient,
    ) -> None:
        self._early: list[Event] = []
        self._hear: Callable[[Event], None] = self._early.append
        self.welcomed: asyncio.Future[LinkWelcome] = asyncio.get_running_loop().create_future()
        told = Told(
            plan=lambda plan: self._hear(PlanIssued(plan)),
            roads=lambda roads: self._hear(roads),
            welcome=self._welcome,
        )
        self.clients = {
            shuttle: kind(
                link_url(gateway, zone, shuttle),
                shuttle_token(key, zone, shuttle),
                shuttle,
                told,
                pauses,
            )
            for shuttle in shuttles
        }

    def _welcome(self, welcome: LinkWelcome) -> None:
        if not self.welcomed.done():
            self.welcomed.set_result(welcome)

    async def listen(self, hear: Callable[[Event], None]) -> None:
        """Pass on plans and roads; what came before is not lost."""
        for event in self._early:
            hear(event)
        self._early.clear()
        self._hear = hear
        await asyncio.Event().wait()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for client in self.clients.values():
                tasks.create_task(client.run())

    async def send(self, reports: Sequence[Report]) -> None:
        """Give each report to its shuttle's link, which keeps it until it is safe."""
        for report in reports:
            self.clients[report.shuttle_id].say(report)


def link_url(gateway: str, zone: ZoneId, shuttle: ShuttleId) -> str:
    """Return the address of a shuttle's link."""
    query = urlencode({"territory": zone})
    return f"{gateway.rstrip('/')}/v1/shuttles/{quote(shuttle, safe='')}/link?{query}"
