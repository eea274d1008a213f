"""Small messages, rides and steps."""

from __future__ import annotations

from typing import Any

from services.domain.events import AcceptOffer, CancelRide, RideConfirmed
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, Ride, Status
from services.runtime.ports import Step
from services.wire.envelope import Body, Envelope
from services.wire.topics import Topic

ZONE = ZoneId("vulkan")


def envelope(number: int = 0, body: Body | None = None, zone: ZoneId = ZONE) -> Envelope:
    return Envelope(
        message_id=f"m-{number}",
        zone=zone,
        happened_at_ms=1_754_000_000_000 + number,
        recorded_at_ms=1_754_000_000_001 + number,
        zone_time_s=28_800,
        body=body or AcceptOffer(RideId(f"r-{number}")),
    )


def ride(number: int, status: Status = Status.CONFIRMED) -> Ride:
    request = Request(
        ride_id=RideId(f"r-{number}"),
        party=Party(),
        origins=(),
        destinations=(),
        departure_s=30_000,
    )
    return Ride(request=request, requested_s=29_000, status=status)


def step(number: int, **changes: Any) -> Step:
    plain: dict[str, Any] = {
        "number": number,
        "now_s": 28_800 + number,
        "inputs": (AcceptOffer(RideId(f"r-{number}")), CancelRide(RideId("r-0"))),
        "events": (RideConfirmed(RideId(f"r-{number}")),),
        "offsets": ((Topic.RIDE_COMMANDS, 10 * number),),
        "rides": (ride(number),),
    }
    return Step(**(plain | changes))
