"""The store on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import any_, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import BigInteger, Date, LargeBinary, Text

from services.domain.errors import InvalidSetting, ShardLost
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Ride
from services.runtime import tables
from services.runtime.database import reached
from services.runtime.embedded_store import MESSAGE_IDS
from services.runtime.ports import Changes, Group, Holding, Part, StoredRide, ZoneHolding
from services.runtime.postgres_snapshots import PostgresSnapshots
from services.wire.stored import Entry, decode_entry, decode_ride, encode_entry, encode_ride
from services.wire.topics import Topic

TAKE_S_MAX = 10.0

_FENCE = text(
    """
    UPDATE shards SET
        commands_offset = coalesce(:commands, commands_offset),
        reports_offset = coalesce(:reports, reports_offset)
    WHERE shard = :shard AND epoch = :epoch
    """
)
_ZONES = text(
    """
    UPDATE zones SET
        number = coalesce(news.number, zones.number),
        now_s = coalesce(news.now_s, zones.now_s),
        link = coalesce(news.link, zones.link),
        published = greatest(zones.published, news.published)
    FROM unnest(:names, :befores, :numbers, :times, :links, :published)
        AS news (zone, before, number, now_s, link, published)
    WHERE zones.zone = news.zone AND zones.shard = :shard
        AND (news.before IS NULL OR zones.number = news.before)
    """
).bindparams(
    bindparam("names", type_=ARRAY(Text)),
    bindparam("befores", type_=ARRAY(BigInteger)),
    bindparam("numbers", type_=ARRAY(BigInteger)),
    bindparam("times", type_=ARRAY(BigInteger)),
    bindparam("links", type_=ARRAY(LargeBinary)),
    bindparam("published", type_=ARRAY(BigInteger)),
)
_RIDES = text(
    """
    INSERT INTO rides (ride, zone, status, held, number, body)
    SELECT news.ride, zones.zone, news.status, true, zones.number, news.body
    FROM zones, unnest(:rides, :states, :bodies) AS news (ride, status, body)
    WHERE zones.zone = :zone
    ON CONFLICT (ride) DO UPDATE
        SET status = excluded.status, number = excluded.number, body = excluded.body
        WHERE rides.zone = excluded.zone
    """
).bindparams(
    bindparam("rides", type_=ARRAY(Text)),
    bindparam("states", type_=ARRAY(Text)),
    bindparam("bodies", type_=ARRAY(LargeBinary)),
)
_PARTS = text(
    """
    INSERT INTO parts (zone, kind, part, body)
    SELECT :zone, * FROM unnest(:kinds, :parts, :bodies)
    ON CONFLICT (zone, kind, part) DO UPDATE SET body = excluded.body
    """
).bindparams(
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("parts", type_=ARRAY(Text)),
    bindparam("bodies", type_=ARRAY(LargeBinary)),
)
_GONE = text(
    """
    DELETE FROM parts USING unnest(:kinds, :parts) AS gone (kind, part)
    WHERE parts.zone = :zone AND parts.kind = gone.kind AND parts.part = gone.part
    """
).bindparams(bindparam("kinds", type_=ARRAY(Text)), bindparam("parts", type_=ARRAY(Text)))
_JOURNAL = text(
    """
    INSERT INTO journal (zone, number, day, body)
    SELECT * FROM unnest(:zones, :numbers, :days, :bodies)
    """
).bindparams(
    bindparam("zones", type_=ARRAY(Text)),
    bindparam("numbers", type_=ARRAY(BigInteger)),
    bindparam("days", type_=ARRAY(Date)),
    bindparam("bodies", type_=ARRAY(LargeBinary)),
)
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
        self._asked: dict[RideId, asyncio.Future[StoredRide | None]] = {}

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

    async def take(self, shard: int, zones: Collection[ZoneId], owner: str) -> Holding:
        """Become a shard's owner: raise its epoch, then read what is known, in one transaction."""
        columns = tables.shards.c
        returned = (columns.epoch, columns.commands_offset, columns.reports_offset)
        async with reached(TAKE_S_MAX), self._engine.begin() as connection:
            # From here on the owner before cannot commit; if it is committing, this waits for it.
            taken = await connection.execute(
                _TAKE.returning(*returned), {"shard": shard, "owner": owner}
            )
            epoch, commands, reports = taken.one()
            held = await _holdings(connection, list(zones))
        read = {Topic.RIDE_COMMANDS: commands, Topic.SHUTTLE_REPORTS: reports}
        offsets = {topic: offset for topic, offset in read.items() if offset is not None}
        return Holding(epoch=epoch, offsets=offsets, zones=held)

    async def commit(self, shard: int, epoch: int, group: Group) -> None:
        """Write steps down, all or none, in one transaction."""
        news = _zones_of(shard, group)
        async with reached(), self._engine.begin() as connection:
            fenced = await connection.execute(
                _FENCE,
                {
                    "shard": shard,
                    "epoch": epoch,
                    "commands": group.offsets.get(Topic.RIDE_COMMANDS),
                    "reports": group.offsets.get(Topic.SHUTTLE_REPORTS),
                },
            )
            if fenced.rowcount != 1:
                raise ShardLost(shard, f"epoch {epoch} is not its newest")
            if not news:
                return
            moved = await connection.execute(_ZONES, _columns(news, _ZONE_NAMES) | {"shard": shard})
            if moved.rowcount != len(news):
                raise ShardLost(shard, "steps do not follow the last ones, or zones are not in it")
            await _write_journal(connection, group.entries)
            for zone, changes in group.changes.items():
                await _write_changes(connection, zone, changes)

    async def ride(self, ride_id: RideId) -> StoredRide | None:
        """Return a ride as it was last committed; those asked for at once are read at once."""
        answer = self._asked.get(ride_id)
        if answer is None:
            loop = asyncio.get_running_loop()
            if not self._asked:
                loop.call_soon(self._look)
            answer = self._asked[ride_id] = loop.create_future()
        return await asyncio.shield(answer)

    def _look(self) -> None:
        asked, self._asked = self._asked, {}
        self._looking = asyncio.ensure_future(self._read_rides(asked))

    async def _read_rides(self, asked: Mapping[RideId, asyncio.Future[StoredRide | None]]) -> None:
        rides = tables.rides.c
        wanted = bindparam("ids", list(asked), ARRAY(Text))
        look = select(rides.ride, rides.zone, rides.body, rides.number)
        try:
            async with reached(), self._engine.connect() as connection:
                rows = await connection.execute(look.where(rides.ride == any_(wanted)))
            found = {
                ride: StoredRide(ZoneId(zone), decode_ride(body), number)
                for ride, zone, body, number in rows
            }
        except Exception as error:
            for answer in asked.values():
                if not answer.done():
                    answer.set_exception(error)
                    answer.exception()  # whoever asked may be gone
            return
        for ride_id, answer in asked.items():
            if not answer.done():
                answer.set_result(found.get(ride_id))

    async def journal(self, zone: ZoneId, after: int = 0, count_max: int = 1000) -> Sequence[Entry]:
        """Return the steps after number ``after`` that are kept, oldest first."""
        rows = tables.journal.c
        look = select(rows.body).where(rows.zone == zone, rows.number > after)
        async with reached(), self._engine.connect() as connection:
            found = await connection.scalars(look.order_by(rows.number).limit(count_max))
        return [decode_entry(body) for body in found]


