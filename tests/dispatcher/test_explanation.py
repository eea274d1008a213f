"""What an explanation claims of a zone is true of it: checked by plain enumeration, and applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher import columns as c
from services.dispatcher.bounds import Bound, Give, loosen
from services.dispatcher.core import Zone
from services.dispatcher.explanation import Candidate, Explanation, explain
from services.dispatcher.misses import offers
from services.dispatcher.objective import DRIVE_COST
from services.domain.events import RequestRide, RideOffered, RideRefused, WakeUp
from services.domain.ids import RideId
from services.domain.ride import Load, Party, Request
from services.simulator.chance import Chance
from tests.builders import (
    EIGHT_S,
    LINE,
    PLAIN,
    cleaning,
    crow_network,
    fleet,
    request,
    road_network,
    territory,
    zone,
)
from tests.dispatcher.plain_insertion import PlainInsertion
from tests.dispatcher.plain_routes import Insertion
from tests.play import Play

TIGHT: dict[str, Any] = {"wait_s_max": 240, "ride_factor": 1.2, "ride_constant_s": 60}
WIDE: dict[str, Any] = {"wait_s_max": 500, "pickup_window_s": 150, "ride_constant_s": 120}
STOP_TIMES: dict[str, Any] = {"base_s": 10, "party_s": 5, "patience_s": 60}


@dataclass
class Watched:
    """What was looked into while a zone answered, and whether looking left any trace."""

    explained: list[tuple[Zone, Explanation]]
    answers: dict[RideId, RideOffered | RideRefused]
    traces: int = 0


def state_of(value: Any) -> Any:
    """Everything that a zone is made of, as something that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, dict):
        return [(state_of(key), state_of(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [state_of(one) for one in value]
    if isinstance(value, set):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [state_of(getattr(value, field.name)) for field in fields(value)]
    if type(value).__module__.startswith("services.dispatcher"):
        return [state_of(one) for name, one in vars(value).items() if name != "ways"]
    return repr(value) if isinstance(value, int | str | None) else type(value)


def watch(play: Play, every: Callable[[RideId], bool]) -> Watched:
    """Explain the answers to some of the requests of a play, each in its moment."""
    seen = Watched([], {})

    def look(ride_id: RideId) -> None:
        asked = play.riders.riders[ride_id].request
        if every(ride_id):
            before = state_of(play.zone)
            seen.explained.append((play.zone.trial(), explain(play.zone, asked)))
            seen.traces += state_of(play.zone) != before

    play.zone.answers.before = look
    play.run()
    for _, event in play.events:
        if isinstance(event, RideOffered | RideRefused):
            seen.answers.setdefault(event.ride_id, event)
    return seen


def busy(kind: str, seed: int, promises: dict[str, Any]) -> Watched:
    """Three small shuttles and more people than they can take; every fourth answer is explained."""
    dice = Random(seed)
    rules = territory(
        promises={**promises, "walk_m_max": 120},
        stop_times=STOP_TIMES,
        dispatch={"reserve_s": 20, "candidate_stops": 2},
        service={"opens": "07:30", "closes": "08:20"},
    )
    network = road_network(rules) if kind == "roads" else crow_network(PLAIN, rules)
    shuttles = fleet(
        *(0, 3, 5),
        capacity=Load(4, 1, 2),
        seats_per_wheelchair=seed % 3,
        shifts=((7 * 3600, EIGHT_S + dice.randint(600, 1500)),) if seed % 2 else (),
        upkeep=(cleaning(2, EIGHT_S + 200, EIGHT_S + 600),) if seed % 3 else (),
    )
    play = Play(network, shuttles, Chance(seed, on=seed % 2 == 1))
    for number in range(24):
        at_s = EIGHT_S + dice.randint(15, 50) * number
        origins, destinations = (
            sorted(
                ((stop, dice.choice((0, 60, 120, 150, 200))) for stop in dice.sample(range(7), 3)),
                key=lambda near: near[1],
            )
            for _ in range(2)
        )
        departure_s = at_s + dice.choice((0, 0, 100, 200, 300))
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
                ),
            ),
            at_s,
        )
    first = dice.randrange(4)
    return watch(play, lambda ride_id: int(ride_id[1:]) % 4 == first)


