"""What is kept of riders: who asked for which ride, encrypted, and the port of where it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import uuid4

from services.domain.contact import Contact
from services.domain.errors import NavetteError, Unavailable
from services.domain.ids import RideId, RiderId, ZoneId
from services.runtime.rider_keys import CannotOpen, MasterKeys, WrappedKey

TRIES = 5
"""A rider may be erased just while another ride of theirs is written down; then once more."""

PAGE = 500


class OtherContact(NavetteError):
    """The ride is kept already, with another contact."""


class RiderGone(NavetteError):
    """The rider was erased in the meantime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """A person under a pseudonym.

    Parameters
    ----------
    rider
        Random.
    lookup
        By what the person is found again (`MasterKeys.lookups`); none if they gave no phone.
    since_ms
        When they were first seen, in milliseconds since 1970 UTC.
    key
        Their key, encrypted.
    """

    rider: RiderId
    zone: ZoneId
    lookup: bytes | None
    since_ms: int
    key: WrappedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedContact:
    """What a rider gave for a ride, encrypted under the rider's key."""

    ride_id: RideId
    rider: RiderId
    kept_at_ms: int
    sealed: bytes


class RiderStore(Protocol):
    """Where riders are kept; it never sees anything but ciphertext.

    Every call raises `Unavailable` if the store does not answer.
    """

    async def zones(self) -> Collection[ZoneId]:
        """Return the zones of which riders are kept."""

    async def find(self, lookups: Collection[bytes]) -> Sequence[Rider]:
        """Return the riders who are found by one of these, those known longest first."""

    async def add(self, contact: SealedContact, rider: Rider | None = None) -> bool:
        """Keep what was given for a ride, and its rider if that is new; all or nothing.

        Returns
        -------
        bool
            Whether it was kept; not if something is kept for this ride already.

        Raises
        ------
        RiderGone
            If the rider, who is not new, is not known (any more).
        """

    async def contact(self, ride_id: RideId) -> tuple[Rider, SealedContact] | None:
        """Return what was given for a ride, and by whom."""

    async def contacts(self, rider: RiderId) -> Sequence[SealedContact]:
        """Return all that a rider gave, oldest first."""

    async def contacts_before(
        self, zone: ZoneId, before_ms: int, after: tuple[int, str], count_max: int
    ) -> Sequence[SealedContact]:
        """Return what was given before a moment, oldest first, behind a moment and ride."""

    async def drop(self, rides: Collection[RideId]) -> Sequence[RiderId]:
        """Delete what was given for some rides.

        Returns
        -------
        Sequence[RiderId]
            Riders of whom nothing else was kept: they are erased, their keys first of all.
        """

    async def erase(self, rider: RiderId) -> bool:
        """Destroy a rider's key and delete all that is kept of them; whether there was anything."""

    async def not_under(self, master: str, after: RiderId, count_max: int) -> Sequence[Rider]:
        """Return riders whose keys are not under this master key, by id, behind one."""

    async def rekey(self, rider: Rider) -> None:
        """Replace a rider's wrapped key and lookup; nothing if the rider is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a rider gave for a ride, readable."""

    ride_id: RideId
    kept_at_ms: int
    contact: Contact


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Riders:
    """Keeps who asked for a ride, and gives it back to those who may know.

    Parameters
    ----------
    store
        Where the encrypted data is.
    keys
        Master keys.
    now_ms
        The time, in milliseconds since 1970 UTC.
    """

    def __init__(
        self, store: RiderStore, keys: MasterKeys, now_ms: Callable[[], int] = _wall_ms
    ) -> None:
        self.store = store
        self.now_ms = now_ms
        self._keys = keys

    async def keep(self, zone: ZoneId, ride_id: RideId, contact: Contact) -> RiderId:
        """Write down what was given for a ride, once however often this is called.

        Returns
        -------
        RiderId
            Who it is: the same as ever for this phone in this zone.

        Raises
        ------
        OtherContact
            If something else was given for this ride before.
        """
        for _ in range(TRIES):
            rider, is_new = await self._rider(zone, contact.phone)
            sealed = SealedContact(
                ride_id=ride_id,
                rider=rider.rider,
                kept_at_ms=self.now_ms(),
                sealed=self._keys.unwrap(rider.rider, rider.key).seal(ride_id, contact),
            )
            try:
                if await self.store.add(sealed, rider if is_new else None):
                    return rider.rider
            except RiderGone:
                continue
            if (known := await self.store.contact(ride_id)) is not None:
                if self._opened(*known).contact != contact:
                    raise OtherContact(f"ride {ride_id} has another contact")
                return known[0].rider
        raise Unavailable("the rider is being erased; try again in a moment")

    async def contact(self, ride_id: RideId) -> Contact | None:
        """Return what was given for a ride."""
        known = await self.store.contact(ride_id)
        return None if known is None else self._opened(*known).contact

    async def of_phone(self, phone: str) -> Sequence[Rider]:
        """Return all pseudonyms of who has this phone (E.164), one a zone as a rule."""
        lookups = [
            lookup
            for zone in await self.store.zones()
            for lookup in self._keys.lookups(zone, phone)
        ]
        return await self.store.find(lookups) if lookups else []

    async def of_ride(self, ride_id: RideId) -> Sequence[Rider]:
        """Return all pseudonyms of who asked for this ride, in its zone and in others."""
        known = await self.store.contact(ride_id)
        if known is None:
            return []
        phone = self._opened(*known).contact.phone
        others = await self.of_phone(phone) if phone else []
        return [known[0], *(one for one in others if one.rider != known[0].rider)]

    async def given(self, rider: Rider) -> Sequence[Given]:
        """Return all that is kept of a rider, oldest first."""
        return [self._opened(rider, one) for one in await self.store.contacts(rider.rider)]

    async def rewrap(self) -> int:
        """Bring riders under the first master key, and say how many were not.

        Afterwards the other master keys are needed no more; riders whom no key opens stay as
        they are.
        """
        count, after = 0, RiderId("")
        while some := await self.store.not_under(self._keys.name, after, PAGE):
            for rider in some:
                after = rider.rider
                try:
                    await self._rekey(rider)
                except CannotOpen:
                    continue
                count += 1
        return count

    async def _rekey(self, rider: Rider) -> None:
        lookup = None
        if rider.lookup is not None and (given := await self.given(rider)):
            lookup = self._keys.lookups(rider.zone, given[-1].contact.phone)[0]
        key = self._keys.rewrap(rider.rider, rider.key)
        await self.store.rekey(replace(rider, key=key, lookup=lookup))

    async def _rider(self, zone: ZoneId, phone: str) -> tuple[Rider, bool]:
        lookups = self._keys.lookups(zone, phone) if phone else ()
        if lookups and (found := await self.store.find(lookups)):
            return found[0], False
        name = RiderId(str(uuid4()))
        rider = Rider(
            rider=name,
            zone=zone,
            lookup=lookups[0] if lookups else None,
            since_ms=self.now_ms(),
            key=self._keys.new_key(name),
        )
        return rider, True

    def _opened(self, rider: Rider, sealed: SealedContact) -> Given:
        key = self._keys.unwrap(rider.rider, rider.key)
        return Given(
            ride_id=sealed.ride_id,
            kept_at_ms=sealed.kept_at_ms,
            contact=key.open(sealed.ride_id, sealed.sealed),
        )
