"""What time it is: on the wall, faster than that, or whenever the next thing happens."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from itertools import count
from math import floor, isfinite
from typing import Protocol
from zoneinfo import ZoneInfo

from services.domain.calendar import Calendar, calendar_of
from services.domain.errors import InvalidSetting


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """The day from whose midnight the seconds of a zone count.

    Midnight is taken as twelve hours before noon, so that a time of day and its seconds agree also
    on the two days a year on which the clocks change (but for the hours before they do).

    Parameters
    ----------
    date
        Calendar day.
    timezone
        Name of the territory's time zone, as in ``Europe/Paris``.
    """

    date: date
    timezone: str

    @property
    def midnight(self) -> datetime:
        """The moment at which the seconds begin, in UTC."""
        noon = datetime.combine(self.date, time_of_day(12), ZoneInfo(self.timezone))
        return noon.astimezone(UTC) - timedelta(hours=12)

    def moment(self, at_s: float) -> datetime:
        """Return the local date and time ``at_s`` seconds after midnight."""
        return (self.midnight + timedelta(seconds=at_s)).astimezone(ZoneInfo(self.timezone))

    def seconds(self, moment: datetime) -> int:
        """Return the whole seconds from midnight to a moment (with a time zone), rounded down."""
        return (moment - self.midnight) // timedelta(seconds=1)

    def days_at(self, at_s: float) -> int:
        """Return how many days later than this one it is, ``at_s`` seconds after midnight."""
        return (self.moment(at_s).date() - self.date).days

    def later(self, days: int) -> ServiceDay:
        """Return the service day so many days later."""
        return ServiceDay(self.date + timedelta(days=days), self.timezone)

    @property
    def calendar(self) -> Calendar:
        """When clocks are changed, in these seconds."""
        return calendar_of(self.midnight, self.timezone)


LOOK_EVERY_S = 1.0
"""So often a clock that shows the real time compares itself with it."""

NAP_S = 5.0
"""And who sleeps by it looks at least so often whether it was set."""


class Clock(Protocol):
    """Tells the time; never goes back."""

    @property
    def day(self) -> ServiceDay:
        """The service day from which the seconds count."""

    @property
    def speed(self) -> float:
        """Seconds that it goes on per real second."""

    @property
    def is_real(self) -> bool:
        """Whether it shows the real time, as other machines' clocks do."""

    def on(self, day: ServiceDay) -> Clock:
        """Return a clock that shows the same moment, in seconds of another service day."""

    def now_s(self) -> int:
        """Return the whole seconds after midnight of the service day."""

    def now_ms(self) -> int:
        """Return the milliseconds since 1970 UTC, on this clock."""

    async def sleep_until(self, at_s: float) -> None:
        """Wait until this clock shows ``at_s`` seconds after midnight."""


