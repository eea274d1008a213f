"""Keeps a set of processes running: starts them, starts again what dies, ends them in order."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from services.domain.errors import NavetteError
from services.runtime.child import Child, EndedEarly, Program, tail
from services.runtime.run_folder import RunFolder

PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Before it is started again, for a part that dies over and over; the last one goes on."""
STEADY_S = 20.0
"""A part that ran for so long begins with the first pause again."""
TRIES_AT_FIRST = 3
"""A part that was never ready is started so often before all is given up."""
LOOK_S, LOOK_READY_S = 0.2, 2.0
"""Between looks at whether a part is ready: while it is not, and once it is."""

HUNG_S = 20.0
"""A part that has not answered for so long hangs."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process among several.

    Parameters
    ----------
    name
        What people and files call it.
    prepare
        Gets ready for a start, also after a sudden end, and says what to run; it may take its time.
    ready
        Tells whether it is of use.
    alive
        Tells whether it answers at all, if it can be asked that: one that did and has ceased to is
        killed, and started again.
    """

    name: str
    prepare: Callable[[], Program]
    ready: Callable[[], Awaitable[bool]]
    alive: Callable[[], Awaitable[bool]] | None = None


class _Kept:
    """A part that is kept running."""

    def __init__(self, part: Part, house: Supervisor) -> None:
        self.part = part
        self.child: Child | None = None
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._house = house
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it, and do not start it again."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self.child is not None:
            await self.child.stop()
        self._house.run.forget(self.part.name)

    async def _keep(self) -> None:
        failures = 0
        while True:
            began_s = time.monotonic()
            reason = await self._live()
            self._house.note(self.part.name, False)
            if not self.first.done() and failures + 1 == TRIES_AT_FIRST:
                self.first.set_exception(EndedEarly(reason))
                return
            failures = 0 if time.monotonic() - began_s > STEADY_S else failures
            pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
            failures += 1
            self._house.say(f"{reason.splitlines()[0]}; it is started again" + _in(pause_s))
            await asyncio.sleep(pause_s)

    async def _live(self) -> str:
        """Start it and wait until it ends; return why it did."""
        name = self.part.name
        try:
            self.child = Child(await asyncio.to_thread(self.part.prepare))
        except NavetteError as error:
            return f"{name}: {error}"
        self._house.run.note(name, self.child.pid)
        watch = asyncio.create_task(self._watch())
        try:
            status = await self.child.wait()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        # What it started itself must not go on beside its successor.
        self.child.kill()
        return f"{name} ended with status {status}\n{tail(self.child.program.log)}"

    async def _watch(self) -> None:
        """Say whenever it becomes ready, or ceases to be; kill it if it hangs."""
        name, heard_s = self.part.name, math.inf
        while True:
            try:
                ready = await self.part.ready()
            except Exception:
                log.exception("readiness_unknown", part=name)
                ready = False
            self._house.note(name, ready)
            if ready and not self.first.done():
                self.first.set_result(None)
            if self.part.alive is not None and (ready or await self.part.alive()):
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > HUNG_S and self.child is not None:
                self._house.say(f"{name} has not answered for {HUNG_S:g} s and is killed")
                self.child.kill()
                return
            await asyncio.sleep(LOOK_READY_S if ready else LOOK_S)


class Supervisor:
    """Keeps parts running in a folder that it holds.

    Parameters
    ----------
    run
        Where numbers of processes are written down; held by the caller.
    say
        Takes a line for the person who watches.
    """

    def __init__(self, run: RunFolder, say: Callable[[str], None]) -> None:
        self.run = run
        self.say = say
        self._kept: dict[str, _Kept] = {}
        self._ready: dict[str, bool] = {}

    async def start(self, parts: Sequence[Part]) -> None:
        """Start parts beside each other, and wait until each was ready once.

        Raises
        ------
        EndedEarly
            If one ends again and again before it was.
        """
        for part in parts:
            self.note(part.name, False)
            self._kept[part.name] = _Kept(part, self)
        await asyncio.gather(*(self._kept[part.name].first for part in parts))

    async def do(self, program: Program) -> None:
        """Run a program that ends by itself.

        Raises
        ------
        EndedEarly
            If it says by its status that it failed.
        """
        child = Child(program)
        self.run.note(program.name, child.pid)
        try:
            status = await child.wait()
        finally:
            child.kill()
            self.run.forget(program.name)
        if status != 0:
            reason = f"{program.name} ended with status {status}"
            raise EndedEarly(f"{reason}\n{tail(program.log)}")

    async def stop(self, order: Sequence[Callable[[str], bool]]) -> None:
        """End all parts: those first of which the first of these says that they are its."""
        for group in (*order, _anybody):
            names = [name for name in self._kept if group(name)]
            await asyncio.gather(*(self._kept[name].stop() for name in names))
            for name in names:
                del self._kept[name]

    def kill(self) -> None:
        """End all parts at once."""
        for child in self._children():
            child.kill()

    def note(self, name: str, ready: bool) -> None:
        """Take down whether a part is ready."""
        if self._ready.get(name) is not ready:
            self._ready[name] = ready
            # A full disk must not end those who still can serve.
            with suppress(OSError):
                self.run.tell_readiness(self._ready)

    def _children(self) -> Iterator[Child]:
        return (kept.child for kept in self._kept.values() if kept.child is not None)


def _in(pause_s: float) -> str:
    return f" in {pause_s:g} s" if pause_s else ""


def _anybody(_name: str) -> bool:
    return True
