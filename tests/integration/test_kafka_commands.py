"""`navette topics` and `navette dead-letters` on a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from click.testing import CliRunner
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.cli import main
from services.domain.errors import Unavailable
from services.domain.ids import ZoneId
from services.runtime import topics_command
from services.runtime.database import connect
from services.runtime.dead_letters import DeadLetterWriter, Seal, StillUnreadable
from services.runtime.dead_letters_command import list_letters, resubmit_letters, show_letter
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_connection import RECORD_BYTES_MAX, WrongTopics
from services.runtime.local_kafka import LocalKafka
from services.runtime.migrate import migrate
from services.runtime.ports import Group
from services.runtime.postgres import PostgresStore
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.runtime.samples import envelope

KEY = Fernet.generate_key().decode()


@pytest.fixture
def settings(kafka: LocalKafka, topic_prefix: str) -> KafkaSettings:
    return KafkaSettings(
        kafka=kafka.address,
        kafka_prefix=topic_prefix,
        partitions=2,
        dead_letter_key=SecretStr(KEY),
    )


def topics(settings: KafkaSettings, *, check_only: bool = False) -> list[str]:
    lines: list[str] = []
    topics_command.run(settings, check_only, lines.append)
    return lines


def asking(
    settings: KafkaSettings, ask: Callable[[AIOKafkaAdminClient], Awaitable[object]]
) -> None:
    async def work() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
        await admin.start()
        try:
            await ask(admin)
        finally:
            await admin.close()

    asyncio.run(work())


def as_found(settings: KafkaSettings, awaited: str) -> WrongTopics:
    """What is wrong with the topics; the broker shows changes a little after it took them."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            topics(settings, check_only=True)
        except WrongTopics as error:
            if awaited in str(error):
                return error
    raise AssertionError(f"{awaited} was not found")


def test_topics_are_created_once_and_then_found_as_they_have_to_be(settings: KafkaSettings) -> None:
    with pytest.raises(WrongTopics) as caught:
        topics(settings, check_only=True)
    assert len(caught.value.findings) == len(Topic)
    assert all(": missing; `navette topics` creates it" in one for one in caught.value.findings)
    assert all(line.endswith("created") for line in topics(settings))
    assert topics(settings, check_only=True) == topics(settings)
    assert (
        f"{settings.kafka_prefix}dead-letters: 2 partitions, kept for 3 days" in topics(settings)[5]
    )


def test_what_differs_is_said_with_what_was_expected_and_how_to_mend_it(
    settings: KafkaSettings,
) -> None:
    topics(settings)
    name = f"{settings.kafka_prefix}ride-events"
    changed = {"retention.ms": "1000", "cleanup.policy": "compact"}
    resource = ConfigResource(ConfigResourceType.TOPIC, name, changed)
    asking(settings, lambda admin: admin.alter_configs([resource]))
    found = str(as_found(settings, "retention.ms"))
    assert f"{name}: retention.ms is 1000, expected 2592000000" in found
    assert f"--alter --topic {name} --add-config retention.ms=2592000000" in found
    assert "cleanup.policy is compact, expected delete" in found
    # Changing some of a topic's settings this way set all others back to the broker's defaults.
    assert "message.timestamp.type is CreateTime, expected LogAppendTime" in found


def test_beside_topics_that_are_cut_otherwise_none_is_created(settings: KafkaSettings) -> None:
    name = f"{settings.kafka_prefix}shuttle-reports"
    asking(settings, lambda admin: admin.create_topics([NewTopic(name, 3, 1)]))
    as_found(settings, "3 partitions")
    with pytest.raises(WrongTopics, match="3 partitions, expected 2") as found:
        topics(settings)
    assert "NAVETTE_PARTITIONS=3" in str(found.value)
    assert found.value.findings[-1] == "nothing was created"
    with pytest.raises(WrongTopics, match="ride-commands: missing"):
        topics(settings, check_only=True)


def test_more_copies_than_there_are_brokers_is_an_error_that_says_so(
    settings: KafkaSettings,
) -> None:
    with pytest.raises(Unavailable, match=r"ride-commands was not created: .*replication factor"):
        topics(settings.model_copy(update={"kafka_replicas": 3}))


