"""What ``navette demand generate`` does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from services.domain.day import DayKind
from services.domain.errors import InvalidFile
from services.forecast.history import write_history
from services.network.folder import load
from services.simulator.demand import write_demand
from services.simulator.generator import generate_day
from services.simulator.history_days import generate_history


def generate(
    territory: Path, *, seed: int, requests: int | None, kind: DayKind | None, out: Path
) -> str:
    """Write a generated day for a territory's folder; return one line that says what was made.

    Raises
    ------
    InvalidFile
        If the territory cannot be read, or the day cannot be written.
    """
    day = generate_day(load(territory), seed=seed, requests=requests, kind=kind)
    try:
        write_demand(day, out)
    except OSError as error:
        raise InvalidFile(out, f"cannot be written: {error.strerror or error}") from None
    booked = sum(trip.booked for trip in day.trips)
    return f"{len(day.trips)} requests, {booked} of them booked ahead: {out}"


def generate_days(territory: Path, *, seed: int, first: date, days: int, out: Path) -> str:
    """Write generated days as a history; return one line that says what was made.

    Raises
    ------
    InvalidFile
        If the territory cannot be read, or the history cannot be written.
    """
    network = load(territory)
    past = generate_history(network, seed=seed, first=first, days=days)
    write_history(past, network.stops, out)
    return f"{days} days, {sum(len(day.requests) for day in past):,} requests: {out}"
