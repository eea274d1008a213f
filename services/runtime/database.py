"""Connections to PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from services.domain.errors import InvalidSetting, Unavailable

CONNECT_S_MAX = 3.0
ANSWER_S_MAX = 5.0
POOL = 10
BY_KEY = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""All that is read is looked up by keys. A plan made while a table was small reads all of it, and a
prepared statement keeps its plan until the server has counted the rows again: after minutes."""


def connect(url: str, pool: int = POOL, answer_s_max: float = ANSWER_S_MAX) -> AsyncEngine:
    """Make an engine; it connects when first needed.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``; ``?ssl=verify-full`` and the like are
        asyncpg's.
    pool
        Most connections.
    answer_s_max
        The server gives up on what takes longer, in seconds.

    Raises
    ------
    InvalidSetting
        If it is no such URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidSetting("database", "not a URL like postgresql://user@host/name") from None
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise InvalidSetting("database", f"'{parsed.drivername}' is not postgresql")
    return create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        pool_size=pool,
        max_overflow=0,
        # Errors get logged; what was to be written stays out of them.
        hide_parameters=True,
        pool_timeout=answer_s_max,
        connect_args={
            "timeout": CONNECT_S_MAX,
            "server_settings": {
                "application_name": "navette",
                # Whoever was cut off must not hold a shard's row for long.
                "statement_timeout": str(round(answer_s_max * 1000)),
                "idle_in_transaction_session_timeout": str(round(2 * answer_s_max * 1000)),
                "jit": "off",
                **BY_KEY,
            },
        },
    )


@contextlib.asynccontextmanager
async def direct(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Lend a connection of the engine's as asyncpg has it, without a transaction.

    For what has to be fast; one with which something went wrong is not lent again.
    """
    lent = await engine.raw_connection()
    try:
        connection = lent.driver_connection
        assert connection is not None
        yield connection
    except BaseException:
        await greenlet_spawn(lent.invalidate)
        raise
    finally:
        await greenlet_spawn(lent.close)


@contextlib.asynccontextmanager
async def reached(seconds: float = ANSWER_S_MAX) -> AsyncIterator[None]:
    """Turn whatever says that the database cannot be reached, or took too long, into `Unavailable`.

    Whether what was sent took effect, nobody can say then.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(f"the database did not answer within {seconds:g} s") from None
    except (
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        OSError,
        AsyncAdapt_asyncpg_dbapi.Error,  # comes bare, from connecting while the server starts
        asyncpg.InternalClientError,  # from a connection that the server's death left half-way
    ) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = f"{type(cause).__name__}: {cause}"
        raise Unavailable("the database cannot be used", reason) from error
