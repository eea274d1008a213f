"""A territory whose shuttles know nothing but their links."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr

from services.domain.ids import ShuttleId
from services.gateway.areas import ZONE
from services.network.folder import Network
from services.network.served import Served
from services.network.zone_networks import whole
from services.runtime.clock import WallClock
from services.runtime.http_server import HttpServer, listen
from services.runtime.settings import Settings
from services.runtime.zone_clocks import zone_clocks
from services.simulator.contact import LinkContact
from services.simulator.link_client import Pauses
from services.simulator.link_serving import drive_linked, unconnected
from services.simulator.live import House, build
from services.simulator.warm_up import warm_up
from tests.gateway.links import KEY, breaking, gateway, shuttle
from tests.gateway.peer import DAY, EIGHT_S
from tests.simulator.test_live import SPEED, ask, events_of, territory


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_up(territory())


@contextlib.asynccontextmanager
async def running(
    budgets: list[tuple[int, int]], network: Network | None = None, **chosen: Any
) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    """Gateway and dispatcher; the shuttles are connected by ways that break."""
    settings = Settings(answer_s=5, heartbeat_s=1, shuttle_key=SecretStr(KEY), **chosen)
    house = build(network or territory(), WallClock(DAY, EIGHT_S, SPEED), settings)
    await zone_clocks(house.store, house.served, settings.partitions, house.clock)
    with listen("127.0.0.1", 0) as opened:
        server = HttpServer(house.app, house.app.state.view.close)
        serving = asyncio.create_task(server.serve([opened]))
        number = opened.getsockname()[1]
        async with (
            breaking(number, budgets) as port,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=house.app), base_url="http://live"
            ) as client,
        ):
            url = f"ws://127.0.0.1:{port}"
            shuttles = [ShuttleId("shuttle-1")]
            contact = LinkContact(url, KEY, ZONE, shuttles, Pauses(0.01, 0.05))
            driving = drive_linked(Served(ZONE, whole(house.served[0].network)), contact, 1)
            parts = [
                asyncio.create_task(part)
                for part in (house.dispatcher.run(), contact.run(), driving)
            ]
            async with asyncio.timeout(30):
                await contact.welcomed
            yield house, client
            for part in parts:
                assert not part.done(), part
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            server.stop()
            await serving
    house.attendants.stop()


@pytest.mark.parametrize("seed", [0, 1])
async def test_riders_are_brought_where_they_go_over_links_that_break(seed: int) -> None:
    dice = random.Random(seed)
    budgets = [(dice.randint(400, 1500), dice.randint(400, 1500)) for _ in range(10 * seed)]
    async with running(budgets) as (_, client):
        rides = [await ask(client, f"k-{n}") for n in range(3)]
        for ride in rides:
            await client.post(f"/v1/rides/{ride['id']}/accept")
        for ride in rides:
            names = [name for name, _ in await events_of(client, ride["id"])]
            steps = [name for name in names if name in ("boarded", "completed", "failed")]
            assert steps == ["boarded", "completed"], names
    assert len(budgets) < max(10 * seed, 1), "no link broke"


@contextlib.asynccontextmanager
async def trying(url: str, name: str, key: str = KEY) -> AsyncIterator[LinkContact]:
    """A shuttle that goes on trying to connect."""
    contact = LinkContact(url, key, ZONE, [ShuttleId(name)], Pauses(0.01, 0.02))
    running = asyncio.create_task(contact.run())
    yield contact
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def reached(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110 - nobody says so
            await asyncio.sleep(0.005)


def lost(captured: list[Any], level: str) -> list[str]:
    """The reasons for lost links that were logged at this level."""
    return [
        entry["reason"]
        for entry in captured
        if (entry["event"], entry["log_level"]) == ("link_lost", level)
    ]


@pytest.mark.parametrize(
    ("name", "key", "status"),
    [
        ("shuttle-9", KEY, "HTTP 404 Not Found: "),
        ("shuttle-1", "another key, as long as that", "HTTP 401 Unauthorized: "),
    ],
)
async def test_a_link_that_is_refused_is_a_warning_once_and_readiness_says_why(
    name: str, key: str, status: str
) -> None:
    with structlog.testing.capture_logs() as captured:
        async with gateway() as house, trying(house.url, name, key) as contact:
            await reached(lambda: len(lost(captured, "debug")) >= 2)
            reasons = unconnected(contact)
    (warning,) = lost(captured, "warning")
    assert warning.startswith(status)
    assert "{" not in warning, "the words, not the document"
    assert reasons == [f"{name} is not connected: {warning}"]


async def test_a_link_that_is_lost_again_after_it_held_is_a_warning_again() -> None:
    with structlog.testing.capture_logs() as captured:
        async with gateway() as house, trying(house.url, "shuttle-1") as contact:
            for number in (1, 2):
                await reached(lambda: unconnected(contact) == [])
                async with shuttle(house.port):  # takes its place
                    await reached(lambda: len(lost(captured, "warning")) >= number)  # noqa: B023
    first, second, *_ = lost(captured, "warning")
    assert first == second


async def test_a_gateway_that_is_not_there_is_the_reason() -> None:
    async with trying("ws://127.0.0.1:9", "shuttle-1") as contact:
        assert unconnected(contact) == ["shuttle-1 is not connected"]
        await reached(lambda: contact.clients[ShuttleId("shuttle-1")].trouble != "")
        (reason,) = unconnected(contact)
    assert "shuttle-1 is not connected: [Errno" in reason
