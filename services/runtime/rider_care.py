"""What riders have a right to: that their data ends in time, or when they want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.errors import NavetteError
from services.domain.ids import RideId, RiderId, ZoneId
from services.domain.ride import TERMINAL
from services.runtime.ports import Store
from services.runtime.riders import PAGE, Rider, Riders

DAY_MS = 86_400_000


class RideOpen(NavetteError):
    """A rider's data is needed for a ride that is not over yet."""

    def __init__(self, rides: Sequence[RideId]) -> None:
        self.rides = rides
        super().__init__(
            f"not erased: not over yet: {', '.join(rides)}; cancel them first, or --force erases "
            "all the same"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What was done: contacts and whole riders that were erased, keys that were renewed."""

    contacts: int
    riders: int
    rekeyed: int

    @property
    def anything(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.contacts or self.riders or self.rekeyed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A pseudonym that stands for nobody any more, and the rides that were theirs."""

    rider: RiderId
    zone: ZoneId
    rides: tuple[RideId, ...]


async def tend(riders: Riders, store: Store, days: Mapping[ZoneId, int]) -> Tended:
    """Erase contacts that were given long enough ago and whose rides are over.

    A rider of whom nothing else is kept goes with their key. Doing this twice, or in several
    places at once, is the same as once.

    Parameters
    ----------
    store
        Says which rides are over.
    days
        For how long contacts are kept in each zone; in others they stay.

    Raises
    ------
    Unavailable
        If a store does not answer; what was done until then stays done.
    """
    contacts = gone = 0
    for zone, kept_days in days.items():
        before_ms = riders.now_ms() - kept_days * DAY_MS
        after = (-1, "")
        while found := await riders.store.contacts_before(zone, before_ms, after, PAGE):
            after = (found[-1].kept_at_ms, found[-1].ride_id)
            over = [one.ride_id for one in found if not await _is_open(store, one.ride_id)]
            if over:
                gone += len(await riders.store.drop(over))
                contacts += len(over)
    return Tended(contacts=contacts, riders=gone, rekeyed=await riders.rewrap())


async def erase(
    riders: Riders, store: Store, whom: Sequence[Rider], *, force: bool
) -> Sequence[Erased]:
    """Erase people, at once and for good: their keys are destroyed.

    Parameters
    ----------
    whom
        All pseudonyms of a person.
    force
        Also if a ride is not over.

    Raises
    ------
    RideOpen
        If a ride is not over; then nothing is erased.
    Unavailable
        If a store does not answer.
    """
    rides = {
        one.rider: [given.ride_id for given in await riders.store.contacts(one.rider)]
        for one in whom
    }
    still = [ride for all_rides in rides.values() for ride in all_rides]
    still = [ride for ride in still if await _is_open(store, ride)]
    if still and not force:
        raise RideOpen(still)
    return [
        Erased(rider=one.rider, zone=one.zone, rides=tuple(rides[one.rider]))
        for one in whom
        if await riders.store.erase(one.rider)
    ]


async def _is_open(store: Store, ride_id: RideId) -> bool:
    stored = await store.ride(ride_id)
    return stored is not None and stored.ride.status not in TERMINAL
