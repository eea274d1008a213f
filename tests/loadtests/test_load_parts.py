"""The parts of the load test that need no load: what is asked for when, and who was lost."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from loadtests.ledger import Ledger
from loadtests.pace import ASKS_EVERY_S, DAY_HOURS, PEAK_HOURS, OfDay, Steady, users
from loadtests.trips import quarters, trips


def test_a_compressed_day_asks_for_all_that_the_day_asks_for(demo: Path) -> None:
    day = trips(demo, seed=1)
    pace = OfDay(quarters=quarters(day), hours=(0, 24), compress=600)
    asked = 0.0
    for tick in range(24 * 60):
        rate = pace.at(tick / 10)
        assert rate is not None
        asked += rate / 10
    assert asked == pytest.approx(len(day))
    assert pace.at(144.1) is None


def test_the_peak_is_the_part_of_the_day_in_which_most_ask(demo: Path) -> None:
    rates = quarters(trips(demo, seed=1))
    first, last = (4 * hour for hour in PEAK_HOURS)
    opens, closes = (4 * hour for hour in DAY_HOURS)
    of_peak = sum(rates[first:last]) / (last - first)
    assert of_peak > sum(rates[opens:closes]) / (closes - opens)


def test_users_ask_as_often_together_as_they_should() -> None:
    steady = Steady(12.5, 60)
    rate = steady.at(59)
    assert rate is not None
    assert users(rate) / ASKS_EVERY_S == pytest.approx(12.5)
    assert steady.at(60) is None


def test_a_ride_without_an_end_is_told_and_one_with_two_ends_too() -> None:
    ledger = Ledger()
    for state in ("offered", "confirmed", "completed", "completed"):
        ledger.see("fine", state)
    ledger.see("lost", "confirmed")
    assert list(ledger.unfinished()) == [("lost", "confirmed")]
    assert ledger.contradictions == []
    ledger.see("fine", "cancelled")
    assert ledger.contradictions == ["fine: completed, then cancelled"]


def test_a_fact_corrects_an_end_and_nothing_else_does() -> None:
    ledger = Ledger()
    for state in ("cancelled", "aboard", "completed"):
        ledger.see("boarded all the same", state)
    assert (ledger.corrections, ledger.contradictions) == (1, [])
    assert list(ledger.unfinished()) == []
    ledger.see("turned down", "refused")
    ledger.see("turned down", "completed")
    assert ledger.contradictions == ["turned down: refused, then completed"]


def test_nothing_of_the_service_is_loaded_beside_gevent(project: Path) -> None:
    for file in (project / "loadtests").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            roots = {name.partition(".")[0] for name in names}
            assert not roots & {"aiokafka", "asyncio", "services"}, file.name
