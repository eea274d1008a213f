"""The referee adds up energy, plugs and operators."""

from __future__ import annotations

from dataclasses import replace

from services.domain.referee import Rule, Violation, new_violations, violations
from services.domain.ride import Status
from tests.domain.test_referee import (
    CHARGE,
    CHARGED,
    DROPOFF,
    NOON_S,
    PICKUP,
    R1,
    energy,
    later,
    plan,
    promised,
    ride,
    situation,
    supervised,
    watched,
)


def test_a_drive_is_booked_for_each_minute_that_it_may_touch() -> None:
    both = watched(PICKUP, DROPOFF)
    for full in range(PICKUP.leave_s // 60 - 2, DROPOFF.arrive_s // 60 + 9):
        now = supervised(limit=lambda minute, full=full: 2 if minute == full else 3)
        inside = any(v.leave_s // 60 <= full <= (v.arrive_s + 299) // 60 for v in both)
        found = violations(plan(*both), situation(ride(R1), supervised=now))
        assert found == ((Violation(Rule.SUPERVISION, 0, None, 1),) if inside else ()), full


def test_a_shuttle_that_is_at_its_stop_already_needs_nobody() -> None:
    alighting = replace(PICKUP, board=(), leave=(R1,))
    here = supervised(limit=lambda minute: 0, standing=PICKUP.stop)
    one = promised(ride(R1, status=Status.ABOARD), dropoff_stop=1)
    now = situation(one, aboard={R1: NOON_S}, holds=(), supervised=here)
    assert violations(plan(alighting), now) == ()


def test_too_many_may_move_if_too_many_did_before() -> None:
    full = situation(ride(R1), supervised=supervised(limit=lambda minute: 0))
    one = violations(plan(*watched(PICKUP)), full)
    both = violations(plan(*watched(PICKUP, DROPOFF)), full)
    worse = tuple(v for v in both if v.rule is Rule.SUPERVISION)
    assert new_violations(worse, worse) == ()
    assert new_violations(worse, one) == worse


def test_the_way_to_a_charger_is_kept_and_what_comes_in_counts() -> None:
    enough = situation(ride(R1), energy=energy(level_mwh=810))
    assert violations(plan(PICKUP, DROPOFF), enough) == ()
    short = situation(ride(R1), energy=energy(level_mwh=800))
    assert violations(plan(PICKUP, DROPOFF), short) == (Violation(Rule.ENERGY, 1, None, 10),)
    charging = situation(ride(R1), tasks=(CHARGE,), energy=energy(level_mwh=600))
    board, leave = later(PICKUP, 1300), later(DROPOFF, 1300)
    late = promised(ride(R1), pickup_to_s=NOON_S + 9000, arrive_by_s=NOON_S + 9000)
    charging = replace(charging, rides={R1: late})
    assert violations(plan(CHARGED, board, leave), charging) == ()


def test_a_plug_is_free_when_others_are_done() -> None:
    done = energy(booked=lambda stop: [(NOON_S - 900, NOON_S), (NOON_S + 2100, NOON_S + 3000)])
    assert violations(plan(CHARGED), situation(tasks=(CHARGE,), energy=done)) == ()
