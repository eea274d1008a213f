"""The figures of a day; ``docs/report.md`` defines each of them in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Any

import numpy as np

from services.domain.settings_part import DAY_S
from services.network.folder import Network
from services.simulator.access import NEAR_TOWN_S, near_a_stop, nearest_place, town_times
from services.simulator.batteries import battery_figures, besides_kwh
from services.simulator.demand import Demand, Trip
from services.simulator.emissions import CAR, ELECTRICITY, cars_kg, shuttles_kg
from services.simulator.fleet_day import State, fleet_day, people_on_legs, pooled_rides
from services.simulator.records import RideRow, Run
from services.simulator.watched import watch_figures

Kpis = dict[str, Any]


def kpis(run: Run, network: Network, demand: Demand) -> Kpis:
    """Work out the content of ``kpis.json``; what cannot be known (a mean of nothing) is None.

    Parameters
    ----------
    run
        The day.
    network
        The territory it ran on.
    demand
        What was asked for; joined to the rides by request id.
    """
    trips = {trip.request_id: trip for trip in demand.trips}
    served = [ride for ride in run.rides if ride.status == "completed"]
    figures = _counts(run.rides, served, _in_reach(run.rides, network, trips))
    figures |= _quality(served)
    figures["answer_s"] = spread(
        [ride.answered_s - ride.request_s for ride in run.rides if ride.answered_s is not None]
    )
    figures |= _promises(run.rides)
    figures |= _fleet(run, served)
    figures |= _climate(run, served, network)
    figures |= watch_figures(run)
    figures["disruptions"] = _disruptions(run)
    figures["pooled_share"] = _pooled_share(run, served)
    figures["by_place"] = _by_place(run.rides, network, trips)
    figures["people_within_20_min"] = _near_town(network, figures["wait_s"]["mean"])
    return figures


def share(part: float, whole: float) -> float | None:
    """Part of a whole, to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float | None]:
    """Mean, median, 95th percentile (linear between ranks) and largest; None of nothing."""
    if not values:
        return {"mean": None, "p50": None, "p95": None, "max": None}
    p50, p95 = np.percentile(np.array(values, dtype=np.float64), [50, 95])
    return {
        "mean": round(fsum(values) / len(values), digits),
        "p50": round(float(p50), digits),
        "p95": round(float(p95), digits),
        "max": round(float(max(values)), digits),
    }


def _in_reach(
    rides: Sequence[RideRow], network: Network, trips: Mapping[str, Trip]
) -> dict[str, bool]:
    """Whether both ends of each request have a stop within the longest walk."""
    asked = [trips[ride.request_id] for ride in rides if ride.request_id in trips]
    origins = near_a_stop(network, [trip.origin for trip in asked])
    destinations = near_a_stop(network, [trip.destination for trip in asked])
    both = (origins & destinations).tolist()
    return dict(zip((trip.request_id for trip in asked), both, strict=True))


def _counts(
    rides: Sequence[RideRow], served: Sequence[RideRow], in_reach: Mapping[str, bool]
) -> Kpis:
    status = Counter(ride.status for ride in rides)
    reasons = Counter(ride.refusal_reason or "unknown" for ride in rides if _refused(ride))
    offers = sum(ride.offered for ride in rides)
    reached = sum(in_reach.values())
    served_in_reach = sum(in_reach.get(ride.request_id, False) for ride in served)
    return {
        "requests": len(rides),
        "people_asking": sum(ride.people for ride in rides),
        "served": len(served),
        "people_served": sum(ride.people for ride in served),
        "served_share": share(len(served), len(rides)),
        "in_reach": reached,
        "served_in_reach": served_in_reach,
        "served_share_in_reach": share(served_in_reach, reached),
        "refused": dict(sorted(reasons.items())),
        "refused_total": status["refused"],
        "cancelled": status["cancelled"],
        "no_show": status["no_show"],
        "failed": status["failed"],
        "offers": offers,
        "accepted_share": share(sum(ride.accepted for ride in rides), offers),
    }


def _refused(ride: RideRow) -> bool:
    return ride.status == "refused"


def _quality(served: Sequence[RideRow]) -> Kpis:
    """Waits, rides, detours and walks of the rides that were served."""
    rides_s = [ride_s(ride) for ride in served]
    detours = [
        time_s / ride.direct_s
        for ride, time_s in zip(served, rides_s, strict=True)
        if ride.direct_s
    ]
    return {
        "wait_s": spread([wait_s(ride) for ride in served]),
        "ride_s": spread(rides_s),
        "detour": spread(detours, digits=3),
        "walk_m": spread([(ride.walk_to_m or 0) + (ride.walk_from_m or 0) for ride in served]),
    }


