"""A generated rural day: what takes people out of the house, and when they ask for a ride.

People go to work, to the train, to school, to the market, to the doctor and to see each other, most
of them from a village towards the town and back. Each place draws from a generator of its own,
seeded by the day's seed and the place itself, and only uniform numbers are drawn: the same seed
gives the same day in any process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import TypeVar

from numpy.random import PCG64, Generator, SeedSequence

from services.domain.day import DayKind
from services.domain.geo import Point, distance_m
from services.domain.settings_part import DAY_S
from services.domain.territory import Territory
from services.simulator.day_effects import purposes_on, requests_on
from services.simulator.demand import Demand, Trip, demand_of
from services.simulator.purposes import HOUR_S, PURPOSES, Purpose
from services.simulator.settlements import (
    Inhabited,
    Settlement,
    apportion,
    attractors,
    settlements_of,
)

TRIPS_PER_PERSON_DAY = 0.03
"""Requests a person and a day: some 1 % of all the trips that rural people make."""

WHEELCHAIR_SHARE = 0.02
COMPANION_SHARE = 0.4
"""Of the parties in a wheelchair: somebody on a seat comes along."""
CANCELLED_SHARE = 0.04
OUTLYING_SHARE = 0.04
"""Homes outside their settlement, mostly too far from any stop to walk."""
EVENING_BEFORE_SHARE = 0.5
"""Of what is booked ahead: booked the day before, so known soon after midnight."""
EVENING_BEFORE_KNOWN_S = 900
RETURN_BOOKED_SHARE = 0.8
"""Of the ways back from what was booked ahead: booked together with it."""
PARTY_SIZES = (1, 2, 3, 4, 5)
PARTY_WEIGHTS = (0.8, 0.12, 0.04, 0.025, 0.015)

TRIP_M_MIN = 800
"""Nobody calls a shuttle for less than this, as the crow flies."""
DRAWS_MAX = 20
"""How often other ends are drawn for a trip that is too short."""
MASS_MIN = 400
"""A station or a business park draws people like a village of this size, at least."""
REACH_M = 2000
REACH_POWER = 1.5
"""Destinations are chosen by mass / (distance + reach) ** power."""

DRIVE_S_PER_M = 0.09
"""A guess of the direct drive for a metre of straight line, for when to leave."""
WALKS_S = 600
"""A guess of both walks."""
LAST_TRIP_S = 1800
"""Nobody sets off later than this before the service closes."""

T = TypeVar("T")


def generate_day(
    network: Inhabited, *, seed: int, requests: int | None = None, kind: DayKind | None = None
) -> Demand:
    """Make one day of requests.

    Parameters
    ----------
    network
        Where people live and what is where. Places without people are destinations only; where no
        place has a role, the largest takes it; without places, people live around the stops.
    seed
        Not negative. The same seed and territory give the same day.
    requests
        How many; absent: the people times `TRIPS_PER_PERSON_DAY`, and as the kind of day has it.
    kind
        Weekday and weather; absent: some weekday, without weather or chance in how many ask.
    """
    settlements = settlements_of(network)
    people = [settlement.population for settlement in settlements]
    if requests is None:
        usual = sum(people) * TRIPS_PER_PERSON_DAY
        luck = _Dice(seed, "how many").share()
        requests = round(usual) if kind is None else requests_on(kind, usual, luck)
    purposes = PURPOSES if kind is None else purposes_on(kind)
    trips: list[Trip] = []
    if any(people):
        for home, quota in zip(settlements, apportion(requests, people), strict=True):
            dice = _Dice(seed, f"{home.name}/{home.centre.lon}/{home.centre.lat}")
            village = _Village(home, settlements, network.territory, purposes, dice)
            trips += village.trips(quota)
    trips.sort(key=lambda trip: trip.departure_s)
    width = len(str(len(trips)))
    return demand_of(
        replace(trip, request_id=f"r{number:0{width}}")
        for number, trip in enumerate(trips, start=1)
    )


class _Dice:
    """Draws for one place, all made from uniform numbers in [0, 1)."""

    def __init__(self, seed: int, key: str) -> None:
        words = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
        self._generator = Generator(PCG64(SeedSequence([seed, words])))

    def share(self) -> float:
        return float(self._generator.random())

    def happens(self, chance: float) -> bool:
        return self.share() < chance

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included; ``low`` if none is."""
        return low + int(self.share() * max(1, high - low + 1))

    def around_middle(self, low: int, high: int) -> int:
        """Return the same, but mostly near the middle."""
        return low + int((self.share() + self.share() + self.share()) / 3 * max(1, high - low + 1))

    def one_of(self, values: Sequence[T], weights: Sequence[float]) -> T:
        rest = self.share() * sum(weights)
        for value, weight in zip(values, weights, strict=True):
            rest -= weight
            if rest < 0:
                return value
        return values[-1]


