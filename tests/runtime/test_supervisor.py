"""Processes that are kept running: real ones, small scripts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from services.domain.errors import OutputInUse
from services.runtime import supervisor
from services.runtime.child import Child, EndedEarly, Program, bound
from services.runtime.run_folder import RunFolder
from services.runtime.supervisor import Part, Supervisor

SLEEPS = "import time; open(READY, 'w').close(); time.sleep(600)"
DIES = "import sys; open(READY, 'w').close(); sys.exit('it hurts')"
WITHIN_S = 20


class Scripts:
    """Parts that are small scripts, and what was said of them."""

    def __init__(self, folder: Path) -> None:
        self.run = RunFolder(folder)
        self.lines: list[str] = []
        self.supervisor = Supervisor(self.run, self.lines.append)

    def program(self, name: str, script: str, stop_s: float = 5) -> Program:
        script = script.replace("READY", repr(str(self.ready(name))))
        script = script.replace("ENDED", repr(str(self.run.folder / "ended")))
        return Program(
            name=name,
            command=(sys.executable, "-S", "-c", script),
            log=self.run.log_of(name),
            stop_s=stop_s,
        )

    def part(self, name: str, script: str = SLEEPS, stop_s: float = 5) -> Part:
        def prepare() -> Program:
            self.ready(name).unlink(missing_ok=True)
            return self.program(name, script, stop_s)

        async def ready() -> bool:
            return self.ready(name).exists()

        return Part(name=name, prepare=prepare, ready=ready)

    def ready(self, name: str) -> Path:
        return self.run.folder / f"{name}.ready"

    def pid(self, name: str) -> int | None:
        file = self.run.folder / "run" / f"{name}.pid"
        return int(file.read_text()) if file.exists() else None

    def readiness(self) -> dict[str, bool]:
        told: dict[str, bool] = json.loads(self.run.readiness.read_text())
        return told


@pytest.fixture
async def scripts(tmp_path: Path) -> AsyncIterator[Scripts]:
    here = Scripts(tmp_path)
    with here.run.held():
        yield here
        await here.supervisor.stop(())


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 - files have no event
            await asyncio.sleep(0.01)


async def test_a_part_that_is_killed_runs_again_at_once(scripts: Scripts) -> None:
    await scripts.supervisor.start([scripts.part("one"), scripts.part("two")])
    first, other = scripts.pid("one"), scripts.pid("two")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: scripts.pid("one") not in (first, None) and scripts.readiness()["one"])
    assert scripts.pid("two") == other
    assert scripts.lines == ["one ended with status -9; it is started again"]


async def test_a_part_that_hangs_is_killed_and_runs_again(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_S", 0.3)
    answers = asyncio.Event()
    answers.set()

    async def alive() -> bool:
        return answers.is_set()

    await scripts.supervisor.start([replace(scripts.part("one"), alive=alive)])
    first = scripts.pid("one")
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    scripts.ready("one").unlink()
    answers.clear()
    await until(lambda: scripts.pid("one") not in (first, None))
    answers.set()
    await until(lambda: scripts.readiness()["one"])
    assert scripts.lines == [
        "one has not answered for 0.3 s and is killed",
        "one ended with status -9; it is started again",
    ]


async def test_a_part_that_never_answered_is_not_killed_for_that(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_S", 0.1)
    asked = 0

    async def alive() -> bool:
        nonlocal asked
        asked += 1
        return False

    slow = "import time; time.sleep(1); " + SLEEPS
    await scripts.supervisor.start([replace(scripts.part("one", slow), alive=alive)])
    assert asked > 1
    assert scripts.lines == []


async def test_a_part_that_dies_over_and_over_is_started_ever_more_rarely(
    scripts: Scripts,
) -> None:
    dies_soon = "import time; open(READY, 'w').close(); time.sleep(0.5)"
    await scripts.supervisor.start([scripts.part("one", dies_soon)])
    await until(lambda: len(scripts.lines) == 3)
    assert [line.partition("again")[2] for line in scripts.lines] == ["", " in 0.5 s", " in 1 s"]


async def test_a_part_that_never_gets_ready_is_given_up_with_its_last_words(
    scripts: Scripts,
) -> None:
    never = scripts.part("one", "import sys; sys.exit('no such territory')")
    with pytest.raises(EndedEarly, match=r"one ended with status 1\n.*\n*.*no such territory"):
        await scripts.supervisor.start([never, scripts.part("two")])


async def test_readiness_is_told_as_it_is(scripts: Scripts) -> None:
    await scripts.supervisor.start([scripts.part("one"), scripts.part("two")])
    assert scripts.readiness() == {"one": True, "two": True}
    scripts.ready("two").unlink()
    await until(lambda: scripts.readiness() == {"one": True, "two": False})


async def test_parts_end_in_the_order_that_is_asked_for(scripts: Scripts) -> None:
    says = (
        "import signal, time\n"
        "def end(*_):\n    open(ENDED, 'a').write('NAME\\n')\n    raise SystemExit\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open(READY, 'w').close()\ntime.sleep(600)"
    )
    names = ["back", "side", "front"]
    await scripts.supervisor.start(
        [scripts.part(name, says.replace("NAME", name)) for name in names]
    )
    await scripts.supervisor.stop(("front".__eq__, "side".__eq__))
    assert (scripts.run.folder / "ended").read_text().split() == ["front", "side", "back"]
    assert [scripts.pid(name) for name in names] == [None] * 3


async def test_a_part_that_does_not_want_to_end_is_killed(scripts: Scripts) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPS
    await scripts.supervisor.start([scripts.part("one", stubborn, stop_s=0.2)])
    pid = scripts.pid("one")
    await scripts.supervisor.stop(())
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def test_what_a_dead_part_had_started_ends_with_it(scripts: Scripts) -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        "open(READY + '.new', 'w').write(str(child.pid))\n"
        "import os; os.rename(READY + '.new', READY); child.wait()"
    )
    await scripts.supervisor.start([scripts.part("one", parent)])
    grandchild, pid = int(scripts.ready("one").read_text()), scripts.pid("one")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: gone(grandchild))


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def test_a_job_that_fails_says_why(scripts: Scripts) -> None:
    await scripts.supervisor.do(scripts.program("fine", "pass"))
    with pytest.raises(EndedEarly, match="wrong ended with status 1\n  it hurts"):
        await scripts.supervisor.do(scripts.program("wrong", DIES))


def test_a_folder_has_one_holder(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    refused = pytest.raises(OutputInUse, match=rf"another process \({os.getpid()}\) runs")
    with first.held(), refused, second.held():
        pass
    with second.held():
        pass


HOLDER = """\
import os, subprocess, sys
from pathlib import Path
from services.runtime.run_folder import RunFolder
run = RunFolder(Path(sys.argv[1]))
with run.held():
    child = subprocess.Popen(["sleep", "600"], process_group=0)
    run.note("left", child.pid)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def left_behind(tmp_path: Path, project: Path) -> Iterator[int]:
    """The number of a process whose supervisor was killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=project,
    )
    assert holder.stdout is not None
    left = int(holder.stdout.readline())
    holder.kill()
    holder.wait()
    holder.stdout.close()
    yield left
    if not gone(left):
        os.kill(left, signal.SIGKILL)


def test_what_a_killed_supervisor_left_behind_is_ended(tmp_path: Path, left_behind: int) -> None:
    run = RunFolder(tmp_path)
    with run.held():
        assert run.end_left_over() == ["left"]
    assert gone(left_behind)
    assert not (tmp_path / "run" / "left.pid").exists()


def test_a_stranger_who_got_the_number_of_a_dead_part_is_let_alone(
    tmp_path: Path, left_behind: int
) -> None:
    (tmp_path / "run" / "left.began").write_text("1000.0\n")
    run = RunFolder(tmp_path)
    with run.held():
        assert run.end_left_over() == []
    assert not gone(left_behind)


async def test_a_log_that_has_grown_long_begins_anew_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    writes = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
    with log.open("ab") as output:
        writer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-c", writes), stdin=subprocess.PIPE, stdout=output
        )
        assert writer.stdin is not None
        writer.stdin.write(b"first\n" * 10)
        await until(lambda: log.stat().st_size == 60)
        bound(log, bytes_max=50)
        await writer.communicate(b"second\n")
    assert log.read_text() == "second\n"
    assert (tmp_path / "one.log.1").read_text() == "first\n" * 10


async def test_a_program_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    program = Program(name="nothing", command=(str(tmp_path / "no"),), log=tmp_path / "log")
    with pytest.raises(EndedEarly, match=r"nothing cannot be started: .*No such file"):
        Child(program)