def by_hand(zone: Zone, k: int, asked: Request, gives: tuple[Give, ...] = ()) -> Insertion | None:
    """The best place in one shuttle's plan by plain enumeration, once bounds give way."""
    trial = zone.trial([k])
    wanted = loosen(trial, asked, gives)
    terms = trial.terms
    if terms.obstacle(wanted) is not None:
        return None
    origins, destinations = terms.tried(wanted.origins), terms.tried(wanted.destinations)
    ask = terms.ask(wanted, origins, destinations, trial.now_s)
    trial.fleet.settle(0, trial.now_s)
    return PlainInsertion(trial).best(ask)


def less(gives: tuple[Give, ...]) -> list[tuple[Give, ...]]:
    """The same with one unit less of any of them."""
    return [
        tuple(replace(g, amount=g.amount - (j == i)) for j, g in enumerate(gives))
        for i in range(len(gives))
    ]


def check_miss(zone: Zone, k: int, asked: Request, one: Candidate) -> None:
    assert one.miss is not None
    assert by_hand(zone, k, asked) is None
    if not one.miss.needs:
        assert one.standing.silent or not one.miss.alone
        return
    assert one.miss.proven, one
    for gives in (one.miss.needs, *((give,) for give in one.miss.alone)):
        assert by_hand(zone, k, asked, gives) is not None, gives
        assert offers(zone.trial([k]), asked, gives), gives
        for fewer in less(gives):
            assert by_hand(zone, k, asked, fewer) is None, fewer


@pytest.mark.parametrize("kind", ["roads", "plane"])
@pytest.mark.parametrize("promises", [TIGHT, WIDE], ids=["tight", "wide"])
@settings(max_examples=2)
@given(seed=st.integers(0, 10_000))
def test_an_explanation_says_of_each_shuttle_what_plain_enumeration_finds(
    kind: str, promises: dict[str, Any], seed: int
) -> None:
    seen = busy(kind, seed, promises)
    assert seen.explained
    for then, said in seen.explained:
        asked = said.request
        assert said.answer == seen.answers[asked.ride_id]
        assert all(said.proven), said
        number = then.fleet.number
        assert {one.shuttle_id for one in said.candidates} == set(number)
        for one in said.candidates:
            k = number[one.shuttle_id]
            if one.place is None:
                check_miss(then, k, asked, one)
                continue
            best = by_hand(then, k, asked)
            assert best is not None
            assert one.place.cost.whole == best.value
            assert (one.place.pickup_s, one.place.dropoff_s) == (best.pickup_s, best.dropoff_s)
    assert seen.traces == 0


@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_the_shuttle_that_was_chosen_is_the_cheapest_and_its_cost_is_made_of_its_parts(
    seed: int,
) -> None:
    for then, said in busy("plane", seed, WIDE).explained:
        places = [one.place for one in said.candidates if one.place is not None]
        assert [place.cost.whole for place in places] == sorted(p.cost.whole for p in places)
        if isinstance(said.answer, RideOffered):
            assert said.candidates[0].shuttle_id == said.answer.shuttle_id
            assert places[0].offer == said.answer.offer
            assert places[0].plan.shuttle_id == said.answer.shuttle_id
        else:
            assert not places
        for place in places:
            cost, weights = place.cost, then.territory.dispatch
            late_s = max(sum(late_s for _, late_s in place.delays), 0)
            assert cost.drive == cost.drive_s * DRIVE_COST
            assert cost.walk == round(cost.walk_s * weights.walk_weight * DRIVE_COST)
            assert cost.wait == round(cost.wait_s * weights.wait_weight * DRIVE_COST)
            assert cost.ride == round(cost.ride_s * weights.ride_weight * DRIVE_COST)
            assert cost.delay == round(late_s * weights.delay_weight * DRIVE_COST)


RULES: dict[str, Any] = {
    "promises": {"wait_s_max": 100, "ride_factor": 1.0, "ride_constant_s": 60, "walk_m_max": 500},
    "stop_times": STOP_TIMES,
    "dispatch": {"reserve_s": 0, "divert_latency_s": 0},
}


