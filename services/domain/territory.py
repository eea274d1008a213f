"""What a territory promises and runs: the content of ``territory.yaml``."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from math import ceil
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from services.domain.fleet_settings import ChargerSettings, FleetGroup, Supervision
from services.domain.settings_part import DAY_S, Clock, Part, Seconds, seconds


class ServiceHours(Part):
    """Pickups and dropoffs happen between these times; equal times mean around the clock.

    A closing time before the opening time lies on the next day.
    """

    opens: Clock = time(0)
    closes: Clock = time(0)

    @property
    def opens_s(self) -> int:
        """Opening, in seconds after midnight."""
        return seconds(self.opens)

    @property
    def closes_s(self) -> int | None:
        """Closing, in seconds after the same midnight (past 86,400 on the next day)."""
        if self.opens == self.closes:
            return None
        closes_s = seconds(self.closes)
        return closes_s if closes_s > self.opens_s else closes_s + DAY_S

    def is_open(self, at_s: int) -> bool:
        """Whether the service runs at a time, in seconds after the midnight of any day."""
        if self.closes_s is None:
            return True
        return any(self.opens_s <= at_s % DAY_S + day < self.closes_s for day in (0, DAY_S))


class Promises(Part):
    """What every rider can count on.

    Parameters
    ----------
    wait_s_max
        Longest wait at the stop, from the time at which the rider can be there.
    pickup_window_s
        Width of the promised pickup window; absent: all of the longest wait.
    ride_factor, ride_constant_s
        A ride takes at most factor x direct drive + constant; a factor of 0 means no limit.
    walk_m_max
        Longest walk at each end.
    walk_factor
        Walk as a multiple of the straight line.
    walk_speed_m_s
        Walking speed.
    offer_s
        For how long an offer holds its seats.
    book_ahead_s_max
        How far ahead a ride can be asked for.
    """

    wait_s_max: Annotated[int, Field(gt=0, le=DAY_S)] = 900
    pickup_window_s: Annotated[int, Field(gt=0, le=DAY_S)] | None = None
    ride_factor: Annotated[float, Field(ge=0, le=20)] = 1.5
    ride_constant_s: Seconds = 900
    walk_m_max: Annotated[int, Field(gt=0, le=20_000)] = 500
    walk_factor: Annotated[float, Field(ge=1, le=5)] = 1.3
    walk_speed_m_s: Annotated[float, Field(gt=0, le=5)] = 1.2
    offer_s: Annotated[int, Field(gt=0, le=3600)] = 120
    book_ahead_s_max: Annotated[int, Field(ge=0, le=30 * DAY_S)] = 7 * DAY_S

    @model_validator(mode="after")
    def _factor_is_possible(self) -> Self:
        if 0 < self.ride_factor < 1:
            raise ValueError("ride_factor below 1 forbids the direct ride itself; 0 means no limit")
        return self

    def walk_s(self, walk_m: int) -> int:
        """Seconds that a walk takes, rounded up."""
        return ceil(walk_m / self.walk_speed_m_s)


class StopTimes(Part):
    """How long a stop takes: a base per visit, and a part per party that gets on or off.

    Each rider in a wheelchair takes ``wheelchair_s`` longer, for the ramp.
    """

    base_s: Annotated[int, Field(ge=0, le=3600)] = 30
    party_s: Annotated[int, Field(ge=0, le=3600)] = 15
    wheelchair_s: Annotated[int, Field(ge=0, le=3600)] = 0
    patience_s: Annotated[int, Field(ge=0, le=3600)] = 120
    """How long a shuttle waits for a party that is not there."""

    def of_party_s(self, wheelchairs: int) -> int:
        """What a party adds to a stop, getting on or off."""
        return self.party_s + self.wheelchair_s * wheelchairs


class TravelKind(StrEnum):
    """How travel times come about."""

    ROAD = "road"
    CROW = "crow"


class Travel(Part):
    """Where travel times come from.

    ``road``: the drawn or imported road graph. ``crow``: straight line x factor at a speed.
    """

    kind: TravelKind = TravelKind.ROAD
    crow_factor: Annotated[float, Field(ge=1, le=5)] = 1.3
    crow_speed_kmh: Annotated[float, Field(gt=0, le=200)] = 50
    speed_kmh_max: Annotated[float, Field(gt=0, le=200)] | None = None
    """Shuttles drive no faster than this, whatever the road allows."""


class DispatchSettings(Part):
    """How the dispatcher weighs and hurries.

    Parameters
    ----------
    candidate_stops
        Stops tried at each end.
    divert_latency_s
        A shuttle under way turns off at the first road node at least this far ahead.
    reserve_s
        Plans keep this much before the latest times that were promised, for what goes wrong; less
        where the promises leave less (see `Territory.reserve_s`).
    early_s
        An empty shuttle sets off so as to be this early at a prebooked pickup.
    keep_course_s
        A shuttle that arrives within this time goes on to where it is heading.
    reassign_until_s
        A ride moves to another shuttle no later than this before its planned pickup.
    lease_ahead_s
        A shuttle may pick somebody up without being heard of for this long.
    lease_late_s
        And this much later than promised, or planned, at the latest.
    batch_every_s
        How often all open rides are planned anew; 0: never.
    batch_ahead_s
        Rides that are to be picked up later than this are not planned anew yet.
    solve_latency_s
        How long after its snapshot a batch takes effect.
    ride_iterations, solve_iterations
        Steps of the search for each open ride, and at most in a batch, in simulations; live, the
        time decides.
    second_look
        A request that finds no place waits for a batch that may move other rides to make room.
    answer_after_s
        Requests are collected for this long and answered together; 0: each at once.
    group_rides
        Batches are cut along cells of the map into groups of about this many open rides.
    km_weight
        Seconds of driving that a kilometre more is worth, for what distance costs: energy, wear.
    walk_weight, wait_weight, ride_weight, delay_weight
        Seconds of driving that a second of the new party's walk, wait and ride, and of delay to
        those who have a promise already, is worth when the best insertion is chosen.
    """

    candidate_stops: Annotated[int, Field(ge=1, le=8)] = 3
    divert_latency_s: Annotated[int, Field(ge=0, le=600)] = 10
    reserve_s: Annotated[int, Field(ge=0, le=3600)] = 60
    early_s: Annotated[int, Field(ge=0, le=3600)] = 120
    keep_course_s: Annotated[int, Field(ge=0, le=600)] = 20
    reassign_until_s: Annotated[int, Field(ge=0, le=DAY_S)] = 60
    lease_ahead_s: Annotated[int, Field(ge=300, le=DAY_S)] = 3600
    lease_late_s: Annotated[int, Field(ge=60, le=3 * 3600)] = 900
    batch_every_s: Annotated[int, Field(ge=0, le=3600)] = 30
    batch_ahead_s: Annotated[int, Field(ge=0, le=DAY_S)] = 3600
    solve_latency_s: Annotated[int, Field(ge=1, le=600)] = 5
    ride_iterations: Annotated[int, Field(ge=1, le=10_000)] = 10
    solve_iterations: Annotated[int, Field(ge=1, le=10_000_000)] = 600
    second_look: bool = False
    answer_after_s: Annotated[int, Field(ge=0, le=3600)] = 0
    group_rides: Annotated[int, Field(ge=10, le=5000)] = 300
    km_weight: Annotated[int, Field(ge=0, le=1000)] = 0
    walk_weight: Annotated[float, Field(ge=0, le=100)] = 0.5
    wait_weight: Annotated[float, Field(ge=0, le=100)] = 0.5
    ride_weight: Annotated[float, Field(ge=0, le=100)] = 0.5
    delay_weight: Annotated[float, Field(ge=0, le=100)] = 0.3

    @property
    def answer_s_max(self) -> int:
        """Longest time that a request waits for its answer."""
        if not (self.answer_after_s or self.second_look):
            return 0
        return self.answer_after_s + self.solve_latency_s + 1


class WaitingPlace(StrEnum):
    """Where an idle shuttle waits."""

    STAY = "stay"
    """Where it is."""
    DEPOT = "depot"
    """At its depot, once it has been idle for a while."""
    FORECAST = "forecast"
    """Near where requests are expected."""


class Parking(Part):
    """Where shuttles without work wait.

    Parameters
    ----------
    strategy
        Where.
    every_s
        How often that is considered.
    idle_s
        For how long a shuttle stands idle before it goes to its depot.
    ahead_s
        How far ahead the forecast is looked at.
    worth_s
        Seconds of empty driving that having one more expected request in reach is worth.
    """

    strategy: WaitingPlace = WaitingPlace.STAY
    every_s: Annotated[int, Field(ge=30, le=DAY_S)] = 300
    idle_s: Seconds = 600
    ahead_s: Annotated[int, Field(ge=60, le=DAY_S)] = 1800
    worth_s: Seconds = 900


class Corridor(Part):
    """Roads on which no shuttle drives at some times.

    Parameters
    ----------
    links
        Ids of directed links; ``4711:*`` are all whose id begins like that.
    not_in
        Classes of weather, or ``darkness``, in which they are not driven.
    """

    links: Annotated[tuple[str, ...], Field(min_length=1)]
    not_in: Annotated[tuple[str, ...], Field(min_length=1)]


class SpeedCapSettings(Part):
    """How fast shuttles drive at most at some times.

    Parameters
    ----------
    speed_kmh
        The cap.
    within
        Classes of weather, or ``darkness``, in which it holds.
    links
        Ids of directed links on which it holds, as for corridors; none: all roads.
    """

    speed_kmh: Annotated[float, Field(ge=1, le=200)]
    within: Annotated[tuple[str, ...], Field(min_length=1)]
    links: tuple[str, ...] = ()


class OperatingDomain(Part):
    """What shuttles are built and licensed for.

    Parameters
    ----------
    weather_not_driven
        Classes of weather in which none drives, as forecasts name them.
    corridors
        Roads that are not driven at some times.
    speed_caps
        How fast shuttles drive at most at some times.
    """

    weather_not_driven: tuple[str, ...] = ()
    corridors: tuple[Corridor, ...] = ()
    speed_caps: tuple[SpeedCapSettings, ...] = ()


class Privacy(Part):
    """What is kept of riders.

    Parameters
    ----------
    contacts_days
        Names, phones and notes are erased so many days after they were given; not before their
        ride is over.
    calling_code
        Country of phone numbers that begin with a single 0 (33: France); absent: only
        international numbers are taken.
    """

    contacts_days: Annotated[int, Field(ge=1, le=3660)] = 30
    calling_code: Annotated[int, Field(ge=1, le=999)] | None = None


ZoneName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]
"""A zone's name among those of its territory."""


