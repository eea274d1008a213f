"""A proposal is adopted, group by group, if it is legal and better; else nothing of it remains."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher import columns as c
from services.dispatcher.adoption import Outcome
from services.dispatcher.core import Zone
from services.dispatcher.plan_cost import plan_cost, weights_of
from services.domain.events import (
    AcceptOffer,
    Event,
    Message,
    PlanAcknowledged,
    PlanIssued,
    PlanProposal,
    RequestRide,
    RideReassigned,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Call, Plan, ProposedRoute
from services.domain.ride import Request
from services.network.fleet import shuttles
from services.simulator.chance import Chance
from tests.builders import EIGHT_S, LINE, PLAIN, crow_network, fleet, request, road_network
from tests.builders import territory as rules
from tests.dispatcher.proposals import as_it_is, garbled, looked_at
from tests.play import Play
from tests.simulation.audit import Audit
from tests.simulation.harsh import PROMISES, STOP_TIMES

EXACT: dict[str, Any] = {"dispatch": {"reserve_s": 0, "divert_latency_s": 0}}


def cost(zone: Zone) -> int:
    return sum(
        plan_cost(zone.fleet, zone.rides, k, weights_of(zone.territory.dispatch))
        for k in range(len(zone.fleet.routes))
    )


class Proposing(Play):
    """A play in which proposals come that nobody would make, and each is looked at."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.audit = Audit(self.zone, self.world)
        self.watch = self._look
        self._twin: Zone | None = None
        self._adopted = 0

    def propose(self, dice: Random, old: bool) -> None:
        """Let a garbled proposal come now, or after all else that happens in a while."""
        proposal = garbled(self.zone, dice)
        at_s = self.agenda.now_s + (dice.randint(30, 200) if old else 0)
        self.at(at_s, lambda: self.say(proposal))

    def _look(self, message: Message, events: tuple[Event, ...] | None) -> None:
        if events is not None:
            self.audit.look(message, events)
        if not isinstance(message, PlanProposal):
            return
        tally = self.zone.adoption.tally
        if events is None:
            self._twin, self._adopted = self.zone.trial(), tally.groups[Outcome.ADOPTED]
            self._found = tally.found
            return
        assert self._twin is not None
        self._twin.apply(WakeUp(), self.agenda.now_s)
        before, after = looked_at(self._twin), looked_at(self.zone)
        if tally.groups[Outcome.ADOPTED] == self._adopted:
            assert after == before
        elif tally.found == self._found:
            assert cost(self.zone) < cost(self._twin)


@st.composite
def hours(draw: st.DrawFn) -> list[tuple[int, Request]]:
    now_s, asked = EIGHT_S, []
    for number in range(draw(st.integers(3, 14))):
        now_s += draw(st.integers(0, 90))
        a, b = draw(st.lists(st.integers(0, 6), min_size=2, max_size=2, unique=True))
        ahead_s = draw(st.sampled_from((0, 0, 400, 900)))
        asked.append((now_s, request(f"r{number}", a, b, now_s + ahead_s)))
    return asked


@pytest.mark.parametrize("kind", ["roads", "plane", "line"])
@settings(max_examples=25)
@given(asked=hours(), seed=st.integers(0, 2**32), second_look=st.booleans(), chance=st.booleans())
def test_no_proposal_breaks_a_promise_or_leaves_a_trace_unless_it_is_better(
    kind: str, asked: list[tuple[int, Request]], seed: int, second_look: bool, chance: bool
) -> None:
    dispatch = {"second_look": second_look, "reassign_until_s": 0, "keep_course_s": 5}
    given_rules = rules(promises=PROMISES, stop_times=STOP_TIMES, dispatch=dispatch)
    networks = {
        "roads": lambda: road_network(given_rules),
        "plane": lambda: crow_network(PLAIN, given_rules),
        "line": lambda: crow_network(LINE, given_rules),
    }
    dice = Random(seed)
    play = Proposing(networks[kind](), fleet(0, 3, 5), Chance(seed % 1000, on=chance))
    for at_s, one in asked:
        cancel_s = at_s + dice.randint(5, 300) if dice.random() < 0.2 else None
        play.ask(one, at_s, cancel_s=cancel_s)
        for _ in range(3):
            old = dice.random() < 0.3
            when_s = at_s + dice.randint(0, 120)
            play.at(when_s, lambda old=old: play.propose(dice, old))  # type: ignore[misc]
    play.run()
    play.audit.is_over()


