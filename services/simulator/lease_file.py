"""The leases of a day on disk: who might let whom on, from when until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

LEASES = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("shuttle_id", pa.string(), nullable=False),
        pa.field("from_s", pa.int64(), nullable=False),
        pa.field("until_s", pa.int64(), nullable=False),
        pa.field("ended_s", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """A lease as a shuttle held it; ``ended_s`` is when it was used or given up, if it was."""

    request_id: str
    shuttle_id: str
    from_s: int
    until_s: int
    ended_s: int | None


def leases_table(leases: Sequence[LeaseRow]) -> pa.Table:
    """The rows as a table."""
    columns = [
        pa.array([getattr(lease, column.name) for lease in leases], type=column.type)
        for column in LEASES
    ]
    return pa.Table.from_arrays(columns, schema=LEASES)