def wait_s(ride: RideRow) -> int:
    """How long a party that was picked up had waited at its stop when boarding ended."""
    assert ride.picked_up_s is not None
    assert ride.earliest_pickup_s is not None
    return ride.picked_up_s - ride.earliest_pickup_s


def ride_s(ride: RideRow) -> int:
    """How long a party that arrived was on board."""
    assert ride.picked_up_s is not None
    assert ride.dropped_off_s is not None
    return ride.dropped_off_s - ride.picked_up_s


def on_time(ride: RideRow) -> bool:
    """Whether a ride kept its promise: picked up within its window, and there in time."""
    times = (
        ride.picked_up_s,
        ride.dropped_off_s,
        ride.promised_pickup_from_s,
        ride.promised_pickup_to_s,
        ride.promised_arrival_s,
    )
    if any(time is None for time in times):
        return False
    picked_up_s, dropped_off_s, from_s, to_s, arrival_s = (time or 0 for time in times)
    return from_s <= picked_up_s <= to_s and dropped_off_s <= arrival_s


def _promises(rides: Sequence[RideRow]) -> Kpis:
    """How well promises were kept, over the rides that were served and those that failed."""
    promised = [ride for ride in rides if ride.status in ("completed", "failed")]
    pickup_late_s, arrival_late_s = [], []
    for ride in promised:
        if ride.picked_up_s is not None and ride.promised_pickup_to_s is not None:
            pickup_late_s.append(max(0, ride.picked_up_s - ride.promised_pickup_to_s))
        if ride.dropped_off_s is not None and ride.promised_arrival_s is not None:
            arrival_late_s.append(max(0, ride.dropped_off_s - ride.promised_arrival_s))
    return {
        "on_time_share": share(sum(on_time(ride) for ride in promised), len(promised)),
        "late_pickups": sum(late_s > 0 for late_s in pickup_late_s),
        "late_arrivals": sum(late_s > 0 for late_s in arrival_late_s),
        "pickup_late_s": spread(pickup_late_s),
        "arrival_late_s": spread(arrival_late_s),
    }


