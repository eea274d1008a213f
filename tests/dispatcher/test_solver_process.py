"""The process that solves batches can be ended at any moment, by somebody else than who waits."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import cast

import pytest

from services.dispatcher import improver
from services.dispatcher.batch import Batch
from services.dispatcher.improver import ImproverMetrics, SolverFailed, SolverProcess
from services.runtime.metrics import new_registry
from tests.dispatcher.test_batch import busy, snapshot


def test_who_waits_for_an_answer_gives_up_as_soon_as_the_process_is_stopped() -> None:
    batch = snapshot(busy("line", 1)).batch((0, 1, 2), ())
    with ThreadPoolExecutor(1) as pool:
        for _ in range(5):
            process = SolverProcess(ImproverMetrics(new_registry()))
            answer = pool.submit(process.solve, batch, 1e6, 1)
            process.stop()
            with pytest.raises(SolverFailed):
                answer.result()
            process.stop()
            with pytest.raises(SolverFailed, match="stopped"):
                process.solve(batch, 1.0, 1)


class Frozen(SolverProcess):
    """One whose process stands still as soon as it is there."""

    def _start(self) -> Connection:
        ends = super()._start()
        os.kill(self._process.pid, signal.SIGSTOP)
        return ends


def test_a_process_that_stands_still_and_reads_nothing_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(improver, "START_S", 0.0)
    monkeypatch.setattr(improver, "GRACE_S", 0.5)
    process = Frozen(ImproverMetrics(new_registry()))
    more_than_a_pipe_holds = cast(Batch, bytes(1 << 20))
    with pytest.raises(SolverFailed):
        process.solve(more_than_a_pipe_holds, 0.0, 1)
    process.stop()


class Unstartable(SolverProcess):
    """One that cannot be started: there are too many processes."""

    def _start(self) -> Connection:
        raise OSError("no more processes")


def test_a_process_that_cannot_be_started_is_one_that_failed() -> None:
    process = Unstartable(ImproverMetrics(new_registry()))
    with pytest.raises(SolverFailed):
        process.solve(cast(Batch, None), 0.0, 1)
