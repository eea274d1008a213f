"""Open rides are planned anew every so often, and at once when something falls out."""

from __future__ import annotations

from services.dispatcher.batching import Batching
from services.domain.events import CloseRoads
from tests.builders import EIGHT_S, fleet, request, road_network, territory
from tests.play import Play

EVERY_S = 30
SNAPSHOT_S = EIGHT_S + 50


def planned() -> tuple[Play, Batching]:
    """Two shuttles with a ride each, and a snapshot taken somewhat after eight."""
    play = Play(road_network(territory(dispatch={"batch_every_s": EVERY_S})), fleet(0, 3))
    play.ask(request("r1", 1, 6, EIGHT_S + 900), EIGHT_S)
    play.ask(request("r2", 4, 2, EIGHT_S + 900), EIGHT_S)
    batching = Batching(play.zone)
    play.run(SNAPSHOT_S)
    batching.take(SNAPSHOT_S)
    return play, batching


def test_nothing_new_is_not_planned_anew() -> None:
    _, batching = planned()
    assert batching.due_s(SNAPSHOT_S + 100) is None


def test_a_new_ride_waits_for_the_next_period() -> None:
    play, batching = planned()
    play.ask(request("r3", 2, 5, EIGHT_S + 900), SNAPSHOT_S + 5)
    play.run(SNAPSHOT_S + 5)
    assert batching.due_s(SNAPSHOT_S + 5) == EIGHT_S + 2 * EVERY_S


def test_after_a_breakdown_all_is_planned_anew_at_once() -> None:
    play, batching = planned()
    play.at(SNAPSHOT_S + 3, lambda: play.world.break_down(0, EIGHT_S + 7200))
    play.run(SNAPSHOT_S + 3)
    assert batching.due_s(SNAPSHOT_S + 4) == SNAPSHOT_S + 4
    batching.take(SNAPSHOT_S + 4)
    assert batching.due_s(SNAPSHOT_S + 4) is None


def test_after_a_road_is_closed_all_is_planned_anew_at_once() -> None:
    play, batching = planned()
    play.at(SNAPSHOT_S + 3, lambda: play.say(CloseRoads("flood", (1, 2), SNAPSHOT_S)))
    play.run(SNAPSHOT_S + 3)
    assert play.zone.fleet.closed
    assert batching.due_s(SNAPSHOT_S + 4) == SNAPSHOT_S + 4
