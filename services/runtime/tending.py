"""Keeps the tables of a database from day to day: partitions to come, nothing that is too old.

All of it while others commit: each change is a transaction of its own, and none waits for a lock
for long, since whoever comes behind it would wait too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.database import reached

DAYS_AHEAD = 7
"""Partitions of the journal are made for so many days to come."""

TEND_S_MAX = 600.0

LOCK = 0x6E617665747465
"""Number of the advisory lock that lets only one process change tables at a time."""

LOCK_MS_MAX, PAUSE_S = 500, 2.0
"""For so long a lock is waited for, and then it is left to others for a while."""

LOCK_NOT_AVAILABLE = "55P03"

AT_ONCE = 10_000
"""So many rows are deleted in one transaction."""

T = TypeVar("T")

_PARTITIONS = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal'::regclass"
)
_OTHER_DAYS = text(
    "DELETE FROM journal_other WHERE ctid = any(array("
    "SELECT ctid FROM journal_other WHERE day < :oldest LIMIT :at_once))"
)
_RIDES = text(
    """
    DELETE FROM rides WHERE ctid = any(array(
        SELECT rides.ctid FROM rides JOIN (
            SELECT zone, coalesce(
                (SELECT min(number) FROM journal WHERE journal.zone = zones.zone), number
            ) AS first FROM zones
        ) AS kept ON kept.zone = rides.zone
        WHERE NOT rides.held AND rides.number < kept.first LIMIT :at_once
    ))
    """
)
"""Those that their zone needs no more, and that last changed before the oldest step kept."""
_ASKED = text(
    "DELETE FROM asked WHERE ctid = any(array("
    "SELECT ctid FROM asked WHERE at < now() - interval '1 day' LIMIT :at_once))"
)
"""Whoever comes later finds the ride itself."""
_SNAPSHOTS = text(
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
"""One snapshot from before the oldest step that is kept stays: a replay begins there."""


async def alone(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    """Do something to the tables in a transaction, again and again until no lock is in its way."""
    while True:
        try:
            async with engine.begin() as connection:
                await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS_MAX}"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                return await connection.run_sync(work)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
        await asyncio.sleep(PAUSE_S)


async def tend(engine: AsyncEngine, today: date, days: int) -> None:
    """Make the journal's partitions for the next days, and drop what is too old.

    Parameters
    ----------
    today
        The day by the clock of those who write.
    days
        How long the journal is kept; and rides that ended, and snapshots, go with it.

    Raises
    ------
    Unavailable
        If the database does not answer, or somebody holds what is to be changed for too long.
    """
    oldest = today - timedelta(days=days)
    async with reached(TEND_S_MAX):
        for ahead in range(-1, DAYS_AHEAD):
            await alone(engine, partial(_add_day, today + timedelta(days=ahead)))
        for name in await alone(engine, _partitions):
            if name != "journal_other" and name < _named(oldest):
                await alone(engine, partial(_drop, name))
        for old in (_OTHER_DAYS.bindparams(oldest=oldest), _RIDES, _ASKED):
            deleting = old.bindparams(at_once=AT_ONCE)
            while await alone(engine, lambda connection: connection.execute(deleting).rowcount):  # noqa: B023 - awaited
                pass
        await alone(engine, lambda connection: connection.execute(_SNAPSHOTS))


def _named(day: date) -> str:
    return f"journal_{day:%Y%m%d}"


def _partitions(connection: Connection) -> list[str]:
    return [str(name) for name in connection.scalars(_PARTITIONS)]


def _drop(name: str, connection: Connection) -> None:
    connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def _add_day(day: date, connection: Connection) -> None:
    """Make a day's partition; rows of that day that had to lie elsewhere so far move there."""
    name = _named(day)
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    span = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    connection.execute(text(f"CREATE TABLE {name} (LIKE journal INCLUDING ALL)"))
    connection.execute(
        text(
            f"WITH moved AS (DELETE FROM journal_other WHERE day = '{day}' RETURNING *) "
            f"INSERT INTO {name} SELECT * FROM moved"
        )
    )
    connection.execute(text(f"ALTER TABLE journal ATTACH PARTITION {name} FOR VALUES {span}"))
