"""Idle shuttles: which there are, and moving one to where it is wanted sooner.

Where to is worked out beside the zone, on what `standings` says, and comes back as a message. The
zone takes it only if nothing has happened to the shuttle since, so a move never touches a ride.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles
from services.dispatcher.publication import Publisher
from services.domain.events import Event, ParkProposal
from services.domain.ids import ShuttleId


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a shuttle is next without work.

    Parameters
    ----------
    stop, free_s
        At which stop, and from when.
    revision
        Of its plan.
    idle_since_s
        Since when it stands there with nothing to do; absent: it does not.
    """

    shuttle_id: ShuttleId
    stop: int
    free_s: int
    revision: int
    idle_since_s: int | None


def standings(fleet: Shuttles, now_s: int) -> tuple[Standing, ...]:
    """Say of each shuttle where and when it is next without work, in the order of the fleet."""
    found = []
    for k, route in enumerate(fleet.routes):
        head = fleet.head(k).tolist()
        stop, free_s = head[c.H_STOP], max(head[c.H_BUSY], now_s)
        if route.stops:
            stop = route.stops[-1].stop
            free_s = int(fleet.arrays.visits[k, len(route.stops) - 1, c.V_DEPART])
        elif head[c.H_MODE] == c.MOVING:
            free_s = max(head[c.H_ARRIVE], now_s)
        since_s = head[c.H_BUSY] if is_idle(fleet, k, now_s) else None
        found.append(Standing(route.shuttle.id, stop, free_s, route.revision, since_s))
    return tuple(found)


def is_idle(fleet: Shuttles, k: int, now_s: int) -> bool:
    """Whether a shuttle stands at a stop with nothing on board, planned or ahead."""
    route, head = fleet.routes[k], fleet.head(k)
    if route.stops or route.aboard or route.parking is not None:
        return False
    reached = not head[c.H_SILENT] and not head[c.H_OUT]
    return bool(head[c.H_MODE] == c.AT_STOP and head[c.H_BUSY] <= now_s and reached)


class Rebalancing:
    """Takes proposals to park elsewhere.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    publisher
        Issues plans.
    """

    def __init__(self, fleet: Shuttles, publisher: Publisher) -> None:
        self._fleet = fleet
        self._publisher = publisher

    def adopt(self, proposal: ParkProposal, now_s: int, events: list[Event]) -> None:
        """Send an idle shuttle to another stop; do nothing if it is no longer as it was."""
        fleet = self._fleet
        k = fleet.number.get(proposal.shuttle_id)
        if k is None or not 0 <= proposal.stop < len(fleet.ways.stop_mm):
            return
        here = int(fleet.head(k)[c.H_STOP])
        reachable = fleet.drive_s[here, proposal.stop] < c.UNREACHABLE_S
        as_it_was = fleet.routes[k].revision == proposal.revision and is_idle(fleet, k, now_s)
        if as_it_was and reachable and here != proposal.stop:
            fleet.routes[k].parking = proposal.stop
            self._publisher.publish(k, now_s, events)
