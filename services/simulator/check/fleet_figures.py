"""Figures about shuttles, reckoned again from visits and legs: ways, hours, loads, energy."""

from __future__ import annotations

from typing import Any

import numpy as np

from services.domain.fleet_settings import FleetGroup
from services.domain.settings_part import DAY_S
from services.simulator.check.batteries import total_kwh
from services.simulator.check.case import Case
from services.simulator.check.columns import BoolArray, IntArray
from services.simulator.check.driving import drives_of
from services.simulator.check.duty import gaps_s, groups_of
from services.simulator.check.life import Aboard, aboard, first_of, happened
from services.simulator.check.near import KILO, THREE_DIGITS, Between, near, share

ELECTRICITY_KG_PER_KWH = 0.0519
"""ADEME, Base Empreinte: electricity consumed in mainland France, average mix of 2024."""
CAR_KG_PER_KM = 0.192
"""ADEME, Impact CO2: car with a combustion engine, its use."""
UNITS = {
    "electricity": (ELECTRICITY_KG_PER_KWH, "kgCO2e/kWh"),
    "car": (CAR_KG_PER_KM, "kgCO2e/km"),
}
FAR_APART = 2**43
"""Puts each shuttle's times (ms) on a stretch of their own."""


def fleet_figures(case: Case, done: BoolArray) -> dict[str, Any]:
    """All figures about shuttles; ``done`` are the rides that were served."""
    legs, rides = case.run.legs, case.run.rides
    counted = aboard(case)
    people = _people_on_legs(case, counted)
    all_km = float(legs.length_m.sum() / 1000)
    empty_km = float(legs.length_m[people == 0].sum() / 1000)
    people_km = float((legs.length_m * people).sum() / 1000)
    carried = int((rides.seats + rides.wheelchairs)[done].sum())
    active_h = _active_ms(case, counted) / 3_600_000
    upkeep = case.run.visits.task.numbers({"cleaning": 1, "maintenance": 1, "charge": 1}) == 1
    upkeep_s = (case.run.visits.depart_s - case.run.visits.arrive_s)[upkeep].sum()
    open_h = sum(_open_h(case, group) for group in groups_of(case))
    served = int(done.sum())
    return {
        "shuttles": len(case.run.file.shuttles),
        "vehicle_km": near(all_km, KILO),
        "empty_km": near(empty_km, KILO),
        "empty_share": share(empty_km, all_km),
        "waiting_km": near(_waiting_km(case, counted), KILO),
        "km_per_served": _ratio(all_km, served),
        "occupancy": {
            "loaded": _ratio(people_km, all_km - empty_km),
            "all": _ratio(people_km, all_km),
        },
        "vehicle_hours": {
            "active": near(active_h, KILO),
            "upkeep": near(float(upkeep_s) / 3600, KILO),
            "in_service": near(open_h, KILO),
        },
        "passengers_per_vehicle_hour": {
            "active": _ratio(carried, active_h),
            "in_service": _ratio(carried, open_h),
        },
        "pooled_share": share(int((_pooled(case, counted) & done).sum()), served),
        **_climate(case, done),
    }


def _waiting_km(case: Case, counted: Aboard) -> float:
    """Driven to stops where nobody gets on, off or stays on board, by shuttles in order."""
    visits = case.run.visits
    for_nobody = (counted.parties == 0) & ~visits.broke_down & (visits.task.codes < 0)
    for lists in (visits.boarded, visits.left):
        for_nobody[lists.rows] = False
    return float(visits.drive_m[for_nobody].sum() / 1000)


def _ratio(part: float, whole: float) -> Between | None:
    # Sums of lengths are floats: what is left of them below a millimetre is nothing.
    return near(part / whole, THREE_DIGITS) if whole > 1e-7 else None


def _people_on_legs(case: Case, counted: Aboard) -> IntArray:
    """How many were on board when the shuttle left the last stop before each leg."""
    legs, drives = case.run.legs, drives_of(case)
    first = (drives.of_leg == 0) | (drives.shuttle[drives.of_leg - 1] != legs.shuttle)
    before = np.where(first, -1, drives.of_leg - legs.shuttle - 1)
    people: IntArray = np.append(counted.seats + counted.wheelchairs, 0)[before]
    return people


