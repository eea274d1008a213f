"""Tables of text (CSV, plain or gzipped), read row by row, with errors that say where."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from services.domain.errors import InvalidFile

BYTES_MAX = 1 << 30
"""No table that a territory needs comes near this size unpacked."""

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, with the place where it stands."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def wrong(self, field: str | None, reason: str) -> InvalidFile:
        """Build the error that says where this row is at fault."""
        return InvalidFile(self.path, reason, line=self.line, field=field)

    def optional(self, field: str) -> str:
        """Text of a cell; empty if the cell or the whole column is."""
        return self.cells.get(field, "")

    def text(self, field: str) -> str:
        """Text of a cell that must not be empty."""
        value = self.cells.get(field, "")
        if not value:
            raise self.wrong(field, "is empty")
        return value

    def number(self, field: str, low: float, high: float) -> float:
        """Return a cell's finite number between ``low`` and ``high``."""
        text = self.text(field)
        try:
            value = float(text)
        except ValueError:
            raise self.wrong(field, f"'{_short(text)}' is not a number") from None
        if "_" in text or not isfinite(value):
            raise self.wrong(field, f"'{_short(text)}' is not a number")
        if not low <= value <= high:
            raise self.wrong(field, f"{_short(text)} is not between {low:g} and {high:g}")
        return value

    def whole(self, field: str, low: int, high: int) -> int:
        """Return a cell's whole number between ``low`` and ``high``."""
        value = self.number(field, low, high)
        if value != int(value):
            raise self.wrong(field, f"{_short(self.text(field))} is not a whole number")
        return int(value)

    def lon_lat(self, lon: str = "lon", lat: str = "lat") -> tuple[float, float]:
        """Coordinates in WGS 84 degrees."""
        return self.number(lon, -180, 180), self.number(lat, -90, 90)


def read_bytes(path: Path) -> bytes:
    """Return all of a file, unpacked if it is gzipped.

    Raises
    ------
    InvalidFile
        If the file cannot be read, is cut short, or is larger than `BYTES_MAX`.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            data = (gzip.GzipFile(fileobj=file) if packed else file).read(BYTES_MAX + 1)
    except EOFError:
        raise InvalidFile(path, "the gzipped file is cut short") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InvalidFile(path, f"the gzipped file is damaged ({error})") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from None
    if len(data) > BYTES_MAX:
        raise InvalidFile(path, f"is larger than {BYTES_MAX >> 20} MiB")
    return data


def read_text(path: Path) -> str:
    """Return all of a UTF-8 text file, plain or gzipped; a byte-order mark is dropped."""
    return decode(path, read_bytes(path))


def decode(path: Path, data: bytes) -> str:
    """Read bytes as UTF-8, or say on which line they are not."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidFile(path, "is not UTF-8 text", line=line) from None


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Read a table with a header that has at least these columns; blank lines are skipped.

    Raises
    ------
    InvalidFile
        At the first thing that is wrong, when the iteration gets there.
    """
    return rows_of(path, read_text(path), columns)


def rows_of(path: Path, text: str, columns: Sequence[str]) -> Iterator[Row]:
    """Read a table that is text already; ``path`` is only for what errors say."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, columns)
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                reason = f"has {len(values)} cells where the header has {len(header)}"
                raise InvalidFile(path, reason, line=reader.line_num)
            cells = {name: value.strip() for name, value in zip(header, values, strict=True)}
            yield Row(path, reader.line_num, cells)
    except csv.Error as error:
        raise InvalidFile(path, f"is not a CSV table: {error}", line=reader.line_num) from None


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    if not any(header):
        raise InvalidFile(path, "is empty; a table needs a header", line=1)
    for name in header:
        if header.count(name) > 1:
            raise InvalidFile(path, "the header names this column twice", line=1, field=name)
    for name in columns:
        if name not in header:
            hint = " (columns are separated by commas)" if len(header) == 1 else ""
            raise InvalidFile(path, f"this column is missing{hint}", line=1, field=name)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
