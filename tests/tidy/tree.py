"""The files that make up the project."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

GENERATED = PROJECT / "services" / "wire" / "generated"


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git tracks and that still lies there."""
    listed = subprocess.run(
        ["git", "-C", str(PROJECT), "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    paths = (PROJECT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def python_files(*folders: str) -> list[Path]:
    """The tracked Python files below these folders, without what protoc wrote."""
    roots = [PROJECT / folder for folder in folders]
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py"
        and GENERATED not in path.parents
        and any(root in path.parents for root in roots)
    ]


def pages() -> list[Path]:
    """The tracked pages of documentation."""
    return [path for path in tracked_files() if path.suffix == ".md"]


def name_of(path: Path) -> str:
    """The path as the project's people write it."""
    return path.relative_to(PROJECT).as_posix()
