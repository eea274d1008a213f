"""The store on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.domain.errors import InvalidSetting, Unavailable
from services.domain.ids import RideId
from services.domain.ride import Status
from services.runtime.database import ANSWER_S_MAX, connect
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import start
from services.runtime.loopback import free_port
from services.runtime.migrate import check_version, migrate
from services.runtime.ports import Changes, Group, Store
from services.runtime.postgres import OLD_STEPS, PostgresStore
from services.runtime.tables import metadata
from tests.runtime.samples import ZONE, journal, ride, rides, snapshot
from tests.runtime.store_contract import SHARD, StoreContract, commit, take

CENTURY = 36_500


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(database)
    await migrate(engine, 90)
    yield engine
    await engine.dispose()


class TestPostgresStore(StoreContract):
    @pytest.fixture
    async def store(self, engine: AsyncEngine) -> Store:
        return PostgresStore(engine)


async def test_the_migrations_make_the_tables_that_the_code_knows(engine: AsyncEngine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def differences(connection: object) -> list[object]:
        def ours(name: str | None, kind: str, _parents: object) -> bool:
            return kind != "table" or not (name or "").startswith(("journal_", "alembic"))

        options = {"include_name": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)  # type: ignore[arg-type]
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(engine: AsyncEngine) -> None:
    await migrate(engine, 90)
    await check_version(engine)


async def test_a_database_without_tables_is_an_error_that_says_what_to_do(database: str) -> None:
    engine = connect(database)
    with pytest.raises(InvalidSetting, match="navette migrate"):
        await check_version(engine)
    await engine.dispose()


async def test_old_days_of_the_journal_are_dropped(engine: AsyncEngine) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    await commit(store, holding.epoch, *journal(3))
    days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'journal'::regclass"
    async with engine.connect() as connection:
        before = await connection.scalar(text(days))
    await migrate(engine, -2)
    async with engine.connect() as connection:
        after = await connection.scalar(text(days))
    assert before is not None
    assert after is not None
    assert after < before


async def test_the_snapshot_from_which_the_oldest_step_is_replayed_stays(
    engine: AsyncEngine,
) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    await store.keep_snapshot(SHARD, holding.epoch, snapshot(0, 1))
    await commit(store, holding.epoch, *journal(6))
    for number in (2, 4, 6):
        await store.keep_snapshot(SHARD, holding.epoch, snapshot(number, number))
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM journal WHERE number < 4"))
    await migrate(engine, CENTURY)
    assert [one.number for one in await store.snapshots(ZONE)] == [2, 4, 6]


async def test_a_commit_under_way_is_over_before_somebody_else_takes_the_shard(
    engine: AsyncEngine,
) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    async with engine.begin() as slow:
        # Another transaction of the owner's holds the fence: the new owner has to wait for it.
        await slow.execute(text(f"UPDATE shards SET epoch = epoch WHERE shard = {SHARD}"))
        taking = asyncio.create_task(take(store))
        done, _ = await asyncio.wait({taking}, timeout=0.3)
        assert not done
    assert (await taking).epoch == holding.epoch + 1


async def test_many_rides_are_looked_for_at_once(engine: AsyncEngine) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    await commit(store, holding.epoch, *journal(30), changes=rides(*range(1, 31)))
    found = await asyncio.gather(*(store.ride(RideId(f"r-{n}")) for n in range(40)))
    assert [one and one.ride for one in found] == [
        ride(n) if 1 <= n <= 30 else None for n in range(40)
    ]


async def test_tables_that_grow_are_not_read_as_a_whole_before_the_server_counted_their_rows(
    engine: AsyncEngine,
) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    read = "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('asked', 'rides')"
    rows = 0
    for one in journal(60):
        new = range(20 * one.number, 20 * one.number + 20)
        await asyncio.gather(*(store.ask(RideId(f"r-{n}"), b"how") for n in new))
        await commit(store, holding.epoch, one, changes=rides(*new))
        rows += len(new)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
    async with engine.connect() as connection:
        seen = await connection.scalar(text(read))
    assert seen is not None
    assert seen <= rows


async def test_a_server_that_dies_is_unavailable_and_nothing_committed_is_lost(
    real_servers: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = LocalPostgres(tmp_path_factory.mktemp("dying"), free_port())
    child = await start(server)
    engine = connect(server.url("postgres"))
    try:
        await migrate(engine, 90)
        store, epoch, number = PostgresStore(engine), (await take(PostgresStore(engine))).epoch, 0

        async def write() -> None:
            nonlocal number
            for one in journal(10_000):
                await store.commit(SHARD, epoch, Group(entries=[one]))
                number = one.number
                if number == 20:
                    child.kill()

        with pytest.raises(Unavailable):
            await write()
        assert number >= 20
        with pytest.raises(Unavailable):
            await store.ride(RideId("r-1"))
        await child.wait()
        child = await start(server)
        again = await take(store)
        assert again.zones[ZONE].number in (number, number + 1)
        assert len(await store.journal(ZONE)) == again.zones[ZONE].number
    finally:
        await engine.dispose()
        await child.stop()


async def test_days_that_had_no_partition_get_one_with_their_rows(engine: AsyncEngine) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    await commit(store, holding.epoch, *journal(3))
    day = datetime.fromtimestamp(journal(1)[0].decided_at_ms / 1000, UTC).date()
    await migrate(engine, 90, day)
    async with engine.begin() as connection:
        elsewhere = await connection.scalar(text("SELECT count(*) FROM journal_other"))
    assert elsewhere == 0
    assert len(await store.journal(ZONE)) == 3


async def test_old_days_that_had_no_partition_go_too(engine: AsyncEngine) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    await commit(store, holding.epoch, *journal(3))
    await migrate(engine, 90)
    assert await store.journal(ZONE) == []


async def test_rides_that_ended_go_with_the_last_step_that_changed_them(
    engine: AsyncEngine,
) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    over = rides(1, 2, 3, status=Status.COMPLETED)
    await commit(store, holding.epoch, *journal(2), changes=over)
    gone = Changes(forgotten=(RideId("r-1"),))
    await commit(store, holding.epoch, *journal(3)[2:], changes=gone)
    late = rides(3, status=Status.COMPLETED)
    await commit(store, holding.epoch, *journal(4)[3:], changes=late)
    gone = Changes(forgotten=(RideId("r-3"),))
    await commit(store, holding.epoch, *journal(5)[4:], changes=gone)
    await migrate(engine, CENTURY)
    assert [bool(await store.ride(RideId(f"r-{n}"))) for n in (1, 2, 3)] == [True, True, True]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM journal WHERE number < 4"))
    await migrate(engine, CENTURY)
    assert [bool(await store.ride(RideId(f"r-{n}"))) for n in (1, 2, 3)] == [False, True, True]


async def test_tending_keeps_nobody_waiting_who_commits_while_somebody_reads_for_long(
    engine: AsyncEngine,
) -> None:
    store = PostgresStore(engine)
    holding = await take(store)
    pauses: list[float] = []
    async with engine.begin() as long:
        await long.execute(text("SELECT count(*) FROM journal"))
        # What it is to drop, the reader holds.
        tending = asyncio.create_task(migrate(engine, -2))
        for one in journal(30):
            began = time.monotonic()
            await store.commit(SHARD, holding.epoch, Group(entries=[one]))
            pauses.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
        assert not tending.done()
    assert max(pauses) < ANSWER_S_MAX / 2
    async with asyncio.timeout(20):
        await tending


async def test_of_gateways_that_ask_for_the_same_rides_at_once_one_is_first(
    database: str, engine: AsyncEngine
) -> None:
    others = [connect(database, 2) for _ in range(4)]
    stores = [PostgresStore(one) for one in (engine, *others)]

    async def ask(number: int, store: PostgresStore) -> list[bytes]:
        told = []
        for page in range(10):
            names = [RideId(f"r-{page}-{n}") for n in range(20)]
            # Each asks in an order of its own.
            shifted = names[number:] + names[:number]
            found = await asyncio.gather(*(store.ask(one, b"%d" % number) for one in shifted))
            told += [found[shifted.index(one)].how for one in names]
        return told

    first, *rest = await asyncio.gather(*(ask(n, store) for n, store in enumerate(stores)))
    assert all(one == first for one in rest)
    for one in others:
        await one.dispose()


async def test_an_owner_knows_the_ids_of_thousands_of_steps_and_of_some_without_any_beside(
    engine: AsyncEngine,
) -> None:
    store, chain = PostgresStore(engine), journal(4_300)
    first = await take(store)
    for begin in range(0, len(chain), 500):
        await commit(store, first.epoch, *chain[begin : begin + 500])
    names = tuple(f"m-{step.number}" for step in chain)
    assert (await take(store)).zones[ZONE].message_ids == names
    async with engine.begin() as connection:  # as a version before wrote them
        await connection.execute(text("UPDATE journal SET ids = NULL WHERE number > 4000"))
    found = (await take(store)).zones[ZONE].message_ids
    assert found == (*names[:4000], *names[-OLD_STEPS:])
