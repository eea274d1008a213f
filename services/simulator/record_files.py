"""A run's records on disk: the same run gives the same bytes, whenever and wherever.

Parquet files carry no time, host or schema notes; their compression and row groups are fixed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services import __version__
from services.domain.day import DayKind, Weather
from services.domain.errors import InvalidFile
from services.domain.territory import Territory
from services.simulator.lease_file import leases_table
from services.simulator.output_folder import RUN_FILE, write_bytes, write_json
from services.simulator.records import (
    Batches,
    Disruptions,
    Inputs,
    Legs,
    OperatorWait,
    RideRow,
    Run,
    ShuttleRow,
    VisitRow,
)

ROW_GROUP = 1 << 17
"""Rows in one row group of every Parquet file."""

_TEXT = pa.string()
_NAME = pa.dictionary(pa.int32(), pa.string())
_WHOLE = pa.int32()


def _column(name: str, kind: pa.DataType, *, optional: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=optional)


RIDES = pa.schema(
    [
        _column("request_id", _TEXT),
        _column("status", _TEXT),
        _column("request_s", _WHOLE),
        _column("earliest_pickup_s", _WHOLE, optional=True),
        _column("promised_pickup_from_s", _WHOLE, optional=True),
        _column("promised_pickup_to_s", _WHOLE, optional=True),
        _column("promised_arrival_s", _WHOLE, optional=True),
        _column("shuttle_id", _TEXT, optional=True),
        _column("pickup_stop", _TEXT, optional=True),
        _column("dropoff_stop", _TEXT, optional=True),
        _column("picked_up_s", _WHOLE, optional=True),
        _column("dropped_off_s", _WHOLE, optional=True),
        _column("seats", _WHOLE),
        _column("wheelchairs", _WHOLE),
        _column("walk_to_m", _WHOLE, optional=True),
        _column("walk_from_m", _WHOLE, optional=True),
        _column("direct_s", _WHOLE, optional=True),
        _column("refusal_reason", _TEXT, optional=True),
        _column("refusal_remedy", _TEXT, optional=True),
        _column("departure_s", _WHOLE),
        _column("luggage", _WHOLE),
        _column("companions", _WHOLE),
        _column("offered", pa.bool_()),
        _column("accepted", pa.bool_()),
        _column("diverted_stop", _TEXT, optional=True),
        _column("answered_s", _WHOLE, optional=True),
    ]
)
VISITS = pa.schema(
    [
        _column("shuttle_id", _TEXT),
        _column("seq", _WHOLE),
        _column("stop", _TEXT),
        _column("arrive_s", _WHOLE),
        _column("depart_s", _WHOLE),
        _column("boarded", pa.list_(_TEXT)),
        _column("left", pa.list_(_TEXT)),
        _column("seats_on_board", _WHOLE),
        _column("wheelchairs_on_board", _WHOLE),
        _column("drive_m", pa.float64()),
        _column("broke_down_at", _TEXT, optional=True),
        _column("task", _TEXT, optional=True),
        _column("level_wh", _WHOLE, optional=True),
        _column("left_wh", _WHOLE, optional=True),
        _column("charged_wh", _WHOLE, optional=True),
    ]
)
LEGS = pa.schema(
    [
        _column("shuttle_id", _NAME),
        _column("seq", _WHOLE),
        _column("from_node", _NAME),
        _column("to_node", _NAME),
        _column("depart_s", pa.float64()),
        _column("arrive_s", pa.float64()),
        _column("length_m", pa.float64()),
        _column("plan_revision", _WHOLE),
    ]
)


def write_run(run: Run, folder: Path) -> None:
    """Write the Parquet files, and at the end ``run.json``, each in one step."""
    _write_table(_rides_table(run.rides), folder / "rides.parquet")
    _write_table(_visits_table(run.visits), folder / "visits.parquet")
    _write_table(_legs_table(run), folder / "legs.parquet")
    if run.leases is not None:
        _write_table(leases_table(run.leases), folder / "leases.parquet")
    write_json(folder / RUN_FILE, run_json(run))


def _write_table(table: pa.Table, path: Path) -> None:
    data = io.BytesIO()
    pq.write_table(
        table,
        data,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP,
        data_page_version="1.0",
    )
    write_bytes(path, data.getvalue())


def _rides_table(rides: Sequence[RideRow]) -> pa.Table:
    columns = [
        pa.array([getattr(ride, column.name) for ride in rides], type=column.type)
        for column in RIDES
    ]
    return pa.Table.from_arrays(columns, schema=RIDES)


def _visits_table(visits: Sequence[VisitRow]) -> pa.Table:
    drive_m = np.array([visit.drive_mm for visit in visits], dtype=np.int64) / 1000
    columns = [
        pa.array(drive_m)
        if column.name == "drive_m"
        else pa.array([getattr(visit, column.name) for visit in visits], type=column.type)
        for column in VISITS
    ]
    return pa.Table.from_arrays(columns, schema=VISITS)


def _legs_table(run: Run) -> pa.Table:
    legs = run.legs
    shuttles = pa.array([shuttle.shuttle_id for shuttle in run.shuttles], type=_TEXT)
    from_node, to_node, nodes = _used_names(legs)
    columns = {
        "shuttle_id": pa.DictionaryArray.from_arrays(legs.shuttle, shuttles),
        "seq": pa.array(legs.seq),
        "from_node": pa.DictionaryArray.from_arrays(from_node, nodes),
        "to_node": pa.DictionaryArray.from_arrays(to_node, nodes),
        "depart_s": pa.array(legs.depart_ms / 1000),
        "arrive_s": pa.array(legs.arrive_ms / 1000),
        "length_m": pa.array(legs.length_mm / 1000),
        "plan_revision": pa.array(legs.plan_revision),
    }
    return pa.Table.from_arrays([columns[column.name] for column in LEGS], schema=LEGS)


def _used_names(legs: Legs) -> tuple[NDArray[np.int32], NDArray[np.int32], pa.Array]:
    """Number only the nodes that were driven, so that a large map does not fill the file."""
    used, number = np.unique(np.concatenate([legs.from_node, legs.to_node]), return_inverse=True)
    names = pa.array([legs.nodes[int(node)] for node in used], type=_TEXT)
    from_node, to_node = np.split(number.astype(np.int32), 2)
    return from_node, to_node, names


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _TerritoryRead(_Part):
    path: str
    sha256: dict[str, str]
    attributions: tuple[str, ...] = ()


class _DemandRead(_Part):
    path: str | None
    sha256: str
    skipped_lines: tuple[int, ...] = ()


class _Shuttle(_Part):
    shuttle_id: str
    depot_stop: str
    seats: Annotated[int, Field(ge=0, le=10_000)]
    wheelchairs: Annotated[int, Field(ge=0, le=10_000)]
    luggage: Annotated[int, Field(ge=0, le=10_000)]
    energy_wh_per_km: Annotated[float, Field(ge=0, le=100_000)]
    seats_per_wheelchair: Annotated[int, Field(ge=0, le=10_000)] = 0


class _Kind(_Part):
    weekday: Annotated[int, Field(ge=0, le=6)]
    weather: Weather


class _RunFile(_Part):
    navette: str
    seed: int
    benchmark: bool
    territory: _TerritoryRead
    demand: _DemandRead
    shuttles: Annotated[tuple[_Shuttle, ...], Field(max_length=100_000)]
    settings: Territory
    horizon_s: tuple[int, int]
    kind: _Kind | None = None
    disruptions: Disruptions = Disruptions()
    batches: Batches = Batches()
    waits: tuple[OperatorWait, ...] = ()
    complete: bool


def run_json(run: Run) -> dict[str, Any]:
    """Say what was run: the content of ``run.json``."""
    inputs = run.inputs
    return _RunFile(
        navette=__version__,
        seed=run.seed,
        benchmark=run.benchmark,
        territory=_TerritoryRead(
            path=inputs.territory,
            sha256=dict(inputs.territory_sha256),
            attributions=inputs.attributions,
        ),
        demand=_DemandRead(
            path=inputs.demand, sha256=inputs.demand_sha256, skipped_lines=inputs.skipped_lines
        ),
        shuttles=tuple(_Shuttle(**asdict(shuttle)) for shuttle in run.shuttles),
        settings=run.settings,
        horizon_s=run.horizon_s,
        kind=None if inputs.kind is None else _Kind.model_validate(asdict(inputs.kind)),
        disruptions=run.disruptions,
        batches=run.batches,
        waits=run.waits,
        complete=True,
    ).model_dump(mode="json")


def read_run(folder: Path) -> Run:
    """Read back what `write_run` wrote.

    Raises
    ------
    InvalidFile
        If a file is missing or not of its form.
    """
    file = _read_run_file(folder / RUN_FILE)
    shuttles = tuple(ShuttleRow(**shuttle.model_dump()) for shuttle in file.shuttles)
    return Run(
        rides=tuple(RideRow(**row) for row in _read_table(folder / "rides.parquet", RIDES)),
        visits=_read_visits(folder / "visits.parquet"),
        legs=_read_legs(folder / "legs.parquet", shuttles),
        shuttles=shuttles,
        seed=file.seed,
        benchmark=file.benchmark,
        settings=file.settings,
        horizon_s=file.horizon_s,
        disruptions=file.disruptions,
        batches=file.batches,
        waits=file.waits,
        inputs=Inputs(
            territory=file.territory.path,
            territory_sha256=file.territory.sha256,
            demand=file.demand.path,
            demand_sha256=file.demand.sha256,
            skipped_lines=file.demand.skipped_lines,
            attributions=file.territory.attributions,
            kind=None if file.kind is None else DayKind(**file.kind.model_dump()),
        ),
    )


def _read_run_file(path: Path) -> _RunFile:
    try:
        return _RunFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidFile(path, first["msg"], field=place or None) from error
    except OSError as error:
        raise InvalidFile(path, f"cannot be read ({error.strerror})") from error


def _read_columns(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidFile(path, f"not a Parquet file that can be read ({error})") from error
    columns = []
    for wanted in schema:
        if table.column_names.count(wanted.name) != 1:
            raise InvalidFile(path, "the column is missing or there twice", field=wanted.name)
        column = table.column(wanted.name)
        try:
            # Plain text in between: names may come in a dictionary or without one.
            plain = _TEXT if wanted.type == _NAME else wanted.type
            column = column.cast(plain).combine_chunks()
        except pa.ArrowException as error:
            raise InvalidFile(path, f"has another type ({error})", field=wanted.name) from error
        if column.null_count and not wanted.nullable:
            line = column.is_null().to_numpy(zero_copy_only=False).argmax() + 1
            raise InvalidFile(path, "is empty", line=int(line), field=wanted.name)
        columns.append(column)
    return pa.Table.from_arrays(columns, names=schema.names)


def _read_table(path: Path, schema: pa.Schema) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = _read_columns(path, schema).to_pylist()
    return rows


def _read_visits(path: Path) -> tuple[VisitRow, ...]:
    names = {field.name for field in fields(VisitRow)}
    visits = []
    for row in _read_table(path, VISITS):
        values = {name: value for name, value in row.items() if name in names}
        values |= {"boarded": tuple(row["boarded"]), "left": tuple(row["left"])}
        visits.append(VisitRow(**values, drive_mm=round(row["drive_m"] * 1000)))
    return tuple(visits)


def _read_legs(path: Path, shuttles: Sequence[ShuttleRow]) -> Legs:
    table = _read_columns(path, LEGS)
    number = {shuttle.shuttle_id: index for index, shuttle in enumerate(shuttles)}
    names = table["shuttle_id"].combine_chunks().dictionary_encode()
    known = [number.get(name, -1) for name in names.dictionary.to_pylist()]
    if -1 in known:
        stranger = names.dictionary[known.index(-1)].as_py()
        reason = f"there is no shuttle '{stranger}' in run.json"
        raise InvalidFile(path, reason, field="shuttle_id")
    both = pa.concat_arrays([table[name].combine_chunks() for name in ("from_node", "to_node")])
    nodes = both.dictionary_encode()
    from_node, to_node = np.split(nodes.indices.to_numpy(), 2)

    def thousandths(name: str) -> NDArray[np.int64]:
        values: NDArray[np.float64] = table[name].to_numpy()
        return np.rint(values * 1000).astype(np.int64)

    return Legs(
        nodes=tuple(nodes.dictionary.to_pylist()),
        shuttle=np.array(known, dtype=np.int32)[names.indices.to_numpy()],
        seq=table["seq"].to_numpy(),
        from_node=from_node,
        to_node=to_node,
        depart_ms=thousandths("depart_s"),
        arrive_ms=thousandths("arrive_s"),
        length_mm=thousandths("length_m").astype(np.int32),
        plan_revision=table["plan_revision"].to_numpy(),
    )
