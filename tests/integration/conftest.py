"""Real servers for the tests of this folder: one of each for all, started when first needed.

Every test has a database of its own, and topics of its own by their prefix.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import count

import asyncpg
import pytest

from services.runtime.child import Child
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import LocalServer, need_installed, start
from services.runtime.loopback import free_port

NUMBERS = count(1)


@pytest.fixture(scope="session")
def real_servers() -> None:
    """Skips what needs real servers, unless they are wanted."""
    if os.environ.get("NAVETTE_REAL") != "1":
        pytest.skip("needs real servers: `make test-long` (or NAVETTE_REAL=1) runs it")
    need_installed()


def running(server: LocalServer) -> Iterator[Child]:
    child = asyncio.run(start(server))
    try:
        yield child
    finally:
        asyncio.run(child.stop())


@pytest.fixture(scope="session")
def kafka(real_servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker for the whole session; its tests never stop it."""
    server = LocalKafka(tmp_path_factory.mktemp("kafka"), free_port())
    for _ in running(server):
        yield server


@pytest.fixture(scope="session")
def postgres(
    real_servers: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalPostgres]:
    """A database server for the whole session; its tests never stop it."""
    server = LocalPostgres(tmp_path_factory.mktemp("postgres"), free_port())
    for _ in running(server):
        yield server


@pytest.fixture
def topic_prefix(kafka: LocalKafka) -> str:
    """What to begin the names of topics and groups with, so that no other test has the same."""
    return f"test-{next(NUMBERS)}-"


@pytest.fixture
def database(postgres: LocalPostgres) -> Iterator[str]:
    """The URL of an empty database that is gone after the test."""
    name = f"test_{next(NUMBERS)}"
    asyncio.run(execute(postgres, f"CREATE DATABASE {name}"))
    yield postgres.url(name)
    asyncio.run(execute(postgres, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(postgres: LocalPostgres, statement: str) -> None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
