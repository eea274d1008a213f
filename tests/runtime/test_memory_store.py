"""The store in memory is bounded, and its chain shows every change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.domain.events import CancelRide, RideCancelled
from services.domain.ids import RideId
from services.domain.ride import Status
from services.runtime.journal import BrokenChain, verify
from services.runtime.memory import MemoryStore
from services.runtime.ports import JournalRow
from tests.runtime.samples import ZONE, ride, step


def written(count: int, steps_max: int = 1000) -> MemoryStore:
    store = MemoryStore(steps_max=steps_max)
    epoch = store.take(ZONE).epoch
    for number in range(1, count + 1):
        store.commit(ZONE, epoch, [step(number)])
    return store


@pytest.mark.parametrize(
    "change",
    [
        {"now_s": 5},
        {"inputs": ()},
        {"events": (RideCancelled(RideId("r-2")),)},
        {"inputs": (CancelRide(RideId("r-0")),)},
        {"number": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_step_breaks_the_chain(change: dict[str, object]) -> None:
    rows = written(4).journal(ZONE)
    rows[1] = JournalRow(replace(rows[1].step, **change), rows[1].link)  # type: ignore[arg-type]
    with pytest.raises(BrokenChain):
        verify(rows)


def test_a_lost_or_swapped_step_breaks_the_chain() -> None:
    rows = written(4).journal(ZONE)
    for wrong in (rows[1:], [rows[0], rows[2]], [rows[1], rows[0]]):
        with pytest.raises(BrokenChain):
            verify(wrong)


def test_an_input_that_became_an_event_breaks_the_chain() -> None:
    (row,) = written(1).journal(ZONE)
    events: tuple[Any, ...] = (row.step.inputs[1], *row.step.events)
    moved = replace(row.step, inputs=row.step.inputs[:1], events=events)
    with pytest.raises(BrokenChain):
        verify([JournalRow(moved, row.link)])


def test_old_steps_are_dropped_beyond_the_bound() -> None:
    rows = written(50, steps_max=10).journal(ZONE)
    assert 10 <= len(rows) <= 11
    assert rows[-1].step.number == 50


def test_rides_that_came_to_their_end_are_dropped_first_and_others_never() -> None:
    store = MemoryStore(rides_max=10)
    epoch = store.take(ZONE).epoch
    for number in range(1, 41):
        status = Status.CONFIRMED if number % 4 == 0 else Status.COMPLETED
        store.commit(ZONE, epoch, [step(number, rides=(ride(number, status),))])
    kept = store.rides(ZONE)
    assert sum(one.status is Status.CONFIRMED for one in kept) == 10
    assert len(kept) <= 12


def test_without_a_chain_the_links_are_empty() -> None:
    store = MemoryStore(linked=False)
    store.commit(ZONE, store.take(ZONE).epoch, [step(1)])
    assert [row.link for row in store.journal(ZONE)] == [b""]
