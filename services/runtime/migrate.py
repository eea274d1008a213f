"""Brings a database to the tables that this version needs: ``navette migrate``."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.domain.errors import InvalidSetting
from services.runtime.database import connect, reached

DAYS_AHEAD = 7
"""Partitions of the journal are made for so many days to come."""

MIGRATE_S_MAX = 600.0

_TEND_SNAPSHOTS = text(
    """
    DELETE FROM snapshots WHERE number < (
        SELECT max(begins.number) FROM snapshots AS begins
        WHERE begins.zone = snapshots.zone AND begins.number < coalesce(
            (SELECT min(journal.number) FROM journal WHERE journal.zone = snapshots.zone),
            (SELECT zones.number FROM zones WHERE zones.zone = snapshots.zone)
        )
    )
    """
)

LOCK = 0x6E617665747465
"""Number of the advisory lock that lets only one process migrate at a time."""


async def migrate(engine: AsyncEngine, journal_days: int) -> str:
    """Make or change tables as needed, and tend the journal's partitions.

    Parameters
    ----------
    journal_days
        How long the journal is kept; partitions of older days are dropped.

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
    async with reached(MIGRATE_S_MAX), engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(_upgrade)
        today = datetime.now(UTC).date()
        await connection.run_sync(tend_journal, today, journal_days)
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


def tend_journal(connection: Connection, today: date, days: int) -> None:
    """Make the journal's partitions for the next days, and drop those that are too old."""
    for ahead in range(-1, DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        name = f"journal_{day:%Y%m%d}"
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            _add_day(connection, name, day)
    oldest = f"journal_{today - timedelta(days=days):%Y%m%d}"
    found = connection.execute(
        text(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal'::regclass"
        )
    )
    for (name,) in found.all():
        if name != "journal_other" and name < oldest:
            connection.execute(text(f"DROP TABLE {name}"))
    # One snapshot from before the oldest step that is kept stays: a replay begins there.
    connection.execute(_TEND_SNAPSHOTS)


def _add_day(connection: Connection, name: str, day: date) -> None:
    """Make a day's partition; rows of that day that had to lie elsewhere so far move there."""
    span = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    connection.execute(text(f"CREATE TABLE {name} (LIKE journal INCLUDING ALL)"))
    connection.execute(
        text(
            f"WITH moved AS (DELETE FROM journal_other WHERE day = '{day}' RETURNING *) "
            f"INSERT INTO {name} SELECT * FROM moved"
        )
    )
    connection.execute(text(f"ALTER TABLE journal ATTACH PARTITION {name} FOR VALUES {span}"))


def run(url: str, journal_days: int) -> None:
    """Migrate, and say to which version."""

    async def work() -> str:
        engine = connect(url, 1, MIGRATE_S_MAX)
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
