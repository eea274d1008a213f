"""`navette up --real`: all parts as processes, on real servers, from start to end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.integration.stack import Stack, running

pytestmark = pytest.mark.usefixtures("real_servers")

PARTS = ("dispatcher-0", "dispatcher-1", "gateway", "kafka", "postgres", "shuttles")


def pids(stack: Stack) -> dict[str, int]:
    return {part: stack.pid(part) for part in PARTS}


def test_rides_are_kept_when_a_part_is_killed_when_all_ends_and_when_all_is_killed(
    tmp_path: Path, demo: Path
) -> None:
    options = ("--dispatchers", "2", "--at", "08:00")
    with running(tmp_path, demo, *options) as stack:
        assert stack.is_ready()
        first = pids(stack)
        ride = stack.ask()
        assert ride["status"] == "offered", ride
        status, ride = stack.call("POST", f"/v1/rides/{ride['id']}/accept")
        assert (status, ride["status"]) == (200, "confirmed")
        for part in PARTS:
            stack.kill(part)
            stack.wait_until_ready()
            status, seen = stack.call("GET", f"/v1/rides/{ride['id']}")
            assert (status, seen["status"]) in {(200, "confirmed"), (200, "aboard")}, part
        assert not set(first.values()) & set(pids(stack).values())
        assert stack.ask()["status"] in {"offered", "refused"}
        last = pids(stack)
        assert stack.end() == 0, stack.said
    assert not [part for part, pid in last.items() if psutil.pid_exists(pid)]

    with running(tmp_path, demo, *options) as stack:
        assert "The clock of this folder goes on" in stack.said
        assert stack.call("GET", f"/v1/rides/{ride['id']}")[0] == 200
        left = pids(stack)
        os.kill(stack.process.pid, signal.SIGKILL)
        stack.process.wait()
        assert [part for part, pid in left.items() if psutil.pid_exists(pid)] == list(PARTS)

    with running(tmp_path, demo, *options) as stack:
        assert f"Ended what an earlier run had left behind: {', '.join(PARTS)}." in stack.said
        assert not [part for part, pid in left.items() if psutil.pid_exists(pid)]
        assert stack.call("GET", f"/v1/rides/{ride['id']}")[0] == 200
        assert stack.ask()["status"] in {"offered", "refused"}
