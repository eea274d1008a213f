"""Where a run's territory and demand lie, by what its ``run.json`` says."""

from __future__ import annotations

from pathlib import Path

from services.domain.errors import InvalidFile
from services.simulator.output_folder import RUN_FILE


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
