"""Simulated shuttles that know nothing but their links: ``navette serve shuttles --link``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import uvloop

from services.network.fleet import shuttles
from services.network.served import Served, by_territory, served
from services.network.zone_networks import whole
from services.runtime import logs
from services.runtime.clock import ServiceDay, WallClock
from services.runtime.http_server import listen
from services.runtime.metrics import new_registry
from services.runtime.pages import pages
from services.runtime.serving import Role, play, told_to_end
from services.runtime.settings import InvalidSetting, ServeSettings, Settings, read_settings
from services.simulator.contact import LinkContact
from services.simulator.live_shuttles import LiveShuttles, PunctualGuests
from services.wire.link import LinkWelcome


def drive(territories: Sequence[str], port: int | None, link: str) -> None:
    """Drive the shuttles of territories over links to a gateway, until told to end.

    Neither the log nor the store is known here: the zone's clock is in the gateway's welcome.

    Parameters
    ----------
    territories
        Each ``[ID=]FOLDER``; none: as the settings say.
    port
        Where to serve health and metrics; absent: as the settings say.
    link
        The gateway, as ``ws://HOST:PORT``.

    Raises
    ------
    NavetteError
        If a setting or a territory is not as it has to be.
    """
    settings = read_settings(Settings)
    if settings.shuttle_key is None:
        raise InvalidSetting("shuttle_key", "shuttles need it to prove who they are")
    if not link.startswith(("ws://", "wss://")):
        raise InvalidSetting("link", f"'{link}' is not ws://HOST:PORT or wss://HOST:PORT")
    logs.configure(settings.log_format, settings.log_level)
    everything = served(territories or read_settings(ServeSettings).territories.split(","))
    key = settings.shuttle_key.get_secret_value()
    fleets = [
        Served(name, whole(zones[0].network)) for name, zones in by_territory(everything).items()
    ]

    async def run() -> None:
        contacts = [(one, linked(one, link, key)) for one in fleets]
        registry = new_registry()

        async def work() -> None:
            async with asyncio.TaskGroup() as tasks:
                for seed, (one, contact) in enumerate(contacts, 1):
                    tasks.create_task(contact.run())
                    tasks.create_task(drive_linked(one, contact, seed))

        async def waiting() -> Sequence[str]:
            return [reason for _, contact in contacts for reason in unconnected(contact)]

        await play(Role(run=work, app=pages(waiting, registry)), opened, told_to_end())

    with (
        listen(settings.host, settings.port if port is None else port) as opened,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run())


def linked(one: Served, link: str, key: str) -> LinkContact:
    """Prepare the links of a territory's shuttles."""
    return LinkContact(link, key, one.zone, [shuttle.id for shuttle in shuttles(one.network)])


def unconnected(contact: LinkContact) -> list[str]:
    """Say which shuttles are not connected, and why as far as is known."""
    return [
        f"{name} is not connected" + (f": {client.trouble}" if client.trouble else "")
        for name, client in contact.clients.items()
        if not client.connected
    ]


async def drive_linked(one: Served, contact: LinkContact, seed: int) -> None:
    """Drive a territory's shuttles, by the clock that the gateway shows."""
    clock = clock_of(await contact.welcomed, one.network.territory.timezone)
    guests = PunctualGuests(one.network.territory.promises)
    await LiveShuttles(one.network, shuttles(one.network), contact, clock, seed, guests).run()


def clock_of(welcome: LinkWelcome, timezone: str) -> WallClock:
    """Return the clock that a gateway shows at this moment."""
    midnight = datetime.fromtimestamp(welcome.midnight_ms / 1000, UTC)
    day = ServiceDay(
        (midnight + timedelta(hours=12)).astimezone(ZoneInfo(timezone)).date(), timezone
    )
    start_s = (welcome.now_ms - welcome.midnight_ms) / 1000
    return WallClock(day, start_s, welcome.speed_permille / 1000)