async def put_aside(settings: KafkaSettings, *data: bytes) -> None:
    log = KafkaLog(settings)
    await log.start()
    for one in data:
        offset = await log.append_raw(Topic.RIDE_COMMANDS, 0, "key", one)
        (record,) = await log.reader(Topic.RIDE_COMMANDS, 0, offset).read()
        await DeadLetterWriter(log, Seal(KEY)).put(record, "envelope", "odd")
    await log.close()


def test_dead_letters_are_listed_shown_and_put_back(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    topics(settings)
    asyncio.run(put_aside(settings, b"\xff odd"))
    lines: list[str] = []
    list_letters(settings, None, lines.append)
    assert lines[0].startswith("0-0 ")
    assert "ride-commands/0/0" in lines[0]
    assert "envelope: odd" in lines[0]
    assert lines[-1] == "1 dead letters, 1 to look at"
    show_letter(settings, "0-0", None, lines.append)
    assert lines[-1].startswith("00000000  ff 20 6f 64 64 ")
    show_letter(settings, "0-0", tmp_path / "letter", lines.append)
    assert (tmp_path / "letter").read_bytes() == b"\xff odd"
    with pytest.raises(StillUnreadable, match="0-0 is not put back: it can still not be read"):
        resubmit_letters(settings, ["0-0"], False, lines.append)
    resubmit_letters(settings, ["0-0"], True, lines.append)
    assert lines[-1] == "0-0: put back on ride-commands/0 at offset 1"
    list_letters(settings, "ride-commands", lines.append)
    assert lines[-2].endswith("[put back at 1]")
    assert lines[-1] == "1 dead letters, 0 to look at"
    list_letters(settings, "ride-events", lines.append)
    assert lines[-1] == "0 dead letters, 0 to look at"


def test_the_longest_message_that_a_topic_takes_can_be_put_aside(settings: KafkaSettings) -> None:
    topics(settings)
    longest = bytes(RECORD_BYTES_MAX - 100)
    asyncio.run(put_aside(settings, longest))
    lines: list[str] = []
    show_letter(settings, "0-0", None, lines.append)
    assert f"kept         encrypted, {len(longest)} bytes" in lines


def test_a_message_after_a_dead_one_is_read(settings: KafkaSettings) -> None:
    topics(settings)
    asyncio.run(put_aside(settings, b"\xff odd"))

    async def work() -> None:
        log = KafkaLog(settings)
        await log.start()
        partition = 0
        await log.append_raw(Topic.RIDE_COMMANDS, partition, "key", b"")
        records = await log.reader(Topic.RIDE_COMMANDS, partition).read()
        assert [record.data for record in records] == [b"\xff odd", b""]
        await log.append(Topic.RIDE_COMMANDS, "key", envelope())
        await log.close()

    asyncio.run(work())


def test_inputs_that_were_lost_are_read_from_their_beginning_and_no_others(
    settings: KafkaSettings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics(settings)

    async def read() -> None:
        engine, log = connect(database), KafkaLog(settings)
        await migrate(engine, 90)
        store = PostgresStore(engine)
        await log.start()
        try:
            for shard, commands in enumerate((0, 7)):
                zone = ZoneId(f"zone-{shard}")
                await store.open(zone, shard, date(2026, 11, 23))
                epoch = (await store.take(shard, [zone], "dispatcher-0")).epoch
                offsets = {Topic.RIDE_COMMANDS: commands, Topic.SHUTTLE_REPORTS: 0}
                await store.commit(shard, epoch, Group(offsets=offsets))
        finally:
            await log.close()
            await engine.dispose()

    asyncio.run(read())
    monkeypatch.setenv("NAVETTE_KAFKA_PREFIX", settings.kafka_prefix)
    monkeypatch.setenv("NAVETTE_PARTITIONS", str(settings.partitions))
    command = ["topics", "--begin-anew", "--kafka", settings.kafka, "--database", database]
    first, second = (CliRunner().invoke(main, command, catch_exceptions=False) for _ in range(2))
    assert first.output.splitlines()[-1] == "ride-commands/1: read from its beginning"
    assert "ride-commands/0" not in first.output
    assert second.output.splitlines()[-1].startswith("All inputs are the ones")
