"""Clocks tell the seconds of the service day, and never go back."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.clock import ServiceDay, VirtualClock, WallClock

DAY = ServiceDay(date(2026, 6, 10), "Europe/Paris")


def test_seconds_count_from_local_midnight() -> None:
    assert DAY.midnight == datetime(2026, 6, 9, 22, tzinfo=UTC)
    assert DAY.seconds(datetime(2026, 6, 10, 8, 0, 5, tzinfo=ZoneInfo("Europe/Paris"))) == 28_805
    assert DAY.moment(28_805).isoformat() == "2026-06-10T08:00:05+02:00"
    assert DAY.moment(86_400).isoformat() == "2026-06-11T00:00:00+02:00"


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_time_of_day_keeps_its_seconds_when_the_clocks_change(day: date) -> None:
    eight = ServiceDay(day, "Europe/Paris").moment(8 * 3600)
    assert (eight.hour, eight.minute) == (8, 0)


@given(st.integers(-86_400, 10 * 86_400), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_a_moment_has_the_seconds_that_it_was_made_from(at_s: int, day: date) -> None:
    service_day = ServiceDay(day, "Europe/Paris")
    assert service_day.seconds(service_day.moment(at_s)) == at_s


def test_a_wall_clock_goes_by_its_speed() -> None:
    real = [100.0]
    clock = WallClock(DAY, 28_800, speed=60, monotonic=lambda: real[0])
    assert clock.now_s() == 28_800
    midnight_ms = round(DAY.midnight.timestamp() * 1000)
    real[0] += 1.51
    assert clock.now_s() == 28_890
    assert clock.now_ms() - midnight_ms == pytest.approx(28_890_600, abs=1)


async def test_a_wall_clock_sleeps_in_its_own_seconds() -> None:
    clock = WallClock(DAY, 0, speed=1000)
    async with asyncio.timeout(5):
        await clock.sleep_until(20)
    assert clock.now_s() >= 20
    await clock.sleep_until(1)


def test_a_wall_clock_can_start_now() -> None:
    clock = WallClock.from_now("Europe/Paris")
    assert abs(clock.now_ms() / 1000 - datetime.now(UTC).timestamp()) < 5
    assert 0 <= clock.now_s() <= 90_000


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_clock_needs_a_speed(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        WallClock(DAY, 0, speed=speed)


async def test_a_virtual_clock_wakes_sleepers_in_their_order() -> None:
    clock = VirtualClock(DAY, 100)
    woken: list[int] = []

    async def sleeper(at_s: int) -> None:
        await clock.sleep_until(at_s)
        woken.append(at_s)

    tasks = [asyncio.create_task(sleeper(at_s)) for at_s in (300, 150, 200, 90)]
    await asyncio.sleep(0)
    assert woken == [90]
    clock.advance_to(200)
    await asyncio.sleep(0)
    assert woken == [90, 150, 200]
    clock.advance_to(400)
    await asyncio.gather(*tasks)
    assert woken == [90, 150, 200, 300]
    assert clock.now_s() == 400


def test_a_virtual_clock_does_not_go_back() -> None:
    clock = VirtualClock(DAY, 100)
    with pytest.raises(ValueError, match="go back"):
        clock.advance_to(99)
    assert clock.now_ms() == round(DAY.midnight.timestamp() * 1000) + 100_000


def test_a_clock_that_shows_the_real_time_follows_it_and_never_goes_back() -> None:
    real, shown = [100.0], [DAY.midnight.timestamp() + 28_800.0]
    clock = WallClock(DAY, 28_800, monotonic=lambda: real[0], wall=lambda: shown[0])
    assert clock.is_real

    def later(seconds: float, set_s: float = 0.0) -> float:
        before_ms = clock.now_ms()
        real[0] += seconds
        shown[0] += seconds + set_s
        assert clock.now_ms() >= before_ms
        return clock.now_ms() / 1000 - shown[0]

    assert later(10) == pytest.approx(0, abs=0.002)
    assert later(2, set_s=600) == pytest.approx(0, abs=0.002), "a machine that slept is right again"
    assert 0 < later(2, set_s=-10) <= 10
    ahead_s = [later(1) for _ in range(30)]
    assert ahead_s == sorted(ahead_s, reverse=True)
    assert ahead_s[-1] == pytest.approx(0, abs=0.002), "it went slower until it was right"


def test_a_clock_of_another_day_follows_the_real_time_too() -> None:
    real, shown = [0.0], [DAY.midnight.timestamp()]
    clock = WallClock(DAY, 0, monotonic=lambda: real[0], wall=lambda: shown[0])
    other = clock.on(ServiceDay(date(2026, 6, 9), "Europe/Paris"))
    real[0] += 2
    shown[0] += 3600
    assert other.now_s() == 86_400 + 3600
    assert clock.now_s() == 3600


def test_a_clock_that_is_set_by_hand_or_runs_faster_follows_nothing() -> None:
    assert not WallClock(DAY, 0).is_real
    assert not WallClock.from_now("UTC", speed=60).is_real
    assert not WallClock.from_text("1,1,1").is_real
    assert WallClock.from_now("UTC").is_real
