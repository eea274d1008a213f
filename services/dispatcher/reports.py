"""What shuttles report: facts, which are never refused but correct what the zone believed."""

from __future__ import annotations

from dataclasses import replace

from services.dispatcher import columns as c
from services.dispatcher.breakdowns import Breakdowns
from services.dispatcher.duties import Duties
from services.dispatcher.fleet import Shuttles
from services.dispatcher.lateness import Expected, expected
from services.dispatcher.leases import acknowledged, run_short
from services.dispatcher.positions import Positions
from services.dispatcher.publication import Publisher
from services.dispatcher.rescue import Rescue
from services.dispatcher.rides import Rides
from services.domain.events import (
    Arrived,
    Boarded,
    Departed,
    Event,
    Fault,
    Left,
    NotThere,
    OfferExpired,
    Passed,
    PlanAcknowledged,
    Repaired,
    Report,
    ReportMarked,
    RideBoarded,
    RideCompleted,
    RideFailed,
    RideNoShow,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import TERMINAL, Ride, Status
from services.domain.settings_part import DAY_S
from services.domain.task_reports import TaskDone

AHEAD_S = 60
"""Clocks of shuttles may be this far ahead."""
UNHEARD = "nothing is heard of the shuttle that was to come before"
MAP_MM = 10**9
"""No place on a territory's map lies further out."""
REVISION_MAX = 1 << 31
"""No shuttle has heard of so many plans."""
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
    breakdowns
        Sees to the riders of shuttles that break down.
    duties
        The shuttles' tasks.
    """

    def __init__(
        self,
        fleet: Shuttles,
        rides: Rides,
        publisher: Publisher,
        rescue: Rescue,
        breakdowns: Breakdowns,
        duties: Duties,
    ) -> None:
        self._fleet = fleet
        self._rides = rides
        self._publisher = publisher
        self._rescue = rescue
        self._breakdowns = breakdowns
        self._positions = Positions(fleet)
        self._duties = duties
        self._stranded = breakdowns.stranded

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
        self._fleet.touched.add(k)
        self._fleet.routes[k].heard_s = now_s
        if self._rides.look_s:
            for ride_id in self._fleet.routes[k].aboard:
                if self._rides.look_s.get(ride_id) == c.FAR_S:
                    self._rides.look_again(ride_id, now_s)
        if report.at_s > now_s + AHEAD_S:
            events.append(ReportMarked(report.shuttle_id, kind, "it lies in the future"))
            report = replace(report, at_s=now_s)
        route, went_back = self._fleet.routes[k], False
        match report:
            case Passed() | Arrived() | Departed() if self._positions.is_old(k, report):
                return  # where it is since then is known
            case Passed():
                if not self._positions.passed(k, report):
                    return
            case PlanAcknowledged() if report.revision > route.revision:
                self._go_beyond(k, report.revision, now_s, events)
                return
            case PlanAcknowledged():
                # An old plan may come late on its topic, behind newer ones, and be kept there.
                went_back = route.unanswered_s < 0 and report.revision < route.revision
                acknowledged(route, report.revision, now_s)
                if not self._positions.acknowledged(k, report) and not went_back:
                    self._rescue.acknowledged(k, report.revision, now_s, events)
                    return
            case Arrived():
                self._positions.arrived(k, report)
            case Departed():
                self._departed(k, report, now_s, events)
            case Left():
                self._left(k, report, now_s, events)
            case Boarded():
                self._boarded(k, report, now_s, events)
            case NotThere():
                self._not_there(k, report, now_s, events)
            case Fault():
                self._breakdowns.broke_down(k, report, now_s, events)
            case Repaired():
                self._breakdowns.repaired(k, report)
            case TaskDone():
                self._duties.done(k, report, now_s, events)
        if self._fleet.refresh(k, now_s) or run_short(self._fleet, k, now_s) or went_back:
            # The shuttle must know that it is to wait before it lets people on.
            self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))
        if isinstance(report, PlanAcknowledged):
            self._rescue.acknowledged(k, report.revision, now_s, events)
        self.tell(k, now_s, events)

    def _go_beyond(self, k: int, revision: int, now_s: int, events: list[Event]) -> None:
        """Tell a shuttle anew what it is to do: it follows a plan that is not of this zone."""
        shuttle_id = self._fleet.routes[k].shuttle.id
        events.append(ReportMarked(shuttle_id, "PlanAcknowledged", "there is no such plan"))
        if revision < REVISION_MAX:
            self._fleet.routes[k].revision = revision
            self._fleet.refresh(k, now_s)
            self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))

    def _possible(self, report: Report, now_s: int) -> bool:
        """Whether the stops, nodes and places that a report names exist."""
        if isinstance(report, PlanAcknowledged):
            far = max(abs(report.x_mm or 0), abs(report.y_mm or 0)) > MAP_MM
            turns_s = now_s if report.node_ms is None else report.node_ms // 1000
            if far or abs(turns_s - now_s) > DAY_S:
                return False
        if isinstance(report, Fault) and not 0 <= report.ready_s - report.at_s <= DAY_S:
            return False
        stops, nodes = len(self._fleet.ways.stop_mm), len(self._fleet.ways.node_drive_s)
        named = [getattr(report, "stop", None), getattr(report, "towards", None)]
        node = getattr(report, "node", None)
        return all(stop is None or 0 <= stop < stops for stop in named) and (
            node is None or not nodes or 0 <= node < nodes
        )

    def _departed(self, k: int, report: Departed, now_s: int, events: list[Event]) -> None:
        fleet, route = self._fleet, self._fleet.routes[k]
        self._positions.departed(k, report)
        if route.stops and route.stops[0].stop == report.stop != report.towards:
            missed = next(iter((*route.stops[0].board, *route.stops[0].leave)), None)
            reason = "left a stop before all were served"
            events.append(ReportMarked(report.shuttle_id, "Departed", reason, missed))
            fleet.refresh(k, now_s)
            self._publisher.publish(k, now_s, events, self._publisher.as_it_is(k))

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
            head[c.H_LEVEL] -= head[c.H_PER_STOP]
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
        went_on = ride.changing or ride.status is Status.ABOARD
        if went_on and ride.let_off_s is not None and report.at_s <= ride.let_off_s:
            return  # it got off to change: the same fact again
        expected = self._served(k, ride.id, False, report.at_s) and ride.status is Status.ABOARD
        if not expected:
            self._take_out(ride.id, now_s, events)
            self._rescue.drop(ride.id)
        self._fleet.routes[k].aboard.pop(ride.id, None)
        self._fleet.forget(ride.id)
        self._rides.tell_late(ride.id, None)
        if ride.changing and ride.status is Status.ABOARD:
            self._stranded.got_off(k, ride, report.at_s, now_s, events)
            return
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
        if ride.let_off_s is not None and report.at_s <= ride.let_off_s:
            return  # so it was, and let off again when the shuttle broke down
        if ride.status is Status.COMPLETED and report.at_s <= (ride.dropped_off_s or 0):
            self._boarded_before(ride, report, events)
            return
        expected = self._served(k, ride.id, True, report.at_s)
        expected = expected and ride.status is Status.CONFIRMED
        route = self._fleet.routes[k]
        coming = None if expected else self._take_out(ride.id, now_s, events, but=k)
        self._rides[ride.id] = replace(
            ride,
            status=Status.ABOARD,
            shuttle_id=report.shuttle_id,
            changing=False,
            picked_up_s=report.at_s if ride.let_off_s is None else ride.picked_up_s,
        )
        route.aboard[ride.id] = report.at_s
        route.held.discard(ride.id)
        events.append(RideBoarded(ride.id, report.shuttle_id, report.at_s, expected))
        if any(ride.id in stop.leave for stop in route.stops):
            self._fleet.write(k, self._rides)
        else:
            self._rescue.let_off(k, ride, now_s)
        if not expected:
            withdrawn_from = self._rescue.drop(ride.id)
            coming = coming if withdrawn_from is None else withdrawn_from
            self._rescue.relieve(k, now_s, events)
        if 0 <= route.fault_s >= report.at_s:  # the shuttle broke down since
            self._breakdowns.let_off(k, [ride.id], now_s, now_s, events, coming)

    def _boarded_before(self, ride: Ride, report: Boarded, events: list[Event]) -> None:
        """Take the news that a party got on which is known to have left since."""
        if (ride.shuttle_id, ride.picked_up_s) != (report.shuttle_id, report.at_s):
            events.append(_marked(report, "the party had left before this was known"))
        if ride.picked_up_s is None:
            self._rides[ride.id] = replace(ride, picked_up_s=report.at_s)

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
        elif self._may_be_elsewhere(ride.id):
            self._rides[ride.id] = replace(ride, status=Status.FAILED, failure=UNHEARD)
            events.append(RideFailed(ride.id, UNHEARD))
        else:
            self._rides[ride.id] = replace(ride, status=Status.NO_SHOW)
            events.append(RideNoShow(ride.id, report.shuttle_id, report.waited_from_s, report.at_s))
        self._rides.tell_late(ride.id, None)
        self._rescue.drop(ride.id)
        self._take_out(ride.id, now_s, events)

    def _may_be_elsewhere(self, ride_id: RideId) -> bool:
        """Whether a party may be on board of a shuttle that had it before and is still unheard."""
        k = self._fleet.number.get(self._rides.lapsed.get(ride_id, ShuttleId("")))
        return k is not None and self._fleet.routes[k].unanswered_s >= 0

    def _holders(self, ride: Ride) -> list[int]:
        """The shuttle that is to pick a ride up, if there is one."""
        k = self._fleet.holder(ride.id, ride.shuttle_id)
        return [] if k is None else [k]

    def _take_out(
        self, ride_id: RideId, now_s: int, events: list[Event], but: int | None = None
    ) -> int | None:
        """Take a ride out of every route that has it; shuttle ``but`` gets its plan later.

        Returns the other shuttle that was to come for it, if there is one.
        """
        coming = None
        for k, route in enumerate(self._fleet.routes):
            if ride_id not in route.ride_ids():
                continue
            if k == but:
                self._fleet.remove(k, ride_id)
                self._fleet.write(k, self._rides)
            else:
                self._publisher.take_out(k, ride_id, now_s, events)
                coming = k
        return coming

    def tell(self, k: int, now_s: int, events: list[Event]) -> None:
        """Tell riders whose promise can no longer be kept, or can be kept again."""
        fleet, route = self._fleet, self._fleet.routes[k]
        told = self._rides.told_late_s
        known = fleet.head(k)[c.H_BROKEN] or any(r in told for r in route.ride_ids())
        if not known and not self._stranded.is_held(k, now_s):
            return
        late: list[Expected] = []
        found = list(expected(fleet, self._rides, k))
        for one in found:
            ride_id, pickup_s, arrival_s, late_s, _ = one
            told_s = self._rides.told_late_s.get(ride_id)
            if late_s and (told_s is None or late_s >= told_s + WORSE_S):
                self._rides.tell_late(ride_id, late_s)
                events.append(self._rides.retime(ride_id, pickup_s, arrival_s, promise_kept=False))
                late.append(one)
            elif not late_s and told_s is not None and not self._rides[ride_id].changing:
                self._rides.tell_late(ride_id, None)
                events.append(self._rides.retime(ride_id, pickup_s, arrival_s, promise_kept=True))
        for one in late:
            if one.waiting:
                self._rescue.consider(one.ride_id, k, now_s, events)
        self._stranded.see_to(k, found, now_s, events)


def _unknown(report: Left | Boarded | NotThere) -> ReportMarked:
    return _marked(report, "there is no such ride")


def _marked(report: Left | Boarded | NotThere, reason: str) -> ReportMarked:
    return ReportMarked(report.shuttle_id, type(report).__name__, reason, report.ride_id)
