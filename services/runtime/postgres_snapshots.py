"""Snapshots of zones on PostgreSQL: written once in a while, read to replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from services.domain.errors import ShardLost
from services.domain.ids import ZoneId
from services.runtime import tables
from services.runtime.database import reached
from services.wire.snapshots import Snapshot, SnapshotMark, decode_snapshot, encode_snapshot

PAGE = 4
"""Snapshots that are read at once; each may be some megabytes."""

KEEP_S_MAX = 10.0

_KEEP = text(
    """
    INSERT INTO snapshots (zone, number, taken_at_ms, code, territory, body)
    SELECT :zone, :number, :taken_at_ms, :code, :territory, :body
    FROM zones JOIN shards ON shards.shard = zones.shard
    WHERE zones.zone = :zone AND zones.number >= :number
        AND shards.shard = :shard AND shards.epoch = :epoch
    ON CONFLICT (zone, number, taken_at_ms) DO UPDATE SET body = excluded.body
    """
)


class PostgresSnapshots:
    """The part of the store on PostgreSQL that keeps zones as a whole.

    Parameters
    ----------
    engine
        Made by `services.runtime.database.connect`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def zones(self) -> Mapping[ZoneId, date]:
        """Return all zones that are known, and the first day of their seconds."""
        rows = tables.zones.c
        async with reached(), self._engine.connect() as connection:
            found = await connection.execute(select(rows.zone, rows.day).order_by(rows.zone))
        return {ZoneId(zone): day for zone, day in found}

    async def keep_snapshot(self, shard: int, epoch: int, snapshot: Snapshot) -> None:
        """Write down a zone as a whole, as it was after a step that is committed."""
        values = {
            "zone": snapshot.zone,
            "number": snapshot.number,
            "taken_at_ms": snapshot.taken_at_ms,
            "code": snapshot.code,
            "territory": snapshot.territory,
            "body": encode_snapshot(snapshot),
            "shard": shard,
            "epoch": epoch,
        }
        async with reached(KEEP_S_MAX), self._engine.begin() as connection:
            kept = await connection.execute(_KEEP, values)
        if kept.rowcount != 1:
            reason = f"epoch {epoch} is not its newest, or step {snapshot.number} is not committed"
            raise ShardLost(shard, f"{snapshot.zone}: {reason}")

    async def last_snapshot(self, zone: ZoneId) -> SnapshotMark | None:
        """Return what is known of a zone's newest snapshot."""
        rows = tables.snapshots.c
        look = select(rows.number, rows.taken_at_ms, rows.code, rows.territory)
        newest = look.where(rows.zone == zone).order_by(rows.number.desc(), rows.taken_at_ms.desc())
        async with reached(), self._engine.connect() as connection:
            found = (await connection.execute(newest.limit(1))).one_or_none()
        return None if found is None else SnapshotMark(*found)

    async def snapshots(self, zone: ZoneId, after: tuple[int, int] = (-1, 0)) -> Sequence[Snapshot]:
        """Return some snapshots, oldest first, behind that of a step and moment."""
        rows = tables.snapshots.c
        behind = tuple_(rows.number, rows.taken_at_ms) > tuple_(*after)
        look = select(rows.body).where(rows.zone == zone, behind)
        oldest = look.order_by(rows.number, rows.taken_at_ms).limit(PAGE)
        async with reached(KEEP_S_MAX), self._engine.connect() as connection:
            found = await connection.scalars(oldest)
        return [decode_snapshot(body) for body in found]
