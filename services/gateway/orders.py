"""What shuttles are to know: the newest plan of each, and the newest state of the roads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from services.domain.errors import Unavailable, Unreadable
from services.domain.events import PlanIssued
from services.domain.ids import ShuttleId, ZoneId
from services.domain.operating_domain import RoadsChanged
from services.domain.plan import Plan
from services.domain.zone_state import RowKind, StoredRoads
from services.gateway.areas import Areas
from services.gateway.follower import Follower
from services.runtime.ports import Log, Store
from services.wire.envelope import Envelope
from services.wire.topics import Topic
from services.wire.zone_rows import decode_row

log = structlog.get_logger()


class Orders:
    """Follows the topic of plans, and hears of roads; only the newest of each counts.

    Parameters
    ----------
    source, store
        The log, and where the state of the roads is if nothing was said of it lately.
    areas
        Whose plans are kept.
    unreadable
        Called for each plan that could not be read.
    """

    def __init__(
        self, source: Log, store: Store, areas: Areas, unreadable: Callable[[], None]
    ) -> None:
        self._store = store
        self._areas = areas
        self._plans: dict[tuple[ZoneId, ShuttleId], tuple[ZoneId, Plan]] = {}
        self._roads: dict[ZoneId, RoadsChanged] = {}
        self._listeners: dict[ZoneId, set[asyncio.Event]] = {}
        # The newest plan of each shuttle is always kept on the topic.
        self._follower = Follower(source, Topic.SHUTTLE_PLANS, self._hear, unreadable)

    @property
    def ready(self) -> bool:
        """Whether all plans that were there at the start are known."""
        return self._follower.ready

    def plan(self, territory: ZoneId, shuttle: ShuttleId) -> Plan | None:
        """Return the newest plan of a shuttle, if there is any."""
        known = self._plans.get((territory, shuttle))
        return None if known is None else known[1]

    def zone(self, territory: ZoneId, shuttle: ShuttleId) -> ZoneId:
        """Return the zone whose newest plan a shuttle has; before any, that of its depot."""
        known = self._plans.get((territory, shuttle))
        return self._areas.territories[territory].shuttles[shuttle] if known is None else known[0]

    def roads(self, zone: ZoneId) -> RoadsChanged | None:
        """Return how the roads are, if that is known."""
        return self._roads.get(zone)

    async def learn_roads(self, zone: ZoneId) -> None:
        """Look the roads up if nothing was said of them lately: they may be closed for long."""
        if zone in self._roads:
            return
        try:
            part = await self._store.part(zone, RowKind.ROADS, "")
            row = None if part is None else decode_row(*part)
        except (Unavailable, Unreadable) as error:
            log.warning("roads_unknown", zone=zone, reason=str(error))
            return
        if row is not None and isinstance(row.value, StoredRoads):
            self._take_roads(zone, row.value.said())

    def listen(self, territory: ZoneId, news: asyncio.Event) -> None:
        """Set this whenever something is new in a territory, until `leave`."""
        self._listeners.setdefault(territory, set()).add(news)

    def leave(self, territory: ZoneId, news: asyncio.Event) -> None:
        """Set this no more."""
        self._listeners.get(territory, set()).discard(news)

    def hear(self, envelope: Envelope) -> None:
        """Take note of a plan, or of the state of the roads."""
        zone, body = envelope.zone, envelope.body
        if zone not in self._areas:
            return
        if isinstance(body, PlanIssued):
            key = (self._areas[zone].territory, body.plan.shuttle_id)
            known = self._plans.get(key)
            if known is not None and known[1].revision >= body.plan.revision:
                return
            self._plans[key] = zone, body.plan
        elif isinstance(body, RoadsChanged):
            self._take_roads(zone, body)
            return
        else:
            return
        self._wake(zone)

    def _take_roads(self, zone: ZoneId, roads: RoadsChanged) -> None:
        before = self._roads.get(zone)
        if before is None or before.version < roads.version:
            self._roads[zone] = roads
            self._wake(zone)

    def _wake(self, zone: ZoneId) -> None:
        for news in self._listeners.get(self._areas[zone].territory, ()):
            news.set()

    def _hear(self, _offset: int, envelope: Envelope) -> None:
        self.hear(envelope)

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._follower.run()
