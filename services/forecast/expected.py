"""What a day is expected to be like, ready to be asked between any two times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.domain.day import DayKind
from services.domain.errors import InvalidFile
from services.domain.territory import WaitingPlace
from services.forecast.cells import Cells, cells_of
from services.forecast.counts import QUARTER_S, QUARTERS
from services.forecast.model import Forecast
from services.forecast.model_file import FORECAST_FILE, read_forecast
from services.network.folder import Network


class Expected(NamedTuple):
    """What a day is expected to be like.

    Parameters
    ----------
    stops
        (cells,) the stop that stands for each cell.
    milli
        (cells, quarters) thousandths of a request.
    """

    stops: NDArray[np.int64]
    milli: NDArray[np.int64]

    def between(self, from_s: int, to_s: int) -> NDArray[np.int64]:
        """Thousandths of a request (cells,) from a time to another, quarters taken evenly."""
        total = np.zeros(len(self.stops), np.int64)
        for quarter in range(from_s // QUARTER_S, -(-to_s // QUARTER_S)):
            begins_s = quarter * QUARTER_S
            inside_s = min(to_s, begins_s + QUARTER_S) - max(from_s, begins_s)
            total += self.milli[:, quarter % QUARTERS] * inside_s
        return total // QUARTER_S


def expected(
    forecast: Forecast, kind: DayKind, cells: Cells, drive_s: NDArray[np.generic]
) -> Expected:
    """Say what a forecast expects of a kind of day, at the stop in the middle of each cell."""
    middles = []
    for cell in range(len(cells.names)):
        stops = np.flatnonzero(cells.of_stop == cell)
        ways_s = drive_s[np.ix_(stops, stops)].astype(np.int64).sum(axis=0)
        middles.append(stops[ways_s.argmin()])
    return Expected(np.array(middles, np.int64), forecast.expected_milli(kind))


def expected_in(network: Network, kind: DayKind) -> Expected | None:
    """Read a territory's forecast for a kind of day; none, if its shuttles do not go by it.

    Raises
    ------
    InvalidFile
        If they do, and it cannot be read.
    """
    if network.territory.parking.strategy is not WaitingPlace.FORECAST or network.folder is None:
        return None
    path = network.folder / FORECAST_FILE
    if not path.is_file():
        reason = "is missing, and parking.strategy goes by it; 'navette forecast learn' makes it"
        raise InvalidFile(path, reason)
    cells = cells_of(network.stops)
    found = expected(read_forecast(path, cells), kind, cells, network.tables.drive_s)
    return own_part(found, network)


def own_part(found: Expected | None, network: Network) -> Expected | None:
    """Of what a territory expects, what concerns the zone whose view of it this is."""
    if found is None or network.zones is None:
        return found
    own = np.array([network.zones.of(stop) == network.zones.own for stop in found.stops], np.bool_)
    return Expected(found.stops[own], found.milli[own])
