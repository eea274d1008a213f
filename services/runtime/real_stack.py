"""``navette up --real``: Kafka, PostgreSQL and all roles as processes of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from services.domain.day import Weather
from services.domain.errors import NavetteError
from services.network.folder import load
from services.runtime.child import Program
from services.runtime.clock_file import VARIABLE, SharedClock, kept_clock
from services.runtime.database import connect
from services.runtime.kafka_topics import topic_keeper
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.loopback import HOST, free_port, is_free, need_port
from services.runtime.migrate import migrate
from services.runtime.probe import answers, says_ok
from services.runtime.rider_keys import new_master_key
from services.runtime.run_folder import RunFolder
from services.runtime.settings import KafkaSettings, read_settings
from services.runtime.signals import on_end
from services.runtime.supervisor import Part, Supervisor
from services.runtime.tending import TEND_S_MAX

KILLED = 130
NAVETTE = (sys.executable, "-m", "services.cli")
ROLE_STOPS_S = 8.0
JOURNAL_DAYS = 90
TEND_EVERY_S, TEND_PAUSE_S = 6 * 3600, 60.0
"""Tables are tended so often by the clock of those who write; and no more often than that."""
RIDERS_KEY = "NAVETTE_RIDERS_KEY"
KEY_FILE = "riders.key"
ORDER_OF_END: tuple[Callable[[str], bool], ...] = (
    "gateway".__eq__,
    "shuttles".__eq__,
    lambda name: name.startswith("dispatcher-"),
    "kafka".__eq__,
    "postgres".__eq__,
)
"""Who asks ends before who answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be served, and where.

    Parameters
    ----------
    territories
        Each ``[ID=]FOLDER``.
    data
        Folder for everything that is kept.
    port
        Of the gateway; 0: any that is free.
    dispatchers
        How many processes share the zones.
    at, speed
        Time of day at the first start, if it is not to be now, and how fast time runs.
    weather
        The day's, for the forecast.
    """

    territories: tuple[str, ...]
    data: Path
    port: int
    dispatchers: int = 1
    at: time_of_day | None = None
    speed: float = 1.0
    weather: Weather = Weather.DRY


def up_real(wanted: Wanted, say: Callable[[str], None]) -> None:
    """Serve until told to end.

    Raises
    ------
    OutputInUse
        If something else runs in the folder.
    NavetteError
        If a part cannot be started; it says why.
    """
    timezone = _timezone(wanted.territories)
    run = RunFolder(wanted.data)
    with run.held():
        left = run.end_left_over()
        if left:
            say(f"Ended what an earlier run had left behind: {', '.join(left)}.")
        asyncio.run(_Stack(wanted, run, timezone, say).serve())
    say("Ended.")


def _timezone(territories: Sequence[str]) -> str:
    """The time zone of the first territory, after a look at all."""
    names = [load(Path(_folder_of(word))).territory.timezone for word in territories]
    return names[0]


def _folder_of(territory: str) -> str:
    return territory.partition("=")[2] or territory


class _Stack:
    """All parts, and what they have to know of each other."""

    def __init__(
        self, wanted: Wanted, run: RunFolder, timezone: str, say: Callable[[str], None]
    ) -> None:
        self._wanted = wanted
        self._timezone = timezone
        self._say = say
        self._run = run
        self._supervisor = Supervisor(run, say)
        ports = _ports(run.folder / "ports.json", ("kafka", "postgres"))
        self._kafka = LocalKafka(run.folder / "kafka", ports["kafka"], say)
        self._postgres = LocalPostgres(run.folder / "postgres", ports["postgres"])
        self._port = wanted.port or free_port()

    async def serve(self) -> None:
        """Start all, wait until told to end, end all."""
        need_port(self._port, "the gateway")
        stopped = asyncio.Event()
        on_end(partial(self._signalled, stopped))
        starting = asyncio.create_task(self._start())
        waiting = asyncio.create_task(stopped.wait())
        tending: asyncio.Task[None] | None = None
        try:
            await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                tending = asyncio.create_task(self._tend(starting.result()))
                await waiting
        finally:
            starting.cancel()
            if tending is not None:
                tending.cancel()
            with suppress(asyncio.CancelledError, NavetteError):
                await starting
            waiting.cancel()
            await self._supervisor.stop(ORDER_OF_END)

    async def _start(self) -> SharedClock:
        began_s = time.monotonic()
        wanted, supervisor = self._wanted, self._supervisor
        self._say(f"Getting ready in {self._run.folder} ...")
        kafka, postgres = self._kafka, self._postgres
        await supervisor.start(
            [
                Part(name="postgres", prepare=postgres.prepare, ready=postgres.answers),
                Part(name="kafka", prepare=kafka.prepare, ready=kafka.answers),
            ]
        )
        clock = self._clock()
        shared = {
            "NAVETTE_KAFKA": kafka.address,
            # Not on the command line, which everybody on the machine can read.
            "NAVETTE_DATABASE": postgres.url(),
            "NAVETTE_WEATHER": wanted.weather.value,
            VARIABLE: clock.text,
        }
        await asyncio.gather(self._make_tables(clock), self._make_topics())
        names = [f"dispatcher-{number}" for number in range(wanted.dispatchers)]
        readiness = {
            **shared,
            "NAVETTE_READINESS_FILE": str(self._run.readiness),
            RIDERS_KEY: os.environ.get(RIDERS_KEY) or _riders_key(self._run.folder / KEY_FILE),
        }
        self._say("Starting all parts; the first time they compile, for a minute or two ...")
        await supervisor.start(
            [
                self._role("gateway", ("gateway",), readiness, self._port),
                *(self._role(name, ("dispatcher", "--name", name), shared) for name in names),
                self._role("shuttles", ("shuttles",), shared),
            ]
        )
        self._say(self._welcome(clock, time.monotonic() - began_s))
        return clock

    async def _tend(self, clock: SharedClock) -> None:
        """Keep the tables from day to day, by the clock of those who write."""
        while True:
            await asyncio.sleep(max(TEND_EVERY_S / clock.speed, TEND_PAUSE_S))
            try:
                await self._make_tables(clock)
            except NavetteError as error:
                self._say(f"The tables could not be tended: {error}")

    async def _make_tables(self, clock: SharedClock) -> None:
        engine = connect(self._postgres.url(), 1, TEND_S_MAX)
        try:
            await migrate(engine, JOURNAL_DAYS, clock.now("UTC").date())
        finally:
            await engine.dispose()

    async def _make_topics(self) -> None:
        settings = read_settings(KafkaSettings, kafka=self._kafka.address)
        async with topic_keeper(settings) as keeper:
            await keeper.create(await keeper.missing())

    def _role(
        self, name: str, role: tuple[str, ...], shared: Mapping[str, str], port: int = 0
    ) -> Part:
        port = port or free_port()
        territories = [word for one in self._wanted.territories for word in ("--territory", one)]
        command = ("serve", *role, *territories, "--port", str(port))
        return Part(
            name=name,
            prepare=partial(self._program, name, command, shared),
            ready=partial(says_ok, port),
            alive=partial(answers, port),
        )

    def _program(self, name: str, words: tuple[str, ...], shared: Mapping[str, str]) -> Program:
        return Program(
            name=name,
            command=(*NAVETTE, *words),
            log=self._run.log_of(name),
            environment=shared,
            stop_s=ROLE_STOPS_S,
        )

    def _clock(self) -> SharedClock:
        wanted = self._wanted
        real_s = time.time()
        shown = datetime.now(ZoneInfo(self._timezone))
        if wanted.at is not None:
            shown = shown.replace(
                hour=wanted.at.hour, minute=wanted.at.minute, second=0, microsecond=0
            )
        fresh = SharedClock(shown_s=shown.timestamp(), real_s=real_s, speed=wanted.speed)
        clock, was_there = kept_clock(self._run.folder / "clock.json", fresh)
        if was_there and (wanted.at is not None or wanted.speed != clock.speed):
            self._say(
                "The clock of this folder goes on as it was begun: --at and --speed count at the "
                "first start only."
            )
        return clock

    def _welcome(self, clock: SharedClock, took_s: float) -> str:
        url = f"http://{HOST}:{self._port}"
        pace = f", and time runs {clock.speed:g} times as fast" if clock.speed != 1 else ""
        return "\n".join(
            (
                f"Ready after {took_s:.0f} s: it is {clock.now(self._timezone):%H:%M}{pace}.",
                f"Ask for rides at {url}/v1/rides (how: {url}/docs). Ctrl-C ends it.",
                "For other commands (navette riders, archive, replay, topics ...):",
                f"  export NAVETTE_KAFKA={self._kafka.address}",
                f"  export NAVETTE_DATABASE={self._postgres.shown_url()}",
                f"  export {RIDERS_KEY}=$(cat {self._run.folder}/{KEY_FILE})",
                f"Logs: {self._run.folder}/log.",
            )
        )

    def _signalled(self, stopped: asyncio.Event) -> None:
        """Let a first signal end all in order, and a second one at once."""
        if stopped.is_set():
            self._supervisor.kill()
            self._say("Killed.")
            os._exit(KILLED)
        self._say("Ending ... (once more kills)")
        stopped.set()


def _riders_key(file: Path) -> str:
    """The master key of an earlier run, or a new one, which is kept: what it encrypted is, too."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_master_key(), encoding="ascii")
    return file.read_text(encoding="ascii")


def _ports(file: Path, names: Sequence[str]) -> dict[str, int]:
    """The ports of an earlier run, as far as they are free; else others, which are kept."""
    kept: dict[str, int] = {}
    with suppress(OSError, ValueError):
        kept = json.loads(file.read_text(encoding="utf-8"))
    ports = {
        name: kept[name] if name in kept and is_free(kept[name]) else free_port() for name in names
    }
    file.write_text(json.dumps(ports) + "\n", encoding="utf-8")
    return ports
