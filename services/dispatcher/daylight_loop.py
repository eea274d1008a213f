"""Tells a living zone every day when it is dark, for shuttles that drive by light only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

import structlog

from services.domain.errors import Unavailable
from services.domain.events import CloseRoads
from services.domain.ids import ZoneId
from services.domain.operating_domain import RestrictDriving, Restriction, SpeedCap
from services.domain.settings_part import DAY_S
from services.network.folder import Network
from services.network.nights import DARKNESS, dark_hours, nights
from services.network.roads import links_of
from services.runtime.clock import Clock, ServiceDay
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
            today = self._clock.day.later(self._clock.day.days_at(now_s))
            later = tuple(self._later(nights(self._network, today.date), today))
            caps = tuple(self._speed_caps(today))
            if later or caps:
                await self._send(RestrictDriving(later, caps), now_s, "all")
            for closure in self._corridors(today):
                await self._send(closure, now_s, closure.closure_id)
            noons = (self._begins(today.later(ahead)) + NOON_S for ahead in (0, 1))
            await self._clock.sleep_until(next(noon_s for noon_s in noons if noon_s > now_s))

    def _begins(self, day: ServiceDay) -> int:
        """When a day begins, in seconds of the zone."""
        return self._clock.day.seconds(day.midnight)

    def _later(self, hours: Iterable[Restriction], day: ServiceDay) -> Iterator[Restriction]:
        """The hours of a day, in seconds of the zone."""
        return (one.later(self._begins(day)) for one in hours)

    def _corridors(self, today: ServiceDay) -> Iterator[CloseRoads]:
        """Corridors that are not driven in darkness, in the nights to come."""
        network = self._network
        for number, corridor in enumerate(network.territory.operating_domain.corridors):
            if network.roads is None or DARKNESS not in corridor.not_in:
                continue
            links = links_of(network.roads.link_ids, corridor.links)
            for one in self._later(dark_hours(network, today.date), today):
                name = f"corridor {number + 1}: {DARKNESS} until {one.until_s} s"
                yield CloseRoads(name, links, one.from_s, one.until_s)

    def _speed_caps(self, today: ServiceDay) -> Iterator[SpeedCap]:
        """How fast shuttles drive at most in the nights to come."""
        network = self._network
        for cap in network.territory.operating_domain.speed_caps:
            if network.roads is None or DARKNESS not in cap.within:
                continue
            links = links_of(network.roads.link_ids, cap.links)
            speed_m_h = round(cap.speed_kmh * 1000)
            for one in self._later(dark_hours(network, today.date), today):
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
