"""Numbers, times and refusals in words that need no engineer beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.ride import Relaxation
from services.simulator.records import RideRow, remedies_of

NOTHING = "–"
"""Stands where there is nothing to say."""

REASONS = {
    "walk_to_stop": "No stop within walking distance of the start",
    "walk_from_stop": "No stop within walking distance of the destination",
    "same_stop": "Start and destination have the same stop: the trip is a walk",
    "unreachable": "No road that shuttles may use leads there",
    "service_hours": "Outside service hours",
    "party_size": "More people than any shuttle has room for",
    "seats": "No room left in a shuttle that could have come in time",
    "ride_time": "The ride would have taken longer than promised",
    "arrival": "Could not have been there by the time asked for",
    "wait": "No shuttle could have come within the longest wait",
    "operating_domain": "Shuttles might not drive at that time",
    "energy": "Shuttles had to keep enough energy to get to a charger",
    "supervision": "Nobody was free to supervise one more shuttle",
    "fleet": "No shuttle could have fitted the trip in",
    "unknown": "No reason was given",
}
"""Why a request was refused, by `services.domain.ride.Constraint`."""

SHORT_REASONS = {
    "walk_to_stop": "no stop near the start",
    "walk_from_stop": "no stop near the destination",
    "same_stop": "within a walk",
    "unreachable": "no road",
    "service_hours": "outside service hours",
    "party_size": "party too large",
    "seats": "shuttles full",
    "ride_time": "ride too long",
    "arrival": "too late at destination",
    "wait": "wait too long",
    "energy": "batteries too low",
    "operating_domain": "shuttles might not drive then",
    "supervision": "nobody free to supervise",
    "fleet": "no shuttle free",
    "unknown": "no reason given",
}


def count(value: float) -> str:
    """Write a whole number: ``1,234``."""
    return f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Write a number with decimals: ``1,234.5``."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """Write a share: ``88 %``; one decimal near the ends, so that 99.6 % is not all."""
    if share is None:
        return NOTHING
    value = 100 * share
    digits = 1 if (0 < value < 10 or 90 < value < 100) and round(value, 1) % 1 else 0
    return f"{value:.{digits}f}\u00a0%"


def minutes(seconds: float | None) -> str:
    """Write a length of time: ``45 s``, ``6.3 min``, ``25 min``."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.0f}\u00a0s"
    digits = 1 if seconds < 600 else 0
    text = f"{seconds / 60:.{digits}f}".removesuffix(".0")
    return f"{text}\u00a0min"


def clock(seconds: int) -> str:
    """Write a time of day: ``07:30``; past midnight with ``+1``."""
    day, rest = divmod(int(seconds), 86_400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return text if day == 0 else f"{text} +{day}"


def metres(value: float | None) -> str:
    """Write a walk: ``420 m``, ``1.2 km``."""
    if value is None:
        return NOTHING
    return f"{value:.0f}\u00a0m" if value < 1000 else f"{value / 1000:.1f}\u00a0km"


def kilometres(value: float | None) -> str:
    """Write a distance driven: ``4.2 km``, ``1,234 km``."""
    if value is None:
        return NOTHING
    return f"{value:,.1f}\u00a0km" if 0 < value < 100 else f"{value:,.0f}\u00a0km"


def kilograms(value: float | None) -> str:
    """Write a weight: ``850 g``, ``4.2 kg``, ``1,234 kg``."""
    if value is None:
        return NOTHING
    if 0 < value < 1:
        return f"{1000 * value:.0f}\u00a0g"
    return f"{value:,.1f}\u00a0kg" if 0 < value < 100 else f"{value:,.0f}\u00a0kg"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """One reason for refusals: how often, in words, and what would have helped."""

    reason: str
    count: int
    share: float
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ease:
    """How much of a relaxation is little, and how to say it."""

    little: int
    say: str


_EASE = {
    Relaxation.LEAVE_LATER_S: _Ease(900, "by leaving up to {} later"),
    Relaxation.ARRIVE_LATER_S: _Ease(900, "by arriving up to {} later"),
    Relaxation.WALK_FURTHER_M: _Ease(300, "by walking up to {} further"),
    Relaxation.FEWER_SEATS: _Ease(1, "with up to {} fewer"),
    Relaxation.RIDE_LONGER_S: _Ease(600, "with a ride up to {} longer"),
}


def refusal_lines(rides: Sequence[RideRow]) -> tuple[RefusalLine, ...]:
    """Explain the refusals of a day, most frequent reason first."""
    refused = [ride for ride in rides if ride.status == "refused"]
    by_reason: dict[str, list[RideRow]] = {}
    for ride in refused:
        by_reason.setdefault(ride.refusal_reason or "unknown", []).append(ride)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        RefusalLine(
            reason=REASONS.get(reason, reason.replace("_", " ").capitalize()),
            count=len(own),
            share=len(own) / len(refused),
            remedies=_remedy_lines(own),
        )
        for reason, own in ordered
    )


def _remedy_lines(refused: Sequence[RideRow]) -> tuple[str, ...]:
    """Say how many requests each single change would have saved: ``12 of 31 …``."""
    amounts: dict[Relaxation, list[int]] = {}
    helped = 0
    for ride in refused:
        remedies = remedies_of(ride.refusal_remedy)
        helped += bool(remedies)
        for remedy in remedies:
            amounts.setdefault(remedy.relaxation, []).append(remedy.amount)
    lines = [
        _remedy_line(relaxation, sorted(amounts[relaxation]), len(refused))
        for relaxation in Relaxation
        if relaxation in amounts
    ]
    if helped < len(refused):
        hopeless = len(refused) - helped
        lines.append(f"{hopeless} of {len(refused)}: no single change would have been enough")
    return tuple(lines)


def _remedy_line(relaxation: Relaxation, amounts: Sequence[int], refused: int) -> str:
    ease = _EASE[relaxation]
    little = sum(amount <= ease.little for amount in amounts)
    if 0 < little < len(amounts):
        first = ease.say.format(_amount(relaxation, ease.little))
        rest = ease.say.format(_amount(relaxation, amounts[-1]))
        return f"{little} of {refused} would have worked {first}, {len(amounts)} {rest}"
    largest = ease.say.format(_amount(relaxation, amounts[-1]))
    return f"{len(amounts)} of {refused} would have worked {largest}"


def _amount(relaxation: Relaxation, amount: int) -> str:
    if relaxation is Relaxation.WALK_FURTHER_M:
        return metres(amount)
    if relaxation is Relaxation.FEWER_SEATS:
        return f"{amount} person" if amount == 1 else f"{amount} people"
    # Up to so much: a rounded number of minutes must not promise less than it takes.
    return f"{-(-amount // 60)}\u00a0min"