def quiet(*others: Request, **parts: Any) -> Zone:
    """A shuttle at the end of a road of eight stops, each half a minute from the next."""
    made = zone(crow_network(LINE, territory(**{**RULES, **parts})), 0, capacity=Load(4, 1, 2))
    for other in others:
        (event, _) = made.apply(RequestRide(other), EIGHT_S)
        assert isinstance(event, RideOffered)
    made.now_s = EIGHT_S
    return made


def off_at(minutes_s: int) -> Zone:
    """The quiet zone, where the shuttle goes off duty so long after eight."""
    shifts = ((6 * 3600, EIGHT_S + minutes_s),)
    shuttles = fleet(0, capacity=Load(4, 1, 2), shifts=shifts)
    made = Zone(crow_network(LINE, territory(**RULES)), shuttles)
    made.apply(WakeUp(), EIGHT_S)
    return made


def needs(made: Zone, asked: Request) -> tuple[Give, ...]:
    """What the only shuttle would need, proven."""
    (one,) = explain(made, asked).candidates
    assert one.miss is not None
    assert one.miss.proven == bool(one.miss.needs)
    return one.miss.needs


CLOSED = {"service": {"opens": "06:00", "closes": "08:01"}}
LATE_OPERATOR = {
    "shuttles_per_operator": 1,
    "operators": [{"between": ["08:10", "20:00"], "count": 1}],
}
BOTH = request("r", 5, 7, arrive_by_s=EIGHT_S + 170)
WHEELCHAIR = Party(seats=0, wheelchairs=1)
RIDER = RideId("other")

CASES: dict[str, tuple[Zone, Request, tuple[Give, ...]]] = {
    # 150 s of driving and 15 s of boarding, where 100 s are promised.
    "wait": (quiet(), request("r", 5, 7), (Give(Bound.WAIT, 65),)),
    "arrival": (
        quiet(),
        request("r", 1, 4, arrive_by_s=EIGHT_S + 130),
        (Give(Bound.ARRIVAL, 5),),
    ),
    "walk": (quiet(), request("r", [(2, 650)], 4), (Give(Bound.WALK, 150),)),
    # 30 s there, 15 s of boarding, 90 s of riding: 75 s past closing time.
    "service_hours": (quiet(**CLOSED), request("r", 1, 4), (Give(Bound.SERVICE_HOURS, 75),)),
    # 30 s there, 15 s of boarding, 90 s of riding, 15 s of alighting, 120 s home.
    "shift": (off_at(200), request("r", 1, 4), (Give(Bound.SHIFT, 70),)),
    "seats": (
        quiet(request("other", 1, 4, party=Party(seats=3))),
        request("r", 1, 4, party=Party(seats=2)),
        (Give(Bound.SEATS, 1),),
    ),
    "wheelchairs": (
        quiet(request("other", 1, 4, party=WHEELCHAIR)),
        request("r", 1, 4, party=WHEELCHAIR),
        (Give(Bound.WHEELCHAIRS, 1),),
    ),
    "luggage": (
        quiet(),
        request("r", 1, 4, party=Party(luggage=3)),
        (Give(Bound.LUGGAGE, 1),),
    ),
    "supervision": (
        quiet(supervision=LATE_OPERATOR),
        request("r", 1, 4),
        (Give(Bound.SUPERVISION, 1),),
    ),
    "wait and arrival": (quiet(), BOTH, (Give(Bound.ARRIVAL, 55), Give(Bound.WAIT, 65))),
    # There and back with the new party first takes 90 s, of which the other one can wait 25.
    "pickup_of": (
        quiet(request("other", 2, 7), promises={**RULES["promises"], "ride_constant_s": 90}),
        request("r", 1, 0),
        (Give(Bound.PICKUP_OF, 65, RIDER),),
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_miss_names_the_bound_that_is_in_the_way_and_by_how_much(name: str) -> None:
    made, asked, expected = CASES[name]
    assert needs(made, asked) == expected


def test_a_shuttle_that_does_not_answer_is_said_to_be_silent_and_needs_nothing() -> None:
    made = quiet()
    made.fleet.head(0)[c.H_SILENT] = 1
    (one,) = explain(made, request("r", 1, 4)).candidates
    assert one.standing.silent
    assert one.miss is not None
    assert one.miss.needs == ()