class WallClock:
    """Goes with real time, or by a factor faster or slower.

    It follows the machine's monotonic clock, so that setting the machine's time changes nothing;
    unless it is to show the real time, which it looks at every second: it goes forward to it at
    once, and back by going slower.

    Parameters
    ----------
    day
        Service day.
    start_s
        What it shows at first, in seconds after midnight.
    speed
        Seconds that it goes on per real second.
    monotonic
        Source of real seconds.
    wall
        The real time, in seconds since 1970 UTC, if it is to show that.
    """

    def __init__(
        self,
        day: ServiceDay,
        start_s: float,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] | None = None,
    ) -> None:
        if not (isfinite(speed) and speed > 0):
            raise ValueError(f"a clock's speed is above 0, not {speed}")
        self.day = day
        self.speed = speed
        self._start_s = start_s
        self._monotonic = monotonic
        self._origin = monotonic()
        self._wall = wall
        self._looked_s = 0.0
        self._last_s = start_s
        self._midnight_ms = round(day.midnight.timestamp() * 1000)

    @classmethod
    def from_now(cls, timezone: str, speed: float = 1.0) -> WallClock:
        """Start at the present time of the present day there."""
        now = datetime.now(ZoneInfo(timezone))
        day = ServiceDay(now.date(), timezone)
        wall = time.time if speed == 1 else None
        return cls(day, (now - day.midnight).total_seconds(), speed, wall=wall)

    @classmethod
    def from_text(cls, text: str) -> WallClock:
        """Start a clock that other processes share: ``SHOWN,REAL,SPEED``.

        It shows the moment SHOWN at the moment REAL (both in seconds since 1970 UTC), and since
        then goes SPEED times as fast as real time.

        Raises
        ------
        InvalidSetting
            If the text is none such.
        """
        try:
            shown, real, speed = (float(part) for part in text.split(","))
            now = shown + (time.time() - real) * speed
            day = ServiceDay(datetime.fromtimestamp(now, UTC).date(), "UTC")
            return cls(day, now - day.midnight.timestamp(), speed)
        except (ValueError, OverflowError, OSError):
            reason = f"'{text}' is not SHOWN,REAL,SPEED in seconds since 1970 UTC"
            raise InvalidSetting("NAVETTE_CLOCK", reason) from None

    def on(self, day: ServiceDay) -> WallClock:
        """Return a clock that shows the same moment, in seconds of another service day."""
        later_s = (self.day.midnight - day.midnight).total_seconds()
        shown_s = self._shown_s() + later_s
        return WallClock(day, shown_s, self.speed, self._monotonic, self._wall)

    @property
    def is_real(self) -> bool:
        """Whether it shows the real time, as other machines' clocks do."""
        return self._wall is not None

    def now_s(self) -> int:
        """Return the whole seconds after midnight of the service day."""
        return floor(self._shown_s())

    def now_ms(self) -> int:
        """Return the milliseconds since 1970 UTC, on this clock."""
        return self._midnight_ms + floor(self._shown_s() * 1000)

    async def sleep_until(self, at_s: float) -> None:
        """Wait until this clock shows ``at_s`` seconds after midnight."""
        while (left_s := at_s - self._shown_s()) > 0:
            # A loop, since the machine may wake a sleeper a little early.
            left_s /= self.speed
            await asyncio.sleep(min(left_s, NAP_S) if self.is_real else left_s)

    def _shown_s(self) -> float:
        real_s = self._monotonic() - self._origin
        if self._wall is None:
            return self._start_s + real_s * self.speed
        if (since_s := real_s - self._looked_s) >= LOOK_EVERY_S:
            self._looked_s = real_s
            behind_s = self._wall() - self._midnight_ms / 1000 - self._start_s - real_s
            self._start_s += max(behind_s, -since_s / 2)
        self._last_s = max(self._last_s, self._start_s + real_s)
        return self._last_s


class VirtualClock:
    """Stands still until it is told to go on.

    Parameters
    ----------
    day
        Service day.
    start_s
        What it shows at first, in seconds after midnight.
    """

    speed = 1.0
    is_real = False

    def __init__(self, day: ServiceDay, start_s: float = 0) -> None:
        self.day = day
        self._shown_s = start_s
        self._midnight_ms = round(day.midnight.timestamp() * 1000)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = count()

    def now_s(self) -> int:
        """Return the whole seconds after midnight of the service day."""
        return floor(self._shown_s)

    def now_ms(self) -> int:
        """Return the milliseconds since 1970 UTC, on this clock."""
        return self._midnight_ms + floor(self._shown_s * 1000)

    def on(self, day: ServiceDay) -> Clock:
        """Return this clock; it has one day only."""
        assert day == self.day, "a virtual clock has one day"
        return self

    def advance_to(self, at_s: float) -> None:
        """Go on to ``at_s`` seconds after midnight, and wake who waited for it.

        Raises
        ------
        ValueError
            If that has passed.
        """
        if at_s < self._shown_s:
            raise ValueError(f"the clock shows {self._shown_s} s and does not go back to {at_s} s")
        self._shown_s = at_s
        while self._sleepers and self._sleepers[0][0] <= at_s:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)

    async def sleep_until(self, at_s: float) -> None:
        """Wait until this clock shows ``at_s`` seconds after midnight."""
        if at_s <= self._shown_s:
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at_s, next(self._count), sleeper))
        await sleeper
