"""A gateway, put together: ``navette serve gateway``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.gateway.app import Backing, create_app
from services.gateway.areas import Area, Areas
from services.runtime.dead_letters import Seal
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Riders
from services.runtime.serving import Place, Role, parts_waiting

GATEWAY = "gateway"
"""What a supervisor calls it."""


def gateway(place: Place) -> Role:
    """Put a gateway together."""
    file = place.chosen.serve.readiness_file

    async def waiting() -> Sequence[str]:
        return [*parts_waiting(file, GATEWAY), *await place.waiting()]

    keys = MasterKeys.of(place.chosen.process.riders_key)
    riders = Riders(place.riders, keys) if keys else None
    areas = Areas(Area(zone, network, place.clocks[zone]) for zone, network in place.served)
    app = create_app(
        areas,
        Backing(
            log=place.messages,
            store=place.store,
            riders=riders,
            seal=Seal.of(place.chosen.kafka),
        ),
        place.chosen.process,
        registry=place.registry,
        ready=waiting,
    )

    async def run() -> None:
        await asyncio.Event().wait()  # all that it does, it does for callers

    return Role(run=run, app=app, ending=app.state.view.close)
