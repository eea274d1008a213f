"""A server that can write no more: it is said, and nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from os import urandom
from pathlib import Path

import pytest

from services.domain.errors import Unavailable
from services.runtime.child import Program
from services.runtime.database import connect
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import LocalServer, start
from services.runtime.loopback import free_port
from services.runtime.migrate import migrate
from services.runtime.ports import Group
from services.runtime.postgres import PostgresStore
from services.wire.topics import Topic
from tests.integration.test_kafka_log import made
from tests.runtime.log_contract import PARTITION
from tests.runtime.samples import ZONE, journal
from tests.runtime.store_contract import SHARD, take

pytestmark = pytest.mark.usefixtures("real_servers")

LONG = bytes(range(256)) * 2000


class Cramped:
    """A server none of whose files may grow beyond a bound: as good as a full disk to it."""

    def __init__(self, server: LocalServer, mebibytes: int) -> None:
        self.folder = server.folder
        self._server = server
        self._mebibytes = mebibytes

    def prepare(self) -> Program:
        program = self._server.prepare()
        limited = f'ulimit -f {self._mebibytes * 2048} && exec "$@"'
        return replace(program, command=("sh", "-c", limited, "sh", *program.command))

    async def answers(self) -> bool:
        return await self._server.answers()


async def until_full(write: Callable[[int], Awaitable[object]]) -> tuple[int, str]:
    """Write until it fails; return how often it did not, and what was said then."""
    for number in range(300):
        try:
            await write(number)
        except Unavailable as error:
            return number, str(error)
    raise AssertionError("it never was full")


async def test_a_database_that_cannot_grow_says_so_and_goes_on_once_it_can(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = LocalPostgres(tmp_path_factory.mktemp("full"), free_port())
    # Segments of its own log have 16 MB.
    child = await start(Cramped(server, 20))
    engine = connect(server.url("postgres"))
    try:
        await migrate(engine, 90)
        store, steps = PostgresStore(engine), journal(300)
        epoch = (await take(store)).epoch

        async def write(number: int) -> None:
            # Random bytes, or they would be kept shorter.
            body = urandom(1 << 18)
            entry = replace(steps[number], inputs=(body,))
            await store.commit(SHARD, epoch, Group(entries=[entry]))

        count, said = await until_full(write)
        assert "could not extend file" in said
        assert (await store.look(ZONE)).number == count > 10
        await engine.dispose()
        await child.stop()
        child = await start(server)
        again = await take(store)
        assert again.zones[ZONE].number == count
        await store.commit(SHARD, again.epoch, Group(entries=[steps[count]]))
        assert len(await store.journal(ZONE)) == count + 1
    finally:
        await engine.dispose()
        await child.stop()


async def test_a_broker_that_cannot_write_loses_nothing_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    server = LocalKafka(tmp_path, free_port())
    child = await start(Cramped(server, 12))
    log = await made(server.address, deadline_s=3)
    try:

        async def write(_: int) -> None:
            await log.append_raw(Topic.DEAD_LETTERS, PARTITION, "", LONG)

        count, said = await until_full(write)
        assert count > 10
        assert "Kafka" in said
        await child.stop()
        child = await start(server)
        assert await log.append_raw(Topic.DEAD_LETTERS, PARTITION, "", b"after") >= count
        reader = log.reader(Topic.DEAD_LETTERS, PARTITION)
        found: list[bytes] = []
        while b"after" not in found:
            found += [record.data for record in await reader.read()]
        assert found.count(LONG) >= count
    finally:
        await log.close()
        await child.stop()
