"""Every message that crosses a topic.

Commands are imperative and may be turned down. Reports say what physically happened and are never
refused. Events are past tense. Times are whole seconds after midnight of the service day.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import RideId, ShuttleId
from services.domain.operating_domain import ClosureTurnedDown, RestrictDriving, RoadsChanged
from services.domain.plan import Plan, ProposedRoute
from services.domain.ride import Offer, Promise, Refusal, Request
from services.domain.shuttle import FaultKind
from services.domain.task_reports import BatteryLevel, TaskDone
from services.domain.zone_crossing import (
    FromZone,
    LendShuttle,
    MessageForwarded,
    RideReferred,
    ShuttleEvent,
)

# Commands: topic ride-commands, key zone.


@dataclass(frozen=True, slots=True)
class RequestRide:
    """Somebody asks for a ride; after ``useful_until_s`` nobody waits for an answer any more.

    ``referrals``: how many zones could not serve it before this one, and why the last could not.
    """

    request: Request
    useful_until_s: int | None = None
    referrals: int = 0
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The rider takes the offer; ``at_s``: when, if it was passed on since."""

    ride_id: RideId
    at_s: int | None = None


@dataclass(frozen=True, slots=True)
class CancelRide:
    """The rider does not want the ride any more, or not the offer."""

    ride_id: RideId


@dataclass(frozen=True, slots=True)
class CloseRoads:
    """The operator closes links (by number) for a time, or until they are opened again."""

    closure_id: str
    links: tuple[int, ...]
    from_s: int
    until_s: int | None = None


@dataclass(frozen=True, slots=True)
class OpenRoads:
    """The operator lifts a closure."""

    closure_id: str


# Proposals: topic ride-commands, key zone. Worked out beside the zone on a snapshot of it.


@dataclass(frozen=True, slots=True)
class ParkProposal:
    """An idle shuttle could wait at another stop; for its plan of this revision and no other."""

    shuttle_id: ShuttleId
    stop: int
    revision: int


@dataclass(frozen=True, slots=True)
class PlanProposal:
    """A solver found better routes for shuttles that may exchange riders."""

    routes: tuple[ProposedRoute, ...]


# Reports: topic shuttle-reports, key zone.


@dataclass(frozen=True, slots=True)
class Arrived:
    """A shuttle stands at a stop."""

    shuttle_id: ShuttleId
    stop: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Boarded:
    """A party is on board, doors about to close."""

    shuttle_id: ShuttleId
    ride_id: RideId
    stop: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Left:
    """A party got off."""

    shuttle_id: ShuttleId
    ride_id: RideId
    stop: int
    at_s: int


@dataclass(frozen=True, slots=True)
class NotThere:
    """A party did not come; the shuttle stood there for it from ``waited_from_s`` to ``at_s``."""

    shuttle_id: ShuttleId
    ride_id: RideId
    stop: int
    waited_from_s: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Departed:
    """A shuttle set off from a stop towards the next one of its plan."""

    shuttle_id: ShuttleId
    stop: int
    towards: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Where a moving shuttle is: it passes a road node at this time."""

    shuttle_id: ShuttleId
    node: int
    at_s: int


@dataclass(frozen=True, slots=True)
class PlanAcknowledged:
    """A shuttle follows this revision from now on.

    If it was under way and had to turn off, ``node`` and ``node_ms`` say where and when (in
    milliseconds) it does; without roads, ``x_mm`` and ``y_mm`` on the territory's map do.
    """

    shuttle_id: ShuttleId
    revision: int
    at_s: int
    node: int | None = None
    node_ms: int | None = None
    x_mm: int | None = None
    y_mm: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A shuttle is out of order and stands; nobody boards it any more until it is repaired.

    Whoever was on board is let off at ``stop``, the nearest one, and is there at ``ready_s``.
    """

    shuttle_id: ShuttleId
    kind: FaultKind
    stop: int
    at_s: int
    ready_s: int


@dataclass(frozen=True, slots=True)
class Repaired:
    """A shuttle is in order again, and stands at a stop."""

    shuttle_id: ShuttleId
    stop: int
    at_s: int


# Events: topic ride-events, key ride.


@dataclass(frozen=True, slots=True)
class AnswerDeferred:
    """The request is taken and waits, together with others, for its answer at ``until_s``."""

    ride_id: RideId
    until_s: int


