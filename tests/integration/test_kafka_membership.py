"""Dispatchers share shards over a real consumer group."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from textwrap import dedent

import pytest

from services.runtime.kafka_membership import KafkaMembership
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_server import start
from services.runtime.loopback import free_port
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.runtime.membership_contract import PARTITIONS, MembershipContract, Owner, taking_part

ALL = set(range(PARTITIONS))
SESSION_S = KafkaSettings().kafka_session_s
Joining = Callable[[str], KafkaMembership]

# A dispatcher of its own process, to be killed.
OTHER = dedent("""
    import asyncio, sys
    from services.runtime.kafka_membership import KafkaMembership
    from services.runtime.settings import KafkaSettings

    async def main():
        kafka, prefix, name = sys.argv[1:]
        settings = KafkaSettings(kafka=kafka, kafka_prefix=prefix, partitions=5)
        async def take(shard):
            print("take", shard, flush=True)
        async def drop(shard):
            print("drop", shard, flush=True)
        await KafkaMembership(settings, name).run(take, drop)

    asyncio.run(main())
""")


@pytest.fixture
async def joining(kafka: LocalKafka, topic_prefix: str) -> Joining:
    settings = await with_topics(kafka.address, topic_prefix)
    return lambda name: KafkaMembership(settings, name)


async def with_topics(address: str, prefix: str) -> KafkaSettings:
    settings = KafkaSettings(kafka=address, kafka_prefix=prefix, partitions=PARTITIONS)
    async with topic_keeper(settings) as keeper:
        await keeper.create(list(Topic))
    return settings


class TestKafkaMembership(MembershipContract):
    @pytest.fixture
    def membership(self, joining: Joining) -> KafkaMembership:
        return joining("dispatcher-0")


async def test_who_joins_gets_a_share_and_what_stays_is_neither_dropped_nor_taken_again(
    joining: Joining,
) -> None:
    first, second = Owner(), Owner()
    async with taking_part(joining("dispatcher-0"), first):
        await first.until(ALL)
        async with taking_part(joining("dispatcher-1"), second):
            await second.until_some()
            await first.until(ALL - second.held)
            assert len(second.held) == 2
            assert sorted(first.calls) == sorted(
                [*(f"take {n}" for n in ALL), *(f"drop {n}" for n in second.held)]
            )


async def test_shards_of_a_member_that_was_killed_are_taken_within_the_session(
    kafka: LocalKafka, topic_prefix: str, joining: Joining
) -> None:
    owner = Owner()
    async with taking_part(joining("dispatcher-0"), owner):
        await owner.until(ALL)
        other = await other_process(kafka.address, topic_prefix, "dispatcher-1")
        await owner.until({0, 1, 2})
        other.send_signal(signal.SIGKILL)
        await other.wait()
        await owner.until(ALL)
        assert owner.calls.count("take 0") == 1


@pytest.mark.parametrize("leads", [False, True], ids=["follows", "leads"])
async def test_who_comes_back_under_its_name_has_its_shards_at_once_and_nobody_else_moves(
    kafka: LocalKafka, topic_prefix: str, joining: Joining, leads: bool
) -> None:
    stays, back = Owner(), Owner()
    # Who comes first leads the group: it shares out the shards, and keeps most of them.
    other = {0, 1, 2} if leads else {3, 4}
    if leads:
        process = await other_process(kafka.address, topic_prefix, "dispatcher-1")
    async with taking_part(joining("dispatcher-0"), stays):
        if not leads:
            await stays.until(ALL)
            process = await other_process(kafka.address, topic_prefix, "dispatcher-1")
        await stays.until(ALL - other)
        calls = list(stays.calls)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        began = time.monotonic()
        async with taking_part(joining("dispatcher-1"), back):
            await back.until(other)
            assert time.monotonic() - began < SESSION_S
            assert stays.calls == calls


async def test_when_one_of_three_is_lost_only_its_shards_move(
    kafka: LocalKafka, topic_prefix: str, joining: Joining
) -> None:
    first, third = Owner(), Owner()
    async with taking_part(joining("dispatcher-0"), first), AsyncExitStack() as later:
        await first.until(ALL)
        second = await other_process(kafka.address, topic_prefix, "dispatcher-1")
        await first.until({0, 1, 2})
        await later.enter_async_context(taking_part(joining("dispatcher-2"), third))
        await third.until_some()
        kept = first.held | third.held
        second.send_signal(signal.SIGKILL)
        await second.wait()
        async with asyncio.timeout(30):
            while first.held | third.held != ALL:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        moved = {int(call.split()[1]) for call in [*first.calls[-1:], *third.calls[-1:]]}
        assert ALL - kept <= moved
        assert not [call for call in third.calls if call.startswith("drop")]


async def test_a_loop_that_is_busy_for_a_second_loses_nothing(joining: Joining) -> None:
    first, second = Owner(), Owner()
    async with taking_part(joining("dispatcher-0"), first), AsyncExitStack() as later:
        await first.until(ALL)
        await later.enter_async_context(taking_part(joining("dispatcher-1"), second))
        await second.until({3, 4})
        await first.until({0, 1, 2})
        calls = list(first.calls)
        for _ in range(6):
            time.sleep(1)  # noqa: ASYNC251 it has to be busy
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert first.calls == calls


async def test_members_keep_their_shards_while_the_broker_is_away_and_share_again_later(
    real_servers: None,
    tmp_path: Path,
) -> None:
    server = LocalKafka(tmp_path, free_port())
    child = await start(server)
    settings = await with_topics(server.address, "")
    first, second = Owner(), Owner()
    member = KafkaMembership(settings, "dispatcher-0")
    async with taking_part(member, first):
        await first.until(ALL)
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
        async with asyncio.timeout(20):
            while member.reachable:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert first.held == ALL
        confirming = asyncio.create_task(member.confirm())
        await asyncio.sleep(2)
        assert not confirming.done()
        child = await start(server)
        async with taking_part(KafkaMembership(settings, "dispatcher-1"), second):
            # Whoever was back first has more, and keeps it.
            await shared(first, second)
            assert member.reachable
            async with asyncio.timeout(20):
                await confirming
    await child.stop()


async def shared(*owners: Owner) -> None:
    """Wait until all have a fair share, and each shard one owner."""
    async with asyncio.timeout(30):
        while True:
            held = sorted(shard for owner in owners for shard in owner.held)
            if held == sorted(ALL) and all(len(one.held) >= 2 for one in owners):
                return
            await asyncio.sleep(0.05)


async def other_process(address: str, prefix: str, name: str) -> asyncio.subprocess.Process:
    """Start a member in a process of its own and wait until it has shards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OTHER, address, prefix, name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while not (await process.stdout.readline()).startswith(b"take"):
            assert process.returncode is None
    return process
