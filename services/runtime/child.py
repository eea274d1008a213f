"""Programs that run as children of this process: started, watched, stopped, killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.domain.errors import NavetteError, Unavailable

LOG_BYTES_MAX = 8 << 20
"""A log file that has grown beyond this becomes the old one, and the old one is dropped."""
TAIL_LINES = 6
FREE_BYTES_MIN = 200 << 20
LOOK_EVERY_S = 0.05
BOUND_EVERY = 100
"""After so many looks a log file is looked at, too."""


class EndedEarly(NavetteError):
    """A program ended before it was of any use; the message ends with what it wrote last."""

    retriable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program, ready to be run.

    Parameters
    ----------
    name
        What people and files call it.
    command
        Its command line.
    log
        Where all goes that it writes.
    environment
        Variables that it gets beside those of this process.
    folder
        Where it runs; absent: where this process does.
    stop_signal, stop_s
        The signal that asks it to end, and how long it may take.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 10.0


class Child:
    """A program that runs, in a process group of its own."""

    def __init__(self, program: Program) -> None:
        self.program = program
        bound(program.log)
        with program.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    program.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **program.environment},
                    cwd=program.folder,
                    process_group=0,
                )
            except OSError as error:
                raise EndedEarly(f"{program.name} cannot be started: {error}") from None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """The status with which it ended; absent while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait until it ends, and keep its log within bounds meanwhile."""
        looks = 0
        while (status := self.ended) is None:
            # Waiting for a child without a thread is possible on Linux only.
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            if looks % BOUND_EVERY == 0:
                bound(self.program.log)
        return status

    async def stop(self) -> None:
        """Ask it to end; kill it if it takes too long."""
        if self.ended is None:
            self._process.send_signal(self.program.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.program.stop_s):
                    await self.wait()
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    async def until(self, answers: Callable[[], Awaitable[bool]], within_s: float) -> None:
        """Wait until it is of use.

        Raises
        ------
        EndedEarly
            If it ended, or does not answer in time.
        """
        name, end_s = self.program.name, time.monotonic() + within_s
        while not await answers():
            if self.ended is not None:
                reason = f"{name} ended with status {self.ended}"
                raise EndedEarly(f"{reason}\n{tail(self.program.log)}")
            if time.monotonic() > end_s:
                reason = f"{name} does not answer after {within_s:g} s"
                raise EndedEarly(f"{reason}\n{tail(self.program.log)}")
            await asyncio.sleep(LOOK_EVERY_S)


def bound(log: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Begin a log file anew if it has grown long; who writes it goes on undisturbed."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > bytes_max:
            # It is copied and emptied, not renamed, for the child holds it open for appending.
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log file, indented."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return f"  (there is no log {log})"
    return "\n".join(f"  {line}" for line in last) or f"  ({log} is empty)"


def need_room(folder: Path, bytes_min: int = FREE_BYTES_MIN) -> None:
    """Make sure that a folder's disk has room for a server.

    Raises
    ------
    Unavailable
        If it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < bytes_min:
        raise Unavailable(
            f"{folder}: the disk has {free >> 20} MiB left, a server needs {bytes_min >> 20}"
        )
