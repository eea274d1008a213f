"""The shuttles of a territory, and where they charge, as its settings have them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.domain.settings_part import DAY_S, Clock, Part, seconds


class UpkeepKind(StrEnum):
    """What is done to a shuttle every day."""

    CLEANING = "cleaning"
    MAINTENANCE = "maintenance"


class DailyUpkeep(Part):
    """What each shuttle of a group needs once a day; they take turns over the window.

    Parameters
    ----------
    between
        Times of day within which it begins and ends.
    duration_s
        What it takes.
    stop
        ``stop_id`` of the stop where it is done; absent: the depot.
    """

    kind: UpkeepKind
    between: tuple[Clock, Clock]
    duration_s: Annotated[int, Field(gt=0, le=DAY_S)]
    stop: str | None = None

    @property
    def window_s(self) -> tuple[int, int]:
        """Earliest begin and latest end, in seconds after midnight."""
        from_s, to_s = map(seconds, self.between)
        return from_s, to_s if to_s > from_s else to_s + DAY_S

    @model_validator(mode="after")
    def _fits_in(self) -> Self:
        from_s, to_s = self.window_s
        if to_s - from_s < self.duration_s:
            raise ValueError(f"{self.kind} takes longer than the time it is to be done in")
        return self


class Watch(Part):
    """Operators on duty, every day between two times; equal times mean around the clock."""

    between: tuple[Clock, Clock]
    count: Annotated[int, Field(ge=1, le=1000)]


class Supervision(Part):
    """Who watches moving shuttles from afar.

    Parameters
    ----------
    shuttles_per_operator
        How many moving shuttles each operator may supervise.
    operators
        Outside of these times nobody is on duty, and no shuttle sets off.
    """

    shuttles_per_operator: Annotated[int, Field(ge=1, le=1000)]
    operators: Annotated[tuple[Watch, ...], Field(min_length=1)]

    @property
    def limits(self) -> tuple[int, ...]:
        """How many shuttles may move at once, all through each minute of the day."""
        limits = [0] * (DAY_S // 60)
        for watch in self.operators:
            from_s, to_s = map(seconds, watch.between)
            to_s = to_s if to_s > from_s else to_s + DAY_S
            for minute in range(-(-from_s // 60), to_s // 60):
                limits[minute % len(limits)] += watch.count * self.shuttles_per_operator
        return tuple(limits)


Share = Annotated[float, Field(ge=0, le=1)]


class BatterySettings(Part):
    """The battery of each shuttle of a group.

    Parameters
    ----------
    capacity_wh
        What it holds.
    reserve_share
        What no plan touches, as a share of that.
    start_share
        How full it is when the day begins.
    charge_below_share, charge_to_share
        An idle shuttle goes to charge when less than this is left, and charges up to that.
    per_hour_wh
        Drawn while it drives, whatever the speed: heating, computers.
    per_stop_wh
        Drawn at each stop at which somebody gets on or off.
    """

    capacity_wh: Annotated[int, Field(gt=0, le=1_000_000)]
    reserve_share: Share = 0.15
    start_share: Share = 1.0
    charge_below_share: Share = 0.6
    charge_to_share: Share = 0.9
    per_hour_wh: Annotated[int, Field(ge=0, le=100_000)] = 0
    per_stop_wh: Annotated[int, Field(ge=0, le=10_000)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.reserve_share < self.charge_below_share < self.charge_to_share:
            raise ValueError("reserve_share < charge_below_share < charge_to_share must hold")
        if self.start_share < self.reserve_share:
            raise ValueError("start_share lies below the reserve")
        return self


class ChargerSettings(Part):
    """A place to charge: at a stop, so many shuttles at a time, each with this power."""

    stop: str
    power_kw: Annotated[float, Field(gt=0, le=1000)]
    plugs: Annotated[int, Field(ge=1, le=1000)] = 1


class FleetGroup(Part):
    """Shuttles of one kind that start the day at one stop.

    Parameters
    ----------
    depot
        ``stop_id`` of the stop where they start.
    shifts
        From when to when they are on duty; at all other times they are at their depot. None:
        always.
    home
        Without shifts: they leave their depot when the service opens, and return after it closed.
    upkeep
        What each of them needs every day.
    drives_in_darkness
        False: they drive from the beginning of civil twilight in the morning to its end.
    battery
        Absent: energy is counted, but never runs out.
    """

    depot: str
    shifts: tuple[tuple[Clock, Clock], ...] = ()
    home: bool = False
    upkeep: tuple[DailyUpkeep, ...] = ()
    count: Annotated[int, Field(ge=1, le=10_000)]
    seats: Annotated[int, Field(ge=1, le=200)] = 8
    wheelchair_places: Annotated[int, Field(ge=0, le=50)] = 1
    seats_per_wheelchair: Annotated[int, Field(ge=0, le=20)] = 0
    """Seats that are folded away for each rider in a wheelchair."""
    luggage_places: Annotated[int, Field(ge=0, le=500)] = 8
    energy_wh_per_km: Annotated[float, Field(gt=0, le=5000)] = 450
    drives_in_darkness: bool = True
    battery: BatterySettings | None = None

    @property
    def shifts_s(self) -> tuple[tuple[int, int], ...]:
        """Shifts in seconds after midnight, in order; past 86,400 where they end a day later."""
        spans = [(seconds(from_), seconds(to)) for from_, to in self.shifts]
        return tuple(sorted((a, b if b > a else b + DAY_S) for a, b in spans))

    @model_validator(mode="after")
    def _day_is_possible(self) -> Self:
        shifts = self.shifts_s
        following = [(a + DAY_S, b + DAY_S) for a, b in shifts[:1]]
        for (_, ends_s), (begins_s, _) in zip(shifts, [*shifts[1:], *following], strict=True):
            if begins_s < ends_s:
                raise ValueError("shifts overlap")
        for upkeep in self.upkeep:
            from_s, to_s = upkeep.window_s
            days_s = (-DAY_S, 0, DAY_S)
            if shifts and not any(
                a <= from_s + day_s and to_s + day_s <= b for a, b in shifts for day_s in days_s
            ):
                raise ValueError(f"{upkeep.kind} lies outside of the shifts, or across two")
        return self
