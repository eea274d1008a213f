"""Reads columns of the Parquet files of a run; whatever does not fit is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.domain.errors import InvalidFile

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ABSENT = np.iinfo(np.int64).min
"""Stands in integer columns where nothing is written."""

LARGEST = 2**31
"""No number of a run is as large; keeps sums of them from overflowing."""


def present(values: IntArray) -> BoolArray:
    """Where something is written."""
    there: BoolArray = values != ABSENT
    return there


@dataclass(frozen=True, slots=True)
class Names:
    """A column of texts: a number per row into the distinct ``values``, -1 where empty."""

    codes: IntArray
    values: tuple[str, ...]

    def __getitem__(self, row: int) -> str:
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else ""

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: IntArray | BoolArray) -> Names:
        """These rows only."""
        return Names(self.codes[rows], self.values)

    def numbers(self, index: Mapping[str, int]) -> IntArray:
        """What ``index`` says of each row's text; -1 where empty or not in it."""
        found = [index.get(value, -1) for value in self.values]
        return np.array([*found, -1], dtype=np.int64)[self.codes]


@dataclass(frozen=True, slots=True)
class NameLists:
    """A column of lists of texts: all their items, and the row of each."""

    rows: IntArray
    items: Names


class Columns:
    """The columns of one Parquet file.

    Raises
    ------
    InvalidFile
        If the file is missing or not Parquet; or, from its methods, if a column is missing, has
        another type, or is empty where it must not be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise InvalidFile(path, "missing: the run did not write it")
        try:
            # By its own handle: read_table would take "key=value" folders above it for columns.
            with pq.ParquetFile(path) as file:
                self._table = file.read()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InvalidFile(path, f"not a Parquet file that can be read ({error})") from error

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def ints(self, name: str, *, optional: bool = False) -> IntArray:
        """Whole numbers; ``ABSENT`` where an ``optional`` one is empty."""
        column = self._column(name, optional=optional)
        if pa.types.is_null(column.type):
            column = column.cast(pa.int64())
        if not pa.types.is_integer(column.type):
            raise self._invalid(name, f"has type {column.type}, not whole numbers")
        try:
            column = column.cast(pa.int64())
        except pa.ArrowException:
            raise self._invalid(name, "has a number that is too large") from None
        values: IntArray = column.fill_null(ABSENT).to_numpy()
        wrong = present(values) & (np.abs(values) >= LARGEST)
        if wrong.any():
            raise self._invalid(name, f"too large in row {int(np.argmax(wrong)) + 1}")
        return values

    def floats(self, name: str) -> FloatArray:
        """Numbers, none of them empty or infinite."""
        column = self._column(name)
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            raise self._invalid(name, f"has type {column.type}, not numbers")
        values: FloatArray = column.cast(pa.float64(), safe=False).to_numpy()
        wrong = ~(np.abs(values) < LARGEST)
        if wrong.any():
            raise self._invalid(name, f"no usable number in row {int(np.argmax(wrong)) + 1}")
        return values

    def flags(self, name: str) -> BoolArray:
        """Truth values, none of them empty."""
        column = self._column(name)
        if not pa.types.is_boolean(column.type):
            raise self._invalid(name, f"has type {column.type}, not truth values")
        values: BoolArray = column.to_numpy()
        return values

    def names(self, name: str, *, optional: bool = False) -> Names:
        """Texts."""
        return self._encoded(self._column(name, optional=optional), name)

    def names_if_there(self, name: str) -> Names:
        """Texts of a column that runs of older versions do not have: then all empty."""
        if name not in self._table.column_names:
            return Names(np.full(len(self), -1, dtype=np.int64), ())
        return self.names(name, optional=True)

    def lists(self, name: str) -> NameLists:
        """Lists of texts; an empty cell is an empty list."""
        column = self._column(name, optional=True)
        if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
            raise self._invalid(name, f"has type {column.type}, not lists of texts")
        rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
        items = pc.list_flatten(column)
        if items.null_count:
            raise self._invalid(name, "has a list with an empty item")
        return NameLists(rows, self._encoded(items, name))

    def _column(self, name: str, *, optional: bool = False) -> Any:
        if self._table.column_names.count(name) != 1:
            have = "twice or more" if name in self._table.column_names else "missing"
            raise self._invalid(name, f"column is {have}")
        column = self._table.column(name)
        if column.null_count and not optional:
            row = int(np.argmax(column.is_null().to_numpy())) + 1
            raise self._invalid(name, f"empty in row {row}")
        return column

    def _encoded(self, column: Any, name: str) -> Names:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_null(column.type):
            column = column.cast(pa.string())
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise self._invalid(name, f"has type {column.type}, not texts")
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        encoded = column.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        try:
            return Names(codes, tuple(encoded.dictionary.to_pylist()))
        except UnicodeDecodeError:
            raise self._invalid(name, "has a text that is not UTF-8") from None

    def _invalid(self, name: str, reason: str) -> InvalidFile:
        return InvalidFile(self._path, reason, field=name)
