"""Figures about batteries: what was drawn besides driving, what came in, how low they got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from services.domain.fleet_settings import BatterySettings
from services.simulator.records import Run, VisitRow


@dataclass(frozen=True, slots=True)
class ShuttleBattery:
    """A shuttle's battery over the day.

    Parameters
    ----------
    lowest_share
        The least that was left at any stop, as a share of what it holds.
    charged_kwh, charges
        What came in, and in how many times.
    """

    shuttle_id: str
    lowest_share: float
    end_share: float
    charged_kwh: float
    charges: int


def batteries_of(run: Run) -> dict[str, BatterySettings]:
    """The batteries of the shuttles that have one."""
    groups = [group for group in run.settings.fleet for _ in range(group.count)]
    pairs = zip(run.shuttles, groups, strict=False)
    return {row.shuttle_id: group.battery for row, group in pairs if group.battery is not None}


def shuttle_batteries(run: Run) -> tuple[ShuttleBattery, ...]:
    """How each battery fared, in the order of the fleet."""
    visits: dict[str, list[VisitRow]] = {}
    for visit in run.visits:
        visits.setdefault(visit.shuttle_id, []).append(visit)
    return tuple(
        _of_shuttle(shuttle_id, battery, visits.get(shuttle_id, []))
        for shuttle_id, battery in batteries_of(run).items()
    )


def _of_shuttle(
    shuttle_id: str, battery: BatterySettings, visits: list[VisitRow]
) -> ShuttleBattery:
    start_wh = round(battery.capacity_wh * battery.start_share)
    levels_wh = [visit.level_wh for visit in visits if visit.level_wh is not None]
    left_wh = [visit.left_wh for visit in visits if visit.left_wh is not None]
    charged_wh = [visit.charged_wh for visit in visits if visit.charged_wh]
    return ShuttleBattery(
        shuttle_id=shuttle_id,
        lowest_share=round(min([start_wh, *levels_wh, *left_wh]) / battery.capacity_wh, 4),
        end_share=round((left_wh or [start_wh])[-1] / battery.capacity_wh, 4),
        charged_kwh=round(sum(charged_wh) / 1000, 3),
        charges=len(charged_wh),
    )


def battery_figures(run: Run) -> dict[str, Any]:
    """What came in all together, and how low the lowest battery got; None without batteries."""
    batteries = shuttle_batteries(run)
    if not batteries:
        return {"charged_kwh": None, "lowest_charge_share": None}
    return {
        "charged_kwh": round(sum(battery.charged_kwh for battery in batteries), 3),
        "lowest_charge_share": min(battery.lowest_share for battery in batteries),
    }


def besides_kwh(run: Run) -> float:
    """What was drawn besides the metres driven: by the hour of driving, and by stops."""
    batteries = batteries_of(run)
    driven_ms = np.zeros(len(run.shuttles), dtype=np.int64)
    np.add.at(driven_ms, run.legs.shuttle, run.legs.arrive_ms - run.legs.depart_ms)
    besides_wh = 0.0
    for shuttle, ms in zip(run.shuttles, driven_ms.tolist(), strict=True):
        if (battery := batteries.get(shuttle.shuttle_id)) is not None:
            besides_wh += battery.per_hour_wh * ms / 3_600_000
    for visit in run.visits:
        if (visit.boarded or visit.left) and (battery := batteries.get(visit.shuttle_id)):
            besides_wh += battery.per_stop_wh
    return besides_wh / 1000
