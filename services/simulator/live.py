"""A territory that lives: gateway, dispatcher and simulated shuttles in one process.

They only know one another through the log: riders' wishes become commands on one topic, shuttles
follow the plans on another and report on a third, and every message passes through its bytes.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from services.dispatcher.attendants import Attendants
from services.dispatcher.ownership import Ownership
from services.dispatcher.role import dispatcher
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.domain.day import Weather
from services.domain.errors import NavetteError
from services.gateway.app import Backing, create_app
from services.gateway.areas import ZONE, Area, Areas
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.network.served import Served
from services.network.zone_networks import homes, zone_networks
from services.runtime import logs
from services.runtime.clock import ServiceDay, WallClock
from services.runtime.dead_letters import DeadLetterWriter
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_riders import EmbeddedRiderStore
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.http_server import HttpServer, listen
from services.runtime.membership import EveryShard
from services.runtime.memory import MemoryLog
from services.runtime.metrics import LogMetrics, new_registry
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Riders
from services.runtime.settings import Settings, read_settings
from services.runtime.signals import on_end
from services.runtime.zone_clocks import zone_clocks
from services.simulator.contact import LogContact
from services.simulator.live_shuttles import LiveShuttles
from services.simulator.warm_up import warm_up

STEPS_MAX = 100_000
"""Steps of the journal that are kept in memory."""

log = structlog.get_logger()


class PartFailed(NavetteError):
    """A part of the process ended by itself."""

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} failed, which is a bug; the log above says where")


@dataclass(frozen=True, slots=True)
class House:
    """All parts of a living territory, connected and not yet started."""

    app: Starlette
    dispatcher: Ownership
    attendants: Attendants
    shuttles: LiveShuttles
    served: tuple[Served, ...]
    log: EmbeddedLog
    store: EmbeddedStore
    clock: WallClock
    registry: CollectorRegistry


def build(
    network: Network,
    clock: WallClock,
    settings: Settings,
    seed: int = 1,
    weather: Weather = Weather.DRY,
) -> House:
    """Connect a gateway, a dispatcher and simulated shuttles over a log in this process."""
    registry = new_registry()
    memory: MemoryLog[bytes] = MemoryLog(settings.partitions, settings.log_bound)
    log = EmbeddedLog(memory, LogMetrics(registry))
    store = EmbeddedStore(steps_max=STEPS_MAX, rides_max=settings.rides_max)
    served = tuple(Served(*one) for one in zone_networks(ZONE, network).items())
    around = Surroundings(
        messages=log,
        store=store,
        dead_letters=DeadLetterWriter(log, now_ms=clock.now_ms),
        clock=clock,
        owner="navette",
        metrics=ShardMetrics(registry),
    )
    clocks = dict.fromkeys(dict(served), clock)
    areas = Areas([Area(*one, clock) for one in served])
    shards = EveryShard(settings.partitions)
    ownership, attendants = dispatcher(served, clocks, around, shards, registry, weather)
    contact = LogContact(log, clock, dict.fromkeys(clocks, 0), homes(*served[0]))
    # Who asks here is gone with the process; so may be the key.
    keys = MasterKeys.of(settings.riders_key) or MasterKeys.fresh()
    backing = Backing(log=log, store=store, riders=Riders(EmbeddedRiderStore(), keys))
    return House(
        app=create_app(areas, backing, settings, registry=registry),
        dispatcher=ownership,
        attendants=attendants,
        shuttles=LiveShuttles(network, shuttles(network), contact, clock, seed),
        served=served,
        log=log,
        store=store,
        clock=clock,
        registry=registry,
    )


async def live(house: House, port: socket.socket, ready: Callable[[], None]) -> None:
    """Run until the process is told to end (SIGINT or SIGTERM).

    Parameters
    ----------
    house
        What to run.
    port
        Where to serve HTTP.
    ready
        Called once riders can be served.

    Raises
    ------
    PartFailed
        If a part ended by itself: a bug, which is in the log.
    """
    await zone_clocks(house.store, house.served, house.log.partitions, house.clock)
    server = HttpServer(house.app, house.app.state.view.close)
    failed: list[str] = []

    async def run(name: str, part: Coroutine[None, None, None]) -> None:
        try:
            await part
        except Exception:
            log.exception("part_failed", part=name)
            failed.append(name)
            server.stop()

    parts = [
        asyncio.create_task(run("dispatcher", house.dispatcher.run())),
        asyncio.create_task(run("shuttles", house.shuttles.run())),
        asyncio.create_task(_announce(server, ready)),
    ]
    heed_no_more = on_end(server.stop)
    try:
        await server.serve([port])
    finally:
        heed_no_more()
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        house.attendants.stop()
    if failed:
        raise PartFailed(failed[0])


async def _announce(server: HttpServer, ready: Callable[[], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - a flag of uvicorn's, set once
        await asyncio.sleep(0.01)
    ready()


def up(
    folder: Path,
    *,
    port: int | None = None,
    speed: float = 1.0,
    at: time_of_day | None = None,
    weather: Weather = Weather.DRY,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a territory until told to end: ``navette up``.

    Parameters
    ----------
    folder
        The territory.
    port
        Where to serve HTTP; absent: as the settings say; 0: any that is free.
    speed
        Seconds that pass in the territory per real second.
    at
        Time of day there at the start; absent: as it is now.
    weather
        The day's, for the forecast.
    say
        Takes lines for the person at the terminal.

    Raises
    ------
    InvalidFile
        If the territory cannot be read.
    Unavailable
        If the port is taken.
    """
    settings = read_settings(Settings)
    logs.configure(settings.log_format, settings.log_level)
    network = load(folder)
    opened = listen(settings.host, settings.port if port is None else port)
    with opened:
        say("Getting ready (the first time on a machine, compiling takes a moment) ...")
        warm_up(network)
        clock = start_clock(network.territory.timezone, speed, at)
        house = build(network, clock, settings, weather=weather)
        asyncio.run(live(house, opened, lambda: say(_welcome(network, clock, opened))))
    say("Ended.")


def start_clock(timezone: str, speed: float, at: time_of_day | None) -> WallClock:
    """Start a clock at a time of today there; absent: now."""
    if at is None:
        return WallClock.from_now(timezone, speed)
    day = ServiceDay(datetime.now(ZoneInfo(timezone)).date(), timezone)
    return WallClock(day, at.hour * 3600 + at.minute * 60 + at.second, speed)


def _welcome(network: Network, clock: WallClock, opened: socket.socket) -> str:
    territory = network.territory
    host, port = opened.getsockname()[:2]
    count = sum(group.count for group in territory.fleet)
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    now = clock.day.moment(clock.now_s())
    lines = [
        f"{territory.name}: {count} shuttles, {len(network.stops)} stops, it is {now:%H:%M}"
        + (f" and time runs {clock.speed:g} times as fast." if clock.speed != 1 else "."),
        f"Ask for rides at {url}/v1/rides (how: {url}/docs). Ctrl-C ends it.",
    ]
    if not territory.service.is_open(clock.now_s()):
        opens, closes = territory.service.opens, territory.service.closes
        lines.append(
            f"Shuttles run from {opens:%H:%M} to {closes:%H:%M}: ask for a departure then, "
            "or start with --at 08:00."
        )
    return "\n".join(lines)
