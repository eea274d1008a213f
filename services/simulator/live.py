"""A territory that lives: gateway, dispatcher and simulated shuttles in one process.

They only know one another through the log: riders' wishes become commands on one topic, shuttles
follow the plans on another and report on a third, and every message passes through its bytes.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.dispatcher.batching import Batching
from services.dispatcher.core import Zone
from services.dispatcher.improver import Improver, ImproverMetrics
from services.dispatcher.loop import DispatcherLoop, LoopMetrics
from services.dispatcher.rebalancing import standings
from services.dispatcher.service import Dispatcher
from services.dispatcher.waiting import Waiting
from services.dispatcher.waiting_loop import WaitingLoop, WaitingMetrics
from services.domain.day import DayKind, Weather
from services.domain.errors import NavetteError
from services.domain.territory import WaitingPlace
from services.forecast.expected import expected_in
from services.gateway.app import ZONE, create_app
from services.gateway.server import GatewayServer, listen
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.runtime import logs
from services.runtime.clock import ServiceDay, WallClock
from services.runtime.embedded import EmbeddedLog, EmbeddedStore
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.metrics import LogMetrics, new_registry
from services.runtime.settings import Settings
from services.simulator.daylight_loop import DaylightLoop
from services.simulator.live_shuttles import LiveShuttles
from services.simulator.warm_up import warm_up

SOLVE_SHARE = 0.6
"""Of the time until a batch takes effect, how much its solver may use."""
STEPS_MAX = 100_000
"""Steps of the journal that are kept in memory."""


SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger()


class PartFailed(NavetteError):
    """A part of the process ended by itself."""

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} failed, which is a bug; the log above says where")


@dataclass(frozen=True, slots=True)
class House:
    """All parts of a living territory, connected and not yet started."""

    app: FastAPI
    dispatcher: DispatcherLoop
    improver: Improver
    shuttles: LiveShuttles
    waiting: WaitingLoop | None
    daylight: DaylightLoop
    memory: MemoryLog[bytes]
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
    store = EmbeddedStore(MemoryStore(steps_max=STEPS_MAX, rides_max=settings.rides_max))
    fleet = shuttles(network)
    zone = Zone(network, fleet)
    dispatcher = DispatcherLoop(Dispatcher(zone), ZONE, log, store, clock, LoopMetrics(registry))
    seconds = SOLVE_SHARE * network.territory.dispatch.solve_latency_s / clock.speed
    metrics = ImproverMetrics(registry)
    improver = Improver(Batching(zone), ZONE, log, clock, seconds, metrics)
    dispatcher.decided = improver.changed
    waiting = Waiting(network, fleet)
    waiting.awaited = expected_in(network, DayKind.of(clock.day.date, weather))
    early_s = network.territory.dispatch.early_s
    return House(
        app=create_app(network, log, clock, settings, registry=registry),
        dispatcher=dispatcher,
        improver=improver,
        shuttles=LiveShuttles(network, fleet, ZONE, log, clock, seed),
        waiting=None
        if waiting.settings.strategy is WaitingPlace.STAY
        else WaitingLoop(
            waiting,
            lambda now_s: standings(zone.fleet, early_s, now_s),
            ZONE,
            log,
            clock,
            WaitingMetrics(registry),
        ),
        daylight=DaylightLoop(network, ZONE, log, clock),
        memory=memory,
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
    server = GatewayServer(house.app)
    loop = asyncio.get_running_loop()
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
        asyncio.create_task(run("improver", house.improver.run())),
        asyncio.create_task(run("shuttles", house.shuttles.run())),
        asyncio.create_task(run("daylight", house.daylight.run())),
        asyncio.create_task(_announce(server, ready)),
    ]
    if house.waiting is not None:
        parts.append(asyncio.create_task(run("waiting", house.waiting.run())))
    for number in SIGNALS:
        loop.add_signal_handler(number, server.stop)
    try:
        await server.serve([port])
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
    if failed:
        raise PartFailed(failed[0])


async def _announce(server: GatewayServer, ready: Callable[[], None]) -> None:
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
    settings = Settings()
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
