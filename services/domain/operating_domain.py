"""When shuttles may not drive, or only slowly: outside of what they are built and licensed for.

The operating domain (ODD) of SAE J3016 (2021), "Taxonomy and definitions for terms related to
driving automation systems", as far as it turns on time: darkness, and weather of certain classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.domain.ids import RideId


@dataclass(frozen=True, slots=True)
class Restriction:
    """A time in which shuttles may not drive; one that is on its way ends it at its next stop.

    Parameters
    ----------
    reason
        What it is: ``darkness`` or a class of weather.
    from_s, until_s
        In seconds after midnight.
    darkness
        It holds only for shuttles that are not fit for darkness.
    """

    reason: str
    from_s: int
    until_s: int
    darkness: bool = False

    def later(self, by_s: int) -> Restriction:
        """The same at a later time."""
        return replace(self, from_s=self.from_s + by_s, until_s=self.until_s + by_s)


@dataclass(frozen=True, slots=True)
class SpeedCap:
    """A time in which shuttles drive no faster than so on some links, or on all.

    Parameters
    ----------
    reason
        What it is: ``darkness`` or a class of weather.
    from_s, until_s
        In seconds after midnight.
    speed_m_h
        The cap, in metres an hour.
    links
        Numbers of the links on which it holds; none: all.
    """

    reason: str
    from_s: int
    until_s: int
    speed_m_h: int
    links: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RestrictDriving:
    """The operator says when shuttles may not drive, or no faster than so, as known now.

    It replaces what was said.
    """

    restrictions: tuple[Restriction, ...]
    speed_caps: tuple[SpeedCap, ...] = ()


def pauses(
    restrictions: Iterable[Restriction], *, fit_for_darkness: bool
) -> tuple[tuple[int, int], ...]:
    """When a shuttle may not drive: apart from each other, in order."""
    merged: list[tuple[int, int]] = []
    spans = (
        (one.from_s, one.until_s) for one in restrictions if not (one.darkness and fit_for_darkness)
    )
    for from_s, until_s in sorted(spans):
        if merged and from_s <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], until_s)
        else:
            merged.append((from_s, until_s))
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class RoadsChanged:
    """Travel times have a new version: by closed links, and times at which nobody may drive.

    ``at_risk`` are the rides whose promises fall with it.
    """

    version: int
    closed: tuple[int, ...]
    at_risk: tuple[RideId, ...]
    restrictions: tuple[Restriction, ...] = ()
    speed_caps: tuple[SpeedCap, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosureTurnedDown:
    """A closure makes no sense."""

    closure_id: str
    reason: str
