"""What clocks show while the seconds of a zone count on: they are put forward and back.

A zone counts real seconds from the midnight of its first day. What goes by the time of day (hours
of service, shifts, who is on duty) goes by what clocks show then.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.domain.settings_part import DAY_S


@dataclass(frozen=True, slots=True)
class Calendar:
    """When clocks are changed; without any change, a clock shows what is counted.

    Parameters
    ----------
    changes
        From which second on clocks show how many seconds more than are counted, in order.
    """

    changes: tuple[tuple[int, int], ...] = ()

    def local_s(self, at_s: int) -> int:
        """What clocks show at a time, in seconds after the first day's midnight: days have 24 h."""
        if not self.changes:
            return at_s
        place = bisect_right(self.changes, at_s, key=lambda change: change[0])
        return at_s + self.changes[place - 1][1] if place else at_s

    def at_s(self, local_s: int) -> int:
        """When clocks show that.

        The second time, if they do so twice; if they never do, as if they had not been changed.
        """
        for from_s, more_s in reversed(self.changes):
            if local_s - more_s >= from_s:
                return local_s - more_s
        return local_s

    def last_s(self, of_day_s: int, at_s: int, days: int = 0) -> int:
        """When clocks last showed a time of day, at a time; or so many days later."""
        since = (self.local_s(at_s) - of_day_s) // DAY_S + days
        return self.at_s(since * DAY_S + of_day_s)


YEARS = 20
"""Changes are known for so long."""


@lru_cache(maxsize=256)
def calendar_of(midnight: datetime, timezone: str) -> Calendar:
    """When clocks are changed in a time zone, in seconds from a midnight (in UTC) on."""
    zone = ZoneInfo(timezone)

    def ahead_s(at_s: int) -> int:
        moment = (midnight + timedelta(seconds=at_s)).astimezone(zone)
        return round((moment.utcoffset() or timedelta()).total_seconds())

    usual_s = ahead_s(DAY_S // 2)
    changes = []
    before_s, before = -DAY_S, ahead_s(-DAY_S)
    if before != usual_s:
        changes.append((before_s, before - usual_s))
    for noon_s in range(DAY_S // 2, YEARS * 366 * DAY_S, DAY_S):
        if (after := ahead_s(noon_s)) != before:
            span = range(before_s + 1, noon_s + 1)
            first = bisect_left(span, True, key=lambda at_s: ahead_s(at_s) == after)
            changes.append((span[first], after - usual_s))
        before_s, before = noon_s, after
    return Calendar(tuple(changes))
