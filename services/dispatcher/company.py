"""What runs beside the zones of a shard: it comes and goes with a zone, and breaks by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter

from services.dispatcher.host import Host
from services.domain.ids import ZoneId

log = structlog.get_logger()

PAUSE_S, PAUSE_S_MAX = 1.0, 60.0
"""For so long one that broke pauses before it goes on; longer if it breaks again at once."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What runs beside a zone, by name, and who wants to know that it decided something."""

    runs: Mapping[str, Callable[[], Coroutine[None, None, None]]] = field(default_factory=dict)
    changed: Callable[[], None] = lambda: None


class Company:
    """Keeps what runs beside zones running.

    Parameters
    ----------
    make
        Says what runs beside a zone.
    tasks
        In which it runs.
    failures
        Counts what broke.
    """

    def __init__(
        self, make: Callable[[Host], Beside], tasks: asyncio.TaskGroup, failures: Counter
    ) -> None:
        self._make = make
        self._tasks = tasks
        self._failures = failures
        self._running: dict[ZoneId, list[asyncio.Task[None]]] = {}
        self._changed: dict[ZoneId, Callable[[], None]] = {}

    def join(self, host: Host) -> None:
        """Run what is to run beside a zone, in the place of what ran before."""
        self.leave(host.id)
        beside = self._make(host)
        self._changed[host.id] = beside.changed
        self._running[host.id] = [
            self._tasks.create_task(self._keep(host.id, name, run))
            for name, run in beside.runs.items()
        ]

    def leave(self, zone: ZoneId) -> None:
        """End what runs beside a zone."""
        self._changed.pop(zone, None)
        for task in self._running.pop(zone, ()):
            task.cancel()

    def end(self) -> None:
        """End all."""
        for zone in list(self._running):
            self.leave(zone)

    def changed(self, zone: ZoneId) -> None:
        """A zone decided something."""
        if zone in self._changed:
            self._changed[zone]()

    async def _keep(
        self, zone: ZoneId, name: str, run: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        loop, pause_s = asyncio.get_running_loop(), PAUSE_S
        while True:
            began_s = loop.time()
            try:
                await run()
            except Exception:
                log.exception("attendant_broke", zone=zone, attendant=name)
                self._failures.labels(name).inc()
            else:
                return
            lasted = loop.time() - began_s > PAUSE_S_MAX
            pause_s = PAUSE_S if lasted else min(2 * pause_s, PAUSE_S_MAX)
            await asyncio.sleep(pause_s)
