"""Refusals in words that can be read out to a rider."""

from __future__ import annotations

from services.domain.ride import Constraint, Relaxation, Remedy

REASONS: dict[Constraint, str] = {
    Constraint.WALK_TO_STOP: "No stop is within walking distance of where you are.",
    Constraint.WALK_FROM_STOP: "No stop is within walking distance of where you want to go.",
    Constraint.SAME_STOP: "Both places have the same stop; you are there on foot.",
    Constraint.UNREACHABLE: "No road that shuttles use leads there.",
    Constraint.SERVICE_HOURS: "No shuttle runs at that time of day.",
    Constraint.PARTY_SIZE: "No shuttle is large enough for your party.",
    Constraint.SEATS: "No shuttle has enough room left for your party at that time.",
    Constraint.RIDE_TIME: "The ride would take longer than is promised.",
    Constraint.ARRIVAL: "No shuttle can bring you there in time.",
    Constraint.WAIT: "No shuttle can be there soon enough.",
    Constraint.ENERGY: "No shuttle has enough energy left for the ride.",
    Constraint.OPERATING_DOMAIN: (
        "Shuttles may not drive there then, for want of light or because of the weather."
    ),
    Constraint.SUPERVISION: "Nobody is free to watch over one more shuttle at that time.",
    Constraint.FLEET: "No shuttle can fit the ride in.",
}


def remedy_text(remedy: Remedy) -> str:
    """Say what the rider could do."""
    amount = remedy.amount
    match remedy.relaxation:
        case Relaxation.LEAVE_LATER_S:
            return f"Leave {_minutes(amount)} later."
        case Relaxation.ARRIVE_LATER_S:
            return f"Arrive {_minutes(amount)} later."
        case Relaxation.WALK_FURTHER_M:
            return f"Walk up to {amount} m further to a stop."
        case Relaxation.FEWER_SEATS:
            return f"Travel with {amount} {'person' if amount == 1 else 'people'} fewer."
        case Relaxation.RIDE_LONGER_S:
            return f"Allow {_minutes(amount)} more on board."


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min"
