"""What explanations say, in words that need no engineer beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.dispatcher.bounds import Bound, Give
from services.dispatcher.explanation import Cost
from services.domain.events import (
    AnswerDeferred,
    CommandTurnedDown,
    OfferExpired,
    PromiseChanged,
    ReportMarked,
    RideBoarded,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideEvent,
    RideFailed,
    RideLetOff,
    RideNoShow,
    RideOffered,
    RideReassigned,
    RideRefused,
    RideRetimed,
)
from services.domain.ids import RideId
from services.domain.ride import Party, Relaxation, Remedy
from services.domain.zone_crossing import RideReferred
from services.network.stops import Stops
from services.simulator.summary import REASONS

_GIVES = {
    Bound.WAIT: "the pickup would be {} too late",
    Bound.ARRIVAL: "the arrival would be {} too late",
    Bound.RIDE_TIME: "the ride would take {} too long",
    Bound.WALK: "its stops are {} too far to walk",
    Bound.SERVICE_HOURS: "it would end {} after closing time",
    Bound.SHIFT: "its shift would end {} too late",
    Bound.UPKEEP: "its cleaning or maintenance would begin {} too late",
    Bound.SEATS: "{} too few",
    Bound.WHEELCHAIRS: "{} too few",
    Bound.LUGGAGE: "{} too few",
    Bound.SUPERVISION: "{} more would move than are supervised",
    Bound.PICKUP_OF: "{ride} would be picked up {} too late",
    Bound.ARRIVAL_OF: "{ride} would arrive {} too late",
    Bound.RIDE_TIME_OF: "{ride} would ride {} too long",
}
_PLACES = {
    Bound.SEATS: "seat",
    Bound.WHEELCHAIRS: "wheelchair place",
    Bound.LUGGAGE: "luggage place",
    Bound.SUPERVISION: "shuttle",
}
_REMEDIES = {
    Relaxation.LEAVE_LATER_S: "leave {} later",
    Relaxation.ARRIVE_LATER_S: "accept to arrive {} later",
    Relaxation.WALK_FURTHER_M: "walk up to {} further",
    Relaxation.FEWER_SEATS: "travel with {} fewer",
    Relaxation.RIDE_LONGER_S: "accept a ride {} longer",
}


def length(seconds: int) -> str:
    """Write a length of time to the second: ``45 s``, ``7 min 35 s``, ``2 h 5 min``."""
    minutes, second = divmod(abs(seconds), 60)
    hours, minute = divmod(minutes, 60)
    parts = ((hours, "h"), (minute, "min"), (second, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def clock(seconds: int) -> str:
    """Write a time of day to the second: ``07:30:05``; past midnight with ``+1``."""
    day, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{text} +{day}" if day else text


def counted(number: int, noun: str) -> str:
    """Write how many there are: ``1 seat``, ``2 seats``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def give(one: Give, names: Mapping[RideId, str]) -> str:
    """Say what is in the way, and by how much."""
    ride = "" if one.ride_id is None else f"ride {names.get(one.ride_id, one.ride_id)}"
    if one.bound in _PLACES:
        amount = counted(one.amount, _PLACES[one.bound])
    elif one.bound is Bound.WALK:
        amount = f"{one.amount} m"
    else:
        amount = length(one.amount)
    return _GIVES[one.bound].format(amount, ride=ride)


def gives(needs: Sequence[Give], names: Mapping[RideId, str]) -> str:
    """Say all that is in the way together; the party's own times come first."""
    return " and ".join(give(one, names) for one in reversed(needs))


def remedy(one: Remedy) -> str:
    """Say what would have worked."""
    amount = length(one.amount)
    if one.relaxation is Relaxation.WALK_FURTHER_M:
        amount = f"{one.amount} m"
    elif one.relaxation is Relaxation.FEWER_SEATS:
        amount = str(one.amount)
    return _REMEDIES[one.relaxation].format(amount)


def party(who: Party) -> str:
    """Say who travels: ``2 seats, 1 wheelchair``."""
    parts = (
        (who.seats + who.companions, "seat"),
        (who.wheelchairs, "wheelchair"),
        (who.luggage, "piece of luggage"),
    )
    return ", ".join(counted(number, noun) for number, noun in parts if number).replace(
        "piece of luggages", "pieces of luggage"
    )


def stop(stops: Stops, number: int) -> str:
    """Name a stop."""
    return stops.names[number] or stops.ids[number]


def driving(thousandths: int) -> str:
    """Write a cost: seconds of driving, ``1,289.5 s``."""
    return f"{thousandths / 1000:,.1f} s"


def difference(better: Cost, worse: Cost) -> str:
    """Say in what one place costs more than another, the most important first."""
    parts = {
        name: getattr(worse, name) - getattr(better, name)
        for name in ("drive", "walk", "wait", "ride", "delay")
    }
    said = {"drive": "driving", "delay": "delay to others"}
    ordered = sorted(parts.items(), key=lambda part: -abs(part[1]))
    return ", ".join(
        f"{said.get(name, name)} {value / 1000:+,.1f} s" for name, value in ordered if value
    ).replace("-", "\N{MINUS SIGN}")


def event(one: RideEvent, stops: Stops) -> str:
    """Say what happened."""
    match one:
        case AnswerDeferred(until_s=until_s):
            return f"taken, to be answered together with others at {clock(until_s)}"
        case RideOffered(shuttle_id=shuttle_id, offer=offer):
            promise = offer.promise
            return (
                f"offered: {shuttle_id} from {stop(stops, promise.pickup_stop)} between"
                f" {clock(promise.pickup_from_s)} and {clock(promise.pickup_to_s)}, at"
                f" {stop(stops, promise.dropoff_stop)} by {clock(promise.arrive_by_s)}"
            )
        case RideRefused(refusal=refusal):
            return f"refused: {REASONS.get(refusal.reason, refusal.reason)}"
        case RideReferred(to=to):
            return f"referred to {to}"
        case RideConfirmed():
            return "accepted: the offer is a promise"
        case OfferExpired():
            return "the offer expired"
        case RideCancelled():
            return "cancelled by the rider"
        case RideRetimed(promise_kept=kept):
            times = (
                f"pickup {clock(one.expected_pickup_s)}, arrival {clock(one.expected_arrival_s)}"
            )
            return f"{'in time again' if kept else 'late, and told so'}: {times}"
        case RideReassigned(shuttle_id=shuttle_id):
            return f"given to {shuttle_id}"
        case RideLetOff(shuttle_id=shuttle_id, stop=let_off):
            return f"had to get off {shuttle_id} on the way, at {stop(stops, let_off)}"
        case PromiseChanged(promise=promise, reason=reason):
            return (
                f"promised instead ({reason}): from {stop(stops, promise.pickup_stop)} by"
                f" {clock(promise.pickup_to_s)}, there by {clock(promise.arrive_by_s)}"
            )
        case RideBoarded(shuttle_id=shuttle_id):
            return f"on board of {shuttle_id}"
        case RideCompleted(shuttle_id=shuttle_id):
            return f"let off by {shuttle_id}"
        case RideNoShow(shuttle_id=shuttle_id, waited_from_s=from_s, at_s=at_s):
            return f"nobody came: {shuttle_id} waited {length(at_s - from_s)}"
        case RideFailed(reason=reason):
            return f"failed: {reason}"
        case CommandTurnedDown(command=command, reason=reason):
            return f"could not {command}: {reason}"
        case ReportMarked(shuttle_id=shuttle_id, report=report, reason=reason):
            return f"{shuttle_id} reported {report}, which did not fit: {reason}"