def service_hours(run: Run) -> float:
    """For how long shuttles were on duty while the service was open, all together.

    Around the clock, it was open for as long as the run took.
    """
    service = run.settings.service
    opens_s, closes_s = run.horizon_s
    if service.closes_s is not None:
        opens_s, closes_s = service.opens_s, service.closes_s
    days_s = range((opens_s // DAY_S - 2) * DAY_S, closes_s, DAY_S)
    on_duty_s = 0
    for group in run.settings.fleet:
        spans = [(a + day_s, b + day_s) for a, b in group.shifts_s for day_s in days_s]
        shared_s = (min(b, closes_s) - max(a, opens_s) for a, b in spans)
        own_s = sum(max(s, 0) for s in shared_s) if spans else closes_s - opens_s
        on_duty_s += own_s * group.count
    return on_duty_s / 3600


def _fleet(run: Run, served: Sequence[RideRow]) -> Kpis:
    """Kilometres, hours and how full the shuttles were."""
    people = people_on_legs(run)
    length_mm = run.legs.length_mm.astype(np.int64)
    all_mm = int(length_mm.sum())
    empty_mm = int(length_mm[people == 0].sum())
    people_mm = int((length_mm * people).sum())
    timeline = fleet_day(run, people)
    active_h = timeline.active_ms() / 3_600_000
    upkeep_h = timeline.state_ms(State.UPKEEP) / 3_600_000
    open_h = service_hours(run)
    carried = sum(ride.people for ride in served)
    return {
        "shuttles": len(run.shuttles),
        "vehicle_km": round(all_mm / 1e6, 3),
        "empty_km": round(empty_mm / 1e6, 3),
        "empty_share": share(empty_mm, all_mm),
        "waiting_km": round(_waiting_mm(run) / 1e6, 3),
        "km_per_served": round(all_mm / 1e6 / len(served), 3) if served else None,
        "occupancy": {
            "loaded": _rounded(people_mm, all_mm - empty_mm),
            "all": _rounded(people_mm, all_mm),
        },
        "vehicle_hours": {
            "active": round(active_h, 3),
            "upkeep": round(upkeep_h, 3),
            "in_service": round(open_h, 3),
        },
        "passengers_per_vehicle_hour": {
            "active": _rounded(carried, active_h),
            "in_service": _rounded(carried, open_h),
        },
    }


def _waiting_mm(run: Run) -> int:
    """Driven empty to stops where nobody got on or off: to wait there."""
    return sum(
        visit.drive_mm
        for visit in run.visits
        if not (visit.boarded or visit.left or visit.seats_on_board or visit.wheelchairs_on_board)
        and visit.broke_down_at is None
        and visit.task is None
    )


def _rounded(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def _disruptions(run: Run) -> Kpis:
    """What went wrong on purpose, and what became of those who were let off on the way."""
    broken = [visit for visit in run.visits if visit.broke_down_at is not None]
    ends = {ride.request_id: (ride.dropoff_stop, ride.diverted_stop) for ride in run.rides}
    let_off = {
        request_id
        for visit in run.visits
        for request_id in visit.left
        if visit.broke_down_at is not None or visit.stop not in ends[request_id]
    }
    ended = Counter(ride.status for ride in run.rides if ride.request_id in let_off)
    return {
        "breakdowns": len(broken),
        "out_of_order_h": round(sum(v.depart_s - v.arrive_s for v in broken) / 3600, 3),
        "let_off": len(let_off),
        "let_off_completed": ended["completed"],
        "let_off_failed": ended["failed"],
        "blackouts": len(run.disruptions.blackouts),
        "closures": len(run.disruptions.asked.closures),
        "diverted": sum(ride.diverted_stop is not None for ride in run.rides),
    }


def _pooled_share(run: Run, served: Sequence[RideRow]) -> float | None:
    pooled = pooled_rides(run.visits)
    return share(sum(ride.request_id in pooled for ride in served), len(served))


def _climate(run: Run, served: Sequence[RideRow], network: Network) -> Kpis:
    """Energy and CO2e of the shuttles, beside the same trips made by one car a party."""
    driven_mm = np.zeros(len(run.shuttles), dtype=np.int64)
    np.add.at(driven_mm, run.legs.shuttle, run.legs.length_mm)
    energy_kwh = fsum(
        mm / 1e6 * shuttle.energy_wh_per_km / 1000
        for mm, shuttle in zip(driven_mm.tolist(), run.shuttles, strict=True)
    )
    energy_kwh += besides_kwh(run)
    number = {stop_id: index for index, stop_id in enumerate(network.stops.ids)}
    direct_m = sum(
        int(network.tables.drive_m[number[ride.pickup_stop], number[ride.dropoff_stop]])
        for ride in served
        if ride.pickup_stop in number and ride.dropoff_stop in number
    )
    return {
        "energy_kwh": round(energy_kwh, 3),
        **battery_figures(run),
        "co2e_kg": round(shuttles_kg(energy_kwh), 3),
        "car_km": round(direct_m / 1000, 3),
        "co2e_kg_by_car": round(cars_kg(direct_m / 1000), 3),
        "co2e_factors": {"electricity": ELECTRICITY.as_json(), "car": CAR.as_json()},
    }


def _by_place(rides: Sequence[RideRow], network: Network, trips: Mapping[str, Trip]) -> list[Kpis]:
    """What became of the requests of each place: the place nearest to where they start."""
    if not network.places:
        return []
    asked = [ride for ride in rides if ride.request_id in trips]
    numbers = nearest_place(network, [trips[ride.request_id].origin for ride in asked])
    of_place: dict[int, list[RideRow]] = {}
    for ride, place in zip(asked, numbers.tolist(), strict=True):
        of_place.setdefault(place, []).append(ride)
    rows = []
    for index, place in enumerate(network.places):
        own = of_place.get(index, [])
        status = Counter(ride.status for ride in own)
        waits = [wait_s(ride) for ride in own if ride.status == "completed"]
        rows.append(
            {
                "place": place.name,
                "kind": place.kind.value,
                "insee": place.insee,
                "population": place.population,
                "requests": len(own),
                "served": status["completed"],
                "refused": status["refused"],
                "cancelled": status["cancelled"],
                "no_show": status["no_show"],
                "failed": status["failed"],
                "served_share": share(status["completed"], len(own)),
                "wait_s_mean": spread(waits)["mean"],
            }
        )
    return rows


def _near_town(network: Network, mean_wait_s: float | None) -> Kpis | None:
    times = town_times(network)
    if not times:
        return None
    people = sum(time.people for time in times)

    def near(wait: float) -> float | None:
        # Who lives in the town is there already, and waits for nothing.
        return share(
            sum(
                time.people
                for time in times
                if time.direct_s == 0
                or (time.direct_s is not None and time.direct_s + wait <= NEAR_TOWN_S)
            ),
            people,
        )

    return {
        "town": network.territory.town,
        "people": people,
        "share_direct": near(0),
        "share_with_mean_wait": None if mean_wait_s is None else near(mean_wait_s),
    }