@dataclass(frozen=True, slots=True)
class _Village:
    """All the outings from one settlement."""

    home: Settlement
    settlements: Sequence[Settlement]
    territory: Territory
    purposes: Sequence[Purpose]
    dice: _Dice

    def trips(self, quota: int) -> list[Trip]:
        """Exactly so many trips; the last outing may stay without its way back."""
        trips: list[Trip] = []
        while len(trips) < quota:
            trips += self._outing()
        return trips[:quota]

    def _outing(self) -> list[Trip]:
        dice = self.dice
        purpose = dice.one_of(self.purposes, [purpose.share for purpose in self.purposes])
        origin, destination = self._ends(purpose)
        out = self._way_out(purpose, origin, destination)
        cancelled = dice.happens(CANCELLED_SHARE)
        if cancelled:
            out = replace(out, cancel_s=self._cancel_s(out))
        back = self._way_back(purpose, out) if dice.happens(purpose.returns) else None
        if back is None or (cancelled and not back.booked):
            return [out]
        if cancelled:
            back = replace(back, cancel_s=max(back.request_s, out.cancel_s or 0))
        return [out, back]

    def _ends(self, purpose: Purpose) -> tuple[Point, Point]:
        """Choose a home and a place to go to that are worth a ride."""
        candidates = attractors(self.settlements, purpose.role)
        if purpose.role is None and len(candidates) > 1:
            candidates = tuple(place for place in candidates if place is not self.home)
        pull = [
            max(place.population, MASS_MIN)
            / (distance_m(self.home.centre, place.centre) + REACH_M) ** REACH_POWER
            for place in candidates
        ]
        origin = self._point_in(self.home, lived_in=True)
        destination = origin
        for _ in range(DRAWS_MAX):
            place = self.dice.one_of(candidates, pull)
            destination = self._point_in(place, lived_in=purpose.role is None)
            if distance_m(origin, destination) >= TRIP_M_MIN:
                break
            origin = self._point_in(self.home, lived_in=True)
        return origin, destination

    def _point_in(self, place: Settlement, *, lived_in: bool) -> Point:
        """Draw a point evenly in a settlement; shops and schools are nearer to its middle."""
        dice = self.dice
        within = sqrt(dice.share())
        if not lived_in:
            within *= 0.6
        elif dice.happens(OUTLYING_SHARE):
            within = 1.2 + 1.8 * within
        return place.point_at(distance_m=within * place.radius_m, bearing=2 * pi * dice.share())

    def _way_out(self, purpose: Purpose, origin: Point, destination: Point) -> Trip:
        dice = self.dice
        window = dice.one_of(purpose.windows, [window.share for window in purpose.windows])
        at_s = (dice.around_middle if window.peaked else dice.between)(window.from_s, window.to_s)
        ahead_s = self._ahead_s(origin, destination) if purpose.punctual else 0
        opens_s, last_s = self._hours_s()
        departure_s = min(max(at_s - ahead_s, opens_s + dice.between(0, 600)), last_s)
        # Trains, bells and appointments keep to five minutes.
        arrive_by_s = -(-(departure_s + ahead_s) // 300) * 300 if purpose.punctual else None
        seats, wheelchairs = self._party()
        return Trip(
            request_id="unnumbered",
            request_s=self._request_s(departure_s) if dice.happens(purpose.booked) else departure_s,
            departure_s=departure_s,
            origin=origin,
            destination=destination,
            arrive_by_s=arrive_by_s,
            seats=seats,
            wheelchairs=wheelchairs,
            purpose=purpose.name,
        )

    def _way_back(self, purpose: Purpose, out: Trip) -> Trip | None:
        dice = self.dice
        there_s = out.departure_s if out.arrive_by_s is None else out.arrive_by_s
        departure_s = there_s + dice.around_middle(purpose.stay_s_min, purpose.stay_s_max)
        _, last_s = self._hours_s()
        if departure_s > last_s:
            departure_s = last_s - dice.between(0, 2 * HOUR_S)
        if departure_s <= there_s + self._ahead_s(out.origin, out.destination):
            return None
        booked = out.booked and dice.happens(RETURN_BOOKED_SHARE)
        return replace(
            out,
            request_s=out.request_s if booked else departure_s,
            departure_s=departure_s,
            origin=out.destination,
            destination=out.origin,
            arrive_by_s=None,
            cancel_s=None,
        )

    def _hours_s(self) -> tuple[int, int]:
        """Return when people can set off at the earliest and at the latest."""
        service = self.territory.service
        closes_s = service.opens_s + DAY_S if service.closes_s is None else service.closes_s
        return service.opens_s, max(service.opens_s, closes_s - LAST_TRIP_S)

    def _ahead_s(self, origin: Point, destination: Point) -> int:
        """Return how long before an appointment a careful rider can leave."""
        promises = self.territory.promises
        drive_s = DRIVE_S_PER_M * distance_m(origin, destination)
        return int(promises.wait_s_max + max(1.0, promises.ride_factor) * drive_s + WALKS_S)

    def _request_s(self, departure_s: int) -> int:
        """Return when a ride is booked: the evening before, or some hours ahead."""
        dice = self.dice
        if dice.happens(EVENING_BEFORE_SHARE):
            return min(departure_s, dice.between(0, EVENING_BEFORE_KNOWN_S))
        return max(0, departure_s - dice.between(HOUR_S // 2, 5 * HOUR_S))

    def _cancel_s(self, trip: Trip) -> int:
        if trip.booked:
            return self.dice.between(trip.request_s, trip.departure_s)
        return trip.request_s + self.dice.between(60, 600)

    def _party(self) -> tuple[int, int]:
        """Return seats and wheelchair places."""
        if self.dice.happens(WHEELCHAIR_SHARE):
            return int(self.dice.happens(COMPANION_SHARE)), 1
        return self.dice.one_of(PARTY_SIZES, PARTY_WEIGHTS), 0
