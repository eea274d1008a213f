"""No sequence of requests, cancellations, no-shows, delays and nonsense breaks what must hold.

What must always hold is section 7 of the design; `Audit` looks after every message, and the referee
judges every plan before the zone lets it out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher.core import Zone
from services.domain.events import Event, Message, PlanIssued, RideFailed
from services.domain.plan import Plan
from services.domain.task import Task, TaskKind
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.demand import demand_of
from services.simulator.generator import generate_day
from services.simulator.simulation import Simulation
from tests.builders import EIGHT_S, PLAIN, crow_network, fleet, road_network, territory, two_way
from tests.play import Faults
from tests.simulation import harsh
from tests.simulation.audit import Audit
from tests.simulation.nonsense import Nonsense

SEEDS = range(3)


@pytest.fixture(autouse=True)
def _harsh(monkeypatch: pytest.MonkeyPatch) -> None:
    harsh.make_harsh(monkeypatch)


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "faults",
    [harsh.IN_ORDER, harsh.SLOW_LINKS, harsh.DISORDER, harsh.BLACKOUTS],
    ids=["in_order", "slow_links", "disorder", "blackouts"],
)
def test_every_promise_is_kept_or_its_end_is_told(kind: str, seed: int, faults: Faults) -> None:
    harsh.two_hours(kind, seed, faults)


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "faults", [harsh.SLOW_LINKS, harsh.DISORDER, harsh.BLACKOUTS], ids=["slow", "disorder", "dark"]
)
def test_shuttles_do_what_else_they_have_to_whatever_goes_wrong(
    kind: str, seed: int, faults: Faults
) -> None:
    play = harsh.two_hours(kind, seed, faults, day=harsh.BUSY)
    for vehicle in play.world.vehicles:
        kinds = [task.kind for task in vehicle.done if isinstance(task, Task)]
        assert kinds.count(TaskKind.CLEANING) == 2


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_without_ride_limit_and_stop_times_the_same_holds(kind: str, seed: int) -> None:
    stop_times = {"base_s": 0, "party_s": 0, "patience_s": 0}
    harsh.two_hours(kind, seed, harsh.DISORDER, promises=harsh.NO_LIMIT, stop_times=stop_times)


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("faults", [harsh.SLOW_LINKS, harsh.BLACKOUTS], ids=["slow", "blackouts"])
def test_shuttles_that_are_sent_about_while_idle_keep_every_promise(
    kind: str, seed: int, faults: Faults
) -> None:
    play = harsh.two_hours(kind, seed, faults, requests=30, before=harsh.restless)
    bare = [e for _, e in play.events if isinstance(e, PlanIssued) and _is_move(e.plan)]
    assert bare


def _is_move(plan: Plan) -> bool:
    return any(not visit.board and not visit.leave for visit in plan.visits)


@pytest.mark.parametrize("kind", harsh.NETWORKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_reports_about_what_there_is_not_change_nothing_of_it(kind: str, seed: int) -> None:
    play = harsh.two_hours(kind, seed, harsh.with_nonsense(harsh.SLOW_LINKS))
    assert not any(isinstance(event, RideFailed) for _, event in play.events)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_town_that_asks_three_times_as_much_is_served_by_the_same_rules(
    seed: int, town: Network
) -> None:
    trips = generate_day(town, seed=seed, requests=2000).trips
    morning = [trip for trip in trips if 7 * 3600 <= trip.departure_s < 8 * 3600]
    simulation = Simulation(town, shuttles(town), demand_of(morning), Chance(seed))
    audit = Audit(simulation.zone, simulation.world)
    apply = simulation.zone.apply

    def audited(message: Message, now_s: int) -> tuple[Event, ...]:
        events = apply(message, now_s)
        audit.look(message, events)
        return events

    simulation.zone.apply = audited  # type: ignore[method-assign]
    simulation.run()
    audit.is_over()
    assert len(audit.confirmed) > 30


@pytest.fixture(scope="session")
def town(demo: Path) -> Network:
    return load(demo)


ZONES: dict[str, Callable[[], Network]] = {
    "roads": lambda: road_network(territory()),
    "plane": lambda: crow_network(PLAIN, territory()),
    "no way back": lambda: road_network(
        territory(promises={"ride_factor": 0}),
        [link for link in two_way() if link[0] != 7 and link[1] != 0],
    ),
    "until one in the morning": lambda: road_network(
        territory(
            service={"opens": "07:00", "closes": "01:00"}, stop_times={"base_s": 0, "party_s": 0}
        )
    ),
}


@settings(max_examples=100)
@given(
    place=st.sampled_from(sorted(ZONES)),
    seed=st.integers(0, 2**32),
    count=st.integers(1, 300),
)
def test_no_message_stops_a_zone_or_confuses_its_books(place: str, seed: int, count: int) -> None:
    dice = Random(seed)
    zone = Zone(ZONES[place](), fleet(0, 3))
    audit = Audit(zone)
    thrown = Nonsense(dice)
    now_s = EIGHT_S
    for _ in range(count):
        now_s += dice.choice((0, 0, 1, 5, 30, 120))
        thrown.about_s = now_s
        message = thrown.any()
        audit.look(message, zone.apply(message, now_s))


@pytest.mark.parametrize("kind", harsh.NETWORKS)
def test_the_same_seed_gives_the_same_events(kind: str) -> None:
    first, second = (harsh.two_hours(kind, 5, harsh.DISORDER, requests=40) for _ in range(2))
    assert harsh.digest(first) == harsh.digest(second)
    other = harsh.two_hours(kind, 6, replace(harsh.DISORDER), requests=40)
    assert harsh.digest(other) != harsh.digest(first)
