"""What is kept of riders, in memory: it ends with the process."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.domain.ids import RideId, RiderId, ZoneId
from services.runtime.riders import Rider, RiderGone, SealedContact


class EmbeddedRiderStore:
    """Riders in memory, encrypted as they are everywhere."""

    def __init__(self) -> None:
        self._riders: dict[RiderId, Rider] = {}
        self._contacts: dict[RideId, SealedContact] = {}

    async def zones(self) -> Collection[ZoneId]:
        """Return the zones of which riders are kept."""
        return {rider.zone for rider in self._riders.values()}

    async def find(self, lookups: Collection[bytes]) -> Sequence[Rider]:
        """Return the riders who are found by one of these, those known longest first."""
        found = [one for one in self._riders.values() if one.lookup in lookups]
        return sorted(found, key=lambda one: (one.since_ms, one.rider))

    async def add(self, contact: SealedContact, rider: Rider | None = None) -> bool:
        """Keep what was given for a ride, and its rider if that is new; all or nothing."""
        if contact.ride_id in self._contacts:
            return False
        if rider is None and contact.rider not in self._riders:
            raise RiderGone(contact.rider)
        if rider is not None:
            self._riders[rider.rider] = rider
        self._contacts[contact.ride_id] = contact
        return True

    async def contact(self, ride_id: RideId) -> tuple[Rider, SealedContact] | None:
        """Return what was given for a ride, and by whom."""
        found = self._contacts.get(ride_id)
        return None if found is None else (self._riders[found.rider], found)

    async def contacts(self, rider: RiderId) -> Sequence[SealedContact]:
        """Return all that a rider gave, oldest first."""
        return sorted((one for one in self._contacts.values() if one.rider == rider), key=_age)

    async def contacts_before(
        self, zone: ZoneId, before_ms: int, after: tuple[int, str], count_max: int
    ) -> Sequence[SealedContact]:
        """Return what was given before a moment, oldest first, behind a moment and ride."""
        found = [
            one
            for one in self._contacts.values()
            if self._riders[one.rider].zone == zone
            and one.kept_at_ms < before_ms
            and _age(one) > after
        ]
        return sorted(found, key=_age)[:count_max]

    async def drop(self, rides: Collection[RideId]) -> Sequence[RiderId]:
        """Delete what was given for some rides, and riders of whom nothing else was kept."""
        gone = [self._contacts.pop(ride) for ride in rides if ride in self._contacts]
        left = {one.rider for one in self._contacts.values()}
        erased = sorted({one.rider for one in gone} - left)
        for rider in erased:
            del self._riders[rider]
        return erased

    async def erase(self, rider: RiderId) -> bool:
        """Destroy a rider's key and delete all that is kept of them; whether there was anything."""
        was_there = self._riders.pop(rider, None) is not None
        self._contacts = {ride: one for ride, one in self._contacts.items() if one.rider != rider}
        return was_there

    async def not_under(self, master: str, after: RiderId, count_max: int) -> Sequence[Rider]:
        """Return riders whose keys are not under this master key, by id, behind one."""
        found = [
            one for one in self._riders.values() if one.key.master != master and one.rider > after
        ]
        return sorted(found, key=lambda one: one.rider)[:count_max]

    async def rekey(self, rider: Rider) -> None:
        """Replace a rider's wrapped key and lookup; nothing if the rider is gone."""
        if rider.rider in self._riders:
            self._riders[rider.rider] = rider


def _age(contact: SealedContact) -> tuple[int, str]:
    return contact.kept_at_ms, contact.ride_id
