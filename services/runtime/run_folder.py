"""The folder of a set of processes: who holds it, which of them run, what was left of earlier ones.

It survives the sudden end of who holds it: a lock ends with its process, and processes that were
left behind are known by their number and the time at which they began, so that a stranger who got
the same number later is let alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from services.domain.errors import OutputInUse

SAME_BEGIN_S = 2.0
"""Two readings of when a process began differ by less; nobody else gets its number so soon."""
GONE_WITHIN_S = 10.0
READINESS = "ready.json"


class RunFolder:
    """Lock, numbers of processes, logs.

    Parameters
    ----------
    folder
        Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._run = self.folder / "run"
        self.readiness = self._run / READINESS
        """The file that says which parts are ready."""

    def log_of(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self.folder / "log" / f"{name}.log"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder: nobody else does meanwhile.

        Raises
        ------
        OutputInUse
            If somebody else does.
        """
        self._run.mkdir(parents=True, exist_ok=True)
        (self.folder / "log").mkdir(exist_ok=True)
        with (self._run / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                holder = lock.read().strip() or "?"
                reason = f"{self.folder}: another process ({holder}) runs in this folder"
                raise OutputInUse(reason) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield
            lock.truncate(0)

    def end_left_over(self) -> list[str]:
        """Kill what an earlier holder left behind, and return its names."""
        found = dict(self._left_over())
        for process in found.values():
            # It is the first of its group: all that it started ends with it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        psutil.wait_procs(found.values(), timeout=GONE_WITHIN_S)
        for file in self._run.glob("*.pid"):
            self.forget(file.stem)
        return sorted(found)

    def note(self, name: str, pid: int) -> None:
        """Write down that a process runs."""
        began = _began(pid)
        if began is None:
            return
        _write(self._run / f"{name}.began", f"{began}\n")
        _write(self._run / f"{name}.pid", f"{pid}\n")

    def forget(self, name: str) -> None:
        """Write down that it does not run any more."""
        (self._run / f"{name}.pid").unlink(missing_ok=True)
        (self._run / f"{name}.began").unlink(missing_ok=True)

    def tell_readiness(self, parts: Mapping[str, bool]) -> None:
        """Write down which parts are ready."""
        _write(self.readiness, json.dumps(parts, indent=2) + "\n")

    def _left_over(self) -> Iterator[tuple[str, psutil.Process]]:
        for file in self._run.glob("*.pid"):
            try:
                pid = int(file.read_text(encoding="ascii"))
                noted = float(file.with_suffix(".began").read_text(encoding="ascii"))
            except (OSError, ValueError):
                continue
            began = _began(pid)
            if began is not None and abs(began - noted) < SAME_BEGIN_S and os.getpgid(pid) == pid:
                yield file.stem, psutil.Process(pid)


def _began(pid: int) -> float | None:
    """When a process began, in seconds since 1970; absent if it is none."""
    try:
        began: float = psutil.Process(pid).create_time()
    except psutil.Error:
        return None
    return began


def _write(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half written."""
    made = path.with_name(f"{path.name}.new")
    made.write_text(text, encoding="utf-8")
    made.replace(path)
