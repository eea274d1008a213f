"""What shuttles report: facts, which are never refused but correct what the zone believed."""

from __future__ import annotations

from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.fleet import Shuttles, Stopover
from services.dispatcher.publication import Publisher
from services.dispatcher.rescue import Rescue
from services.domain.events import (
    Arrived,
    Boarded,
    Departed,
    Event,
    Left,
    NotThere,
    OfferExpired,
    Passed,
    PlanAcknowledged,
    Report,
    ReportMarked,
    RideBoarded,
    RideCompleted,
    RideNoShow,
    RideRetimed,
)
from services.domain.ids import RideId
from services.domain.ride import TERMINAL, Ride, Status
from services.domain.territory import DAY_S

AHEAD_S = 60
"""Clocks of shuttles may be this far ahead."""
MAP_MM = 10**9
"""No place on a territory's map lies further out."""
NEARLY_S = 3
"""A shuttle that is off its expected time by no more than this counts as in time."""
WORSE_S = 120
"""A promise that is broken is told anew when it gets worse by this much."""


class Reports:
    """Takes the shuttles' reports.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides; changed in place.
    publisher
        Issues plans that a report makes necessary.
    rescue
        Finds other shuttles for rides that one cannot serve as promised.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: dict[RideId, Ride],
        publisher: Publisher,
        rescue: Rescue,
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._rescue = rescue
        self._at_risk: dict[RideId, int] = {}

    def take(self, report: Report, now_s: int, events: list[Event]) -> None:
        """Take one report."""
        k = self._fleet.number.get(report.shuttle_id)
        reason = None
        if k is None:
            reason = "no shuttle of this zone"
        elif not self._possible(report, now_s):
            reason = "no such stop, road node or place"
        kind = type(report).__name__
        if k is None or reason is not None:
            events.append(ReportMarked(report.shuttle_id, kind, reason or ""))
            return
        self._fleet.routes[k].heard_s = now_s
        if report.at_s > now_s + AHEAD_S:
            events.append(ReportMarked(report.shuttle_id, kind, "it lies in the future"))
            report = replace(report, at_s=now_s)
        match report:
            case Passed():
                if not self._passed(k, report):
                    return
            case PlanAcknowledged():
                if not self._acknowledged(k, report):
                    self._rescue.acknowledged(k, report.revision, now_s, events)
                    return
            case Arrived():
                self._arrived(k, report)
            case Departed():
                self._departed(k, report, now_s, events)
            case Left():
                self._left(k, report, now_s, events)
            case Boarded():
                self._boarded(k, report, now_s, events)
            case NotThere():
                self._not_there(k, report, now_s, events)
        if self._fleet.refresh(k, now_s):
            # The shuttle must know that it is to wait before it lets people on.
            self._publisher.publish(k, now_s, events, self._publisher.broken(k))
        if isinstance(report, PlanAcknowledged):
            self._rescue.acknowledged(k, report.revision, now_s, events)
        self.tell(k, now_s, events)

    def _possible(self, report: Report, now_s: int) -> bool:
        """Whether the stops, nodes and places that a report names exist."""
        if isinstance(report, PlanAcknowledged):
            far = max(abs(report.x_mm or 0), abs(report.y_mm or 0)) > MAP_MM
            turns_s = now_s if report.node_ms is None else report.node_ms // 1000
            if far or abs(turns_s - now_s) > DAY_S:
                return False
        stops, nodes = len(self._fleet.ways.stop_mm), len(self._fleet.ways.node_drive_s)
        named = [getattr(report, "stop", None), getattr(report, "towards", None)]
        node = getattr(report, "node", None)
        return all(stop is None or 0 <= stop < stops for stop in named) and (
            node is None or not nodes or 0 <= node < nodes
        )

    def _passed(self, k: int, report: Passed) -> bool:
        """Note where a shuttle is; whether that changes when it arrives."""
        head = self._fleet.head(k)
        head[c.H_SILENT] = 0
        table = self._fleet.ways.node_drive_s
        known = 0 <= report.node < table.shape[0]
        if head[c.H_MODE] != c.MOVING or not known or head[c.H_PENDING]:
            return True
        node = self._on_way(report.node, int(head[c.H_STOP]))
        arrive_s = report.at_s + int(table[node, head[c.H_STOP]])
        if abs(arrive_s - int(head[c.H_ARRIVE])) <= NEARLY_S:
            return False
        head[c.H_NODE] = node
        head[c.H_MS] = report.at_s * 1000
        head[c.H_ARRIVE] = arrive_s
        return True

    def _acknowledged(self, k: int, report: PlanAcknowledged) -> bool:
        """Note that a shuttle follows a plan; whether that changes where it is or is going."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        target = route.targets.pop(report.revision, None)
        for revision in [r for r in route.targets if r < report.revision]:
            del route.targets[revision]
        pending = bool(head[c.H_PENDING])
        if report.revision == route.revision:
            head[c.H_PENDING] = 0
            head[c.H_SILENT] = 0
        if target is None or head[c.H_MODE] != c.MOVING or report.node_ms is None:
            return pending
        roads = bool(fleet.ways.node_drive_s.shape[0])
        if roads and report.node is None:
            return pending  # it says when it turned off, but not where
        head[c.H_STOP] = target
        head[c.H_MS] = report.node_ms
        if roads:
            node = self._on_way(report.node or 0, target)
            head[c.H_NODE] = node
            head[c.H_ARRIVE] = fleet.arrive_s(node, report.node_ms, target)
        else:
            head[c.H_X], head[c.H_Y] = report.x_mm or 0, report.y_mm or 0
            straight_s = fleet.crow_s(report.x_mm or 0, report.y_mm or 0, target)
            head[c.H_ARRIVE] = -(-report.node_ms // 1000) + straight_s
        return True

    def _on_way(self, node: int, stop: int) -> int:
        """A road node; if no known road leads from there to the stop, the stop's own.

        A shuttle on a way that nobody knows may be anywhere, and there at any moment.
        """
        ways = self._fleet.ways
        known = ways.node_drive_s[node, stop] < c.UNREACHABLE_S
        return node if known else int(ways.stop_node[stop])

    def _arrived(self, k: int, report: Arrived) -> None:
        head = self._fleet.head(k)
        head[c.H_MODE] = c.AT_STOP
        self._fleet.routes[k].parking = None
        head[c.H_STOP] = report.stop
        head[c.H_LOCKED] = head[c.H_PENDING] = head[c.H_SILENT] = head[c.H_SERVING] = 0
        head[c.H_BUSY] = report.at_s
        head[c.H_FREE] = -1

    def _departed(self, k: int, report: Departed, now_s: int, events: list[Event]) -> None:
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        head[c.H_MODE] = c.MOVING
        route.parking = None
        head[c.H_LOCKED] = head[c.H_PENDING] = head[c.H_SILENT] = head[c.H_SERVING] = 0
        head[c.H_STOP] = report.towards
        head[c.H_MS] = report.at_s * 1000
        drive_s = fleet.drive_s[report.stop, report.towards]
        if fleet.ways.node_drive_s.shape[0]:
            node = int(fleet.ways.stop_node[report.stop])
            head[c.H_NODE] = self._on_way(node, report.towards)
            head[c.H_ARRIVE] = report.at_s + (drive_s if head[c.H_NODE] == node else 0)
        else:
            head[c.H_ARRIVE] = report.at_s + drive_s
            head[c.H_X], head[c.H_Y] = fleet.ways.stop_mm[report.stop]
        if route.stops and route.stops[0].stop == report.stop != report.towards:
            missed = next(iter((*route.stops[0].board, *route.stops[0].leave)))
            reason = "left a stop before all were served"
            events.append(ReportMarked(report.shuttle_id, "Departed", reason, missed))
            fleet.refresh(k, now_s)
            self._publisher.publish(k, now_s, events, self._publisher.broken(k))

    def _served(self, k: int, ride_id: RideId, boarding: bool, at_s: int) -> bool:
        """Strike a ride off the visit that is under way; false if it was not to be served there."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        stop = route.stops[0] if route.stops else None
        waiting = [] if stop is None else stop.board if boarding else stop.leave
        if stop is None or stop.stop != head[c.H_STOP] or ride_id not in waiting:
            return False
        waiting.remove(ride_id)
        wheelchairs = self._rides[ride_id].request.party.wheelchairs
        stop.served_s += fleet.stop_times.of_party_s(wheelchairs)
        # Alighting has just begun; who boarded is done.
        dwell_s = 0 if boarding else fleet.stop_times.base_s + stop.served_s
        head[c.H_BUSY] = max(head[c.H_BUSY], at_s + dwell_s)
        head[c.H_SERVING] = 1
        if not stop.board and not stop.leave:
            route.stops.pop(0)
            head[c.H_LOCKED] = head[c.H_SERVING] = 0
        return True

    def _left(self, k: int, report: Left, now_s: int, events: list[Event]) -> None:
        ride = self._rides.get(report.ride_id)
        if ride is None or ride.offer is None:
            events.append(_unknown(report))
            return
        if ride.status is Status.COMPLETED:
            if (ride.shuttle_id, ride.dropped_off_s) != (report.shuttle_id, report.at_s):
                events.append(_marked(report, "the party had left before"))
            return  # otherwise the same fact again
        expected = self._served(k, ride.id, False, report.at_s) and ride.status is Status.ABOARD
        if not expected:
            self._take_out(ride.id, now_s, events)
            self._rescue.drop(ride.id)
        self._fleet.routes[k].aboard.pop(ride.id, None)
        self._fleet.forget(ride.id)
        self._at_risk.pop(ride.id, None)
        self._rides[ride.id] = replace(
            ride,
            status=Status.COMPLETED,
            shuttle_id=report.shuttle_id,
            dropped_off_s=report.at_s,
        )
        events.append(RideCompleted(ride.id, report.shuttle_id, report.at_s, expected))
        self._fleet.write(k, self._rides)

    def _boarded(self, k: int, report: Boarded, now_s: int, events: list[Event]) -> None:
        ride = self._rides.get(report.ride_id)
        if ride is None or ride.offer is None:
            events.append(_unknown(report))
            return
        if ride.status is Status.ABOARD and ride.id in self._fleet.routes[k].aboard:
            return  # the same fact again
        if ride.status is Status.COMPLETED and report.at_s <= (ride.dropped_off_s or 0):
            self._boarded_before(ride, report, events)
            return
        expected = self._served(k, ride.id, True, report.at_s)
        expected = expected and ride.status is Status.CONFIRMED
        route = self._fleet.routes[k]
        if not expected:
            self._take_out(ride.id, now_s, events, but=k)
        self._rides[ride.id] = replace(
            ride, status=Status.ABOARD, shuttle_id=report.shuttle_id, picked_up_s=report.at_s
        )
        route.aboard[ride.id] = report.at_s
        route.held.discard(ride.id)
        events.append(RideBoarded(ride.id, report.shuttle_id, report.at_s, expected))
        if any(ride.id in stop.leave for stop in route.stops):
            self._fleet.write(k, self._rides)
        else:
            self._let_off_somewhere(k, ride, now_s)
        if not expected:
            self._rescue.drop(ride.id)
            self._rescue.relieve(k, now_s, events)

    def _boarded_before(self, ride: Ride, report: Boarded, events: list[Event]) -> None:
        """Take the news that a party got on which is known to have left since."""
        if (ride.shuttle_id, ride.picked_up_s) != (report.shuttle_id, report.at_s):
            events.append(_marked(report, "the party had left before this was known"))
        if ride.picked_up_s is None:
            self._rides[ride.id] = replace(ride, picked_up_s=report.at_s)

    def _let_off_somewhere(self, k: int, ride: Ride, now_s: int) -> None:
        """Plan the dropoff of a party that got on unforeseen: breaking least, then soonest."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        holds, locked = [stop.hold_s for stop in route.stops], int(head[c.H_LOCKED])
        first, last = int(head[c.H_FIRST]), len(route.stops)

        def put(position: int) -> tuple[int, int, int]:
            route.stops.insert(position, Stopover(ride.promise.dropoff_stop, leave=[ride.id]))
            head[c.H_LOCKED] = locked
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            arrive_s = int(fleet.arrays.visits[k, position, c.V_ARRIVE])
            return int(head[c.H_BROKEN]), arrive_s, position

        tried = []
        for position in range(min(first, last), last + 1):
            tried.append(put(position))
            del route.stops[position]
            for stop, hold_s in zip(route.stops, holds, strict=True):
                stop.hold_s = hold_s
        put(min(tried)[2])

    def _not_there(self, k: int, report: NotThere, now_s: int, events: list[Event]) -> None:
        ride = self._rides.get(report.ride_id)
        if ride is None:
            events.append(_unknown(report))
            return
        if ride.status in TERMINAL or ride.status is Status.ABOARD:
            events.append(_marked(report, f"the ride is {ride.status}"))
            return
        if k not in self._holders(ride) or report.stop != ride.promise.pickup_stop:
            reason = "not this shuttle's to pick up, or not there"
            events.append(ReportMarked(report.shuttle_id, "NotThere", reason, ride.id))
            return
        if report.at_s < ride.promise.pickup_from_s:
            events.append(ReportMarked(report.shuttle_id, "NotThere", "too early", ride.id))
            return
        if ride.status is Status.OFFERED:
            self._rides[ride.id] = replace(ride, status=Status.EXPIRED)
            events.append(OfferExpired(ride.id))
        else:
            self._rides[ride.id] = replace(ride, status=Status.NO_SHOW)
            events.append(RideNoShow(ride.id, report.shuttle_id, report.waited_from_s, report.at_s))
        self._at_risk.pop(ride.id, None)
        self._rescue.drop(ride.id)
        self._take_out(ride.id, now_s, events)

    def _holders(self, ride: Ride) -> list[int]:
        """The shuttle that is to pick a ride up, if there is one."""
        k = self._fleet.holder(ride.id, ride.shuttle_id)
        return [] if k is None else [k]

    def _take_out(
        self, ride_id: RideId, now_s: int, events: list[Event], but: int | None = None
    ) -> None:
        """Take a ride out of every route that has it; shuttle ``but`` gets its plan later."""
        for k, route in enumerate(self._fleet.routes):
            if ride_id not in route.ride_ids():
                continue
            if k == but:
                self._fleet.remove(k, ride_id)
                self._fleet.write(k, self._rides)
            else:
                self._publisher.take_out(k, ride_id, now_s, events)

    def tell(self, k: int, now_s: int, events: list[Event]) -> None:
        """Tell riders whose promise can no longer be kept, or can be kept again."""
        fleet, route = self._fleet, self._fleet.routes[k]
        if not fleet.head(k)[c.H_BROKEN] and not any(r in self._at_risk for r in route.ride_ids()):
            return
        rows = fleet.arrays.visits[k, : len(route.stops)].tolist()
        stops = list(zip(rows, route.stops, strict=True))
        pickups = {ride_id: row[c.V_DEPART] for row, stop in stops for ride_id in stop.board}
        arrivals = {ride_id: row[c.V_ARRIVE] for row, stop in stops for ride_id in stop.leave}
        late: list[RideId] = []
        for ride_id, arrival_s in arrivals.items():
            promise = self._rides[ride_id].promise
            pickup_s = pickups.get(ride_id, route.aboard.get(ride_id, 0))
            late_s = max(
                arrival_s - promise.arrive_by_s,
                arrival_s - pickup_s - promise.ride_s_max,
                pickup_s - promise.pickup_to_s if ride_id in pickups else 0,
                0,
            )
            told_s = self._at_risk.get(ride_id)
            if late_s and (told_s is None or late_s >= told_s + WORSE_S):
                self._at_risk[ride_id] = late_s
                events.append(RideRetimed(ride_id, pickup_s, arrival_s, promise_kept=False))
                late.append(ride_id)
            elif not late_s and told_s is not None:
                del self._at_risk[ride_id]
                events.append(RideRetimed(ride_id, pickup_s, arrival_s, promise_kept=True))
        for ride_id in late:
            if ride_id in pickups:
                self._rescue.consider(ride_id, k, now_s, events)


def _unknown(report: Left | Boarded | NotThere) -> ReportMarked:
    return _marked(report, "there is no such ride")


def _marked(report: Left | Boarded | NotThere, reason: str) -> ReportMarked:
    return ReportMarked(report.shuttle_id, type(report).__name__, reason, report.ride_id)
