"""Whether a run was good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loadtests.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a run must keep.

    Parameters
    ----------
    p50_ms, p99_ms
        From the request to the offer or the refusal.
    failures
        Share of HTTP requests that went wrong or were pushed back.
    answers
        Fewest rides that got an answer: a run in which nothing happened is no good run.
    """

    p50_ms: float
    p99_ms: float
    failures: float
    answers: int = 1


def judge(stats: Any, ledger: Ledger, bars: Bars, took_s: float) -> tuple[str, list[str]]:
    """Return the run in a few lines, and what it did not keep."""
    answers = stats.get("answer", "RIDE")
    p50_ms = answers.get_response_time_percentile(0.5) or 0
    p99_ms = answers.get_response_time_percentile(0.99) or 0
    failed = stats.total.fail_ratio
    lost = list(ledger.unfinished())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(ledger.counts().items()))
    text = (
        f"{answers.num_requests} rides asked for at "
        f"{answers.num_requests / max(took_s, 1e-9):.1f}/s: {counts or 'none'}"
        f" ({ledger.corrections} corrected by facts)\n"
        f"answers: p50 {p50_ms} ms, p99 {p99_ms} ms; HTTP requests that failed: {failed:.2%}"
    )
    wrong = []
    if answers.num_requests < bars.answers:
        wrong.append(f"{answers.num_requests} answers, fewer than {bars.answers}")
    if p50_ms > bars.p50_ms:
        wrong.append(f"p50 of the answer is {p50_ms} ms, above {bars.p50_ms:g} ms")
    if p99_ms > bars.p99_ms:
        wrong.append(f"p99 of the answer is {p99_ms} ms, above {bars.p99_ms:g} ms")
    if failed > bars.failures:
        wrong.append(f"{failed:.2%} of requests failed, more than {bars.failures:.2%}")
    if lost:
        shown = ", ".join(f"{ride} ({state})" for ride, state in lost[:5])
        wrong.append(f"{len(lost)} rides did not come to an end: {shown}")
    if ledger.contradictions:
        shown = "; ".join(ledger.contradictions[:5])
        wrong.append(f"{len(ledger.contradictions)} rides ended twice: {shown}")
    return text, wrong
