"""A zone: a pure state machine that answers requests and keeps its promises.

``Zone.apply(message, now_s)`` does no I/O, reads no clock and throws no dice: the same messages at
the same times give the same events. Commands can be turned down; reports are facts and never are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from typing import assert_never

import numpy as np

from services.dispatcher import columns as c
from services.dispatcher.adoption import Adoption
from services.dispatcher.answers import Answers
from services.dispatcher.arrays import Ask, Fleet
from services.dispatcher.batch import Batch
from services.dispatcher.breakdowns import Breakdowns
from services.dispatcher.charging import Charging
from services.dispatcher.duties import Duties
from services.dispatcher.fleet import Shuttles
from services.dispatcher.grouping import cells_of, groups_of
from services.dispatcher.handover import Handover
from services.dispatcher.insertion import search
from services.dispatcher.leasing import Leasing
from services.dispatcher.ledger import Ledger, Parts
from services.dispatcher.lending import Lender
from services.dispatcher.offers import Terms
from services.dispatcher.publication import Publisher
from services.dispatcher.rebalancing import Rebalancing
from services.dispatcher.reports import Reports
from services.dispatcher.rescue import Rescue
from services.dispatcher.rides import Rides
from services.dispatcher.roadworks import Roadworks
from services.dispatcher.silence import Silence
from services.dispatcher.snapshot import Snapshot
from services.domain.events import (
    AcceptOffer,
    Arrived,
    Boarded,
    CancelRide,
    CloseRoads,
    CommandTurnedDown,
    Departed,
    Event,
    Fault,
    Left,
    Message,
    NotThere,
    OfferExpired,
    OpenRoads,
    ParkProposal,
    Passed,
    PlanAcknowledged,
    PlanProposal,
    Repaired,
    Report,
    RequestRide,
    RideCancelled,
    RideConfirmed,
    WakeUp,
)
from services.domain.ids import RideId
from services.domain.operating_domain import RestrictDriving
from services.domain.ride import NEXT, Request, Ride, Status
from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.task_reports import BatteryLevel, TaskDone
from services.domain.zone_crossing import (
    AdoptionConfirmed,
    AdoptShuttle,
    LendShuttle,
    MessageForwarded,
    PassedOn,
)
from services.domain.zone_state import Row
from services.network.driving import ways
from services.network.fleet import chargers
from services.network.folder import Network
from services.network.layout import layout


class Zone:
    """The rides, shuttles and plans of one zone.

    Parameters
    ----------
    network
        The territory with its travel tables.
    shuttles
        Its fleet, parked at its depots.
    """

    def __init__(self, network: Network, shuttles: tuple[Shuttle, ...]) -> None:
        territory = network.territory
        self.territory = territory
        self.rides = Rides()
        self.fleet = Shuttles(
            shuttles, ways(network), territory, chargers(network), network.calendar
        )
        fleet = self.fleet
        terms = Terms(territory, lambda a, b: int(fleet.drive_s[a, b]), network.calendar)
        self.now_s = 0
        self._publisher = Publisher(self.fleet, self.rides, territory.dispatch.early_s)
        handover = Handover(self.fleet, self.rides, self._publisher)
        parts = self.fleet, self.rides, self._publisher
        self._rescue = Rescue(*parts, handover, self.search, terms.hours)
        breakdowns = Breakdowns(*parts, self._rescue, territory.promises.wait_s_max)
        ahead_s = territory.promises.book_ahead_s_max + DAY_S
        charging = self._charging = Charging(*parts)
        duties = self._duties = Duties(*parts, ahead_s)
        self._reports = Reports(*parts, self._rescue, breakdowns, self._duties)
        self._silence = Silence(*parts, self._reports.tell, self._rescue.wait)
        self._leasing = Leasing(self.fleet, self._publisher, self._rescue.consider)
        self._roadworks = Roadworks(*parts, self._rescue, self._reports.tell)
        self.answers = Answers(*parts, terms, self.search)
        self.adoption = Adoption(*parts, handover, self.search, self.answers)
        self._cells = cells_of(network.stops)
        kept = Parts(
            self.fleet, self.rides, self.answers, self._rescue, self._roadworks, duties, charging
        )
        numbers = layout(network)
        self._ledger = Ledger(kept, numbers)
        self._rebalancing = Rebalancing(self.fleet, self._publisher, territory.dispatch.early_s)
        zones, drive_s = network.zones, network.tables.drive_s
        self._zones = zones
        self.lender = Lender(
            self.fleet, self._publisher, duties, self._rescue.consider, zones, numbers
        )
        if zones is not None:
            self.answers.neighbour = lambda request: zones.neighbour(request, drive_s)

    @classmethod
    def restored(cls, network: Network, shuttles: tuple[Shuttle, ...], rows: Iterable[Row]) -> Zone:
        """A zone that goes on where another one was, given its rows; without any, it begins.

        Shuttles that are new begin at their depots. Those that are gone, empty and without
        promises, are left out until they are back.

        Raises
        ------
        StateMismatch
            If the rows do not fit the territory.
        """
        zone = cls(network, shuttles)
        zone.now_s = zone._ledger.restore(rows)
        for ride in zone.rides.values():
            zone._silence.watch(ride)
        zone._leasing.watch(range(len(zone.fleet.routes)))
        zone.lender.watch()
        return zone

    def rows(self) -> tuple[Row, ...]:
        """All that the zone is made of."""
        return tuple(self._ledger.rows(self.now_s))

    def changed_rows(self) -> tuple[Row, ...]:
        """The rows that changed since this was last asked, at first all; restored ones have not."""
        return tuple(self._ledger.changed(self.now_s))

    def apply(self, message: Message, now_s: int) -> tuple[Event, ...]:
        """Take one message, after the timers that fell due before it.

        Parameters
        ----------
        message
            A command, a report, or a wake-up.
        now_s
            Seconds after midnight of the service day; a time before the last step's counts as that.

        Returns
        -------
        tuple of Event
            All that it led to, in order.
        """
        now_s = self.now_s = max(now_s, self.now_s)
        self.fleet.turn_page(now_s)
        events: list[Event] = []
        for ride_id in self.rides.forget(now_s):
            self.fleet.forget(ride_id)
        for ride in self.answers.lapsed(now_s):
            self.rides[ride.id] = replace(ride, status=Status.EXPIRED)
            events.append(OfferExpired(ride.id))
            self._free(ride, now_s, events)
        self._roadworks.turn(now_s, events)
        self.answers.answer_due(now_s, events)
        self._rescue.give_up(now_s, events)
        self._silence.break_off(now_s, events)
        self._duties.begin(now_s, events)
        self._leasing.grant(now_s, events)
        if not self._pass_on(message, now_s, events):
            self._take(message, now_s, events)
        self.lender.proceed(now_s, events)
        for ride in self.rides.settle():
            self._silence.watch(ride)
        self._leasing.watch(self.fleet.touched)
        return tuple(events)

    def _pass_on(self, message: Message, now_s: int, events: list[Event]) -> bool:
        """Pass a message on that is about a ride or shuttle that went elsewhere."""
        if not isinstance(message, AcceptOffer | CancelRide):
            return self.lender.pass_on(message, now_s, events)
        ride = self.rides.get(message.ride_id)
        if ride is None or ride.referred_to is None:
            return False
        events.append(MessageForwarded(ride.referred_to))
        return True

    def _take(self, message: Message, now_s: int, events: list[Event]) -> None:
        match message:
            case RequestRide(request=request, useful_until_s=useful_until_s):
                if not self.answers.is_new(message, now_s, events):
                    pass
                elif useful_until_s is not None and now_s > useful_until_s:
                    self.answers.too_late(message, now_s, events)
                else:
                    self._duties.lay_out(self.terms.latest_s(request), now_s, events)
                    self.answers.request(message, now_s, events)
            case AcceptOffer(ride_id=ride_id):
                self._accept(ride_id, events)
            case CancelRide(ride_id=ride_id):
                self._cancel(ride_id, now_s, events)
            case ParkProposal():
                self._rebalancing.adopt(message, now_s, events)
            case CloseRoads() | OpenRoads():
                self._roadworks.take(message, now_s, events)
            case RestrictDriving():
                self._roadworks.restrict(message, now_s, events)
            case Passed() | Departed() | Arrived() | Boarded() | Left() | NotThere():
                self._report(message, now_s, events)
            case PlanProposal():
                self.adoption.take(message, now_s, events)
            case PlanAcknowledged() | Fault() | Repaired() | TaskDone():
                self._report(message, now_s, events)
            case BatteryLevel():
                self._charging.take(message, now_s, events)
            case LendShuttle():
                self.lender.take(message, now_s, events)
            case AdoptShuttle():
                self.lender.adopt(message, now_s, events)
            case AdoptionConfirmed():
                self.lender.confirmed(message)
            case PassedOn():
                self.lender.not_given(message, events)
            case WakeUp():
                pass
            case CommandTurnedDown():  # nobody could take it here
                events.append(message)
            case _:
                assert_never(message)

    def next_due_s(self) -> int | None:
        """When the zone wants to be woken up, if nothing else comes before."""
        parts = self.answers, self._rescue, self._silence, self._leasing, self._roadworks
        due_s = [part.next_due_s() for part in (*parts, self.lender)]
        return min((s for s in due_s if s is not None), default=None)

    def search(
        self, ask: Ask, among: Collection[int] | None = None, seen: Fleet | None = None
    ) -> list[int]:
        """Best insertion into the fleet, or some shuttles of it, as it is now (``F_`` columns).

        It changes nothing; whoever takes the place that it found settles the shuttle first.
        ``seen``: the fleet as it is now, if that is at hand.
        """
        arrays = self.fleet.seen(self.now_s) if seen is None else seen
        if among is not None:
            heads = arrays.heads.copy()
            others = np.ones(len(heads), np.bool_)
            others[list(among)] = False
            heads[others, c.H_SILENT] = 1
            arrays = arrays._replace(heads=heads)
        found = search(self.fleet.ways, arrays, ask)
        columns: list[int] = found.tolist()
        return columns

    def best(self, request: Request) -> tuple[Ask, list[int]] | None:
        """Best insertion of a request as it was asked, with the arrays that it was searched by."""
        return self.answers.best(request, self.now_s)

    def answer(self, request: Request) -> tuple[Event, ...]:
        """Answer a request at once, whether or not requests wait for their answers here."""
        events: list[Event] = []
        self.answers.answer(request, self.now_s, events)
        return tuple(events)

    def trial(self, shuttles: Sequence[int] | None = None) -> Zone:
        """A zone as this one is now, to try messages on; this one stays as it is.

        Parameters
        ----------
        shuttles
            Numbers of those that are in it, as if there were no others; absent: all.

        Returns
        -------
        Zone
            It shares with this one only what never changes.
        """
        fleet = self.fleet
        chosen = range(len(fleet.routes)) if shuttles is None else shuttles
        memo: dict[int, object] = {
            id(self.territory): self.territory,
            id(self.rides): self.rides.trial(),
            id(self._ledger): None,
            id(fleet): fleet.trial(chosen),
            id(self.answers.before): None,
            id(self._zones): self._zones,
        }
        return deepcopy(self, memo)

    def _report(self, report: Report, now_s: int, events: list[Event]) -> None:
        self._reports.take(report, now_s, events)
        if self.fleet.closed and report.shuttle_id in self.fleet.number:
            k = self.fleet.number[report.shuttle_id]
            if self._roadworks.untangle(k, now_s, events):
                self._reports.tell(k, now_s, events)

    def sketch(self, *, fleet: bool) -> Zone:
        """A zone to search under other rules, with its own shuttles or not; cheaper than a trial.

        Nothing can be applied to it.
        """
        made = copy(self)
        if fleet:
            made.rides = self.rides.trial()
            made.fleet = self.fleet.trial(range(len(self.fleet.routes)))
        made.answers = self.answers.searching(made.search)
        return made

    @property
    def terms(self) -> Terms:
        """The territory's rules, as they are applied to requests."""
        return self.answers.terms

    @property
    def waiting(self) -> Mapping[RideId, int]:
        """Requests that wait for a batch, and from when on they want one."""
        return self.answers.waiting

    def batches(self, now_s: int, deadline_s: int, group_rides: int) -> list[Batch]:
        """Take snapshots of all open work as it will be at a deadline, in groups of so many rides.

        This changes nothing. What a solver makes of it comes back as a `PlanProposal`.
        """
        dispatch = self.territory.dispatch
        times_s = max(now_s, self.now_s), deadline_s
        snapshot = Snapshot(self.fleet, self.rides, dispatch, self._cells.of_stop, times_s)
        asked = [self.answers.asked(ride_id, now_s) for ride_id in self.waiting]
        groups = groups_of(snapshot, asked, self._cells, group_rides)
        batches = [snapshot.batch(*group, (i, len(groups))) for i, group in enumerate(groups)]
        return [batch for batch in batches if batch.shuttles and batch.rides]

    def _accept(self, ride_id: RideId, events: list[Event]) -> None:
        ride = self.rides.get(ride_id)
        if ride is not None and ride.status is Status.CONFIRMED:
            return  # accepted already: a repeated command
        expired = ride is not None and ride.status is Status.EXPIRED and ride.offer is not None
        if ride is not None and expired and not ride.turned_down:
            # Too late for the offer, perhaps not for what it promised.
            if self._rescue.revive(ride, self.now_s, events):
                return
            self.rides[ride_id] = replace(ride, turned_down=True)
        if self._allowed(ride, ride_id, "accept", Status.CONFIRMED, events):
            assert ride is not None
            self.rides[ride_id] = replace(ride, status=Status.CONFIRMED)
            events.append(RideConfirmed(ride_id))

    def _cancel(self, ride_id: RideId, now_s: int, events: list[Event]) -> None:
        ride = self.rides.get(ride_id)
        if ride is not None and ride.status is Status.CANCELLED:
            return
        if self._allowed(ride, ride_id, "cancel", Status.CANCELLED, events):
            assert ride is not None
            self.rides[ride_id] = replace(ride, status=Status.CANCELLED)
            events.append(RideCancelled(ride_id))
            self._free(ride, now_s, events)

    def _allowed(
        self, ride: Ride | None, ride_id: RideId, command: str, wanted: Status, events: list[Event]
    ) -> bool:
        if ride is None:
            events.append(CommandTurnedDown(ride_id, command, "there is no such ride"))
            return False
        if wanted not in NEXT.get(ride.status, ()):
            events.append(CommandTurnedDown(ride_id, command, f"the ride is {ride.status}"))
            return False
        return True

    def _free(self, ride: Ride, now_s: int, events: list[Event]) -> None:
        self.answers.waiting.pop(ride.id, None)
        self._rescue.drop(ride.id)
        k = self.fleet.holder(ride.id, ride.shuttle_id)
        if k is not None:
            self._publisher.take_out(k, ride.id, now_s, events)
