"""What a step says that it lets go of, or passes on, as the message to the zone that it is for."""

from __future__ import annotations

from collections.abc import Callable

from services.domain.events import Event, Message, Proposal, RequestRide
from services.domain.ids import ZoneId
from services.domain.zone_crossing import (
    AdoptionConfirmed,
    AdoptShuttle,
    FromZone,
    MessageForwarded,
    RideReferred,
    ShuttleAdopted,
    ShuttleReleased,
)


def for_other_zone(
    giver: ZoneId, event: Event, input_of: Callable[[int], Message]
) -> tuple[ZoneId, Message] | None:
    """Return what to tell another zone, and which, if an event is about that.

    Parameters
    ----------
    giver
        The zone that decided it.
    input_of
        Returns an input of its step, by number.
    """
    match event:
        case RideReferred():
            asked = RequestRide(event.request, event.useful_until_s, 1, event.refusal)
            return event.to, asked
        case ShuttleReleased():
            return event.to, AdoptShuttle(event.handed, giver)
        case ShuttleAdopted():
            return event.giver, AdoptionConfirmed(event.shuttle_id, event.number)
        case MessageForwarded():
            return event.to, input_of(event.input)
        case _:
            return None


def is_inner(body: Message) -> bool:
    """Whether a message comes from solvers or another zone, and may be longer than others."""
    return isinstance(body, Proposal | FromZone) or (
        isinstance(body, RequestRide) and body.referrals > 0
    )
