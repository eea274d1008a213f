"""How many zones one dispatcher process holds, with every shuttle reporting once a second.

Each zone is a territory of its own name with the same ten shuttles, all of them on the road. They
report from here, on a real Kafka; besides, riders ask in turn, and it is measured how long they
wait for the dispatcher's event.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import psutil

from benchmarks._measuring import options
from services.domain.events import Departed, Passed, Report, RequestRide
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, StopWalk
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.runtime.child import Child, Program
from services.runtime.database import connect
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import start
from services.runtime.loopback import free_port
from services.runtime.migrate import migrate
from services.runtime.probe import says_ok
from services.runtime.settings import KafkaSettings, read_settings
from services.wire.envelope import Body, Envelope
from services.wire.topics import Topic, key_of, topic_of

DAY = datetime(2026, 6, 10, tzinfo=UTC)
AT_S = 9 * 3600
READY_S_MAX = 180
PARTITIONS = 12


@dataclass
class Fleet:
    """All shuttles of all zones, as one that reports for them sees them."""

    network: Network
    zones: list[ZoneId]
    log: KafkaLog
    began: float = field(default_factory=time.time)
    sent: int = 0

    def now_s(self) -> int:
        """Seconds after midnight, on the clock of all zones."""
        return AT_S + int(time.time() - self.began)

    def envelope(self, zone: ZoneId, body: Body) -> Envelope:
        """What a shuttle or a gateway would send now."""
        self.sent += 1
        now_ms = int(time.time() * 1000)
        return Envelope(
            message_id=f"bench-{self.sent}",
            zone=zone,
            happened_at_ms=now_ms,
            recorded_at_ms=now_ms,
            zone_time_s=self.now_s(),
            body=body,
        )

    async def report(self, seconds: float, dice: Random) -> float:
        """Let every shuttle report once a second; return how late the last round was."""
        ids = [shuttle.id for shuttle in shuttles(self.network)]
        depots = [shuttle.depot_stop for shuttle in shuttles(self.network)]
        stops = len(self.network.stops)
        nodes = 1 if self.network.roads is None else len(self.network.roads.lon)
        off: list[Report] = [
            Departed(name, depot, (depot + 1) % stops, self.now_s())
            for name, depot in zip(ids, depots, strict=True)
        ]
        await self.log.append_all([self.envelope(z, one) for z in self.zones for one in off])
        began, late_s = time.monotonic(), 0.0
        for second in range(int(seconds)):
            at_s = self.now_s()
            round_ = [
                self.envelope(zone, Passed(name, dice.randrange(nodes), at_s))
                for zone in self.zones
                for name in ids
            ]
            await self.log.append_all(round_)
            late_s = time.monotonic() - began - second - 1
            await asyncio.sleep(max(-late_s, 0))
        return max(late_s, 0.0)

    async def ask(self, seconds: float, dice: Random) -> list[float]:
        """Let a rider ask in one zone after the other, and return how long the answers took."""
        stops, took_s = len(self.network.stops), []
        readers = [self.log.reader(Topic.RIDE_EVENTS, n) for n in range(PARTITIONS)]
        answers: dict[str, asyncio.Future[float]] = {}

        async def listen(number: int) -> None:
            while True:
                for record in await readers[number].read():
                    ride_id = getattr(getattr(record.value, "body", None), "ride_id", "")
                    if ride_id in answers and not answers[ride_id].done():
                        answers[ride_id].set_result(time.perf_counter())

        listening = [asyncio.create_task(listen(number)) for number in range(PARTITIONS)]
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            origin, destination = dice.sample(range(stops), 2)
            ride_id = RideId(f"bench-{number}")
            request = Request(
                ride_id=ride_id,
                party=Party(),
                origins=(StopWalk(origin, 0),),
                destinations=(StopWalk(destination, 0),),
                departure_s=self.now_s(),
            )
            zone, began = self.zones[number % len(self.zones)], time.perf_counter()
            answers[ride_id] = asyncio.get_running_loop().create_future()
            envelope = self.envelope(zone, RequestRide(request))
            body = envelope.body
            await self.log.append(topic_of(body), key_of(body, zone), envelope)
            async with asyncio.timeout(30):
                took_s.append(await answers[ride_id] - began)
            number += 1
        for task in listening:
            task.cancel()
        return took_s


@asynccontextmanager
async def dispatcher(
    folder: Path, zones: Sequence[ZoneId], territory: Path
) -> AsyncIterator[tuple[Child, KafkaLog]]:
    """A dispatcher on a Kafka and a PostgreSQL of its own."""
    kafka = LocalKafka(folder / "kafka", free_port())
    postgres = LocalPostgres(folder / "postgres", free_port())
    servers = [await start(kafka), await start(postgres)]
    port, shown = free_port(), (DAY.timestamp() + AT_S, time.time())
    environment = {
        "NAVETTE_KAFKA": kafka.address,
        "NAVETTE_DATABASE": postgres.url(),
        "NAVETTE_PARTITIONS": str(PARTITIONS),
        "NAVETTE_TERRITORIES": ",".join(f"{zone}={territory}" for zone in zones),
        "NAVETTE_CLOCK": f"{shown[0]},{shown[1]},1",
    }
    settings = read_settings(KafkaSettings, kafka=kafka.address, partitions=PARTITIONS)
    async with topic_keeper(settings) as keeper:
        await keeper.create(await keeper.missing())
    engine = connect(postgres.url())
    await migrate(engine, 90)
    await engine.dispose()
    words = ("-m", "services.cli", "serve", "dispatcher", "--name", "one", "--port", str(port))
    log = KafkaLog(settings)
    child = Child(
        Program(
            name="dispatcher",
            command=(sys.executable, *words),
            log=folder / "dispatcher.log",
            environment=environment,
            stop_s=10,
        )
    )
    try:
        await child.until(partial(says_ok, port), READY_S_MAX)
        await log.start()
        yield child, log
    finally:
        await log.close()
        for one in (child, *servers):
            await one.stop()


async def measure(count: int, seconds: float, territory: Path, seed: int) -> None:
    """Run so many zones for some seconds and print what it cost."""
    zones = [ZoneId(f"z{number:03}") for number in range(count)]
    network = load(territory)
    with tempfile.TemporaryDirectory() as folder:
        async with dispatcher(Path(folder), zones, territory) as (child, log):
            fleet = Fleet(network, zones, log)
            process = psutil.Process(child.pid)
            before = process.cpu_times()
            late_s, took_s = await asyncio.gather(
                fleet.report(seconds, Random(seed)), fleet.ask(seconds, Random(seed + 1))
            )
            after = process.cpu_times()
            busy_s = after.user + after.system - before.user - before.system
            took_s.sort()
            each = len(shuttles(network))
            print(
                f"| {count} | {each} | {count * each} | {busy_s / seconds:.2f} | {len(took_s)} | "
                f"{took_s[len(took_s) // 2] * 1000:.0f} | "
                f"{took_s[int(len(took_s) * 0.99)] * 1000:.0f} | {late_s:.1f} | "
                f"{process.memory_info().rss >> 20} |"
            )


def main(given: Namespace) -> None:
    """Print a table, a row for each number of zones."""
    print(
        "| zones | shuttles each | reports/s | cores busy | riders asked | answer p50 ms | p99 ms "
        "| reports late s | MB |\n|---|---|---|---|---|---|---|---|---|"
    )
    for count in given.zones:
        asyncio.run(measure(count, given.seconds, given.territory, given.seed))


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--zones", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--territory", type=Path, default=Path("territories/la-souterraine").resolve()
    )
    main(parser.parse_args())
