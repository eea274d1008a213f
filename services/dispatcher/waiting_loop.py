"""Looks at a living zone's idle shuttles every so often, and sends it proposals where to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

import structlog
from prometheus_client import CollectorRegistry, Counter

from services.dispatcher.rebalancing import Standing
from services.dispatcher.waiting import Waiting
from services.domain.errors import Unavailable
from services.domain.events import ParkProposal
from services.domain.ids import ZoneId
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.runtime.sending import send

log = structlog.get_logger()


class WaitingMetrics:
    """What is counted of looking after idle shuttles."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.looks = Counter(
            "navette_waiting_looks_total",
            "Times that idle shuttles were looked at.",
            ["outcome"],
            registry=registry,
        )


class WaitingLoop:
    """Proposes, beside the dispatcher, where its idle shuttles wait.

    Parameters
    ----------
    waiting
        Works out where.
    standings
        Says how the zone's shuttles stand at a time.
    zone
        To whom proposals go.
    messages
        By which way.
    clock
        Tells the zone's time.
    """

    def __init__(
        self,
        waiting: Waiting,
        standings: Callable[[int], Sequence[Standing]],
        zone: ZoneId,
        messages: Log,
        clock: Clock,
        metrics: WaitingMetrics,
    ) -> None:
        self._waiting = waiting
        self._standings = standings
        self._zone = zone
        self._log = messages
        self._clock = clock
        self._metrics = metrics
        self._today: date | None = None

    async def run(self) -> None:
        """Look after them until cancelled; what goes wrong leaves shuttles where they are."""
        every_s = self._waiting.settings.every_s
        while True:
            await self._clock.sleep_until((self._clock.now_s() // every_s + 1) * every_s)
            now_s = self._clock.now_s()
            if not self._waiting.service.is_open(self._clock.day.calendar.local_s(now_s)):
                continue
            # A snapshot, taken between two steps of the zone; the rest happens beside it.
            fleet = self._standings(now_s)
            today = self._clock.day.moment(now_s).date()
            try:
                found = await asyncio.to_thread(self._look, fleet, now_s, today)
                await self._send(found)
            except Exception:
                log.exception("waiting_failed", zone=self._zone)
                self._metrics.looks.labels("failed").inc()
            else:
                self._metrics.looks.labels("proposed" if found else "nothing").inc()

    def _look(self, fleet: Sequence[Standing], now_s: int, today: date) -> tuple[ParkProposal, ...]:
        if today != self._today:
            self._waiting.awaited, self._today = self._waiting.expect(today), today
        return self._waiting.proposals(fleet, now_s)

    async def _send(self, proposals: Sequence[ParkProposal]) -> None:
        now_s = self._clock.now_s()
        for one in proposals:
            message_id = f"{self._zone}/wait/{now_s}/{one.shuttle_id}"
            try:
                await send(self._log, self._clock, self._zone, one, message_id)
            except Unavailable as error:
                log.warning("proposals_dropped", reason=str(error))
                return
