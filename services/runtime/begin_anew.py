"""Forgets how far the topics were read, for they were lost: ``navette topics --begin-anew``."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from services.runtime.database import connect, reached
from services.runtime.migrate import check_version
from services.runtime.ports import UNREAD

_FORGET = text(
    "UPDATE shards SET epoch = epoch + 1, commands_offset = NULL, reports_offset = NULL, "
    "marks = '{}'"
)
"""Owners that are at it notice by the epoch."""
_CATCH_UP = text("DELETE FROM parts WHERE kind = :kind").bindparams(kind=UNREAD)


def begin_anew(url: str) -> None:
    """Have all shards read their topics from the beginning.

    Raises
    ------
    InvalidSetting
        If the database has no tables of this version.
    Unavailable
        If it does not answer.
    """
    asyncio.run(forget_offsets(url))


async def forget_offsets(url: str) -> None:
    """Do it; see `begin_anew`."""
    engine = connect(url, 1)
    try:
        await check_version(engine)
        async with reached(), engine.begin() as connection:
            await connection.execute(_FORGET)
            await connection.execute(_CATCH_UP)
    finally:
        await engine.dispose()
