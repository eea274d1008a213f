"""The journal's hash chain: an entry that was changed, lost or swapped does not fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from hashlib import sha256

from services.domain.errors import NavetteError
from services.domain.ids import ZoneId
from services.runtime.ports import Store
from services.wire.stored import Entry


class BrokenChain(NavetteError):
    """A journal that is not as it was written."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"journal: step {number} does not fit the one before")


def link(previous: bytes, entry: Entry) -> bytes:
    """Hash an entry and, through the link before, all that came before it.

    Parameters
    ----------
    previous
        The link of the entry before; empty for the first one.
    entry
        The entry; what it was caused by and when it was written down are not covered.
    """
    digest = sha256()
    digest.update(len(previous).to_bytes(8) + previous)
    for number in (entry.number, entry.now_s, len(entry.inputs), len(entry.events)):
        digest.update(number.to_bytes(8, signed=True))
    for data in (*entry.inputs, *entry.events):
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()


def linked(previous: bytes, entry: Entry) -> Entry:
    """Return an entry with its link."""
    return replace(entry, link=link(previous, entry))


def verify(entries: Iterable[Entry], previous: bytes = b"") -> bytes:
    """Check that entries are as they were written, and return the last link.

    Parameters
    ----------
    entries
        In order.
    previous
        The link of the entry before the first of them.

    Raises
    ------
    BrokenChain
        At the first entry that does not fit.
    """
    for entry in entries:
        if link(previous, entry) != entry.link:
            raise BrokenChain(entry.number)
        previous = entry.link
    return previous


async def entries(store: Store, zone: ZoneId, after: int = 0) -> AsyncIterator[Entry]:
    """Read a zone's journal behind a step, in pages, as far as it is kept."""
    while page := await store.journal(zone, after):
        for entry in page:
            yield entry
        after = page[-1].number
