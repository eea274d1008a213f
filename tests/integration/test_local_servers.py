"""The real servers of this machine start, keep what they were given, and say what is wrong."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError

from services.domain.errors import Unavailable
from services.runtime import kafka_jars, loopback
from services.runtime.child import Child, EndedEarly
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import LocalServer, start
from services.runtime.loopback import free_port
from services.wire.codec import SIZE_MAX

pytestmark = pytest.mark.usefixtures("real_servers")


@asynccontextmanager
async def running(server: LocalServer) -> AsyncIterator[Child]:
    child = await start(server)
    try:
        yield child
    finally:
        await child.stop()


async def kill_alone(child: Child) -> None:
    """Kill the one process that we know of, as a machine short of memory would."""
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()


async def test_postgres_keeps_what_was_committed_when_it_is_killed(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, free_port())
    child = await start(server)
    connection = await asyncpg.connect(server.url())
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    await kill_alone(child)
    connection.terminate()
    async with running(server):
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT value FROM kept") == 7
        await connection.close()


async def test_postgres_wants_the_password_that_only_its_owner_may_read(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, free_port())
    async with running(server):
        assert (tmp_path / "password").stat().st_mode & 0o077 == 0
        password = (tmp_path / "password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url().replace(password, "guessed"))


async def test_kafka_keeps_what_was_acknowledged_when_it_is_killed(tmp_path: Path) -> None:
    server = LocalKafka(tmp_path, free_port())
    child = await start(server)
    await make_topic(server, "kept")
    async with AIOKafkaProducer(bootstrap_servers=server.address, acks="all") as producer:
        await producer.send_and_wait("kept", b"7", partition=0)
    await kill_alone(child)
    async with running(server):
        assert await first_record(server, "kept") == b"7"


async def test_kafka_takes_the_longest_message_and_nothing_much_longer(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}long"
    await make_topic(kafka, topic)
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.address, max_request_size=4 * SIZE_MAX
    ) as producer:
        await producer.send_and_wait(topic, bytes(SIZE_MAX), partition=0)
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, bytes(2 * SIZE_MAX), partition=0)


async def test_kafka_makes_no_topic_that_nobody_ordered(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([f"{topic_prefix}misspelt"])
        assert described["error_code"] == UnknownTopicOrPartitionError.errno
    finally:
        await admin.close()


@pytest.mark.parametrize("kind", [LocalKafka, LocalPostgres])
def test_a_port_that_is_taken_is_named(
    kind: type[LocalKafka | LocalPostgres], tmp_path: Path
) -> None:
    with socket.create_server((loopback.HOST, 0)) as other:
        port: int = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}: Address already in use"):
            kind(tmp_path, port).prepare()


async def test_a_server_that_ends_early_says_what_it_wrote_last(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, free_port())
    async with running(server):
        pass
    (tmp_path / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EndedEarly, match=r"postgres ended with status 1\n(.*\n)*.*incompatible"):
        await start(server)


def test_jars_that_cannot_be_fetched_are_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVETTE_CACHE", str(tmp_path))
    monkeypatch.setenv(kafka_jars.MIRROR, f"http://{loopback.HOST}:{free_port()}")
    lines: list[str] = []
    with pytest.raises(Unavailable, match="cannot be fetched from Maven Central"):
        LocalKafka(tmp_path / "kafka", free_port(), lines.append).prepare()
    assert "once" in lines[0]
    assert not (tmp_path / f"kafka-{kafka_jars.VERSION}").exists()


async def make_topic(server: LocalKafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def first_record(server: LocalKafka, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(
        bootstrap_servers=server.address, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        value: bytes | None = (await consumer.getone()).value
        return value
