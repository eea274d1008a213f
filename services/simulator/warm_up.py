"""Compiles what is compiled before the first rider asks, by a small ride on paper."""

from __future__ import annotations

from services.dispatcher.core import Zone
from services.domain.events import AcceptOffer, Event, PlanIssued, Report, RequestRide, RideEvent
from services.domain.ids import RideId
from services.domain.ride import Party, Request, StopWalk
from services.network.driving import ways
from services.network.fleet import shuttles
from services.network.folder import Network
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.live_shuttles import Guests
from services.simulator.world import World

NOON_S = 12 * 3600
EVENTS_MAX = 1000


def warm_up(network: Network) -> None:
    """Play two rides in a copy of the territory, which nobody sees."""
    fleet = shuttles(network)
    zone, agenda = Zone(network, fleet), Agenda()
    guests = Guests(network.territory.promises)
    world = World(fleet, ways(network), network.territory.stop_times, guests, Chance(1))
    world.report_every_s = 15
    reports: list[Report] = []
    world.connect(agenda, reports.append)
    agenda.now_s = NOON_S

    def take(events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event, PlanIssued):
                world.receive(event.plan)
            elif isinstance(event, RideEvent):
                guests.hear(event, agenda.now_s)

    def ask(name: str, origin: int, destination: int) -> None:
        request = Request(
            ride_id=RideId(name),
            party=Party(),
            origins=(StopWalk(origin, 0),),
            destinations=(StopWalk(destination, 0),),
            departure_s=agenda.now_s,
        )
        take(zone.apply(RequestRide(request), agenda.now_s))
        take(zone.apply(AcceptOffer(request.ride_id), agenda.now_s))

    first, last = 0, len(network.stops) - 1
    agenda.at(NOON_S, lambda: ask("first", first, last))
    # Asked while the shuttle is under way, so that it has to turn off.
    agenda.at(NOON_S + 120, lambda: ask("second", last, first))
    for _ in range(EVENTS_MAX):
        if agenda.next_s() is None:
            return
        agenda.happen()
        while reports:
            take(zone.apply(reports.pop(0), agenda.now_s))
