"""A shuttle as it is built: what fits in, and where it lives."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import ShuttleId
from services.domain.ride import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuttle:
    """A vehicle of the fleet; ``depot_stop`` is the number of the stop where its day begins."""

    id: ShuttleId
    depot_stop: int
    capacity: Load
