"""Reads what a simulation run wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.domain.errors import InvalidFile
from services.domain.territory import Territory
from services.simulator.check.columns import (
    BoolArray,
    Columns,
    FloatArray,
    IntArray,
    NameLists,
    Names,
)

MAX_SHUTTLES = 100_000


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TerritoryRead(_Loose):
    """Which territory the run read."""

    path: str
    sha256: dict[str, str]


class DemandRead(_Loose):
    """Which demand the run read; no path means that it was generated and written beside it."""

    path: str | None = None
    sha256: str
    skipped_lines: tuple[int, ...] = ()
    """Lines (the header is line 1) or, of Parquet, rows that the run left out as unusable."""


class ShuttleRow(_Loose):
    """One shuttle as the run had it."""

    shuttle_id: str
    depot_stop: str
    seats: int = Field(ge=0, le=10_000)
    wheelchairs: int = Field(ge=0, le=10_000)
    luggage: int = Field(default=0, ge=0, le=10_000)
    seats_per_wheelchair: int = Field(default=0, ge=0, le=10_000)


class Blackout(_Loose):
    """A shuttle that was out of reach for a while."""

    shuttle_id: str
    from_s: int
    until_s: int


class Closure(_Loose):
    """Links (by id) that were closed; without ``until_s``, to the end."""

    closure_id: str
    links: tuple[str, ...]
    from_s: int
    until_s: int | None = None


class KnownRestriction(_Loose):
    """When shuttles (``darkness``: those not fit for it) may not drive, known from a time on."""

    reason: str
    from_s: int
    until_s: int
    darkness: bool
    known_s: int


class KnownSpeedCap(_Loose):
    """When shuttles drive more slowly, known from a time on."""

    reason: str
    from_s: int
    until_s: int
    known_s: int


class Asked(_Loose):
    """What the user asked to go wrong; of it, closures happen as asked for."""

    closures: tuple[Closure, ...] = ()
    restrictions: tuple[KnownRestriction, ...] = ()
    speed_caps: tuple[KnownSpeedCap, ...] = ()


class OperatorWait(_Loose):
    """A shuttle that waited for somebody to supervise it."""

    shuttle_id: str
    from_s: int
    until_s: int


class Disruptions(_Loose):
    """What went wrong on purpose; breakdowns are among the visits."""

    blackouts: tuple[Blackout, ...] = ()
    asked: Asked = Asked()

    @property
    def closures(self) -> tuple[Closure, ...]:
        """Roads that were closed."""
        return self.asked.closures


class RunFile(_Loose):
    """The content of ``run.json``."""

    navette: str
    seed: int
    benchmark: bool
    territory: TerritoryRead
    demand: DemandRead
    shuttles: tuple[ShuttleRow, ...] = Field(max_length=MAX_SHUTTLES)
    settings: Territory
    horizon_s: tuple[int, int] = (0, 0)
    """When the run began and ended; matters where the service never closes."""
    disruptions: Disruptions = Disruptions()
    waits: tuple[OperatorWait, ...] = ()
    complete: Literal[True]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rides:
    """``rides.parquet``: one row a request; integer columns hold ``ABSENT`` where empty."""

    request_id: Names
    status: Names
    request_s: IntArray
    earliest_pickup_s: IntArray
    promised_pickup_from_s: IntArray
    promised_pickup_to_s: IntArray
    promised_arrival_s: IntArray
    shuttle_id: Names
    pickup_stop: Names
    dropoff_stop: Names
    picked_up_s: IntArray
    dropped_off_s: IntArray
    seats: IntArray
    wheelchairs: IntArray
    walk_to_m: IntArray
    walk_from_m: IntArray
    direct_s: IntArray
    refusal_reason: Names
    refusal_remedy: Names
    offered: BoolArray
    accepted: BoolArray
    diverted_stop: Names
    answered_s: IntArray

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check the types."""
        columns = Columns(path)
        always = {"request_id", "status", "request_s", "seats", "wheelchairs"}
        texts = {"request_id", "status", "shuttle_id", "pickup_stop", "dropoff_stop"}
        texts |= {"refusal_reason", "refusal_remedy"}
        values: dict[str, Any] = {name: columns.flags(name) for name in ("offered", "accepted")}
        values["diverted_stop"] = columns.names_if_there("diverted_stop")
        for field in fields(cls):
            if field.name in values:
                continue
            read = columns.names if field.name in texts else columns.ints
            values[field.name] = read(field.name, optional=field.name not in always)
        return cls(**values)

    def __len__(self) -> int:
        return len(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """``visits.parquet``: one row a stop made, by shuttle (as in ``run.json``) and ``seq``."""

    shuttle: IntArray
    seq: IntArray
    stop: Names
    arrive_s: IntArray
    depart_s: IntArray
    boarded: NameLists
    left: NameLists
    seats_on_board: IntArray
    wheelchairs_on_board: IntArray
    drive_m: FloatArray
    broke_down_at: Names

    @property
    def broke_down(self) -> BoolArray:
        """Which of them are no stops made, but breakdowns."""
        there: BoolArray = self.broke_down_at.codes >= 0
        return there

    task: Names
    level_wh: IntArray
    left_wh: IntArray
    charged_wh: IntArray

    def __len__(self) -> int:
        return len(self.seq)


def read_visits(path: Path, shuttles: dict[str, int]) -> tuple[Visits, tuple[str, ...]]:
    """Read the visits; also the names of shuttles that nobody knows, whose visits are left out."""
    columns = Columns(path)
    names = columns.names("shuttle_id")
    seq = columns.ints("seq")
    shuttle, order, strangers = _by_shuttle(names, seq, shuttles)
    place = np.full(len(columns), -1, dtype=np.int64)
    place[order] = np.arange(len(order))

    def lists(name: str) -> NameLists:
        read = columns.lists(name)
        rows = place[read.rows]
        kept = np.flatnonzero(rows >= 0)
        kept = kept[np.argsort(rows[kept], kind="stable")]
        return NameLists(rows[kept], read.items.take(kept))

    visits = Visits(
        shuttle=shuttle,
        seq=seq[order],
        stop=columns.names("stop").take(order),
        arrive_s=columns.ints("arrive_s")[order],
        depart_s=columns.ints("depart_s")[order],
        boarded=lists("boarded"),
        left=lists("left"),
        seats_on_board=columns.ints("seats_on_board")[order],
        wheelchairs_on_board=columns.ints("wheelchairs_on_board")[order],
        drive_m=columns.floats("drive_m")[order],
        broke_down_at=columns.names_if_there("broke_down_at").take(order),
        task=columns.names("task", optional=True).take(order),
        level_wh=columns.ints("level_wh", optional=True)[order],
        left_wh=columns.ints("left_wh", optional=True)[order],
        charged_wh=columns.ints("charged_wh", optional=True)[order],
    )
    return visits, strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """``legs.parquet``: one row a piece of road driven, by shuttle and ``seq``; times in ms."""

    shuttle: IntArray
    seq: IntArray
    from_node: Names
    to_node: Names
    depart_ms: IntArray
    arrive_ms: IntArray
    length_m: FloatArray
    plan_revision: IntArray

    def __len__(self) -> int:
        return len(self.seq)


def read_legs(path: Path, shuttles: dict[str, int]) -> tuple[Legs, tuple[str, ...]]:
    """Read the legs; also the names of shuttles that nobody knows, whose legs are left out."""
    columns = Columns(path)
    seq = columns.ints("seq")
    shuttle, order, strangers = _by_shuttle(columns.names("shuttle_id"), seq, shuttles)

    def ms(name: str) -> IntArray:
        return np.rint(columns.floats(name)[order] * 1000).astype(np.int64)

    legs = Legs(
        shuttle=shuttle,
        seq=seq[order],
        from_node=columns.names("from_node").take(order),
        to_node=columns.names("to_node").take(order),
        depart_ms=ms("depart_s"),
        arrive_ms=ms("arrive_s"),
        length_m=columns.floats("length_m")[order],
        plan_revision=columns.ints("plan_revision", optional=True)[order],
    )
    return legs, strangers


def _by_shuttle(
    names: Names, seq: IntArray, shuttles: dict[str, int]
) -> tuple[IntArray, IntArray, tuple[str, ...]]:
    number = names.numbers(shuttles)
    order = np.lexsort((seq, number))
    order = order[number[order] >= 0].astype(np.int64)
    strangers = tuple(sorted({names[int(row)] for row in np.flatnonzero(number < 0)}))
    return number[order], order, strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that a run wrote and that can be judged.

    ``strangers`` are shuttles that visits or legs name and ``run.json`` does not.
    """

    folder: Path
    file: RunFile
    rides: Rides
    visits: Visits
    legs: Legs
    kpis: dict[str, Any]
    strangers: tuple[str, ...]

    @property
    def settings(self) -> Territory:
        """The settings that the run ran under."""
        return self.file.settings

    @property
    def benchmark(self) -> bool:
        """Whether the run was without chance."""
        return self.file.benchmark

    @property
    def disrupted(self) -> bool:
        """Whether anything went wrong on purpose."""
        wrong = self.file.disruptions
        asked = wrong.asked
        unforeseen = wrong.closures or any(
            row.known_s for rows in (asked.restrictions, asked.speed_caps) for row in rows
        )
        return bool(wrong.blackouts or unforeseen or self.visits.broke_down.any())

    @property
    def as_planned(self) -> bool:
        """Whether nothing went wrong: neither by chance nor on purpose."""
        return self.benchmark and not self.disrupted


def read_run(folder: Path) -> Run:
    """Read a run's files.

    Raises
    ------
    InvalidFile
        If the folder holds no run, one that did not end, or a file that is missing or does not
        have the columns that it should.
    """
    if not folder.is_dir():
        raise InvalidFile(folder, "no such folder")
    # A run leaves this mark in its folder until its last file is written.
    if (folder / ".unfinished").exists():
        raise InvalidFile(folder, "half written: the run broke off, or still runs")
    if not (folder / "run.json").is_file():
        raise InvalidFile(
            folder / "run.json",
            "missing: the folder holds no run, or one that broke off while it was written",
        )
    content = read_json(folder / "run.json")
    if content.get("complete") is not True:
        raise InvalidFile(
            folder / "run.json", "the run broke off while it was written", field="complete"
        )
    try:
        file = RunFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidFile(folder / "run.json", first["msg"], field=place) from error
    number = {row.shuttle_id: at for at, row in enumerate(file.shuttles)}
    visits, strange_visits = read_visits(folder / "visits.parquet", number)
    legs, strange_legs = read_legs(folder / "legs.parquet", number)
    return Run(
        folder=folder,
        file=file,
        rides=Rides.read(folder / "rides.parquet"),
        visits=visits,
        legs=legs,
        kpis=read_json(folder / "kpis.json"),
        strangers=tuple(sorted({*strange_visits, *strange_legs})),
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InvalidFile(path, "missing: the run did not write it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFile(path, f"not JSON that can be read ({error})") from error
    if not isinstance(content, dict):
        raise InvalidFile(path, "not a JSON object")
    return content
