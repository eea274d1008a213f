"""What a run reads: named and hashed when it is written down, and found again afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from services.domain.errors import InvalidFile
from services.simulator.output_folder import RUN_FILE
from services.simulator.records import Inputs

TERRITORY_FILES = ("territory.yaml", "nodes.csv", "links.csv", "stops.csv", "places.csv")
"""What a territory is made of; tables may be gzipped."""


def read_inputs(
    territory: Path, demand: Path | None, demand_sha256: str, skipped_lines: Sequence[int] = ()
) -> Inputs:
    """Name and hash what a run reads; ``territory`` and ``demand`` as the user gave them."""
    found = [territory / name for name in (*TERRITORY_FILES, "build.json")]
    found += [path.with_name(f"{path.name}.gz") for path in found]
    return Inputs(
        territory=str(territory),
        territory_sha256={path.name: _sha256(path) for path in sorted(found) if path.is_file()},
        demand=None if demand is None else str(demand),
        demand_sha256=demand_sha256,
        skipped_lines=tuple(skipped_lines),
        attributions=_attributions(territory / "build.json"),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _attributions(path: Path) -> tuple[str, ...]:
    """Return what ``build.json`` says about whose data it was."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFile(path, f"not JSON that can be read ({error})") from error
    said = content if isinstance(content, dict) else {}
    texts = [said.get("attribution"), said.get("licence")]
    known = [text for text in texts if isinstance(text, str) and text]
    return (". Licence: ".join(known),) if known else ()


def territory_of(run_dir: Path, recorded: str, given: Path | None = None) -> Path:
    """Find the folder of a run's territory.

    Parameters
    ----------
    run_dir
        The run's folder.
    recorded
        The path as the run was given it; it counts from here, then from the run's folder.
    given
        Where it lies now, if the user says so.

    Raises
    ------
    InvalidFile
        If it is not there.
    """
    if given is not None:
        if not given.is_dir():
            raise InvalidFile(given, "no such folder")
        return given
    path = Path(recorded)
    for folder in (path, run_dir / path):
        if (folder / "territory.yaml").is_file():
            return folder
    raise InvalidFile(
        run_dir / RUN_FILE,
        f"the territory is not at '{path}' any more; say where with --territory",
        field="territory.path",
    )


def demand_of(run_dir: Path, recorded: str | None, given: Path | None = None) -> Path:
    """Find the file of a run's demand; what was generated lies beside the run.

    Raises
    ------
    InvalidFile
        If it is not there.
    """
    if given is not None:
        return given
    beside = run_dir / "demand.csv"
    if recorded is None:
        return beside
    path = Path(recorded)
    for file in (path, run_dir / path, beside):
        if file.is_file():
            return file
    raise InvalidFile(
        run_dir / RUN_FILE,
        f"the demand is not at '{path}' any more; say where with --demand",
        field="demand.path",
    )
