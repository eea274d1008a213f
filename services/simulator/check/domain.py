"""The rule about the operating domain: times at which shuttles may not drive."""

from __future__ import annotations

import numpy as np

from services.simulator.check.case import DRIVE_VARIATION, GRAIN_S, Case, noise_bounds
from services.simulator.check.driving import drives_of
from services.simulator.check.duty import groups_of
from services.simulator.check.verdict import Finding, Rule


def judge(case: Case) -> None:
    """Nobody sets off when driving is not allowed, or would not be before the way ends."""
    restrictions = case.run.file.disruptions.asked.restrictions
    groups = groups_of(case)
    for night in [row for row in restrictions if row.darkness and row.reason != "darkness"]:
        message = f"'{night.reason}' is taken for darkness"
        case.notes.add(Finding(rule=Rule.OPERATING_DOMAIN, message=message))
    if not any(row.darkness for row in restrictions) and not all(
        group.drives_in_darkness for group in groups
    ):
        message = "there is no night, for shuttles that do not drive in darkness"
        case.notes.add(Finding(rule=Rule.OPERATING_DOMAIN, message=message))
    slower_s = [row.known_s for row in case.run.file.disruptions.asked.speed_caps]
    legs, drives = case.run.legs, drives_of(case)
    case.notes.checked(Rule.OPERATING_DOMAIN, len(drives.shuttle))
    count = len(drives.shuttle)
    begins_ms, ends_ms = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(begins_ms, drives.of_leg, legs.depart_ms)
    np.maximum.at(ends_ms, drives.of_leg, legs.arrive_ms)
    slowest = 1.0 if case.run.benchmark else noise_bounds(DRIVE_VARIATION)[1]
    for drive in np.flatnonzero(ends_ms).tolist():
        shuttle = int(drives.shuttle[drive])
        begins_s, ends_s = begins_ms[drive] / 1000, ends_ms[drive] / 1000
        due_s = begins_s + (ends_s - begins_s) / slowest
        if any(begins_s - GRAIN_S < known_s < ends_s for known_s in slower_s):
            continue  # it was told to be slower, on its way
        for row in restrictions:
            if row.darkness and groups[shuttle].drives_in_darkness:
                continue
            known = row.known_s < begins_s - GRAIN_S
            if known and begins_s < row.until_s - GRAIN_S and due_s > row.from_s + GRAIN_S:
                message = f"drives until {ends_s:.0f} s, which it may not ({row.reason})"
                case.notes.add(
                    case.shuttle_finding(Rule.OPERATING_DOMAIN, shuttle, message, begins_s)
                )
