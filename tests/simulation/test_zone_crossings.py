"""Rides that are referred and shuttles that are lent: one owner at every moment, none forgotten."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from services.domain.events import CommandTurnedDown, RideEvent, RideOffered, RideRefused
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import ShuttleId, ZoneId
from services.domain.ride import TERMINAL, Party, Status
from services.domain.zone_crossing import RideReferred, ShuttleAdopted
from tests.builders import EIGHT_S, LINE, crow_network, request, territory
from tests.simulation.neighbours import Neighbours, cells

SEEDS = range(int(os.environ.get("NAVETTE_CROSSINGS", "4")))
"""``NAVETTE_CROSSINGS=50 pytest tests/simulation/test_zone_crossings.py`` is the longer variant."""

PROMISES: dict[str, Any] = {"wait_s_max": 420, "ride_factor": 2.0, "ride_constant_s": 400}
CUTS = {
    "two": (range(4), range(4, 8)),
    "three": (range(3), range(3, 5), range(5, 8)),
}


def neighbours(cut: str, seed: int, **rules: Any) -> Neighbours:
    """A line of stops with few shuttles: often none is near, and a neighbour has to help."""
    fleet = [FleetGroup(depot="s1", count=1, seats=3), FleetGroup(depot="s7", count=2, seats=4)]
    plain = territory(promises=PROMISES, fleet=fleet, **rules)
    zones = cells(crow_network(LINE), *CUTS[cut])
    return Neighbours(crow_network(LINE, plain.model_copy(update={"zones": zones})), seed)


def busy(here: Neighbours, seed: int, requests: int = 40) -> None:
    """Let people ask, and an operator lend shuttles to and fro."""
    dice = Random(f"busy {seed}")
    for number in range(requests):
        at_s = EIGHT_S + 45 * number
        origins, destinations = (
            [(s, 30 * j) for j, s in enumerate(dice.sample(range(8), 2))] for _ in range(2)
        )
        party = Party(seats=dice.choice((1, 1, 2, 3, 4)))
        departure_s = at_s + dice.choice((0, 0, 600))
        cancel_s = at_s + dice.randint(0, 900) if dice.random() < 0.3 else None
        here.ask(
            request(f"r{number}", origins, destinations, departure_s, party=party), at_s, cancel_s
        )
    for at_s in range(EIGHT_S, EIGHT_S + 45 * requests, 200):
        shuttle = ShuttleId(f"shuttle-{dice.randint(1, 3)}")
        here.lend(shuttle, dice.choice([*here.places]), at_s)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("answers", ["at once", "later"])
def test_every_ride_and_shuttle_has_one_zone_at_every_moment(
    cut: str, answers: str, seed: int
) -> None:
    rules: dict[str, Any] = {}
    if answers == "later":
        rules["dispatch"] = {"second_look": True, "answer_after_s": 10}
    here = neighbours(cut, seed, **rules)
    busy(here, seed)
    here.run()

    decided = list(here.journals())
    referred = [event.ride_id for _, event in decided if isinstance(event, RideReferred)]
    assert len(referred) == len(set(referred)), "one hop"
    answers_of = Counter(
        event.ride_id for _, event in decided if isinstance(event, RideOffered | RideRefused)
    )
    for ride_id in here.asked:
        holder = here.who_has(ride_id)
        assert holder is not None
        ride = here.rides(ride_id)[holder]
        assert ride.status in TERMINAL
        assert ride.referrals == (ride_id in referred)
        if ride.status is not Status.CANCELLED:
            assert answers_of[ride_id] == 1
    ends = Counter(
        event.ride_id
        for _, event in decided
        if isinstance(event, RideEvent) and type(event).__name__ in ENDS
    )
    assert ends == Counter(here.asked.keys())
    reasons = {event.reason for _, event in decided if isinstance(event, CommandTurnedDown)}
    assert not reasons & {"there is no such ride", "the ride is referred"}, "a command was lost"
    assert None not in here.owners().values()
    assert here.killed > 3
    assert len(referred) > 1


ENDS = {
    "RideRefused",
    "OfferExpired",
    "RideCancelled",
    "RideCompleted",
    "RideNoShow",
    "RideFailed",
}


def test_shuttles_are_lent_and_serve_whoever_has_them() -> None:
    served: Counter[ZoneId] = Counter()
    adopted = 0
    for seed in SEEDS:
        here = neighbours("two", seed)
        busy(here, seed)
        here.run()
        for zone, event in here.journals():
            if isinstance(event, ShuttleAdopted):
                adopted += 1
            if isinstance(event, RideOffered) and here.at_home[event.shuttle_id] != zone:
                served[zone] += 1
    assert adopted > len(SEEDS)
    assert sum(served.values()) > len(SEEDS)
