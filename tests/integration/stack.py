"""A whole service on real servers, as `navette up --real` runs it, and what tests do to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

READY_WITHIN_S = 120
ENDS_WITHIN_S = 60
TRIP = {
    "origin": {"lon": 1.5108, "lat": 46.2797},
    "destination": {"lon": 1.4922, "lat": 46.2398},
}


class Stack:
    """`navette up --real`, and its gateway's caller."""

    def __init__(self, data: Path, process: subprocess.Popen[str]) -> None:
        self.data = data
        self.process = process
        self.said = ""
        self.port = 0

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_until(self, words: str) -> str:
        """Read what it says, up to a line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"it ended without {words!r}:\n{self.said}")

    def pid(self, part: str) -> int:
        return int((self.data / "run" / f"{part}.pid").read_text())

    def kill(self, part: str) -> None:
        """Kill a part, and wait until another has taken its place."""
        killed = self.pid(part)
        os.kill(killed, signal.SIGKILL)
        until(lambda: self._pid_or_none(part) not in (None, killed), f"{part} runs again")

    def is_ready(self) -> bool:
        return self.call("GET", "/readyz")[0] == 200

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        until(self.is_ready, "all is ready", within_s)

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Call the gateway; 0 if it does not answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(
                method, path, sent, {"Content-Type": "application/json", **(headers or {})}
            )
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, ValueError):
            return 0, None
        finally:
            connection.close()

    def ask(self) -> Any:
        """Ask for a ride until there is an answer, always with the same key."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        found: list[Any] = []

        def asked() -> bool:
            status, ride = self.call("POST", "/v1/rides", TRIP, key)
            found[:] = [ride]
            return status in (201, 202) and bool(ride["status"] != "requested")

        until(asked, "a ride is answered")
        return found[0]

    def end(self) -> int:
        """Ask it to end, and return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            rest, _ = self.process.communicate(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)
            rest, _ = self.process.communicate(timeout=ENDS_WITHIN_S)
        self.said += rest
        return self.process.returncode

    def _pid_or_none(self, part: str) -> int | None:
        try:
            return self.pid(part)
        except (OSError, ValueError):
            return None


@contextmanager
def running(data: Path, territory: Path, *options: str) -> Iterator[Stack]:
    """Run a stack until it is ready, and end it afterwards."""
    command = [sys.executable, "-u", "-m", "services.cli", "up", "--real", str(territory)]
    process = subprocess.Popen(
        [*command, "--data", str(data), "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = Stack(data, process)
    try:
        line = stack.read_until("Ask for rides at")
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found is not None
        stack.port = int(found[1])
        yield stack
    finally:
        stack.end()


def until(true: Any, what: str, within_s: float = READY_WITHIN_S) -> None:
    end_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end_s, f"after {within_s} s still not: {what}"
        time.sleep(0.1)
