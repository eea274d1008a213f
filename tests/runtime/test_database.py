"""A database that cannot be reached is one error, whoever says so."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import InvalidRequestError, OperationalError

from services.domain.errors import Unavailable
from services.runtime.database import reached


@pytest.mark.parametrize(
    "error",
    [
        AsyncAdapt_asyncpg_dbapi.Error("not yet accepting connections"),  # type: ignore[no-untyped-call]
        OperationalError("SELECT 1", {}, OSError("gone")),
        InvalidRequestError("this session is over"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("another operation is in progress"),
        ConnectionRefusedError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_driver_says_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable, match="the database"):
        async with reached():
            raise error


async def test_an_answer_that_takes_too_long_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        async with reached(0.01):
            await asyncio.Event().wait()


async def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(AssertionError):
        async with reached():
            raise AssertionError
