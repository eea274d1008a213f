"""Plays gateway and dispatcher for one shuttle, and keeps all that it says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from services.domain.errors import Unreadable
from services.domain.events import Report
from services.domain.ids import ShuttleId, ZoneId
from services.domain.plan import Plan, Visit
from services.runtime.clock import Clock
from services.runtime.shuttle_tokens import is_token
from services.wire.link import (
    FRAME_BYTES_MAX,
    SUBPROTOCOL,
    GatewayBody,
    GatewayFrame,
    LinkHeartbeat,
    LinkHello,
    LinkWelcome,
    decode_shuttle_frame,
    encode_gateway_frame,
)

HEARTBEAT_S = 10.0

REFUSALS_MAX = 20
"""So many different refusals are told."""

NAME_MAX = 100


class Said(NamedTuple):
    """A report as it came: over which connection, under which number."""

    connection: int
    number: int
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The shuttle that is judged, and how.

    Parameters
    ----------
    zone, shuttle
        Its ids.
    home, away
        Stops between which it is sent; it stands at the first one.
    drive_s
        How long that takes, at most.
    key
        From which its token is made; absent: any token is taken.
    within_s
        Real seconds within which it answers.
    """

    zone: ZoneId
    shuttle: ShuttleId
    home: int
    away: int
    drive_s: int
    key: str | None = None
    within_s: float = 10.0


class Bench:
    """The other end of the link.

    Parameters
    ----------
    subject
        Who is judged.
    clock
        The zone's.
    say
        Hears who was refused, and why; the same only once.
    """

    def __init__(
        self, subject: Subject, clock: Clock, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.subject = subject
        self.clock = clock
        self._say = say
        self._refusals: set[str] = set()
        self.hellos: list[LinkHello] = []
        self.said: list[Said] = []
        self.answers: list[int] = []
        self.wrong: list[str] = []
        self.safe = 0
        self.acknowledging = True
        self.refusing = False
        self.revision = 0
        self._socket: ServerConnection | None = None
        self._news = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[Server]:
        """Wait for the shuttle on a port."""
        async with serve(
            self._talk,
            host,
            port,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            process_request=self._admit,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            close_timeout=1,
        ) as server:
            yield server

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        if self.refusing:
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "a white zone\n")
        subject = self.subject
        path, _, query = request.path.partition("?")
        zone = parse_qs(query).get("territory", [subject.zone])[0]
        if zone != subject.zone:
            return self._refuse(
                socket,
                HTTPStatus.NOT_FOUND,
                f"somebody asked for territory {zone[:NAME_MAX]!r}, "
                f"this test is of '{subject.zone}' (--zone)",
            )
        if path != f"/v1/shuttles/{subject.shuttle}/link":
            return self._refuse(
                socket,
                HTTPStatus.NOT_FOUND,
                f"somebody came as another shuttle, {subject.shuttle} is awaited here (--shuttle)",
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return self._refuse(
                socket, HTTPStatus.UNAUTHORIZED, "there was no Authorization: Bearer TOKEN"
            )
        key = subject.key
        if key is not None and not is_token(token, key, subject.zone, subject.shuttle):
            return self._refuse(
                socket,
                HTTPStatus.UNAUTHORIZED,
                f"the token is not that of {subject.shuttle} in territory '{subject.zone}'",
            )
        return None

    def _refuse(self, socket: ServerConnection, status: HTTPStatus, reason: str) -> Response:
        if reason not in self._refusals and len(self._refusals) < REFUSALS_MAX:
            self._refusals.add(reason)
            self._say(f"refused with HTTP {status.value}: {reason}")
        return socket.respond(status, f"{reason}\n")

    async def _talk(self, socket: ServerConnection) -> None:
        try:
            hello = self._read(await socket.recv())
            if not isinstance(hello, LinkHello):
                self.wrong.append("the first frame is no hello")
                return
            self._socket = socket
            self.hellos.append(hello)
            await self.send(self._welcome())
            await self._tell()
            async for data in socket:
                await self._take(self._read(data))
        except ConnectionClosed:
            pass

    def _welcome(self) -> LinkWelcome:
        clock = self.clock
        return LinkWelcome(
            zone=self.subject.zone,
            midnight_ms=round(clock.day.midnight.timestamp() * 1000),
            now_ms=clock.now_ms(),
            speed_permille=round(clock.speed * 1000),
            heartbeat_ms=round(HEARTBEAT_S * 1000),
            in_flight_max=100,
        )

    def _read(self, data: bytes | str) -> LinkHello | LinkHeartbeat | Said | None:
        try:
            if isinstance(data, str):
                raise Unreadable("frame", "a text message")
            frame = decode_shuttle_frame(data)
        except Unreadable as error:
            self.wrong.append(str(error))
            return None
        if isinstance(frame.body, LinkHello | LinkHeartbeat):
            return frame.body
        return Said(len(self.hellos), frame.number, frame.body)

    async def _take(self, body: LinkHello | LinkHeartbeat | Said | None) -> None:
        match body:
            case LinkHeartbeat(number=number, answer=True):
                self.answers.append(number)
            case LinkHeartbeat(number=number):
                await self.send(LinkHeartbeat(number, answer=True))
            case Said(connection, number, report):
                last = max(
                    (one.number for one in self.said if one.connection == connection), default=0
                )
                if number <= last:
                    self.wrong.append(f"the number {number} comes after {last}")
                if report.shuttle_id != self.subject.shuttle:
                    self.wrong.append(f"a report on {report.shuttle_id}")
                self.said.append(body)
                if self.acknowledging:
                    await self.acknowledge()
            case LinkHello():
                self.wrong.append("a second hello")
        await self._tell()

    async def acknowledge(self) -> None:
        """Say that all that came is safe."""
        self.safe = max((one.number for one in self.said), default=0)
        await self.send(None)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def send(self, body: GatewayBody | None) -> None:
        """Send a frame, if there is a connection."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(encode_gateway_frame(GatewayFrame(self.safe, body)))

    async def plan(self, *visits: Visit, revision: int | None = None) -> int:
        """Send a plan, with the next revision unless told otherwise; return its revision."""
        if revision is None:
            self.revision += 1
            revision = self.revision
        await self.send(Plan(shuttle_id=self.subject.shuttle, revision=revision, visits=visits))
        return revision

    def cut(self) -> None:
        """Break the connection, without a word."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    async def until(self, done: Callable[[], bool], within_s: float) -> bool:
        """Wait until something is so; tell whether it came to be."""
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(done)
        except TimeoutError:
            return False
        return True

    def since(self, mark: int) -> list[Report]:
        """Reports from the ``mark``-th one on, each once."""
        known = {one.number for one in self.said[:mark]}
        found = {one.number: one.report for one in self.said[mark:] if one.number not in known}
        return list(found.values())

    def drive_within_s(self, drives: int) -> float:
        """Return the real seconds within which a shuttle has done so many drives."""
        return drives * self.subject.drive_s / self.clock.speed + self.subject.within_s
