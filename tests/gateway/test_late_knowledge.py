"""What a gateway does not know, or knows too early, it does not tell as if it were so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from services.domain.events import (
    AcceptOffer,
    CommandTurnedDown,
    Event,
    OfferExpired,
    RideReassigned,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Party, Request, Ride, Status
from tests.gateway.peer import EIGHT_S, agreeable, house, ride_id_of


async def test_an_offer_that_expired_is_accepted_only_if_the_dispatcher_says_so() -> None:
    def too_late(command: Any) -> Sequence[Event]:
        if isinstance(command, AcceptOffer):
            return [CommandTurnedDown(command.ride_id, "accept", "the ride is expired")]
        return agreeable(command)

    for script, status in ((too_late, 409), (agreeable, 200)):
        async with house(script) as gateway:
            ride = ride_id_of(await gateway.ask())
            await gateway.tell(OfferExpired(ride))
            answer = await gateway.client.post(f"/v1/rides/{ride}/accept")
            assert len(gateway.peer.commands) == 2
        assert answer.status_code == status
        assert ("expired" in answer.text) is (status == 409)


async def test_a_gateway_that_missed_how_a_ride_began_asks_the_store() -> None:
    async with house() as gateway:
        ride = Ride(
            request=Request(
                ride_id=RideId(str(uuid4())),
                party=Party(),
                origins=(),
                destinations=(),
                departure_s=EIGHT_S,
            ),
            requested_s=EIGHT_S,
            status=Status.CONFIRMED,
        )
        await gateway.kept(ride)
        await gateway.tell(RideReassigned(ride.id, ShuttleId("shuttle-1")))
        answer = await gateway.client.get(f"/v1/rides/{ride.id}")
        again = await gateway.client.post(f"/v1/rides/{ride.id}/accept")
    assert answer.json()["status"] == "confirmed"
    assert (again.status_code, again.json()["status"]) == (200, "confirmed")
