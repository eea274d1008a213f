"""Whatever breaks down or cannot be heard: nobody is forgotten, and no plan is illegal."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from services.domain.events import CloseRoads, PromiseChanged, RideCompleted, RideLetOff
from services.domain.operating_domain import RoadsChanged
from services.domain.ride import Status
from services.simulator.driven import legs_of
from tests.builders import EIGHT_S, crow_network, fleet, request, territory
from tests.play import Faults, Play
from tests.simulation import harsh

SEEDS = range(3)


@pytest.fixture(autouse=True)
def _harsh(monkeypatch: pytest.MonkeyPatch) -> None:
    harsh.make_harsh(monkeypatch)


def breakdowns_and_blackouts(play: Play) -> None:
    """Six breakdowns and six blackouts in two hours, of two shuttles."""
    dice = Random(f"disrupt {play.chance.seed}")
    for _ in range(6):
        for act in (play.world.break_down, play.world.fall_silent):
            at_s, for_s, k = (
                EIGHT_S + dice.randint(0, 3600),
                dice.randint(60, 1500),
                dice.randint(0, 1),
            )
            play.at(at_s, lambda act=act, k=k, s=at_s + for_s: act(k, s))  # type: ignore[misc]


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "faults",
    [harsh.IN_ORDER, harsh.SLOW_LINKS, harsh.DISORDER],
    ids=["in_order", "slow_links", "disorder"],
)
def test_breakdowns_and_blackouts_lose_nobody(kind: str, seed: int, faults: Faults) -> None:
    play = harsh.two_hours(kind, seed, faults, before=breakdowns_and_blackouts)
    assert any(stay.broke_down_at is not None for stay in play.world.stays)


def closures(play: Play) -> None:
    """Four closures in an hour, of up to six of the twenty links, for up to half an hour."""
    dice = Random(f"close {play.chance.seed}")
    for number in range(4):
        from_s = EIGHT_S + dice.randint(0, 3600)
        links = tuple(sorted(dice.sample(range(20), dice.randint(1, 6))))
        closure = CloseRoads(f"c{number}", links, from_s, from_s + dice.randint(60, 1800))
        play.at(EIGHT_S, lambda closure=closure: play.say(closure))  # type: ignore[misc]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "faults",
    [harsh.IN_ORDER, harsh.SLOW_LINKS, harsh.DISORDER],
    ids=["in_order", "slow_links", "disorder"],
)
def test_closed_roads_lose_nobody_and_nobody_drives_there(seed: int, faults: Faults) -> None:
    play = harsh.two_hours("roads", seed, faults, before=closures)
    turns = [(at_s, e) for at_s, e in play.events if isinstance(e, RoadsChanged)]
    assert turns
    legs, _ = legs_of(play.world.drives, play.network, play.world.versions)
    roads = play.network.roads
    assert roads is not None
    ends = list(zip(roads.tail.tolist(), roads.head.tolist(), strict=True))
    for (from_s, turn), (until_s, _) in itertools.pairwise([*turns, (2**40, turns[-1][1])]):
        shut = {ends[link] for link in turn.closed}
        inside = (legs.depart_ms >= from_s * 1000) & (legs.depart_ms < until_s * 1000)
        driven = zip(legs.from_node[inside].tolist(), legs.to_node[inside].tolist(), strict=True)
        assert not shut & set(driven)


def everything(play: Play) -> None:
    closures(play)
    breakdowns_and_blackouts(play)


@pytest.mark.parametrize("seed", [0, 17, 235, 315])
def test_all_of_it_together(seed: int) -> None:
    harsh.two_hours("roads", seed, harsh.DISORDER, before=everything)


@pytest.mark.parametrize("seed", [2, 114, 219, 235])
@pytest.mark.parametrize("faults", [harsh.SLOW_LINKS, harsh.DISORDER], ids=["slow", "disorder"])
def test_all_of_it_on_days_with_shifts_and_cleaning(seed: int, faults: Faults) -> None:
    harsh.two_hours("roads", seed, faults, before=everything, day=harsh.BUSY)


def test_riders_of_a_broken_shuttle_go_on_with_another() -> None:
    play = Play(crow_network(settings=territory()), fleet(0, 7))
    play.ask(request("r1", 1, 6), EIGHT_S)
    play.at(EIGHT_S + 150, lambda: play.world.break_down(0, EIGHT_S + 7200))
    play.run()
    told = [event for _, event in play.events]
    (let_off,) = (event for event in told if isinstance(event, RideLetOff))
    (changed,) = (event for event in told if isinstance(event, PromiseChanged))
    (completed,) = (event for event in told if isinstance(event, RideCompleted))
    assert (let_off.shuttle_id, completed.shuttle_id) == ("a", "b")
    assert changed.promise.pickup_stop == let_off.stop
    assert play.zone.rides[let_off.ride_id].status is Status.COMPLETED


def test_whoever_waits_for_a_broken_shuttle_is_given_another_at_once() -> None:
    play = Play(crow_network(settings=territory()), fleet(0, 7))
    play.ask(request("r1", 3, 6, EIGHT_S + 600), EIGHT_S)
    play.at(EIGHT_S + 5, lambda: play.world.break_down(0, EIGHT_S + 7200))
    play.run()
    (ride,) = play.zone.rides.values()
    assert (ride.status, ride.shuttle_id) == (Status.COMPLETED, "b")


def test_without_another_shuttle_one_is_sought_until_the_broken_one_is_repaired() -> None:
    play = Play(crow_network(settings=territory()), fleet(0))
    play.ask(request("r1", 1, 6), EIGHT_S)
    play.at(EIGHT_S + 150, lambda: play.world.break_down(0, EIGHT_S + 900))
    play.run()
    (ride,) = play.zone.rides.values()
    assert ride.status is Status.COMPLETED


def test_a_ride_that_nobody_can_take_on_fails_with_a_reason() -> None:
    play = Play(crow_network(settings=territory()), fleet(0))
    play.ask(request("r1", 1, 6), EIGHT_S)
    play.at(EIGHT_S + 150, lambda: play.world.break_down(0, EIGHT_S + 30_000))
    play.run()
    (ride,) = play.zone.rides.values()
    assert (ride.status, ride.failure) == (Status.FAILED, "no shuttle can take it")


def test_what_a_silent_shuttle_did_is_known_once_it_is_heard_again() -> None:
    play = Play(crow_network(settings=territory()), fleet(0))
    play.ask(request("r1", 1, 3), EIGHT_S)
    play.at(EIGHT_S + 10, lambda: play.world.fall_silent(0, EIGHT_S + 600))
    play.run(EIGHT_S + 590)
    (ride,) = play.zone.rides.values()
    assert ride.status is Status.CONFIRMED
    play.run()
    (ride,) = play.zone.rides.values()
    assert ride.status is Status.COMPLETED
    assert ride.dropped_off_s is not None
    assert ride.dropped_off_s < EIGHT_S + 590
