"""Reads the demand once more, independently of the simulator's own reader."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.domain.errors import InvalidFile
from services.network.rows import read_text
from services.simulator.check.columns import ABSENT, LARGEST, FloatArray, IntArray

_PLACES = ("origin_lon", "origin_lat", "destination_lon", "destination_lat")
_SECONDS = ("request_s", "departure_s", "arrive_by_s", "cancel_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What was asked for, one entry a request; ``ABSENT`` where the file says nothing."""

    ids: tuple[str, ...]
    departure_s: IntArray
    request_s: IntArray
    arrive_by_s: IntArray
    cancel_s: IntArray
    seats: IntArray
    wheelchairs: IntArray
    origin_lon: FloatArray
    origin_lat: FloatArray
    destination_lon: FloatArray
    destination_lat: FloatArray


def read_demand(path: Path, *, skipped_lines: tuple[int, ...] = ()) -> Demand:
    """Read a demand file (CSV, CSV compressed with gzip, or Parquet).

    Raises
    ------
    InvalidFile
        If a row outside of ``skipped_lines`` cannot be used.
    """
    skipped = set(skipped_lines)
    columns: dict[str, list[Any]] = {name: [] for name in (*_SECONDS, *_PLACES)}
    columns |= {"request_id": [], "seats": [], "wheelchairs": []}
    for line, row in _rows(path):
        if line in skipped:
            continue
        reader = _Row(path, line, row)
        columns["request_id"].append(reader.text("request_id"))
        departure_s = reader.whole("departure_s")
        columns["departure_s"].append(departure_s)
        columns["request_s"].append(reader.whole("request_s", departure_s))
        for name in ("arrive_by_s", "cancel_s"):
            columns[name].append(reader.whole(name, ABSENT))
        columns["seats"].append(reader.whole("seats", 1))
        columns["wheelchairs"].append(reader.whole("wheelchairs", 0))
        for name in _PLACES:
            columns[name].append(reader.number(name))
    ids = columns.pop("request_id")
    arrays: dict[str, Any] = {
        name: np.array(values, dtype=np.float64 if name in _PLACES else np.int64)
        for name, values in columns.items()
    }
    return Demand(ids=tuple(ids), **arrays)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each row with its line in the file; in Parquet as if a header stood on line 1."""
    if not path.is_file():
        raise InvalidFile(path, "no such demand file")
    if path.suffix == ".parquet":
        try:
            with pq.ParquetFile(path) as file:
                rows = file.read().to_pylist()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InvalidFile(path, f"not a Parquet file that can be read ({error})") from error
        yield from enumerate(rows, start=2)
        return
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        line = reader.line_num + 1
        for cells in reader:
            if any(cells):
                yield line, dict(zip(header, cells, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidFile(path, f"not a CSV table ({error})", line=line) from error


class _Row:
    """One request, whose cells say where they are if they make no sense."""

    def __init__(self, path: Path, line: int, cells: Mapping[str, Any]) -> None:
        self._path, self._line, self._cells = path, line, cells

    def text(self, name: str) -> str:
        cell = self._cells.get(name)
        value = "" if cell is None else str(cell).strip()
        if not value:
            raise self._invalid(name, "missing")
        return value

    def number(self, name: str) -> float:
        try:
            value = float(self.text(name))
        except ValueError:
            raise self._invalid(name, "not a number") from None
        if not isfinite(value) or abs(value) >= LARGEST:
            raise self._invalid(name, "not a usable number")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        cell = self._cells.get(name)
        if default is not None and (cell is None or str(cell).strip() in ("", "nan")):
            return default
        value = self.number(name)
        if value != int(value):
            raise self._invalid(name, "not a whole number")
        return int(value)

    def _invalid(self, name: str, reason: str) -> InvalidFile:
        return InvalidFile(self._path, reason, line=self._line, field=name)
