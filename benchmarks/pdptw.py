"""Pickup and delivery with time windows: how near the best known, beside VROOM, PyVRP, OR-Tools.

Run it from the project's root: ``python -m benchmarks.pdptw [--data DIR] [--seconds 1 10 60]
[--instances NAME ...] [--all]``. Li & Lim's instances: fewest vehicles first, then distance.
"""

from __future__ import annotations

from benchmarks.static.contest import contest
from benchmarks.static.peers import PEERS
from services.solver.lilim import read_lilim

FEW = ("lrc101", "lr201", "lrc201")


def main() -> None:
    """Print what each solver finds within its seconds."""
    contest(
        "Li & Lim's instances: gap to the best known, beside peers.",
        "pdptw",
        read_lilim,
        FEW,
        tuple(PEERS),
    )


if __name__ == "__main__":
    main()
