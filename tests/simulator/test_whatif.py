"""A lived day under another policy: its riders and mishaps, and nothing that answered its plans."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from services.cli import main
from services.cli.commands import EXIT_ERROR
from services.domain.ids import RideId, ShuttleId
from services.domain.operating_domain import Restriction
from services.domain.ride import Offer, Promise
from services.domain.settings_part import DAY_S
from services.network.fingerprint import fingerprint
from services.network.folder import load
from services.network.reach import Reach
from services.simulator.chance import Chance
from services.simulator.check import check
from services.simulator.replay.again import Again
from services.simulator.replay.archive import open_archive
from services.simulator.riders import Rider
from services.simulator.whatif import wishes
from services.simulator.whatif.outside import LivedRider, Outside, Spell, outside
from services.simulator.whatif.policy import merged
from services.simulator.whatif.will import LivedWill
from tests.builders import EIGHT_S, LINE, crow_network, request, road_network, territory
from tests.gateway.peer import DAY
from tests.simulator.lived import ZONE, Lived, eased, live

SAME = "name: Pays de La Souterraine\n"
NETWORK = crow_network(LINE, territory())


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return eased(demo, tmp_path_factory.mktemp("place") / "demo")


@pytest.fixture(scope="module")
def lived(place: Path) -> Lived:
    return live(load(place), 5, requests=150, every=10_000)


@pytest.fixture(scope="module")
def archive(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived.archived(tmp_path_factory.mktemp("archive") / ZONE)


def run(archive: Path, place: Path, policy: str, out: Path, *options: str) -> str:
    file = out.with_suffix(".yaml")
    file.write_text(policy)
    words = ["--policy", str(file), "--territory", str(place), "--out", str(out), *options]
    found = CliRunner().invoke(main, ["whatif", str(archive), *words])
    assert found.exit_code == 0, (found.stdout, found.stderr, found.exception)
    return found.stdout


def test_the_same_policy_gives_nearly_the_same_day_again_and_again(
    archive: Path, place: Path, tmp_path: Path
) -> None:
    told = run(archive, place, SAME, tmp_path / "one")
    assert "promises kept" in told
    lived = json.loads((tmp_path / "one" / "lived.json").read_text())
    figures = json.loads((tmp_path / "one" / "kpis.json").read_text())
    assert lived["requests"] == figures["requests"] == 150
    assert abs(lived["served"] - figures["served"]) <= 8
    assert lived["wait_s"]["mean"] == pytest.approx(figures["wait_s"]["mean"], abs=60)
    assert lived["on_time_share"] == pytest.approx(figures["on_time_share"], abs=0.1)
    assert lived["vehicle_km"] == pytest.approx(figures["vehicle_km"], rel=0.15)
    assert check(tmp_path / "one").clean
    run(archive, place, SAME, tmp_path / "two")
    for name in ("comparison.md", "lived.json", "kpis.json", "rides.parquet", "run.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_policy_gives_another_day(archive: Path, place: Path, tmp_path: Path) -> None:
    policy = "promises: {wait_s_max: 240}\n"
    run(archive, place, policy, tmp_path / "hasty")
    lived = json.loads((tmp_path / "hasty" / "lived.json").read_text())
    figures = json.loads((tmp_path / "hasty" / "kpis.json").read_text())
    assert figures["refused_total"] > lived["refused_total"]
    assert figures["wait_s"]["mean"] < lived["wait_s"]["mean"]
    page = (tmp_path / "hasty" / "comparison.html").read_text()
    assert "promises kept" in page
    assert check(tmp_path / "hasty").clean


def test_a_whole_territory_can_be_the_policy(archive: Path, place: Path, tmp_path: Path) -> None:
    words = ["--policy", str(place), "--territory", str(place), "--out", str(tmp_path / "run")]
    found = CliRunner().invoke(main, ["whatif", str(archive), *words, "--date", "2026-06-10"])
    assert found.exit_code == 0, found.stderr
    assert check(tmp_path / "run").clean


@pytest.mark.parametrize(
    ("policy", "options", "message"),
    [
        ("promises: {wait_s_maxi: 1}\n", (), r"policy.yaml.*promises.wait_s_maxi"),
        ("- 1\n", (), r"policy.yaml.*keys and values"),
        (SAME, ("--date", "2026-06-11"), r"nobody wanted a ride on 2026-06-11.*2026-06-10"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_written(
    policy: str, options: tuple[str, ...], message: str, archive: Path, place: Path, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy)
    words = ["--policy", str(file), "--territory", str(place), "--out", str(tmp_path / "out")]
    found = CliRunner().invoke(main, ["whatif", str(archive), *words, *options])
    assert found.exit_code == EXIT_ERROR
    assert re.search(message, found.stderr), found.stderr
    assert not (tmp_path / "out").exists()


def taken_out(lived: Lived, folder: Path) -> Outside:
    again = Again(open_archive(lived.archived(folder)), {fingerprint(lived.network): lived.network})
    found = outside(again.steps())
    assert again.replayed.difference is None
    return found


def test_all_that_came_from_outside_is_found(tmp_path: Path) -> None:
    settings = territory(dispatch={"solve_iterations": 20})
    lived = live(road_network(settings), 3, requests=80)
    found = taken_out(lived, tmp_path / "archive")
    asked = lived.simulation.faults
    made = wishes.faults(found, lived.network, lived.network, 0, DAY.date)
    assert made.closures == asked.closures
    broken = {(row.shuttle_id, row.at_s) for row in asked.rows if row.kind == "breakdown"}
    for row in made.rows:
        if row.kind == "breakdown":
            # It stands where people got on, or on the way, a moment later.
            assert min(abs(row.at_s - at_s) for _, at_s in broken) < 120
    day = wishes.demand(found.of_day(0), lived.network, 0)
    then = {str(rider_id): one for rider_id, one in lived.simulation.riders.riders.items()}
    assert {trip.request_id for trip in day.trips} == then.keys()
    for trip in day.trips:
        rider = then[trip.request_id]
        assert trip.request_s == rider.trip.request_s
        assert trip.departure_s == rider.trip.departure_s
        known = found.riders[RideId(trip.request_id)]
        assert known.confirmed == rider.confirmed
        assert (known.offer is None) == (rider.offer is None)


@given(
    walk_m=st.integers(0, 600),
    others=st.lists(st.integers(0, 1200), max_size=3),
    at=st.integers(0, 7),
)
def test_a_place_has_the_walk_to_its_nearest_stop(walk_m: int, others: list[int], at: int) -> None:
    walks = [(at, walk_m)] + [((at + 1 + n) % 8, walk_m + far) for n, far in enumerate(others)]
    asked = request("r", walks, [(0, 0)])
    point = wishes.Places(NETWORK).of(asked.origins)
    found = Reach(NETWORK.stops, NETWORK.plane, NETWORK.territory.promises).near(point, 8)
    assert (at, walk_m) in [tuple(one) for one in found]


def test_a_later_day_is_told_in_seconds_of_its_own() -> None:
    """Asked for the evening before, cancelled in the morning; a shuttle was broken over night."""
    wish = replace(request("r", [(0, 0)], [(1, 0)], DAY_S + EIGHT_S), arrive_by_s=DAY_S + 40_000)
    lived = LivedRider(wish, DAY_S - 3600, cancelled_s=DAY_S + EIGHT_S - 60)
    (trip,) = wishes.demand([lived], NETWORK, DAY_S).trips
    assert (trip.request_s, trip.departure_s) == (0, EIGHT_S)
    assert (trip.arrive_by_s, trip.cancel_s) == (40_000, EIGHT_S - 60)
    name = ShuttleId("shuttle-1")
    found = Outside(breakdowns=[Spell(name, DAY_S - 100, DAY_S + 500), Spell(name, 9, 99)])
    found.riders = {RideId("r"): lived}
    assert found.days() == {1: 1}
    (row,) = wishes.faults(found, NETWORK, NETWORK, 1, DAY.date).rows
    assert (row.at_s, row.for_s) == (0, 500)


def offer(wait_s: int, walk_m: int) -> Offer:
    promise = Promise(
        pickup_stop=0,
        dropoff_stop=1,
        pickup_from_s=EIGHT_S,
        pickup_to_s=EIGHT_S + wait_s,
        arrive_by_s=EIGHT_S + 7200,
        ride_s_max=3600,
        walk_to_m=walk_m,
        walk_from_m=0,
    )
    return Offer(promise=promise, expires_s=EIGHT_S + 60)


@given(
    then=st.tuples(st.integers(0, 7200), st.integers(0, 1000)),
    now=st.tuples(st.integers(0, 7200), st.integers(0, 1000)),
    took=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_riders_are_consistent(
    then: tuple[int, int], now: tuple[int, int], took: bool, seed: int
) -> None:
    asked = request("r", [(0, 0)], [(1, 0)], EIGHT_S)
    lived = LivedRider(asked, EIGHT_S, offer=offer(*then), offered_s=EIGHT_S)
    lived.accepted_s = EIGHT_S + 17 if took else None
    lived.declined_s = None if took else EIGHT_S + 17
    places = wishes.Places(NETWORK)
    rider = Rider(wishes.trip(lived, places, 0), asked)
    will = LivedWill({"r": lived}, NETWORK.territory.promises, Chance(seed))
    assert will.accepts(rider, offer(*then)) == took
    assert will.think_s(rider, offer(*now)) == 17
    better = (min(then[0], now[0]), min(then[1], now[1]))
    worse = (max(then[0], now[0]), max(then[1], now[1]))
    if took:
        assert will.accepts(rider, offer(*better))
    else:
        assert not will.accepts(rider, offer(*worse))


def test_a_policy_replaces_key_by_key() -> None:
    settings = {"a": {"b": 1, "c": [1, 2]}, "d": 3, "e": 4}
    policy = {"a": {"c": [5]}, "d": None, "f": {"g": 6}}
    assert merged(settings, policy) == {"a": {"b": 1, "c": [5]}, "e": 4, "f": {"g": 6}}


def test_what_the_next_word_leaves_out_has_ended() -> None:
    fog, rain = Restriction("fog", 100, 900), Restriction("rain", 200, DAY_S + 500)
    words = [(10, (fog,)), (300, (fog, rain)), (400, (rain,))]
    assert list(wishes._spans(words, 0)) == [
        (fog, {"from_s": 100, "until_s": 400, "known_s": 10}),
        (rain, {"from_s": 200, "until_s": DAY_S + 500, "known_s": 300}),
    ]
    assert list(wishes._spans(words, DAY_S)) == [
        (rain, {"from_s": 0, "until_s": 500, "known_s": 0})
    ]


def test_a_network_is_needed_that_was_lived_on(archive: Path, tmp_path: Path, demo: Path) -> None:
    words = ["--policy", str(demo), "--territory", str(demo), "--out", str(tmp_path / "out")]
    found = CliRunner().invoke(main, ["whatif", str(archive), *words])
    assert found.exit_code == EXIT_ERROR
    assert "another territory" in found.stderr
