"""What is kept of riders, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, any_, bindparam, delete, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import LargeBinary, Text

from services.domain.ids import RideId, RiderId, ZoneId
from services.runtime import tables
from services.runtime.database import reached
from services.runtime.rider_keys import WrappedKey
from services.runtime.riders import Rider, RiderGone, SealedContact

_riders, _keys, _contacts = tables.riders, tables.rider_keys, tables.contacts
_RIDER = (
    *(_riders.c.rider, _riders.c.zone, _riders.c.lookup, _riders.c.since_ms),
    *(_keys.c.master, _keys.c.wrapped),
)
_CONTACT = (_contacts.c.ride, _contacts.c.rider, _contacts.c.kept_at_ms, _contacts.c.sealed)


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
        return {ZoneId(zone) for (zone,) in await self._read(select(_riders.c.zone).distinct())}

    async def find(self, lookups: Collection[bytes]) -> Sequence[Rider]:
        """Return the riders who are found by one of these, those known longest first."""
        wanted = bindparam("lookups", list(lookups), ARRAY(LargeBinary))
        look = _whole_riders().where(_riders.c.lookup == any_(wanted))
        rows = await self._read(look.order_by(_riders.c.since_ms, _riders.c.rider))
        return [_rider(*row) for row in rows]

    async def add(self, contact: SealedContact, rider: Rider | None = None) -> bool:
        """Keep what was given for a ride, and its rider if that is new; all or nothing."""
        values = {
            "ride": contact.ride_id,
            "rider": contact.rider,
            "kept_at_ms": contact.kept_at_ms,
            "sealed": contact.sealed,
        }
        keep = insert(_contacts).values(values).on_conflict_do_nothing(index_elements=["ride"])
        async with reached(), self._engine.connect() as connection:
            if rider is not None:
                await connection.execute(
                    insert(_riders).values(
                        rider=rider.rider,
                        zone=rider.zone,
                        lookup=rider.lookup,
                        since_ms=rider.since_ms,
                    )
                )
                await connection.execute(
                    insert(_keys).values(
                        rider=rider.rider, master=rider.key.master, wrapped=rider.key.data
                    )
                )
            try:
                kept = (await connection.execute(keep)).rowcount == 1
            except IntegrityError:
                raise RiderGone(contact.rider) from None
            # Who is new and has nothing is not left behind.
            await (connection.commit() if kept else connection.rollback())
        return kept

    async def contact(self, ride_id: RideId) -> tuple[Rider, SealedContact] | None:
        """Return what was given for a ride, and by whom."""
        look = select(*_RIDER, *_CONTACT).select_from(_contacts.join(_riders).join(_keys))
        rows = await self._read(look.where(_contacts.c.ride == ride_id))
        return (_rider(*rows[0][:6]), _contact(*rows[0][6:])) if rows else None

    async def contacts(self, rider: RiderId) -> Sequence[SealedContact]:
        """Return all that a rider gave, oldest first."""
        look = select(*_CONTACT).where(_contacts.c.rider == rider)
        rows = await self._read(look.order_by(_contacts.c.kept_at_ms, _contacts.c.ride))
        return [_contact(*row) for row in rows]

    async def contacts_before(
        self, zone: ZoneId, before_ms: int, after: tuple[int, str], count_max: int
    ) -> Sequence[SealedContact]:
        """Return what was given before a moment, oldest first, behind a moment and ride."""
        age = tuple_(_contacts.c.kept_at_ms, _contacts.c.ride)
        look = select(*_CONTACT).select_from(_contacts.join(_riders))
        look = look.where(_riders.c.zone == zone, _contacts.c.kept_at_ms < before_ms, age > after)
        rows = await self._read(
            look.order_by(_contacts.c.kept_at_ms, _contacts.c.ride).limit(count_max)
        )
        return [_contact(*row) for row in rows]

    async def drop(self, rides: Collection[RideId]) -> Sequence[RiderId]:
        """Delete what was given for some rides, and riders of whom nothing else was kept."""
        wanted = bindparam("rides", list(rides), ARRAY(Text))
        theirs = select(_contacts.c.rider).where(_contacts.c.ride == any_(wanted))
        # Locked first, and in order: a ride that is written down meanwhile is seen, or finds its
        # rider gone.
        lock = select(_riders.c.rider).where(_riders.c.rider.in_(theirs))
        async with reached(), self._engine.begin() as connection:
            found = await connection.scalars(lock.order_by(_riders.c.rider).with_for_update())
            touched = bindparam("touched", list(found), ARRAY(Text))
            await connection.execute(delete(_contacts).where(_contacts.c.ride == any_(wanted)))
            left = exists().where(_contacts.c.rider == _riders.c.rider)
            gone = delete(_riders).where(_riders.c.rider == any_(touched), ~left)
            erased = await connection.scalars(gone.returning(_riders.c.rider))
        return sorted(RiderId(rider) for rider in erased)

    async def erase(self, rider: RiderId) -> bool:
        """Destroy a rider's key and delete all that is kept of them; whether there was anything."""
        # The key and what was given go with it, in the same transaction.
        gone = delete(_riders).where(_riders.c.rider == rider)
        async with reached(), self._engine.begin() as connection:
            return (await connection.execute(gone)).rowcount == 1

    async def not_under(self, master: str, after: RiderId, count_max: int) -> Sequence[Rider]:
        """Return riders whose keys are not under this master key, by id, behind one."""
        look = _whole_riders().where(_keys.c.master != master, _riders.c.rider > after)
        rows = await self._read(look.order_by(_riders.c.rider).limit(count_max))
        return [_rider(*row) for row in rows]

    async def rekey(self, rider: Rider) -> None:
        """Replace a rider's wrapped key and lookup; nothing if the rider is gone."""
        changes = (
            update(_riders).where(_riders.c.rider == rider.rider).values(lookup=rider.lookup),
            update(_keys)
            .where(_keys.c.rider == rider.rider)
            .values(master=rider.key.master, wrapped=rider.key.data),
        )
        async with reached(), self._engine.begin() as connection:
            for change in changes:
                await connection.execute(change)

    async def _read(self, look: Select[Any]) -> Sequence[Any]:
        async with reached(), self._engine.connect() as connection:
            rows: Sequence[Any] = (await connection.execute(look)).all()
        return rows


def _whole_riders() -> Select[Any]:
    return select(*_RIDER).select_from(_riders.join(_keys))


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
