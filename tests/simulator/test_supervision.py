"""In the simulated world, shuttles set off only while somebody can supervise them."""

from __future__ import annotations

from typing import Any

from services.domain.events import Arrived, Departed, Report
from services.domain.ids import ShuttleId
from services.domain.plan import Plan, Visit
from services.network.driving import ways
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.supervision import Operators, Wait
from services.simulator.world import World
from tests.builders import LINE, crow_network, fleet, territory
from tests.simulator.test_world import People

NOON_S = 43_200
ONE: dict[str, Any] = {"between": ["00:00", "00:00"], "count": 1}


class Yard:
    """Three shuttles at stop 0 from noon on; from stop to stop it takes them half a minute."""

    def __init__(self, *operators: dict[str, Any]) -> None:
        settings = territory(supervision={"shuttles_per_operator": 1, "operators": operators})
        network = crow_network(LINE, settings)
        self.agenda = Agenda()
        self.agenda.now_s = NOON_S
        self.reports: list[Report] = []
        chance = Chance(0, on=False)
        times = settings.stop_times
        self.world = World(fleet(0, 0, 0), ways(network), times, People(), chance)
        self.world.operators = Operators(settings.supervision)
        self.world.connect(self.agenda, self.reports.append)

    def order(self, shuttle: str, *stops: int, revision: int = 1, leave_s: int = NOON_S) -> None:
        visits = [
            Visit(stop=stop, leave_s=leave_s, arrive_s=leave_s, depart_s=leave_s) for stop in stops
        ]
        self.world.receive(
            Plan(shuttle_id=ShuttleId(shuttle), revision=revision, visits=tuple(visits))
        )

    def moves(self, until_s: int = 2**40) -> list[tuple[str, str, int]]:
        """Departures and arrivals: whose, of which kind, how long after noon."""
        while (next_s := self.agenda.next_s()) is not None and next_s <= until_s:
            self.agenda.happen()
        told = [r for r in self.reports if isinstance(r, Departed | Arrived)]
        return [(r.shuttle_id, type(r).__name__[:3], r.at_s - NOON_S) for r in told]


def test_those_who_wait_set_off_in_turn() -> None:
    yard = Yard(ONE)
    for shuttle in "cab":
        yard.order(shuttle, 1)
    assert yard.moves() == [
        ("c", "Dep", 0),
        ("c", "Arr", 30),
        ("a", "Dep", 30),
        ("a", "Arr", 60),
        ("b", "Dep", 60),
        ("b", "Arr", 90),
    ]
    assert yard.world.operators.waits == [
        Wait(0, NOON_S, NOON_S + 30),
        Wait(1, NOON_S, NOON_S + 60),
    ]


def test_who_goes_on_at_once_lets_those_go_first_who_wait_longer() -> None:
    yard = Yard(ONE)
    yard.order("a", 1, 2)
    yard.order("b", 1)
    departures = [move for move in yard.moves() if move[1] == "Dep"]
    assert departures == [("a", "Dep", 0), ("b", "Dep", 30), ("a", "Dep", 60)]


def test_who_need_not_go_any_more_keeps_nobody_waiting() -> None:
    yard = Yard(ONE)
    yard.order("a", 2)
    yard.order("b", 1)
    yard.order("c", 1)
    yard.order("b", revision=2)
    departures = [move for move in yard.moves() if move[1] == "Dep"]
    assert departures == [("a", "Dep", 0), ("c", "Dep", 60)]


def test_when_a_shift_ends_shuttles_finish_their_way_and_wait_for_the_next_one() -> None:
    shift = {"between": ["06:00", "12:01"], "count": 2}
    later = {"between": ["12:10", "20:00"], "count": 1}
    yard = Yard(shift, later)
    yard.order("a", 5)
    yard.order("b", 2, 3)
    assert yard.moves() == [
        ("a", "Dep", 0),
        ("b", "Dep", 0),
        ("b", "Arr", 60),
        ("a", "Arr", 150),
        ("b", "Dep", 600),
        ("b", "Arr", 630),
    ]


def test_a_shuttle_that_breaks_down_needs_nobody_any_more() -> None:
    yard = Yard(ONE)
    yard.order("a", 7)
    yard.order("b", 1)
    yard.agenda.at(NOON_S + 50, lambda: yard.world.break_down(0, NOON_S + 5000))
    departures = [move for move in yard.moves(NOON_S + 4000) if move[1] == "Dep"]
    assert departures == [("a", "Dep", 0), ("b", "Dep", 50)]
