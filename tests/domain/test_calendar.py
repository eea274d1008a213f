"""What clocks show while seconds count on, across both changes of a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.domain.calendar import Calendar
from services.domain.settings_part import DAY_S
from services.runtime.clock import ServiceDay

PLACES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
FIRST = date(2026, 2, 2)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
seconds = st.integers(0, 3 * 366 * DAY_S)


def shown_s(day: ServiceDay, at_s: int) -> int:
    """What clocks show, in seconds after the first midnight, by the time zone itself."""
    naive = day.moment(at_s).replace(tzinfo=None)
    return round((naive - datetime.combine(day.date, datetime.min.time())).total_seconds())


@given(days, st.sampled_from(PLACES), seconds)
def test_a_calendar_says_what_clocks_show(first: date, place: str, at_s: int) -> None:
    day = ServiceDay(first, place)
    assert day.calendar.local_s(at_s) == shown_s(day, at_s)


@given(days, st.sampled_from(PLACES), seconds)
def test_what_clocks_show_is_shown_then(first: date, place: str, at_s: int) -> None:
    calendar = ServiceDay(first, place).calendar
    local_s = calendar.local_s(at_s)
    assert calendar.local_s(calendar.at_s(local_s)) == local_s
    assert calendar.at_s(local_s) >= at_s, "the second time, if clocks show it twice"


@given(days, st.integers(0, 700), st.integers(0, DAY_S - 1), st.integers(0, DAY_S - 1))
def test_the_last_time_that_clocks_showed_an_hour_is_less_than_a_day_and_an_hour_ago(
    first: date, ahead: int, second: int, of_day_s: int
) -> None:
    calendar = ServiceDay(first, "Europe/Paris").calendar
    at_s = ahead * DAY_S + second
    last_s = calendar.last_s(of_day_s, at_s)
    assert at_s - DAY_S - 3600 <= last_s <= at_s + 3600
    hour = calendar.local_s(last_s) % DAY_S
    assert hour in (of_day_s, of_day_s + 3600), "the second, if clocks never showed it that day"


def test_without_changes_a_clock_shows_what_is_counted() -> None:
    assert ServiceDay(FIRST, "Asia/Kolkata").calendar == Calendar()
    assert Calendar().local_s(123) == Calendar().at_s(123) == 123


def test_a_day_begins_at_noon_less_twelve_hours() -> None:
    for ahead in range(366):
        day = ServiceDay(FIRST, "Europe/Paris")
        noon_s = day.seconds(day.later(ahead).midnight) + DAY_S // 2
        assert day.calendar.local_s(noon_s) == ahead * DAY_S + DAY_S // 2
        noon = datetime.combine(FIRST + timedelta(days=ahead), datetime.min.time())
        noon = noon.replace(hour=12, tzinfo=ZoneInfo("Europe/Paris"))
        assert day.seconds(noon) == noon_s
        assert day.days_at(noon_s) == ahead
