"""One shuttle's link, from its first frame to its last (docs/shuttle-link.md)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from typing import Any

import structlog

from services.domain.errors import Unavailable, Unreadable
from services.domain.events import Report
from services.domain.operating_domain import RoadsChanged
from services.gateway.link_place import CLOSE_CODES, Gone, LinkPlace, Peer, Socket, Waiting, Wrong
from services.runtime.ports import Record
from services.wire.envelope import Envelope
from services.wire.link import (
    FRAME_BYTES_MAX,
    PROTOCOL,
    GatewayBody,
    GatewayFrame,
    LinkFault,
    LinkHeartbeat,
    LinkHello,
    LinkWelcome,
    decode_shuttle_frame,
    encode_gateway_frame,
    number_of,
    report_id,
)
from services.wire.topics import Topic, partition_of

log = structlog.get_logger()

BOOT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
SOFTWARE_MAX = 100
WRONG_MAX = 20
"""So many frames may be wrong before a link is ended."""

LOG_S_MAX = 10.0
"""If reports cannot be made safe for so long, the shuttle is told to try elsewhere."""

NOWHERE = -1
"""Offset of what never was on a topic."""

RETRY_S = 0.1
SILENT_BEATS = 3


class LinkSession:
    """Talks with one shuttle.

    Parameters
    ----------
    socket, peer
        Who it is.
    place
        What it works with.
    """

    def __init__(self, socket: Socket, peer: Peer, place: LinkPlace) -> None:
        self._socket = socket
        self._peer = peer
        self._place = place
        self._limits = place.limits
        self._boot_id = ""
        self._plan_revision = 0
        self._safe = 0  # the last report that is on the log
        self._last = 0  # the last report of this connection
        self._wrong = 0
        self._reports: asyncio.Queue[Waiting] = asyncio.Queue(place.limits.in_flight_max)
        self._sending = asyncio.Lock()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next_read = 0.0

    def end(self, fault: LinkFault, reason: str) -> None:
        """End it from outside, and say why."""
        if not self._over.done():
            self._over.set_exception(Wrong(fault, "", reason))

    async def run(self) -> str:
        """Talk until one side ends it; return why it ended."""
        try:
            await self._first_of(self._talk(), self._wait_over())
        except Wrong as wrong:
            await self._say_goodbye(wrong)
            return wrong.fault.value
        except Gone:
            return "gone"
        finally:
            self._over.cancel()
        return "gone"

    async def _wait_over(self) -> None:
        await self._over

    async def _talk(self) -> None:
        await self._greet()
        await self._first_of(self._hear(), self._keep(), self._tell_news(), self._beat())

    async def _first_of(self, *parts: Coroutine[Any, Any, None]) -> None:
        """Do all until one ends; it is never a part of its own that goes on."""
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [one for one in results if isinstance(one, Exception)]
        # Why it was ended counts more than that it is gone.
        for error in sorted(errors, key=lambda one: isinstance(one, Gone)):
            raise error

    async def _say_goodbye(self, wrong: Wrong) -> None:
        try:
            async with asyncio.timeout(self._limits.heartbeat_s):
                await self._send(wrong.told(closing=True))
                await self._socket.close(CLOSE_CODES.get(wrong.fault, 4400), wrong.reason[:100])
        except (Gone, TimeoutError):
            pass

    async def _greet(self) -> None:
        data = await self._receive()
        try:
            hello = self._read(data)
        except Wrong as wrong:
            self._count(wrong.fault)
            raise
        if not isinstance(hello, LinkHello):
            raise Wrong(LinkFault.NOT_NOW, "frame.body", "the first frame is a hello")
        if hello.protocol != PROTOCOL:
            reason = f"{hello.protocol}; this gateway speaks {PROTOCOL}"
            raise Wrong(LinkFault.VERSION, "hello.protocol", reason)
        if not BOOT_ID.fullmatch(hello.boot_id):
            reason = "8 to 64 of A-Z, a-z, 0-9, '-' and '_'"
            raise Wrong(LinkFault.UNREADABLE, "hello.boot_id", reason)
        peer = self._peer
        self._boot_id, self._plan_revision = hello.boot_id, hello.plan_revision
        boot_id, number = self._place.safe.get((peer.territory, peer.shuttle), ("", 0))
        self._safe = max(hello.received_up_to, number if boot_id == hello.boot_id else 0)
        log.info(
            "link_opened",
            territory=peer.territory,
            shuttle=peer.shuttle,
            revision=hello.plan_revision,
            software=hello.software[:SOFTWARE_MAX],
            safe=self._safe,
        )
        await self._send(
            LinkWelcome(
                zone=peer.territory,
                midnight_ms=round(peer.clock.day.midnight.timestamp() * 1000),
                now_ms=peer.clock.now_ms(),
                speed_permille=round(peer.clock.speed * 1000),
                heartbeat_ms=round(self._limits.heartbeat_s * 1000),
                in_flight_max=self._limits.in_flight_max,
            )
        )

    async def _hear(self) -> None:
        """Read frames, no faster than they may come and can be kept."""
        while True:
            data = await self._receive()
            try:
                await self._take(data)
            except Wrong as wrong:
                self._count(wrong.fault)
                if wrong.fault is LinkFault.UNREADABLE and wrong.number:
                    await self._put_aside(data, wrong)
                self._wrong += 1
                if self._wrong > WRONG_MAX:
                    reason = f"{self._wrong} frames were wrong, at last: {wrong}"
                    raise Wrong(LinkFault.TOO_MANY, wrong.place, reason) from None
                fields = {"territory": self._peer.territory, "shuttle": self._peer.shuttle}
                log.warning("frame_wrong", **fields, part=wrong.place, reason=wrong.reason)
                await self._send(wrong.told(closing=False))
            await self._pace()

    async def _put_aside(self, data: bytes | str, wrong: Wrong) -> None:
        """Keep a report that nobody can read: it may be a fact, by newer software."""
        assert isinstance(data, bytes)
        territory, shuttle, _ = self._peer
        zone = self._place.orders.zone(territory, shuttle)
        partition = partition_of(zone, self._place.messages.partitions)
        fault = Unreadable(wrong.place, wrong.reason)
        record = Record(Topic.SHUTTLE_REPORTS, partition, NOWHERE, shuttle, fault, data)
        place = f"link of {shuttle}, boot {self._boot_id}, report {wrong.number}: {wrong.place}"
        try:
            await self._place.dead_letters.put(record, place, wrong.reason)
        except Unavailable as error:
            log.warning("report_lost", shuttle=shuttle, number=wrong.number, reason=str(error))

    async def _take(self, data: bytes | str) -> None:
        body = self._read(data)
        if isinstance(body, LinkHello):
            raise Wrong(LinkFault.NOT_NOW, "frame.body", "a hello is the first frame, once")
        if isinstance(body, LinkHeartbeat):
            self._place.metrics.frames.labels(outcome="heartbeat").inc()
            if not body.answer:
                await self._send(LinkHeartbeat(body.number, answer=True))
            return
        number, report = body
        if report.shuttle_id != self._peer.shuttle:
            reason = f"this is the link of {self._peer.shuttle}"
            raise Wrong(LinkFault.NOT_YOURS, "frame.shuttle_id", reason, number)
        if number <= self._last:
            reason = f"{number} comes after {self._last}"
            raise Wrong(LinkFault.OUT_OF_ORDER, "frame.number", reason, number)
        self._last = number
        if number <= self._safe:
            self._place.metrics.frames.labels(outcome="repeat").inc()
            await self._send(None)
            return
        self._place.metrics.frames.labels(outcome="report").inc()
        await self._reports.put(Waiting(number, report, time.perf_counter()))

    def _read(self, data: bytes | str) -> LinkHello | LinkHeartbeat | tuple[int, Report]:
        if isinstance(data, str):
            raise Wrong(LinkFault.UNREADABLE, "frame", "a text message; frames are binary")
        if len(data) > FRAME_BYTES_MAX:
            reason = f"{len(data)} bytes; at most {FRAME_BYTES_MAX}"
            raise Wrong(LinkFault.TOO_LONG, "frame", reason)
        try:
            frame = decode_shuttle_frame(data)
        except Unreadable as error:
            number = number_of(data)
            raise Wrong(LinkFault.UNREADABLE, error.place, error.reason, number) from None
        if isinstance(frame.body, LinkHello | LinkHeartbeat):
            return frame.body
        return frame.number, frame.body

    async def _keep(self) -> None:
        """Put reports on the log, in order, and say which are safe."""
        key = (self._peer.territory, self._peer.shuttle)
        while True:
            batch = [await self._reports.get()]
            while not self._reports.empty():
                batch.append(self._reports.get_nowait())
            await self._append([self._envelope(one) for one in batch])
            self._safe = batch[-1].number
            self._place.safe[key] = (self._boot_id, self._safe)
            now = time.perf_counter()
            for one in batch:
                self._place.metrics.safe.observe(now - one.since)
            await self._send(None)

    async def _append(self, envelopes: list[Envelope]) -> None:
        began = time.monotonic()
        while True:
            try:
                await self._place.messages.append_all(envelopes)
                return
            except Unavailable as error:
                # All are sent again: what was on the log already is dropped as a repeat.
                if time.monotonic() - began > LOG_S_MAX:
                    reason = f"reports cannot be made safe: {error}"
                    raise Wrong(LinkFault.UNAVAILABLE, "", reason) from None
                await asyncio.sleep(RETRY_S)

    def _envelope(self, one: Waiting) -> Envelope:
        territory, shuttle, clock = self._peer
        return Envelope(
            message_id=report_id(territory, shuttle, self._boot_id, one.number),
            # Whose it is may be newer than this: who gets what is not theirs passes it on.
            zone=self._place.orders.zone(territory, shuttle),
            happened_at_ms=round(clock.day.moment(one.report.at_s).timestamp() * 1000),
            recorded_at_ms=clock.now_ms(),
            zone_time_s=one.report.at_s,
            body=one.report,
        )

    async def _tell_news(self) -> None:
        """Pass on what is new; if more than one plan came meanwhile, the newest says it all."""
        territory, shuttle, _ = self._peer
        orders, news = self._place.orders, asyncio.Event()
        told: RoadsChanged | None = None
        revision = self._plan_revision
        orders.listen(territory, news)
        try:
            while True:
                news.clear()
                zone = orders.zone(territory, shuttle)
                await orders.learn_roads(zone)
                roads, plan = orders.roads(zone), orders.plan(territory, shuttle)
                if roads is not None and roads != told:
                    told = roads
                    await self._send(roads)
                if plan is not None and plan.revision != revision:
                    revision = plan.revision
                    await self._send(plan)
                await news.wait()
        finally:
            orders.leave(territory, news)

    async def _beat(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(self._limits.heartbeat_s)
            number += 1
            await self._send(LinkHeartbeat(number))

    async def _pace(self) -> None:
        """Wait as long as it takes that frames do not come too fast on average."""
        now, every_s = time.monotonic(), 1 / self._limits.reports_per_s
        burst_s = every_s * self._limits.in_flight_max
        self._next_read = max(self._next_read, now - burst_s) + every_s
        if self._next_read > now:
            await asyncio.sleep(self._next_read - now)

    async def _receive(self) -> bytes | str:
        within_s = SILENT_BEATS * self._limits.heartbeat_s
        try:
            async with asyncio.timeout(within_s):
                return await self._socket.receive()
        except TimeoutError:
            reason = f"nothing was heard for {within_s:g} s"
            raise Wrong(LinkFault.SILENT, "", reason) from None

    async def _send(self, body: GatewayBody | None) -> None:
        frame = encode_gateway_frame(GatewayFrame(self._safe, body))
        try:
            async with asyncio.timeout(SILENT_BEATS * self._limits.heartbeat_s), self._sending:
                await self._socket.send(frame)
        except TimeoutError:
            raise Gone("it takes nothing any more") from None

    def _count(self, fault: LinkFault) -> None:
        self._place.metrics.frames.labels(outcome=fault.value).inc()
