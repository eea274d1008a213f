"""What riders ask for: the requests of a generated day of a territory."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUARTER_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A request, without its time of day.

    Parameters
    ----------
    departure_s
        When it is wanted on the generated day, in seconds after midnight.
    body
        What is sent.
    """

    departure_s: int
    body: dict[str, Any]


def trips(territory: Path, seed: int) -> list[Trip]:
    """Return the requests of a generated day, in order of departure."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demand.csv"
        # In a process of its own, so that nothing of the service is loaded beside gevent.
        command = [sys.executable, "-m", "services.cli", "demand", "generate", str(territory)]
        subprocess.run([*command, "--seed", str(seed), "--out", str(file)], check=True)
        with file.open(encoding="utf-8", newline="") as rows:
            found = [_trip(row) for row in csv.DictReader(rows)]
    return sorted(found, key=lambda trip: trip.departure_s)


def quarters(day: Sequence[Trip]) -> list[float]:
    """Return how many requests a second each quarter of an hour of the day has."""
    counts = Counter(trip.departure_s // QUARTER_S for trip in day)
    return [counts[quarter] / QUARTER_S for quarter in range(24 * 4)]


def _trip(row: dict[str, str]) -> Trip:
    body = {
        end: {"lon": float(row[f"{end}_lon"]), "lat": float(row[f"{end}_lat"])}
        for end in ("origin", "destination")
    }
    party = {name: int(row[name] or 0) for name in ("seats", "wheelchairs")}
    return Trip(departure_s=int(row["departure_s"]), body={**body, **party})
