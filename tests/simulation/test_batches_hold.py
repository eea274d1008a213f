"""Whatever batches propose, and whatever goes wrong meanwhile: every promise holds."""

from __future__ import annotations

import pytest

from services.dispatcher.adoption import Outcome
from services.domain.events import RideCancelled, RideOffered, RideRefused
from services.domain.task import Task, TaskKind
from tests.play import Play
from tests.simulation import harsh
from tests.simulation.test_disruptions import breakdowns_and_blackouts, closures

FAULTS = {
    "in_order": harsh.IN_ORDER,
    "slow_links": harsh.SLOW_LINKS,
    "disorder": harsh.DISORDER,
    "blackouts": harsh.BLACKOUTS,
}


@pytest.fixture(autouse=True)
def _harsh(monkeypatch: pytest.MonkeyPatch) -> None:
    harsh.make_harsh(monkeypatch)


@pytest.mark.parametrize(
    ("kind", "faults"),
    [("roads", "disorder"), ("plane", "blackouts"), ("line", "slow_links"), ("line", "in_order")],
)
@pytest.mark.parametrize("seed", range(2))
def test_rides_that_move_between_shuttles_are_never_lost_nor_fetched_twice(
    kind: str, faults: str, seed: int
) -> None:
    play = harsh.two_hours(kind, seed, FAULTS[faults], requests=40, before=harsh.improved)
    assert play.zone.adoption.tally.groups[Outcome.ADOPTED]


@pytest.mark.parametrize(
    ("kind", "faults"), [("roads", "disorder"), ("plane", "slow_links"), ("line", "disorder")]
)
def test_tasks_are_done_and_second_looks_are_answered_whatever_goes_wrong(
    kind: str, faults: str
) -> None:
    rules = {"second_look": True, "reassign_until_s": 30}
    play = harsh.two_hours(
        kind, 4, FAULTS[faults], 40, harsh.improved, day=harsh.BUSY, dispatch=rules
    )
    for vehicle in play.world.vehicles:
        kinds = [task.kind for task in vehicle.done if isinstance(task, Task)]
        assert kinds.count(TaskKind.CLEANING) == 2


def _everything(play: Play) -> None:
    harsh.improved(play)
    closures(play)
    breakdowns_and_blackouts(play)


@pytest.mark.parametrize(("seed", "faults"), [(0, "slow_links"), (1, "disorder")])
def test_breakdowns_blackouts_and_closed_roads_between_snapshot_and_answer_harm_nobody(
    seed: int, faults: str
) -> None:
    harsh.two_hours("roads", seed, FAULTS[faults], requests=40, before=_everything)


@pytest.mark.parametrize("collected_s", [10, 45])
def test_requests_that_are_collected_each_get_one_answer(collected_s: int) -> None:
    rules = {"answer_after_s": collected_s, "solve_latency_s": 5}
    play = harsh.two_hours("roads", 7, harsh.SLOW_LINKS, 40, harsh.improved, dispatch=rules)
    asked = {ride.id: ride.requested_s for ride in play.zone.rides.values()}
    answers = [(s, e.ride_id) for s, e in play.events if isinstance(e, RideOffered | RideRefused)]
    assert len({ride_id for _, ride_id in answers}) == len(answers)
    assert all(at_s - asked[ride_id] <= collected_s + 6 for at_s, ride_id in answers)
    cancelled = {e.ride_id for _, e in play.events if isinstance(e, RideCancelled)}
    assert {ride_id for _, ride_id in answers} | cancelled == set(asked)