_ZONE_NAMES = ("names", "befores", "numbers", "times", "links", "published")
_ZoneNews = tuple[str, int | None, int | None, int | None, bytes | None, int]


def _zones_of(shard: int, group: Group) -> list[_ZoneNews]:
    """A row for each zone that stepped or published; its steps are checked to follow each other."""
    firsts: dict[ZoneId, int] = {}
    lasts: dict[ZoneId, Entry] = {}
    for entry in group.entries:
        last = lasts.get(entry.zone)
        if last is None:
            firsts[entry.zone] = entry.number
        elif entry.number != last.number + 1:
            raise ShardLost(shard, f"{entry.zone}: step {entry.number} does not follow")
        lasts[entry.zone] = entry
    news: list[_ZoneNews] = []
    for zone in {**lasts, **group.published}:
        published, end = group.published.get(zone, 0), lasts.get(zone)
        if end is None:
            news.append((zone, None, None, None, None, published))
        else:
            before = firsts[zone] - 1
            news.append((zone, before, end.number, end.now_s, end.link, published))
    return news


async def _write_journal(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    rows = [(entry.zone, entry.number, _day(entry), encode_entry(entry)) for entry in entries]
    if rows:
        await connection.execute(_JOURNAL, _columns(rows, ("zones", "numbers", "days", "bodies")))


async def _write_changes(connection: AsyncConnection, zone: ZoneId, changes: Changes) -> None:
    if changes.rides:
        rows = [(ride.id, ride.status.value, encode_ride(ride)) for ride in changes.rides]
        columns = _columns(rows, ("rides", "states", "bodies"))
        written = await connection.execute(_RIDES, columns | {"zone": zone})
        assert written.rowcount == len(rows), "a ride belongs to another zone"
    if changes.forgotten:
        ids = bindparam("ids", list(changes.forgotten), ARRAY(Text))
        held = tables.rides.c.held
        await connection.execute(
            update(tables.rides).where(tables.rides.c.ride == any_(ids)).values({held: False})
        )
    if kept := [part for part in changes.parts if part.body]:
        columns = _columns(kept, ("kinds", "parts", "bodies"))
        await connection.execute(_PARTS, columns | {"zone": zone})
    if gone := [(part.kind, part.id) for part in changes.parts if not part.body]:
        await connection.execute(_GONE, _columns(gone, ("kinds", "parts")) | {"zone": zone})


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
    look = select(rows.body).where(rows.zone == zone, rows.number > number - MESSAGE_IDS)
    found = await connection.scalars(look.order_by(rows.number))
    return tuple(name for body in found for name in decode_entry(body).message_ids if name)


def _day(entry: Entry) -> date:
    return datetime.fromtimestamp(entry.decided_at_ms / 1000, UTC).date()


def _columns(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> dict[str, object]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
