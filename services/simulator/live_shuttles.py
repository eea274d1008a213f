"""Simulated shuttles that follow their plans and report, by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from services.domain.events import (
    CommandTurnedDown,
    Event,
    OfferExpired,
    PlanIssued,
    PromiseChanged,
    Report,
    ReportMarked,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideEvent,
    RideFailed,
    RideLetOff,
    RideNoShow,
    RideOffered,
)
from services.domain.ids import RideId
from services.domain.operating_domain import RoadsChanged
from services.domain.ride import Offer
from services.domain.shuttle import Shuttle
from services.domain.territory import Promises
from services.domain.zone_state import Row
from services.network.closures import Detours
from services.network.driving import pause_table, ways
from services.network.fleet import chargers
from services.network.folder import Network
from services.network.speed_caps import under_caps
from services.runtime.clock import Clock
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.contact import Contact
from services.simulator.resuming import known, resume
from services.simulator.riders import NEVER_S
from services.simulator.supervision import Operators
from services.simulator.world import World

POSITION_EVERY_S = 15
"""A moving shuttle says where it is this often."""


@dataclass(slots=True)
class Guest:
    """A party that asked over HTTP; ``coming_s`` is when it is at its stop."""

    offer: Offer
    coming_s: int = NEVER_S


class Guests:
    """People at the stops: whoever was confirmed comes for the beginning of the promised window.

    Parameters
    ----------
    promises
        How people walk.
    """

    def __init__(self, promises: Promises) -> None:
        self._promises = promises
        self._guests: dict[RideId, Guest] = {}

    def hear(self, event: RideEvent, now_s: int) -> None:
        """Take note of what becomes of a ride."""
        match event:
            case RideOffered(ride_id=ride_id, offer=offer):
                self._guests[ride_id] = Guest(offer)
            case RideConfirmed(ride_id=ride_id) if guest := self._guests.get(ride_id):
                promise = guest.offer.promise
                walked_s = now_s + self._promises.walk_s(promise.walk_to_m)
                guest.coming_s = max(promise.pickup_from_s, walked_s)
            case PromiseChanged(ride_id=ride_id, promise=promise) if guest := self._guests.get(
                ride_id
            ):
                guest.offer = replace(guest.offer, promise=promise)
            case (
                OfferExpired(ride_id=ride_id)
                | RideCancelled(ride_id=ride_id)
                | RideCompleted(ride_id=ride_id)
                | RideNoShow(ride_id=ride_id)
                | RideFailed(ride_id=ride_id)
            ):
                self._guests.pop(ride_id, None)
            case CommandTurnedDown() | ReportMarked() | _:
                pass

    def present_s(self, ride: RideId) -> int:
        """When a party is at its stop; never, if it does not come."""
        guest = self._guests.get(ride)
        return NEVER_S if guest is None else guest.coming_s

    def pickup_from_s(self, ride: RideId) -> int:
        """From when the party was promised to be picked up."""
        guest = self._guests.get(ride)
        return 0 if guest is None else guest.offer.promise.pickup_from_s

    def seats(self, _ride: RideId) -> tuple[int, int]:
        """Seats and wheelchair places that the party takes: nobody keeps count here."""
        return 0, 0


class PunctualGuests(Guests):
    """People of whom nothing is known but plans: whoever is to be picked up is there."""

    def present_s(self, _ride: RideId) -> int:
        """When a party is at its stop: always."""
        return 0


class LiveShuttles:
    """The shuttles of a territory, driving by the clock.

    Parameters
    ----------
    network, fleet
        Where they drive, and who they are.
    contact
        Where plans come from and reports go to.
    clock
        By which they drive.
    seed
        Of how long drives and boarding take.
    guests
        Who stands at the stops; absent: who was confirmed, as far as is heard.
    """

    def __init__(
        self,
        network: Network,
        fleet: tuple[Shuttle, ...],
        contact: Contact,
        clock: Clock,
        seed: int,
        guests: Guests | None = None,
    ) -> None:
        territory = network.territory
        self._contact = contact
        self._roads = network.roads is not None
        self._clock = clock
        self._agenda = Agenda()
        self._guests = guests or Guests(territory.promises)
        self._detours = Detours(ways(network))
        self._world = World(
            fleet,
            ways(network),
            territory.stop_times,
            self._guests,
            Chance(seed),
            chargers(network),
        )
        self._world.report_every_s = POSITION_EVERY_S
        self._world.operators = Operators(territory.supervision, clock.day.calendar)
        self._reports: list[Report] = []
        self._world.connect(self._agenda, self._reports.append)
        self._news = asyncio.Event()
        self._heard: list[Event] = []

    def resume(self, rows: Collection[Row]) -> None:
        """Go on where the zone's state says that the shuttles were."""
        self._agenda.now_s = self._clock.now_s()
        resume(self._world, rows, self._agenda.now_s, roads=self._roads)
        self._heard += known(rows)

    async def run(self) -> None:
        """Drive until cancelled."""
        self._agenda.now_s = self._clock.now_s()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._contact.listen(self.hear))
            tasks.create_task(self._drive())

    def hear(self, event: Event) -> None:
        """Take note of something that happened, before long."""
        self._heard.append(event)
        self._news.set()

    async def _drive(self) -> None:
        while True:
            self._catch_up()
            await self._send()
            if not self._heard:
                await self._wait()

    def _catch_up(self) -> None:
        """Let happen what is due, then hear what is new."""
        now_s = self._clock.now_s()
        agenda = self._agenda
        while (next_s := agenda.next_s()) is not None and next_s <= now_s:
            agenda.happen()
        agenda.now_s = max(agenda.now_s, now_s)
        heard, self._heard = self._heard, []
        self._news.clear()
        for event in heard:
            if isinstance(event, PlanIssued):
                self._world.receive(event.plan)
            elif isinstance(event, RoadsChanged):
                known = self._detours.around(frozenset(event.closed))
                known = under_caps(known, event.speed_caps)
                pauses = pause_table(event.restrictions)
                self._world.roads_changed(known._replace(pauses=pauses))
            elif isinstance(event, RideEvent):
                self._guests.hear(event, now_s)
                if isinstance(event, RideConfirmed):
                    self._world.look_again(event.ride_id)
                elif isinstance(event, RideLetOff):
                    self._world.goes_on(event)
        # Nobody writes this day up.
        self._world.drives.clear()
        self._world.stays.clear()
        self._world.leases.rows.clear()

    async def _send(self) -> None:
        reports = self._reports[:]
        self._reports.clear()
        await self._contact.send(reports)

    async def _wait(self) -> None:
        """Wait until something is due or new."""
        next_s = self._agenda.next_s()
        news = asyncio.ensure_future(self._news.wait())
        waits: set[asyncio.Future[object]] = {news}  # type: ignore[arg-type]
        if next_s is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep_until(next_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
