"""Simulated shuttles follow their plans, wait for people, and say what happens."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from services.domain.events import (
    Arrived,
    Boarded,
    Departed,
    Left,
    NotThere,
    Passed,
    PlanAcknowledged,
    Report,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Plan, Visit
from services.domain.ride import Load
from services.network.driving import ways
from services.network.folder import Network
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.riders import NEVER_S
from services.simulator.world import World
from tests.builders import LINE, crow_network, fleet, road_network, territory

A = ShuttleId("a")
R1, R2 = RideId("r1"), RideId("r2")
NOON_S = 43_200
STOP_TIMES = {"base_s": 30, "party_s": 15, "patience_s": 120}


@dataclass
class People:
    """When each party is at its stop; ``from_s`` is the beginning of everybody's window."""

    present: dict[RideId, int] = field(default_factory=dict)
    from_s: int = NOON_S
    party: tuple[int, int] = (1, 0)

    def present_s(self, ride: RideId) -> int:
        return self.present.get(ride, NEVER_S)

    def pickup_from_s(self, ride: RideId) -> int:
        return self.from_s

    def seats(self, ride: RideId) -> tuple[int, int]:
        return self.party


class Street:
    """One shuttle at stop 0 from noon on, and all that it reports."""

    def __init__(self, network: Network, people: People | None = None) -> None:
        self.network = network
        self.people = people or People()
        self.agenda = Agenda()
        self.agenda.now_s = NOON_S
        self.reports: list[Report] = []
        shuttles = fleet(0, capacity=Load(2, 1, 0))
        times = network.territory.stop_times
        self.world = World(shuttles, ways(network), times, self.people, Chance(0, on=False))
        self.world.connect(self.agenda, self.reports.append)
        self._revision = 0
        self._told = 0

    def order(self, *visits: Visit, divert_node: int | None = None) -> None:
        """Give the shuttle its next plan, now."""
        self._revision += 1
        self.world.receive(
            Plan(
                shuttle_id=A,
                revision=self._revision,
                visits=visits,
                divert_node=divert_node,
                divert_s=self.agenda.now_s,
            )
        )

    def run(self, until_s: int = NEVER_S) -> list[Report]:
        """Let time pass; what was reported since the last call, but for acknowledgements."""
        while (next_s := self.agenda.next_s()) is not None and next_s <= until_s:
            self.agenda.happen()
        if until_s < NEVER_S:
            self.agenda.now_s = max(self.agenda.now_s, until_s)
        told, self._told = self.reports[self._told :], len(self.reports)
        return [report for report in told if not isinstance(report, PlanAcknowledged)]


def line(people: People | None = None) -> Street:
    """Stops half a minute apart."""
    return Street(crow_network(LINE, territory(stop_times=STOP_TIMES)), people)


def grid(people: People | None = None) -> Street:
    return Street(road_network(territory(stop_times=STOP_TIMES)), people)


def visit(stop: int, *, board: tuple[RideId, ...] = (), **more: object) -> Visit:
    given = {"leave_s": NOON_S, "arrive_s": NOON_S, "depart_s": NOON_S}
    given |= {"board_until_s": (NEVER_S,) * len(board)}  # type: ignore[dict-item]
    return Visit(stop=stop, board=board, **(given | more))  # type: ignore[arg-type]


def test_a_shuttle_drives_as_long_as_the_tables_say() -> None:
    street = grid()
    street.order(visit(4))
    drive_s = int(street.network.tables.drive_s[0, 4])
    assert street.run() == [Departed(A, 0, 4, NOON_S), Arrived(A, 4, NOON_S + drive_s)]


def test_a_shuttle_leaves_when_its_plan_says() -> None:
    street = line()
    street.order(visit(2, leave_s=NOON_S + 100))
    assert street.run() == [Departed(A, 0, 2, NOON_S + 100), Arrived(A, 2, NOON_S + 160)]


def test_a_ramp_takes_its_time() -> None:
    times = {**STOP_TIMES, "wheelchair_s": 60}
    people = People({R1: NOON_S}, party=(1, 1))
    street = Street(crow_network(LINE, territory(stop_times=times)), people)
    street.order(visit(0, board=(R1,)), visit(1, leave=(R1,)))
    boarded, departed, *_ = street.run()
    assert (boarded.at_s, departed.at_s) == (NOON_S + 105, NOON_S + 105)


