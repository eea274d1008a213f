"""Tells a living zone every day when it is dark, for shuttles that drive by light only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import structlog

from services.domain.errors import Unavailable
from services.domain.events import CloseRoads
from services.domain.ids import ZoneId
from services.domain.operating_domain import RestrictDriving, SpeedCap
from services.domain.settings_part import DAY_S
from services.network.folder import Network
from services.network.nights import DARKNESS, dark_hours, nights
from services.network.roads import links_of
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.runtime.sending import send

log = structlog.get_logger()

NOON_S = DAY_S // 2
RETRY_S = 1.0


class DaylightLoop:
    """Says it when the zone begins, and every noon for the nights to come.

    Parameters
    ----------
    network
        The territory.
    zone
        Whom to tell.
    messages
        Where commands are sent.
    clock
        Whose day it is.
    """

    def __init__(self, network: Network, zone: ZoneId, messages: Log, clock: Clock) -> None:
        self._network = network
        self._zone = zone
        self._log = messages
        self._clock = clock

    async def run(self) -> None:
        """Do so until cancelled."""
        while True:
            now_s = self._clock.now_s()
            today = now_s // DAY_S
            said = nights(self._network, self._clock.day.date + timedelta(days=today))
            later = tuple(one.later(today * DAY_S) for one in said)
            caps = tuple(self._speed_caps(today))
            if later or caps:
                await self._send(RestrictDriving(later, caps), now_s, "all")
            for closure in self._corridors(today):
                await self._send(closure, now_s, closure.closure_id)
            await self._clock.sleep_until((now_s - NOON_S) // DAY_S * DAY_S + DAY_S + NOON_S)

    def _corridors(self, today: int) -> Iterator[CloseRoads]:
        """Corridors that are not driven in darkness, in the nights to come."""
        network, day = self._network, self._clock.day.date + timedelta(days=today)
        for number, corridor in enumerate(network.territory.operating_domain.corridors):
            if network.roads is None or DARKNESS not in corridor.not_in:
                continue
            links = links_of(network.roads.link_ids, corridor.links)
            for night in dark_hours(network, day):
                one = night.later(today * DAY_S)
                name = f"corridor {number + 1}: {DARKNESS} until {one.until_s} s"
                yield CloseRoads(name, links, one.from_s, one.until_s)

    def _speed_caps(self, today: int) -> Iterator[SpeedCap]:
        """How fast shuttles drive at most in the nights to come."""
        network, day = self._network, self._clock.day.date + timedelta(days=today)
        for cap in network.territory.operating_domain.speed_caps:
            if network.roads is None or DARKNESS not in cap.within:
                continue
            links = links_of(network.roads.link_ids, cap.links)
            speed_m_h = round(cap.speed_kmh * 1000)
            for night in dark_hours(network, day):
                one = night.later(today * DAY_S)
                yield SpeedCap(DARKNESS, one.from_s, one.until_s, speed_m_h, links)

    async def _send(self, command: RestrictDriving | CloseRoads, now_s: int, about: str) -> None:
        message_id = f"{self._zone}/light/{now_s}/{about}"
        while True:
            try:
                await send(self._log, self._clock, self._zone, command, message_id)
            except Unavailable as error:
                log.warning("darkness_waits", zone=self._zone, reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return
