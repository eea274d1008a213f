"""A gateway, put together: ``navette serve gateway``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.gateway.app import create_app
from services.gateway.areas import Area, Areas
from services.runtime.serving import Place, Role, parts_waiting

GATEWAY = "gateway"
"""What a supervisor calls it."""


def gateway(place: Place) -> Role:
    """Put a gateway together."""
    file = place.chosen.serve.readiness_file

    async def waiting() -> Sequence[str]:
        return [*parts_waiting(file, GATEWAY), *await place.waiting()]

    areas = Areas(Area(zone, network, place.clocks[zone]) for zone, network in place.served)
    app = create_app(
        areas,
        place.messages,
        place.store,
        place.chosen.process,
        registry=place.registry,
        ready=waiting,
    )

    async def run() -> None:
        await asyncio.Event().wait()  # all that it does, it does for callers

    return Role(run=run, app=app, ending=app.state.view.close)
