"""No more shuttles move than operators can supervise, whatever happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from services.domain.events import Event, Message, PlanIssued, RideCompleted
from services.simulator.chance import Chance
from tests.builders import EIGHT_S, fleet, request, territory
from tests.play import Faults, Play
from tests.simulation import harsh

ONE_AT_A_TIME: dict[str, Any] = {
    "shuttles_per_operator": 1,
    "operators": [{"between": ["00:00", "00:00"], "count": 1}],
}
LUNCH: dict[str, Any] = {
    "shuttles_per_operator": 1,
    "operators": [
        {"between": ["06:00", "08:10"], "count": 2},
        {"between": ["08:10", "08:25"], "count": 1},
        {"between": ["08:25", "22:00"], "count": 2},
    ],
}
SEEDS = range(2)
FAULTS = {
    "in_order": harsh.IN_ORDER,
    "slow_links": harsh.SLOW_LINKS,
    "disorder": harsh.DISORDER,
    "blackouts": harsh.BLACKOUTS,
}


def watch_movers(play: Play) -> None:
    """See, after each message, that none sets off while as many move as may."""
    before: set[int] = set()
    supervision = play.network.territory.supervision
    assert supervision is not None
    audited = play.watch

    def watch(message: Message, events: tuple[Event, ...] | None) -> None:
        audited(message, events)
        moving = {vehicle.number for vehicle in play.world.vehicles if vehicle.moving}
        limit = supervision.limits[play.agenda.now_s // 60 % 1440]
        assert len(moving) <= max(limit, len(before & moving)), f"{moving} move"
        before.clear()
        before.update(moving)
        arrays = play.zone.fleet.arrays
        assert (arrays.total == arrays.booked.sum(axis=0)).all()

    play.watch = watch


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("faults", FAULTS.values(), ids=list(FAULTS))
def test_never_more_move_than_are_supervised(
    kind: str, seed: int, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)
    hours, day = ((LUNCH, {}), (ONE_AT_A_TIME, harsh.BUSY))[seed]
    play = harsh.two_hours(
        kind, seed, faults, requests=40, before=watch_movers, day=day, supervision=hours
    )
    assert sum(isinstance(event, RideCompleted) for _, event in play.events) > 3
    assert seed == 0 or play.world.operators.waits


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("faults", FAULTS.values(), ids=list(FAULTS))
def test_nor_with_batches_and_shuttles_that_are_sent_about(
    kind: str, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)

    def before(play: Play) -> None:
        watch_movers(play)
        harsh.improved(play)
        harsh.restless(play)

    harsh.two_hours(kind, 4, faults, requests=40, before=before, supervision=LUNCH)


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_where_all_goes_as_planned_nobody_waits_for_somebody_to_supervise_it(
    kind: str, seed: int
) -> None:
    play = calm(kind, seed)
    issued = [event.plan for _, event in play.events if isinstance(event, PlanIssued)]
    assert play.world.operators.waits == []
    assert any(visit.latest_s for plan in issued for visit in plan.visits)


def test_the_same_seed_gives_the_same_events(monkeypatch: pytest.MonkeyPatch) -> None:
    harsh.make_harsh(monkeypatch)
    first, second = (
        harsh.two_hours("roads", 7, harsh.DISORDER, requests=30, supervision=LUNCH)
        for _ in range(2)
    )
    assert harsh.digest(first) == harsh.digest(second)


def calm(kind: str, seed: int) -> Play:
    """An hour in which nothing is late and nobody cancels, with few operators."""
    rules = territory(
        promises=harsh.PROMISES, stop_times=harsh.STOP_TIMES, supervision=ONE_AT_A_TIME
    )
    chance = Chance(seed, on=False)
    play = Play(harsh.NETWORKS[kind](rules), fleet(0, 3), chance)

    def watch(_: Message, events: tuple[Event, ...] | None) -> None:
        arrays = play.zone.fleet.arrays
        limits = np.resize(arrays.limits, len(arrays.total))
        assert (arrays.total <= limits).all(), "more are booked than may move"

    play.watch = watch
    dice = np.random.default_rng(seed)
    for number in range(40):
        at_s = EIGHT_S + 60 * number
        origin, destination = dice.choice(7, 2, replace=False).tolist()
        ahead_s = int(dice.choice((0, 0, 900)))
        play.ask(request(f"r{number}", origin, destination, at_s + ahead_s), at_s)
    play.run()
    return play
