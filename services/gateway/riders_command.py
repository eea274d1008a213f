"""``navette riders``: gives people what is kept of them, and erases it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.domain.contact import e164
from services.domain.errors import InvalidRequest
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Request
from services.gateway.rendering import Rendering
from services.gateway.view import RideView
from services.network.served import Served, by_territory, served
from services.runtime.clock import ServiceDay
from services.runtime.database import connect
from services.runtime.migrate import check_version
from services.runtime.ports import Store, StoredRide
from services.runtime.postgres import PostgresStore
from services.runtime.postgres_riders import PostgresRiderStore
from services.runtime.rider_care import erase, tend
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Given, Rider, Riders
from services.runtime.settings import InvalidSetting, ServeSettings, Settings, read_settings

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is meant: by phone, or as the rider of a ride."""

    phone: str | None = None
    ride: str | None = None
    calling_code: int | None = None

    async def riders(self, riders: Riders) -> Sequence[Rider]:
        """Return all pseudonyms of that person.

        Raises
        ------
        InvalidRequest
            If nothing is kept of them, or the phone is none.
        """
        if (self.phone is None) == (self.ride is None):
            raise InvalidRequest("riders", "say who: --phone or --ride")
        if self.ride is not None:
            found = await riders.of_ride(RideId(self.ride))
        else:
            assert self.phone is not None
            try:
                found = await riders.of_phone(e164(self.phone, self.calling_code))
            except ValueError as error:
                raise InvalidRequest("phone", str(error)) from None
        if not found:
            raise InvalidRequest("riders", "nothing is kept of them")
        return found


def export_riders(settings: ServeSettings, wanted: Wanted, places: Sequence[str], say: Say) -> None:
    """Print all that is kept of a person, and of their rides, as JSON."""
    territories = _territories(settings, places)

    async def work(riders: Riders, store: Store) -> None:
        days = await store.zones()
        renderings = {
            name: Rendering(network.stops, ServiceDay(days[zone], network.territory.timezone))
            for name, (zone, network) in territories.items()
            if zone in days
        }
        shown = [
            await exported(riders, store, one, renderings.get(one.zone))
            for one in await wanted.riders(riders)
        ]
        document = {"exported_at": _moment(riders.now_ms()), "riders": shown}
        say(json.dumps(document, indent=2, ensure_ascii=False))

    _run(settings, work)


def erase_riders(settings: ServeSettings, wanted: Wanted, force: bool, say: Say) -> None:
    """Erase a person, and say what that was."""

    async def work(riders: Riders, store: Store) -> None:
        whom = await wanted.riders(riders)
        for one in await erase(riders, store, whom, force=force):
            rides = ", ".join(one.rides)
            say(
                f"{one.zone}: rider {one.rider} is erased: the key, what the person is found by, "
                f"and the contacts of {len(one.rides)} rides ({rides})"
            )

    _run(settings, work)


def tend_riders(settings: ServeSettings, places: Sequence[str], say: Say) -> None:
    """Erase what territories keep no longer, and renew keys."""
    territories = _territories(settings, places)
    if not territories:
        raise InvalidSetting("territories", "missing: they say how long contacts are kept")
    days = {
        name: network.territory.privacy.contacts_days for name, (_, network) in territories.items()
    }

    async def work(riders: Riders, store: Store) -> None:
        done = await tend(riders, store, days)
        say(
            f"{done.contacts} contacts were erased, {done.riders} riders with them; "
            f"{done.rekeyed} keys are now under the first master key"
        )
        for zone in sorted(set(await riders.store.zones()) - set(days)):
            say(f"left alone: zone {zone}, of which no territory was given")

    _run(settings, work)


async def exported(
    riders: Riders, store: Store, rider: Rider, rendering: Rendering | None
) -> Mapping[str, Any]:
    """Return all that is kept of a rider, for people to read."""
    rides = [await _ride(store, given, rendering) for given in await riders.given(rider)]
    return {
        "rider": rider.rider,
        "territory": rider.zone,
        "since": _moment(rider.since_ms),
        "rides": rides,
    }


async def _ride(store: Store, given: Given, rendering: Rendering | None) -> Mapping[str, Any]:
    contact = given.contact
    shown: dict[str, Any] = {
        "ride": given.ride_id,
        "given_at": _moment(given.kept_at_ms),
        "contact": {"name": contact.name, "phone": contact.phone, "note": contact.note},
        "history": None,
    }
    stored = await store.ride(given.ride_id)
    if stored is not None:
        shown["history"] = _history(stored, rendering)
    return shown


def _history(stored: StoredRide, rendering: Rendering | None) -> Mapping[str, Any]:
    ride = stored.ride
    party = _party(ride.request)
    if rendering is None:
        # Without its territory, times and stops have no names.
        return {"status": ride.status.value, "party": party}
    times = {
        "requested": ride.requested_s,
        "departure": ride.request.departure_s,
        "arrive_by": ride.request.arrive_by_s,
        "picked_up": ride.picked_up_s,
        "dropped_off": ride.dropped_off_s,
    }
    seen = RideView().adopt(stored)
    return {
        **rendering.ride(seen).model_dump(mode="json", exclude={"id", "answer_by"}),
        "party": party,
        "times": {
            name: None if at_s is None else rendering.moment(at_s).isoformat()
            for name, at_s in times.items()
        },
    }


def _party(request: Request) -> Mapping[str, int]:
    party = request.party
    return {
        "seats": party.seats,
        "wheelchairs": party.wheelchairs,
        "luggage": party.luggage,
        "companions": party.companions,
    }


def _territories(settings: ServeSettings, places: Sequence[str]) -> Mapping[ZoneId, Served]:
    """Each territory, as the first of its zones sees it."""
    texts = [text for text in places or settings.territories.split(",") if text]
    found = by_territory(served(texts)) if texts else {}
    return {name: zones[0] for name, zones in found.items()}


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def _run(settings: ServeSettings, work: Callable[[Riders, Store], Awaitable[None]]) -> None:
    keys = MasterKeys.of(read_settings(Settings).riders_key)
    if keys is None:
        raise InvalidSetting("riders_key", "missing: nothing that is kept of riders opens without")

    async def connected() -> None:
        engine = connect(settings.database.get_secret_value())
        try:
            await check_version(engine)
            await work(Riders(PostgresRiderStore(engine), keys), PostgresStore(engine))
        finally:
            await engine.dispose()

    asyncio.run(connected())