def test_who_is_there_gets_on_and_is_let_off() -> None:
    street = line(People({R1: NOON_S}))
    street.order(visit(1, board=(R1,)), visit(3, leave=(R1,)))
    assert street.run() == [
        Departed(A, 0, 1, NOON_S),
        Arrived(A, 1, NOON_S + 30),
        Boarded(A, R1, 1, NOON_S + 75),
        Departed(A, 1, 3, NOON_S + 75),
        Arrived(A, 3, NOON_S + 135),
        Left(A, R1, 3, NOON_S + 135),
    ]
    first, last = street.world.stays
    assert (first.boarded, first.seats, first.depart_s) == ([R1], 1, NOON_S + 75)
    assert (last.left, last.seats, last.depart_s) == ([R1], 0, NOON_S + 180)


def test_a_shuttle_waits_for_who_is_on_the_way() -> None:
    street = line(People({R1: NOON_S + 100}))
    street.order(visit(1, board=(R1,)), visit(3, leave=(R1,)))
    assert Boarded(A, R1, 1, NOON_S + 145) in street.run()


def test_nobody_gets_on_before_the_plan_says() -> None:
    street = line(People({R1: NOON_S}))
    street.order(visit(1, board=(R1,), board_from_s=NOON_S + 200), visit(3, leave=(R1,)))
    assert Boarded(A, R1, 1, NOON_S + 245) in street.run()


def test_patience_ends_and_the_evidence_says_since_when_it_was_waited() -> None:
    street = line(People(from_s=NOON_S + 50))
    street.order(visit(1, board=(R1,)), visit(3, leave=(R1,)))
    reports = street.run()
    assert NotThere(A, R1, 1, NOON_S + 50, NOON_S + 170) in reports
    assert not any(isinstance(report, Boarded) for report in reports)
    assert street.world.stays[0].boarded == []


def test_who_comes_while_others_are_waited_for_gets_on_with_them() -> None:
    street = line(People({R1: NOON_S + 60}))
    street.order(visit(1, board=(R1, R2)), visit(3, leave=(R1, R2)))
    reports = street.run()
    assert NotThere(A, R2, 1, NOON_S + 30, NOON_S + 150) in reports
    assert Boarded(A, R1, 1, NOON_S + 150 + 45) in reports


def test_alighting_takes_its_time_before_the_shuttle_goes_on() -> None:
    street = line(People({R1: NOON_S}))
    street.order(visit(1, board=(R1,)), visit(3, leave=(R1,)), visit(5))
    assert Departed(A, 3, 5, NOON_S + 135 + 45) in street.run()


def test_a_shuttle_turns_off_at_the_node_that_its_plan_names() -> None:
    street = grid()
    # Its way to stop 2 leads over nodes 1 and 2; from node 1 to stop 4 it is over node 5.
    street.order(visit(2))
    street.run(NOON_S + 5)
    street.order(visit(4), divert_node=1)
    acknowledged = street.reports[-1]
    assert isinstance(acknowledged, PlanAcknowledged)
    assert (acknowledged.node, acknowledged.node_ms) == (1, NOON_S * 1000 + 31_000)
    (arrived,) = street.run()
    rest_s = int(street.network.tables.node_drive_s[1, 4])
    assert isinstance(arrived, Arrived)
    assert arrived.stop == 4
    assert NOON_S + 30 + rest_s <= arrived.at_s <= NOON_S + 31 + rest_s
    first, second = street.world.drives
    assert (first.start, first.end, first.towards) == (0, 1, 2)
    assert (second.start, second.start_ms) == (1, NOON_S * 1000 + 31_000)


@pytest.mark.parametrize("wanted", [1, 4, None])
def test_a_shuttle_past_its_turning_turns_off_at_the_next_node(wanted: int | None) -> None:
    street = grid()
    street.order(visit(2))
    street.run(NOON_S + 40)
    street.order(visit(4), divert_node=wanted)
    acknowledged = street.reports[-1]
    assert isinstance(acknowledged, PlanAcknowledged)
    assert (acknowledged.node, acknowledged.node_ms) == (2, NOON_S * 1000 + 75_500)


def test_without_roads_a_shuttle_turns_off_where_it_is() -> None:
    street = line()
    street.order(visit(7))
    street.run(NOON_S + 45)
    street.order(visit(1))
    acknowledged = street.reports[-1]
    assert isinstance(acknowledged, PlanAcknowledged)
    assert (acknowledged.x_mm, acknowledged.y_mm) == (450_000, 0)
    assert street.run() == [Arrived(A, 1, NOON_S + 60)]


