"""How simulated shuttles hear their plans and are heard: on the log, or each over its link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from urllib.parse import quote, urlencode
from uuid import uuid4

from services.domain.errors import Unavailable, Unreadable
from services.domain.events import Event, PlanIssued, Report
from services.domain.ids import ShuttleId, ZoneId
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.runtime.shuttle_tokens import shuttle_token
from services.simulator.link_client import LinkClient, Pauses, Told
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
    log
        The log.
    zone, clock
        Whose shuttles these are.
    """

    def __init__(self, log: Log, zone: ZoneId, clock: Clock) -> None:
        self._log = log
        self._zone = zone
        self._clock = clock

    async def listen(self, hear: Callable[[Event], None]) -> None:
        """Follow rides and plans."""
        async with asyncio.TaskGroup() as tasks:
            for topic in (Topic.RIDE_EVENTS, Topic.SHUTTLE_PLANS):
                tasks.create_task(self._follow(topic, hear))

    async def _follow(self, topic: Topic, hear: Callable[[Event], None]) -> None:
        reader = self._log.reader(topic, partition_of(self._zone, self._log.partitions))
        try:
            while True:
                for record in await reader.read():
                    value = record.value
                    if not isinstance(value, Unreadable) and value.zone == self._zone:
                        assert isinstance(value.body, Event)
                        hear(value.body)
        finally:
            reader.close()

    async def send(self, reports: Sequence[Report]) -> None:
        """Put reports on the log; they wait until it takes them."""
        for report in reports:
            envelope = Envelope(
                message_id=uuid4().hex,
                zone=self._zone,
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
                await self._log.append(topic_of(body), key_of(body, self._zone), envelope)
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
    """

    def __init__(
        self,
        gateway: str,
        key: str,
        zone: ZoneId,
        shuttles: Iterable[ShuttleId],
        pauses: Pauses = Pauses(),  # noqa: B008 - a frozen value
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
            shuttle: LinkClient(
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
