"""A process that plays one role: it connects, works until it is told to end, and ends in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import structlog
import uvloop
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from services.domain.errors import NavetteError, Unavailable
from services.domain.ids import RideId, ZoneId
from services.network.served import Served, served
from services.runtime import logs
from services.runtime.clock import Clock, WallClock
from services.runtime.database import connect
from services.runtime.http_server import HttpServer, listen
from services.runtime.kafka import KafkaLog
from services.runtime.metrics import LogMetrics, new_registry
from services.runtime.migrate import check_version
from services.runtime.postgres import PostgresStore
from services.runtime.postgres_riders import PostgresRiderStore
from services.runtime.settings import KafkaSettings, ServeSettings, Settings, read_settings
from services.runtime.signals import on_end
from services.runtime.zone_clocks import zone_clocks
from services.wire.topics import Topic

log = structlog.get_logger()

GARBAGE_MIN = 10_000
"""The garbage collector looks when so many objects more were made than went."""

T = TypeVar("T")

RETRY_S = 0.5
RETRY_S_MAX = 5.0
ANSWER_S_MAX = 1.5
LET_GO_S = 6.0
"""What a role has to finish, it finishes within so many seconds."""


class RoleFailed(NavetteError):
    """A role ended by itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"it ended by itself, which is a bug: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """All settings of a process."""

    process: Settings
    kafka: KafkaSettings
    serve: ServeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a role works: the territories that it serves, and the servers that it uses.

    Parameters
    ----------
    chosen
        Settings.
    served, clocks
        Zones, and their clocks.
    messages, store, riders
        Kafka and PostgreSQL.
    clock
        Any zone's moment.
    """

    chosen: Chosen
    served: tuple[Served, ...]
    clocks: Mapping[ZoneId, Clock]
    messages: KafkaLog
    store: PostgresStore
    riders: PostgresRiderStore
    clock: Clock
    registry: CollectorRegistry

    async def waiting(self) -> list[str]:
        """Return which of the servers do not answer."""
        reasons = []
        asked = {
            "Kafka": self.messages.end(Topic.RIDE_COMMANDS, 0),
            "PostgreSQL": self.store.ride(RideId("-")),
        }
        for name, asking in asked.items():
            try:
                async with asyncio.timeout(ANSWER_S_MAX):
                    await asking
            except (Unavailable, TimeoutError):
                reasons.append(f"{name} does not answer")
        if not self.messages.reads:
            reasons.append("Kafka cannot be read")
        return reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a process does, and what it shows.

    Parameters
    ----------
    run
        Works until cancelled.
    app
        What it serves over HTTP.
    ending
        Called when the process ends, before answers under way are waited for.
    """

    run: Callable[[], Coroutine[None, None, None]]
    app: ASGIApp
    ending: Callable[[], None] = lambda: None


def serve(
    territories: Sequence[str],
    port: int | None,
    make: Callable[[Place], Role],
    given: Mapping[str, str | None],
) -> None:
    """Play a role until told to end (SIGINT or SIGTERM): ``navette serve``.

    While Kafka or PostgreSQL cannot be reached, it waits for them and says so.

    Parameters
    ----------
    territories
        Each ``[ID=]FOLDER``; none: as the settings say.
    port
        Where to serve HTTP; absent: as the settings say.
    make
        Puts the role together, once the servers are there.
    given
        Settings that were given on the command line: ``kafka``, ``database``.

    Raises
    ------
    NavetteError
        If a setting, a territory or a server is not as it has to be.
    """
    settings = read_settings(Settings)
    chosen = Chosen(
        process=settings,
        kafka=read_settings(KafkaSettings, kafka=given["kafka"]),
        serve=read_settings(ServeSettings, database=given["database"]),
    )
    logs.configure(settings.log_format, settings.log_level)
    everything = served(territories or chosen.serve.territories.split(","))
    with (
        listen(settings.host, settings.port if port is None else port) as opened,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(everything, chosen, opened, make))


async def _serve(
    everything: tuple[Served, ...],
    chosen: Chosen,
    opened: socket.socket,
    make: Callable[[Place], Role],
) -> None:
    ending = told_to_end()
    connecting = asyncio.create_task(_connected(everything, chosen))
    waits: set[asyncio.Task[Any]] = {ending, connecting}
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if not connecting.done():
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        return
    place, close = connecting.result()
    try:
        await play(make(place), opened, ending)
    finally:
        await close()


def told_to_end() -> asyncio.Task[Literal[True]]:
    """Return a task that is done once the process is told to end (SIGINT or SIGTERM)."""
    told = asyncio.Event()
    on_end(told.set)
    return asyncio.create_task(told.wait())


async def play(role: Role, opened: socket.socket, ending: asyncio.Task[Literal[True]]) -> None:
    """Play a role, and serve its pages, until told to end."""
    server = HttpServer(role.app, role.ending)
    settle()
    serving = asyncio.create_task(server.serve([opened]))
    working = asyncio.create_task(role.run())
    waits: set[asyncio.Task[Any]] = {serving, working, ending}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.stop()
        working.cancel()
        done, late = await asyncio.wait({working, serving}, timeout=LET_GO_S)
        for task in late:
            task.cancel()
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
    if not ending.done():
        raise RoleFailed("its work was over")


async def _connected(
    everything: tuple[Served, ...], chosen: Chosen
) -> tuple[Place, Callable[[], Coroutine[None, None, None]]]:
    registry = new_registry()
    clock = _clock(chosen.serve.clock)
    engine = connect(chosen.serve.database.get_secret_value())
    store = PostgresStore(engine)
    metrics = LogMetrics(registry)
    pause_s = RETRY_S
    while True:
        messages = KafkaLog(chosen.kafka, metrics)
        try:
            await check_version(engine)
            await messages.start()
            clocks = await zone_clocks(store, everything, messages.partitions, clock)
            break
        except Unavailable as error:
            log.warning("waiting_for_servers", reason=str(error))
            await messages.close()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_S_MAX)
        except BaseException:
            await messages.close()
            await engine.dispose()
            raise

    async def close() -> None:
        with contextlib.suppress(NavetteError):
            await messages.close()
        await engine.dispose()

    place = Place(
        chosen=chosen,
        served=everything,
        clocks=clocks,
        messages=messages,
        store=store,
        riders=PostgresRiderStore(engine),
        clock=clock,
        registry=registry,
    )
    return place, close


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until somebody answers."""
    while True:
        try:
            return await call()
        except Unavailable as error:
            log.warning("waiting_for_servers", reason=str(error))
            await asyncio.sleep(RETRY_S)


def settle() -> None:
    """Spare the garbage collector what stays for good: a look at it took tenths of a second.

    Nearly all that a request makes is gone with it without the collector, which may look seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MIN, 20, 20)


def _clock(text: str) -> WallClock:
    return WallClock.from_text(text) if text else WallClock.from_now("UTC")


def parts_waiting(file: Path | None, own: str) -> list[str]:
    """Return which other parts a supervisor says are not ready; none if there is no supervisor."""
    if file is None:
        return []
    try:
        ready = json.loads(file.read_text(encoding="utf-8"))
        return [f"{name} is not ready" for name, fine in ready.items() if not fine and name != own]
    except (OSError, ValueError, AttributeError):
        return ["the supervisor has not said yet what is ready"]
