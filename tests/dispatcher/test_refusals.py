"""A refusal names what binds, and the smallest change that works in the very state that refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher.bounds import relaxed
from services.dispatcher.core import Zone
from services.dispatcher.offers import Terms
from services.domain.events import (
    Event,
    Message,
    RequestRide,
    RideOffered,
    RideRefused,
)
from services.domain.operating_domain import RestrictDriving, Restriction
from services.domain.ride import (
    Constraint,
    Load,
    Party,
    Refusal,
    Relaxation,
    Remedy,
    Request,
)
from services.domain.territory import Territory
from services.network.fleet import shuttles
from services.network.folder import Network
from services.simulator.chance import Chance
from tests.builders import (
    EIGHT_S,
    LINE,
    PLAIN,
    crow_network,
    fleet,
    request,
    road_network,
    territory,
    two_way,
    zone,
)
from tests.play import Play


@dataclass
class Refused(Play):
    """A play that keeps what the zone heard, and when, up to each refusal."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.heard: list[tuple[Message, int]] = []
        self.refusals: list[tuple[int, Request, Refusal]] = []
        self.watch = self._note

    def _note(self, message: Message, events: tuple[Event, ...] | None) -> None:
        if events is None:
            return
        for event in events:
            if isinstance(event, RideRefused) and isinstance(message, RequestRide):
                entry = (len(self.heard), message.request, event.refusal)
                self.refusals.append(entry)
        self.heard.append((message, self.agenda.now_s))

    def states(self) -> Iterator[tuple[Callable[[], Zone], Request, Refusal]]:
        """For each refusal: how to make the state that refused, who asked, and the answer."""
        for count, asked, refusal in self.refusals:
            before = self.heard[:count]
            now_s = self.heard[count][1]

            def again(before: list[tuple[Message, int]] = before, now_s: int = now_s) -> Zone:
                made = Zone(self.network, self.shuttles)
                for message, at_s in before:
                    made.apply(message, at_s)
                made.now_s = max(made.now_s, now_s)
                return made

            yield again, asked, refusal


def offers(made: Zone, asked: Request, rules: Territory | None = None) -> bool:
    """Whether a zone in this state offers the ride (under other rules, if they are given)."""
    if rules is not None:
        made.answers.terms = Terms(rules, lambda a, b: int(made.fleet.drive_s[a, b]))
    # What was due at this moment comes first.
    events = made.apply(RequestRide(asked), made.now_s)
    (answer,) = [one for one in events if isinstance(one, RideOffered | RideRefused)]
    return isinstance(answer, RideOffered)


TIGHT: dict[str, Any] = {"wait_s_max": 240, "ride_factor": 1.2, "ride_constant_s": 60}
WINDOWED: dict[str, Any] = {"wait_s_max": 400, "pickup_window_s": 150, "ride_constant_s": 100}
SHORT: dict[str, Any] = {"wait_s_max": 60, "ride_factor": 1.0, "ride_constant_s": 30}
STOP_TIMES: dict[str, Any] = {"base_s": 10, "party_s": 5, "patience_s": 60}


def busy(kind: str, seed: int, promises: dict[str, Any], **parts: Any) -> Refused:
    """Two small shuttles and more people than they can take."""
    dice = Random(seed)
    rules = territory(
        promises={**promises, "walk_m_max": 120},
        stop_times=STOP_TIMES,
        dispatch={"reserve_s": 20, "candidate_stops": 2},
        **parts,
    )
    network = road_network(rules) if kind == "roads" else crow_network(PLAIN, rules)
    play = Refused(network, fleet(0, 3, capacity=Load(4, 1, 2)), Chance(seed, on=seed % 2 == 1))
    for number in range(25):
        at_s = EIGHT_S + dice.randint(15, 60) * number
        origins, destinations = (
            sorted(
                ((stop, dice.choice((0, 60, 120, 150, 200))) for stop in dice.sample(range(7), 3)),
                key=lambda near: near[1],
            )
            for _ in range(2)
        )
        departure_s = at_s + dice.choice((0, 0, 100, 200, 300, 500, 900))
        play.ask(
            request(
                f"r{number}",
                origins,
                destinations,
                departure_s,
                arrive_by_s=departure_s + dice.choice((200, 500)) if dice.random() < 0.3 else None,
                party=Party(
                    seats=dice.choice((1, 2, 3)),
                    wheelchairs=dice.choice((0, 0, 0, 1)),
                    luggage=dice.choice((0, 0, 1)),
                    companions=dice.choice((0, 0, 1)),
                ),
            ),
            at_s,
        )
    play.run()
    return play


