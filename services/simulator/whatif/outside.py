"""What came from outside on a lived day: wishes, intents and mishaps, whatever was decided.

The later messages of riders and shuttles answered the plans of that day; of them only what would
have happened under other plans too is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.dispatcher.service import Step
from services.domain.calendar import Calendar
from services.domain.events import (
    AcceptOffer,
    CancelRide,
    CloseRoads,
    Departed,
    Event,
    Fault,
    Message,
    OpenRoads,
    Passed,
    Repaired,
    RequestRide,
    RideBoarded,
    RideConfirmed,
    RideNoShow,
    RideOffered,
    RideRefused,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.operating_domain import RestrictDriving
from services.domain.ride import Offer, Request, Ride
from services.domain.settings_part import DAY_S

LATE_S = 60
"""A report that came so late was kept back by a shuttle that could not be heard."""


@dataclass(slots=True)
class LivedRider:
    """A party that asked for a ride, and what it did of its own accord.

    Parameters
    ----------
    asked_s
        When it asked, in seconds of the zone.
    offer, offered_s
        The first offer that it got, and when.
    answered_s
        When it had an offer or was refused.
    accepted_s, declined_s
        When it took an offer, or said that it does not want it.
    cancelled_s
        When it changed its mind, after it had taken an offer or before it had any.
    came
        Whether it was at its stop; absent: nobody knows.
    ride
        As it was at last.
    """

    request: Request
    asked_s: int
    offer: Offer | None = None
    offered_s: int | None = None
    answered_s: int | None = None
    accepted_s: int | None = None
    declined_s: int | None = None
    cancelled_s: int | None = None
    confirmed: bool = False
    came: bool | None = None
    ride: Ride | None = None

    @property
    def departure_s(self) -> int:
        """When it could leave, and had asked."""
        return max(self.request.departure_s, self.asked_s)


@dataclass(slots=True)
class Spell:
    """A time in which something was out of order; without an end, to the end of the journal."""

    shuttle_id: ShuttleId
    from_s: int
    until_s: int | None = None


@dataclass(slots=True)
class Outside:
    """All that came from outside while a journal was written, in seconds of the zone.

    Parameters
    ----------
    breakdowns, blackouts
        Of shuttles; blackouts as far as reports that came late show them.
    closed
        Commands that closed roads, with when they were given, and by closure the time at which they
        were lifted.
    driving
        What was said about when shuttles may drive, and when.
    ways
        From which stop to which shuttles set off, how often, by day.
    calendar
        When clocks were changed.
    """

    riders: dict[RideId, LivedRider] = field(default_factory=dict)
    breakdowns: list[Spell] = field(default_factory=list)
    blackouts: list[Spell] = field(default_factory=list)
    closed: list[tuple[int, CloseRoads]] = field(default_factory=list)
    opened: dict[str, int] = field(default_factory=dict)
    driving: list[tuple[int, RestrictDriving]] = field(default_factory=list)
    ways: dict[int, Counter[tuple[int, int]]] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    def day_of(self, at_s: int) -> int:
        """On which day of the zone a time lies."""
        return self.calendar.local_s(at_s) // DAY_S

    def begins_s(self, day: int) -> int:
        """From when on a day counts: twelve hours before its noon."""
        return self.calendar.at_s(day * DAY_S + DAY_S // 2) - DAY_S // 2

    def days(self) -> dict[int, int]:
        """How many rides were wanted on each day of the zone."""
        days = Counter(self.day_of(one.request.departure_s) for one in self.riders.values())
        return dict(sorted(days.items()))

    def of_day(self, day: int) -> Iterator[LivedRider]:
        """Who wanted to ride on a day, in the order in which they asked."""
        for one in self.riders.values():
            if self.day_of(one.request.departure_s) == day:
                yield one


def outside(steps: Iterable[Step], calendar: Calendar | None = None) -> Outside:
    """Take out of a journal what came from outside."""
    found = Outside(calendar=calendar or Calendar())
    for step in steps:
        for message in step.inputs:
            _hear(found, message, step.now_s)
        for event in step.events:
            _told(found, event, step.now_s)
        for ride in step.rides:
            if ride.id in found.riders:
                found.riders[ride.id].ride = ride
    return found


def _hear(found: Outside, message: Message, now_s: int) -> None:
    match message:
        case RequestRide(request=request):
            found.riders.setdefault(request.ride_id, LivedRider(request, now_s))
        case AcceptOffer(ride_id=ride_id) if rider := found.riders.get(ride_id):
            rider.accepted_s = rider.accepted_s or now_s
        case CancelRide(ride_id=ride_id) if rider := found.riders.get(ride_id):
            if rider.offer is not None and rider.accepted_s is None:
                rider.declined_s = rider.declined_s or now_s
            else:
                rider.cancelled_s = rider.cancelled_s or now_s
        case CloseRoads():
            found.closed.append((now_s, message))
            found.opened.pop(message.closure_id, None)
        case OpenRoads(closure_id=closure_id):
            found.opened.setdefault(closure_id, now_s)
        case RestrictDriving():
            found.driving.append((now_s, message))
        case _:
            _report(found, message, now_s)


def _report(found: Outside, message: Message, now_s: int) -> None:
    at_s, shuttle_id = getattr(message, "at_s", None), getattr(message, "shuttle_id", None)
    if at_s is None or shuttle_id is None or isinstance(message, Passed):
        return
    if now_s - at_s >= LATE_S:
        last = next((one for one in found.blackouts if one.until_s == now_s
                     and one.shuttle_id == shuttle_id), None)  # fmt: skip
        if last is None:
            found.blackouts.append(Spell(shuttle_id, at_s, now_s))
        else:
            last.from_s = min(last.from_s, at_s)
    match message:
        case Departed(stop=stop, towards=towards):
            found.ways.setdefault(found.day_of(at_s), Counter())[stop, towards] += 1
        case Fault():
            found.breakdowns.append(Spell(shuttle_id, at_s))
        case Repaired():
            for spell in found.breakdowns:
                if spell.shuttle_id == shuttle_id and spell.until_s is None:
                    spell.until_s = at_s


def _told(found: Outside, event: Event, now_s: int) -> None:
    rider = found.riders.get(getattr(event, "ride_id", None) or RideId(""))
    if rider is None:
        return
    match event:
        case RideOffered(offer=offer):
            rider.answered_s = rider.answered_s or now_s
            rider.offer, rider.offered_s = rider.offer or offer, rider.offered_s or now_s
        case RideRefused():
            rider.answered_s = rider.answered_s or now_s
        case RideConfirmed():
            rider.confirmed = True
        case RideNoShow():
            rider.came = False
        case RideBoarded():
            rider.came = True
        case _:
            pass
