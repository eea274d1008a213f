"""A living territory of two zones: rides are referred, shuttles lent, and riders notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import h3
import httpx
import pytest

from services.domain.fleet_settings import FleetGroup
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Status
from services.domain.zone_crossing import MessageForwarded
from services.domain.zone_state import StoredShuttle
from services.network.folder import Network
from services.runtime.clock import WallClock
from services.runtime.settings import Settings
from services.runtime.zone_clocks import zone_clocks
from services.simulator.live import House, build
from services.simulator.warm_up import warm_up
from services.wire.topics import partition_of
from services.wire.zone_rows import decode_row
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE
from tests.simulator.test_link import running as linked
from tests.simulator.test_live import ask, events_of, territory

WEST, EAST, BUS = ZoneId("main.west"), ZoneId("main.east"), ShuttleId("shuttle-1")
TOKEN = {"Authorization": "Bearer an-operators-token-of-some-length"}
PARTITIONS = 3


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_up(territory())


def cut() -> Network:
    """The village in one zone, the station with the only shuttle in the other."""
    plain = territory()
    places = list(zip(plain.stops.lat, plain.stops.lon, strict=True))
    cells = [h3.latlng_to_cell(*place, 9) for place in places]
    rules = {
        "zones": {"west": tuple({*cells[:2]}), "east": tuple({*cells[2:]})},
        "fleet": (FleetGroup(depot="gare", count=1),),
    }
    return replace(plain, territory=plain.territory.model_copy(update=rules))


@contextlib.asynccontextmanager
async def running(speed: float) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    settings = Settings(
        answer_s=5,
        heartbeat_s=1,
        partitions=PARTITIONS,
        operator_token=TOKEN["Authorization"].partition(" ")[2],
    )
    house = build(cut(), WallClock(DAY, EIGHT_S, speed), settings)
    await zone_clocks(house.store, house.served, PARTITIONS, house.clock)
    parts = [asyncio.create_task(part.run()) for part in (house.dispatcher, house.shuttles)]
    transport = httpx.ASGITransport(app=house.app)
    async with (
        house.app.router.lifespan_context(house.app),
        httpx.AsyncClient(transport=transport, base_url="http://live") as client,
    ):
        yield house, client
    for part in parts:
        assert not part.done(), part
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def holders(house: House) -> list[ZoneId]:
    """The zones to which the shuttle belongs, as they have committed it."""
    found = []
    for zone in (WEST, EAST):
        part = await house.store.part(zone, "shuttle", BUS)
        stored = None if part is None else decode_row(*part).value
        if isinstance(stored, StoredShuttle) and stored.holder is None:
            found.append(zone)
    return found


async def test_a_ride_that_a_neighbour_serves_is_like_any_other_to_its_rider() -> None:
    assert partition_of(WEST, PARTITIONS) != partition_of(EAST, PARTITIONS)
    async with running(500) as (house, client):
        ride = await ask(client, "k-1")
        assert (ride["status"], ride["shuttle"]) == ("offered", BUS)
        assert (await ask(client, "k-1")) == ride
        mark = (await house.store.look(WEST)).rides
        assert [(one.status, one.referred_to) for one in mark] == [(Status.REFERRED, EAST)]
        accepted = await client.post(f"/v1/rides/{ride['id']}/accept")
        assert accepted.json()["status"] == "confirmed"
        told = await events_of(client, ride["id"])
        stored = await house.store.ride(RideId(ride["id"]))
    names = [name for name, _ in told if name != "retimed"]
    assert names == ["offered", "confirmed", "boarded", "completed"]
    assert stored is not None
    assert (stored.zone, stored.ride.status) == (EAST, Status.COMPLETED)


async def test_a_shuttle_that_is_lent_drives_for_the_zone_that_has_it() -> None:
    async with running(100) as (house, client):
        body = {"to": "west", "within_s": 3000}
        for token, status in (({}, 401), (TOKEN, 202)):
            answer = await client.post("/v1/shuttles/shuttle-1/lend", json=body, headers=token)
            assert answer.status_code == status
        async with asyncio.timeout(20):
            while await holders(house) != [WEST]:  # noqa: ASYNC110 - nobody says so here
                await asyncio.sleep(0.01)
        ride = await ask(client, "k-2", origin=STATION, destination=VILLAGE)
        assert ride["status"] == "offered", "the station's zone has no shuttle any more, but this"
        stored = await house.store.ride(RideId(ride["id"]))
        assert stored is not None
        assert stored.zone == WEST
        await client.post(f"/v1/rides/{ride['id']}/accept")
        told = await events_of(client, ride["id"])
    assert told[-1] == ("completed", "completed")


async def test_a_shuttle_on_a_link_notices_nothing_when_it_is_lent() -> None:
    chosen = {"partitions": PARTITIONS, "operator_token": TOKEN["Authorization"].split()[1]}
    async with linked([], cut(), **chosen) as (house, client):
        body = {"to": "west", "within_s": 3000}
        await client.post("/v1/shuttles/shuttle-1/lend", json=body, headers=TOKEN)
        async with asyncio.timeout(20):
            while await holders(house) != [WEST]:  # noqa: ASYNC110 - nobody says so here
                await asyncio.sleep(0.01)
        ride = await ask(client, "k-3", origin=STATION, destination=VILLAGE)
        await client.post(f"/v1/rides/{ride['id']}/accept")
        told = await events_of(client, ride["id"])
        passed_on = [
            event
            for entry in await house.store.journal(EAST)
            for event in entry.decided()
            if isinstance(event, MessageForwarded)
        ]
    assert told[-1] == ("completed", "completed")
    assert len(passed_on) <= 3, "only what was said before it knew"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("shuttle-1", {"to": "nowhere"}, 422),
        ("shuttle-1", {"to": "west", "within_s": 5}, 422),
        ("shuttle-9", {"to": "west"}, 404),
        ("shuttle-1/lend?territory=elsewhere#", {"to": "west"}, 404),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    path: str, body: dict[str, object], status: int
) -> None:
    async with running(1) as (_, client):
        url = f"/v1/shuttles/{path if 'lend' in path else path + '/lend'}"
        answer = await client.post(url, json=body, headers=TOKEN)
    assert answer.status_code == status
