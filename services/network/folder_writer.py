"""Writes a territory's folder, whole or not at all."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.domain.errors import InvalidRequest, OutputInUse
from services.domain.places import Place
from services.domain.territory import Territory
from services.network.folder import TERRITORY_FILE
from services.network.roads import RoadRows
from services.network.stops import StopRow

_YAML_HEAD = """\
# What this territory promises and runs. Times are seconds unless the name says otherwise.
# After a change, nothing needs to be built anew: travel tables follow by themselves.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that a territory's folder holds; stops' nodes are numbers of ``roads``' nodes."""

    territory: Territory
    stops: Sequence[StopRow]
    roads: RoadRows | None = None
    places: Sequence[Place] = ()
    build: Mapping[str, Any] | None = None


def check_free(folder: Path, *, force: bool = False) -> None:
    """Make sure that a territory may be written to this folder.

    Raises
    ------
    OutputInUse
        If something is there. With ``force`` a territory may be replaced, but nothing else.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputInUse(f"{folder} is there and is not a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        raise OutputInUse(f"{folder} is not empty: choose another folder, or --force to replace it")
    if not (folder / TERRITORY_FILE).is_file():
        raise OutputInUse(f"{folder} is not empty and holds no territory: not replaced")


def write(folder: Path, contents: Contents, *, force: bool = False) -> None:
    """Write a territory's folder.

    Raises
    ------
    OutputInUse
        See `check_free`.
    InvalidRequest
        If the folder cannot be written.
    """
    check_free(folder, force=force)
    try:
        _write_in_one_step(folder.absolute(), contents)
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror or error}"
        raise InvalidRequest("out", reason) from None


def _write_in_one_step(folder: Path, contents: Contents) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        draft = work / "new"
        draft.mkdir()
        _write_all(draft, contents)
        if folder.exists():
            folder.rename(work / "old")
        draft.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_all(folder: Path, contents: Contents) -> None:
    settings = contents.territory.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100)
    (folder / TERRITORY_FILE).write_text(_YAML_HEAD + text, encoding="utf-8")
    roads = contents.roads
    _write_table(
        folder / "stops.csv",
        ("stop_id", "name", "lon", "lat", "node"),
        (
            (
                stop.stop_id,
                stop.name,
                f"{stop.lon:.7f}",
                f"{stop.lat:.7f}",
                "" if roads is None or stop.node is None else roads.node_ids[stop.node],
            )
            for stop in contents.stops
        ),
    )
    if roads is not None:
        _write_roads(folder, roads)
    if contents.places:
        _write_places(folder / "places.csv", contents.places)
    if contents.build is not None:
        text = json.dumps(contents.build, indent=2, ensure_ascii=False)
        (folder / "build.json").write_text(text + "\n", encoding="utf-8")


def _write_roads(folder: Path, roads: RoadRows) -> None:
    _write_table(
        folder / "nodes.csv",
        ("node", "lon", "lat"),
        (
            (node, f"{lon:.7f}", f"{lat:.7f}")
            for node, lon, lat in zip(roads.node_ids, roads.lon, roads.lat, strict=True)
        ),
    )
    _write_table(
        folder / "links.csv",
        ("link", "from", "to", "length_m", "speed_kmh", "highway"),
        (
            (
                link,
                roads.node_ids[roads.tail[i]],
                roads.node_ids[roads.head[i]],
                f"{roads.length_m[i]:.3f}",
                f"{roads.speed_kmh[i]:g}",
                roads.highway[i],
            )
            for i, link in enumerate(roads.link_ids)
        ),
    )


def _write_places(path: Path, places: Iterable[Place]) -> None:
    _write_table(
        path,
        ("name", "kind", "lon", "lat", "population", "roles", "insee"),
        (
            (
                place.name,
                place.kind.value,
                f"{place.point.lon:.7f}",
                f"{place.point.lat:.7f}",
                "" if place.population is None else str(place.population),
                ";".join(sorted(place.roles)),
                place.insee or "",
            )
            for place in places
        ),
    )


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
