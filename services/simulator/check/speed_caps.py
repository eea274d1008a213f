"""How long legs take at least, and at most, under the speed caps of the operating domain.

When they hold is taken from the run, which links they slow down and to what from the territory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from services.domain.territory import SpeedCapSettings
from services.simulator.check.case import GRAIN_S, Case
from services.simulator.check.columns import FloatArray
from services.simulator.check.ground import Links
from services.simulator.check.verdict import Finding, Rule

Match = Callable[[Links], FloatArray]


def slowed(
    case: Case, plain_ms: FloatArray, quickest: float, match: Match
) -> tuple[FloatArray, FloatArray]:
    """Least and most that caps make of the time of each leg, without chance; 0 where none does.

    Parameters
    ----------
    plain_ms
        Time of each leg without caps, and ``quickest`` the least share of it that chance makes.
    match
        Times of the legs, given those of the links.
    """
    legs, links = case.run.legs, case.ground.links
    least_ms, most_ms = np.zeros(len(legs)), np.zeros(len(legs))
    rows = case.run.file.disruptions.asked.speed_caps
    settings = case.run.settings.operating_domain.speed_caps
    for number, cap in enumerate(settings):
        if "darkness" in cap.within and not any(row.reason == "darkness" for row in rows):
            message = f"speed cap {number + 1} holds in no night"
            case.notes.add(Finding(rule=Rule.OPERATING_DOMAIN, message=message))
    for row in rows:
        if not any(row.reason in cap.within for cap in settings):
            message = f"there is no speed cap for '{row.reason}'"
            case.notes.add(Finding(rule=Rule.OPERATING_DOMAIN, message=message))
    spans = {(row.reason, row.from_s, row.until_s, row.known_s) for row in rows}
    if links is None or not spans:
        return least_ms, most_ms
    for cap in settings:
        capped_ms = match(_capped(links, cap))
        slower_ms = np.where(np.isfinite(capped_ms), capped_ms, 0.0)
        for reason, from_s, until_s, known_s in sorted(spans):
            if reason not in cap.within:
                continue
            before = legs.depart_ms < until_s * 1000
            sure = before & (legs.depart_ms >= (known_s + GRAIN_S) * 1000)
            # As quick as may be, it is still on the leg when the cap begins.
            sure &= legs.depart_ms + np.maximum(least_ms, plain_ms * quickest) > from_s * 1000 + 1
            maybe = before & (legs.arrive_ms > from_s * 1000)
            maybe &= legs.depart_ms >= (known_s - GRAIN_S) * 1000
            least_ms = np.where(sure, np.maximum(least_ms, slower_ms), least_ms)
            most_ms = np.where(maybe, np.maximum(most_ms, slower_ms), most_ms)
    return least_ms, most_ms


def _capped(links: Links, cap: SpeedCapSettings) -> Links:
    """The links, each with the time that a cap allows at least; 0 where it does not hold."""
    own = np.full(len(links.ids), not cap.links)
    for text in cap.links:
        own |= links.named(text)
    speed_m_h = round(cap.speed_kmh * 1000)
    capped_ms = -((-links.length_mm * 3600) // speed_m_h)
    return replace(links, ms=np.where(own, capped_ms, 0))
