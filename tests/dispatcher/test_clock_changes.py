"""Clocks are put forward and back while a zone counts on: hours of the day stay what they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.arrays import allocated
from services.dispatcher.core import Zone
from services.dispatcher.duties import tasks_between
from services.dispatcher.moves import limit_at
from services.dispatcher.pages import limits_at, turned
from services.domain.calendar import Calendar
from services.domain.daylight import light_s
from services.domain.events import RequestRide, RideOffered, RideRefused, WakeUp
from services.domain.geo import Point
from services.domain.ids import ZoneId
from services.domain.ride import Constraint
from services.domain.settings_part import DAY_S
from services.domain.task import TaskKind
from services.network.fingerprint import fingerprint
from services.network.nights import dark_hours
from services.network.served import Served
from services.runtime.clock import ServiceDay, VirtualClock
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.zone_clocks import dated, zone_clocks
from tests.builders import LINE, cleaning, crow_network, fleet, request, territory

PLACE = "Europe/Paris"
DAY = ServiceDay(date(2026, 2, 2), PLACE)
DAYS = (date(2026, 2, 5), date(2026, 3, 30), date(2026, 6, 1), date(2026, 10, 26), date(2027, 7, 1))
"""Before and after clocks are put forward, put back, and put forward again."""
WATCH = {"between": ["07:00", "19:00"], "count": 1}
RULES: dict[str, Any] = {
    "timezone": PLACE,
    "service": {"opens": "07:00", "closes": "19:00"},
    "supervision": {"shuttles_per_operator": 3, "operators": [WATCH]},
    "promises": {"book_ahead_s_max": 30 * DAY_S},
}


def at_s(day: date, hour: int, minute: int = 0) -> int:
    """When clocks show a time on a day."""
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo(PLACE))
    return DAY.seconds(midnight.replace(hour=hour, minute=minute))


def zone(**own: Any) -> Zone:
    network = crow_network(LINE, territory(**RULES))
    return Zone(replace(network, calendar=DAY.calendar), fleet(0, 4, **own))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_service_opens_and_closes_by_what_clocks_show(day: date) -> None:
    made = zone()
    for hour, minute, outcome in ((6, 30, RideRefused), (7, 5, RideOffered), (18, 30, RideOffered)):
        now_s = at_s(day, hour, minute) - 60
        asked = RequestRide(request(f"r{hour}", 3, 6, now_s + 60))
        events = made.apply(asked, now_s)
        (answer,) = [one for one in events if isinstance(one, RideOffered | RideRefused)]
        assert isinstance(answer, outcome), hour
        if isinstance(answer, RideRefused):
            assert answer.refusal.reason is Constraint.SERVICE_HOURS
    opens_s, closes_s = made.terms.hours(request("r", 1, 2, at_s(day, 12)))
    assert (opens_s, closes_s) == (at_s(day, 7), at_s(day, 19))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_shifts_and_upkeep_go_by_what_clocks_show(day: date) -> None:
    shift, wash = (7 * 3600, 19 * 3600), cleaning(5, 12 * 3600, 13 * 3600)
    (shuttle,) = fleet(0, shifts=(shift,), upkeep=(wash,))
    begins_s, ends_s = at_s(day, 4), at_s(day + timedelta(days=1), 4)
    tasks = {one.kind: one for one in tasks_between(DAY.calendar, shuttle, begins_s, ends_s)}
    off = tasks[TaskKind.OFF_DUTY]
    assert off.earliest_s == at_s(day, 19)
    assert off.earliest_s + off.duration_s == at_s(day + timedelta(days=1), 7)
    assert tasks[TaskKind.CLEANING].earliest_s == at_s(day, 12)


def test_the_nights_of_the_changes_are_an_hour_shorter_and_longer_off_duty() -> None:
    (shuttle,) = fleet(0, shifts=((7 * 3600, 19 * 3600),))
    rests = {
        day: next(tasks_between(DAY.calendar, shuttle, at_s(day, 12), at_s(day, 23))).duration_s
        for day in (date(2026, 3, 27), date(2026, 3, 28), date(2026, 10, 24))
    }
    assert list(rests.values()) == [12 * 3600, 11 * 3600, 13 * 3600]


@given(st.integers(0, 800), st.integers(0, 1439))
def test_who_is_on_duty_goes_by_what_clocks_show_wherever_it_is_asked(days: int, of: int) -> None:
    made = zone()
    limits = np.array(made.territory.supervision.limits, np.int64)  # type: ignore[union-attr]
    arrays = turned(allocated(made.fleet.arrays.heads, 8, limits), DAY.calendar, days * DAY_S)
    minute = days * 1440 + of
    moment = DAY.moment(minute * 60)
    expected = 3 if 7 <= moment.hour < 19 else 0
    first = int(arrays.days[0, 0])
    assert limit_at(arrays, minute - first) == expected
    assert limits_at(arrays, np.array([minute])).tolist() == [expected]
    assert made.fleet.limit(minute) == expected


@pytest.mark.parametrize("day", [*DAYS, date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25)])
def test_it_is_dark_when_the_sun_is_down_also_where_clocks_change_in_between(day: date) -> None:
    network = crow_network(LINE, territory(**RULES))
    place = Point(float(network.stops.lon.mean()), float(network.stops.lat.mean()))
    begins_s = DAY.seconds(ServiceDay(day, PLACE).midnight)
    for night, ahead in zip(dark_hours(network, day), (-1, 0, 1), strict=True):
        evening, morning = (day + timedelta(days=ahead + later) for later in (0, 1))
        rises = light_s(place, morning, PLACE)
        assert rises is not None
        midnight = datetime.combine(morning, datetime.min.time(), ZoneInfo(PLACE))
        assert begins_s + (night.until_s or 0) == DAY.seconds(midnight) + rises[0]
        sets = light_s(place, evening, PLACE)
        assert sets is not None
        midnight = datetime.combine(evening, datetime.min.time(), ZoneInfo(PLACE))
        if ahead >= 0:
            assert begins_s + night.from_s == DAY.seconds(midnight) + sets[1]


def lived(days: int) -> Zone:
    """A zone that is so many days old, with rides on the last of them."""
    made = zone()
    for day in range(days):
        now_s = at_s(DAY.date + timedelta(days=day), 8)
        made.apply(WakeUp(), now_s)
        made.apply(RequestRide(request(f"r{day}", 3, 6, now_s + 600)), now_s)
    return made


def test_what_is_booked_takes_no_more_room_in_an_old_zone_than_in_a_young_one() -> None:
    young, old = lived(4), lived(70)
    assert len(old.fleet.arrays.total) <= len(young.fleet.arrays.total) + 1440
    assert old.fleet.arrays.booked.any()
    spans, booked = old.fleet.arrays.spans, old.fleet.arrays.booked
    assert (spans[:, 1] <= booked.shape[1]).all()


def test_an_old_zone_goes_on_from_its_rows_as_it_was() -> None:
    old = lived(60)
    network = replace(crow_network(LINE, territory(**RULES)), calendar=DAY.calendar)
    shuttles = tuple(route.shuttle for route in old.fleet.routes)
    again = Zone.restored(network, shuttles, old.rows())
    assert set(again.rows()) == set(old.rows())
    assert (again.fleet.arrays.total == old.fleet.arrays.total).all()
    now_s = old.now_s + 60
    asked = RequestRide(request("next", 2, 5, now_s + 600))
    assert again.apply(asked, now_s) == old.apply(asked, now_s)


async def test_a_zone_that_is_served_knows_when_clocks_change() -> None:
    store, zone_id = EmbeddedStore(), ZoneId("main")
    served = [Served(zone_id, crow_network(LINE, territory(**RULES)))]
    clock = VirtualClock(DAY, 0)
    clocks = await zone_clocks(store, served, 1, clock)
    assert dated(served, clocks)[zone_id].calendar == DAY.calendar != Calendar()
    assert fingerprint(dated(served, clocks)[zone_id]) != fingerprint(served[0][1])
