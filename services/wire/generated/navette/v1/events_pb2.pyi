from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Constraint(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSTRAINT_UNSPECIFIED: _ClassVar[Constraint]
    CONSTRAINT_WALK_TO_STOP: _ClassVar[Constraint]
    CONSTRAINT_WALK_FROM_STOP: _ClassVar[Constraint]
    CONSTRAINT_SAME_STOP: _ClassVar[Constraint]
    CONSTRAINT_UNREACHABLE: _ClassVar[Constraint]
    CONSTRAINT_SERVICE_HOURS: _ClassVar[Constraint]
    CONSTRAINT_PARTY_SIZE: _ClassVar[Constraint]
    CONSTRAINT_SEATS: _ClassVar[Constraint]
    CONSTRAINT_RIDE_TIME: _ClassVar[Constraint]
    CONSTRAINT_ARRIVAL: _ClassVar[Constraint]
    CONSTRAINT_WAIT: _ClassVar[Constraint]
    CONSTRAINT_FLEET: _ClassVar[Constraint]
    CONSTRAINT_ENERGY: _ClassVar[Constraint]
    CONSTRAINT_OPERATING_DOMAIN: _ClassVar[Constraint]
    CONSTRAINT_SUPERVISION: _ClassVar[Constraint]

class Relaxation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELAXATION_UNSPECIFIED: _ClassVar[Relaxation]
    RELAXATION_LEAVE_LATER_S: _ClassVar[Relaxation]
    RELAXATION_ARRIVE_LATER_S: _ClassVar[Relaxation]
    RELAXATION_WALK_FURTHER_M: _ClassVar[Relaxation]
    RELAXATION_FEWER_SEATS: _ClassVar[Relaxation]
    RELAXATION_RIDE_LONGER_S: _ClassVar[Relaxation]

class TaskKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_KIND_UNSPECIFIED: _ClassVar[TaskKind]
    TASK_KIND_OFF_DUTY: _ClassVar[TaskKind]
    TASK_KIND_CLEANING: _ClassVar[TaskKind]
    TASK_KIND_MAINTENANCE: _ClassVar[TaskKind]
    TASK_KIND_CHARGE: _ClassVar[TaskKind]

class FaultKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAULT_KIND_UNSPECIFIED: _ClassVar[FaultKind]
    FAULT_KIND_BREAKDOWN: _ClassVar[FaultKind]
    FAULT_KIND_SENSORS: _ClassVar[FaultKind]
    FAULT_KIND_ENERGY: _ClassVar[FaultKind]
    FAULT_KIND_ACCIDENT: _ClassVar[FaultKind]

class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATUS_UNSPECIFIED: _ClassVar[Status]
    STATUS_REQUESTED: _ClassVar[Status]
    STATUS_OFFERED: _ClassVar[Status]
    STATUS_REFUSED: _ClassVar[Status]
    STATUS_CONFIRMED: _ClassVar[Status]
    STATUS_ABOARD: _ClassVar[Status]
    STATUS_COMPLETED: _ClassVar[Status]
    STATUS_CANCELLED: _ClassVar[Status]
    STATUS_EXPIRED: _ClassVar[Status]
    STATUS_NO_SHOW: _ClassVar[Status]
    STATUS_FAILED: _ClassVar[Status]
    STATUS_REFERRED: _ClassVar[Status]

class LinkFault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINK_FAULT_UNSPECIFIED: _ClassVar[LinkFault]
    LINK_FAULT_UNREADABLE: _ClassVar[LinkFault]
    LINK_FAULT_TOO_LONG: _ClassVar[LinkFault]
    LINK_FAULT_NOT_NOW: _ClassVar[LinkFault]
    LINK_FAULT_NOT_YOURS: _ClassVar[LinkFault]
    LINK_FAULT_OUT_OF_ORDER: _ClassVar[LinkFault]
    LINK_FAULT_VERSION: _ClassVar[LinkFault]
    LINK_FAULT_REPLACED: _ClassVar[LinkFault]
    LINK_FAULT_SILENT: _ClassVar[LinkFault]
    LINK_FAULT_TOO_MANY: _ClassVar[LinkFault]
    LINK_FAULT_UNAVAILABLE: _ClassVar[LinkFault]
CONSTRAINT_UNSPECIFIED: Constraint
CONSTRAINT_WALK_TO_STOP: Constraint
CONSTRAINT_WALK_FROM_STOP: Constraint
CONSTRAINT_SAME_STOP: Constraint
CONSTRAINT_UNREACHABLE: Constraint
CONSTRAINT_SERVICE_HOURS: Constraint
CONSTRAINT_PARTY_SIZE: Constraint
CONSTRAINT_SEATS: Constraint
CONSTRAINT_RIDE_TIME: Constraint
CONSTRAINT_ARRIVAL: Constraint
CONSTRAINT_WAIT: Constraint
CONSTRAINT_FLEET: Constraint
CONSTRAINT_ENERGY: Constraint
CONSTRAINT_OPERATING_DOMAIN: Constraint
CONSTRAINT_SUPERVISION: Constraint
RELAXATION_UNSPECIFIED: Relaxation
RELAXATION_LEAVE_LATER_S: Relaxation
RELAXATION_ARRIVE_LATER_S: Relaxation
RELAXATION_WALK_FURTHER_M: Relaxation
RELAXATION_FEWER_SEATS: Relaxation
RELAXATION_RIDE_LONGER_S: Relaxation
TASK_KIND_UNSPECIFIED: TaskKind
TASK_KIND_OFF_DUTY: TaskKind
TASK_KIND_CLEANING: TaskKind
TASK_KIND_MAINTENANCE: TaskKind
TASK_KIND_CHARGE: TaskKind
FAULT_KIND_UNSPECIFIED: FaultKind
FAULT_KIND_BREAKDOWN: FaultKind
FAULT_KIND_SENSORS: FaultKind
FAULT_KIND_ENERGY: FaultKind
FAULT_KIND_ACCIDENT: FaultKind
STATUS_UNSPECIFIED: Status
STATUS_REQUESTED: Status
STATUS_OFFERED: Status
STATUS_REFUSED: Status
STATUS_CONFIRMED: Status
STATUS_ABOARD: Status
STATUS_COMPLETED: Status
STATUS_CANCELLED: Status
STATUS_EXPIRED: Status
STATUS_NO_SHOW: Status
STATUS_FAILED: Status
STATUS_REFERRED: Status
LINK_FAULT_UNSPECIFIED: LinkFault
LINK_FAULT_UNREADABLE: LinkFault
LINK_FAULT_TOO_LONG: LinkFault
LINK_FAULT_NOT_NOW: LinkFault
LINK_FAULT_NOT_YOURS: LinkFault
LINK_FAULT_OUT_OF_ORDER: LinkFault
LINK_FAULT_VERSION: LinkFault
LINK_FAULT_REPLACED: LinkFault
LINK_FAULT_SILENT: LinkFault
LINK_FAULT_TOO_MANY: LinkFault
LINK_FAULT_UNAVAILABLE: LinkFault

class Envelope(_message.Message):
    __slots__ = ("schema_version", "message_id", "zone", "happened_at_ms", "recorded_at_ms", "zone_time_s", "traceparent", "version", "request_ride", "accept_offer", "cancel_ride", "close_roads", "open_roads", "restrict_driving", "lend_shuttle", "adopt_shuttle", "adoption_confirmed", "passed_on", "park_proposal", "plan_proposal", "arrived", "boarded", "left", "not_there", "departed", "passed", "plan_acknowledged", "fault", "repaired", "task_done", "battery_level", "ride_offered", "ride_refused", "ride_confirmed", "offer_expired", "ride_cancelled", "ride_retimed", "ride_boarded", "ride_completed", "ride_no_show", "ride_failed", "command_turned_down", "report_marked", "ride_reassigned", "ride_let_off", "promise_changed", "roads_changed", "closure_turned_down", "answer_deferred", "ride_referred", "shuttle_released", "shuttle_adopted", "lending_turned_down", "plan_issued", "wake_up", "message_forwarded")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    HAPPENED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ZONE_TIME_S_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_RIDE_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_OFFER_FIELD_NUMBER: _ClassVar[int]
    CANCEL_RIDE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_ROADS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ROADS_FIELD_NUMBER: _ClassVar[int]
    RESTRICT_DRIVING_FIELD_NUMBER: _ClassVar[int]
    LEND_SHUTTLE_FIELD_NUMBER: _ClassVar[int]
    ADOPT_SHUTTLE_FIELD_NUMBER: _ClassVar[int]
    ADOPTION_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    PASSED_ON_FIELD_NUMBER: _ClassVar[int]
    PARK_PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    PLAN_PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    BOARDED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    NOT_THERE_FIELD_NUMBER: _ClassVar[int]
    DEPARTED_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    PLAN_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    TASK_DONE_FIELD_NUMBER: _ClassVar[int]
    BATTERY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    RIDE_OFFERED_FIELD_NUMBER: _ClassVar[int]
    RIDE_REFUSED_FIELD_NUMBER: _ClassVar[int]
    RIDE_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    OFFER_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    RIDE_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    RIDE_RETIMED_FIELD_NUMBER: _ClassVar[int]
    RIDE_BOARDED_FIELD_NUMBER: _ClassVar[int]
    RIDE_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    RIDE_NO_SHOW_FIELD_NUMBER: _ClassVar[int]
    RIDE_FAILED_FIELD_NUMBER: _ClassVar[int]
    COMMAND_TURNED_DOWN_FIELD_NUMBER: _ClassVar[int]
    REPORT_MARKED_FIELD_NUMBER: _ClassVar[int]
    RIDE_REASSIGNED_FIELD_NUMBER: _ClassVar[int]
    RIDE_LET_OFF_FIELD_NUMBER: _ClassVar[int]
    PROMISE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ROADS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    CLOSURE_TURNED_DOWN_FIELD_NUMBER: _ClassVar[int]
    ANSWER_DEFERRED_FIELD_NUMBER: _ClassVar[int]
    RIDE_REFERRED_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_RELEASED_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ADOPTED_FIELD_NUMBER: _ClassVar[int]
    LENDING_TURNED_DOWN_FIELD_NUMBER: _ClassVar[int]
    PLAN_ISSUED_FIELD_NUMBER: _ClassVar[int]
    WAKE_UP_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FORWARDED_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    message_id: str
    zone: str
    happened_at_ms: int
    recorded_at_ms: int
    zone_time_s: int
    traceparent: str
    version: int
    request_ride: RequestRide
    accept_offer: AcceptOffer
    cancel_ride: CancelRide
    close_roads: CloseRoads
    open_roads: OpenRoads
    restrict_driving: RestrictDriving
    lend_shuttle: LendShuttle
    adopt_shuttle: AdoptShuttle
    adoption_confirmed: AdoptionConfirmed
    passed_on: PassedOn
    park_proposal: ParkProposal
    plan_proposal: PlanProposal
    arrived: Arrived
    boarded: Boarded
    left: Left
    not_there: NotThere
    departed: Departed
    passed: Passed
    plan_acknowledged: PlanAcknowledged
    fault: Fault
    repaired: Repaired
    task_done: TaskDone
    battery_level: BatteryLevel
    ride_offered: RideOffered
    ride_refused: RideRefused
    ride_confirmed: RideConfirmed
    offer_expired: OfferExpired
    ride_cancelled: RideCancelled
    ride_retimed: RideRetimed
    ride_boarded: RideBoarded
    ride_completed: RideCompleted
    ride_no_show: RideNoShow
    ride_failed: RideFailed
    command_turned_down: CommandTurnedDown
    report_marked: ReportMarked
    ride_reassigned: RideReassigned
    ride_let_off: RideLetOff
    promise_changed: PromiseChanged
    roads_changed: RoadsChanged
    closure_turned_down: ClosureTurnedDown
    answer_deferred: AnswerDeferred
    ride_referred: RideReferred
    shuttle_released: ShuttleReleased
    shuttle_adopted: ShuttleAdopted
    lending_turned_down: LendingTurnedDown
    plan_issued: PlanIssued
    wake_up: WakeUp
    message_forwarded: MessageForwarded
    def __init__(self, schema_version: _Optional[int] = ..., message_id: _Optional[str] = ..., zone: _Optional[str] = ..., happened_at_ms: _Optional[int] = ..., recorded_at_ms: _Optional[int] = ..., zone_time_s: _Optional[int] = ..., traceparent: _Optional[str] = ..., version: _Optional[int] = ..., request_ride: _Optional[_Union[RequestRide, _Mapping]] = ..., accept_offer: _Optional[_Union[AcceptOffer, _Mapping]] = ..., cancel_ride: _Optional[_Union[CancelRide, _Mapping]] = ..., close_roads: _Optional[_Union[CloseRoads, _Mapping]] = ..., open_roads: _Optional[_Union[OpenRoads, _Mapping]] = ..., restrict_driving: _Optional[_Union[RestrictDriving, _Mapping]] = ..., lend_shuttle: _Optional[_Union[LendShuttle, _Mapping]] = ..., adopt_shuttle: _Optional[_Union[AdoptShuttle, _Mapping]] = ..., adoption_confirmed: _Optional[_Union[AdoptionConfirmed, _Mapping]] = ..., passed_on: _Optional[_Union[PassedOn, _Mapping]] = ..., park_proposal: _Optional[_Union[ParkProposal, _Mapping]] = ..., plan_proposal: _Optional[_Union[PlanProposal, _Mapping]] = ..., arrived: _Optional[_Union[Arrived, _Mapping]] = ..., boarded: _Optional[_Union[Boarded, _Mapping]] = ..., left: _Optional[_Union[Left, _Mapping]] = ..., not_there: _Optional[_Union[NotThere, _Mapping]] = ..., departed: _Optional[_Union[Departed, _Mapping]] = ..., passed: _Optional[_Union[Passed, _Mapping]] = ..., plan_acknowledged: _Optional[_Union[PlanAcknowledged, _Mapping]] = ..., fault: _Optional[_Union[Fault, _Mapping]] = ..., repaired: _Optional[_Union[Repaired, _Mapping]] = ..., task_done: _Optional[_Union[TaskDone, _Mapping]] = ..., battery_level: _Optional[_Union[BatteryLevel, _Mapping]] = ..., ride_offered: _Optional[_Union[RideOffered, _Mapping]] = ..., ride_refused: _Optional[_Union[RideRefused, _Mapping]] = ..., ride_confirmed: _Optional[_Union[RideConfirmed, _Mapping]] = ..., offer_expired: _Optional[_Union[OfferExpired, _Mapping]] = ..., ride_cancelled: _Optional[_Union[RideCancelled, _Mapping]] = ..., ride_retimed: _Optional[_Union[RideRetimed, _Mapping]] = ..., ride_boarded: _Optional[_Union[RideBoarded, _Mapping]] = ..., ride_completed: _Optional[_Union[RideCompleted, _Mapping]] = ..., ride_no_show: _Optional[_Union[RideNoShow, _Mapping]] = ..., ride_failed: _Optional[_Union[RideFailed, _Mapping]] = ..., command_turned_down: _Optional[_Union[CommandTurnedDown, _Mapping]] = ..., report_marked: _Optional[_Union[ReportMarked, _Mapping]] = ..., ride_reassigned: _Optional[_Union[RideReassigned, _Mapping]] = ..., ride_let_off: _Optional[_Union[RideLetOff, _Mapping]] = ..., promise_changed: _Optional[_Union[PromiseChanged, _Mapping]] = ..., roads_changed: _Optional[_Union[RoadsChanged, _Mapping]] = ..., closure_turned_down: _Optional[_Union[ClosureTurnedDown, _Mapping]] = ..., answer_deferred: _Optional[_Union[AnswerDeferred, _Mapping]] = ..., ride_referred: _Optional[_Union[RideReferred, _Mapping]] = ..., shuttle_released: _Optional[_Union[ShuttleReleased, _Mapping]] = ..., shuttle_adopted: _Optional[_Union[ShuttleAdopted, _Mapping]] = ..., lending_turned_down: _Optional[_Union[LendingTurnedDown, _Mapping]] = ..., plan_issued: _Optional[_Union[PlanIssued, _Mapping]] = ..., wake_up: _Optional[_Union[WakeUp, _Mapping]] = ..., message_forwarded: _Optional[_Union[MessageForwarded, _Mapping]] = ...) -> None: ...

class Party(_message.Message):
    __slots__ = ("seats", "wheelchairs", "luggage", "companions")
    SEATS_FIELD_NUMBER: _ClassVar[int]
    WHEELCHAIRS_FIELD_NUMBER: _ClassVar[int]
    LUGGAGE_FIELD_NUMBER: _ClassVar[int]
    COMPANIONS_FIELD_NUMBER: _ClassVar[int]
    seats: int
    wheelchairs: int
    luggage: int
    companions: int
    def __init__(self, seats: _Optional[int] = ..., wheelchairs: _Optional[int] = ..., luggage: _Optional[int] = ..., companions: _Optional[int] = ...) -> None: ...

class StopWalk(_message.Message):
    __slots__ = ("stop", "walk_m")
    STOP_FIELD_NUMBER: _ClassVar[int]
    WALK_M_FIELD_NUMBER: _ClassVar[int]
    stop: int
    walk_m: int
    def __init__(self, stop: _Optional[int] = ..., walk_m: _Optional[int] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("ride_id", "party", "origins", "destinations", "departure_s", "arrive_by_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_S_FIELD_NUMBER: _ClassVar[int]
    ARRIVE_BY_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    party: Party
    origins: _containers.RepeatedCompositeFieldContainer[StopWalk]
    destinations: _containers.RepeatedCompositeFieldContainer[StopWalk]
    departure_s: int
    arrive_by_s: int
    def __init__(self, ride_id: _Optional[str] = ..., party: _Optional[_Union[Party, _Mapping]] = ..., origins: _Optional[_Iterable[_Union[StopWalk, _Mapping]]] = ..., destinations: _Optional[_Iterable[_Union[StopWalk, _Mapping]]] = ..., departure_s: _Optional[int] = ..., arrive_by_s: _Optional[int] = ...) -> None: ...

class Promise(_message.Message):
    __slots__ = ("pickup_stop", "dropoff_stop", "pickup_from_s", "pickup_to_s", "arrive_by_s", "ride_s_max", "walk_to_m", "walk_from_m")
    PICKUP_STOP_FIELD_NUMBER: _ClassVar[int]
    DROPOFF_STOP_FIELD_NUMBER: _ClassVar[int]
    PICKUP_FROM_S_FIELD_NUMBER: _ClassVar[int]
    PICKUP_TO_S_FIELD_NUMBER: _ClassVar[int]
    ARRIVE_BY_S_FIELD_NUMBER: _ClassVar[int]
    RIDE_S_MAX_FIELD_NUMBER: _ClassVar[int]
    WALK_TO_M_FIELD_NUMBER: _ClassVar[int]
    WALK_FROM_M_FIELD_NUMBER: _ClassVar[int]
    pickup_stop: int
    dropoff_stop: int
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    ride_s_max: int
    walk_to_m: int
    walk_from_m: int
    def __init__(self, pickup_stop: _Optional[int] = ..., dropoff_stop: _Optional[int] = ..., pickup_from_s: _Optional[int] = ..., pickup_to_s: _Optional[int] = ..., arrive_by_s: _Optional[int] = ..., ride_s_max: _Optional[int] = ..., walk_to_m: _Optional[int] = ..., walk_from_m: _Optional[int] = ...) -> None: ...

class Offer(_message.Message):
    __slots__ = ("promise", "expires_s")
    PROMISE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_S_FIELD_NUMBER: _ClassVar[int]
    promise: Promise
    expires_s: int
    def __init__(self, promise: _Optional[_Union[Promise, _Mapping]] = ..., expires_s: _Optional[int] = ...) -> None: ...

class Remedy(_message.Message):
    __slots__ = ("relaxation", "amount")
    RELAXATION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    relaxation: Relaxation
    amount: int
    def __init__(self, relaxation: _Optional[_Union[Relaxation, str]] = ..., amount: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "remedies")
    REASON_FIELD_NUMBER: _ClassVar[int]
    REMEDIES_FIELD_NUMBER: _ClassVar[int]
    reason: Constraint
    remedies: _containers.RepeatedCompositeFieldContainer[Remedy]
    def __init__(self, reason: _Optional[_Union[Constraint, str]] = ..., remedies: _Optional[_Iterable[_Union[Remedy, _Mapping]]] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("kind", "stop", "earliest_s", "latest_s", "duration_s")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    EARLIEST_S_FIELD_NUMBER: _ClassVar[int]
    LATEST_S_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    kind: TaskKind
    stop: int
    earliest_s: int
    latest_s: int
    duration_s: int
    def __init__(self, kind: _Optional[_Union[TaskKind, str]] = ..., stop: _Optional[int] = ..., earliest_s: _Optional[int] = ..., latest_s: _Optional[int] = ..., duration_s: _Optional[int] = ...) -> None: ...

class Visit(_message.Message):
    __slots__ = ("stop", "leave_s", "arrive_s", "depart_s", "board", "leave", "board_from_s", "task", "level_wh", "latest_s", "board_until_s")
    STOP_FIELD_NUMBER: _ClassVar[int]
    LEAVE_S_FIELD_NUMBER: _ClassVar[int]
    ARRIVE_S_FIELD_NUMBER: _ClassVar[int]
    DEPART_S_FIELD_NUMBER: _ClassVar[int]
    BOARD_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    BOARD_FROM_S_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    LEVEL_WH_FIELD_NUMBER: _ClassVar[int]
    LATEST_S_FIELD_NUMBER: _ClassVar[int]
    BOARD_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    stop: int
    leave_s: int
    arrive_s: int
    depart_s: int
    board: _containers.RepeatedScalarFieldContainer[str]
    leave: _containers.RepeatedScalarFieldContainer[str]
    board_from_s: int
    task: Task
    level_wh: int
    latest_s: int
    board_until_s: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, stop: _Optional[int] = ..., leave_s: _Optional[int] = ..., arrive_s: _Optional[int] = ..., depart_s: _Optional[int] = ..., board: _Optional[_Iterable[str]] = ..., leave: _Optional[_Iterable[str]] = ..., board_from_s: _Optional[int] = ..., task: _Optional[_Union[Task, _Mapping]] = ..., level_wh: _Optional[int] = ..., latest_s: _Optional[int] = ..., board_until_s: _Optional[_Iterable[int]] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("shuttle_id", "revision", "visits", "divert_node", "divert_s", "fault_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VISITS_FIELD_NUMBER: _ClassVar[int]
    DIVERT_NODE_FIELD_NUMBER: _ClassVar[int]
    DIVERT_S_FIELD_NUMBER: _ClassVar[int]
    FAULT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    revision: int
    visits: _containers.RepeatedCompositeFieldContainer[Visit]
    divert_node: int
    divert_s: int
    fault_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., revision: _Optional[int] = ..., visits: _Optional[_Iterable[_Union[Visit, _Mapping]]] = ..., divert_node: _Optional[int] = ..., divert_s: _Optional[int] = ..., fault_s: _Optional[int] = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("stop", "board", "leave")
    STOP_FIELD_NUMBER: _ClassVar[int]
    BOARD_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    stop: int
    board: _containers.RepeatedScalarFieldContainer[str]
    leave: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, stop: _Optional[int] = ..., board: _Optional[_Iterable[str]] = ..., leave: _Optional[_Iterable[str]] = ...) -> None: ...

class ProposedRoute(_message.Message):
    __slots__ = ("shuttle_id", "revision", "calls")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    revision: int
    calls: _containers.RepeatedCompositeFieldContainer[Call]
    def __init__(self, shuttle_id: _Optional[str] = ..., revision: _Optional[int] = ..., calls: _Optional[_Iterable[_Union[Call, _Mapping]]] = ...) -> None: ...

class RequestRide(_message.Message):
    __slots__ = ("request", "useful_until_s", "referrals", "refusal")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    USEFUL_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    REFERRALS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    request: Request
    useful_until_s: int
    referrals: int
    refusal: Refusal
    def __init__(self, request: _Optional[_Union[Request, _Mapping]] = ..., useful_until_s: _Optional[int] = ..., referrals: _Optional[int] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class AcceptOffer(_message.Message):
    __slots__ = ("ride_id", "at_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    at_s: int
    def __init__(self, ride_id: _Optional[str] = ..., at_s: _Optional[int] = ...) -> None: ...

class CancelRide(_message.Message):
    __slots__ = ("ride_id",)
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    def __init__(self, ride_id: _Optional[str] = ...) -> None: ...

class CloseRoads(_message.Message):
    __slots__ = ("closure_id", "links", "from_s", "until_s")
    CLOSURE_ID_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    FROM_S_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    closure_id: str
    links: _containers.RepeatedScalarFieldContainer[int]
    from_s: int
    until_s: int
    def __init__(self, closure_id: _Optional[str] = ..., links: _Optional[_Iterable[int]] = ..., from_s: _Optional[int] = ..., until_s: _Optional[int] = ...) -> None: ...

class OpenRoads(_message.Message):
    __slots__ = ("closure_id",)
    CLOSURE_ID_FIELD_NUMBER: _ClassVar[int]
    closure_id: str
    def __init__(self, closure_id: _Optional[str] = ...) -> None: ...

class Restriction(_message.Message):
    __slots__ = ("reason", "from_s", "until_s", "darkness")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FROM_S_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    DARKNESS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    from_s: int
    until_s: int
    darkness: bool
    def __init__(self, reason: _Optional[str] = ..., from_s: _Optional[int] = ..., until_s: _Optional[int] = ..., darkness: bool = ...) -> None: ...

class SpeedCap(_message.Message):
    __slots__ = ("reason", "from_s", "until_s", "speed_m_h", "links")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FROM_S_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    SPEED_M_H_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    from_s: int
    until_s: int
    speed_m_h: int
    links: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, reason: _Optional[str] = ..., from_s: _Optional[int] = ..., until_s: _Optional[int] = ..., speed_m_h: _Optional[int] = ..., links: _Optional[_Iterable[int]] = ...) -> None: ...

class RestrictDriving(_message.Message):
    __slots__ = ("restrictions", "speed_caps")
    RESTRICTIONS_FIELD_NUMBER: _ClassVar[int]
    SPEED_CAPS_FIELD_NUMBER: _ClassVar[int]
    restrictions: _containers.RepeatedCompositeFieldContainer[Restriction]
    speed_caps: _containers.RepeatedCompositeFieldContainer[SpeedCap]
    def __init__(self, restrictions: _Optional[_Iterable[_Union[Restriction, _Mapping]]] = ..., speed_caps: _Optional[_Iterable[_Union[SpeedCap, _Mapping]]] = ...) -> None: ...

class Handed(_message.Message):
    __slots__ = ("shuttle_id", "number", "revision", "stop", "free_s", "level_mwh", "tasks", "tasks_until_s", "fault_s", "repaired_s", "moved_s", "fault_stop", "layout")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    FREE_S_FIELD_NUMBER: _ClassVar[int]
    LEVEL_MWH_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    TASKS_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    FAULT_S_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_S_FIELD_NUMBER: _ClassVar[int]
    MOVED_S_FIELD_NUMBER: _ClassVar[int]
    FAULT_STOP_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    number: int
    revision: int
    stop: int
    free_s: int
    level_mwh: int
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    tasks_until_s: int
    fault_s: int
    repaired_s: int
    moved_s: int
    fault_stop: int
    layout: str
    def __init__(self, shuttle_id: _Optional[str] = ..., number: _Optional[int] = ..., revision: _Optional[int] = ..., stop: _Optional[int] = ..., free_s: _Optional[int] = ..., level_mwh: _Optional[int] = ..., tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ..., tasks_until_s: _Optional[int] = ..., fault_s: _Optional[int] = ..., repaired_s: _Optional[int] = ..., moved_s: _Optional[int] = ..., fault_stop: _Optional[int] = ..., layout: _Optional[str] = ...) -> None: ...

class LendShuttle(_message.Message):
    __slots__ = ("shuttle_id", "to", "until_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    to: str
    until_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., to: _Optional[str] = ..., until_s: _Optional[int] = ...) -> None: ...

class AdoptShuttle(_message.Message):
    __slots__ = ("handed", "giver")
    HANDED_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    handed: Handed
    giver: str
    def __init__(self, handed: _Optional[_Union[Handed, _Mapping]] = ..., giver: _Optional[str] = ...) -> None: ...

class AdoptionConfirmed(_message.Message):
    __slots__ = ("shuttle_id", "number")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    number: int
    def __init__(self, shuttle_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class PassedOn(_message.Message):
    __slots__ = ("shuttle_id", "number", "message")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    number: int
    message: bytes
    def __init__(self, shuttle_id: _Optional[str] = ..., number: _Optional[int] = ..., message: _Optional[bytes] = ...) -> None: ...

class ParkProposal(_message.Message):
    __slots__ = ("shuttle_id", "stop", "revision")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    stop: int
    revision: int
    def __init__(self, shuttle_id: _Optional[str] = ..., stop: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class PlanProposal(_message.Message):
    __slots__ = ("routes",)
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[ProposedRoute]
    def __init__(self, routes: _Optional[_Iterable[_Union[ProposedRoute, _Mapping]]] = ...) -> None: ...

class Arrived(_message.Message):
    __slots__ = ("shuttle_id", "stop", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    stop: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class Boarded(_message.Message):
    __slots__ = ("shuttle_id", "ride_id", "stop", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    ride_id: str
    stop: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., ride_id: _Optional[str] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class Left(_message.Message):
    __slots__ = ("shuttle_id", "ride_id", "stop", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    ride_id: str
    stop: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., ride_id: _Optional[str] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class NotThere(_message.Message):
    __slots__ = ("shuttle_id", "ride_id", "stop", "waited_from_s", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    WAITED_FROM_S_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    ride_id: str
    stop: int
    waited_from_s: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., ride_id: _Optional[str] = ..., stop: _Optional[int] = ..., waited_from_s: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class Departed(_message.Message):
    __slots__ = ("shuttle_id", "stop", "towards", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    TOWARDS_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    stop: int
    towards: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., stop: _Optional[int] = ..., towards: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class Passed(_message.Message):
    __slots__ = ("shuttle_id", "node", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    node: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., node: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class PlanAcknowledged(_message.Message):
    __slots__ = ("shuttle_id", "revision", "at_s", "node", "node_ms", "x_mm", "y_mm")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    NODE_MS_FIELD_NUMBER: _ClassVar[int]
    X_MM_FIELD_NUMBER: _ClassVar[int]
    Y_MM_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    revision: int
    at_s: int
    node: int
    node_ms: int
    x_mm: int
    y_mm: int
    def __init__(self, shuttle_id: _Optional[str] = ..., revision: _Optional[int] = ..., at_s: _Optional[int] = ..., node: _Optional[int] = ..., node_ms: _Optional[int] = ..., x_mm: _Optional[int] = ..., y_mm: _Optional[int] = ...) -> None: ...

class Fault(_message.Message):
    __slots__ = ("shuttle_id", "kind", "stop", "at_s", "ready_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    READY_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    kind: FaultKind
    stop: int
    at_s: int
    ready_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., kind: _Optional[_Union[FaultKind, str]] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ..., ready_s: _Optional[int] = ...) -> None: ...

class Repaired(_message.Message):
    __slots__ = ("shuttle_id", "stop", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    stop: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class BatteryLevel(_message.Message):
    __slots__ = ("shuttle_id", "level_wh", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_WH_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    level_wh: int
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., level_wh: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class TaskDone(_message.Message):
    __slots__ = ("shuttle_id", "task", "at_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    task: Task
    at_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., task: _Optional[_Union[Task, _Mapping]] = ..., at_s: _Optional[int] = ...) -> None: ...

class RideOffered(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "offer")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    offer: Offer
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., offer: _Optional[_Union[Offer, _Mapping]] = ...) -> None: ...

class RideRefused(_message.Message):
    __slots__ = ("ride_id", "refusal")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    refusal: Refusal
    def __init__(self, ride_id: _Optional[str] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class RideConfirmed(_message.Message):
    __slots__ = ("ride_id",)
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    def __init__(self, ride_id: _Optional[str] = ...) -> None: ...

class OfferExpired(_message.Message):
    __slots__ = ("ride_id",)
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    def __init__(self, ride_id: _Optional[str] = ...) -> None: ...

class RideCancelled(_message.Message):
    __slots__ = ("ride_id",)
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    def __init__(self, ride_id: _Optional[str] = ...) -> None: ...

class RideRetimed(_message.Message):
    __slots__ = ("ride_id", "expected_pickup_s", "expected_arrival_s", "promise_kept")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PICKUP_S_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ARRIVAL_S_FIELD_NUMBER: _ClassVar[int]
    PROMISE_KEPT_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    expected_pickup_s: int
    expected_arrival_s: int
    promise_kept: bool
    def __init__(self, ride_id: _Optional[str] = ..., expected_pickup_s: _Optional[int] = ..., expected_arrival_s: _Optional[int] = ..., promise_kept: bool = ...) -> None: ...

class RideReassigned(_message.Message):
    __slots__ = ("ride_id", "shuttle_id")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ...) -> None: ...

class AnswerDeferred(_message.Message):
    __slots__ = ("ride_id", "until_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    until_s: int
    def __init__(self, ride_id: _Optional[str] = ..., until_s: _Optional[int] = ...) -> None: ...

class RideLetOff(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "stop", "at_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    stop: int
    at_s: int
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., stop: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class PromiseChanged(_message.Message):
    __slots__ = ("ride_id", "promise", "reason")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    PROMISE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    promise: Promise
    reason: str
    def __init__(self, ride_id: _Optional[str] = ..., promise: _Optional[_Union[Promise, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class RideBoarded(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "at_s", "expected")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    at_s: int
    expected: bool
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., at_s: _Optional[int] = ..., expected: bool = ...) -> None: ...

class RideCompleted(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "at_s", "expected")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    at_s: int
    expected: bool
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., at_s: _Optional[int] = ..., expected: bool = ...) -> None: ...

class RideNoShow(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "waited_from_s", "at_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    WAITED_FROM_S_FIELD_NUMBER: _ClassVar[int]
    AT_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    waited_from_s: int
    at_s: int
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., waited_from_s: _Optional[int] = ..., at_s: _Optional[int] = ...) -> None: ...

class RideFailed(_message.Message):
    __slots__ = ("ride_id", "reason")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    reason: str
    def __init__(self, ride_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CommandTurnedDown(_message.Message):
    __slots__ = ("ride_id", "command", "reason")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    command: str
    reason: str
    def __init__(self, ride_id: _Optional[str] = ..., command: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ReportMarked(_message.Message):
    __slots__ = ("shuttle_id", "report", "reason", "ride_id")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    report: str
    reason: str
    ride_id: str
    def __init__(self, shuttle_id: _Optional[str] = ..., report: _Optional[str] = ..., reason: _Optional[str] = ..., ride_id: _Optional[str] = ...) -> None: ...

class RoadsChanged(_message.Message):
    __slots__ = ("version", "closed", "at_risk", "restrictions", "speed_caps")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    AT_RISK_FIELD_NUMBER: _ClassVar[int]
    RESTRICTIONS_FIELD_NUMBER: _ClassVar[int]
    SPEED_CAPS_FIELD_NUMBER: _ClassVar[int]
    version: int
    closed: _containers.RepeatedScalarFieldContainer[int]
    at_risk: _containers.RepeatedScalarFieldContainer[str]
    restrictions: _containers.RepeatedCompositeFieldContainer[Restriction]
    speed_caps: _containers.RepeatedCompositeFieldContainer[SpeedCap]
    def __init__(self, version: _Optional[int] = ..., closed: _Optional[_Iterable[int]] = ..., at_risk: _Optional[_Iterable[str]] = ..., restrictions: _Optional[_Iterable[_Union[Restriction, _Mapping]]] = ..., speed_caps: _Optional[_Iterable[_Union[SpeedCap, _Mapping]]] = ...) -> None: ...

class ClosureTurnedDown(_message.Message):
    __slots__ = ("closure_id", "reason")
    CLOSURE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    closure_id: str
    reason: str
    def __init__(self, closure_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RideReferred(_message.Message):
    __slots__ = ("ride_id", "to", "request", "refusal", "useful_until_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    USEFUL_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    to: str
    request: Request
    refusal: Refusal
    useful_until_s: int
    def __init__(self, ride_id: _Optional[str] = ..., to: _Optional[str] = ..., request: _Optional[_Union[Request, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., useful_until_s: _Optional[int] = ...) -> None: ...

class ShuttleReleased(_message.Message):
    __slots__ = ("handed", "to")
    HANDED_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    handed: Handed
    to: str
    def __init__(self, handed: _Optional[_Union[Handed, _Mapping]] = ..., to: _Optional[str] = ...) -> None: ...

class ShuttleAdopted(_message.Message):
    __slots__ = ("shuttle_id", "giver", "number")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    giver: str
    number: int
    def __init__(self, shuttle_id: _Optional[str] = ..., giver: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class LendingTurnedDown(_message.Message):
    __slots__ = ("shuttle_id", "to", "reason")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    to: str
    reason: str
    def __init__(self, shuttle_id: _Optional[str] = ..., to: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PlanIssued(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: Plan
    def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...

class WakeUp(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageForwarded(_message.Message):
    __slots__ = ("to", "input", "number")
    TO_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    to: str
    input: int
    number: int
    def __init__(self, to: _Optional[str] = ..., input: _Optional[int] = ..., number: _Optional[int] = ...) -> None: ...

class StoredRide(_message.Message):
    __slots__ = ("request", "requested_s", "status", "offer", "refusal", "shuttle_id", "picked_up_s", "dropped_off_s", "expected_pickup_s", "expected_arrival_s", "changed", "let_off_s", "changing", "failure", "referrals", "referred_to", "turned_down")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_S_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    PICKED_UP_S_FIELD_NUMBER: _ClassVar[int]
    DROPPED_OFF_S_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PICKUP_S_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ARRIVAL_S_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    LET_OFF_S_FIELD_NUMBER: _ClassVar[int]
    CHANGING_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REFERRALS_FIELD_NUMBER: _ClassVar[int]
    REFERRED_TO_FIELD_NUMBER: _ClassVar[int]
    TURNED_DOWN_FIELD_NUMBER: _ClassVar[int]
    request: Request
    requested_s: int
    status: Status
    offer: Offer
    refusal: Refusal
    shuttle_id: str
    picked_up_s: int
    dropped_off_s: int
    expected_pickup_s: int
    expected_arrival_s: int
    changed: Promise
    let_off_s: int
    changing: bool
    failure: str
    referrals: int
    referred_to: str
    turned_down: bool
    def __init__(self, request: _Optional[_Union[Request, _Mapping]] = ..., requested_s: _Optional[int] = ..., status: _Optional[_Union[Status, str]] = ..., offer: _Optional[_Union[Offer, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., shuttle_id: _Optional[str] = ..., picked_up_s: _Optional[int] = ..., dropped_off_s: _Optional[int] = ..., expected_pickup_s: _Optional[int] = ..., expected_arrival_s: _Optional[int] = ..., changed: _Optional[_Union[Promise, _Mapping]] = ..., let_off_s: _Optional[int] = ..., changing: bool = ..., failure: _Optional[str] = ..., referrals: _Optional[int] = ..., referred_to: _Optional[str] = ..., turned_down: bool = ...) -> None: ...

class JournalRecord(_message.Message):
    __slots__ = ("zone", "number", "now_s", "decided_at_ms", "inputs", "message_ids", "events", "traceparent", "link")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    zone: str
    number: int
    now_s: int
    decided_at_ms: int
    inputs: _containers.RepeatedScalarFieldContainer[bytes]
    message_ids: _containers.RepeatedScalarFieldContainer[str]
    events: _containers.RepeatedScalarFieldContainer[bytes]
    traceparent: str
    link: bytes
    def __init__(self, zone: _Optional[str] = ..., number: _Optional[int] = ..., now_s: _Optional[int] = ..., decided_at_ms: _Optional[int] = ..., inputs: _Optional[_Iterable[bytes]] = ..., message_ids: _Optional[_Iterable[str]] = ..., events: _Optional[_Iterable[bytes]] = ..., traceparent: _Optional[str] = ..., link: _Optional[bytes] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("topic", "partition", "offset", "key", "place", "reason", "data", "encrypted", "recorded_at_ms", "resubmitted", "resubmitted_as")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RESUBMITTED_FIELD_NUMBER: _ClassVar[int]
    RESUBMITTED_AS_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    key: str
    place: str
    reason: str
    data: bytes
    encrypted: bool
    recorded_at_ms: int
    resubmitted: str
    resubmitted_as: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ..., key: _Optional[str] = ..., place: _Optional[str] = ..., reason: _Optional[str] = ..., data: _Optional[bytes] = ..., encrypted: bool = ..., recorded_at_ms: _Optional[int] = ..., resubmitted: _Optional[str] = ..., resubmitted_as: _Optional[int] = ...) -> None: ...

class RideNote(_message.Message):
    __slots__ = ("ride_id", "told_late_s", "look_s", "lapsed")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    TOLD_LATE_S_FIELD_NUMBER: _ClassVar[int]
    LOOK_S_FIELD_NUMBER: _ClassVar[int]
    LAPSED_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    told_late_s: int
    look_s: int
    lapsed: str
    def __init__(self, ride_id: _Optional[str] = ..., told_late_s: _Optional[int] = ..., look_s: _Optional[int] = ..., lapsed: _Optional[str] = ...) -> None: ...

class Whereabouts(_message.Message):
    __slots__ = ("mode", "stop", "node", "node_ms", "x_mm", "y_mm", "arrive_s", "locked", "pending", "silent", "free_s", "first", "free_x_mm", "free_y_mm", "broken", "busy_s", "serving", "out", "level_mwh", "park")
    MODE_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    NODE_MS_FIELD_NUMBER: _ClassVar[int]
    X_MM_FIELD_NUMBER: _ClassVar[int]
    Y_MM_FIELD_NUMBER: _ClassVar[int]
    ARRIVE_S_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    FREE_S_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    FREE_X_MM_FIELD_NUMBER: _ClassVar[int]
    FREE_Y_MM_FIELD_NUMBER: _ClassVar[int]
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    BUSY_S_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    LEVEL_MWH_FIELD_NUMBER: _ClassVar[int]
    PARK_FIELD_NUMBER: _ClassVar[int]
    mode: int
    stop: int
    node: int
    node_ms: int
    x_mm: int
    y_mm: int
    arrive_s: int
    locked: int
    pending: int
    silent: int
    free_s: int
    first: int
    free_x_mm: int
    free_y_mm: int
    broken: int
    busy_s: int
    serving: int
    out: int
    level_mwh: int
    park: int
    def __init__(self, mode: _Optional[int] = ..., stop: _Optional[int] = ..., node: _Optional[int] = ..., node_ms: _Optional[int] = ..., x_mm: _Optional[int] = ..., y_mm: _Optional[int] = ..., arrive_s: _Optional[int] = ..., locked: _Optional[int] = ..., pending: _Optional[int] = ..., silent: _Optional[int] = ..., free_s: _Optional[int] = ..., first: _Optional[int] = ..., free_x_mm: _Optional[int] = ..., free_y_mm: _Optional[int] = ..., broken: _Optional[int] = ..., busy_s: _Optional[int] = ..., serving: _Optional[int] = ..., out: _Optional[int] = ..., level_mwh: _Optional[int] = ..., park: _Optional[int] = ...) -> None: ...

class StoredTimes(_message.Message):
    __slots__ = ("earliest_s", "arrive_s", "start_s", "depart_s", "slack_s", "ride_slack_s", "level_mwh", "margin_mwh", "pause_s")
    EARLIEST_S_FIELD_NUMBER: _ClassVar[int]
    ARRIVE_S_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    DEPART_S_FIELD_NUMBER: _ClassVar[int]
    SLACK_S_FIELD_NUMBER: _ClassVar[int]
    RIDE_SLACK_S_FIELD_NUMBER: _ClassVar[int]
    LEVEL_MWH_FIELD_NUMBER: _ClassVar[int]
    MARGIN_MWH_FIELD_NUMBER: _ClassVar[int]
    PAUSE_S_FIELD_NUMBER: _ClassVar[int]
    earliest_s: int
    arrive_s: int
    start_s: int
    depart_s: int
    slack_s: int
    ride_slack_s: int
    level_mwh: int
    margin_mwh: int
    pause_s: int
    def __init__(self, earliest_s: _Optional[int] = ..., arrive_s: _Optional[int] = ..., start_s: _Optional[int] = ..., depart_s: _Optional[int] = ..., slack_s: _Optional[int] = ..., ride_slack_s: _Optional[int] = ..., level_mwh: _Optional[int] = ..., margin_mwh: _Optional[int] = ..., pause_s: _Optional[int] = ...) -> None: ...

class StoredStopover(_message.Message):
    __slots__ = ("stop", "board", "leave", "served_s", "task", "hold_s", "times")
    STOP_FIELD_NUMBER: _ClassVar[int]
    BOARD_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    SERVED_S_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    HOLD_S_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    stop: int
    board: _containers.RepeatedScalarFieldContainer[str]
    leave: _containers.RepeatedScalarFieldContainer[str]
    served_s: int
    task: Task
    hold_s: int
    times: StoredTimes
    def __init__(self, stop: _Optional[int] = ..., board: _Optional[_Iterable[str]] = ..., leave: _Optional[_Iterable[str]] = ..., served_s: _Optional[int] = ..., task: _Optional[_Union[Task, _Mapping]] = ..., hold_s: _Optional[int] = ..., times: _Optional[_Union[StoredTimes, _Mapping]] = ...) -> None: ...

class StoredParty(_message.Message):
    __slots__ = ("ride_id", "since_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    since_s: int
    def __init__(self, ride_id: _Optional[str] = ..., since_s: _Optional[int] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ("revision", "stop")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    revision: int
    stop: int
    def __init__(self, revision: _Optional[int] = ..., stop: _Optional[int] = ...) -> None: ...

class Booking(_message.Message):
    __slots__ = ("from_min", "until_min")
    FROM_MIN_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MIN_FIELD_NUMBER: _ClassVar[int]
    from_min: int
    until_min: int
    def __init__(self, from_min: _Optional[int] = ..., until_min: _Optional[int] = ...) -> None: ...

class StoredLease(_message.Message):
    __slots__ = ("ride_id", "until_s", "gone")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    until_s: int
    gone: int
    def __init__(self, ride_id: _Optional[str] = ..., until_s: _Optional[int] = ..., gone: _Optional[int] = ...) -> None: ...

class Lending(_message.Message):
    __slots__ = ("to", "until_s", "revision", "tasks")
    TO_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    to: str
    until_s: int
    revision: int
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    def __init__(self, to: _Optional[str] = ..., until_s: _Optional[int] = ..., revision: _Optional[int] = ..., tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ...) -> None: ...

class Unconfirmed(_message.Message):
    __slots__ = ("to", "handed", "since_s", "again_s")
    TO_FIELD_NUMBER: _ClassVar[int]
    HANDED_FIELD_NUMBER: _ClassVar[int]
    SINCE_S_FIELD_NUMBER: _ClassVar[int]
    AGAIN_S_FIELD_NUMBER: _ClassVar[int]
    to: str
    handed: Handed
    since_s: int
    again_s: int
    def __init__(self, to: _Optional[str] = ..., handed: _Optional[_Union[Handed, _Mapping]] = ..., since_s: _Optional[int] = ..., again_s: _Optional[int] = ...) -> None: ...

class StoredShuttle(_message.Message):
    __slots__ = ("shuttle_id", "revision", "battery", "where", "stopovers", "written", "aboard", "awaited", "targets", "parking", "fault_s", "fault_stop", "repaired_s", "booked", "leases", "unanswered_s", "grant_s", "holder", "handed", "lending", "moved_s", "unconfirmed", "guest")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    BATTERY_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    STOPOVERS_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    ABOARD_FIELD_NUMBER: _ClassVar[int]
    AWAITED_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    PARKING_FIELD_NUMBER: _ClassVar[int]
    FAULT_S_FIELD_NUMBER: _ClassVar[int]
    FAULT_STOP_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_S_FIELD_NUMBER: _ClassVar[int]
    BOOKED_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_S_FIELD_NUMBER: _ClassVar[int]
    GRANT_S_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HANDED_FIELD_NUMBER: _ClassVar[int]
    LENDING_FIELD_NUMBER: _ClassVar[int]
    MOVED_S_FIELD_NUMBER: _ClassVar[int]
    UNCONFIRMED_FIELD_NUMBER: _ClassVar[int]
    GUEST_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    revision: int
    battery: bool
    where: Whereabouts
    stopovers: _containers.RepeatedCompositeFieldContainer[StoredStopover]
    written: bool
    aboard: _containers.RepeatedCompositeFieldContainer[StoredParty]
    awaited: _containers.RepeatedScalarFieldContainer[str]
    targets: _containers.RepeatedCompositeFieldContainer[Target]
    parking: Target
    fault_s: int
    fault_stop: int
    repaired_s: int
    booked: _containers.RepeatedCompositeFieldContainer[Booking]
    leases: _containers.RepeatedCompositeFieldContainer[StoredLease]
    unanswered_s: int
    grant_s: int
    holder: str
    handed: int
    lending: Lending
    moved_s: int
    unconfirmed: Unconfirmed
    guest: bool
    def __init__(self, shuttle_id: _Optional[str] = ..., revision: _Optional[int] = ..., battery: bool = ..., where: _Optional[_Union[Whereabouts, _Mapping]] = ..., stopovers: _Optional[_Iterable[_Union[StoredStopover, _Mapping]]] = ..., written: bool = ..., aboard: _Optional[_Iterable[_Union[StoredParty, _Mapping]]] = ..., awaited: _Optional[_Iterable[str]] = ..., targets: _Optional[_Iterable[_Union[Target, _Mapping]]] = ..., parking: _Optional[_Union[Target, _Mapping]] = ..., fault_s: _Optional[int] = ..., fault_stop: _Optional[int] = ..., repaired_s: _Optional[int] = ..., booked: _Optional[_Iterable[_Union[Booking, _Mapping]]] = ..., leases: _Optional[_Iterable[_Union[StoredLease, _Mapping]]] = ..., unanswered_s: _Optional[int] = ..., grant_s: _Optional[int] = ..., holder: _Optional[str] = ..., handed: _Optional[int] = ..., lending: _Optional[_Union[Lending, _Mapping]] = ..., moved_s: _Optional[int] = ..., unconfirmed: _Optional[_Union[Unconfirmed, _Mapping]] = ..., guest: bool = ...) -> None: ...

class WaitingRequest(_message.Message):
    __slots__ = ("ride_id", "from_s", "due_s", "useful_until_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_S_FIELD_NUMBER: _ClassVar[int]
    DUE_S_FIELD_NUMBER: _ClassVar[int]
    USEFUL_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    from_s: int
    due_s: int
    useful_until_s: int
    def __init__(self, ride_id: _Optional[str] = ..., from_s: _Optional[int] = ..., due_s: _Optional[int] = ..., useful_until_s: _Optional[int] = ...) -> None: ...

class Withdrawn(_message.Message):
    __slots__ = ("ride_id", "shuttle_id", "revision", "until_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    shuttle_id: str
    revision: int
    until_s: int
    def __init__(self, ride_id: _Optional[str] = ..., shuttle_id: _Optional[str] = ..., revision: _Optional[int] = ..., until_s: _Optional[int] = ...) -> None: ...

class Sought(_message.Message):
    __slots__ = ("ride_id", "until_s", "next_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    NEXT_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    until_s: int
    next_s: int
    def __init__(self, ride_id: _Optional[str] = ..., until_s: _Optional[int] = ..., next_s: _Optional[int] = ...) -> None: ...

class StoredMove(_message.Message):
    __slots__ = ("ride_id", "giver", "revision", "taker", "until_s")
    RIDE_ID_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TAKER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    ride_id: str
    giver: str
    revision: int
    taker: str
    until_s: int
    def __init__(self, ride_id: _Optional[str] = ..., giver: _Optional[str] = ..., revision: _Optional[int] = ..., taker: _Optional[str] = ..., until_s: _Optional[int] = ...) -> None: ...

class WantsCharge(_message.Message):
    __slots__ = ("shuttle_id", "from_s")
    SHUTTLE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_S_FIELD_NUMBER: _ClassVar[int]
    shuttle_id: str
    from_s: int
    def __init__(self, shuttle_id: _Optional[str] = ..., from_s: _Optional[int] = ...) -> None: ...

class StoredZone(_message.Message):
    __slots__ = ("now_s", "layout", "duties_until_s", "disruptions", "booked_min", "shuttle_ids", "heard_s", "waiting", "withdrawn", "sought", "moves", "charging")
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    DUTIES_UNTIL_S_FIELD_NUMBER: _ClassVar[int]
    DISRUPTIONS_FIELD_NUMBER: _ClassVar[int]
    BOOKED_MIN_FIELD_NUMBER: _ClassVar[int]
    SHUTTLE_IDS_FIELD_NUMBER: _ClassVar[int]
    HEARD_S_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    SOUGHT_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    CHARGING_FIELD_NUMBER: _ClassVar[int]
    now_s: int
    layout: str
    duties_until_s: int
    disruptions: int
    booked_min: int
    shuttle_ids: _containers.RepeatedScalarFieldContainer[str]
    heard_s: _containers.RepeatedScalarFieldContainer[int]
    waiting: _containers.RepeatedCompositeFieldContainer[WaitingRequest]
    withdrawn: _containers.RepeatedCompositeFieldContainer[Withdrawn]
    sought: _containers.RepeatedCompositeFieldContainer[Sought]
    moves: _containers.RepeatedCompositeFieldContainer[StoredMove]
    charging: _containers.RepeatedCompositeFieldContainer[WantsCharge]
    def __init__(self, now_s: _Optional[int] = ..., layout: _Optional[str] = ..., duties_until_s: _Optional[int] = ..., disruptions: _Optional[int] = ..., booked_min: _Optional[int] = ..., shuttle_ids: _Optional[_Iterable[str]] = ..., heard_s: _Optional[_Iterable[int]] = ..., waiting: _Optional[_Iterable[_Union[WaitingRequest, _Mapping]]] = ..., withdrawn: _Optional[_Iterable[_Union[Withdrawn, _Mapping]]] = ..., sought: _Optional[_Iterable[_Union[Sought, _Mapping]]] = ..., moves: _Optional[_Iterable[_Union[StoredMove, _Mapping]]] = ..., charging: _Optional[_Iterable[_Union[WantsCharge, _Mapping]]] = ...) -> None: ...

class StoredRoads(_message.Message):
    __slots__ = ("version", "closures", "domain", "closed", "changed_s")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CLOSURES_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_S_FIELD_NUMBER: _ClassVar[int]
    version: int
    closures: _containers.RepeatedCompositeFieldContainer[CloseRoads]
    domain: RestrictDriving
    closed: _containers.RepeatedScalarFieldContainer[int]
    changed_s: int
    def __init__(self, version: _Optional[int] = ..., closures: _Optional[_Iterable[_Union[CloseRoads, _Mapping]]] = ..., domain: _Optional[_Union[RestrictDriving, _Mapping]] = ..., closed: _Optional[_Iterable[int]] = ..., changed_s: _Optional[int] = ...) -> None: ...

class SnapshotRow(_message.Message):
    __slots__ = ("kind", "id", "body")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    id: str
    body: bytes
    def __init__(self, kind: _Optional[str] = ..., id: _Optional[str] = ..., body: _Optional[bytes] = ...) -> None: ...

class ZoneSnapshot(_message.Message):
    __slots__ = ("zone", "number", "now_s", "taken_at_ms", "link", "code", "territory", "rows")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NOW_S_FIELD_NUMBER: _ClassVar[int]
    TAKEN_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TERRITORY_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    zone: str
    number: int
    now_s: int
    taken_at_ms: int
    link: bytes
    code: str
    territory: str
    rows: _containers.RepeatedCompositeFieldContainer[SnapshotRow]
    def __init__(self, zone: _Optional[str] = ..., number: _Optional[int] = ..., now_s: _Optional[int] = ..., taken_at_ms: _Optional[int] = ..., link: _Optional[bytes] = ..., code: _Optional[str] = ..., territory: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[SnapshotRow, _Mapping]]] = ...) -> None: ...

class ShuttleFrame(_message.Message):
    __slots__ = ("number", "hello", "heartbeat", "arrived", "boarded", "left", "not_there", "departed", "passed", "plan_acknowledged", "fault", "repaired", "task_done", "battery_level")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    BOARDED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    NOT_THERE_FIELD_NUMBER: _ClassVar[int]
    DEPARTED_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    PLAN_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    TASK_DONE_FIELD_NUMBER: _ClassVar[int]
    BATTERY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    number: int
    hello: LinkHello
    heartbeat: LinkHeartbeat
    arrived: Arrived
    boarded: Boarded
    left: Left
    not_there: NotThere
    departed: Departed
    passed: Passed
    plan_acknowledged: PlanAcknowledged
    fault: Fault
    repaired: Repaired
    task_done: TaskDone
    battery_level: BatteryLevel
    def __init__(self, number: _Optional[int] = ..., hello: _Optional[_Union[LinkHello, _Mapping]] = ..., heartbeat: _Optional[_Union[LinkHeartbeat, _Mapping]] = ..., arrived: _Optional[_Union[Arrived, _Mapping]] = ..., boarded: _Optional[_Union[Boarded, _Mapping]] = ..., left: _Optional[_Union[Left, _Mapping]] = ..., not_there: _Optional[_Union[NotThere, _Mapping]] = ..., departed: _Optional[_Union[Departed, _Mapping]] = ..., passed: _Optional[_Union[Passed, _Mapping]] = ..., plan_acknowledged: _Optional[_Union[PlanAcknowledged, _Mapping]] = ..., fault: _Optional[_Union[Fault, _Mapping]] = ..., repaired: _Optional[_Union[Repaired, _Mapping]] = ..., task_done: _Optional[_Union[TaskDone, _Mapping]] = ..., battery_level: _Optional[_Union[BatteryLevel, _Mapping]] = ...) -> None: ...

class GatewayFrame(_message.Message):
    __slots__ = ("received_up_to", "welcome", "heartbeat", "error", "plan", "roads_changed")
    RECEIVED_UP_TO_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ROADS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    received_up_to: int
    welcome: LinkWelcome
    heartbeat: LinkHeartbeat
    error: LinkError
    plan: Plan
    roads_changed: RoadsChanged
    def __init__(self, received_up_to: _Optional[int] = ..., welcome: _Optional[_Union[LinkWelcome, _Mapping]] = ..., heartbeat: _Optional[_Union[LinkHeartbeat, _Mapping]] = ..., error: _Optional[_Union[LinkError, _Mapping]] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., roads_changed: _Optional[_Union[RoadsChanged, _Mapping]] = ...) -> None: ...

class LinkHello(_message.Message):
    __slots__ = ("protocol", "boot_id", "received_up_to", "plan_revision", "software")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_UP_TO_FIELD_NUMBER: _ClassVar[int]
    PLAN_REVISION_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    boot_id: str
    received_up_to: int
    plan_revision: int
    software: str
    def __init__(self, protocol: _Optional[int] = ..., boot_id: _Optional[str] = ..., received_up_to: _Optional[int] = ..., plan_revision: _Optional[int] = ..., software: _Optional[str] = ...) -> None: ...

class LinkWelcome(_message.Message):
    __slots__ = ("zone", "midnight_ms", "now_ms", "speed_permille", "heartbeat_ms", "in_flight_max", "frame_bytes_max")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    MIDNIGHT_MS_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    SPEED_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_MAX_FIELD_NUMBER: _ClassVar[int]
    FRAME_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    zone: str
    midnight_ms: int
    now_ms: int
    speed_permille: int
    heartbeat_ms: int
    in_flight_max: int
    frame_bytes_max: int
    def __init__(self, zone: _Optional[str] = ..., midnight_ms: _Optional[int] = ..., now_ms: _Optional[int] = ..., speed_permille: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ..., in_flight_max: _Optional[int] = ..., frame_bytes_max: _Optional[int] = ...) -> None: ...

class LinkHeartbeat(_message.Message):
    __slots__ = ("number", "answer")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    number: int
    answer: bool
    def __init__(self, number: _Optional[int] = ..., answer: bool = ...) -> None: ...

class LinkError(_message.Message):
    __slots__ = ("fault", "place", "reason", "number", "closing")
    FAULT_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CLOSING_FIELD_NUMBER: _ClassVar[int]
    fault: LinkFault
    place: str
    reason: str
    number: int
    closing: bool
    def __init__(self, fault: _Optional[_Union[LinkFault, str]] = ..., place: _Optional[str] = ..., reason: _Optional[str] = ..., number: _Optional[int] = ..., closing: bool = ...) -> None: ...
