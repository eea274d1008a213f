"""What is kept of riders, on PostgreSQL.

It goes to asyncpg directly: a request with a contact waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from services.domain.ids import RideId, RiderId, ZoneId
from services.runtime.database import direct, reached
from services.runtime.rider_keys import WrappedKey
from services.runtime.riders import Rider, RiderGone, SealedContact

_RIDER = "riders.rider, riders.zone, riders.lookup, riders.since_ms, master, wrapped"
_CONTACT = "contacts.ride, contacts.rider, contacts.kept_at_ms, contacts.sealed"
_RIDERS = f"SELECT {_RIDER} FROM riders JOIN rider_keys USING (rider)"

_FIND = f"{_RIDERS} WHERE lookup = ANY($1::bytea[]) ORDER BY since_ms, rider"
_NOT_UNDER = f"{_RIDERS} WHERE master <> $1 AND rider > $2 ORDER BY rider LIMIT $3"
_LOOK = f"""
SELECT {_RIDER}, {_CONTACT}
FROM contacts JOIN riders USING (rider) JOIN rider_keys USING (rider) WHERE ride = $1
"""
_GIVEN = f"SELECT {_CONTACT} FROM contacts WHERE rider = $1 ORDER BY kept_at_ms, ride"
_GIVEN_BEFORE = f"""
SELECT {_CONTACT} FROM contacts JOIN riders USING (rider)
WHERE zone = $1 AND kept_at_ms < $2 AND (kept_at_ms, ride) > ($3, $4)
ORDER BY kept_at_ms, ride LIMIT $5
"""
_ADD = """
INSERT INTO contacts (ride, rider, kept_at_ms, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (ride) DO NOTHING RETURNING rider
"""
# Foreign keys are looked at when all of a statement is done.
_ADD_BOTH = f"""
WITH added AS ({_ADD}),
known AS (
    INSERT INTO riders (rider, zone, lookup, since_ms)
    SELECT rider, $5::text, $6::bytea, $7::bigint FROM added
)
INSERT INTO rider_keys (rider, master, wrapped)
SELECT rider, $8::text, $9::bytea FROM added RETURNING rider
"""
# Locked first, and in order: a ride that is written down meanwhile is seen, or its rider is gone.
_LOCK = """
SELECT rider FROM riders WHERE rider IN (SELECT rider FROM contacts WHERE ride = ANY($1::text[]))
ORDER BY rider FOR UPDATE
"""
_DROP = "DELETE FROM contacts WHERE ride = ANY($1::text[])"
_DROP_RIDERS = """
DELETE FROM riders WHERE rider = ANY($1::text[])
    AND NOT EXISTS (SELECT FROM contacts WHERE contacts.rider = riders.rider)
RETURNING rider
"""
# The key and what was given go with it.
_ERASE = "DELETE FROM riders WHERE rider = $1 RETURNING rider"
_REKEY = """
WITH found AS (UPDATE riders SET lookup = $2 WHERE rider = $1 RETURNING rider)
UPDATE rider_keys SET master = $3, wrapped = $4 FROM found WHERE rider_keys.rider = found.rider
"""


class PostgresRiderStore:
    """Riders in three tables: who, their keys, and what they gave.

    Parameters
    ----------
    engine
        Made by `services.runtime.database.connect`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def zones(self) -> Collection[ZoneId]:
        """Return the zones of which riders are kept."""
        return {ZoneId(zone) for (zone,) in await self._fetch("SELECT DISTINCT zone FROM riders")}

    async def find(self, lookups: Collection[bytes]) -> Sequence[Rider]:
        """Return the riders who are found by one of these, those known longest first."""
        return [_rider(*row) for row in await self._fetch(_FIND, list(lookups))]

    async def add(self, contact: SealedContact, rider: Rider | None = None) -> bool:
        """Keep what was given for a ride, and its rider if that is new; all or nothing."""
        values = (contact.ride_id, contact.rider, contact.kept_at_ms, contact.sealed)
        async with reached(), direct(self._engine) as connection:
            try:
                if rider is None:
                    return bool(await connection.fetch(_ADD, *values))
                who = (rider.zone, rider.lookup, rider.since_ms, *rider.key)
                return bool(await connection.fetch(_ADD_BOTH, *values, *who))
            except asyncpg.ForeignKeyViolationError:
                pass  # said below: nothing is wrong with the connection
        raise RiderGone(contact.rider)

    async def contact(self, ride_id: RideId) -> tuple[Rider, SealedContact] | None:
        """Return what was given for a ride, and by whom."""
        rows = await self._fetch(_LOOK, ride_id)
        return (_rider(*rows[0][:6]), _contact(*rows[0][6:])) if rows else None

    async def contacts(self, rider: RiderId) -> Sequence[SealedContact]:
        """Return all that a rider gave, oldest first."""
        return [_contact(*row) for row in await self._fetch(_GIVEN, rider)]

    async def contacts_before(
        self, zone: ZoneId, before_ms: int, after: tuple[int, str], count_max: int
    ) -> Sequence[SealedContact]:
        """Return what was given before a moment, oldest first, behind a moment and ride."""
        rows = await self._fetch(_GIVEN_BEFORE, zone, before_ms, *after, count_max)
        return [_contact(*row) for row in rows]

    async def drop(self, rides: Collection[RideId]) -> Sequence[RiderId]:
        """Delete what was given for some rides, and riders of whom nothing else was kept."""
        async with (
            reached(),
            direct(self._engine) as connection,
            connection.transaction(),
        ):
            touched = [rider for (rider,) in await connection.fetch(_LOCK, list(rides))]
            await connection.execute(_DROP, list(rides))
            erased = await connection.fetch(_DROP_RIDERS, touched)
        return sorted(RiderId(rider) for (rider,) in erased)

    async def erase(self, rider: RiderId) -> bool:
        """Destroy a rider's key and delete all that is kept of them; whether there was anything."""
        return bool(await self._fetch(_ERASE, rider))

    async def not_under(self, master: str, after: RiderId, count_max: int) -> Sequence[Rider]:
        """Return riders whose keys are not under this master key, by id, behind one."""
        return [_rider(*row) for row in await self._fetch(_NOT_UNDER, master, after, count_max)]

    async def rekey(self, rider: Rider) -> None:
        """Replace a rider's wrapped key and lookup; nothing if the rider is gone."""
        await self._fetch(_REKEY, rider.rider, rider.lookup, *rider.key)

    async def _fetch(self, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        async with reached(), direct(self._engine) as connection:
            return [tuple(row) for row in await connection.fetch(statement, *values)]


def _rider(
    rider: str, zone: str, lookup: bytes | None, since_ms: int, master: str, wrapped: bytes
) -> Rider:
    return Rider(
        rider=RiderId(rider),
        zone=ZoneId(zone),
        lookup=lookup,
        since_ms=since_ms,
        key=WrappedKey(master, wrapped),
    )


def _contact(ride: str, rider: str, kept_at_ms: int, sealed: bytes) -> SealedContact:
    return SealedContact(
        ride_id=RideId(ride), rider=RiderId(rider), kept_at_ms=kept_at_ms, sealed=sealed
    )
