"""Run as a process of its own: a harsh day and a simulated one, to compare with another process.

``python -m tests.simulation.same_bytes TERRITORY DEMAND OUT`` prints the hash of the first and
writes the second into a folder.
"""

from __future__ import annotations

import sys

import pytest

from services.cli import main
from tests.simulation import harsh


def run(territory: str, demand: str, out: str) -> None:
    """Do both."""
    main(
        ["simulate", territory, "--demand", demand, "--seed", "3", "--out", out],
        standalone_mode=False,
    )
    with pytest.MonkeyPatch.context() as patch:
        harsh.make_harsh(patch)
        said = harsh.digest(harsh.two_hours("roads", 5, harsh.DISORDER))
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    run(*sys.argv[1:])
