"""Rules about batteries: what they hold follows from ways, stops and charges, and is enough."""

from __future__ import annotations

import numpy as np

from services.domain.fleet_settings import BatterySettings
from services.simulator.check.case import Case
from services.simulator.check.columns import FloatArray, IntArray, present
from services.simulator.check.driving import drives_of
from services.simulator.check.duty import KINDS, groups_of
from services.simulator.check.verdict import Finding, Rule

PER_LEG_WH = 1.5
"""Levels are written in whole watt-hours, seconds and metres are rounded on each way."""
FULL_S = 1
"""Whole seconds of charging."""


def judge(case: Case) -> None:
    """Apply them."""
    driven_m, driven_s = _ways(case)
    for shuttle, group in enumerate(groups_of(case)):
        if group.battery is not None:
            _levels(case, shuttle, (driven_m, driven_s), group.battery, group.energy_wh_per_km)
    _plugs(case)


def _ways(case: Case) -> tuple[FloatArray, FloatArray]:
    """Metres and seconds driven to each visit."""
    visits, legs = case.run.visits, case.run.legs
    drives = drives_of(case)
    count = len(drives.shuttle)
    into = np.arange(len(visits)) + visits.shuttle
    driven_ms = (legs.arrive_ms - legs.depart_ms).astype(np.float64)
    metres = np.bincount(drives.of_leg, weights=legs.length_m, minlength=count)[into]
    seconds = np.bincount(drives.of_leg, weights=driven_ms, minlength=count)[into] / 1000
    return metres, seconds


def _levels(
    case: Case,
    shuttle: int,
    driven: tuple[FloatArray, FloatArray],
    battery: BatterySettings,
    wh_per_km: float,
) -> None:
    visits = case.run.visits
    rows = np.flatnonzero(visits.shuttle == shuttle)
    served = np.zeros(len(visits), dtype=np.bool_)
    for lists in (visits.boarded, visits.left):
        served[lists.rows] = True
    broken_down = visits.broke_down
    before_wh = round(battery.capacity_wh * battery.start_share)
    for visit in rows.tolist():
        case.notes.checked(Rule.ENERGY, 1)
        level_wh, left_wh = int(visits.level_wh[visit]), int(visits.left_wh[visit])
        charged_wh = max(int(visits.charged_wh[visit]), 0)
        if not (present(visits.level_wh) & present(visits.left_wh))[visit]:
            case.notes.add(_finding(case, visit, "says nothing of its battery"))
            return
        took_wh = driven[0][visit] / 1000 * round(wh_per_km)
        took_wh += driven[1][visit] * battery.per_hour_wh / 3600
        slack_wh = PER_LEG_WH + 0.01 * took_wh
        stop_wh = battery.per_stop_wh if served[visit] and not broken_down[visit] else 0
        gained_wh = level_wh - (before_wh - took_wh)
        kept_wh = left_wh - (level_wh - stop_wh + charged_wh)
        for text, off_wh, allowed_wh in (
            ("arrives with {:.0f} Wh that it cannot have", gained_wh, slack_wh),
            ("lost {:.0f} Wh on its way", -gained_wh, slack_wh),
            ("leaves with {:.0f} Wh that it cannot have", kept_wh, 2),
            ("lost {:.0f} Wh at the stop", -kept_wh, 2),
            ("holds {:.0f} Wh more than fits", left_wh - battery.capacity_wh, 0),
            ("is {:.0f} Wh short", -level_wh, 0),
        ):
            if off_wh > allowed_wh and not broken_down[visit]:
                case.notes.add(_finding(case, visit, text.format(off_wh)))
        reserve_wh = battery.capacity_wh * battery.reserve_share
        if case.run.benchmark and level_wh < reserve_wh - 1:
            message = f"arrives with {reserve_wh - level_wh:.0f} Wh less than the reserve"
            case.notes.add(_finding(case, visit, message))
        before_wh = left_wh


def _plugs(case: Case) -> None:
    """No more shuttles charge at a time than there are plugs, and none faster than its plug."""
    visits = case.run.visits
    charging = (visits.task.numbers(KINDS) == KINDS["charge"]) & present(visits.charged_wh)
    chargers = {charger.stop: charger for charger in case.run.settings.chargers}
    for name in sorted({visits.stop[int(row)] for row in np.flatnonzero(charging)}):
        rows = np.flatnonzero(charging & (visits.stop.numbers({name: 1}) == 1))
        case.notes.checked(Rule.PLUGS, len(rows))
        charger = chargers.get(name)
        if charger is None:
            case.notes.add(
                _finding(case, int(rows[0]), f"charges at {name}, where it cannot", Rule.PLUGS)
            )
            continue
        needs_s = np.floor(visits.charged_wh[rows] * 3.6 / charger.power_kw).astype(np.int64)
        ends_s = visits.depart_s[rows]
        begins_s = ends_s - needs_s + FULL_S
        for row in rows[begins_s < visits.arrive_s[rows]].tolist():
            message = f"charges {visits.charged_wh[row]} Wh faster than {charger.power_kw} kW"
            case.notes.add(_finding(case, row, message, Rule.PLUGS))
        at_once = [int(((begins_s <= t) & (t < ends_s)).sum()) for t in begins_s]
        for row, count in zip(rows.tolist(), at_once, strict=True):
            if count > charger.plugs:
                message = f"{count} charge at {name}, where there are {charger.plugs} plugs"
                case.notes.add(_finding(case, row, message, Rule.PLUGS))


def total_kwh(case: Case) -> tuple[float, float | None, float | None]:
    """Drawn besides metres; charged; the lowest share of any battery (None without batteries)."""
    visits, legs = case.run.visits, case.run.legs
    besides_wh, charged_wh, lowest = 0.0, 0, 1.0
    groups = [group.battery for group in groups_of(case)]
    served = np.zeros(len(visits), dtype=np.bool_)
    for lists in (visits.boarded, visits.left):
        served[lists.rows] = True
    for shuttle, battery in enumerate(groups):
        if battery is None:
            continue
        own, mine = legs.shuttle == shuttle, visits.shuttle == shuttle
        hours = float((legs.arrive_ms - legs.depart_ms)[own].sum()) / 3_600_000
        besides_wh += hours * battery.per_hour_wh + battery.per_stop_wh * int((served & mine).sum())
        levels: IntArray = np.concatenate([visits.level_wh[mine], visits.left_wh[mine]])
        start_wh = round(battery.capacity_wh * battery.start_share)
        levels = np.append(levels[present(levels)], start_wh)
        lowest = min(lowest, float(levels.min()) / battery.capacity_wh)
        came_wh = visits.charged_wh[mine]
        charged_wh += int(came_wh[present(came_wh)].sum())
    if not any(battery is not None for battery in groups):
        return 0.0, None, None
    return besides_wh / 1000, charged_wh / 1000, lowest


def _finding(case: Case, visit: int, message: str, rule: Rule = Rule.ENERGY) -> Finding:
    visits = case.run.visits
    at_s = int(visits.arrive_s[visit])
    return case.shuttle_finding(rule, int(visits.shuttle[visit]), message, at_s)
