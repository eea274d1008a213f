"""The clock that all processes of a folder share, kept from run to run: time never goes back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.domain.errors import InvalidFile
from services.runtime.clock import WallClock

VARIABLE = "NAVETTE_CLOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedClock:
    """Shows the moment ``shown_s`` at the moment ``real_s``, and goes on from there.

    Parameters
    ----------
    shown_s, real_s
        Both in seconds since 1970 UTC.
    speed
        Seconds that pass on it in a real second.
    """

    shown_s: float
    real_s: float
    speed: float

    @property
    def text(self) -> str:
        """How a process is told of it, in ``NAVETTE_CLOCK``."""
        return f"{self.shown_s!r},{self.real_s!r},{self.speed!r}"

    def now(self, timezone: str) -> datetime:
        """What it shows, in the time of some place."""
        now_ms = WallClock.from_text(self.text).now_ms()
        return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(timezone))


def kept_clock(file: Path, fresh: SharedClock) -> tuple[SharedClock, bool]:
    """Return the clock that a file keeps, and whether it was there; else keep a fresh one.

    Raises
    ------
    InvalidFile
        If the file holds something else.
    """
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return SharedClock(**{name: float(value) for name, value in kept.items()}), True
    except FileNotFoundError:
        made = file.with_name(f"{file.name}.new")
        made.write_text(json.dumps(asdict(fresh)) + "\n", encoding="utf-8")
        made.replace(file)
        return fresh, False
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidFile(file, f"not a clock ({error})") from None
