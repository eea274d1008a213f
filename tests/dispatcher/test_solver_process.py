"""The process that solves batches can be ended at any moment, by somebody else than who waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

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
