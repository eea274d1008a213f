"""Headless Chromium, spoken to over its DevTools protocol by a pair of pipes."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ANSWER_S_MAX = 60.0
QUIET_S = 0.5
# No sandbox: root in a container has none. No name resolves, so that nothing can be fetched.
OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--window-size=1280,900",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

Message = dict[str, Any]


def executable() -> str | None:
    """Where Chromium is, if it is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Page:
    """One tab, and everything that it said so far."""

    commands: int
    answers: int
    session: str | None = None
    events: list[Message] = field(default_factory=list)
    _unread: bytes = b""
    _number: int = 0

    def ask(self, method: str, **params: Any) -> Message:
        """Send a command and wait for its answer; what else is said meanwhile is an event."""
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read(ANSWER_S_MAX)
            assert answer is not None, f"Chromium did not answer {method}"
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: Message = answer["result"]
                return result
            self.events.append(answer)

    def open(self, url: str) -> None:
        """Go to a page; return once it is loaded and nothing more happens."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=url)
        until = time.monotonic() + ANSWER_S_MAX
        while not self.said("Page.loadEventFired"):
            assert time.monotonic() < until, f"{url} did not load"
            self._listen(QUIET_S)
        while self._listen(QUIET_S):
            pass

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is on this page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def said(self, method: str) -> list[Message]:
        """The parameters of every event of one kind."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def complaints(self) -> list[str]:
        """Errors and warnings on the console, uncaught exceptions, what the browser logged."""
        console = [
            json.dumps(entry["args"])
            for entry in self.said("Runtime.consoleAPICalled")
            if entry["type"] in {"error", "warning", "assert"}
        ]
        thrown = [str(entry["exceptionDetails"]) for entry in self.said("Runtime.exceptionThrown")]
        logged = [entry["entry"]["text"] for entry in self.said("Log.entryAdded")]
        return console + thrown + logged

    def requests(self) -> list[str]:
        """Every address that the page asked for, itself included."""
        return [entry["request"]["url"] for entry in self.said("Network.requestWillBeSent")]

    def _listen(self, seconds: float) -> bool:
        message = self._read(seconds)
        if message is not None:
            self.events.append(message)
        return message is not None

    def _read(self, seconds: float) -> Message | None:
        until = time.monotonic() + seconds
        while b"\0" not in self._unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                return None
            chunk = os.read(self.answers, 1 << 16)
            assert chunk, "Chromium went away"
            self._unread += chunk
        text, _, self._unread = self._unread.partition(b"\0")
        message: Message = json.loads(text)
        return message


@contextmanager
def page(binary: str, profile: Path, **emulation: Any) -> Iterator[Page]:
    """A fresh tab in a Chromium of its own, which is gone afterwards.

    Parameters
    ----------
    binary
        Chromium.
    profile
        An empty folder for it to write into.
    emulation
        What ``Emulation.setDeviceMetricsOverride`` is to be told, if anything.
    """
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    # Chromium reads commands from descriptor 3 and writes answers to 4; the shell moves them there.
    wiring = f'exec 3<&{their_in} 4>&{their_out}; exec "$@"'
    process = subprocess.Popen(
        ["bash", "-c", wiring, "chromium", binary, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(their_in, their_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_in)
    os.close(their_out)
    try:
        tab = Page(commands=our_out, answers=our_in)
        target = tab.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = tab.ask("Target.attachToTarget", targetId=target, flatten=True)
        tab.session = attached["sessionId"]
        if emulation:
            tab.ask("Emulation.setDeviceMetricsOverride", **emulation)
        yield tab
    finally:
        os.close(our_out)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(our_in)
