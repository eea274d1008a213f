"""The store on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import any_, bindparam, case, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

from services.domain.errors import InvalidSetting, ShardLost
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Ride
from services.runtime import tables
from services.runtime.database import direct, reached
from services.runtime.ports import (
    MESSAGE_IDS,
    UNREAD,
    Asked,
    Group,
    Holding,
    Mark,
    Part,
    StoredRide,
    ZoneHolding,
)
from services.runtime.postgres_commit import STATEMENT, arguments
from services.runtime.postgres_snapshots import PostgresSnapshots
from services.runtime.together import Together
from services.wire.stored import Entry, decode_entry, decode_ride
from services.wire.topics import Topic

TAKE_S_MAX = 10.0

OLD_STEPS = 200
"""Of steps that have no ids beside, so many are read for them."""

_LOOK = """
SELECT ride, zone, body, number FROM rides WHERE ride = any($1::text[])
ORDER BY status <> 'referred'
"""
"""Who has a ride comes behind the mark of who referred it, and so is what is told."""
_ASK = """
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
wanted AS MATERIALIZED (
    SELECT wanted.* FROM quick, unnest($1::text[], $2::bytea[]) AS wanted (ride, how)
),
news AS (
    INSERT INTO asked (ride, how) SELECT ride, how FROM wanted
    ON CONFLICT (ride) DO NOTHING RETURNING ride, how
)
SELECT wanted.ride, wanted.how, coalesce(asked.how, news.how),
    rides.zone, rides.body, rides.number
FROM wanted LEFT JOIN asked USING (ride) LEFT JOIN news ON news.ride = wanted.ride
    LEFT JOIN rides ON rides.ride = wanted.ride
ORDER BY rides.status <> 'referred'
"""
"""That it was asked is worth nothing once the server died: nobody need wait for its disk."""
_NOW = "SELECT floor(1000 * extract(epoch FROM clock_timestamp()))::bigint"
_PART = "SELECT body FROM parts WHERE zone = $1 AND kind = $2 AND part = $3"
_MARK = "UPDATE shards SET marks = $3 WHERE shard = $1 AND epoch = $2 RETURNING shard"
_PROGRESS = "SELECT epoch, commands_offset, reports_offset, marks FROM shards WHERE shard = $1"
_BEGIN_ANEW = """
WITH caught_up AS (
    DELETE FROM parts USING zones WHERE zones.shard = $1 AND parts.zone = zones.zone
        AND parts.kind = $2 AND parts.part = any($3::text[])
)
UPDATE shards SET epoch = epoch + 1, marks = (marks::jsonb - $3::text[])::text,
    commands_offset = CASE WHEN $4 THEN NULL ELSE commands_offset END,
    reports_offset = CASE WHEN $5 THEN NULL ELSE reports_offset END
