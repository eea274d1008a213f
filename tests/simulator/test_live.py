"""A living territory: who asks over HTTP is really picked up, by messages alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import httpx
import pytest

from services.domain.ride import NEXT, TERMINAL, Status
from services.domain.territory import Promises, StopTimes
from services.network.folder import Network
from services.runtime.clock import WallClock
from services.runtime.http_server import listen
from services.runtime.settings import Settings
from services.runtime.zone_clocks import zone_clocks
from services.simulator.live import House, PartFailed, build, live, start_clock
from services.simulator.warm_up import warm_up
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE, network

PROJECT = Path(__file__).parents[2]
DEMO = PROJECT / "territories" / "la-souterraine"
SPEED = 1000


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_up(territory())


def territory() -> Network:
    """Offers and shuttles wait long, so that a slow machine does not make riders late."""
    plain = network()
    settings = plain.territory.model_copy(
        update={
            "promises": Promises(offer_s=3600),
            "stop_times": StopTimes(patience_s=3600),
        }
    )
    return replace(plain, territory=settings)


@contextlib.asynccontextmanager
async def running(speed: float = SPEED) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    settings = Settings(answer_s=5, heartbeat_s=1)
    house = build(territory(), WallClock(DAY, EIGHT_S, speed), settings)
    await zone_clocks(house.store, house.served, 1, house.clock)
    parts = [asyncio.create_task(part.run()) for part in (house.dispatcher, house.shuttles)]
    transport = httpx.ASGITransport(app=house.app)
    async with (
        house.app.router.lifespan_context(house.app),
        httpx.AsyncClient(transport=transport, base_url="http://live") as client,
    ):
        yield house, client
    for part in parts:
        assert not part.done(), part
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def ask(client: httpx.AsyncClient, key: str, **changes: Any) -> dict[str, Any]:
    body = {"origin": VILLAGE, "destination": STATION} | changes
    answer = await client.post("/v1/rides", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    ride: dict[str, Any] = answer.json()
    return ride


async def events_of(client: httpx.AsyncClient, ride: str) -> list[tuple[str, str]]:
    """Names of all events of a ride and its status after each, once it came to its end."""
    async with asyncio.timeout(30):
        text = (await client.get(f"/v1/rides/{ride}/events")).text
    names = re.findall(r"^event: (\w+)$", text, re.MULTILINE)
    data = re.findall(r"^data: (.*)$", text, re.MULTILINE)
    return [
        (name, json.loads(one)["ride"]["status"]) for name, one in zip(names, data, strict=True)
    ]


async def test_who_accepts_an_offer_is_brought_to_the_stop() -> None:
    async with running() as (_, client):
        ride = await ask(client, "k-1")
        assert ride["status"] == "offered"
        await client.post(f"/v1/rides/{ride['id']}/accept")
        told = await events_of(client, ride["id"])
        shown = (await client.get(f"/v1/rides/{ride['id']}")).json()
    names = [name for name, _ in told if name != "retimed"]
    assert names == ["offered", "confirmed", "boarded", "completed"]
    assert shown["status"] == "completed"
    assert shown["offer"] == ride["offer"]


async def test_a_shuttle_that_stands_at_the_stop_leaves_once_its_riders_are_there() -> None:
    # The shuttle's depot is the stop of the village; the rider walks 15 m to it.
    async with running(speed=100) as (house, client):
        ride = await ask(client, "k-1")
        await client.post(f"/v1/rides/{ride['id']}/accept")
        async with asyncio.timeout(20):
            await house.app.state.view.changed(ride["id"], lambda s: s.status is Status.ABOARD)
        offered, *_, aboard = house.app.state.view.history(ride["id"])
    # A walk, a stop's base time and a party's, each with its chance; not all of its patience.
    assert aboard.at_ms - offered.at_ms < 300_000


async def test_a_living_zone_is_told_when_it_is_dark() -> None:
    lit = territory()
    fleet = tuple(g.model_copy(update={"drives_in_darkness": False}) for g in lit.territory.fleet)
    lit = replace(lit, territory=lit.territory.model_copy(update={"fleet": fleet}))
    house = build(lit, WallClock(DAY, EIGHT_S, SPEED), Settings(answer_s=5, heartbeat_s=1))
    turned = asyncio.Event()
    house.shuttles._world.roads_changed = lambda ways: turned.set()  # type: ignore[method-assign]
    await zone_clocks(house.store, house.served, 1, house.clock)
    runs = (house.dispatcher.run(), house.shuttles.run())
    parts = [asyncio.create_task(run) for run in runs]
    async with asyncio.timeout(20):
        await turned.wait()
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def test_an_offer_that_nobody_takes_expires() -> None:
    async with running() as (_, client):
        ride = await ask(client, "k-1")
        assert [name for name, _ in await events_of(client, ride["id"])] == ["offered", "expired"]


async def test_a_prebooked_ride_waits_for_its_time() -> None:
    async with running() as (_, client):
        later = DAY.moment(EIGHT_S + 1800).isoformat()
        ride = await ask(client, "k-1", departure=later)
        assert ride["offer"]["pickup_from"] >= later
        await client.post(f"/v1/rides/{ride['id']}/accept")
        names = [name for name, _ in await events_of(client, ride["id"])]
    assert names[-2:] == ["boarded", "completed"]


async def test_a_ride_that_cannot_be_is_refused_with_a_reason() -> None:
    async with running() as (_, client):
        ride = await ask(client, "k-1", seats=20)
    assert ride["status"] == "refused"
    assert ride["refusal"]["reason"] == "party_size"


@pytest.mark.parametrize("seed", [1])
async def test_every_ride_comes_to_its_end_by_legal_steps(seed: int) -> None:
    dice = random.Random(seed)
    places = [VILLAGE, STATION, {"lon": 1.5001, "lat": 46.3001}, {"lon": 1.4031, "lat": 46.2001}]

    async def rider(client: httpx.AsyncClient, key: str) -> list[tuple[str, str]]:
        await asyncio.sleep(dice.random())
        origin, destination = dice.sample(places, 2)
        ride = await ask(client, key, origin=origin, destination=destination)
        if ride["status"] == "offered" and dice.random() < 0.8:
            await client.post(f"/v1/rides/{ride['id']}/accept")
            if dice.random() < 0.3:
                await asyncio.sleep(dice.random())
                await client.delete(f"/v1/rides/{ride['id']}")
        return await events_of(client, ride["id"])

    async with running() as (house, client):
        stories = await asyncio.gather(*(rider(client, f"k-{n}") for n in range(20)))
        unread = house.registry.get_sample_value("navette_inputs_unreadable_total")
    assert unread == 0
    ends = set()
    for story in stories:
        status = Status.REQUESTED
        for _, after in story:
            assert after == status or Status(after) in NEXT[status], story
            status = Status(after)
        assert status in TERMINAL, story
        ends.add(status)
    assert Status.COMPLETED in ends


async def test_every_shuttle_and_message_passed_through_its_bytes() -> None:
    async with running() as (house, client):
        ride = await ask(client, "k-1")
        await client.post(f"/v1/rides/{ride['id']}/accept")
        await events_of(client, ride["id"])
        counted = {
            topic: house.registry.get_sample_value(
                "navette_messages_total", {"topic": topic, "outcome": "read"}
            )
            for topic in ("ride-commands", "ride-events", "shuttle-plans", "shuttle-reports")
        }
    assert all(counted.values()), counted


def test_a_clock_can_start_at_any_time_of_day() -> None:
    clock = start_clock("Europe/Paris", 60, time_of_day(8, 30))
    assert clock.day.moment(clock.now_s()).strftime("%H:%M") == "08:30"


async def test_when_a_part_fails_the_process_ends_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = build(territory(), WallClock(DAY, EIGHT_S), Settings())

    async def broken() -> None:
        await asyncio.sleep(0.1)
        raise AssertionError("a bug")

    monkeypatch.setattr(house.shuttles, "run", broken)
    said: list[str] = []
    with listen("127.0.0.1", 0) as port, pytest.raises(PartFailed, match="the shuttles failed"):
        async with asyncio.timeout(10):
            await live(house, port, lambda: said.append("ready"))
    assert said == ["ready"]


@contextlib.contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [sys.executable, "-c", "from services.cli import main; main()", "up", str(DEMO)]
    # Its own group, so that a signal to this test does not reach it, nor the other way round.
    started = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=PROJECT,
        start_new_session=True,
        env=os.environ | {"NAVETTE_PORT": "0"},
    )
    lines: list[str] = []
    try:
        yield started, lines
    finally:
        started.kill()
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


def read_until(started: subprocess.Popen[str], pattern: str, lines: list[str]) -> str:
    assert started.stdout is not None
    for line in started.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError("".join(lines))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    with process("--at", "08:00", "--speed", "10") as (started, lines):
        url = read_until(started, r"(http://127\.0\.0\.1:\d+)/v1/rides", lines)
        request = UrlRequest(
            f"{url}/v1/rides",
            data=json.dumps(
                {
                    "origin": {"lon": 1.5108, "lat": 46.2797},
                    "destination": {"lon": 1.4922, "lat": 46.2398},
                }
            ).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": "k-1"},
        )
        with urlopen(request, timeout=10) as answer:
            ride = json.load(answer)
        assert ride["status"] == "offered"
        with urlopen(f"{url}/v1/rides/{ride['id']}/events", timeout=10) as stream:
            assert stream.readline().startswith(b"retry")
            started.send_signal(number)
            rest, _ = started.communicate(timeout=15)
        assert started.returncode == 0, rest
        assert rest.rstrip().endswith("Ended.")
        assert "Traceback" not in rest


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        with process("--port", port) as (started, _):
            said, _ = started.communicate(timeout=60)
    assert started.returncode == 2
    assert said.startswith(f"navette: cannot serve on 127.0.0.1, port {port}")
