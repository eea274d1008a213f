"""Writes zones down as a whole, each day and when code or territory changed, to replay them."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from services.dispatcher.core import Zone
from services.dispatcher.host import Host
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.runtime.code_version import code_version
from services.runtime.ports import Store
from services.wire.snapshots import KeptRow, Snapshot, SnapshotMark
from services.wire.zone_rows import encode_row

log = structlog.get_logger()

EVERY_MS = 24 * 3600 * 1000


def is_due(mark: SnapshotMark | None, code: str, territory: str, at_ms: int) -> bool:
    """Whether a zone is to be written down as a whole.

    Parameters
    ----------
    mark
        Its newest snapshot, if there is one.
    code, territory
        By which code and on which territory it goes on.
    at_ms
        The moment, in milliseconds since 1970 UTC.
    """
    if mark is None or (mark.code, mark.territory) != (code, territory):
        return True
    return at_ms - mark.taken_at_ms >= EVERY_MS


def kept_rows(zone: Zone) -> tuple[KeptRow, ...]:
    """All of a zone's state as bytes, by kind and id."""
    return tuple(sorted(KeptRow(row.kind, row.id, encode_row(row)) for row in zone.rows()))


class Saving:
    """Keeps the snapshots of a shard's zones up to date.

    Parameters
    ----------
    store
        Where they are kept.
    shard
        The shard's number.
    """

    def __init__(self, store: Store, shard: int) -> None:
        self._store = store
        self._shard = shard
        self._marks: dict[ZoneId, SnapshotMark | None] = {}
        self._territories: dict[ZoneId, str] = {}

    async def save_due(self, hosts: Iterable[Host], epoch: int) -> None:
        """Write those zones down that are due; each has to be as it was last committed.

        To be called when the zones were taken, before they decide anything, and now and then after
        a commit.

        Raises
        ------
        ShardLost
            If somebody else took the shard since.
        Unavailable
            If the store does not answer.
        """
        for host in hosts:
            if host.id not in self._territories:
                self._marks[host.id] = await self._store.last_snapshot(host.id)
                self._territories[host.id] = fingerprint(host.network)
            territory, at_ms = self._territories[host.id], host.clock.now_ms()
            if is_due(self._marks[host.id], code_version(), territory, at_ms):
                snapshot = self._snapshot(host, territory, at_ms)
                await self._store.keep_snapshot(self._shard, epoch, snapshot)
                self._marks[host.id] = snapshot.mark
                log.info("zone_saved", zone=host.id, step=snapshot.number, rows=len(snapshot.rows))

    def _snapshot(self, host: Host, territory: str, at_ms: int) -> Snapshot:
        return Snapshot(
            zone=host.id,
            number=host.dispatcher.number,
            now_s=host.zone.now_s,
            taken_at_ms=at_ms,
            link=host.link,
            code=code_version(),
            territory=territory,
            rows=kept_rows(host.zone),
        )
