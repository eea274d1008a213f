"""What ``navette demand generate`` does."""

from __future__ import annotations

from pathlib import Path

from services.domain.errors import InvalidFile
from services.network.folder import load
from services.simulator.demand import write_demand
from services.simulator.generator import generate_day


def generate(territory: Path, *, seed: int, requests: int | None, out: Path) -> str:
    """Write a generated day for a territory's folder; return one line that says what was made.

    Raises
    ------
    InvalidFile
        If the territory cannot be read, or the day cannot be written.
    """
    day = generate_day(load(territory), seed=seed, requests=requests)
    try:
        write_demand(day, out)
    except OSError as error:
        raise InvalidFile(out, f"cannot be written: {error.strerror or error}") from None
    booked = sum(trip.booked for trip in day.trips)
    return f"{len(day.trips)} requests, {booked} of them booked ahead: {out}"
