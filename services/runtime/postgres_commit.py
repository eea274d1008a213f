"""The commit of a group of steps: one statement, and so one transaction, whatever is in it.

It goes to asyncpg directly: it is what every answer waits for, and statement by statement through
SQLAlchemy it took four times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.domain.errors import ShardLost
from services.domain.ids import ZoneId
from services.runtime.ports import Group
from services.wire.stored import Entry, encode_entry, encode_ride
from services.wire.topics import Topic

STATEMENT = """
WITH fenced AS MATERIALIZED (
    SELECT shard FROM shards WHERE shard = $1 AND epoch = $2 FOR UPDATE
),
stepped AS MATERIALIZED (
    SELECT * FROM unnest(
        $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bigint[]
    ) AS stepped (zone, before, number, now_s, link, published)
),
fitting AS MATERIALIZED (
    SELECT shard FROM fenced WHERE NOT EXISTS (
        SELECT FROM stepped LEFT JOIN zones ON zones.zone = stepped.zone AND zones.shard = $1
        WHERE zones.zone IS NULL OR stepped.before IS NOT NULL AND zones.number <> stepped.before
    )
),
read AS (
    UPDATE shards SET
        commands_offset = coalesce($3, commands_offset),
        reports_offset = coalesce($4, reports_offset)
    FROM fitting WHERE shards.shard = fitting.shard
),
moved AS (
    UPDATE zones SET
        number = coalesce(stepped.number, zones.number),
        now_s = coalesce(stepped.now_s, zones.now_s),
        link = coalesce(stepped.link, zones.link),
        published = greatest(zones.published, stepped.published)
    FROM stepped, fitting WHERE zones.zone = stepped.zone
),
written AS (
    INSERT INTO journal (zone, number, day, body, ids)
    SELECT news.*
    FROM fitting,
        unnest($11::text[], $12::bigint[], $13::date[], $14::bytea[], $28::bytea[]) AS news
),
changed AS (
    INSERT INTO rides (ride, zone, status, held, number, body)
    SELECT news.ride, news.zone, news.status, news.held, stepped.number, news.body
    FROM fitting,
        unnest($15::text[], $16::text[], $17::text[], $18::bytea[], $29::boolean[])
            AS news (zone, ride, status, body, held)
        JOIN stepped ON stepped.zone = news.zone
    ON CONFLICT (ride, zone) DO UPDATE
        SET status = excluded.status, held = excluded.held, number = excluded.number,
            body = excluded.body
),
forgotten AS (
    UPDATE rides SET held = false
    FROM fitting, unnest($19::text[], $20::text[]) AS gone (zone, ride)
    WHERE rides.ride = gone.ride AND rides.zone = gone.zone
),
kept AS (
    INSERT INTO parts (zone, kind, part, body)
    SELECT news.*
    FROM fitting, unnest($21::text[], $22::text[], $23::text[], $24::bytea[]) AS news
    ON CONFLICT (zone, kind, part) DO UPDATE SET body = excluded.body
),
dropped AS (
    DELETE FROM parts USING fitting, unnest($25::text[], $26::text[], $27::text[])
        AS gone (zone, kind, part)
    WHERE parts.zone = gone.zone AND parts.kind = gone.kind AND parts.part = gone.part
)
SELECT EXISTS (SELECT FROM fenced), EXISTS (SELECT FROM fitting)
"""
"""Nothing is written unless the epoch is the newest and every zone's first step is its next one.

Whoever takes the shard meanwhile holds its row, or waits for it: so the epoch that is seen here is
the one that counts when the rest is written.
"""


def arguments(shard: int, epoch: int, group: Group) -> list[Any]:
    """Return what the statement needs.

    Raises
    ------
    ShardLost
        If steps of a zone do not follow each other.
    """
    changes = group.changes.items()
    rides = [
        (zone, ride.id, ride.status.value, encode_ride(ride))
        for zone, changed in changes
        for ride in changed.rides
    ]
    gone = dict.fromkeys((zone, one) for zone, changed in changes for one in changed.forgotten)
    # A row can be written once: of what ended and is forgotten already, that is written with it.
    held = [(zone, ride_id) not in gone for zone, ride_id, *_ in rides]
    for zone, ride_id, *_ in rides:
        gone.pop((zone, ride_id), None)
    parts = [(zone, *part) for zone, changed in changes for part in changed.parts]
    return [
        shard,
        epoch,
        group.offsets.get(Topic.RIDE_COMMANDS),
        group.offsets.get(Topic.SHUTTLE_REPORTS),
        *_columns(_stepped(shard, group), 6),
        *_columns(((e.zone, e.number, _day(e), encode_entry(e)) for e in group.entries), 4),
        *_columns(rides, 4),
        *_columns(gone, 2),
        *_columns((part for part in parts if part[3]), 4),
        *_columns((part[:3] for part in parts if not part[3]), 3),
        ["\n".join(filter(None, entry.message_ids)).encode() for entry in group.entries],
        held,
    ]


def _stepped(
    shard: int, group: Group
) -> list[tuple[str, int | None, int | None, int | None, bytes | None, int]]:
    """A row for each zone that stepped or published."""
    firsts: dict[ZoneId, int] = {}
    lasts: dict[ZoneId, Entry] = {}
    for entry in group.entries:
        last = lasts.get(entry.zone)
        if last is None:
            firsts[entry.zone] = entry.number
        elif entry.number != last.number + 1:
            raise ShardLost(shard, f"{entry.zone}: step {entry.number} does not follow")
        lasts[entry.zone] = entry
    return [
        (zone, None, None, None, None, group.published[zone])
        if (end := lasts.get(zone)) is None
        else (zone, firsts[zone] - 1, end.number, end.now_s, end.link, group.published.get(zone, 0))
        for zone in {**lasts, **group.published}
    ]


def _columns(rows: Iterable[Sequence[object]], count: int) -> list[list[object]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(count)]


def _day(entry: Entry) -> date:
    return datetime.fromtimestamp(entry.decided_at_ms / 1000, UTC).date()
