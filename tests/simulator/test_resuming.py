"""Simulated shuttles whose process died go on where the zone's state says that they were."""

from __future__ import annotations

import asyncio

import httpx

from services.domain.ride import Status
from services.gateway.areas import ZONE
from services.network.fleet import shuttles
from services.network.zone_networks import homes
from services.runtime.clock import WallClock
from services.runtime.settings import Settings
from services.runtime.zone_clocks import zone_clocks
from services.simulator.contact import LogContact
from services.simulator.live import build
from services.simulator.live_shuttles import LiveShuttles
from services.wire.topics import Topic
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE
from tests.simulator.test_live import SPEED, territory


async def test_who_is_on_board_gets_there_though_the_shuttles_forgot_everything() -> None:
    network, clock = territory(), WallClock(DAY, EIGHT_S, SPEED / 5)
    house = build(network, clock, Settings(answer_s=5, heartbeat_s=1))
    await zone_clocks(house.store, house.served, 1, clock)
    dispatching = asyncio.create_task(house.dispatcher.run())
    driving = asyncio.create_task(house.shuttles.run())
    transport, view = httpx.ASGITransport(app=house.app), house.app.state.view
    async with (
        house.app.router.lifespan_context(house.app),
        httpx.AsyncClient(transport=transport, base_url="http://live") as client,
        asyncio.timeout(30),
    ):
        body = {"origin": VILLAGE, "destination": STATION}
        asked = await client.post("/v1/rides", json=body, headers={"Idempotency-Key": "k"})
        ride_id = asked.json()["id"]
        await client.post(f"/v1/rides/{ride_id}/accept")
        await view.changed(ride_id, lambda seen: seen.status is Status.ABOARD)
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)

        since = await house.log.end(Topic.RIDE_EVENTS, 0)
        contact = LogContact(house.log, clock, {ZONE: since}, homes(*house.served[0]))
        again = LiveShuttles(network, shuttles(network), contact, clock, seed=2)
        again.resume((await house.store.look(ZONE)).rows())
        driving = asyncio.create_task(again.run())
        await view.changed(ride_id, lambda seen: seen.status is Status.COMPLETED)
        events = [type(one.event).__name__ for one in view.history(ride_id)]
    for task in (driving, dispatching):
        task.cancel()
    await asyncio.gather(driving, dispatching, return_exceptions=True)
    assert events.count("RideBoarded") == 1
    assert events[-1] == "RideCompleted"
