"""Files as a run writes them, from plain rows; and the roads of the small day."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]

LEASE_COLUMNS = {
    "request_id": pa.string(),
    "shuttle_id": pa.string(),
    "from_s": pa.int64(),
    "until_s": pa.int64(),
    "ended_s": pa.int64(),
}
RIDE_COLUMNS = {
    "request_id": pa.string(),
    "status": pa.string(),
    "request_s": pa.int32(),
    "earliest_pickup_s": pa.int32(),
    "promised_pickup_from_s": pa.int32(),
    "promised_pickup_to_s": pa.int32(),
    "promised_arrival_s": pa.int32(),
    "shuttle_id": pa.string(),
    "pickup_stop": pa.string(),
    "dropoff_stop": pa.string(),
    "picked_up_s": pa.int32(),
    "dropped_off_s": pa.int32(),
    "seats": pa.int32(),
    "wheelchairs": pa.int32(),
    "walk_to_m": pa.int32(),
    "walk_from_m": pa.int32(),
    "direct_s": pa.int32(),
    "refusal_reason": pa.string(),
    "refusal_remedy": pa.string(),
    "offered": pa.bool_(),
    "accepted": pa.bool_(),
    "answered_s": pa.int32(),
}
VISIT_COLUMNS = {
    "shuttle_id": pa.string(),
    "seq": pa.int32(),
    "stop": pa.string(),
    "arrive_s": pa.int32(),
    "depart_s": pa.int32(),
    "boarded": pa.list_(pa.string()),
    "left": pa.list_(pa.string()),
    "seats_on_board": pa.int32(),
    "wheelchairs_on_board": pa.int32(),
    "drive_m": pa.float64(),
    "task": pa.string(),
    "level_wh": pa.int32(),
    "left_wh": pa.int32(),
    "charged_wh": pa.int32(),
}
LEG_COLUMNS = {
    "shuttle_id": pa.string(),
    "seq": pa.int32(),
    "from_node": pa.string(),
    "to_node": pa.string(),
    "depart_s": pa.float64(),
    "arrive_s": pa.float64(),
    "length_m": pa.float64(),
    "plan_revision": pa.int32(),
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: list[Row], columns: dict[str, pa.DataType]) -> None:
    arrays = [pa.array([row.get(name) for row in rows], kind) for name, kind in columns.items()]
    pq.write_table(pa.table(arrays, list(columns)), path)


def link(start: str, end: str, length_m: float, speed_kmh: float = 50) -> Row:
    return {
        "link": f"{start}{end}{length_m:.0f}",
        "from": start,
        "to": end,
        "length_m": length_m,
        "speed_kmh": speed_kmh,
        "highway": "tertiary",
    }


def roads() -> list[Row]:
    """The row of nodes, a longer road beside the first piece, and the way round over f."""
    links = [
        link(x, y, 1000)
        for pair in ("ab", "bc", "cd", "de")
        for x, y in (tuple(pair), tuple(reversed(pair)))
    ]
    links += [link("a", "b", 1200), link("b", "f", 800), link("f", "c", 800, 30)]
    return links
