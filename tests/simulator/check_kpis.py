"""The figures of a day by hand: plain loops over its rows, without the code that is tested."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from statistics import mean
from typing import Any

from tests.simulator.check_files import Row

STOP_AT_M = {"A": 0, "B": 2000, "C": 4000}
DRIVE_S = {frozenset("AB"): 200, frozenset("BC"): 200, frozenset("AC"): 400}
AVILLE, CBOURG, LOIN = range(3)


def places(at: Any) -> list[Row]:
    """A town at stop A, a village beside C, a hamlet where nothing stops; ``at`` makes degrees."""
    rows = [("Aville", "town", 0, 1000, "23001"), ("Cbourg", "village", 4100, 500, "")]
    rows.append(("Loin", "hamlet", 60_000, 100, ""))
    return [
        {"name": name, "kind": kind, "lon": at(m, 0)[0], "lat": at(m, 0)[1]}
        | {"population": people, "roles": "", "insee": insee}
        for name, kind, m, people, insee in rows
    ]


def kpis(day: Any, crow_factor: float | None) -> Row:
    """What ``kpis.json`` has to say of a world of `check_world`."""
    done = [row for row in day.rides if row["status"] == "completed"]
    by_car_m = [_car_m(row, crow_factor) for row in done]
    counts = {
        status: sum(row["status"] == status for row in day.rides)
        for status in ("cancelled", "no_show", "failed")
    }
    refused = [row["refusal_reason"] for row in day.rides if row["status"] == "refused"]
    offers = sum(row["offered"] for row in day.rides)
    return {
        "requests": len(day.rides),
        "people_asking": sum(map(_people, day.rides)),
        "served": len(done),
        "people_served": sum(map(_people, done)),
        "served_share": _share(len(done), len(day.rides)),
        "in_reach": sum(_near(day, row) for row in day.rides),
        "served_in_reach": sum(_near(day, row) for row in done),
        "served_share_in_reach": _share(
            sum(_near(day, row) for row in done), sum(_near(day, row) for row in day.rides)
        ),
        "refused": {reason: refused.count(reason) for reason in refused},
        "refused_total": len(refused),
        "supervision": _supervision(day),
        **counts,
        "offers": offers,
        "accepted_share": _share(sum(row["accepted"] for row in day.rides), offers),
        "answer_s": _spread(
            [
                row["answered_s"] - row["request_s"]
                for row in day.rides
                if row.get("answered_s") is not None
            ]
        ),
        "wait_s": _spread([_wait_s(row) for row in done]),
        "ride_s": _spread([row["dropped_off_s"] - row["picked_up_s"] for row in done]),
        "detour": _spread(
            [
                (row["dropped_off_s"] - row["picked_up_s"]) / row["direct_s"]
                for row in done
                if row["direct_s"]
            ],
            3,
        ),
        "walk_m": _spread([row["walk_to_m"] + row["walk_from_m"] for row in done]),
        **_promises(day.rides),
        **_fleet(day, done),
        "car_km": sum(by_car_m) / 1000,
        "co2e_kg_by_car": round(sum(by_car_m) / 1000 * 0.192, 3),
        "by_place": [_place(day, place) for place in (AVILLE, CBOURG, LOIN)],
        "people_within_20_min": {
            "town": "Aville",
            "people": 1600,
            "share_direct": 0.9375,
            "share_with_mean_wait": 0.9375 if done else None,
        },
    }


def _people(row: Row) -> int:
    return int(row["seats"] + row["wheelchairs"])


def _wait_s(row: Row) -> int:
    return int(row["picked_up_s"] - row["earliest_pickup_s"])


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def _spread(values: list[Any], digits: int = 1) -> Row:
    if not values:
        return dict.fromkeys(("mean", "p50", "p95", "max"))
    ordered = sorted(values)
    found = {"mean": mean(values), "max": ordered[-1]}
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        at = part * (len(ordered) - 1)
        low = ordered[int(at)]
        found[name] = low + (at - int(at)) * (ordered[ceil(at)] - low)
    return {name: round(float(value), digits) for name, value in found.items()}


def _near(day: Any, row: Row) -> bool:
    """All trips of the world begin and end beside stops, but for those that a test moves."""
    asked = [trip for trip in day.demand if trip["request_id"] == row["request_id"]]
    return bool(asked) and all(abs(asked[0][f"{end}_lat"] - 46) < 0.003 for end in _ENDS)


_ENDS = ("origin", "destination")


def _promises(rides: list[Row]) -> Row:
    ending = [row for row in rides if row["status"] in ("completed", "failed")]
    late: dict[str, list[int]] = {"pickup": [], "arrival": []}
    kept = 0
    for row in ending:
        picked_up_s, dropped_off_s = row.get("picked_up_s"), row.get("dropped_off_s")
        if picked_up_s is not None:
            late["pickup"].append(max(0, picked_up_s - row["promised_pickup_to_s"]))
        if dropped_off_s is not None:
            late["arrival"].append(max(0, dropped_off_s - row["promised_arrival_s"]))
            kept += (
                row["promised_pickup_from_s"] <= picked_up_s <= row["promised_pickup_to_s"]
                and dropped_off_s <= row["promised_arrival_s"]
            )
    return {
        "on_time_share": _share(kept, len(ending)),
        "late_pickups": sum(late_s > 0 for late_s in late["pickup"]),
        "late_arrivals": sum(late_s > 0 for late_s in late["arrival"]),
        "pickup_late_s": _spread(late["pickup"]),
        "arrival_late_s": _spread(late["arrival"]),
    }


def _fleet(day: Any, done: list[Row]) -> Row:
    names = [row["shuttle_id"] for row in day.shuttles]
    party = {row["request_id"]: row["seats"] + row["wheelchairs"] for row in day.demand}
    km = {"all": 0.0, "loaded": 0.0, "people": 0.0}
    for leg in day.legs:
        people = sum(party[who] for who in _aboard(day, leg["shuttle_id"], leg["depart_s"]))
        km["all"] += leg["length_m"] / 1000
        km["loaded"] += leg["length_m"] / 1000 if people else 0
        km["people"] += leg["length_m"] / 1000 * people
    active_h = sum(_active_s(day, name) for name in names) / 3600
    rests = 1 if len(names) == 3 else 0  # the third shuttle is off duty from ten to eleven
    open_h = 18.0 * len(names) - rests
    if "opens" in day.settings["service"]:
        opens = [int(part) for part in day.settings["service"]["opens"].split(":")]
        open_h = (23 - sum(part / 60**at for at, part in enumerate(opens))) * len(names) - rests
    carried = sum(map(_people, done))
    energy_kwh = km["all"] * 0.45
    pooled: set[str] = set()
    for visit in day.visits:
        together = _aboard(day, visit["shuttle_id"], visit["arrive_s"])
        pooled |= together if len(together) > 1 else set()
    return {
        "shuttles": len(names),
        "vehicle_km": round(km["all"], 3),
        "empty_km": round(km["all"] - km["loaded"], 3),
        "empty_share": _share(km["all"] - km["loaded"], km["all"]),
        "waiting_km": _waiting_km(day),
        "km_per_served": _ratio(km["all"], len(done)),
        "occupancy": {
            "loaded": _ratio(km["people"], km["loaded"]),
            "all": _ratio(km["people"], km["all"]),
        },
        "vehicle_hours": {
            "active": round(active_h, 3),
            "upkeep": round(_upkeep_s(day) / 3600, 3),
            "in_service": round(open_h, 3),
        },
        "passengers_per_vehicle_hour": {
            "active": _ratio(carried, active_h),
            "in_service": _ratio(carried, open_h),
        },
        "disruptions": dict.fromkeys(
            (
                *("breakdowns", "out_of_order_h", "let_off"),
                *("let_off_completed", "let_off_failed", "blackouts", "closures", "diverted"),
            ),
            0,
        ),
        "pooled_share": _share(sum(row["request_id"] in pooled for row in done), len(done)),
        "energy_kwh": round(energy_kwh, 3),
        **_batteries(day),
        "co2e_kg": round(energy_kwh * 0.0519, 3),
        "co2e_factors": {
            "electricity": {"value": 0.0519, "unit": "kgCO2e/kWh", "source": "x", "covers": "y"},
            "car": {"value": 0.192, "unit": "kgCO2e/km", "source": "x", "covers": "y"},
        },
    }


def _waiting_km(day: Any) -> float:
    km: list[float] = [
        visit["drive_m"] / 1000
        for visit in day.visits
        if not (visit["boarded"] or visit["left"])
        and not (visit.get("broke_down_at") or visit.get("task"))
        and not _aboard(day, visit["shuttle_id"], visit["depart_s"])
    ]
    return round(sum(km), 3)


def _aboard(day: Any, shuttle_id: str, at_s: float) -> set[str]:
    """Who is on board after the stops that began until then."""
    aboard: set[str] = set()
    for visit in day.visits:
        if visit["shuttle_id"] == shuttle_id and visit["arrive_s"] <= at_s:
            aboard = (aboard - set(visit["left"])) | set(visit["boarded"])
    return aboard


def _batteries(day: Any) -> Row:
    if not any("battery" in group for group in day.settings["fleet"]):
        return {"charged_kwh": None, "lowest_charge_share": None}
    levels_wh = [row["level_wh"] for row in day.visits if row.get("level_wh") is not None]
    charged_wh = sum(row.get("charged_wh") or 0 for row in day.visits)
    return {
        "charged_kwh": charged_wh / 1000,
        "lowest_charge_share": min([8000, *levels_wh]) / 10_000,
    }


def _supervision(day: Any) -> Row | None:
    if "supervision" not in day.settings:
        return None
    spans = [(leg["depart_s"], leg["arrive_s"]) for leg in day.legs]
    at_once = [sum(a <= start < b for a, b in spans) for start, end in spans if start < end]
    return {"moving_max": max(at_once, default=0), "waits": 0, "waited_h": 0.0}


def _upkeep_s(day: Any) -> int:
    done = [row for row in day.visits if row["task"] in ("cleaning", "maintenance", "charge")]
    return sum(row["depart_s"] - row["arrive_s"] for row in done)


def _active_s(day: Any, shuttle_id: str) -> float:
    visits = [row for row in day.visits if row["shuttle_id"] == shuttle_id]
    spans = [(row["arrive_s"], row["depart_s"]) for row in visits if row["task"] is None]
    spans += [(leg["depart_s"], leg["arrive_s"]) for leg in day.legs_of(shuttle_id)]
    for before, after in pairwise(visits):
        if _aboard(day, shuttle_id, before["arrive_s"]):
            spans.append((before["depart_s"], after["arrive_s"]))
    active_s, until_s = 0.0, float("-inf")
    for start_s, end_s in sorted(spans):
        active_s += max(0, end_s - max(start_s, until_s))
        until_s = max(until_s, end_s)
    return active_s


def _car_m(row: Row, crow_factor: float | None) -> float:
    ends = [STOP_AT_M.get(row[f"{end}_stop"], 0) for end in ("pickup", "dropoff")]
    return abs(ends[0] - ends[1]) * (crow_factor or 1)


def _place(day: Any, place: int) -> Row:
    home = {trip["request_id"]: _home(trip) for trip in day.demand}
    own = [row for row in day.rides if home.get(row["request_id"]) == place]
    done = [row for row in own if row["status"] == "completed"]
    named = (("Aville", "town", "23001", 1000), ("Cbourg", "village", None, 500))
    name, kind, insee, people = (*named, ("Loin", "hamlet", None, 100))[place]
    return {
        "place": name,
        "kind": kind,
        "insee": insee,
        "population": people,
        "requests": len(own),
        "served": len(done),
        **{
            status: sum(row["status"] == status for row in own)
            for status in ("refused", "cancelled", "no_show", "failed")
        },
        "served_share": _share(len(done), len(own)),
        "wait_s_mean": _spread([_wait_s(row) for row in done])["mean"],
    }


def _home(trip: Row) -> int:
    """Only stop C is nearer to the village than to the town."""
    return CBOURG if trip["origin_lon"] > 1.5 + 1e-3 else AVILLE
