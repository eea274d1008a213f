"""What judges the online benchmark lets a right day pass, and sees each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.online.beside import Beside
from benchmarks.online.days import Day, Form, Order, Van, simulation_of
from benchmarks.online.judge import Judgement, Records, judge, records_of
from benchmarks.online.stopwatch import Stopwatch, Took
from services.dispatcher.arrays import Ask, Fleet
from services.dispatcher.columns import F_VALUE
from services.domain.ride import Status
from services.network.driving import Ways

KM = 1_000_000
MINUTES = 60


def order(name: str, at_min: int, origin: int, destination: int) -> Order:
    asked_s = at_min * MINUTES
    return Order(
        request_id=name,
        request_s=asked_s,
        origin=origin,
        destination=destination,
        seats=2,
        direct_s=0,
        pickup_by_s=asked_s + 1200,
        dropoff_by_s=asked_s + 3600,
        ride_s_max=3600,
    )


@pytest.fixture
def day() -> Day:
    """Four stops in a row; the second request turns the van around, the last two share it."""
    return Day(
        name="four stops",
        xy_mm=np.array([(0, 0), (4 * KM, 0), (8 * KM, 0), (12 * KM, KM)], np.int64),
        orders=(
            order("a", 10, 1, 3),
            order("b", 11, 0, 2),
            order("c", 60, 2, 0),
            order("d", 61, 1, 0),
        ),
        vans=(Van("van-000", 0, 4),),
    )


@pytest.fixture
def records(day: Day) -> Records:
    simulation = simulation_of(day, Form.ARRIVAL)
    simulation.run()
    return records_of(simulation)


def verdict(day: Day, records: Records) -> Judgement:
    return judge(day, Form.ARRIVAL, records)


def test_a_right_day_passes(day: Day, records: Records) -> None:
    assert verdict(day, records).faults == ()
    assert {ride.status for ride in records.rides.values()} == {Status.COMPLETED}
    assert verdict(day, records).driven_km > 20


def picked_up_late(records: Records) -> Records:
    late = replace(records.rides["a"], picked_up_s=9999)
    return replace(records, rides={**records.rides, "a": late})


def dropped_off_late(records: Records) -> Records:
    late = replace(records.rides["c"], dropped_off_s=99_999)
    return replace(records, rides={**records.rides, "c": late})


def forgotten(records: Records) -> Records:
    waiting = replace(records.rides["b"], status=Status.CONFIRMED)
    return replace(records, rides={**records.rides, "b": waiting})


def served_by_nobody(records: Records) -> Records:
    ghost = replace(records.rides["a"])
    return replace(records, rides={**records.rides, "nobody": ghost})


def carried_on(records: Records) -> Records:
    stays = [replace(stay, left=[]) for stay in records.stays]
    return replace(records, stays=stays)


def let_off_elsewhere(records: Records) -> Records:
    stays = list(records.stays)
    at = next(i for i, stay in enumerate(stays) if stay.left)
    stays[at] = replace(stays[at], stop=(stays[at].stop + 1) % 4)
    return replace(records, stays=stays)


def driven_too_fast(records: Records) -> Records:
    drives = list(records.drives)
    drives[-1] = drives[-1]._replace(start_ms=drives[-1].start_ms + 2000)
    return replace(records, drives=drives)


def set_off_from_elsewhere(records: Records) -> Records:
    drives = list(records.drives)
    drives[1] = drives[1]._replace(start=(17, 4))
    return replace(records, drives=drives)


def in_two_places(records: Records) -> Records:
    drives = list(records.drives)
    drives[1] = drives[1]._replace(start_ms=drives[0].end_ms - 1000)
    return replace(records, drives=drives)


@pytest.mark.parametrize(
    "wrong",
    [
        picked_up_late,
        dropped_off_late,
        forgotten,
        served_by_nobody,
        carried_on,
        let_off_elsewhere,
        driven_too_fast,
        set_off_from_elsewhere,
        in_two_places,
    ],
)
def test_a_wrong_day_does_not(
    day: Day, records: Records, wrong: Callable[[Records], Records]
) -> None:
    assert verdict(day, wrong(records)).faults != ()


def test_more_on_board_than_fits_is_seen(day: Day, records: Records) -> None:
    small = replace(day, vans=(day.vans[0]._replace(seats=3),))
    assert any("on board" in fault for fault in verdict(small, records).faults)


def test_a_ride_longer_than_allowed_is_seen(day: Day, records: Records) -> None:
    strict = replace(day, orders=tuple(o._replace(ride_s_max=60) for o in day.orders))
    assert len(judge(strict, Form.RIDE, records).faults) == len(day.orders)


def test_plain_insertion_answers_as_the_kernel_does(day: Day) -> None:
    for form in Form:
        simulation, watch = simulation_of(day, form), Stopwatch()
        plain = Beside(simulation.zone, every=1)
        with watch.on(simulation.zone, plain.told):
            simulation.run()
        assert plain.unlike == []
        assert len(plain.plain_s) == len(watch.decided) == len(watch.applied) == len(day.orders)


def test_a_different_answer_is_noticed(day: Day) -> None:
    simulation, watch = simulation_of(day, Form.ARRIVAL), Stopwatch()
    plain = Beside(simulation.zone, every=1)

    def dearer(ways: Ways, fleet: Fleet, ask: Ask, found: Any, took: Took) -> None:
        found = found.copy()
        found[F_VALUE] += 1
        plain.told(ways, fleet, ask, found, took)

    with watch.on(simulation.zone, dearer):
        simulation.run()
    assert len(plain.unlike) == len(day.orders)