WHERE shard = $1
"""
_TAKE = insert(tables.shards).values(shard=bindparam("shard"), epoch=1, owner=bindparam("owner"))
_TAKE = _TAKE.on_conflict_do_update(
    index_elements=["shard"],
    set_={
        "epoch": tables.shards.c.epoch + 1,
        "owner": _TAKE.excluded.owner,
        "taken_at": text("now()"),
    },
)


class PostgresStore(PostgresSnapshots):
    """What was decided, on PostgreSQL.

    Parameters
    ----------
    engine
        Made by `services.runtime.database.connect`, to tables made by `services.runtime.migrate`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._rides = Together(self._read_rides)
        self._asks = Together(self._note_asked)

    async def open(self, zone: ZoneId, shard: int, day: date) -> date:
        """Make a zone known, once, and return the first day of its seconds."""
        zones = tables.zones
        make = insert(zones).values(zone=zone, shard=shard, day=day).on_conflict_do_nothing()
        look = select(zones.c.shard, zones.c.day).where(zones.c.zone == zone)
        async with reached(), self._engine.begin() as connection:
            await connection.execute(make)
            known_shard, known_day = (await connection.execute(look)).one()
        if known_shard != shard:
            raise InvalidSetting(
                "partitions", f"zone {zone} belongs to shard {known_shard}, not {shard}"
            )
        assert isinstance(known_day, date)
        return known_day

    async def now_ms(self) -> int | None:
        """Return what the database's clock shows, in milliseconds since 1970 UTC."""
        async with reached(), direct(self._engine) as connection:
            return int(await connection.fetchval(_NOW))

    async def take(self, shard: int, zones: Collection[ZoneId], owner: str) -> Holding:
        """Become a shard's owner: raise its epoch, then read what is known, in one transaction."""
        columns = tables.shards.c
        returned = (columns.epoch, columns.commands_offset, columns.reports_offset, columns.marks)
        async with reached(TAKE_S_MAX), self._engine.begin() as connection:
            # From here on the owner before cannot commit; if it is committing, this waits for it.
            taken = await connection.execute(
                _TAKE.returning(*returned), {"shard": shard, "owner": owner}
            )
            held = await _holdings(connection, list(zones))
        return _holding(taken.one(), held)

    async def progress(self, shard: int) -> Holding:
        """Return what is known of a shard without its zones, and without becoming its owner."""
        async with reached(), direct(self._engine) as connection:
            row = await connection.fetchrow(_PROGRESS, shard)
        return _holding(row or (0, None, None, "{}"), {})

    async def begin_anew(self, shard: int, inputs: Collection[Topic]) -> None:
        """Forget how far inputs of a shard were read; its owner loses it."""
        lost = [topic in inputs for topic in (Topic.RIDE_COMMANDS, Topic.SHUTTLE_REPORTS)]
        async with reached(), direct(self._engine) as connection:
            await connection.execute(_BEGIN_ANEW, shard, UNREAD, list(inputs), *lost)

    async def mark(self, shard: int, epoch: int, marks: Mapping[Topic, Mark]) -> None:
        """Keep records of the inputs in mind."""
        async with reached(), direct(self._engine) as connection:
            fenced = await connection.fetchval(_MARK, shard, epoch, json.dumps(marks))
        if fenced is None:
            raise ShardLost(shard, f"epoch {epoch} is not its newest")

    async def look(self, zone: ZoneId) -> ZoneHolding:
        """Return what is known of a zone, without becoming its owner."""
        async with reached(TAKE_S_MAX), self._engine.connect() as connection:
            repeatable = await connection.execution_options(isolation_level="REPEATABLE READ")
            return (await _holdings(repeatable, [zone])).get(zone, ZoneHolding())

    async def commit(self, shard: int, epoch: int, group: Group) -> None:
        """Write steps down, all or none, in one transaction."""
        values = arguments(shard, epoch, group)
        async with reached(), direct(self._engine) as connection:
            row = await connection.fetchrow(STATEMENT, *values)
        assert row is not None
        fenced, fitting = row
        if not fenced:
            raise ShardLost(shard, f"epoch {epoch} is not its newest")
        if not fitting:
            raise ShardLost(shard, "steps do not follow the last ones, or zones are not in it")

    async def ride(self, ride_id: RideId) -> StoredRide | None:
        """Return a ride as it was last committed; those asked for at once are read at once."""
        return await self._rides.one(ride_id)

    async def ask(self, ride_id: RideId, how: bytes) -> Asked:
        """Note that a ride is about to be asked for, unless it was noted before."""
        while True:
            first, stored = await self._asks.one((ride_id, how))
            if first is not None:
                return Asked(first, stored)
            # Somebody else noted it in the same instant: what, is to be seen now.

    async def part(self, zone: ZoneId, kind: str, part_id: str) -> Part | None:
        """Return a piece of a zone's state as it was last committed, if there is one."""
        async with reached(), direct(self._engine) as connection:
            body = await connection.fetchval(_PART, zone, kind, part_id)
        return None if body is None else Part(kind, part_id, body)

    async def _read_rides(self, asked: Sequence[RideId]) -> Mapping[RideId, StoredRide | None]:
        async with reached(), direct(self._engine) as connection:
            rows = await connection.fetch(_LOOK, asked)
        found = {RideId(ride): _stored(*row) for ride, *row in rows}
        return {ride_id: found.get(ride_id) for ride_id in asked}

    async def _note_asked(
        self, asked: Sequence[tuple[RideId, bytes]]
    ) -> Mapping[tuple[RideId, bytes], tuple[bytes | None, StoredRide | None]]:
        # In one order for all, so that none waits for another one that waits for it.
        rides, hows = map(list, zip(*sorted(asked), strict=True))
        async with reached(), direct(self._engine) as connection:
            rows = await connection.fetch(_ASK, rides, hows)
        return {(RideId(ride), how): (first, _stored(*row)) for ride, how, first, *row in rows}

    async def journal(self, zone: ZoneId, after: int = 0, count_max: int = 1000) -> Sequence[Entry]:
        """Return the steps after number ``after`` that are kept, oldest first."""
        rows = tables.journal.c
        look = select(rows.body).where(rows.zone == zone, rows.number > after)
        async with reached(), self._engine.connect() as connection:
            found = await connection.scalars(look.order_by(rows.number).limit(count_max))
        return [decode_entry(body) for body in found]