def test_who_keeps_going_where_it_is_going_does_not_turn_off() -> None:
    street = grid()
    street.order(visit(2))
    street.run(NOON_S + 5)
    street.order(visit(2), visit(4))
    acknowledged = street.reports[-1]
    assert acknowledged == PlanAcknowledged(A, 2, NOON_S + 5)
    assert len(street.world.drives) == 0


def test_a_shuttle_that_lost_its_work_goes_on_to_its_stop_and_stands_there() -> None:
    street = line(People({R1: NOON_S, R2: NOON_S}))
    street.order(visit(2, board=(R1,)), visit(4, leave=(R1,)))
    street.run(NOON_S + 10)
    street.order(visit(2))
    assert street.run() == [Arrived(A, 2, NOON_S + 60)]
    assert not street.world.vehicles[0].moving
    street.order(visit(3, leave_s=NOON_S + 60, board=(R2,)), visit(4, leave=(R2,)))
    assert Boarded(A, R2, 3, NOON_S + 135) in street.run()


def test_work_that_is_taken_away_while_the_shuttle_waits_for_it_is_not_done() -> None:
    street = line(People({R1: NOON_S + 1000}))
    street.order(visit(1, board=(R1,)), visit(4, leave=(R1,)))
    street.run(NOON_S + 100)
    street.order()
    assert street.run() == []


def test_an_old_plan_changes_nothing() -> None:
    street = line()
    street.order(visit(2))
    street.world.receive(Plan(shuttle_id=A, revision=1, visits=(visit(5),)))
    assert street.run() == [Departed(A, 0, 2, NOON_S), Arrived(A, 2, NOON_S + 60)]
    assert sum(isinstance(report, PlanAcknowledged) for report in street.reports) == 1


def test_a_plan_that_crossed_the_news_of_what_was_done_does_not_do_it_again() -> None:
    street = line(People({R1: NOON_S}))
    both = visit(1, board=(R1,)), visit(3, leave=(R1,))
    street.order(*both)
    street.run(NOON_S + 80)
    street.order(*both)
    reports = street.run()
    assert [type(report) for report in reports] == [Arrived, Left]


def test_who_changes_his_mind_at_the_door_stays_there() -> None:
    people = People({R1: NOON_S})
    street = line(people)
    street.order(visit(1, board=(R1,)), visit(3, leave=(R1,)))
    street.run(NOON_S + 40)
    del people.present[R1]
    reports = street.run()
    assert not any(isinstance(report, Boarded) for report in reports)
    assert street.world.vehicles[0].aboard == set()


def test_nobody_gets_on_where_there_is_no_room() -> None:
    street = line(People({R1: NOON_S, R2: NOON_S}, party=(2, 0)))
    street.order(visit(1, board=(R1, R2)), visit(3, leave=(R1,)), visit(4, leave=(R2,)))
    reports = street.run()
    assert [report.ride_id for report in reports if isinstance(report, Boarded)] == [R1]
    assert street.world.vehicles[0].stop == 1, "it waits for a plan that knows better"
    street.order(visit(3, leave_s=0, leave=(R1,)), visit(1, board=(R2,)), visit(4, leave=(R2,)))
    boarded = [report.ride_id for report in street.run() if isinstance(report, Boarded)]
    assert boarded == [R2]


def test_a_shuttle_says_where_it_is_as_often_as_asked() -> None:
    street = grid()
    street.world.report_every_s = 20
    street.order(visit(2))
    passed = [report for report in street.run() if isinstance(report, Passed)]
    assert [(report.node, report.at_s) for report in passed] == [
        (1, NOON_S + 31),
        (2, NOON_S + 76),
        (2, NOON_S + 76),
        (3, NOON_S + 103),
        (3, NOON_S + 103),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_by_chance_drives_and_boarding_take_longer_or_shorter_but_never_no_time(seed: int) -> None:
    network = road_network(territory(stop_times=STOP_TIMES))
    agenda, reports, people = Agenda(), list[Report](), People({R1: 0}, from_s=0)
    world = World(fleet(0), ways(network), network.territory.stop_times, people, Chance(seed))
    world.connect(agenda, reports.append)
    world.receive(
        Plan(
            shuttle_id=A,
            revision=1,
            visits=(visit(2, leave_s=0, board=(R1,)), visit(4, leave_s=0, leave=(R1,))),
        )
    )
    while agenda.next_s() is not None:
        agenda.happen()
    at_s = {type(report): report.at_s for report in reports}
    direct_s = int(network.tables.drive_s[0, 2])
    first_s = next(report.at_s for report in reports if isinstance(report, Arrived))
    assert 0.5 * direct_s < first_s < 2 * direct_s
    assert 0 < at_s[Boarded] - first_s < 2 * 45