def two_shuttles(*depots: int, **more: Any) -> Zone:
    """Shuttles on a line of stops, each half a minute's drive apart."""
    zone = Zone(crow_network(LINE, rules(**{**EXACT, **more})), fleet(*(depots or (0, 7))))
    for k, route in enumerate(zone.fleet.routes):
        assert route.shuttle.id == "abcdef"[k]
    return zone


def book(zone: Zone, name: str, origin: int, destination: int, ahead_s: int = 1800) -> str:
    """Have a ride promised; its shuttle."""
    asked = request(name, origin, destination, zone.now_s + ahead_s)
    zone.apply(RequestRide(asked), zone.now_s)
    zone.apply(AcceptOffer(RideId(name)), zone.now_s)
    shuttle = zone.rides[RideId(name)].shuttle_id
    assert shuttle is not None
    return shuttle


def acknowledge(zone: Zone, shuttle: str, revision: int | None = None) -> tuple[Event, ...]:
    route = zone.fleet.routes[zone.fleet.number[ShuttleId(shuttle)]]
    said = route.revision if revision is None else revision
    return zone.apply(PlanAcknowledged(route.shuttle.id, said, zone.now_s), zone.now_s)


def ways(zone: Zone, **calls: list[tuple[int, str, str]]) -> PlanProposal:
    """A proposal: for each shuttle its calls as stop, who gets on, who gets off."""
    return PlanProposal(
        tuple(
            ProposedRoute(
                shuttle_id=ShuttleId(shuttle),
                revision=zone.fleet.routes[zone.fleet.number[ShuttleId(shuttle)]].revision,
                calls=tuple(
                    Call(
                        stop=stop,
                        board=tuple(RideId(r) for r in on.split()),
                        leave=tuple(RideId(r) for r in off.split()),
                    )
                    for stop, on, off in own
                ),
            )
            for shuttle, own in calls.items()
        )
    )


def plans(events: tuple[Event, ...]) -> dict[str, Plan]:
    return {e.plan.shuttle_id: e.plan for e in events if isinstance(e, PlanIssued)}


def boarding(plan: Plan) -> set[str]:
    return {ride_id for visit in plan.visits for ride_id in visit.board}


def crossed(**dispatch: Any) -> Zone:
    """`a` is to fetch what is next to `b`, which got free since."""
    zone = two_shuttles(0, 7, dispatch={**EXACT["dispatch"], **dispatch})
    zone.fleet.head(1)[c.H_SILENT] = 1
    assert book(zone, "r1", 7, 5) == "a"
    zone.fleet.head(1)[c.H_SILENT] = 0
    acknowledge(zone, "a")
    return zone


MOVE: dict[str, list[tuple[int, str, str]]] = {"a": [], "b": [(7, "r1", ""), (5, "", "r1")]}


def test_what_is_planned_already_is_not_adopted_again() -> None:
    zone = crossed()
    zone.apply(PlanProposal(tuple(as_it_is(zone))), zone.now_s)
    assert dict(zone.adoption.tally.groups) == {Outcome.NO_BETTER: 2}


def test_the_new_shuttle_hears_of_a_ride_once_the_old_one_let_it_go() -> None:
    zone = crossed()
    told = plans(zone.apply(ways(zone, **MOVE), zone.now_s))
    assert boarding(told["a"]) == boarding(told["b"]) == set()
    assert acknowledge(zone, "b") == ()
    assert acknowledge(zone, "a", told["a"].revision - 1) == ()
    answer = acknowledge(zone, "a")
    assert boarding(plans(answer)["b"]) == {"r1"}
    assert RideReassigned(RideId("r1"), ShuttleId("b")) in answer


def test_a_shuttle_that_never_lets_a_ride_go_keeps_it() -> None:
    zone = crossed()
    zone.apply(ways(zone, **MOVE), zone.now_s)
    due_s = zone.next_due_s()
    assert due_s is not None
    told = plans(zone.apply(WakeUp(), zone.now_s + 60))
    assert boarding(told["a"]) == {"r1"}
    assert "r1" not in boarding(told["b"])
    assert zone.rides[RideId("r1")].shuttle_id == "a"


def test_one_that_cannot_be_told_anything_new_keeps_it_too() -> None:
    zone = crossed()
    zone.apply(ways(zone, **MOVE), zone.now_s)
    zone.fleet.head(0)[c.H_SILENT] = 1
    for later_s in (60, 120, 180, 600):
        told = plans(zone.apply(WakeUp(), later_s))
        assert not any("r1" in boarding(plan) for plan in told.values())
    zone.fleet.head(0)[c.H_SILENT] = 0
    assert "r1" in {r for plan in plans(acknowledge(zone, "a")).values() for r in boarding(plan)}


