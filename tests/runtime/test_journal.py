from __future__ import annotations

from dataclasses import replace

import pytest

from services.domain.events import CancelRide, RideCancelled
from services.domain.ids import RideId
from services.runtime.journal import BrokenChain, verify
from services.wire.codec import encode_body
from services.wire.stored import decode_entry, encode_entry
from tests.runtime.samples import journal


@pytest.mark.parametrize(
    "change",
    [
        {"now_s": 5},
        {"inputs": ()},
        {"events": (encode_body(RideCancelled(RideId("r-2"))),)},
        {"inputs": (encode_body(CancelRide(RideId("r-0"))),)},
        {"number": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_breaks_the_chain(change: dict[str, object]) -> None:
    entries = journal(4)
    entries[1] = replace(entries[1], **change)  # type: ignore[arg-type]
    with pytest.raises(BrokenChain):
        verify(entries)


def test_a_lost_or_swapped_entry_breaks_the_chain() -> None:
    entries = journal(4)
    for wrong in (entries[1:], [entries[0], entries[2]], [entries[1], entries[0]]):
        with pytest.raises(BrokenChain):
            verify(wrong)


def test_an_input_that_became_an_event_breaks_the_chain() -> None:
    (entry,) = journal(1)
    moved = replace(entry, inputs=entry.inputs[:1], events=(entry.inputs[1], *entry.events))
    with pytest.raises(BrokenChain):
        verify([moved])


def test_an_entry_survives_its_bytes() -> None:
    for entry in journal(3):
        assert decode_entry(encode_entry(entry)) == entry
