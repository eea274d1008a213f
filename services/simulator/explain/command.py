"""``navette explain``: from a run's folder and a request to a page or a record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.domain.errors import InvalidRequest
from services.simulator.explain.page import print_page
from services.simulator.explain.record import as_json
from services.simulator.explain.rerun import story


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked for, as on the command line."""

    shuttle: str | None
    territory: Path | None
    demand: Path | None
    as_json: bool


def run(run_dir: Path, request_id: str, asked: Asked, write: Callable[[str], None]) -> None:
    """Explain a ride of a run, to people or to programs.

    Raises
    ------
    NavetteError
        If there is no such run, request or shuttle, or the day cannot be repeated.
    """
    told = story(run_dir, request_id, asked.territory, asked.demand)
    if asked.shuttle is not None and told.explanation is not None:
        known = [one.shuttle_id for one in told.explanation.candidates]
        if asked.shuttle not in known:
            reason = f"'{asked.shuttle}' is none of {', '.join(sorted(known)[:20])}"
            raise InvalidRequest("--shuttle", reason)
    if asked.as_json:
        write(json.dumps(as_json(told, asked.shuttle), indent=2, ensure_ascii=False))
    else:
        print_page(told, asked.shuttle)
