"""The folder that a run writes into: whole or not at all, and never over something else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.domain.errors import InvalidFile, OutputInUse

UNFINISHED = ".unfinished"
"""Lies in the folder from the first moment of a run to its last."""

RUN_FILE = "run.json"
"""Written last of all the files that make a run."""

OWN_FILES = (
    RUN_FILE,
    "kpis.json",
    "timing.json",
    "rides.parquet",
    "visits.parquet",
    "legs.parquet",
    "leases.parquet",
    "report.html",
    "demand.csv",
)
"""All that a run writes; nothing else in the folder is ever touched."""


def claim_output(folder: Path, *, force: bool = False) -> None:
    """Make a folder ready for a run, and mark it as unfinished.

    Parameters
    ----------
    folder
        Made if it is not there, with its parents.
    force
        Replace what an earlier run left, whole or half-written. Other files stay as they are.

    Raises
    ------
    OutputInUse
        If the folder holds a run or anything else, and ``force`` is not set.
    InvalidFile
        If the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not force:
            _refuse_if_used(folder)
        # The mark comes before the first file goes: a run that is stopped in between is still seen.
        (folder / UNFINISHED).touch()
        for name in OWN_FILES:
            (folder / name).unlink(missing_ok=True)
            _partial(folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise InvalidFile(folder, f"cannot be written ({error.strerror})") from error


def finish_output(folder: Path) -> None:
    """Take the mark off: the run is whole."""
    (folder / UNFINISHED).unlink(missing_ok=True)


def is_unfinished(folder: Path) -> bool:
    """Whether a run began to write here and did not end, or has not ended yet."""
    return (folder / UNFINISHED).exists()


def _refuse_if_used(folder: Path) -> None:
    if is_unfinished(folder):
        raise OutputInUse(
            f"{folder} holds the half-written output of an interrupted run;"
            " pass --force to replace it or choose another --out"
        )
    if (folder / RUN_FILE).exists():
        raise OutputInUse(
            f"{folder} holds the output of an earlier run;"
            " pass --force to replace it or choose another --out"
        )
    if any(folder.iterdir()):
        raise OutputInUse(
            f"{folder} is not empty and holds no run; choose another --out, or pass --force to"
            " write beside what is there"
        )


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    partial = _partial(path)
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, in one step."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON with sorted keys, in one step."""
    text = json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
