"""A forecast as a small file that a territory carries: gzipped JSON of whole numbers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from services.domain.day import Weather
from services.domain.errors import InvalidFile
from services.forecast.cells import Cells
from services.forecast.counts import QUARTERS
from services.forecast.model import PARTS, PATTERNS, Forecast
from services.network.rows import read_text

FORECAST_FILE = "forecast.json.gz"
FORMAT = 1
NUMBER_MAX = 10**9


def write_forecast(forecast: Forecast, path: Path) -> None:
    """Write it; the same forecast gives the same bytes."""
    content = {
        "format": FORMAT,
        "cells": list(forecast.cells),
        **{name: getattr(forecast, name).tolist() for name in _shapes(len(forecast.cells))},
        "day_variance_ppm": forecast.day_variance_ppm,
    }
    data = json.dumps(content, separators=(",", ":")).encode()
    try:
        path.write_bytes(gzip.compress(data, mtime=0))
    except OSError as error:
        raise InvalidFile(path, f"cannot be written: {error.strerror or error}") from None


def read_forecast(path: Path, cells: Cells) -> Forecast:
    """Read it for these cells; where it knows of none, nobody is expected.

    Raises
    ------
    InvalidFile
        If it is no forecast, or one of another format.
    """
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InvalidFile(path, f"is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InvalidFile(path, f"is no forecast of format {FORMAT}; learn it anew")
    names = content.get("cells")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidFile(path, "must be a list of H3 indexes", field="cells")
    known = Forecast(
        cells=tuple(names),
        day_variance_ppm=int(_whole(path, "day_variance_ppm", content, ())),
        **{name: _whole(path, name, content, shape) for name, shape in _shapes(len(names)).items()},
    )
    return on_cells(known, cells)


def on_cells(forecast: Forecast, cells: Cells) -> Forecast:
    """The same forecast for other cells, in their order."""
    number = {name: i for i, name in enumerate(forecast.cells)}
    rows = [number.get(name, -1) for name in cells.names]

    def chosen(values: Any) -> Any:
        padded = np.concatenate((values, np.zeros((PATTERNS, 1, QUARTERS), np.int64)), axis=1)
        return padded[:, rows]

    return Forecast(
        cells=cells.names,
        milli=chosen(forecast.milli),
        shape_milli=chosen(forecast.shape_milli),
        weekday_permille=forecast.weekday_permille,
        weather_permille=forecast.weather_permille,
        day_variance_ppm=forecast.day_variance_ppm,
    )


def _shapes(cells: int) -> dict[str, tuple[int, ...]]:
    return {
        "milli": (PATTERNS, cells, QUARTERS),
        "shape_milli": (PATTERNS, cells, QUARTERS),
        "weekday_permille": (7, PARTS),
        "weather_permille": (len(Weather), PARTS),
    }


def _whole(path: Path, name: str, content: dict[str, Any], shape: tuple[int, ...]) -> Any:
    """Whole numbers from 0 on, of just this shape."""
    try:
        values = np.array(content.get(name))
    except ValueError:
        raise InvalidFile(path, "is not a table of numbers", field=name) from None
    if values.shape != shape or values.dtype != np.int64:
        raise InvalidFile(path, f"must be whole numbers of shape {list(shape)}", field=name)
    if values.size and not (values.min() >= 0 and values.max() <= NUMBER_MAX):
        raise InvalidFile(path, f"is not between 0 and {NUMBER_MAX:,}", field=name)
    return values
