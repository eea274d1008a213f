"""Travel tables kept on disk, found again by what they were computed from.

A cached set is a folder named by the tables' version, with one ``.npy`` file a table and a manifest
of their checksums. It is written under another name and renamed, so a set is there whole or not at
all; one that is damaged is computed anew.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.network.cache_folder import cache_folder
from services.network.roads import Roads
from services.network.stops import Stops
from services.network.tables import Progress, Tables, road_tables, road_version

_MANIFEST = "manifest.json"
_CHUNK_BYTES = 1 << 22

_log = logging.getLogger(__name__)


def cached_road_tables(
    roads: Roads, stops: Stops, cache: Path | None = None, progress: Progress | None = None
) -> Tables:
    """Travel tables of a road network, from the cache if they are there and sound.

    A cache that cannot be written is no error: the tables are then only in memory.
    """
    version = road_version(roads, stops)
    folder = (cache_folder() if cache is None else cache) / "tables" / version
    kept = _load(folder, version, (roads.node_count, len(stops)))
    if kept is not None:
        return kept
    tables = road_tables(roads, stops, progress)
    try:
        _store(folder, tables)
    except OSError as error:
        _log.warning("travel tables could not be cached in %s: %s", folder, error)
        return tables
    return _load(folder, version, (roads.node_count, len(stops))) or tables


def _store(folder: Path, tables: Tables) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name[:16]}-", dir=folder.parent))
    try:
        checksums = {}
        for name, array in tables.arrays().items():
            path = draft / f"{name}.npy"
            np.save(path, array, allow_pickle=False)
            checksums[name] = _checksum(path)
        manifest = {"version": tables.version, "checksums": checksums}
        (draft / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        _publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _publish(draft: Path, folder: Path) -> None:
    """Rename a finished set into place; what lies there is damaged, or just as good."""
    if folder.exists():
        grave = Path(tempfile.mkdtemp(prefix=".old-", dir=folder.parent))
        folder.rename(grave / "set")
        shutil.rmtree(grave, ignore_errors=True)
    draft.rename(folder)


def _load(folder: Path, version: str, shape: tuple[int, int]) -> Tables | None:
    if not folder.is_dir():
        return None
    try:
        return _read(folder, version, shape)
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("cached travel tables in %s are damaged (%s): computing anew", folder, error)
        return None


def _read(folder: Path, version: str, shape: tuple[int, int]) -> Tables:
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if manifest["version"] != version:
        raise ValueError("made for other roads")
    nodes, stops = shape

    def table(name: str, dtype: type[np.generic], rows: int) -> NDArray[np.generic]:
        path = folder / f"{name}.npy"
        if _checksum(path) != manifest["checksums"][name]:
            raise ValueError(f"{path.name} does not have its checksum")
        array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.dtype != dtype or array.shape != (rows, stops):
            raise ValueError(f"{path.name} is not the table that it should be")
        return np.asarray(array)

    return Tables(
        version=version,
        drive_s=table("drive_s", np.uint16, stops).view(np.uint16),
        drive_m=table("drive_m", np.uint32, stops).view(np.uint32),
        node_drive_s=table("node_drive_s", np.uint16, nodes).view(np.uint16),
        node_drive_m=table("node_drive_m", np.uint32, nodes).view(np.uint32),
        next_link=table("next_link", np.uint8, nodes).view(np.uint8),
    )


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
