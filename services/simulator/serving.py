"""Simulated shuttles as a process: ``navette serve shuttles``."""

from __future__ import annotations

import asyncio

from services.network.fleet import shuttles
from services.runtime.pages import pages
from services.runtime.serving import Place, Role
from services.simulator.contact import LogContact
from services.simulator.live_shuttles import LiveShuttles


def serving(place: Place) -> Role:
    """Put the shuttles of all territories together."""

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for seed, (zone, network) in enumerate(place.served, 1):
                clock = place.clocks[zone]
                contact = LogContact(place.messages, zone, clock)
                fleet = LiveShuttles(network, shuttles(network), contact, clock, seed)
                tasks.create_task(fleet.run())

    return Role(run=run, app=pages(place.waiting, place.registry))
