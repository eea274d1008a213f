"""A simulated day: riders and shuttles in virtual time around the dispatcher that runs for real."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np

from services.dispatcher.crossing import for_other_zone
from services.dispatcher.rebalancing import standings
from services.dispatcher.service import Step
from services.dispatcher.solving import iterations, solve, solve_side_by_side
from services.domain.events import (
    Command,
    Event,
    Message,
    OperatorCommand,
    Passed,
    PlanIssued,
    Proposal,
    Report,
    RequestRide,
    RideEvent,
    RideLetOff,
    RideOffered,
    RideRefused,
    WakeUp,
)
from services.domain.ids import RideId, ZoneId
from services.domain.operating_domain import RoadsChanged
from services.domain.plan import Plan
from services.domain.ride import Ride, StopWalk
from services.domain.shuttle import Shuttle
from services.domain.territory import WaitingPlace
from services.domain.zone_crossing import MessageForwarded, RideReferred
from services.forecast.expected import Expected, own_part
from services.network.fleet import chargers
from services.network.folder import Network
from services.network.reach import Reach
from services.network.zone_networks import homes, zone_networks
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.closures import command_of
from services.simulator.conditions import commands
from services.simulator.demand import Demand
from services.simulator.faults import FaultPlay
from services.simulator.records import Faults
from services.simulator.riders import Riders
from services.simulator.supervision import Operators
from services.simulator.world import World
from services.simulator.zone_part import ZonePart
from services.wire.topics import Topic, topic_of

ANSWERS = frozenset({RideOffered, RideRefused})
CANDIDATES = 6
"""Stops that a request names at each end."""
LINK_S = 1
"""How long a plan takes to reach a shuttle, unless chance is off."""
REPORT_EVERY_S = 60
PROPOSAL_S = 1
"""How long it takes to work out where idle shuttles wait."""

Progress = Callable[[int, int], None]

Listen = Callable[[int, RideEvent], bool]
"""Told what happens to rides, and when; true ends the day there."""

Ends = tuple[tuple[StopWalk, ...], tuple[StopWalk, ...]]
"""Stops near the origin and near the destination of a trip, nearest first."""


class Answers(NamedTuple):
    """How the machine did: wall seconds of the day, and of each answer to a request."""

    wall_s: float
    answers_s: list[float]
    steps: int


class Simulation:
    """One day.

    Parameters
    ----------
    network
        The territory.
    shuttles
        Its fleet.
    demand
        Who asks for rides.
    chance
        Dice; off: plans reach shuttles at once, and all goes as planned.
    ends
        The stops near each trip's ends by request id, where they are given with the demand; absent:
        those near its places.
    faults
        What goes wrong with shuttles.
    """

    def __init__(
        self,
        network: Network,
        shuttles: tuple[Shuttle, ...],
        demand: Demand,
        chance: Chance,
        ends: Mapping[str, Ends] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.network = network
        self.demand = demand
        self._ends = ends
        self.agenda = Agenda()
        named = zone_networks(ZoneId(network.territory.name), network).items()
        self.parts = [ZonePart(zone, own, shuttles) for zone, own in named]
        """The zones of the territory; often one."""
        self._part = {part.id: part for part in self.parts}
        self.zone, self.batching = self.parts[0].zone, self.parts[0].batching
        self.riders = Riders(network.territory.promises, chance, self.agenda, self._command)
        self.world = World(
            shuttles,
            self.zone.fleet.ways,
            network.territory.stop_times,
            self.riders,
            chance,
            chargers(network),
        )
        self.world.operators = Operators(network.territory.supervision)
        self.world.connect(self.agenda, self._report)
        self.world.report_every_s = REPORT_EVERY_S if chance.on else 0
        self.faults = faults or Faults()
        if faults is not None:
            drive_m = network.tables.drive_m
            play = FaultPlay(faults, self.world, self.agenda, chance, drive_m)
            play.black_out(faults.blackouts_per_day, network.territory)
            for closure in faults.closures:
                self._enter(closure.from_s, command_of(closure, network))
            first_s = demand.trips[0].request_s if demand.trips else 0
            for known_s, said in commands(faults, network):
                self._enter(max(known_s, first_s), said)
        self._link_s = LINK_S if chance.on else 0
        self._ride_at: dict[RideId, ZonePart] = {}
        self._shuttle_at = {
            shuttle: self._part[zone]
            for shuttle, zone in homes(self.parts[0].id, self.parts[0].network).items()
        }
        self.rides: dict[RideId, Ride] = {}
        """All rides of the day: the zone forgets those that are long over."""
        self._listen: Listen | None = None
        self.decided: Callable[[Step], None] = lambda _step: None
        """Told of each step of the zone."""
        self._over = False
        self.batches_s: list[float] = []
        self.answers_s: list[float] = []

    def expect(self, awaited: Expected | None) -> None:
        """Tell the shuttles what to expect of the day, for those that go by a forecast."""
        for part in self.parts:
            part.waiting.awaited = own_part(awaited, part.network)

    def run(self, progress: Progress | None = None, listen: Listen | None = None) -> Answers:
        """Let the day happen, from the first event to the last.

        Parameters
        ----------
        progress
            Told the time of day and how many requests were answered, now and then.
        listen
            Told everything that happens to rides, as the riders are; may end the day.
        """
        self._listen = listen
        self._add_riders()
        if self.network.territory.parking.strategy is not WaitingPlace.STAY and self.demand.trips:
            for part in self.parts:
                self.agenda.at(self._waiting_hours_s()[0], partial(self._look_at_idle, part))
        collecting = gc.isenabled()
        gc.disable()  # nothing of a day is garbage before its end
        try:
            began = perf_counter()
            self._happen(progress)
            wall_s = perf_counter() - began
        finally:
            if collecting:
                gc.enable()
        steps = sum(part.dispatcher.number for part in self.parts)
        return Answers(wall_s, self.answers_s, steps)

    def _add_riders(self) -> None:
        ends = self._ends_by_place() if self._ends is None else self._ends
        for trip in self.demand.trips:
            self.riders.add(trip, *ends[trip.request_id])

    def _ends_by_place(self) -> dict[str, Ends]:
        network, trips = self.network, self.demand.trips
        reach = Reach(network.stops, network.plane, network.territory.promises)
        origins = reach.near_many(
            np.array([trip.origin.lon for trip in trips]),
            np.array([trip.origin.lat for trip in trips]),
            CANDIDATES,
        )
        destinations = reach.near_many(
            np.array([trip.destination.lon for trip in trips]),
            np.array([trip.destination.lat for trip in trips]),
            CANDIDATES,
        )
        return {
            trip.request_id: (near, far)
            for trip, near, far in zip(trips, origins, destinations, strict=True)
        }

    def _happen(self, progress: Progress | None) -> None:
        agenda, told = self.agenda, 0
        while agenda.next_s() is not None and not self._over:
            agenda.happen()
            self._pump()
            if progress is not None and agenda.now_s - told >= 300:
                told = agenda.now_s
                progress(agenda.now_s, len(self.answers_s))

    def _waiting_hours_s(self) -> tuple[int, int]:
        """From when, and until when idle shuttles are looked at."""
        service, trips = self.network.territory.service, self.demand.trips
        last_s = max(trip.departure_s for trip in trips)
        first_s = max(service.opens_s, trips[0].request_s)
        return first_s, last_s if service.closes_s is None else service.closes_s

    def _look_at_idle(self, part: ZonePart) -> None:
        """Propose where idle shuttles wait; what comes of it arrives somewhat later."""
        settings = self.network.territory
        now_s, next_s = self.agenda.now_s, self.agenda.now_s + settings.parking.every_s
        fleet = standings(part.zone.fleet, settings.dispatch.early_s, now_s)
        found = part.waiting.proposals(fleet, now_s)
        if found:
            self.agenda.at(now_s + PROPOSAL_S, partial(self._propose, part, found))
        if next_s <= self._waiting_hours_s()[1]:
            self.agenda.at(next_s, partial(self._look_at_idle, part))

    def _propose(self, part: ZonePart, proposals: Sequence[Proposal]) -> None:
        for proposal in proposals:
            part.put(Topic.RIDE_COMMANDS, proposal)

    def _command(self, command: Command) -> None:
        if isinstance(command, RequestRide):
            part, zones = self.parts[0], self.parts[0].network.zones
            if zones is not None and command.request.origins:
                part = self._part[zones.of(command.request.origins[0].stop)]
            self._ride_at[command.request.ride_id] = part
        else:
            part = self._ride_at[command.ride_id]
        part.put(Topic.RIDE_COMMANDS, command)

    def _report(self, report: Report) -> None:
        self._shuttle_at[report.shuttle_id].put(Topic.SHUTTLE_REPORTS, report)

    def _pump(self) -> None:
        """Let messages travel until nobody has more to say."""
        while any(self._listen_to(part) for part in self.parts):
            pass
        for part in self.parts:
            due_s = part.zone.next_due_s()
            if due_s is not None and (part.woken_s <= self.agenda.now_s or due_s < part.woken_s):
                part.woken_s = due_s
                self.agenda.at(due_s, partial(self._take_reports, part, [WakeUp()]))
            self._plan_batch(part)

    def _listen_to(self, part: ZonePart) -> bool:
        """Let some messages of a zone travel; false if there were none."""
        if reports := part.reports.take():
            self._take_reports(part, [item.value for item in reports])  # type: ignore[misc]
        elif commands := part.commands.take():
            self._take_reports(part, [], positions=True)
            for item in commands:
                self._step(part, (item.value,))  # type: ignore[arg-type]
        elif events := part.events.take():
            for item in events:
                self._hear(part, item.value)  # type: ignore[arg-type]
        elif plans := part.plans.take():
            for item in plans:
                assert isinstance(item.value, PlanIssued)
                self._shuttle_at[item.value.plan.shuttle_id] = part
                self._transmit(item.value.plan)
        else:
            return False
        return True

    def _plan_batch(self, part: ZonePart) -> None:
        """See to it that open rides are planned anew when they should be."""
        due_s = part.batching.due_s(self.agenda.now_s)
        if due_s is not None and (part.batch_s <= self.agenda.now_s or due_s < part.batch_s):
            part.batch_s = due_s
            self.agenda.at(due_s, partial(self._solve, part))

    def _solve(self, part: ZonePart) -> None:
        """Solve a snapshot; the answer takes effect later, as a message."""
        batching, now_s = part.batching, self.agenda.now_s
        due_s = batching.due_s(now_s)
        if due_s is None or due_s > now_s:
            return
        began, settings = perf_counter(), self.network.territory.dispatch
        batches = batching.take(now_s)
        solved = solve_side_by_side(batches, settings, seed=now_s)
        found = [one.proposal for one in solved if one.proposal is not None]
        if found:
            self.agenda.at(now_s + batching.latency_s, partial(self._propose, part, found))
        if (whole := batching.whole(batches, now_s)) is not None:
            cost = solve(whole, iterations(whole, settings), seed=now_s).cost
            batching.learn(sum(one.cost for one in solved), cost)
        self.batches_s.append(perf_counter() - began)

    def _hear(self, part: ZonePart, event: Event) -> None:
        if isinstance(event, RoadsChanged) and part is self.parts[0]:
            self.world.roads_changed(part.zone.fleet.ways)
        if not isinstance(event, RideEvent):
            return
        self.riders.hear(event)
        if isinstance(event, RideLetOff):
            self.world.goes_on(event)
        if self._listen is not None and self._listen(self.agenda.now_s, event):
            self._over = True

    def _take_reports(
        self, part: ZonePart, reports: list[Message], *, positions: bool = False
    ) -> None:
        """Take facts as a step; positions, the newest of each shuttle, wait for the next one."""
        facts = []
        for report in reports:
            if type(report) is Passed:
                part.positions[report.shuttle_id] = report
            else:
                facts.append(report)
        if facts or (positions and part.positions):
            self._step(part, (*part.positions.values(), *facts))
            part.positions.clear()

    def _enter(self, at_s: int, command: OperatorCommand) -> None:
        for part in self.parts:
            self.agenda.at(at_s, partial(self._take_reports, part, [command]))

    def wake(self) -> None:
        """Let the zones look whether anything is due; positions that wait are taken in."""
        for part in self.parts:
            self._take_reports(part, [WakeUp()])

    def _transmit(self, plan: Plan) -> None:
        if self._link_s:
            self.agenda.at(self.agenda.now_s + self._link_s, lambda: self.world.receive(plan))
        else:
            self.world.receive(plan)

    def _step(self, part: ZonePart, inputs: tuple[Message, ...]) -> None:
        """One step of a zone: decide, publish."""
        began = perf_counter()
        step = part.dispatcher.step(inputs, self.agenda.now_s)
        took_s = perf_counter() - began
        self.decided(step)
        self.rides.update((ride.id, ride) for ride in step.rides)
        self.answers_s += [took_s for event in step.events if type(event) in ANSWERS]
        for event in step.events:
            if (on := for_other_zone(part.id, event, inputs.__getitem__)) is not None:
                to, message = on
                self._part[to].put(topic_of(message), message)
                if isinstance(event, RideReferred):
                    self._ride_at[event.ride_id] = self._part[to]
            if type(event) is not MessageForwarded:
                part.put(topic_of(event), event)
