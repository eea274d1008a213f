"""Who asked for a ride: taken in, kept encrypted, shown to operators, and erased in time."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import structlog

from services.domain.contact import Contact, e164
from services.domain.errors import InvalidRequest, Unavailable
from services.domain.ids import RideId, ZoneId
from services.gateway.areas import Area, Areas
from services.gateway.bodies import ContactIn
from services.gateway.problems import Problem
from services.runtime.ports import Store
from services.runtime.rider_care import tend
from services.runtime.riders import OtherContact, Riders

TEND_EVERY_S = 6 * 3600
TEND_AGAIN_S = 60

log = structlog.get_logger()


class Contacts:
    """Contacts of rides, as a gateway handles them.

    Parameters
    ----------
    riders
        Where they are kept; absent: they are not.
    store
        Says which rides are over.
    areas
        Territories, with how long contacts are kept there.
    """

    def __init__(self, riders: Riders | None, store: Store, areas: Areas) -> None:
        self._riders = riders
        self._store = store
        self._areas = areas

    def read(self, area: Area, given: ContactIn | None) -> Contact | None:
        """Read what a caller sent.

        Raises
        ------
        InvalidRequest
            If the phone is none, or nothing is kept of riders here.
        """
        if given is None:
            return None
        if self._riders is None:
            raise InvalidRequest(
                "contact", "nothing is kept of riders here: NAVETTE_RIDERS_KEY is not set"
            )
        try:
            phone = given.phone and e164(given.phone, area.privacy.calling_code)
        except ValueError as error:
            raise InvalidRequest("contact.phone", str(error)) from None
        return Contact(name=given.name, phone=phone, note=given.note)

    async def keep(self, territory: ZoneId, ride_id: RideId, contact: Contact) -> bool:
        """Keep who asked for a ride; not if the ride has another contact already."""
        assert self._riders is not None, "it was read"
        try:
            await self._riders.keep(territory, ride_id, contact)
        except OtherContact:
            return False
        return True

    async def of(self, ride_id: RideId) -> Contact | None:
        """Return who asked for a ride, if that is kept."""
        return None if self._riders is None else await self._riders.contact(ride_id)

    async def tend(self) -> None:
        """Erase what has been kept for long enough, a few times a day, until cancelled."""
        days = {area.territory: area.privacy.contacts_days for area in self._areas}
        while self._riders is not None:
            pause_s = TEND_EVERY_S
            try:
                done = await tend(self._riders, self._store, days)
                if done.anything:
                    log.info(
                        "contacts_tended",
                        erased=done.contacts,
                        riders=done.riders,
                        rekeyed=done.rekeyed,
                    )
            except Unavailable as error:
                log.warning("contacts_not_tended", reason=str(error))
                pause_s = TEND_AGAIN_S
            except Exception:
                log.exception("contacts_not_tended")
            await asyncio.sleep(pause_s)


def nothing_kept() -> Problem:
    """Say that nothing is kept of who asked for a ride."""
    return Problem(
        HTTPStatus.NOT_FOUND, "no-contact", "nothing is kept of a rider of a ride with this id"
    )