def _active_ms(case: Case, counted: Aboard) -> int:
    """Time under way, at stops, or standing with somebody on board; nothing counts twice."""
    visits, legs = case.run.visits, case.run.legs
    at_stop = visits.shuttle * FAR_APART
    serving = visits.task.codes < 0
    follows = np.flatnonzero(~first_of(visits.shuttle) & (np.roll(counted.parties, 1) > 0))
    driving = legs.shuttle * FAR_APART
    start = np.concatenate(
        (
            (at_stop + visits.arrive_s * 1000)[serving],
            driving + legs.depart_ms,
            (at_stop + visits.depart_s * 1000)[follows - 1],
        )
    )
    end = np.concatenate(
        (
            (at_stop + visits.depart_s * 1000)[serving],
            driving + legs.arrive_ms,
            (at_stop + visits.arrive_s * 1000)[follows],
        )
    )
    if not len(start):
        return 0
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum(start, end)[order]
    busy_until = np.maximum.accumulate(end)
    seen = np.concatenate((start[:1], busy_until[:-1]))
    return int(np.maximum(0, end - np.maximum(start, seen)).sum())


def _open_h(case: Case, group: FleetGroup) -> float:
    """Hours of service less those off duty."""
    service = case.run.settings.service
    begins_s, ends_s = case.run.file.horizon_s
    if service.closes_s is not None:
        begins_s, ends_s = service.opens_s, service.closes_s
    off_s = sum(
        max(0, min(back_s, ends_s) - max(off_s, begins_s))
        for off_s, back_s in gaps_s(group, begins_s - DAY_S, ends_s)
    )
    return (ends_s - begins_s - off_s) / 3600


def _pooled(case: Case, counted: Aboard) -> BoolArray:
    """Rides during which two parties or more were on board after some stop."""
    visits = case.run.visits
    shared = np.concatenate(([0], np.cumsum(counted.parties > 1)))
    pooled = np.zeros(len(case.run.rides), dtype=np.bool_)
    left = happened(case, visits.left)
    for ride, on in happened(case, visits.boarded).items():
        # Who was let off by a shuttle that broke down boards and leaves more than once.
        parts = zip(on, left.get(ride, []), strict=False)
        pooled[ride] = any(shared[got_off] > shared[got_on] for got_on, got_off in parts)
    return pooled


def _climate(case: Case, done: BoolArray) -> dict[str, Any]:
    """Energy and CO2e; a way by car has two lengths if two fastest ways are equally fast."""
    legs, shuttles = case.run.legs, case.run.file.shuttles
    groups = case.run.settings.fleet
    wh_per_km = [group.energy_wh_per_km for group in groups for _ in range(group.count)]
    # With another number of shuttles, what each uses is unknown; the rule on fleets tells.
    wh_per_km = (wh_per_km + [0.0] * len(shuttles))[: len(shuttles)]
    driven_km = np.bincount(legs.shuttle, weights=legs.length_m, minlength=len(shuttles)) / 1000
    besides_kwh, charged_kwh, lowest = total_kwh(case)
    energy_kwh = float((driven_km * np.array(wh_per_km)).sum() / 1000) + besides_kwh
    rows = np.flatnonzero(done & (case.pickup >= 0) & (case.dropoff >= 0))
    node = case.ground.stop_node
    least_m, most_m = case.ways.way_m(node[case.pickup[rows]], node[case.dropoff[rows]])
    known = np.isfinite(least_m) & np.isfinite(most_m)
    least_km, most_km = float(least_m[known].sum() / 1000), float(most_m[known].sum() / 1000)
    have = case.run.kpis.get("co2e_factors")
    return {
        "energy_kwh": near(energy_kwh, KILO),
        "charged_kwh": None if charged_kwh is None else near(charged_kwh, KILO),
        "lowest_charge_share": None if lowest is None else near(lowest, 0.0001),
        "co2e_kg": near(energy_kwh * ELECTRICITY_KG_PER_KWH, KILO),
        "car_km": Between(least_km - KILO, most_km + KILO),
        "co2e_kg_by_car": Between(least_km * CAR_KG_PER_KM - KILO, most_km * CAR_KG_PER_KM + KILO),
        "co2e_factors": {
            name: {"value": near(value, 0.0), "unit": unit} | _said(have, name)
            for name, (value, unit) in UNITS.items()
        },
    }


def _said(have: Any, name: str) -> dict[str, Any]:
    """Where a factor is from and what it covers is for people: any text will do."""
    factor = have.get(name) if isinstance(have, dict) else None
    said = factor if isinstance(factor, dict) else {}
    texts = {key: said.get(key) for key in ("source", "covers")}
    return {
        key: text if isinstance(text, str) and text else "a text" for key, text in texts.items()
    }
