"""Typed ids, derived from their cause, so that a retry coincides."""

from __future__ import annotations

from typing import NewType
from uuid import UUID, uuid5

RideId = NewType("RideId", str)
ShuttleId = NewType("ShuttleId", str)
CallerId = NewType("CallerId", str)
ZoneId = NewType("ZoneId", str)
RiderId = NewType("RiderId", str)

RIDES = UUID("6f1c2a44-7c0e-5a7e-9a53-3f1f5b0f5a01")
"""Namespace of ride ids."""


def ride_id(caller: CallerId, idempotency_key: str) -> RideId:
    """The id of the ride that this caller asks for under this key, whenever it asks."""
    return RideId(str(uuid5(RIDES, f"{caller}/{idempotency_key}")))
