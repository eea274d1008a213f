"""Brings a database to the tables that this version needs: ``navette migrate``."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from services.domain.errors import InvalidSetting
from services.runtime.database import connect, reached
from services.runtime.tending import TEND_S_MAX, alone, tend


async def migrate(engine: AsyncEngine, journal_days: int, today: date | None = None) -> str:
    """Make or change tables as needed, and tend them.

    Parameters
    ----------
    journal_days
        How long the journal is kept, and rides that ended.
    today
        The day by the clock of those who write, if that is another one.

    Returns
    -------
    str
        The version that the tables have now.

    Raises
    ------
    InvalidSetting
        If the database was made by a newer version.
    Unavailable
        If it does not answer.
    """
    async with reached(TEND_S_MAX):
        await alone(engine, _upgrade)
    await tend(engine, today or datetime.now(UTC).date(), journal_days)
    return newest()


def newest() -> str:
    """Return the version of the tables that this code works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def check_version(engine: AsyncEngine) -> None:
    """Make sure that the database has the tables that this version needs.

    Raises
    ------
    InvalidSetting
        If not.
    Unavailable
        If it does not answer.
    """
    async with reached(10), engine.connect() as connection:
        found = await connection.run_sync(_version)
    if found != newest():
        state = "has no tables" if found is None else f"has version {found} of the tables"
        raise InvalidSetting(
            "database", f"it {state}, needed is {newest()}: run `navette migrate` of this version"
        )


def run(url: str, journal_days: int) -> None:
    """Migrate, and say to which version."""

    async def work() -> str:
        engine = connect(url, 1, TEND_S_MAX)
        try:
            return await migrate(engine, journal_days)
        finally:
            await engine.dispose()

    print(f"The database has version {asyncio.run(work())} of the tables.")  # noqa: T201


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("services.runtime.migrations")))
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    found = _version(connection)
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise InvalidSetting("database", f"its tables have version {found}, newer than {newest()}")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
