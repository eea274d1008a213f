"""What a run reads, named and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from services.domain.errors import InvalidFile
from services.domain.territory import WaitingPlace
from services.forecast.model_file import FORECAST_FILE
from services.simulator.records import Inputs

TERRITORY_FILES = ("territory.yaml", "nodes.csv", "links.csv", "stops.csv", "places.csv")
"""What a territory is made of; tables may be gzipped."""


def read_inputs(
    territory: Path,
    demand: Path | None,
    demand_sha256: str,
    skipped_lines: Sequence[int] = (),
    waiting: WaitingPlace = WaitingPlace.STAY,
) -> Inputs:
    """Name and hash what a run reads; ``territory`` and ``demand`` as the user gave them.

    Its forecast is read if shuttles go by that while they wait.
    """
    found = [territory / name for name in (*TERRITORY_FILES, "build.json")]
    found += [path.with_name(f"{path.name}.gz") for path in found]
    found += [territory / FORECAST_FILE] if waiting is WaitingPlace.FORECAST else []
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
