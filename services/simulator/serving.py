"""Simulated shuttles as a process: ``navette serve shuttles``."""

from __future__ import annotations

import asyncio

from services.domain.ids import ZoneId
from services.network.fleet import shuttles
from services.network.folder import Network
from services.runtime.pages import pages
from services.runtime.serving import Place, Role, insist
from services.simulator.contact import LogContact
from services.simulator.live_shuttles import LiveShuttles
from services.wire.topics import Topic, partition_of


def serving(place: Place) -> Role:
    """Put the shuttles of all territories together."""

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for seed, (zone, network) in enumerate(place.served, 1):
                tasks.create_task(drive(zone, network, seed))

    async def drive(zone: ZoneId, network: Network, seed: int) -> None:
        messages, clock = place.messages, place.clocks[zone]
        # What happens behind this is heard; what happened before, the zone's state tells.
        since = await insist(
            lambda: messages.end(Topic.RIDE_EVENTS, partition_of(zone, messages.partitions))
        )
        held = await insist(lambda: place.store.look(zone))
        contact = LogContact(messages, zone, clock, since)
        fleet = LiveShuttles(network, shuttles(network), contact, clock, seed)
        fleet.resume(held.rows())
        await fleet.run()

    return Role(run=run, app=pages(place.waiting, place.registry))
