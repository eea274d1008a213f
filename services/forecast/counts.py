"""Requests counted by day, cell and quarter of an hour: what a forecast learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.domain.day import DayKind
from services.forecast.cells import Cells
from services.forecast.history import PastDay

QUARTER_S = 900
QUARTERS = 96
NOTICE_S = 1800
"""Whoever asks further ahead than this has a shuttle in its plan when it is time to be there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Days of requests that were asked at short notice.

    Parameters
    ----------
    cells
        H3 indexes.
    kinds
        Weekday and weather of each day.
    number
        (days, cells, quarters) requests by origin and wanted departure.
    """

    cells: tuple[str, ...]
    kinds: tuple[DayKind, ...]
    number: NDArray[np.int64]

    def until(self, day: int) -> Counts:
        """The days before one."""
        return Counts(cells=self.cells, kinds=self.kinds[:day], number=self.number[:day])


def count(days: Sequence[PastDay], cells: Cells) -> Counts:
    """Count what was asked at most `NOTICE_S` ahead."""
    number = np.zeros((len(days), len(cells.names), QUARTERS), np.int64)
    for d, day in enumerate(days):
        for past in day.requests:
            if past.departure_s - past.request_s <= NOTICE_S:
                quarter = past.departure_s // QUARTER_S % QUARTERS
                number[d, cells.of_stop[past.origin], quarter] += 1
    return Counts(cells=cells.names, kinds=tuple(day.kind for day in days), number=number)
