"""What a shuttle is doing as a value, and back into the fleet's lists and arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.route import Lease, Stopover
from services.domain.ids import RideId
from services.domain.ride import Ride
from services.domain.zone_state import (
    Booking,
    StoredLease,
    StoredParty,
    StoredShuttle,
    StoredStopover,
    StoredTimes,
    Target,
    Whereabouts,
)

WHEREABOUTS = [
    *(c.H_MODE, c.H_STOP, c.H_NODE, c.H_MS, c.H_X, c.H_Y, c.H_ARRIVE),
    *(c.H_LOCKED, c.H_PENDING, c.H_SILENT, c.H_FREE, c.H_FIRST, c.H_FREE_X, c.H_FREE_Y),
    *(c.H_BROKEN, c.H_BUSY, c.H_SERVING, c.H_OUT, c.H_LEVEL, c.H_PARK),
]
"""Columns of heads that depend on what happened, in the order of `Whereabouts`."""
TIMES = [
    *(c.V_EARLIEST, c.V_ARRIVE, c.V_START, c.V_DEPART, c.V_SLACK, c.V_RIDE_SLACK),
    *(c.V_LEVEL, c.V_MARGIN, c.V_PAUSE),
]
"""The same of visits, in the order of `StoredTimes`."""


def stored_shuttle(fleet: Shuttles, k: int) -> StoredShuttle:
    """Shuttle ``k`` as a value."""
    route, arrays = fleet.routes[k], fleet.arrays
    times = arrays.visits[k, : len(route.stops), TIMES].T.tolist() if route.stops else ()
    return StoredShuttle(
        shuttle_id=route.shuttle.id,
        revision=route.revision,
        battery=route.shuttle.battery is not None,
        where=Whereabouts(*arrays.heads[k, WHEREABOUTS].tolist()),
        stopovers=tuple(
            StoredStopover(
                stop.stop,
                tuple(stop.board),
                tuple(stop.leave),
                stop.served_s,
                stop.task,
                stop.hold_s,
                StoredTimes(*row),
            )
            for stop, row in zip(route.stops, times, strict=True)
        ),
        written=bool(route.stops) and route.written is route.stops[0],
        aboard=tuple(StoredParty(*party) for party in route.aboard.items()),
        awaited=tuple(sorted(route.awaited)),
        targets=tuple(Target(*target) for target in route.targets.items()),
        parking=None if route.parking is None else Target(route.parking[1], route.parking[0]),
        fault_s=route.fault_s,
        fault_stop=route.fault_stop,
        repaired_s=route.repaired_s,
        booked=_runs(arrays.booked[k], int(arrays.days[0, 0])) if fleet.supervised else (),
        leases=tuple(StoredLease(ride_id, *lease) for ride_id, lease in route.leases.items()),
        unanswered_s=route.unanswered_s,
        grant_s=route.grant_s,
        moved_s=route.moved_s,
        holder=route.holder,
        handed=route.handed,
        lending=route.lending,
        unconfirmed=route.unconfirmed,
        guest=route.guest,
    )


def restore_shuttle(
    fleet: Shuttles, k: int, stored: StoredShuttle, rides: Mapping[RideId, Ride]
) -> None:
    """Put shuttle ``k`` back to where it was."""
    route = fleet.routes[k]
    route.stops = [
        Stopover(stop, list(board), list(leave), served_s, task, hold_s)
        for stop, board, leave, served_s, task, hold_s, _ in stored.stopovers
    ]
    route.aboard = dict(stored.aboard)
    route.revision = stored.revision
    route.held = {ride_id for stop in route.stops for ride_id in stop.board}
    route.tasks = [stop.task for stop in route.stops if stop.task is not None]
    route.awaited = set(stored.awaited)
    route.targets = dict(stored.targets)
    route.parking = None if stored.parking is None else (stored.parking.stop, stored.parking[0])
    route.fault_s, route.fault_stop = stored.fault_s, stored.fault_stop
    route.repaired_s, route.moved_s = stored.repaired_s, stored.moved_s
    route.leases = {ride_id: Lease(*lease) for ride_id, *lease in stored.leases}
    route.unanswered_s, route.grant_s = stored.unanswered_s, stored.grant_s
    route.holder, route.handed, route.lending = stored.holder, stored.handed, stored.lending
    route.unconfirmed = stored.unconfirmed
    fleet.write(k, rides)
    fleet.head(k)[c.H_AWAY] = route.holder is not None or route.lending is not None
    if not stored.written:
        route.written = None
    arrays, level_mwh = fleet.arrays, int(fleet.head(k)[c.H_LEVEL])
    arrays.heads[k, WHEREABOUTS] = stored.where
    if not stored.battery:
        arrays.heads[k, c.H_LEVEL] = level_mwh
    for i, stop in enumerate(stored.stopovers):
        arrays.visits[k, i, TIMES] = stop.times
    first = int(arrays.days[0, 0])
    booked = [(a - first, b - first) for a, b in stored.booked] if fleet.supervised else []
    for begins, ends in booked:
        arrays.booked[k, begins:ends] = 1
    if booked:
        arrays.spans[k] = booked[0][0], booked[-1][1]


def _runs(row: NDArray[np.uint8], first: int) -> tuple[Booking, ...]:
    """The minutes that are marked, as spans, given which minute the first is."""
    edges = np.flatnonzero(np.diff(row, prepend=np.uint8(0), append=np.uint8(0))).tolist()
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(Booking(a + first, b + first) for a, b in pairs)
