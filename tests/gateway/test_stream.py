"""Riders follow their ride over a real connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.domain.errors import Unavailable
from services.domain.events import (
    OfferExpired,
    RideBoarded,
    RideCompleted,
    RideConfirmed,
    RideRetimed,
)
from services.domain.ids import RideId, ShuttleId
from services.gateway.app import Backing, create_app
from services.gateway.areas import ZONE, Area, Areas
from services.runtime.clock import WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.http_server import GRACE_S, HttpServer, listen
from services.runtime.memory import MemoryLog
from services.runtime.settings import Settings
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE, Peer, agreeable, network

SHUTTLE = ShuttleId("bus-1")


@dataclass
class Heard:
    """What came over a stream so far."""

    events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    comments: int = 0

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.events]


@dataclass
class Site:
    client: httpx.AsyncClient
    peer: Peer
    server: HttpServer
    registry: CollectorRegistry

    def streams(self) -> float:
        return self.registry.get_sample_value("navette_streams_total") or 0.0

    async def ride(self, key: str = "k-1") -> RideId:
        answer = await self.client.post(
            "/v1/rides",
            json={"origin": VILLAGE, "destination": STATION},
            headers={"Idempotency-Key": key},
        )
        assert answer.status_code == 201
        return RideId(answer.json()["id"])

    async def listen(self, ride: RideId, heard: Heard, after: int | None = None) -> int:
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        url = f"/v1/rides/{ride}/events"
        async with self.client.stream("GET", url, headers=headers) as answer:
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, text = line.partition(": ")
                if line.startswith(":"):
                    heard.comments += 1
                elif line:
                    fields[name] = text
                elif "data" in fields:
                    heard.events.append(
                        (int(fields["id"]), fields["event"], json.loads(fields["data"]))
                    )
                    fields = {}
            return answer.status_code


@contextlib.asynccontextmanager
async def site(**changes: Any) -> AsyncIterator[Site]:
    settings = Settings(**({"heartbeat_s": 0.05, "answer_s": 2} | changes))
    log = EmbeddedLog(MemoryLog())
    areas = Areas([Area(ZONE, network(), WallClock(DAY, EIGHT_S))])
    app = create_app(areas, Backing(log=log, store=EmbeddedStore()), settings)
    peer = Peer(log, agreeable)
    answering = asyncio.create_task(peer.run())
    server, port = HttpServer(app, app.state.view.close), listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve([port]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{port.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        yield Site(client, peer, server, app.state.registry)
    server.should_exit = True
    await serving
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_stream_tells_all_that_happens_and_ends_with_the_ride() -> None:
    async with site() as here:
        ride = await here.ride()
        heard = Heard()
        listening = asyncio.create_task(here.listen(ride, heard))
        await until(lambda: heard.names == ["offered"])
        await here.client.post(f"/v1/rides/{ride}/accept")
        await here.peer.say(RideRetimed(ride, EIGHT_S + 1000, EIGHT_S + 2000, promise_kept=False))
        await here.peer.say(RideBoarded(ride, SHUTTLE, EIGHT_S + 1000))
        await until(lambda: "boarded" in heard.names)
        assert not listening.done()
        await here.peer.say(RideCompleted(ride, SHUTTLE, EIGHT_S + 2000))
        assert await asyncio.wait_for(listening, 5) == 200
    assert heard.names == ["offered", "confirmed", "retimed", "boarded", "completed"]
    statuses = [data["ride"]["status"] for _, _, data in heard.events]
    assert statuses == ["offered", "confirmed", "confirmed", "aboard", "completed"]
    ids = [number for number, _, _ in heard.events]
    assert ids == sorted(set(ids))
    assert heard.events[2][2]["ride"]["expected"]["promise_kept"] is False
    assert heard.events[0][2]["at"].startswith("2026-")


async def test_a_stream_goes_on_behind_the_last_event_that_was_heard() -> None:
    async with site() as here:
        ride = await here.ride()
        await here.peer.say(RideConfirmed(ride))
        await here.peer.say(RideCompleted(ride, SHUTTLE, EIGHT_S + 2000))
        first, second = Heard(), Heard()
        await here.listen(ride, first)
        assert first.names == ["offered", "confirmed", "completed"]
        await here.listen(ride, second, after=first.events[0][0])
        assert second.events == first.events[1:]
        # All was heard: the caller is told not to come back.
        assert await here.listen(ride, Heard(), after=first.events[-1][0]) == 204


async def test_a_silent_stream_shows_that_it_lives() -> None:
    async with site() as here:
        ride = await here.ride()
        heard = Heard()
        listening = asyncio.create_task(here.listen(ride, heard))
        await until(lambda: heard.comments >= 3)
        await here.peer.say(OfferExpired(ride))
        await listening
    assert heard.names == ["offered", "expired"]


async def test_rides_are_told_apart_on_their_streams() -> None:
    async with site() as here:
        rides = [await here.ride(f"k-{n}") for n in range(3)]
        heards = [Heard() for _ in rides]
        listening = [
            asyncio.create_task(here.listen(*pair)) for pair in zip(rides, heards, strict=True)
        ]
        await here.peer.say(OfferExpired(rides[1]))
        await listening[1]
        assert heards[1].names == ["offered", "expired"]
        assert not listening[0].done()
        for ride in (rides[0], rides[2]):
            await here.peer.say(OfferExpired(ride))
        await asyncio.gather(*listening)
        assert {data["ride"]["id"] for _, _, data in heards[0].events} == {rides[0]}


async def test_a_listener_that_goes_away_leaves_nothing_behind() -> None:
    async with site() as here:
        ride = await here.ride()
        heard = Heard()
        listening = asyncio.create_task(here.listen(ride, heard))
        await until(lambda: heard.events)
        assert here.streams() == 1
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        async with asyncio.timeout(10):
            while here.streams() > 0:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_more_streams_than_allowed_are_told_to_come_back() -> None:
    async with site(streams_max=1) as here:
        ride = await here.ride()
        heard = Heard()
        listening = asyncio.create_task(here.listen(ride, heard))
        await until(lambda: heard.events)
        answer = await here.client.get(f"/v1/rides/{ride}/events")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        await here.peer.say(OfferExpired(ride))
        await listening


async def test_an_open_stream_does_not_hold_up_the_end_of_the_server() -> None:
    async with site() as here:
        ride = await here.ride()
        heard = Heard()
        listening = asyncio.create_task(here.listen(ride, heard))
        await until(lambda: heard.events)
        here.server.should_exit = True
        async with asyncio.timeout(GRACE_S / 2):
            assert await listening == 200


async def test_an_answer_does_not_wait_for_an_acknowledgement_of_its_head() -> None:
    async with site() as here:
        began = time.perf_counter()
        for _ in range(20):
            await here.client.get("/healthz")
        assert time.perf_counter() - began < 20 * 0.03


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}"):
            listen("127.0.0.1", port)
