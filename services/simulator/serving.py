"""Simulated shuttles as a process: ``navette serve shuttles``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from services.domain.ids import ZoneId
from services.domain.zone_state import StoredRoads
from services.network.fleet import shuttles
from services.network.served import Served, by_territory
from services.network.zone_networks import homes, whole
from services.runtime.pages import pages
from services.runtime.serving import Place, Role, insist
from services.simulator.contact import LogContact
from services.simulator.live_shuttles import LiveShuttles
from services.wire.topics import Topic, partition_of


def serving(place: Place) -> Role:
    """Put the shuttles of all territories together."""

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for seed, zones in enumerate(by_territory(place.served).values(), 1):
                tasks.create_task(drive(zones, seed))

    async def drive(zones: Sequence[Served], seed: int) -> None:
        zone, network = zones[0]
        messages, clock = place.messages, place.clocks[zone]
        # What happens behind this is heard; what happened before, the zones' state tells.
        since = {one.zone: await insist(partial(end, one.zone)) for one in zones}
        held = [await insist(partial(place.store.look, one.zone)) for one in zones]
        contact = LogContact(messages, clock, since, homes(zone, network))
        fleet = LiveShuttles(whole(network), shuttles(network), contact, clock, seed)
        rows = {one.zone: part.rows() for one, part in zip(zones, held, strict=True)}
        fleet.resume([row for part in rows.values() for row in part])
        for zone_id, part in rows.items():
            for row in part:
                if isinstance(row.value, StoredRoads):
                    fleet.hear(contact.know(zone_id, row.value.said()))
        await fleet.run()

    async def end(zone: ZoneId) -> int:
        partition = partition_of(zone, place.messages.partitions)
        return await place.messages.end(Topic.RIDE_EVENTS, partition)

    return Role(run=run, app=pages(place.waiting, place.registry))
