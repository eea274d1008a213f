"""Files of rows, CSV or Parquet, opened alike; and what their cells say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.geo import Point
from services.network.rows import decode, read_bytes

ROWS_MAX = 5_000_000

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Table(NamedTuple):
    """A file's header, and its rows as they come.

    Each row has its line (in Parquet the first row is line 2, as if a header stood above it) and
    its cells, in the order of the header; an empty cell is ``None`` or blank text.
    """

    header: Sequence[str]
    rows: Iterator[tuple[int, Sequence[object]]]


def open_table(path: Path, required: Sequence[str], optional: Sequence[str]) -> Table:
    """Open a file that has at least the required columns.

    Raises
    ------
    InvalidFile
        If it cannot be read, is empty, or a column is missing or there twice; later, while the rows
        are read, if the rest is damaged.
    """
    data = read_bytes(path)
    if not data.strip():
        raise InvalidFile(path, "is empty")
    if path.suffix.lower() == ".parquet" or data.startswith(b"PAR1"):
        table = _open_parquet(path, data, (*required, *optional))
    else:
        table = _open_csv(path, decode(path, data))
    for name in (*required, *optional):
        if table.header.count(name) > 1:
            raise InvalidFile(path, "this column is there twice", line=1, field=name)
    for name in required:
        if name not in table.header:
            raise InvalidFile(path, "this column is missing", line=1, field=name)
    return table


def _open_csv(path: Path, text: str) -> Table:
    rows = _csv_rows(path, text)
    _, header = next(rows, (1, ()))
    return Table([str(name).strip() for name in header], rows)


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Sequence[object]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidFile(path, f"is not a CSV table: {error}", line=line) from None


def _open_parquet(path: Path, data: bytes, columns: Sequence[str]) -> Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        names = [str(name) for name in file.schema_arrow.names]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidFile(path, f"is not a Parquet file: {_first_line(error)}") from None
    if file.metadata.num_rows > ROWS_MAX:
        raise InvalidFile(path, f"has more than {ROWS_MAX:,} rows")
    known = [name for name in names if name in columns]
    return Table(known, _parquet_rows(path, file, list(dict.fromkeys(known))))


def _parquet_rows(
    path: Path, file: pq.ParquetFile, columns: list[str]
) -> Iterator[tuple[int, Sequence[object]]]:
    line = 2
    batches = file.iter_batches(batch_size=65_536, columns=columns)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            values = [batch.column(name).to_pylist() for name in columns]
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = f"the Parquet file is damaged: {_first_line(error)}"
            raise InvalidFile(path, reason, line=line) from None
        for row in zip(*values, strict=True):
            yield line, row
            line += 1


# What a cell says.


def text_of(field: str, value: object) -> str:
    """Return the text in a cell; whole numbers will do for text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidRequest(field, f"is a {type(value).__name__}, not text")


def _number(field: str, value: object) -> float | Decimal:
    """Return the number in a cell; whole ones stay exact."""
    if isinstance(value, str):
        if value.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            raise InvalidRequest(field, f"'{value}' is not a finite number")
        if len(value) > 40 or not _NUMBER.fullmatch(value):
            raise InvalidRequest(field, f"'{_short(value)}' is not a number")
        value = int(value) if value.isdecimal() else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidRequest(field, f"is a {type(value).__name__}, not a number")
    if not isinstance(value, int) and not isfinite(value):
        raise InvalidRequest(field, f"{value} is not a finite number")
    return value


def whole_of(field: str, value: object) -> int:
    """Return the whole number in a cell, also one that is written like ``3600.0``."""
    number = _number(field, value)
    if number != int(number):
        raise InvalidRequest(field, f"{number} is not a whole number")
    return int(number)


def point_of(which: str, lon: object, lat: object) -> Point:
    """Return the place in the cells ``{which}_lon`` and ``{which}_lat``."""
    degrees = []
    for field, value, bound in ((f"{which}_lon", lon, 180), (f"{which}_lat", lat, 90)):
        number = float(_number(field, value))
        if not -bound <= number <= bound:
            raise InvalidRequest(field, f"{number} is not between -{bound} and {bound}")
        degrees.append(number)
    return Point(*degrees)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _first_line(error: Exception) -> str:
    return _short(str(error).partition("\n")[0])