@pytest.mark.parametrize("kind", ["roads", "plane"])
@pytest.mark.parametrize("promises", [TIGHT, WINDOWED, SHORT], ids=["tight", "windowed", "short"])
@settings(max_examples=3)
@given(seed=st.integers(0, 10_000))
def test_each_remedy_works_in_the_state_that_refused_and_no_smaller_one_does(
    kind: str, promises: dict[str, Any], seed: int
) -> None:
    play = busy(kind, seed, promises)
    rules = play.network.territory
    for again, asked, refusal in play.states():
        for remedy in refusal.remedies:
            change = remedy.relaxation
            assert offers(again(), *relaxed(asked, rules, change, remedy.amount)), remedy
            less = {remedy.amount * part // 6 for part in range(1, 6)} | {remedy.amount - 1}
            if change is Relaxation.LEAVE_LATER_S:
                # Boarding later may help as well, and is not searched exhaustively.
                less = {remedy.amount - 1}
            for amount in sorted(less - {0}):
                smaller = relaxed(asked, rules, change, amount)
                assert not offers(again(), *smaller), f"{amount} would do, not {remedy}"


def test_a_busy_hour_meets_every_kind_of_remedy() -> None:
    met = {
        remedy.relaxation
        for seed in range(6)
        for _, _, refusal in busy("plane", seed, TIGHT).refusals
        for remedy in refusal.remedies
    }
    assert met == set(Relaxation)


PROMISES: dict[str, Any] = {
    "wait_s_max": 100,
    "ride_factor": 1.0,
    "ride_constant_s": 60,
    "walk_m_max": 500,
}


def quiet(network: Callable[[Territory], Network] | None = None, **parts: Any) -> Zone:
    """A shuttle at the end of a road of eight stops, each half a minute from the next."""
    rules = territory(
        **{
            "promises": PROMISES,
            "stop_times": STOP_TIMES,
            "dispatch": {"reserve_s": 0, "divert_latency_s": 0},
            **parts,
        }
    )
    made = network(rules) if network is not None else crow_network(LINE, rules)
    return zone(made, 0, capacity=Load(4, 1, 2))


def refusal_of(made: Zone, asked: Request, now_s: int = EIGHT_S) -> Refusal:
    (event,) = made.apply(RequestRide(asked), now_s)
    assert isinstance(event, RideRefused)
    assert made.rides[asked.ride_id].refusal == event.refusal
    return event.refusal


def with_others(*others: Request) -> Zone:
    """The quiet zone, where these are served already."""
    made = quiet()
    made.now_s = EIGHT_S
    for other in others:
        assert offers(made, other)
    return made


def one_way(rules: Territory) -> Network:
    """No road leads away from stop 5."""
    return road_network(rules, [link for link in two_way() if link[0] != 7])


def with_little_left() -> Zone:
    """A shuttle that has just enough to get to the charger where it stands."""
    group: dict[str, Any] = {"depot": "s0", "count": 1, "energy_wh_per_km": 100}
    group["battery"] = {"capacity_wh": 1000, "start_share": 0.16}
    chargers = [{"stop": "s0", "power_kw": 1}]
    network = crow_network(LINE, territory(fleet=[group], chargers=chargers))
    return Zone(network, shuttles(network))


def in_fog() -> Zone:
    """Nobody may drive for twenty minutes."""
    made = quiet()
    made.apply(RestrictDriving((Restriction("fog", EIGHT_S, EIGHT_S + 1200),)), EIGHT_S)
    return made


ONE_OPERATOR: dict[str, Any] = {
    "shuttles_per_operator": 1,
    "operators": [{"between": ["08:10", "20:00"], "count": 1}],
}


def later(by_s: int) -> tuple[Remedy, ...]:
    return (Remedy(Relaxation.LEAVE_LATER_S, by_s),)


def cases() -> dict[Constraint, tuple[Zone, Request, tuple[Remedy, ...]]]:
    """A minimal example of each reason, and the remedies that come with it."""
    far, near = [(2, 650)], [(2, 0)]
    six = Party(seats=5, companions=1)
    alone = Party(seats=3)
    return {
        Constraint.WALK_TO_STOP: (
            quiet(),
            request("r", far, 4),
            (Remedy(Relaxation.WALK_FURTHER_M, 150),),
        ),
        Constraint.WALK_FROM_STOP: (
            quiet(),
            request("r", 2, [(4, 501), (5, 700)]),
            (Remedy(Relaxation.WALK_FURTHER_M, 1),),
        ),
        Constraint.SAME_STOP: (quiet(), request("r", near, 2), ()),
        Constraint.UNREACHABLE: (quiet(one_way), request("r", 5, 2), ()),
        Constraint.PARTY_SIZE: (
            quiet(),
            request("r", 1, 4, party=six),
            (Remedy(Relaxation.FEWER_SEATS, 2),),
        ),
        Constraint.SERVICE_HOURS: (
            quiet(service={"opens": "06:00", "closes": "08:01"}),
            request("r", 1, 4),
            (),
        ),
        # 150 s of driving and 15 s of boarding, where 100 s are promised.
        Constraint.WAIT: (quiet(), request("r", 5, 7), later(65)),
        # 30 s there, 15 s of boarding, 90 s of riding.
        Constraint.ARRIVAL: (
            quiet(),
            request("r", 1, 4, arrive_by_s=EIGHT_S + 130),
            (Remedy(Relaxation.ARRIVE_LATER_S, 5),),
        ),
        Constraint.SEATS: (
            with_others(request("other", 1, 4, party=alone)),
            request("r", 1, 4, party=Party(seats=2)),
            (Remedy(Relaxation.FEWER_SEATS, 1), Remedy(Relaxation.LEAVE_LATER_S, 155)),
        ),
        # Too late for one reason and for the other: no single change will do.
        Constraint.ENERGY: (with_little_left(), request("r", 1, 4), ()),
        # A minute of driving to the pickup, once the fog lifts.
        Constraint.OPERATING_DOMAIN: (in_fog(), request("r", 2, 7), later(1175)),
        # Half a minute of driving, and two minutes early: the operator comes at ten past eight.
        Constraint.SUPERVISION: (quiet(supervision=ONE_OPERATOR), request("r", 1, 4), later(750)),
        Constraint.FLEET: (quiet(), request("r", 5, 7, arrive_by_s=EIGHT_S + 170), ()),
        Constraint.RIDE_TIME: (
            # Only between this pickup and dropoff could the shuttle come in time, which takes it
            # back to stop 0: 420 s on board, where 210 s are promised.
            with_others(request("other", 4, 0, EIGHT_S + 120)),
            request("r", 2, 7),
            (Remedy(Relaxation.RIDE_LONGER_S, 210), Remedy(Relaxation.LEAVE_LATER_S, 245)),
        ),
    }


@pytest.mark.parametrize("reason", list(Constraint))
def test_each_reason_is_named_with_what_would_help(reason: Constraint) -> None:
    made, asked, remedies = cases()[reason]
    assert refusal_of(made, asked) == Refusal(reason, remedies)
