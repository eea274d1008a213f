"""A journal that two owners wrote on real servers is archived from both, and decided again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.dispatcher.company import Beside
from services.dispatcher.host import Host
from services.dispatcher.saving import Saving
from services.dispatcher.shard import Shard
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.domain.events import AcceptOffer, CancelRide, Message, RequestRide
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, StopWalk
from services.network.folder import Network, load
from services.runtime.clock import VirtualClock
from services.runtime.database import connect
from services.runtime.dead_letters import DeadLetterWriter
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.metrics import new_registry
from services.runtime.migrate import migrate
from services.runtime.ports import Store, ZoneHolding
from services.runtime.postgres import PostgresStore
from services.runtime.settings import KafkaSettings
from services.simulator.replay.archive import open_archive
from services.simulator.warm_up import warm_up
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, partition_of, topic_of
from tests.gateway.peer import DAY, EIGHT_S

ZONE = ZoneId("real")
PARTITIONS = 4
SHARD = partition_of(ZONE, PARTITIONS)


class Life:
    """A zone on real servers, and what is sent to it."""

    def __init__(self, network: Network, messages: KafkaLog, store: Store) -> None:
        self.network = network
        self.store = store
        self.clock = VirtualClock(DAY, EIGHT_S)
        self._messages = messages
        self._sent = 0
        self._around = Surroundings(
            messages=messages,
            store=store,
            dead_letters=DeadLetterWriter(messages),
            clock=self.clock,
            owner="dispatcher-0",
            metrics=ShardMetrics(new_registry()),
        )

    async def spoil(self) -> int:
        """Put something on the topic of journals that is none; return where."""
        return await self._messages.append_raw(Topic.ZONE_JOURNAL, SHARD, "", b"garbage")

    def host(self, zone: ZoneId, holding: ZoneHolding) -> Host:
        return Host.held(zone, self.network, self.clock, holding)

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[None]:
        """Have the shard dispatched for a while."""
        shard = Shard(SHARD, [ZONE], self.host, lambda _: Beside(), self._around)
        running = asyncio.create_task(shard.run())
        yield
        shard.let_go()
        await running

    async def send(self, *messages: Message) -> None:
        for body in messages:
            self._sent += 1
            envelope = Envelope(
                message_id=f"m-{self._sent}",
                zone=ZONE,
                happened_at_ms=self.clock.now_ms(),
                recorded_at_ms=self.clock.now_ms(),
                zone_time_s=self.clock.now_s(),
                body=body,
            )
            await self._messages.append(topic_of(body), key_of(body, ZONE), envelope)

    async def stepped(self, number: int) -> None:
        """Wait until so many steps are committed."""
        async with asyncio.timeout(30):
            while len(await self.store.journal(ZONE)) < number:  # noqa: ASYNC110 - nobody says so
                await asyncio.sleep(0.02)

    async def save(self) -> None:
        """Keep the zone as a whole, as an owner does that takes it."""
        holding = await self.store.take(SHARD, [ZONE], "dispatcher-0")
        host = self.host(ZONE, holding.zones[ZONE])
        await Saving(self.store, SHARD).save_due([host], holding.epoch)


@pytest.fixture
async def life(
    kafka: LocalKafka, topic_prefix: str, database: str, demo: Path
) -> AsyncIterator[Life]:
    settings = KafkaSettings(kafka=kafka.address, kafka_prefix=topic_prefix, partitions=PARTITIONS)
    async with topic_keeper(settings) as keeper:
        await keeper.create(list(Topic))
    engine, messages = connect(database), KafkaLog(settings)
    await migrate(engine, 90)
    await messages.start()
    store = PostgresStore(engine)
    await store.open(ZONE, SHARD, DAY.date)
    network = load(demo)
    await asyncio.to_thread(warm_up, network)
    yield Life(network, messages, store)
    await messages.close()
    await engine.dispose()


def asked(number: int) -> RequestRide:
    origin, destination = 3 * number % 60, (3 * number + 17) % 60
    return RequestRide(
        Request(
            ride_id=RideId(f"r-{number}"),
            party=Party(),
            origins=(StopWalk(origin, 40), StopWalk(origin + 1, 300)),
            destinations=(StopWalk(destination, 25),),
            departure_s=EIGHT_S + 30 * number,
        )
    )


async def lived(life: Life) -> int:
    """Two owners, each for some minutes; returns how many steps it took."""
    await life.save()
    for first in (0, 10):
        async with life.owned():
            before = len(await life.store.journal(ZONE))
            await life.send(*(asked(number) for number in range(first, first + 10)))
            await life.stepped(before + 10)
            life.clock.advance_to(EIGHT_S + 30 * first + 20)
            rides = [RideId(f"r-{number}") for number in range(first, first + 10)]
            await life.send(*(AcceptOffer(ride) for ride in rides[:7]), CancelRide(rides[0]))
            await life.stepped(before + 18)
        life.clock.advance_to(EIGHT_S + 30 * first + 280)
        await life.save()
    return len(await life.store.journal(ZONE))


async def invoked(*words: str) -> Result:
    found = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert found.exit_code == 0, (found.stdout, found.stderr)
    return found


async def command(*words: str) -> str:
    return (await invoked(*words)).stdout


async def test_what_was_lived_on_real_servers_is_decided_again(
    life: Life,
    kafka: LocalKafka,
    topic_prefix: str,
    database: str,
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAVETTE_KAFKA_PREFIX", topic_prefix)
    monkeypatch.setenv("NAVETTE_PARTITIONS", str(PARTITIONS))
    steps = await lived(life)
    last = (await life.store.journal(ZONE, steps - 1))[0]
    place = ("--territory", str(demo))
    for name, source in (
        ("store", ("--database", database)),
        ("topic", ("--kafka", kafka.address)),
    ):
        out = str(tmp_path / name)
        told = await command("archive", out, "--zone", ZONE, *source)
        assert f"{steps} steps" in told
        assert "0 steps" in await command("archive", out, "--zone", ZONE, *source)
        assert last.link.hex() in await command("replay", out, *place)
    kept = open_archive(tmp_path / "store").manifest
    assert kept.snapshots[0].number == 0
    assert kept.first_day == DAY.date == open_archive(tmp_path / "topic").manifest.first_day
    assert list(open_archive(tmp_path / "topic").entries()) == list(
        open_archive(tmp_path / "store").entries()
    )
    again = await command("replay", "--database", database, "--zone", ZONE, *place)
    assert last.link.hex() in again
    offset = await life.spoil()
    warning = f"warning: zone-journal/{SHARD}/{offset}: passed over, no step"
    anew = ("archive", str(tmp_path / "anew"), "--zone", ZONE)
    for words in (anew, ("replay", "--zone", ZONE, *place)):
        found = await invoked(*words, "--kafka", kafka.address)
        assert (f"{steps} steps" in found.stdout, found.stderr.count(warning)) == (True, 1), found
