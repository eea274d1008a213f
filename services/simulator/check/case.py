"""All that the rules look at, read once, with what several of them need worked out."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from pathlib import Path

import numpy as np

from services.domain.settings_part import DAY_S
from services.domain.territory import Promises, ServiceHours
from services.simulator.check.columns import ABSENT, BoolArray, FloatArray, IntArray, present
from services.simulator.check.demand import Demand
from services.simulator.check.epochs import Epochs
from services.simulator.check.ground import Ground
from services.simulator.check.run import Run
from services.simulator.check.verdict import Finding, Notes, Rule
from services.simulator.check.ways import Ways

DRIVE_VARIATION = 0.12
"""Coefficient of variation of a drive's time, from one departure to the next stop."""
STOP_VARIATION = 0.15
"""Coefficient of variation of the time that boarding and alighting take at a stop."""
DEVIATIONS = 6
"""What lies further out than so many standard deviations is not chance."""


def noise_bounds(variation: float) -> tuple[float, float]:
    """Least and greatest factor that chance puts on a time: lognormal, of mean 1."""
    sigma = sqrt(log(1 + variation**2))
    return tuple(exp(way * DEVIATIONS * sigma - sigma**2 / 2) for way in (-1, 1))  # type: ignore[return-value]


GRAIN_S = 2
"""Whole seconds, and the second that a word takes to reach a shuttle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run, the ground that it ran on and what was asked for.

    Parameters
    ----------
    asked
        For each ride, its place in the demand; -1 if nobody asked for it.
    territory
        The folder of the territory.
    pickup, dropoff
        For each ride, the numbers of its stops; -1 if it has none that is known.
    epochs
        The day cut where roads are closed and opened.
    """

    run: Run
    ground: Ground
    demand: Demand
    ways: Ways
    notes: Notes
    territory: Path
    asked: IntArray
    pickup: IntArray
    dropoff: IntArray
    epochs: Epochs

    @property
    def promises(self) -> Promises:
        """What the territory promises."""
        return self.run.settings.promises

    def asked_for(self, name: str) -> IntArray:
        """What the demand says in column ``name`` for each ride; ``ABSENT`` if nothing."""
        values: IntArray = np.append(getattr(self.demand, name), ABSENT)[self.asked]
        return values

    def place_of(self, name: str) -> FloatArray:
        """Degrees that the demand has in column ``name`` for each ride; NaN if none."""
        values: FloatArray = np.append(getattr(self.demand, name), np.nan)[self.asked]
        return values

    def ride_numbers(self) -> dict[str, int]:
        """Row of each ride by its id."""
        ids = self.run.rides.request_id
        return {ids[ride]: ride for ride in range(len(ids))}

    def shuttle_numbers(self) -> dict[str, int]:
        """Number of each shuttle by its id."""
        return {row.shuttle_id: at for at, row in enumerate(self.run.file.shuttles)}

    def let_off(self) -> BoolArray:
        """Rides that had to get off on the way: their shuttle broke down or might not drive on."""
        visits, rides = self.run.visits, self.run.rides
        ride, row = visits.left.items.numbers(self.ride_numbers()), visits.left.rows
        stop = visits.stop.numbers(self.ground.stops)[row]
        diverted = np.append(rides.diverted_stop.numbers(self.ground.stops), -1)[ride]
        short = (stop != np.append(self.dropoff, -1)[ride]) & (stop != diverted)
        for at in np.flatnonzero(short).tolist():
            short[at] = self.may_not_drive_on(int(row[at]))
        off = np.zeros(len(rides) + 1, dtype=np.bool_)
        off[ride[visits.broke_down[row] | short]] = True
        return off[:-1]

    def may_not_drive_on(self, visit: int, within_s: float = np.inf) -> bool:
        """Whether it was known at a visit that its shuttle may not drive, then or soon after."""
        visits = self.run.visits
        at_s, gone_s = int(visits.arrive_s[visit]), int(visits.depart_s[visit])
        return any(
            known_s <= gone_s + GRAIN_S and until_s > at_s and from_s < gone_s + within_s
            for from_s, until_s, known_s in self.not_driven_s(int(visits.shuttle[visit]))
        )

    def not_driven_s(self, shuttle: int) -> list[tuple[int, int, int]]:
        """When a shuttle may not drive: from, until, and since when that is known."""
        groups = [group for group in self.run.settings.fleet for _ in range(group.count)]
        dark = shuttle >= len(groups) or groups[shuttle].drives_in_darkness
        rows = self.run.file.disruptions.asked.restrictions
        return [
            (row.from_s, row.until_s, row.known_s) for row in rows if not (row.darkness and dark)
        ]

    def promised(self) -> BoolArray:
        """Rides that were offered one, and that name the stops and times of it."""
        rides = self.run.rides
        whole = (self.asked >= 0) & (self.pickup >= 0) & (self.dropoff >= 0)
        for column in (
            rides.earliest_pickup_s,
            rides.promised_pickup_from_s,
            rides.promised_pickup_to_s,
            rides.promised_arrival_s,
            rides.walk_to_m,
            rides.walk_from_m,
            rides.direct_s,
        ):
            whole &= present(column)
        return whole

    def completed(self) -> BoolArray:
        """Rides that ended at their dropoff, with all that belongs to them."""
        rides = self.run.rides
        done: BoolArray = rides.status.numbers({"completed": 1}) == 1
        done &= present(rides.picked_up_s) & present(rides.dropped_off_s)
        done &= rides.shuttle_id.codes >= 0
        done &= self.promised()
        return done

    def ride_limit_s(self) -> FloatArray:
        """Longest ride of each request; infinite where there is no limit, or no stops are known.

        It goes by the direct drive between the ride's stops, as it was when the ride was asked for,
        and is never more than that between the stops nearest to its ends (unless these are one and
        the same).
        """
        limit_s = np.full(len(self.run.rides), np.inf)
        if self.promises.ride_factor == 0:
            return limit_s
        asked_in = self.epochs.of(1000 * self.run.rides.request_s)
        walk_factor = self.promises.walk_factor
        ends = [
            self.ground.nearest_stop(
                self.place_of(f"{end}_lon"), self.place_of(f"{end}_lat"), walk_factor
            )
            for end in ("origin", "destination")
        ]
        for start, end in ((self.pickup, self.dropoff), ends):
            rows = np.flatnonzero((start >= 0) & (end >= 0) & (start != end))
            node = self.ground.stop_node
            _, direct_s = self.ways.direct_s(node[start[rows]], node[end[rows]])
            for epoch in sorted(set(asked_in[rows].tolist()) - {0}):
                own = asked_in[rows] == epoch
                ways, pair = self.epochs.ways(epoch), rows[own]
                direct_s[own] = ways.direct_s(node[start[pair]], node[end[pair]])[1]
            longest_s = np.floor(self.promises.ride_factor * direct_s + 1e-6)
            longest_s += self.promises.ride_constant_s
            limit_s[rows] = np.minimum(limit_s[rows], longest_s)
        return limit_s

    def ride_finding(self, rule: Rule, ride: int, message: str, at_s: int | None = None) -> Finding:
        """A finding about one ride."""
        rides = self.run.rides
        return Finding(
            rule=rule,
            message=message,
            ride=rides.request_id[ride],
            shuttle=rides.shuttle_id[ride] or None,
            at_s=at_s,
        )

    def shuttle_finding(
        self, rule: Rule, shuttle: int, message: str, at_s: float | None = None
    ) -> Finding:
        """A finding about one shuttle (by its number)."""
        name = self.run.file.shuttles[shuttle].shuttle_id
        return Finding(rule=rule, message=message, shuttle=name, at_s=at_s)


def walk_s_bounds(walk_m: IntArray, speed_m_s: float) -> tuple[IntArray, IntArray]:
    """Seconds of a walk, rounded up: the least and the most that floats can make of it."""
    exact_s = walk_m / speed_m_s
    least = np.ceil(exact_s - 1e-6).astype(np.int64)
    return least, np.ceil(exact_s + 1e-6).astype(np.int64)


def in_service(hours: ServiceHours, at_s: IntArray) -> BoolArray:
    """Whether the clock shows a time of service; hours past midnight belong to both days."""
    if hours.closes_s is None:
        return np.ones(len(at_s), dtype=np.bool_)
    open_for_s = hours.closes_s - hours.opens_s
    inside: BoolArray = (at_s - hours.opens_s) % DAY_S <= open_for_s
    return inside
