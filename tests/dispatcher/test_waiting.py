"""Idle shuttles are sent to where they are wanted, as little as possible, and never too far."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.dispatcher.columns import UNREACHABLE_S
from services.dispatcher.core import Zone
from services.dispatcher.coverage import BUSY, Wanted, targets
from services.dispatcher.rebalancing import Standing, standings
from services.dispatcher.relocation_flow import match
from services.dispatcher.waiting import Waiting
from services.domain.events import Arrived, Departed, ParkProposal, PlanIssued, RequestRide
from services.domain.ids import ShuttleId
from services.domain.territory import Territory
from services.forecast.counts import QUARTERS
from services.forecast.expected import Expected
from services.network.folder import Network
from tests.builders import EIGHT_S, LINE, crow_network, fleet, request, territory

A, B = ShuttleId("a"), ShuttleId("b")
EVERYWHERE = np.arange(len(LINE))
HALF_PAST_S = EIGHT_S + 1800


def rules(strategy: str, **more: int) -> Territory:
    return territory(parking={"strategy": strategy, **more}, promises={"wait_s_max": 600})


def line(strategy: str = "forecast", **more: int) -> Network:
    return crow_network(LINE, rules(strategy, **more))


def awaited(milli_by_stop: dict[int, int]) -> Expected:
    """So many thousandths of a request at these stops in each quarter of an hour."""
    milli = np.zeros((len(LINE), QUARTERS), np.int64)
    for stop, each in milli_by_stop.items():
        milli[stop] = each
    return Expected(EVERYWHERE, milli)


def proposed(network: Network, zone: Zone, now_s: int, wanted: dict[int, int]) -> dict[str, int]:
    waiting = Waiting(network, fleet(0, 0))
    waiting.awaited = awaited(wanted)
    found = waiting.proposals(standings(zone.fleet, 120, now_s), now_s)
    return {proposal.shuttle_id: proposal.stop for proposal in found}


def test_an_idle_shuttle_is_sent_to_where_requests_are_expected() -> None:
    network = line()
    zone = Zone(network, fleet(0, 0))
    assert set(proposed(network, zone, EIGHT_S, {6: 2000}).values()) == {6}


def test_two_places_get_a_shuttle_each_and_the_nearer_one_goes() -> None:
    network = line()
    zone = Zone(network, fleet(1, 6))
    assert proposed(network, zone, EIGHT_S, {0: 4000, 7: 4000}) == {"a": 0, "b": 7}


def test_nobody_moves_for_what_is_not_worth_the_way() -> None:
    network = line()
    zone = Zone(network, fleet(0, 0))
    assert proposed(network, zone, EIGHT_S, {7: 10}) == {}
    assert proposed(line(worth_s=0), zone, EIGHT_S, {7: 2000}) == {}


def test_with_staying_as_the_rule_nobody_moves() -> None:
    network = line("stay")
    assert proposed(network, Zone(network, fleet(0, 0)), EIGHT_S, {7: 2000}) == {}


def test_a_shuttle_goes_home_once_it_has_been_idle_for_long_enough() -> None:
    network = line("depot", idle_s=600)
    shuttles = fleet(0, 7)
    zone, waiting = Zone(network, shuttles), Waiting(network, shuttles)
    zone.apply(Departed(A, 0, 3, EIGHT_S), EIGHT_S)
    zone.apply(Arrived(A, 3, EIGHT_S + 90), EIGHT_S + 90)

    def moves(now_s: int) -> tuple[ParkProposal, ...]:
        return waiting.proposals(standings(zone.fleet, 120, now_s), now_s)

    assert moves(EIGHT_S + 689) == ()
    assert moves(EIGHT_S + 690) == (ParkProposal(A, 0, 0),)


@pytest.mark.parametrize(("wanted_at", "goes"), [(5, True), (7, True), (0, False)])
def test_one_with_work_later_waits_elsewhere_only_where_it_is_in_time(
    wanted_at: int, goes: bool
) -> None:
    network = line()
    zone = Zone(network, fleet(2))
    # Booked for stop 7 at 8:11: from stop 2 and back by way of stop 0 would be too late.
    zone.apply(RequestRide(request("r1", 7, 3, EIGHT_S + 660)), EIGHT_S)
    found = proposed(network, zone, EIGHT_S, {wanted_at: 3000})
    assert (found.get("a") == wanted_at) is goes
    revision = zone.fleet.routes[0].revision
    events = zone.apply(ParkProposal(A, wanted_at, revision), EIGHT_S)
    assert bool(events) is goes
    if goes:
        (plan,) = [event.plan for event in events if isinstance(event, PlanIssued)]
        assert plan.visits[0].stop == wanted_at
        assert plan.visits[-1].stop == 3
        assert plan.visits[-2].depart_s <= EIGHT_S + 660 + 600


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    shuttles=st.integers(1, 5),
    aims=st.integers(1, 5),
)
def test_the_flow_is_the_cheapest_of_all_ways_to_share_targets_out(
    seed: int, shuttles: int, aims: int
) -> None:
    ways_s = np.random.default_rng(seed).integers(0, 1000, (shuttles, aims))
    chosen = match(ways_s)
    used = [target for target in chosen if target >= 0]
    assert len(used) == len(set(used)) == min(shuttles, aims)
    cost_s = sum(int(ways_s[k, target]) for k, target in enumerate(chosen) if target >= 0)
    small, large = sorted((shuttles, aims))
    table = ways_s if shuttles <= aims else ways_s.T
    assert cost_s == min(
        sum(int(table[i, j]) for i, j in enumerate(order))
        for order in permutations(range(large), small)
    )


def test_a_target_out_of_reach_is_given_to_nobody() -> None:
    assert match(np.array([[UNREACHABLE_S, 5], [UNREACHABLE_S, 3]])) == (-1, 1)


def covered(places: list[int], wanted: Wanted, drive_s: NDArray[np.int64]) -> float:
    """What shuttles at these places are worth, written down as it is defined."""
    total = 0.0
    for stop, requests in zip(wanted.stops, wanted.requests, strict=True):
        near = sorted((max(1 - drive_s[p, stop] / wanted.reach_s, 0) for p in places), reverse=True)
        total += requests * sum((1 - BUSY) * BUSY**j * n for j, n in enumerate(near[:8]))
    return total


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), shuttles=st.integers(1, 3))
def test_no_single_place_could_be_bettered(seed: int, shuttles: int) -> None:
    dice = np.random.default_rng(seed)
    xy = dice.integers(0, 1000, (6, 2))
    drive_s = np.abs(xy[:, None] - xy[None]).sum(axis=2)
    wanted = Wanted(np.arange(6), dice.random(6), 900, 10**9)  # ways cost next to nothing
    busy = int(dice.integers(6))
    ways_s = drive_s[dice.integers(0, 6, shuttles)]
    chosen = targets(wanted, np.arange(6), ways_s, [(busy, 0)], drive_s)
    others = [busy, *chosen[:-1]]
    best = max(covered([*others, place], wanted, drive_s) for place in range(6))
    assert covered([*others, chosen[-1]], wanted, drive_s) == pytest.approx(best, abs=1e-5)


def test_expectations_between_two_times_are_shares_of_quarters() -> None:
    milli = np.zeros((1, QUARTERS), np.int64)
    milli[0, 32], milli[0, 33] = 300, 900
    found = Expected(np.array([0]), milli)
    assert found.between(EIGHT_S, EIGHT_S + 900)[0] == 300
    assert found.between(EIGHT_S + 600, EIGHT_S + 1800)[0] == 1000
    assert found.between(EIGHT_S - 900, EIGHT_S)[0] == 0
    assert found.between(EIGHT_S + 86_400, EIGHT_S + 87_300)[0] == 300


def test_a_shuttle_that_is_about_to_set_off_stays() -> None:
    network = line()
    zone = Zone(network, fleet(2))
    zone.apply(RequestRide(request("r1", 7, 3, EIGHT_S + 300)), EIGHT_S)
    (one,) = standings(zone.fleet, 120, EIGHT_S)
    assert isinstance(one, Standing)
    assert one.idle_since_s is None
