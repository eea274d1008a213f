"""Riders on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.database import connect
from services.runtime.migrate import migrate
from services.runtime.postgres_riders import PostgresRiderStore
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Riders, RiderStore
from tests.runtime.riders_contract import ANNE, R1, RidersContract
from tests.runtime.samples import ZONE


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(database)
    await migrate(engine, 90)
    yield engine
    await engine.dispose()


class TestPostgresRiders(RidersContract):
    @pytest.fixture
    async def store(self, engine: AsyncEngine) -> RiderStore:
        return PostgresRiderStore(engine)


async def test_a_backup_without_the_keys_holds_nothing_that_can_be_read(
    engine: AsyncEngine,
) -> None:
    riders = Riders(PostgresRiderStore(engine), MasterKeys.fresh())
    await riders.keep(ZONE, R1, ANNE)
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM rider_keys"))
    assert await riders.contact(R1) is None
    assert await riders.of_phone(ANNE.phone) == []