def _holding(shard: Iterable[Any], zones: Mapping[ZoneId, ZoneHolding]) -> Holding:
    epoch, commands, reports, marks = shard
    read = {Topic.RIDE_COMMANDS: commands, Topic.SHUTTLE_REPORTS: reports}
    offsets = {topic: offset for topic, offset in read.items() if offset is not None}
    known = {Topic(name): Mark(*mark) for name, mark in json.loads(marks).items()}
    return Holding(epoch=epoch, offsets=offsets, zones=zones, marks=known)


def _stored(zone: str | None, body: bytes | None, number: int | None) -> StoredRide | None:
    if zone is None or body is None or number is None:
        return None
    return StoredRide(ZoneId(zone), decode_ride(body), number)


async def _holdings(
    connection: AsyncConnection, zones: list[ZoneId]
) -> Mapping[ZoneId, ZoneHolding]:
    wanted = bindparam("zones", zones, ARRAY(Text))
    steps, rides, parts = tables.zones.c, tables.rides.c, tables.parts.c
    rows = await connection.execute(
        select(steps.zone, steps.number, steps.now_s, steps.link, steps.published).where(
            steps.zone == any_(wanted)
        )
    )
    held_rides = await connection.execute(
        select(rides.zone, rides.body).where(rides.zone == any_(wanted), rides.held)
    )
    rides_of: dict[str, list[Ride]] = {}
    for zone, body in held_rides:
        rides_of.setdefault(zone, []).append(decode_ride(body))
    held_parts = await connection.execute(
        select(parts.zone, parts.kind, parts.part, parts.body).where(parts.zone == any_(wanted))
    )
    parts_of: dict[str, list[Part]] = {}
    for zone, kind, name, body in held_parts:
        parts_of.setdefault(zone, []).append(Part(kind, name, body))
    found = {}
    for zone, number, now_s, link, published in rows:
        found[ZoneId(zone)] = ZoneHolding(
            number=number,
            now_s=now_s,
            link=link,
            published=published,
            rides=tuple(rides_of.get(zone, ())),
            parts=tuple(parts_of.get(zone, ())),
            message_ids=await _message_ids(connection, zone, number),
        )
    return found


async def _message_ids(connection: AsyncConnection, zone: str, number: int) -> tuple[str, ...]:
    rows = tables.journal.c
    # Steps of versions that wrote none beside are few among the newest, or soon will be.
    body = case((rows.ids.is_(None) & (rows.number > number - OLD_STEPS), rows.body))
    look = select(rows.ids, body).where(rows.zone == zone, rows.number > number - MESSAGE_IDS)
    names: list[str] = []
    for ids, data in await connection.execute(look.order_by(rows.number)):
        names += ids.decode().split("\n") if ids else decode_entry(data).message_ids if data else ()
    return tuple(filter(None, names))
