"""Shuttles that may not drive on: their riders change to others, wait on board, or are told."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from services.domain.events import (
    Event,
    Message,
    PromiseChanged,
    RideCompleted,
    RideFailed,
    RideLetOff,
    RideRetimed,
)
from services.domain.operating_domain import RestrictDriving, Restriction
from services.domain.ride import Status
from services.simulator.chance import Chance
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request, territory
from tests.play import Faults, Play
from tests.simulation import harsh
from tests.simulation.audit import Audit

NIGHT_S = 14 * 3600


def play_of(by_light: str, *depots: int, **parts: Any) -> Play:
    """Shuttles ``a``, ``b`` … on a line, of which some drive by light only."""
    rules = territory(**{"promises": harsh.PROMISES, **parts})
    shuttles = (replace(one, dark=one.id not in by_light) for one in fleet(*depots))
    return Play(crow_network(LINE, rules), tuple(shuttles))


def falls(play: Play, at_s: int, *spans: Restriction) -> None:
    """Say, after eight, when shuttles may not drive."""
    play.at(EIGHT_S + at_s, lambda: play.say(RestrictDriving(spans)))


def fog(from_s: int, until_s: int) -> Restriction:
    return Restriction("fog", EIGHT_S + from_s, EIGHT_S + until_s)


def night(from_s: int) -> Restriction:
    return Restriction("darkness", EIGHT_S + from_s, EIGHT_S + from_s + NIGHT_S, darkness=True)


def told(play: Play, kind: type) -> list[Any]:
    return [event for _, event in play.events if isinstance(event, kind)]


@pytest.mark.parametrize("limits", [harsh.PROMISES, {"wait_s_max": 900, "ride_factor": 0}])
@pytest.mark.parametrize(
    ("known_s", "stop", "who"),
    [(100, 2, {"r1"}), (120, 2, {"r1", "r2"}), (160, 3, {"r1"})],
    ids=["before the stop", "doors open", "after it"],
)
def test_into_the_night_riders_change_to_a_shuttle_that_may_drive(
    known_s: int, stop: int, who: set[str], limits: dict[str, Any]
) -> None:
    """Under way, they get off at the next stop; while the doors are open, once they are closed."""
    play = play_of("a", 0, 7, promises=limits)
    play.ask(request("r1", 1, 5), EIGHT_S)
    play.ask(request("r2", 2, 3), EIGHT_S + 1)
    falls(play, known_s, fog(known_s, known_s + 1200), night(known_s + 1000))
    play.run()
    off = told(play, RideLetOff)
    assert {event.ride_id for event in off} >= {"r1"}
    assert {(event.shuttle_id, event.stop) for event in off} == {("a", stop)}
    completed = {e.ride_id: (e.shuttle_id, e.expected) for e in told(play, RideCompleted)}
    assert completed["r1"] == ("b", True)
    if limits is harsh.PROMISES:  # else nobody is late who arrives tomorrow
        assert {event.ride_id for event in off} == who
        assert completed["r2"] == ("b" if stop == 2 else "a", True)
    changed = [event for event in told(play, PromiseChanged) if event.ride_id == "r1"]
    assert [event.promise.dropoff_stop for event in changed] == [stop, 5]
    assert {event.reason for event in changed} == {"its shuttle may not drive on"}


def test_a_fog_that_stops_all_is_waited_for_on_board() -> None:
    play = play_of("", 0, 7)
    play.ask(request("r1", 1, 5), EIGHT_S)
    play.ask(request("r2", 2, 3), EIGHT_S + 1)
    falls(play, 120, fog(120, 3000))
    play.run()
    assert not told(play, RideLetOff)
    late = [event for event in told(play, RideRetimed) if event.ride_id == "r1"]
    assert [event.promise_kept for event in late] == [False]
    assert [event.shuttle_id for event in told(play, RideCompleted)] == ["a", "a"]


def test_who_could_go_on_only_tomorrow_is_told_so_at_once() -> None:
    play = play_of("ab", 0, 7)
    play.ask(request("r1", 1, 5), EIGHT_S)
    play.ask(request("r2", 2, 3), EIGHT_S + 1)
    falls(play, 120, night(120))
    play.run()
    failed = {event.ride_id: at_s for at_s, event in play.events if isinstance(event, RideFailed)}
    assert failed.keys() == {"r1", "r2"}
    assert max(failed.values()) < EIGHT_S + 200
    assert not any(vehicle.aboard for vehicle in play.world.vehicles)


def test_a_shuttle_that_stands_because_it_must_is_not_taken_for_lost() -> None:
    play = play_of("", 0)
    play.ask(request("r1", 1, 5), EIGHT_S)
    play.ask(request("r2", 2, 3), EIGHT_S + 1)
    falls(play, 120, fog(120, 9000))
    play.run()
    assert {ride.status for ride in play.zone.rides.values()} == {Status.COMPLETED}
    assert not told(play, RideLetOff)


def test_who_waits_for_such_a_shuttle_is_given_to_another() -> None:
    play = play_of("a", 0, 7)
    play.ask(request("r1", 2, 4, EIGHT_S + 600), EIGHT_S)
    falls(play, 5, night(300))
    play.run()
    (completed,) = told(play, RideCompleted)
    assert (completed.shuttle_id, told(play, RideLetOff)) == ("b", [])


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "faults", [harsh.IN_ORDER, harsh.SLOW_LINKS, harsh.DISORDER], ids=["order", "slow", "disorder"]
)
def test_nobody_is_forgotten_whenever_driving_stops(kind: str, seed: int, faults: Faults) -> None:
    """Fog and nights come unforeseen, shuttles break down, batches are solved; all is audited."""
    dice = Random(seed)
    rules = territory(promises=harsh.PROMISES, stop_times=harsh.STOP_TIMES)
    shuttles = tuple(replace(one, dark=i != seed % 3) for i, one in enumerate(fleet(0, 3, 5)))
    play = Play(harsh.NETWORKS[kind](rules), shuttles, Chance(seed), faults)
    audit = Audit(play.zone, play.world)

    def watch(message: Message, events: tuple[Event, ...] | None) -> None:
        if events is not None:
            audit.look(message, events)

    play.watch = watch
    for number in range(3):
        at_s = 500 + 900 * number
        falls(play, at_s, fog(at_s, at_s + dice.randint(100, 900)), night(at_s + 600))
    if seed % 2:
        play.at(EIGHT_S + 1000, lambda: play.world.break_down(seed % 3, EIGHT_S + 3000))
        harsh.improved(play)
    for number in range(50):
        at_s = EIGHT_S + 50 * number
        ends = dice.sample(range(7), 2)
        cancel_s = at_s + dice.randint(5, 900) if dice.random() < 0.2 else None
        ahead_s = dice.choice((0, 0, 900))
        play.ask(request(f"r{number}", ends[0], ends[1], at_s + ahead_s), at_s, cancel_s=cancel_s)
    play.run()
    audit.is_over()