def test_a_ride_that_comes_soon_keeps_its_shuttle() -> None:
    zone = crossed(reassign_until_s=300)
    leaves_s = zone.rides[RideId("r1")].promise.pickup_from_s - 200
    zone.apply(ways(zone, **MOVE), leaves_s)
    assert dict(zone.adoption.tally.groups) == {Outcome.STALE: 1}


def test_a_shuttle_that_is_out_of_order_is_given_nothing() -> None:
    zone = crossed()
    zone.fleet.head(1)[c.H_OUT] = 1
    zone.apply(ways(zone, **MOVE), zone.now_s)
    assert dict(zone.adoption.tally.groups) == {Outcome.STALE: 1}


def test_whoever_came_since_the_snapshot_stays() -> None:
    zone = crossed()
    proposal = ways(zone, **MOVE)
    book(zone, "r2", 1, 3)
    zone.apply(proposal, zone.now_s)
    assert zone.adoption.tally.groups[Outcome.ADOPTED] == 1
    assert zone.rides[RideId("r1")].shuttle_id == "b"
    assert any("r2" in route.held for route in zone.fleet.routes)


def test_a_ride_that_moves_already_is_not_moved_on_by_a_proposal_that_does_not_know_it() -> None:
    zone = crossed()
    zone.apply(ways(zone, **MOVE), zone.now_s)
    book(zone, "r2", 1, 3)
    zone.apply(ways(zone, a=[(1, "r2", ""), (3, "", "r2")], b=[]), zone.now_s)
    assert zone.rides[RideId("r1")].shuttle_id == "b"
    told = plans(acknowledge(zone, "b"))
    assert not any("r1" in boarding(plan) for plan in told.values())
    assert boarding(plans(acknowledge(zone, "a"))["b"]) == {"r1"}


def test_groups_that_exchange_nobody_are_judged_apart() -> None:
    zone = two_shuttles(0, 7, 0, 7)
    zone.fleet.arrays.heads[1:, c.H_SILENT] = 1
    book(zone, "r1", 7, 5)
    zone.fleet.arrays.heads[:, c.H_SILENT] = [1, 1, 0, 1]
    assert book(zone, "r2", 7, 6) == "c"
    zone.fleet.arrays.heads[:, c.H_SILENT] = 0
    proposal = ways(zone, **MOVE, c=[], d=[(6, "r2", ""), (7, "", "r2")])  # r2 at the wrong stops
    zone.apply(proposal, zone.now_s)
    assert dict(zone.adoption.tally.groups) == {Outcome.ADOPTED: 1, Outcome.ILLEGAL: 1}
    assert zone.rides[RideId("r1")].shuttle_id == "b"
    assert zone.rides[RideId("r2")].shuttle_id == "c"


@pytest.mark.parametrize(("start_share", "outcome"), [(0.5, "ADOPTED"), (0.3, "ILLEGAL")])
def test_a_proposal_that_would_strand_a_shuttle_is_not_adopted(
    start_share: float, outcome: str
) -> None:
    # `b` drives 6 seconds of 60 m to the ride; from there it is 400 m to the charger.
    battery = {"capacity_wh": 300, "reserve_share": 0.1, "start_share": start_share}
    groups = [
        {"depot": "s0", "count": 1},
        {"depot": "s7", "count": 1, "energy_wh_per_km": 100, "battery": battery},
    ]
    chargers = [{"stop": "s7", "power_kw": 1, "plugs": 1}]
    network = crow_network(LINE, rules(**EXACT, fleet=groups, chargers=chargers))
    zone = Zone(network, shuttles(network))
    a, b = (route.shuttle.id for route in zone.fleet.routes)
    zone.fleet.head(1)[c.H_SILENT] = 1
    assert book(zone, "r1", 7, 5) == a
    zone.fleet.head(1)[c.H_SILENT] = 0
    acknowledge(zone, a)
    before = looked_at(zone)
    zone.apply(ways(zone, **{a: MOVE["a"], b: MOVE["b"]}), zone.now_s)
    assert dict(zone.adoption.tally.groups) == {Outcome[outcome]: 1}
    if outcome == "ILLEGAL":
        assert looked_at(zone) == before
