"""Two busy hours in which little goes as planned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from services.dispatcher.rebalancing import standings
from services.dispatcher.solving import solve
from services.domain.events import Event, Message, ParkProposal
from services.domain.ride import Party
from services.domain.territory import Territory
from services.network.folder import Network
from services.simulator import riders, world
from services.simulator.chance import Chance
from services.solver.given import broken
from services.solver.problem import Budget
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
)
from tests.play import Faults, Play
from tests.simulation.audit import Audit
from tests.simulation.nonsense import Nonsense

PROMISES: dict[str, Any] = {"wait_s_max": 900, "ride_factor": 1.5, "ride_constant_s": 400}
STOP_TIMES: dict[str, Any] = {"base_s": 10, "party_s": 5, "wheelchair_s": 20, "patience_s": 60}
NETWORKS: dict[str, Callable[[Territory], Network]] = {
    "roads": road_network,
    "plane": lambda rules: crow_network(PLAIN, rules),
    "line": lambda rules: crow_network(LINE, rules),
}
NO_LIMIT: dict[str, Any] = {"wait_s_max": 600, "pickup_window_s": 300, "ride_factor": 0}

IN_ORDER = Faults()
SLOW_LINKS = Faults(link_s=60)
DISORDER = Faults(link_s=30, late=0.3, late_s=120, repeated=0.4)
BLACKOUTS = Faults(link_s=120, late=0.5, late_s=900, repeated=0.3)


def make_harsh(patch: pytest.MonkeyPatch) -> None:
    """Let drives, boarding and walks take anything from half to double; many do not come."""
    patch.setattr(world, "DRIVE_VARIATION", 0.5)
    patch.setattr(world, "BOARDING_VARIATION", 0.5)
    patch.setattr(riders, "WALK_VARIATION", 0.5)
    patch.setattr(riders, "NO_SHOW_SHARE", 0.2)


BUSY: dict[str, Any] = {
    "shifts": ((EIGHT_S - 3600, EIGHT_S + 1500), (EIGHT_S + 1900, EIGHT_S + 9000)),
    "upkeep": (
        cleaning(2, EIGHT_S + 600, EIGHT_S + 1000),
        cleaning(5, EIGHT_S + 2000, EIGHT_S + 4000),
    ),
}
"""Two shifts, and things to be done in each."""


def two_hours(
    kind: str,
    seed: int,
    faults: Faults,
    requests: int = 60,
    before: Callable[[Play], None] = lambda play: None,
    day: Mapping[str, Any] = MappingProxyType({}),
    **rules: Any,
) -> Play:
    """Play them, audited after each message; returns when nobody has more to do.

    ``before`` may enter more into the play.
    ``day`` is what shuttles do besides.
    """
    dice = Random(seed)
    settings = territory(**{"promises": PROMISES, "stop_times": STOP_TIMES, **rules})
    shuttles = fleet(0, 3, seats_per_wheelchair=seed % 2 * 4, **day)
    play = Play(NETWORKS[kind](settings), shuttles, Chance(seed), faults)
    play.world.report_every_s = 30
    audit = Audit(play.zone, play.world)

    def watch(message: Message, events: tuple[Event, ...] | None) -> None:
        if events is not None:
            audit.look(message, events)

    play.watch = watch
    before(play)
    for number in range(requests):
        at_s = EIGHT_S + 30 * number
        ends = [[(s, 60 * j) for j, s in enumerate(dice.sample(range(7), 2))] for _ in range(2)]
        party = Party(
            seats=dice.choice((1, 1, 2, 3)),
            wheelchairs=dice.choice((0, 0, 0, 0, 1)),
            luggage=dice.choice((0, 1)),
        )
        departure_s = at_s + dice.choice((0, 0, 0, 900))
        arrive_by_s = departure_s + 1200 if dice.random() < 0.2 else None
        asked = request(
            f"r{number}", ends[0], ends[1], departure_s, party=party, arrive_by_s=arrive_by_s
        )
        cancel_s = at_s + dice.randint(0, 1200) if dice.random() < 0.2 else None
        play.ask(asked, at_s, cancel_s=cancel_s)
    play.run()
    audit.is_over()
    return play


def improved(
    play: Play, every_s: int = 40, latency_s: int = 5, until_s: int = EIGHT_S + 7200
) -> None:
    """Plan all open rides anew every so often; what comes of it takes effect somewhat later."""

    def plan_anew() -> None:
        now_s = play.agenda.now_s
        for batch in play.zone.batches(now_s, now_s + latency_s, 30):
            assert not broken(batch.problem, batch.start)
            proposal = solve(batch, Budget(iterations=60), seed=now_s).proposal
            if proposal is not None:
                play.at(now_s + latency_s, lambda p=proposal: play.say(p))  # type: ignore[misc]
        if now_s < until_s:
            play.at(now_s + every_s, plan_anew)

    play.at(EIGHT_S, plan_anew)


def restless(play: Play, every_s: int = 45, until_s: int = EIGHT_S + 7200) -> None:
    """Propose another stop for every shuttle, idle or not, every so often."""
    dice = Random(play.chance.seed)

    def propose() -> None:
        for one in standings(play.zone.fleet, 120, play.agenda.now_s):
            stop = dice.randrange(len(play.network.stops))
            play.say(ParkProposal(one.shuttle_id, stop, one.revision - dice.choice((0, 0, 0, 1))))
        if play.agenda.now_s < until_s:
            play.at(play.agenda.now_s + every_s, propose)

    play.at(EIGHT_S, propose)


def with_nonsense(faults: Faults, about_s: int = EIGHT_S + 900) -> Faults:
    """The same, with reports about what there is not thrown in."""

    def stray(dice: Random) -> Message | None:
        return Nonsense(dice, about_s=about_s).void() if dice.random() < 0.2 else None

    return Faults(
        link_s=faults.link_s,
        late=faults.late,
        late_s=faults.late_s,
        repeated=faults.repeated,
        stray=stray,
    )


def digest(play: Play) -> str:
    """Hash of all that the zone said, and when."""
    return hashlib.sha256(repr(play.events).encode()).hexdigest()
