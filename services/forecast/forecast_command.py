"""What ``navette forecast`` does."""

from __future__ import annotations

from pathlib import Path

from services.domain.errors import InvalidFile
from services.forecast.cells import cells_of
from services.forecast.counts import count
from services.forecast.evaluation import evaluate, lines
from services.forecast.history import HISTORY_FILE, PastDay, read_history
from services.forecast.learning import learn
from services.forecast.model_file import FORECAST_FILE, write_forecast
from services.network.folder import load
from services.network.stops import Stops

DAYS_MIN = 8
"""A week, and the day after: fewer days say nothing of weekdays."""


def learn_territory(territory: Path, history: Path | None, out: Path | None) -> str:
    """Learn from a territory's history and write the forecast; one line that says what was made.

    Raises
    ------
    InvalidFile
        If a file cannot be read or written, or there are too few days.
    """
    stops = load(territory).stops
    days = _days(territory, history, stops, DAYS_MIN)
    cells = cells_of(stops)
    counts = count(days, cells)
    path = out or territory / FORECAST_FILE
    write_forecast(learn(counts), path)
    return (
        f"{len(days)} days to {days[-1].date}, {int(counts.number.sum()):,} requests at short"
        f" notice, {len(cells.names)} cells: {path}"
    )


def evaluate_territory(territory: Path, history: Path | None, held_out: int) -> str:
    """Judge forecasts of the last days of a territory's history, each from the days before it.

    Raises
    ------
    InvalidFile
        If a file cannot be read, or there are too few days.
    """
    stops = load(territory).stops
    days = _days(territory, history, stops, DAYS_MIN + held_out)
    return "\n".join(lines(evaluate(count(days, cells_of(stops)), held_out)))


def _days(territory: Path, history: Path | None, stops: Stops, least: int) -> tuple[PastDay, ...]:
    path = history or territory / HISTORY_FILE
    days = read_history(path, stops)
    if len(days) < least:
        raise InvalidFile(path, f"has {len(days)} days; at least {least} are needed")
    return days
