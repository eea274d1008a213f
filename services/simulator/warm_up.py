"""Compiles what is compiled before the first rider asks, by a small ride on paper."""

from __future__ import annotations

from services.dispatcher.core import Zone
from services.dispatcher.warm_up import wish
from services.domain.events import AcceptOffer, Event, PlanIssued, Report, RideEvent
from services.domain.ids import RideId
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
        ride_id = RideId(name)
        take(zone.apply(wish(ride_id, origin, destination, agenda.now_s), agenda.now_s))
        take(zone.apply(AcceptOffer(ride_id), agenda.now_s))

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
