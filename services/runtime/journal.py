"""The journal's hash chain: a row that was changed, lost or swapped does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from services.domain.errors import NavetteError
from services.runtime.ports import JournalRow, Step
from services.wire.codec import encode_body


class BrokenChain(NavetteError):
    """A journal that is not as it was written."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"journal: step {number} does not fit the one before")


def link(previous: bytes, step: Step) -> bytes:
    """Hash a step and, through the link before, all that came before it.

    Parameters
    ----------
    previous
        The link of the step before; empty for the first one.
    step
        The step; its offsets and rides follow from the rest and are not covered.
    """
    digest = sha256()
    digest.update(len(previous).to_bytes(8) + previous)
    for number in (step.number, step.now_s, len(step.inputs), len(step.events)):
        digest.update(number.to_bytes(8, signed=True))
    for body in (*step.inputs, *step.events):
        data = encode_body(body)
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()


def verify(rows: Iterable[JournalRow], previous: bytes = b"") -> bytes:
    """Check that rows are as they were written, and return the last link.

    Parameters
    ----------
    rows
        Steps in order.
    previous
        The link of the step before the first of them.

    Raises
    ------
    BrokenChain
        At the first row that does not fit.
    """
    for row in rows:
        if link(previous, row.step) != row.link:
            raise BrokenChain(row.step.number)
        previous = row.link
    return previous
