"""Gateways that know nothing of each other but the log and the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from services.domain.ids import ZoneId
from services.gateway.app import Backing, create_app
from services.gateway.areas import ZONE, Area, Areas
from services.runtime.clock import WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.memory import MemoryLog
from services.runtime.settings import Settings
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE, Peer, agreeable, network

OTHER = ZoneId("other")


@contextlib.asynccontextmanager
async def two_gateways() -> AsyncIterator[tuple[list[httpx.AsyncClient], Peer]]:
    """Clients of both, and who answers."""
    log, store = EmbeddedLog(MemoryLog[bytes](bound=1000)), EmbeddedStore()
    peer = Peer(log, agreeable)
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            zones = [Area(zone, network(), WallClock(DAY, EIGHT_S)) for zone in (ZONE, OTHER)]
            app = create_app(Areas(zones), Backing(log=log, store=store), Settings(answer_s=0.5))
            await stack.enter_async_context(app.router.lifespan_context(app))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://g")
            clients.append(await stack.enter_async_context(client))
        answering = asyncio.create_task(peer.run())
        yield clients, peer
        answering.cancel()


async def ask(client: httpx.AsyncClient, body: Mapping[str, Any]) -> httpx.Response:
    return await client.post("/v1/rides", json=body, headers={"Idempotency-Key": "k-1"})


SAME = {"origin": VILLAGE, "destination": STATION, "territory": ZONE}


@pytest.mark.parametrize("change", [{"seats": 3}, {"territory": OTHER}, {"origin": STATION}])
async def test_one_key_with_two_bodies_is_one_ride_even_at_the_same_moment(
    change: dict[str, Any],
) -> None:
    async with two_gateways() as ((first, second), peer):
        answers = await asyncio.gather(ask(first, SAME), ask(second, SAME | change))
        late = await ask(first, SAME | change), await ask(second, SAME)
        assert len(peer.commands) == 1
    assert [answer.status_code for answer in answers] == [201, 422]
    assert answers[1].json()["type"] == "urn:navette:problem:idempotency-key-reused"
    assert [answer.status_code for answer in late] == [422, 201]


async def test_one_key_with_one_body_is_one_ride_at_both() -> None:
    async with two_gateways() as ((first, second), _):
        one, other = await asyncio.gather(ask(first, SAME), ask(second, SAME))
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json() == other.json()
