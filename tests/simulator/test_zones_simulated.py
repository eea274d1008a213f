"""A simulated day on a territory of two zones: one world, and a dispatcher for each."""

from __future__ import annotations

from dataclasses import replace

from services.domain.fleet_settings import FleetGroup
from services.domain.ride import Status
from services.network.fleet import shuttles
from services.simulator.chance import Chance
from services.simulator.simulation import Simulation
from tests.builders import LINE, crow_network, territory
from tests.simulation.neighbours import cells
from tests.simulator.test_simulation import trips


def test_all_zones_serve_in_one_simulation_and_refer_what_they_cannot() -> None:
    fleet = [FleetGroup(depot="s1", count=1, seats=2), FleetGroup(depot="s6", count=1)]
    plain = crow_network(LINE, territory(fleet=fleet))
    cut = cells(plain, range(4), range(4, 8))
    settings = plain.territory.model_copy(update={"zones": cut})
    network = replace(plain, territory=settings)
    simulation = Simulation(
        network, shuttles(network), trips(30, every_s=40, seats=2), Chance(1, on=False)
    )
    simulation.run()
    rides = simulation.rides.values()
    by_shuttle = {ride.shuttle_id for ride in rides if ride.status is Status.COMPLETED}
    assert by_shuttle == {"shuttle-1", "shuttle-2"}
    assert all(ride.status is not Status.REFERRED for ride in rides)
    referred = [ride for ride in rides if ride.referrals]
    assert any(ride.status is Status.COMPLETED for ride in referred)
    west, east = simulation.parts
    assert {ride.id for ride in referred} <= east.zone.rides.keys()
    marks = [one for one in west.zone.rides.values() if one.status is Status.REFERRED]
    assert len(marks) == len(referred)
