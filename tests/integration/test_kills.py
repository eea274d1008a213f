"""Each part of a real service is killed under load, once; nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx
import pytest

from services.domain.events import (
    OfferExpired,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideFailed,
    RideNoShow,
    RideRefused,
)
from services.domain.ids import RideId, ZoneId
from services.domain.ride import TERMINAL, Status
from services.runtime.database import connect
from services.runtime.journal import entries, verify
from services.runtime.kafka import KafkaLog
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.loopback import free_port
from services.runtime.postgres import PostgresStore
from services.runtime.settings import KafkaSettings, read_settings
from services.simulator.replay.replay_command import Asked, replay
from services.wire.envelope import Envelope
from services.wire.topics import Topic, partition_of

PROJECT = Path(__file__).parents[2]
DEMO = PROJECT / "territories" / "la-souterraine"
ZONE = ZoneId("la-souterraine")
SPEED = 30
"""A ride of twenty minutes is over in forty seconds."""
RIDERS = 6
VICTIMS = ("dispatcher-0", "gateway", "kafka", "postgres")
BACK_S_MAX = 30
PLAN_S_MAX = 10
START_S_MAX = 120
END_S_MAX = 180


@dataclass
class Service:
    """A real service, as its folder and its port show it."""

    data: Path
    port: int
    client: httpx.AsyncClient
    said: list[str] = field(default_factory=list)

    async def ready(self, within_s: float) -> float:
        """Wait until all is ready; return for how long."""
        began = monotonic()
        while True:
            with suppress(httpx.HTTPError):
                if (await self.client.get("/readyz", timeout=5)).status_code == 200:
                    return monotonic() - began
            assert monotonic() - began < within_s, f"not ready after {within_s} s"
            await asyncio.sleep(0.1)

    def kill(self, name: str) -> None:
        os.kill(int((self.data / "run" / f"{name}.pid").read_text()), signal.SIGKILL)


@asynccontextmanager
async def service(data: Path) -> AsyncIterator[Service]:
    port = free_port()
    command = (sys.executable, "-m", "services.cli", "up", str(DEMO), "--real", "--at", "08:00")
    options = ("--speed", str(SPEED), "--data", str(data), "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        *command, *options, cwd=PROJECT, start_new_session=True
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            made = Service(data, port, client)
            await made.ready(START_S_MAX)
            yield made
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.wait()


class Riders:
    """People who ask, accept and cancel, and send again whatever was not answered."""

    def __init__(self, service: Service, seed: int) -> None:
        self._service = service
        self._dice = random.Random(seed)
        self.acknowledged: dict[str, str] = {}
        """Rides that somebody was told of, and what was last known of them."""
        with (DEMO / "stops.csv").open(encoding="utf-8") as file:
            self._stops = [
                {"lon": float(row["lon"]), "lat": float(row["lat"])} for row in csv.DictReader(file)
            ]

    async def ride(self, number: str) -> None:
        """Ask for a ride, and decide about it."""
        origin, destination = self._dice.sample(self._stops, 2)
        body = {"origin": origin, "destination": destination}
        answer = await self._insist("POST", "", body, {"Idempotency-Key": number})
        ride = answer.json()
        assert answer.status_code in (201, 202), answer.text
        self.acknowledged[ride["id"]] = ride["status"]
        if ride["status"] == "offered" and self._dice.random() < 0.8:
            answer = await self._insist("POST", f"/{ride['id']}/accept")
            assert answer.status_code in (200, 202, 409), answer.text
            if self._dice.random() < 0.2:
                answer = await self._insist("DELETE", f"/{ride['id']}")
                assert answer.status_code in (200, 202, 409), answer.text

    async def go_on(self, name: int) -> None:
        """Ask for ride after ride until cancelled."""
        number = 0
        while True:
            await self.ride(f"{name}-{number}")
            await asyncio.sleep(self._dice.expovariate(1 / 2))
            number += 1

    async def ended(self) -> Counter[str]:
        """Wait until every ride that somebody was told of came to its end; count the ends."""
        async with asyncio.timeout(END_S_MAX):
            for ride_id in self.acknowledged:
                while True:
                    ride = (await self._insist("GET", f"/{ride_id}")).json()
                    if Status(ride["status"]) in TERMINAL:
                        break
                    await asyncio.sleep(1)
                self.acknowledged[ride_id] = ride["status"]
        return Counter(self.acknowledged.values())

    async def _insist(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        while True:
            with suppress(httpx.HTTPError):
                answer = await self._service.client.request(
                    method, f"/v1/rides{path}", json=body, headers=headers, timeout=15
                )
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("seed", [1])
async def test_whoever_dies_every_acknowledged_ride_comes_to_one_end(
    real_servers: None, tmp_path: Path, seed: int
) -> None:
    async with service(tmp_path / "data") as here:
        riders = Riders(here, seed)
        asking = [asyncio.create_task(riders.go_on(number)) for number in range(RIDERS)]
        await asyncio.sleep(5)
        for victim in VICTIMS:
            here.kill(victim)
            if victim == "dispatcher-0":
                async with asyncio.timeout(PLAN_S_MAX):
                    await riders.ride(f"after {victim}".replace(" ", "-"))
            await here.ready(BACK_S_MAX)
            await asyncio.sleep(5)
            for one in asking:
                assert not one.done(), one.result()
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        ends = await riders.ended()
        assert ends[Status.COMPLETED] > 0
        await audit(here, set(riders.acknowledged))


async def audit(here: Service, acknowledged: set[str]) -> None:
    """The journal's chain holds, each ride ended once in it, and all of it went out, in order."""
    ports = json.loads((here.data / "ports.json").read_text())
    engine = connect(LocalPostgres(here.data / "postgres", ports["postgres"]).url())
    address = LocalKafka(here.data / "kafka", ports["kafka"]).address
    log = KafkaLog(read_settings(KafkaSettings, kafka=address))
    try:
        kept = [entry async for entry in entries(PostgresStore(engine), ZONE)]
        verify(kept)
        assert [entry.number for entry in kept] == list(range(1, len(kept) + 1))
        ends: Counter[RideId] = Counter()
        decided = {}
        for entry in kept:
            for number, event in enumerate(entry.decided()):
                decided[f"{ZONE}/{entry.number}/{number}"] = event
                if isinstance(event, ENDS):
                    ends[event.ride_id] += 1
                elif isinstance(event, RideConfirmed) and ends[event.ride_id]:
                    ends[event.ride_id] -= 1  # accepted late, and the promise can still be kept
        assert {ride: ends[RideId(ride)] for ride in acknowledged} == dict.fromkeys(acknowledged, 1)
        await log.start()
        published = await went_out(log, Topic.RIDE_EVENTS) | await went_out(
            log, Topic.SHUTTLE_PLANS
        )
        assert published.keys() == decided.keys()
        assert all(published[name] == decided[name] for name in decided)
        assert await asyncio.to_thread(replayed, str(engine.url.render_as_string(False)))
    finally:
        await log.close()
        await engine.dispose()


def replayed(database: str) -> bool:
    """Whether all of it is decided again as it was, whoever had owned the zone."""
    url = database.replace("+asyncpg", "")
    asked = Asked(territories=[DEMO], zone=ZONE, database=url, kafka=None, first=None, last=None)
    return replay(None, asked)


ENDS = (RideRefused, OfferExpired, RideCancelled, RideCompleted, RideNoShow, RideFailed)


async def went_out(log: KafkaLog, topic: Topic) -> dict[str, object]:
    """All messages of a topic as a reader sees them that drops repeats."""
    partition = partition_of(ZONE, log.partitions)
    found: dict[str, object] = {}
    reader = log.reader(topic, partition, await log.offset_at(topic, partition, 0))
    end, version = await log.end(topic, partition), 0
    while reader.position < end:
        for record in await reader.read():
            assert isinstance(record.value, Envelope)
            if record.value.message_id not in found:
                assert record.value.version >= version, "out of order"
                version = record.value.version
            found[record.value.message_id] = record.value.body
    reader.close()
    return found
