"""A day cut into hours and minutes, as the charts show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.simulator.fleet_day import State, fleet_day, people_on_legs
from services.simulator.kpis import spread, wait_s
from services.simulator.records import RideRow, Run

HOUR_S = 3600
FLEET_BIN_S = 600
"""Fleet states are means over ten minutes."""
MANY_ABOARD = 8
"""As many people on board, or more, are one class."""
HOURS_MAX = 96
"""A day, with what spills over; keeps charts readable whatever a file says."""


def hours_of(run: Run) -> range:
    """Return the whole hours that charts span: service hours, and whatever happened outside."""
    times_s = [ride.departure_s for ride in run.rides]
    times_s += [ride.dropped_off_s for ride in run.rides if ride.dropped_off_s is not None]
    if len(run.legs):
        times_s += [int(run.legs.depart_ms.min()) // 1000, int(run.legs.arrive_ms.max()) // 1000]
    service = run.settings.service
    if service.closes_s is not None:
        times_s += [service.opens_s, service.closes_s - 1]
    if not times_s:
        times_s = [run.horizon_s[0], max(run.horizon_s[0], run.horizon_s[1] - 1)]
    first = min(times_s) // HOUR_S
    return range(first, min(max(times_s) // HOUR_S + 1, first + HOURS_MAX))


@dataclass(frozen=True, slots=True)
class HourOfWaits:
    """Waits of the rides that wanted to leave in one hour; None where there were none."""

    hour: int
    rides: int
    p50_s: float | None
    p95_s: float | None


def waits_by_hour(run: Run, hours: range) -> tuple[HourOfWaits, ...]:
    """Median and 95th percentile of the waits, by the hour of departure."""
    waits: dict[int, list[int]] = {}
    for ride in run.rides:
        if ride.status == "completed":
            waits.setdefault(ride.departure_s // HOUR_S, []).append(wait_s(ride))
    rows = []
    for hour in hours:
        own = waits.get(hour, [])
        of = spread(own)
        rows.append(HourOfWaits(hour, len(own), of["p50"], of["p95"]))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Requests by hour of departure: one row an outcome, one column an hour."""

    hours: range
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


SERVED, OTHER_REASONS, CALLED_OFF = "served", "other reasons", "called off"
REASONS_SHOWN = 4


def outcomes_by_hour(rides: Sequence[RideRow], hours: range) -> Outcomes:
    """Count what became of requests; rare reasons of refusal are put together.

    The first row is `SERVED`, the last `CALLED_OFF` (cancelled, not shown up, failed), and between
    are reasons of refusal, most frequent first.
    """
    reasons = Counter(_reason(ride) for ride in rides if ride.status == "refused")
    ranked = sorted(reasons, key=lambda reason: (-reasons[reason], reason))
    shown = ranked[:REASONS_SHOWN]
    others = [OTHER_REASONS] if len(ranked) > REASONS_SHOWN else []
    names = (SERVED, *shown, *others, CALLED_OFF)
    counts = Counter((_outcome(ride, shown), ride.departure_s // HOUR_S) for ride in rides)
    return Outcomes(
        hours, names, tuple(tuple(counts[name, hour] for hour in hours) for name in names)
    )


def _reason(ride: RideRow) -> str:
    return ride.refusal_reason or "unknown"


def _outcome(ride: RideRow, shown: Sequence[str]) -> str:
    if ride.status == "completed":
        return SERVED
    if ride.status == "refused":
        return _reason(ride) if _reason(ride) in shown else OTHER_REASONS
    return CALLED_OFF


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Mean number of shuttles in each state, by stretches of `FLEET_BIN_S` from ``start_s``."""

    start_s: int
    riding: NDArray[np.float64]
    at_stop: NDArray[np.float64]
    empty: NDArray[np.float64]
    upkeep: NDArray[np.float64]
    off_duty: NDArray[np.float64]
    idle: NDArray[np.float64]


def fleet_states(run: Run, hours: range) -> Fleet:
    """Tell what the fleet did over the day."""
    timeline = fleet_day(run, people_on_legs(run))
    edges_s = np.arange(hours.start * HOUR_S, hours.stop * HOUR_S + 1, FLEET_BIN_S, dtype=np.int64)
    shares = timeline.shares(edges_s * 1000)
    idle = np.maximum(0.0, len(run.shuttles) - np.sum(list(shares.values()), axis=0))
    return Fleet(
        start_s=int(edges_s[0]),
        riding=shares[State.DRIVING_LOADED],
        at_stop=shares[State.AT_STOP],
        empty=shares[State.DRIVING_EMPTY],
        upkeep=shares[State.UPKEEP],
        off_duty=shares[State.OFF_DUTY],
        idle=idle,
    )


def km_by_people(run: Run) -> tuple[float, ...]:
    """Kilometres driven with 0, 1, 2 … people on board; the last is `MANY_ABOARD` or more."""
    people = np.minimum(people_on_legs(run), MANY_ABOARD)
    length_mm = np.zeros(MANY_ABOARD + 1, dtype=np.int64)
    np.add.at(length_mm, people, run.legs.length_mm)
    return tuple((length_mm / 1e6).tolist())
