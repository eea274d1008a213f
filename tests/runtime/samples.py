"""Small messages, rides and steps."""

from __future__ import annotations

from services.domain.events import AcceptOffer, CancelRide, RideConfirmed
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Party, Request, Ride, Status
from services.runtime.journal import linked
from services.runtime.ports import Changes
from services.wire.codec import encode_body
from services.wire.envelope import Body, Envelope
from services.wire.snapshots import KeptRow, Snapshot
from services.wire.stored import Entry

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


def entry(number: int, previous: bytes, zone: ZoneId = ZONE) -> Entry:
    """A step with two inputs and an event, behind the one with this link."""
    made = Entry(
        zone=zone,
        number=number,
        now_s=28_800 + number,
        decided_at_ms=1_754_000_000_000 + number,
        inputs=(
            encode_body(AcceptOffer(RideId(f"r-{number}"))),
            encode_body(CancelRide(RideId("r-0"))),
        ),
        events=(encode_body(RideConfirmed(RideId(f"r-{number}"))),),
        message_ids=("", f"m-{number}"),
    )
    return linked(previous, made)


def journal(count: int, zone: ZoneId = ZONE) -> list[Entry]:
    """So many steps, each behind the one before."""
    steps: list[Entry] = []
    for number in range(1, count + 1):
        steps.append(entry(number, steps[-1].link if steps else b"", zone))
    return steps


def rides(*numbers: int, status: Status = Status.CONFIRMED) -> Changes:
    """That these rides changed."""
    return Changes(rides=tuple(ride(number, status) for number in numbers))


def snapshot(number: int, taken_at_ms: int, zone: ZoneId = ZONE) -> Snapshot:
    """A zone of two rows after a step."""
    return Snapshot(
        zone=zone,
        number=number,
        now_s=28_800 + number,
        taken_at_ms=taken_at_ms,
        link=b"link",
        code=f"code at {taken_at_ms}",
        territory="territory",
        rows=(KeptRow("ride", "r-1", b"1"), KeptRow("zone", "", b"")),
    )
