"""The rows of a batch's requests: rides as planned, and requests that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.answers import Asked
from services.domain.ids import RideId
from services.solver.problem import ANY, NOT_YET, far

FAR_S = far(np.int32)
MUST = 10**12
"""What it costs to leave out somebody who has a promise: more than all that can be refused."""
REFUSED = 10**10
"""What it costs to refuse somebody: more than all driving of a batch."""


class BatchRequest(NamedTuple):
    """A row of a problem's requests."""

    ride_id: RideId
    pickup: int
    dropoff: int
    opens_s: int
    leave_by_s: int
    arrive_by_s: int
    stop_s: int
    ride_s_max: int
    shuttle: int
    picked_s: int
    load: tuple[int, ...]
    asked: bool = False


def request_of(asked: Asked) -> BatchRequest:
    """A request that waits; whoever leaves it out refuses it."""
    earliest_s, pick_by_s = asked.window_s
    party = asked.ride.request.party
    return BatchRequest(
        ride_id=asked.ride.id,
        pickup=asked.pickup.stop,
        dropoff=asked.dropoff.stop,
        opens_s=earliest_s,
        leave_by_s=pick_by_s,
        arrive_by_s=asked.drop_by_s,
        ride_s_max=asked.ride_s_max,
        stop_s=asked.stop_s,
        load=tuple(party.load),
        shuttle=ANY,
        picked_s=NOT_YET,
        asked=True,
    )


def columns_of(requests: Sequence[BatchRequest]) -> NDArray[np.int64]:
    """Times, shuttles and pickups of requests, from their openings on, a row each."""
    table = np.array([request[3:10] for request in requests], np.int64).reshape(-1, 7).T
    table[:5] = np.minimum(table[:5], FAR_S)
    return table
