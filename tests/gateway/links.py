"""A gateway on a port of its own, a shuttle by hand, and networks that break."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from services.domain.errors import Unavailable
from services.domain.events import Event, PlanIssued, Report
from services.domain.ids import ShuttleId
from services.domain.plan import Plan
from services.gateway.app import Backing, create_app
from services.gateway.areas import ZONE, Area, Areas
from services.runtime.clock import WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.http_server import HttpServer, listen
from services.runtime.memory import MemoryLog
from services.runtime.settings import Settings
from services.runtime.shuttle_tokens import shuttle_token
from services.wire.codec import decode
from services.wire.envelope import Envelope
from services.wire.link import (
    SUBPROTOCOL,
    GatewayFrame,
    LinkHeartbeat,
    LinkHello,
    ShuttleFrame,
    decode_gateway_frame,
    encode_shuttle_frame,
)
from services.wire.topics import Topic, key_of, topic_of
from tests.gateway.peer import DAY, EIGHT_S, network

KEY = "a key that is long enough"
SHUTTLE = ShuttleId("shuttle-1")
PATH = f"/v1/shuttles/{SHUTTLE}/link"
BOOT = "boot-0001"
HELLO = LinkHello(boot_id=BOOT)


class FlakyLog(EmbeddedLog):
    """Fails as it is told: takes so many of the messages given, then says that it took none."""

    def __init__(self, memory: MemoryLog[bytes]) -> None:
        super().__init__(memory)
        self.fails: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def append_all(self, values: Sequence[Envelope]) -> None:
        await self.open.wait()
        if self.fails:
            await super().append_all(values[: self.fails.pop(0)])
            raise Unavailable("nobody can say")
        await super().append_all(values)


@dataclass
class Gateway:
    app: Starlette
    log: FlakyLog
    memory: MemoryLog[bytes]
    port: int

    async def plan(self, revision: int) -> None:
        await self.tell(PlanIssued(Plan(shuttle_id=SHUTTLE, revision=revision, visits=())))

    async def tell(self, event: Event) -> None:
        envelope = Envelope(
            message_id=str(event)[:200],
            zone=ZONE,
            happened_at_ms=1,
            recorded_at_ms=1,
            zone_time_s=EIGHT_S,
            version=1,
            body=event,
        )
        await self.log.append(topic_of(event), key_of(event, ZONE), envelope)

    def reported(self) -> list[Envelope]:
        """All that lies on the topic of reports, repeats included."""
        return [decode(item.value) for item in self.memory.read(Topic.SHUTTLE_REPORTS)]

    def metric(self, name: str, **labels: str) -> float:
        return self.app.state.registry.get_sample_value(name, labels) or 0.0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def gateway(store: EmbeddedStore | None = None, **changes: Any) -> AsyncIterator[Gateway]:
    key = {"shuttle_key": SecretStr(KEY)}
    settings = Settings(**(key | changes))
    memory: MemoryLog[bytes] = MemoryLog(bound=10_000)
    log = FlakyLog(memory)
    areas = Areas([Area(ZONE, network(), WallClock(DAY, EIGHT_S))])
    store = store or EmbeddedStore()
    app = create_app(areas, Backing(log=log, store=store), settings)
    with listen("127.0.0.1", 0) as port:
        server = HttpServer(app)
        serving = asyncio.create_task(server.serve([port]))
        number = port.getsockname()[1]
        async with asyncio.timeout(10), httpx.AsyncClient() as client:
            while not server.started:  # noqa: ASYNC110 - a flag of uvicorn's, set once
                await asyncio.sleep(0.005)
            while (await client.get(f"http://127.0.0.1:{number}/healthz")).status_code != 200:
                pass
        try:
            yield Gateway(app, log, memory, number)
        finally:
            server.stop()
            await serving


@dataclass
class Hand:
    """A shuttle whose every frame is sent by hand."""

    socket: ClientConnection

    async def send(self, body: LinkHello | LinkHeartbeat | Report, number: int = 0) -> None:
        await self.socket.send(encode_shuttle_frame(ShuttleFrame(body, number)))

    async def hears(self, kind: type = object) -> GatewayFrame:
        """The next frame whose body is of this kind."""
        async with asyncio.timeout(10):
            while True:
                data = await self.socket.recv()
                assert isinstance(data, bytes)
                frame = decode_gateway_frame(data)
                if isinstance(frame.body, kind):
                    return frame

    async def is_told_safe(self, number: int) -> None:
        while (await self.hears()).received_up_to < number:
            pass


@contextlib.asynccontextmanager
async def shuttle(
    port: int, hello: LinkHello | None = HELLO, **changes: Any
) -> AsyncIterator[Hand]:
    token = changes.get("token", shuttle_token(KEY, ZONE, SHUTTLE))
    async with connect(
        f"ws://127.0.0.1:{port}{changes.get('path', PATH)}",
        subprotocols=changes.get("subprotocols", [SUBPROTOCOL]),
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        proxy=None,
        close_timeout=1,
    ) as socket:
        hand = Hand(socket)
        if hello is not None:
            await hand.send(hello)
        yield hand


@contextlib.asynccontextmanager
async def breaking(port: int, budgets: list[tuple[int, int]]) -> AsyncIterator[int]:
    """A way to a port on which each connection breaks after so many bytes there, or back.

    Once the budgets are used up, it holds.
    """
    ways: set[asyncio.Task[None]] = set()

    async def pump(
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        budget: int,
        end: Callable[[], None],
    ) -> None:
        try:
            while data := await reader.read(4096):
                writer.write(data[:budget])
                await writer.drain()
                budget -= len(data)
                if budget <= 0:
                    break
        except OSError:
            pass
        finally:
            end()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = budgets.pop(0) if budgets else (1 << 40, 1 << 40)
        onward, away = await asyncio.open_connection("127.0.0.1", port)

        def end() -> None:
            for side in (writer, away):
                side.transport.abort()

        for task in (pump(reader, away, there, end), pump(onward, writer, back, end)):
            ways.add(asyncio.create_task(task))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
