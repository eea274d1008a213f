"""Plans a living zone's open work anew, beside it: snapshot, solver process, one more message.

The zone never waits for it. A solver that is slow, dies or answers nonsense leaves the plans as
they are; that is counted, logged as an error, and the process is started again.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.dispatcher.batch import Batch
from services.dispatcher.batching import Batching
from services.dispatcher.solving import Solved, solve
from services.domain.errors import Unavailable
from services.domain.events import PlanProposal
from services.domain.ids import ZoneId
from services.runtime.clock import Clock
from services.runtime.ports import Log
from services.runtime.sending import send
from services.solver.improve import improve
from services.solver.problem import Budget
from services.solver.warm_up import warm_up

log = structlog.get_logger()

POLITE = 10
"""How far the solver steps back where processors are short: riders wait for answers, not for it."""
GRACE_S = 10.0
"""How much longer than its budget a solver may take before it is killed: it steps back for others,
and another process takes longer to start than this one to end."""
START_S = 120.0
"""How long a solver's first answer may take: it may have to compile."""
SOLVE_BUCKETS_S = (0.03, 0.1, 0.3, 1, 3, 10, 30)


class SolverFailed(Unavailable):
    """A solver process gave no answer."""


class ImproverMetrics:
    """What is counted of batches."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.batches = Counter(
            "navette_batches_total",
            "Batches by what the solver made of them: better routes, none, or no answer.",
            ["outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "navette_batch_solve_seconds",
            "Wall time of a batch.",
            buckets=SOLVE_BUCKETS_S,
            registry=registry,
        )
        self.groups = Gauge(
            "navette_proposal_groups",
            "Groups of shuttles with proposed routes, by what the zone made of them.",
            ["outcome"],
            registry=registry,
        )
        self.border_loss = Gauge(
            "navette_border_loss_share",
            "By which share solving in groups was dearer than solving whole, when last measured.",
            registry=registry,
        )


class SolverProcess:
    """A process that solves batches one after the other; started when first needed.

    Only who holds the lock starts it, talks to it and clears it away; anybody may kill it.

    Parameters
    ----------
    metrics
        What is counted of its batches.
    """

    def __init__(self, metrics: ImproverMetrics) -> None:
        self.metrics = metrics
        self._busy = threading.Lock()
        self._over = False
        self._process: Any = None
        self._ends: Connection | None = None

    def solve(self, batch: Batch, seconds: float, seed: int) -> Solved:
        """Solve a batch; blocks.

        Raises
        ------
        SolverFailed
            If the process died, failed, took too long, or was stopped; it is gone then.
        """
        with self._busy:
            patience_s = seconds + GRACE_S
            try:
                if self._ends is None:
                    self._ends = self._start()
                    patience_s += START_S
                answer = self._ask(self._ends, (batch, seconds, seed), patience_s)
            except (EOFError, OSError) as error:
                self._clear()
                raise SolverFailed("the process died, or did not start") from error
            except SolverFailed:
                self._clear()
                raise
        if isinstance(answer, str):
            raise SolverFailed(answer)
        assert isinstance(answer, Solved)
        return answer

    def stop(self) -> None:
        """End the process for good, whatever it does; a thread that waits for it gives up."""
        self._over = True
        if (process := self._process) is not None:
            process.kill()
        with self._busy:
            self._clear()

    def _ask(self, ends: Connection, question: object, patience_s: float) -> object:
        if self._over:  # it may have started when `stop` had already looked for it
            raise SolverFailed("it was stopped")
        # One that stands still does not read, and sending waits for that: until it is killed.
        killer = threading.Timer(patience_s, self._process.kill)
        killer.start()
        try:
            ends.send(question)
        finally:
            killer.cancel()
        if not ends.poll(patience_s):
            raise SolverFailed(f"no answer within {patience_s:.1f} s")
        return ends.recv()

    def _clear(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._ends is not None:
            self._ends.close()
        self._process = self._ends = None

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ends, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        self._process = process
        theirs.close()
        return ends


def _serve(ends: Connection) -> None:
    """Solve what comes until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C: who asked us ends us
    os.nice(POLITE)
    warm_up(improve)
    while True:
        try:
            batch, seconds, seed = ends.recv()
        except EOFError:
            return
        answer: Solved | str
        try:
            answer = solve(batch, Budget(seconds=seconds), seed)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        ends.send(answer)


class Improver:
    """Has a zone's open work planned anew whenever that is due.

    Parameters
    ----------
    batching
        Knows when it is due.
    zone
        Whose messages these are.
    messages
        Takes what the solver proposes.
    clock
        Tells the zone's time.
    seconds
        Wall time for all batches of one snapshot.
    solver
        Solves, and counts.
    """

    def __init__(
        self,
        batching: Batching,
        zone: ZoneId,
        messages: Log,
        clock: Clock,
        seconds: float,
        solver: SolverProcess,
    ) -> None:
        self._batching = batching
        self._zone = zone
        self._log = messages
        self._clock = clock
        self._seconds = seconds
        self._metrics = solver.metrics
        self._changed = asyncio.Event()
        self._solver = solver

    def changed(self) -> None:
        """The zone decided something: perhaps there is more to improve."""
        self._changed.set()

    async def run(self) -> None:
        """Solve batches until cancelled."""
        while True:
            self._changed.clear()
            now_s = self._clock.now_s()
            due_s = self._batching.due_s(now_s)
            if due_s is not None and due_s <= now_s:
                await self._improve(now_s)
            else:
                await self._wait(due_s)

    async def _wait(self, due_s: int | None) -> None:
        """Wait until then, or until the zone decides something: a request may want one sooner."""
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._changed.wait())]
        if due_s is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep_until(due_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _improve(self, now_s: int) -> None:
        batching = self._batching
        batches = batching.take(now_s)
        solved = await self._solve(batches, now_s)
        for number, one in enumerate(solved):
            if one is not None and one.proposal is not None:
                await self._propose(one.proposal, f"{self._zone}/batch/{now_s}/{number}")
        if (whole := batching.whole(batches, now_s)) is not None:
            (together,) = await self._solve([whole], now_s)
            if together is not None and all(one is not None for one in solved):
                cost = sum(one.cost for one in solved if one is not None)
                batching.learn(cost, together.cost)
                self._metrics.border_loss.set(batching.border_losses[-1])
        for outcome, count in batching.zone.adoption.tally.groups.items():
            self._metrics.groups.labels(outcome.value).set(count)

    async def _solve(self, batches: Sequence[Batch], now_s: int) -> list[Solved | None]:
        solved: list[Solved | None] = []
        rides = sum(len(batch.rides) for batch in batches)
        for batch in batches:
            seconds = self._seconds * len(batch.rides) / max(rides, 1)
            began = time.perf_counter()
            try:
                answer = await asyncio.to_thread(self._solver.solve, batch, seconds, now_s)
            except SolverFailed as error:
                self._metrics.batches.labels("failed").inc()
                log.error("batch_failed", rides=len(batch.rides), reason=str(error))
                solved.append(None)
                continue
            solved.append(answer)
            self._metrics.seconds.observe(time.perf_counter() - began)
            outcome = "nothing" if answer.proposal is None else "proposed"
            self._metrics.batches.labels(outcome).inc()
        return solved

    async def _propose(self, proposal: PlanProposal, message_id: str) -> None:
        try:
            await send(self._log, self._clock, self._zone, proposal, message_id)
        except Unavailable as error:
            log.warning("proposal_lost", reason=str(error))  # the next batch finds as good a one