@dataclass(frozen=True, slots=True)
class RideOffered:
    """The dispatcher offers a ride and holds its seats."""

    ride_id: RideId
    shuttle_id: ShuttleId
    offer: Offer


@dataclass(frozen=True, slots=True)
class RideRefused:
    """No shuttle can serve the request."""

    ride_id: RideId
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class RideConfirmed:
    """The offer became a promise."""

    ride_id: RideId


@dataclass(frozen=True, slots=True)
class OfferExpired:
    """The rider did not answer in time; the seats are free again."""

    ride_id: RideId


@dataclass(frozen=True, slots=True)
class RideCancelled:
    """The rider cancelled."""

    ride_id: RideId


@dataclass(frozen=True, slots=True)
class RideRetimed:
    """The expected times moved so that the promise is at risk, or is safe again."""

    ride_id: RideId
    expected_pickup_s: int
    expected_arrival_s: int
    promise_kept: bool


@dataclass(frozen=True, slots=True)
class RideReassigned:
    """Another shuttle will come; nothing else that was promised changes."""

    ride_id: RideId
    shuttle_id: ShuttleId


@dataclass(frozen=True, slots=True)
class RideLetOff:
    """The party had to get off on the way (see `PromiseChanged`); another shuttle takes it on."""

    ride_id: RideId
    shuttle_id: ShuttleId
    stop: int
    at_s: int


@dataclass(frozen=True, slots=True)
class PromiseChanged:
    """What was promised cannot be meant any more; this is promised instead, and why."""

    ride_id: RideId
    promise: Promise
    reason: str


@dataclass(frozen=True, slots=True)
class RideBoarded:
    """The party is on board; ``expected`` is false if the life cycle had not foreseen it."""

    ride_id: RideId
    shuttle_id: ShuttleId
    at_s: int
    expected: bool = True


@dataclass(frozen=True, slots=True)
class RideCompleted:
    """The party was let off; ``expected`` is false if the life cycle had not foreseen it."""

    ride_id: RideId
    shuttle_id: ShuttleId
    at_s: int
    expected: bool = True


@dataclass(frozen=True, slots=True)
class RideNoShow:
    """The party did not come to its stop while the shuttle stood there."""

    ride_id: RideId
    shuttle_id: ShuttleId
    waited_from_s: int
    at_s: int


@dataclass(frozen=True, slots=True)
class RideFailed:
    """A confirmed ride cannot be completed; a human is alerted."""

    ride_id: RideId
    reason: str


@dataclass(frozen=True, slots=True)
class CommandTurnedDown:
    """A command came that the ride's status does not allow."""

    ride_id: RideId
    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportMarked:
    """A report did not fit what was known; it was taken as fact, and somebody should look."""

    shuttle_id: ShuttleId
    report: str
    reason: str
    ride_id: RideId | None = None


# Topic shuttle-plans, key shuttle.


@dataclass(frozen=True, slots=True)
class PlanIssued:
    """A shuttle's whole plan, which replaces the one before."""

    plan: Plan


Proposal = PlanProposal | ParkProposal
Command = RequestRide | AcceptOffer | CancelRide
Report = (
    Arrived
    | Boarded
    | Left
    | NotThere
    | Departed
    | Passed
    | PlanAcknowledged
    | Fault
    | Repaired
    | TaskDone
    | BatteryLevel
)
RideEvent = (
    AnswerDeferred
    | RideOffered
    | RideRefused
    | RideConfirmed
    | OfferExpired
    | RideCancelled
    | RideRetimed
    | RideReassigned
    | RideLetOff
    | PromiseChanged
    | RideBoarded
    | RideCompleted
    | RideNoShow
    | RideFailed
    | CommandTurnedDown
    | ReportMarked
    | RideReferred
)
RoadEvent = RoadsChanged | ClosureTurnedDown
Event = RideEvent | RoadEvent | ShuttleEvent | MessageForwarded | PlanIssued


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A timer that is due: one more input of the zone."""


OperatorCommand = CloseRoads | OpenRoads | RestrictDriving | LendShuttle
Message = Command | OperatorCommand | FromZone | Proposal | Report | WakeUp | CommandTurnedDown
"""What a zone takes; the last two come from whoever runs it and not from a topic."""
