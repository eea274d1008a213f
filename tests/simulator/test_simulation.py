"""A day as a whole, and what happens when it is broken off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.commands import EXIT_ERROR, EXIT_INTERRUPTED
from services.domain.geo import Point
from services.domain.ride import Status
from services.network.fleet import shuttles
from services.network.folder import Network, load
from services.simulator.chance import Chance
from services.simulator.demand import Demand, Trip, demand_of, write_demand
from services.simulator.generator import generate_day
from services.simulator.outcome import outcome
from services.simulator.output_folder import UNFINISHED, is_unfinished
from services.simulator.records import Inputs
from services.simulator.riders import Riders
from services.simulator.simulation import Simulation
from tests.builders import EIGHT_S, LINE, crow_network, lon_lat, territory


def line() -> Network:
    """Eight stops, 300 m apart, and two shuttles at the first."""
    return crow_network(LINE, territory(promises={"offer_s": 60}))


def trips(count: int, every_s: int = 60, seats: int = 1, cancel_s: int | None = None) -> Demand:
    """People at stop 1 who want to go to stop 5, one after the other."""
    lon, lat = lon_lat([LINE[1], LINE[5]])
    ends = [Point(float(x), float(y)) for x, y in zip(lon, lat, strict=True)]
    return demand_of(
        Trip(
            request_id=f"p{number}",
            request_s=EIGHT_S + every_s * number,
            departure_s=EIGHT_S + every_s * number,
            origin=ends[0],
            destination=ends[1],
            seats=seats,
            cancel_s=cancel_s,
        )
        for number in range(count)
    )


def day(demand: Demand, chance: Chance) -> Simulation:
    network = line()
    simulation = Simulation(network, shuttles(network), demand, chance)
    simulation.run()
    return simulation


def statuses(simulation: Simulation) -> set[Status]:
    return {ride.status for ride in simulation.zone.rides.values()}


def test_without_chance_everybody_is_served_as_promised() -> None:
    simulation = day(trips(20), Chance(1, on=False))
    assert statuses(simulation) == {Status.COMPLETED}
    for ride in simulation.zone.rides.values():
        assert ride.picked_up_s is not None
        assert ride.dropped_off_s is not None
        assert ride.promise.pickup_from_s <= ride.picked_up_s <= ride.promise.pickup_to_s
        assert ride.dropped_off_s <= ride.promise.arrive_by_s
        assert ride.dropped_off_s - ride.picked_up_s <= ride.promise.ride_s_max


def test_offers_that_nobody_answers_expire_and_free_their_seats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Riders, "_decide", lambda *_: None)
    simulation = day(trips(20, seats=8), Chance(1))
    assert statuses(simulation) <= {Status.EXPIRED, Status.REFUSED}
    expired = [r for r in simulation.zone.rides.values() if r.status is Status.EXPIRED]
    assert len(expired) > 5, "seats that were freed are offered again"
    assert not any(route.stops for route in simulation.zone.fleet.routes)
    assert not simulation.world.vehicles[0].aboard


def test_nobody_is_picked_up_who_cancelled_before_leaving() -> None:
    simulation = day(trips(10, every_s=300, cancel_s=EIGHT_S + 10**4), Chance(1, on=False))
    assert statuses(simulation) == {Status.COMPLETED}, "cancelling comes too late"
    (booked,) = trips(1).trips
    early = demand_of([replace(booked, request_s=EIGHT_S - 3600, cancel_s=EIGHT_S - 1800)])
    simulation = day(early, Chance(1, on=False))
    assert statuses(simulation) == {Status.CANCELLED}
    assert simulation.world.drives == []


def test_every_row_of_the_demand_has_a_row_in_the_outcome(demo: Path) -> None:
    network = load(demo)
    requests = demand_of(generate_day(network, seed=4).trips[::6])
    chance = Chance(4)
    fleet = shuttles(network)
    simulation = Simulation(network, fleet, requests, chance)
    simulation.run()
    inputs = Inputs(territory=".", territory_sha256={}, demand=None, demand_sha256="")
    run = outcome(simulation, fleet, chance, inputs)
    assert [row.request_id for row in run.rides] == [trip.request_id for trip in requests.trips]
    ends = {row.status for row in run.rides}
    assert ends <= {"completed", "refused", "cancelled", "no_show", "failed"}
    boarded = [request_id for visit in run.visits for request_id in visit.boarded]
    left = [request_id for visit in run.visits for request_id in visit.left]
    completed = sorted(row.request_id for row in run.rides if row.status == "completed")
    assert sorted(boarded) == sorted(left) == completed


def navette(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from services.cli import main; main()", *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_ends_a_run_cleanly_and_the_next_one_says_what_it_left(
    demo: Path, project: Path, tmp_path: Path
) -> None:
    demand = tmp_path / "demand.csv"
    write_demand(demand_of(generate_day(load(demo), seed=1).trips), demand)
    out = tmp_path / "out"
    run = ("simulate", str(demo), "--demand", str(demand), "--out", str(out))
    interrupted = navette(*run, cwd=project)
    until_s = time.monotonic() + 60
    while not (out / UNFINISHED).exists() and time.monotonic() < until_s:
        time.sleep(0.005)
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=60)
    assert interrupted.returncode == EXIT_INTERRUPTED, said
    assert said.strip().endswith("interrupted")
    assert "Traceback" not in said
    assert is_unfinished(out)

    again = navette(*run, cwd=project)
    _, said = again.communicate(timeout=60)
    assert again.returncode == EXIT_ERROR
    assert f"{out} holds the half-written output of an interrupted run" in said

    write_demand(demand_of(generate_day(load(demo), seed=1).trips[:20]), demand)
    forced = navette(*run, "--force", cwd=project)
    _, said = forced.communicate(timeout=120)
    assert forced.returncode == 0, said
    assert not is_unfinished(out)