class Territory(Part):
    """A territory's settings.

    Parameters
    ----------
    name
        As its people call it.
    town
        Name of the place that people mean by "town" (``places.csv``), for access figures.
    supervision
        Absent: all shuttles may move at once.
    zones
        H3 cells by the name of a zone, where the territory is cut into several.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    timezone: str = "Europe/Paris"
    town: str | None = None
    service: ServiceHours = ServiceHours()
    promises: Promises = Promises()
    stop_times: StopTimes = StopTimes()
    travel: Travel = Travel()
    dispatch: DispatchSettings = DispatchSettings()
    parking: Parking = Parking()
    fleet: Annotated[tuple[FleetGroup, ...], Field(min_length=1)]
    chargers: tuple[ChargerSettings, ...] = ()
    operating_domain: OperatingDomain = OperatingDomain()
    supervision: Supervision | None = None
    privacy: Privacy = Privacy()
    zones: dict[ZoneName, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )

    @property
    def reserve_s(self) -> int:
        """Reserve of plans: at most half of what waits and rides leave if nothing goes wrong."""
        stop_s = self.stop_times.base_s + self.stop_times.party_s
        spare_s = self.promises.wait_s_max - stop_s
        if self.promises.ride_factor:
            spare_s = min(spare_s, self.promises.ride_constant_s)
        return max(min(self.dispatch.reserve_s, spare_s // 2), 0)

    @model_validator(mode="after")
    def _batteries_can_be_charged(self) -> Self:
        if not self.chargers and any(group.battery is not None for group in self.fleet):
            raise ValueError("shuttles have batteries, but there is no charger")
        return self

    @model_validator(mode="after")
    def _home_has_its_time(self) -> Self:
        if self.service.closes_s is None and any(g.home and not g.shifts for g in self.fleet):
            raise ValueError("a fleet comes home when the service closes, but it never does")
        return self

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone '{name}'") from None
        return name
