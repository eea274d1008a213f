"""A shuttle's side of the link (docs/shuttle-link.md), for simulated shuttles and as an example."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

import services
from services.domain.errors import Unreadable
from services.domain.events import Passed, Report
from services.domain.ids import ShuttleId
from services.domain.operating_domain import RoadsChanged
from services.domain.plan import Plan
from services.wire.link import (
    SUBPROTOCOL,
    GatewayFrame,
    LinkError,
    LinkHeartbeat,
    LinkHello,
    LinkWelcome,
    ShuttleFrame,
    decode_gateway_frame,
    encode_shuttle_frame,
)

log = structlog.get_logger()

WITHIN_S = 10.0
"""A gateway opens a connection and welcomes a shuttle within so long."""

SILENT_BEATS = 3
KEPT_MAX = 20_000
"""Beyond so many reports that are not safe, positions are left out, oldest first."""

REASON_MAX = 200
"""Longest reason for a refused or lost link that is kept, in characters."""

REASONS_MAX = 20
"""Beyond so many different ones since the last welcome, reasons are logged for debugging only."""

NAME = f"navette {services.__version__}"


class Pauses(NamedTuple):
    """How long a shuttle waits before it connects anew: at first, and at most."""

    first_s: float = 0.5
    most_s: float = 30.0


class Told(NamedTuple):
    """Who hears what comes over a link."""

    plan: Callable[[Plan], None]
    roads: Callable[[RoadsChanged], None] = lambda _: None
    welcome: Callable[[LinkWelcome], None] = lambda _: None


class LinkClient:
    """Keeps one shuttle connected; what it says is kept until it is safe, and sent in order.

    Parameters
    ----------
    url
        Of its link, query included.
    token
        By which it proves who it is.
    shuttle
        Its id, for log lines.
    told
        Who hears what comes.
    pauses
        Between attempts to connect.
    dice
        So that many shuttles do not come back at the same moment.
    """

    def __init__(
        self,
        url: str,
        token: str,
        shuttle: ShuttleId,
        told: Told,
        pauses: Pauses = Pauses(),  # noqa: B008 - a frozen value
        dice: Random | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._shuttle = shuttle
        self._told = told
        self._pauses = pauses
        self._dice = dice or Random(shuttle)
        self._boot_id = uuid4().hex
        self._number = 0
        self._safe = 0
        self._unsafe: deque[tuple[int, Report]] = deque()
        self._sent = 0  # how many of these were sent over this connection
        self._in_flight_max = 1
        self._revision = 0
        self._news = asyncio.Event()
        self._fewer = asyncio.Event()
        self._reasons: set[str] = set()
        self.connected = False
        self.trouble = ""
        """Why there is no connection, as far as is known."""
        self.errors: list[LinkError] = []

    async def all_safe(self) -> None:
        """Wait until all that was said is safe."""
        while self._unsafe:
            self._fewer.clear()
            await self._fewer.wait()

    def say(self, report: Report) -> None:
        """Report something, now or once there is a connection."""
        self._number += 1
        self._unsafe.append((self._number, report))
        if len(self._unsafe) > KEPT_MAX:
            self._leave_out()
        self._news.set()

    def _leave_out(self) -> None:
        for place in range(self._sent, len(self._unsafe)):
            if isinstance(self._unsafe[place][1], Passed):
                del self._unsafe[place]
                return

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause_s = self._pauses.first_s
        while True:
            try:
                async with connect(
                    self._url,
                    subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    open_timeout=WITHIN_S,
                    close_timeout=1,
                    compression=None,
                    proxy=None,
                ) as socket:
                    await self._talk(socket)
            except (OSError, TimeoutError, WebSocketException, Unreadable) as error:
                self._lost(error)
            if self.connected:
                pause_s = self._pauses.first_s
            self.connected = False
            await asyncio.sleep(pause_s * self._dice.uniform(0.5, 1))
            pause_s = min(2 * pause_s, self._pauses.most_s)

    def _lost(self, error: Exception) -> None:
        """Take note of why there is no connection; each reason is a warning only once."""
        reason = self.trouble = why(error)
        if reason in self._reasons or len(self._reasons) >= REASONS_MAX:
            log.debug("link_lost", shuttle=self._shuttle, reason=reason)
            return
        self._reasons.add(reason)
        log.warning("link_lost", shuttle=self._shuttle, reason=reason)

    async def _talk(self, socket: ClientConnection) -> None:
        await self._send(
            socket,
            LinkHello(
                boot_id=self._boot_id,
                received_up_to=self._safe,
                plan_revision=self._revision,
                software=NAME,
            ),
        )
        frame = await self._frame(socket, WITHIN_S)
        if not isinstance(frame.body, LinkWelcome):
            raise Unreadable("frame.body", f"no welcome but {frame.body}")
        welcome = frame.body
        self._sent = 0
        self._in_flight_max = welcome.in_flight_max
        self._take(frame)
        self.connected = True
        self.trouble = ""
        self._reasons.clear()
        self._told.welcome(welcome)
        beat_s = welcome.heartbeat_ms / 1000
        await self._first_of(
            self._hear(socket, SILENT_BEATS * beat_s),
            self._report(socket),
            self._beat(socket, beat_s),
        )

    async def _first_of(self, *parts: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _hear(self, socket: ClientConnection, within_s: float) -> None:
        while True:
            frame = await self._frame(socket, within_s)
            self._take(frame)
            match frame.body:
                case Plan() as plan:
                    self._revision = max(self._revision, plan.revision)
                    self._told.plan(plan)
                case RoadsChanged() as roads:
                    self._told.roads(roads)
                case LinkHeartbeat(number=number, answer=False):
                    await self._send(socket, LinkHeartbeat(number, answer=True))
                case LinkError() as error:
                    self.errors = [*self.errors[-9:], error]
                    log.error("link_fault", shuttle=self._shuttle, reason=error.reason)
                    self._drop(error.number)

    def _take(self, frame: GatewayFrame) -> None:
        """Forget what is safe."""
        self._safe = max(self._safe, frame.received_up_to)
        while self._unsafe and self._unsafe[0][0] <= self._safe:
            self._unsafe.popleft()
            self._sent = max(self._sent - 1, 0)
        self._news.set()
        self._fewer.set()

    def _drop(self, number: int) -> None:
        """Forget a report that the gateway cannot take: it would not if it came again, either."""
        for place in range(self._sent):
            if number and self._unsafe[place][0] == number:
                del self._unsafe[place]
                self._sent -= 1
                self._fewer.set()
                return

    async def _report(self, socket: ClientConnection) -> None:
        while True:
            self._news.clear()
            while self._sent < min(len(self._unsafe), self._in_flight_max):
                number, report = self._unsafe[self._sent]
                self._sent += 1
                await socket.send(encode_shuttle_frame(ShuttleFrame(report, number)))
            await self._news.wait()

    async def _beat(self, socket: ClientConnection, every_s: float) -> None:
        number = 0
        while True:
            await asyncio.sleep(every_s)
            number += 1
            await self._send(socket, LinkHeartbeat(number))

    async def _send(self, socket: ClientConnection, body: LinkHello | LinkHeartbeat) -> None:
        await socket.send(encode_shuttle_frame(ShuttleFrame(body)))

    async def _frame(self, socket: ClientConnection, within_s: float) -> GatewayFrame:
        async with asyncio.timeout(within_s):
            data = await socket.recv()
        if isinstance(data, str):
            raise Unreadable("frame", "a text message; frames are binary")
        return decode_gateway_frame(data)


def why(error: Exception) -> str:
    """Say in a line why a link was refused or lost; of a refusal, the HTTP status and its words."""
    text = str(error) or type(error).__name__
    if isinstance(error, InvalidStatus):
        response = error.response
        words = (response.body or b"").decode(errors="replace")
        # Otherwise it is no gateway of ours, or something in between.
        with suppress(ValueError, TypeError, LookupError, RecursionError):
            words = str(json.loads(words)["detail"])
        text = f"HTTP {response.status_code} {response.reason_phrase}: {words}".rstrip(": \n")
    line = " ".join(text.split())[:REASON_MAX]
    return "".join(char if char.isprintable() else "?" for char in line)
