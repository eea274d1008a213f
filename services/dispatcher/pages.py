"""The minutes in which drives are booked: from the day before on, so that they stay few for ever.

They are numbered from there in the arrays (``Fleet.days``), and from the first day's midnight
everywhere else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.arrays import Fleet
from services.domain.calendar import Calendar
from services.domain.settings_part import DAY_S

MINUTE_S = 60
DAY_MIN = 1440
KNOWN_S = 100 * DAY_S
"""Plans reach no further ahead."""


def turned(fleet: Fleet, calendar: Calendar, now_s: int) -> Fleet:
    """The arrays with minutes from the day before on; those before count no more."""
    first = max(now_s // DAY_S - 1, 0) * DAY_MIN
    cut = first - int(fleet.days[0, 0])
    return fleet._replace(
        total=fleet.total[cut:].copy(),
        booked=fleet.booked[:, cut:].copy(),
        spans=np.maximum(fleet.spans - cut, 0),
        days=_days(calendar, first * MINUTE_S),
    )


def with_more(fleet: Fleet, needed: int) -> Fleet:
    """The arrays with so many minutes, and some to spare."""
    more = ((0, needed + DAY_MIN - len(fleet.total)),)
    total, booked = np.pad(fleet.total, more), np.pad(fleet.booked, ((0, 0), *more))
    return fleet._replace(total=total, booked=booked)


def limits_at(fleet: Fleet, minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many shuttles are supervised in minutes, by what clocks show then."""
    change = np.searchsorted(fleet.days[:, 0], minutes, side="right") - 1
    more = fleet.days[np.maximum(change, 0), 1]
    limits: NDArray[np.int64] = fleet.limits[(minutes + more) % DAY_MIN]
    return limits


def _days(calendar: Calendar, first_s: int) -> NDArray[np.int64]:
    rows = [(first_s, calendar.local_s(first_s) - first_s)]
    rows += [one for one in calendar.changes if first_s < one[0] < first_s + KNOWN_S]
    return np.array(rows, np.int64) // MINUTE_S
