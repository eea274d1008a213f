"""The one way by which a plan leaves a zone: scheduled, judged by the referee, numbered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from services.dispatcher import columns as c
from services.dispatcher.energy import level_when_free, to_first_mwh
from services.dispatcher.fleet import Shuttles
from services.dispatcher.leases import grant
from services.dispatcher.moves import is_overbooked
from services.dispatcher.objective import ROUNDING_S
from services.dispatcher.plans import plan_of
from services.dispatcher.plugs import booked_s
from services.dispatcher.route import Stopover
from services.dispatcher.schedule import at_once_s
from services.domain.events import Event, PlanIssued
from services.domain.ids import RideId
from services.domain.plan import Plan
from services.domain.referee import (
    ANY_MOVES,
    LATENESS,
    Rule,
    Situation,
    Violation,
    new_violations,
    violations,
)
from services.domain.resources import Energy, Supervised
from services.domain.ride import Ride
from services.network.driving import drive_from_s, longest_s


class Publisher:
    """Issues plans.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    rides
        The zone's rides, as they are from time to time.
    early_s
        How early an empty shuttle is at a prebooked pickup.
    """

    def __init__(self, fleet: Shuttles, rides: Mapping[RideId, Ride], early_s: int) -> None:
        self._fleet = fleet
        self._rides = rides
        self.early_s = early_s

    def publish(
        self,
        k: int,
        now_s: int,
        events: list[Event],
        before: tuple[Violation, ...] = (),
        departs: Sequence[tuple[Stopover, int]] = (),
    ) -> None:
        """Issue the plan of a shuttle whose route changed.

        Parameters
        ----------
        k
            The shuttle.
        now_s
            Now.
        events
            Takes the plan.
        before
            Promises that were broken before the change.
        departs
            When boarding was to end before somebody was taken out; if the plan is illegal
            otherwise, then it ends no earlier.

        Raises
        ------
        AssertionError
            If the plan is illegal: a bug, of which nothing may leave.
        """
        self._fleet.replanned += 1
        self._issue(k, now_s, events, before, departs)

    def renew(self, k: int, now_s: int, events: list[Event]) -> None:
        """Issue a plan as it is: with leases that are due, or since the shuttle is to answer.

        Nothing is planned anew for that, and one that goes to wait elsewhere goes on.
        """
        route = self._fleet.routes[k]
        if (parking := self._fleet.parking(k)) is not None:
            route.parking = (parking, route.revision + 1)
        self._issue(k, now_s, events, self.as_it_is(k), ())

    def _issue(
        self,
        k: int,
        now_s: int,
        events: list[Event],
        before: tuple[Violation, ...],
        departs: Sequence[tuple[Stopover, int]],
    ) -> None:
        fleet = self._fleet
        route, head = fleet.routes[k], fleet.head(k)
        assert route.holder is None, f"{route.shuttle.id} belongs to {route.holder}"
        settled = int(head[c.H_LOCKED])
        self.schedule(k, now_s)
        route.revision += 1
        fleet.book(k, now_s)
        plan = plan_of(fleet, k, self.early_s)
        illegal = self._objections(k, plan, before, {Rule.ENERGY} if departs else ())
        if illegal and departs:
            rows = fleet.arrays.visits[k, : len(route.stops), c.V_DWELL].tolist()
            dwell_s = {id(stop): row for stop, row in zip(route.stops, rows, strict=True)}
            for stop, depart_s in departs:
                if stop.board:
                    stop.hold_s = max(stop.hold_s, depart_s - dwell_s[id(stop)])
            if head[c.H_LOCKED] > settled:
                head[c.H_LOCKED], route.written = 0, None
            fleet.write(k, self._rides)
            fleet.refresh(k, now_s)
            plan = plan_of(fleet, k, self.early_s)
            hindered = fleet.pauses(k) or len(fleet.ways.caps)
            spared = LATENESS | {Rule.ENERGY} if hindered else {Rule.ENERGY}
            illegal = self._objections(k, plan, before, spared)
        if illegal:
            raise AssertionError(f"illegal plan {plan}: {illegal}")
        if plan.visits:
            route.targets[plan.revision] = plan.visits[0].stop
        if route.unanswered_s < 0:
            route.unanswered_s = now_s
        events.append(PlanIssued(grant(fleet, self._rides, k, plan, now_s)))

    def schedule(self, k: int, now_s: int) -> None:
        """Bring the arrays of a shuttle in step with its route, and compute its times."""
        self._fleet.write(k, self._rides)
        self._turn_off(k)
        self._fleet.refresh(k, now_s)

    def objections(
        self, k: int, now_s: int, before: tuple[Violation, ...]
    ) -> tuple[Violation, ...]:
        """What the referee has against a shuttle's route as it stands, with all its rides."""
        self.schedule(k, now_s)
        route = self._fleet.routes[k]
        route.revision += 1  # with the next plan, one that went to wait elsewhere does not any more
        self._fleet.book(k, now_s)
        found = self._objections(k, plan_of(self._fleet, k, self.early_s), before, ())
        route.revision -= 1
        return found

    def _objections(
        self, k: int, plan: Plan, before: tuple[Violation, ...], spared: Collection[Rule]
    ) -> tuple[Violation, ...]:
        """What the referee has against a plan, but for rules that a shortened one may break.

        Two short ways, rounded, can seem shorter than the direct one that takes their place. It may
        even be longer in metres; and with a charge that is over, its gain goes until the battery's
        level is told. And where two short ways end before shuttles may not drive, the direct one
        may not.
        """
        illegal = new_violations(self._judge(k, plan), before, ROUNDING_S if spared else 0)
        return tuple(v for v in illegal if v.rule not in spared)

    def take_out(self, k: int, ride_id: RideId, now_s: int, events: list[Event]) -> None:
        """Take a ride out of a shuttle's route, and issue the plan that remains."""
        self.shorten(k, lambda: self._fleet.remove(k, ride_id), now_s, events)

    def shorten(self, k: int, strike: Callable[[], None], now_s: int, events: list[Event]) -> None:
        """Strike something off a shuttle's route, and issue the plan that remains.

        A shuttle that has less to do comes earlier, and who gets on earlier may sit on board for
        too long while it waits later on.
        """
        fleet = self._fleet
        fleet.write(k, self._rides)
        fleet.refresh(k, now_s)
        before, stops = self.as_it_is(k), list(fleet.routes[k].stops)
        departs_s = fleet.arrays.visits[k, : len(stops), c.V_DEPART].tolist()
        strike()
        self.publish(k, now_s, events, before, list(zip(stops, departs_s, strict=True)))

    def broken(self, k: int) -> tuple[Violation, ...]:
        """What the plan of a shuttle breaks as things stand."""
        fleet = self._fleet
        overbooked = fleet.supervised and is_overbooked(fleet.arrays, k)
        if not fleet.head(k)[c.H_BROKEN] and not overbooked:
            return ()
        return self._judge(k, plan_of(self._fleet, k, self.early_s))

    def as_it_is(self, k: int) -> tuple[Violation, ...]:
        """The same for one that follows what happened, and so may move whenever it has to.

        If too many would move then, it waits for somebody to supervise it.
        """
        return (*self.broken(k), ANY_MOVES) if self._fleet.supervised else self.broken(k)

    def _turn_off(self, k: int) -> None:
        """One that is to go elsewhere than it is heading keeps its way until it says so."""
        route, head = self._fleet.routes[k], self._fleet.head(k)
        if head[c.H_MODE] != c.MOVING or head[c.H_PENDING] or not route.stops:
            return
        if self._fleet.outline(k, self.early_s)[0] is not None:
            return
        if route.stops[0].stop != head[c.H_STOP]:
            head[c.H_PENDING] = 1
            # It may be late at that node, and does not turn off there before it is due to.
            head[c.H_MS] = max(int(head[c.H_MS]), int(head[c.H_FREE]) * 1000 - 999)
            if not self._fleet.ways.node_drive_s.shape[0]:
                head[c.H_X], head[c.H_Y] = head[c.H_FREE_X], head[c.H_FREE_Y]
                head[c.H_MS] = head[c.H_FREE] * 1000

    def _judge(self, k: int, plan: Plan) -> tuple[Violation, ...]:
        fleet = self._fleet
        route, head = fleet.routes[k], fleet.head(k)
        moving = head[c.H_MODE] == c.MOVING
        boarding = bool(head[c.H_LOCKED])
        going_on = boarding or (moving and not head[c.H_PENDING])

        def approach_s(stop: int, leave_s: int) -> int:
            if head[c.H_MODE] == c.AT_STOP:
                return int(drive_from_s(fleet.ways, leave_s, head[c.H_STOP], stop))
            return int(at_once_s(fleet.ways, head, stop))

        return violations(
            plan,
            Situation(
                capacity=route.shuttle.capacity,
                seats_per_wheelchair=route.shuttle.seats_per_wheelchair,
                free_s=int(head[c.H_FREE]),
                approach_s=approach_s,
                heading_stop=int(head[c.H_STOP]) if going_on else -1,
                first_arrive_s=int(head[c.H_ARRIVE]),
                aboard=route.aboard,
                boarding=boarding,
                holds=route.held - route.awaited,
                tasks=route.tasks,
                rides=self._rides,
                drive_s=lambda a, b, leave_s: int(drive_from_s(fleet.ways, leave_s, a, b)),
                stop_times=fleet.stop_times,
                pauses=fleet.pauses(k),
                moving=bool(moving),
                energy=self._energy(k),
                supervised=self._supervised(k),
            ),
        )

    def _supervised(self, k: int) -> Supervised | None:
        fleet, head = self._fleet, self._fleet.head(k)
        if not fleet.supervised:
            return None
        first = int(fleet.arrays.days[0, 0])
        total, own = fleet.arrays.total, fleet.arrays.booked[k]

        def others(minute: int) -> int:
            at = minute - first
            return int(total[at]) - int(own[at]) if 0 <= at < len(total) else 0

        return Supervised(
            limit=fleet.limit,
            booked=others,
            standing=int(head[c.H_STOP]) if head[c.H_MODE] == c.AT_STOP else -1,
        )

    def _energy(self, k: int) -> Energy | None:
        fleet, head = self._fleet, self._fleet.head(k)
        battery, ways = fleet.routes[k].shuttle.battery, fleet.ways
        if battery is None:
            return None
        return Energy(
            battery=battery,
            level_mwh=int(level_when_free(ways, head)),
            approach_mwh=lambda stop: int(to_first_mwh(ways, head, stop)),
            drive_mwh=lambda a, b: battery.drive_mwh(
                int(ways.drive_m[a, b]), int(longest_s(ways, a, b))
            ),
            to_charger_mwh=lambda stop: battery.drive_mwh(
                int(ways.charger_m[stop]), int(ways.charger_s[stop])
            ),
            chargers=fleet.chargers,
            booked=lambda stop: booked_s(fleet, stop, but=k),
        )
