"""A territory of four stops, a gateway on it, and a scripted peer in the dispatcher's place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from starlette.applications import Starlette

from services.domain.errors import Unreadable
from services.domain.events import (
    AcceptOffer,
    CancelRide,
    CommandTurnedDown,
    Event,
    RequestRide,
    RideCancelled,
    RideConfirmed,
    RideOffered,
    RideRefused,
)
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Constraint, Offer, Promise, Refusal, Request, Ride
from services.domain.territory import Territory, Travel, TravelKind
from services.gateway.app import Backing, create_app
from services.gateway.areas import ZONE, Area, Areas
from services.network.crow import crow_tables_of
from services.network.folder import Network
from services.network.stops import StopRow, place_stops
from services.runtime.clock import ServiceDay, WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_riders import EmbeddedRiderStore
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.memory import MemoryLog
from services.runtime.ports import Changes, Group
from services.runtime.rider_keys import MasterKeys
from services.runtime.riders import Riders
from services.runtime.settings import Settings
from services.wire.envelope import Envelope
from services.wire.topics import Topic, key_of, topic_of
from tests.runtime.samples import entry

DAY = ServiceDay(date(2026, 6, 10), "Europe/Paris")
EIGHT_S = 8 * 3600

VILLAGE = {"lon": 1.4000, "lat": 46.2001}
STATION = {"lon": 1.4500, "lat": 46.2501}
NOWHERE = {"lon": 2.9, "lat": 47.9}

Script = Callable[[Any], Sequence[Event]]


def network() -> Network:
    rows = [
        StopRow("mairie", "Mairie", 1.4000, 46.2000),
        StopRow("ecole", "École", 1.4030, 46.2000),
        StopRow("gare", "Gare", 1.4500, 46.2500),
        StopRow("lavoir", "Lavoir", 1.5000, 46.3000),
    ]
    stops, plane = place_stops(rows)
    return Network(
        territory=Territory(
            name="Essai",
            travel=Travel(kind=TravelKind.CROW),
            fleet=(FleetGroup(depot="mairie", count=1),),
        ),
        stops=stops,
        roads=None,
        tables=crow_tables_of(stops, 1.3, 50),
        places=(),
        plane=plane,
    )


def offer(request: Request) -> Offer:
    origin, destination = request.origins[0], request.destinations[0]
    at_s = request.departure_s
    return Offer(
        promise=Promise(
            pickup_stop=origin.stop,
            dropoff_stop=destination.stop,
            pickup_from_s=at_s + 300,
            pickup_to_s=at_s + 900,
            arrive_by_s=at_s + 2400,
            ride_s_max=1500,
            walk_to_m=origin.walk_m,
            walk_from_m=destination.walk_m,
        ),
        expires_s=at_s + 120,
    )


def agreeable(command: Any) -> Sequence[Event]:
    """Offers what it can, confirms and cancels whatever it is told to."""
    match command:
        case RequestRide(request=Request(ride_id=ride_id, origins=())):
            return (RideRefused(ride_id, Refusal(Constraint.WALK_TO_STOP)),)
        case RequestRide(request=request):
            return (RideOffered(request.ride_id, ShuttleId("bus-1"), offer(request)),)
        case AcceptOffer(ride_id=ride_id):
            return (RideConfirmed(ride_id),)
        case CancelRide(ride_id=ride_id):
            return (RideCancelled(ride_id),)
    raise AssertionError(command)


def stern(command: Any) -> Sequence[Event]:
    """Offers, but turns down whatever comes next."""
    if isinstance(command, RequestRide):
        return agreeable(command)
    verb = "accept" if isinstance(command, AcceptOffer) else "cancel"
    return (CommandTurnedDown(command.ride_id, verb, "the shuttle is at the stop"),)


def silent(_command: Any) -> Sequence[Event]:
    return ()


@dataclass
class Peer:
    """Answers commands by a script, and can speak up by itself."""

    log: EmbeddedLog
    script: Script
    commands: list[Envelope] = field(default_factory=list)
    step: int = 0

    async def run(self) -> None:
        reader = self.log.reader(Topic.RIDE_COMMANDS, 0)
        while True:
            for record in await reader.read():
                assert not isinstance(record.value, Unreadable)
                self.commands.append(record.value)
                for event in self.script(record.value.body):
                    await self.say(event)

    async def say(self, event: Event, message_id: str | None = None) -> None:
        self.step += 1
        envelope = Envelope(
            message_id=message_id or f"{ZONE}/{self.step}",
            zone=ZONE,
            happened_at_ms=1_781_071_200_000 + self.step,
            recorded_at_ms=1_781_071_200_000 + self.step,
            zone_time_s=EIGHT_S,
            version=self.step,
            body=event,
        )
        await self.log.append(topic_of(event), key_of(event, ZONE), envelope)


@dataclass
class House:
    """A running gateway, its client and its peer."""

    app: Starlette
    client: httpx.AsyncClient
    peer: Peer
    memory: MemoryLog[bytes]
    log: EmbeddedLog
    store: EmbeddedStore

    async def kept(self, ride: Ride) -> None:
        """Let the store know a ride, as if a dispatcher had committed it."""
        await self.store.open(ZONE, 0, DAY.date)
        epoch = (await self.store.take(0, [ZONE], "peer")).epoch
        changes = {ZONE: Changes(rides=(ride,))}
        await self.store.commit(0, epoch, Group(entries=[entry(1, b"", ZONE)], changes=changes))

    async def ask(self, key: str = "k-1", **changes: Any) -> httpx.Response:
        body = {"origin": VILLAGE, "destination": STATION} | changes
        return await self.client.post("/v1/rides", json=body, headers={"Idempotency-Key": key})

    async def tell(self, event: Event, message_id: str | None = None) -> None:
        """Let the peer say something, and the gateway hear it."""
        await self.peer.say(event, message_id)
        for _ in range(5):
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def house(
    script: Script | None = agreeable, log_bound: int = 1000, **changes: Any
) -> AsyncIterator[House]:
    settings = Settings(**({"answer_s": 0.2, "heartbeat_s": 0.05} | changes))
    memory: MemoryLog[bytes] = MemoryLog(bound=log_bound)
    log = EmbeddedLog(memory)
    areas = Areas([Area(ZONE, network(), WallClock(DAY, EIGHT_S))])
    keys = MasterKeys.of(settings.riders_key)
    riders = Riders(EmbeddedRiderStore(), keys) if keys else None
    store = EmbeddedStore()
    app = create_app(areas, Backing(log=log, store=store, riders=riders), settings)
    peer = Peer(log, script or agreeable)
    tasks = [asyncio.create_task(peer.run())] if script else []
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as client,
    ):
        await asyncio.sleep(0)
        yield House(app, client, peer, memory, log, store)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def ride_id_of(answer: httpx.Response) -> RideId:
    return RideId(answer.json()["id"])
