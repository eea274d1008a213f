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
        Since when it stands empty with nothing to do for now; absent: it does not, or is about to
        set off. Standing, ``stop`` is where it is.
    next_stop, next_s
        Where it has to be then, from where it waits, and by when; absent: nowhere.
    """

    shuttle_id: ShuttleId
    stop: int
    free_s: int
    revision: int
    idle_since_s: int | None
    next_stop: int | None = None
    next_s: int = 0

    def may_wait_at(self, way_s: int, next_way_s: int, now_s: int) -> bool:
        """Whether it comes to its next work in good time from a stop, given both ways."""
        there_s = now_s + way_s + next_way_s + SPARE_S
        return self.next_stop is None or there_s <= self.next_s


SPARE_S = 300
"""A shuttle that waits elsewhere before booked work can set off this much later than it could."""


def standings(fleet: Shuttles, early_s: int, now_s: int) -> tuple[Standing, ...]:
    """Say of each shuttle where and when it is next without work, in the order of the fleet.

    Parameters
    ----------
    fleet
        The shuttles.
    early_s
        How early an empty shuttle is at a prebooked pickup.
    now_s
        Now.
    """
    return tuple(_standing(fleet, k, early_s, now_s) for k in range(len(fleet.routes)))


def _standing(fleet: Shuttles, k: int, early_s: int, now_s: int) -> Standing:
    route, head = fleet.routes[k], fleet.head(k).tolist()
    stop, free_s = head[c.H_STOP], max(head[c.H_BUSY], now_s)
    if not route.stops:
        if _is_idle(fleet, k, now_s):
            return Standing(route.shuttle.id, stop, free_s, route.revision, head[c.H_BUSY])
        if head[c.H_MODE] == c.MOVING:
            free_s = max(head[c.H_ARRIVE], now_s)
    else:
        rows = fleet.arrays.visits[k]
        next_stop, next_s = route.stops[0].stop, int(rows[0, c.V_EARLIEST]) - early_s
        elsewhere = stop != next_stop or route.stops[0].task is not None
        later = elsewhere and next_s > now_s + SPARE_S
        if later and _is_idle(fleet, k, now_s):
            since_s = head[c.H_BUSY]
            return Standing(
                route.shuttle.id, stop, free_s, route.revision, since_s, next_stop, next_s
            )
        rides = [i for i, at in enumerate(route.stops) if at.task is None]
        last = max(rides, default=0)  # what is to be done after the last ride can wait
        stop = route.stops[last].stop
        free_s = max(int(rows[last, c.V_DEPART]), now_s)
    if head[c.H_SILENT] or head[c.H_OUT] or head[c.H_AWAY]:
        free_s = c.FAR_S
    return Standing(route.shuttle.id, stop, free_s, route.revision, None)


def _is_idle(fleet: Shuttles, k: int, now_s: int) -> bool:
    """Whether a shuttle stands at a stop with nobody on board and does not wait to set off."""
    head = fleet.head(k)
    if fleet.routes[k].aboard or fleet.parking(k) is not None:
        return False
    hindered = head[[c.H_SILENT, c.H_OUT, c.H_AWAY, c.H_LOCKED]].any()
    return bool(head[c.H_MODE] == c.AT_STOP and head[c.H_BUSY] <= now_s and not hindered)


class Rebalancing:
    """Takes proposals to wait elsewhere.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    publisher
        Issues plans.
    early_s
        How early an empty shuttle is at a prebooked pickup.
    """

    def __init__(self, fleet: Shuttles, publisher: Publisher, early_s: int) -> None:
        self._fleet = fleet
        self._publisher = publisher
        self._early_s = early_s

    def adopt(self, proposal: ParkProposal, now_s: int, events: list[Event]) -> None:
        """Send an idle shuttle to another stop; do nothing if it is no longer as it was."""
        fleet, stop = self._fleet, proposal.stop
        k = fleet.number.get(proposal.shuttle_id)
        if k is None or not 0 <= stop < len(fleet.ways.stop_mm):
            return
        route = fleet.routes[k]
        one = _standing(fleet, k, self._early_s, now_s)
        if one.idle_since_s is None or route.revision != proposal.revision or stop == one.stop:
            return
        way_s = fleet.drive_s[one.stop, stop]
        next_way_s = 0 if one.next_stop is None else fleet.drive_s[stop, one.next_stop]
        if not fleet.can_spare(k, stop):
            return
        until_s = now_s + way_s if one.next_stop is None else one.next_s
        if any(a < until_s and b > now_s for a, b in fleet.pauses(k)):
            return
        if way_s < c.UNREACHABLE_S and one.may_wait_at(way_s, next_way_s, now_s):
            before, parked = self._publisher.broken(k), route.parking
            route.parking = (stop, route.revision + 1)
            if fleet.supervised and self._publisher.objections(k, now_s, before):
                route.parking = parked
                fleet.book(k, now_s)
                return
            self._publisher.publish(k, now_s, events, before)
