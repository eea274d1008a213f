"""Dial-a-ride: how near the optimum, beside OR-Tools, which alone of the peers limits rides.

Run it from the project's root: ``python -m benchmarks.darp [--data DIR] [--seconds 1 10 60]
[--instances NAME ...] [--all]``. Instances of Cordeau and of Ropke: everybody, shortest way.
"""

from __future__ import annotations

from benchmarks.static.contest import contest
from benchmarks.static.peers import PEERS, WITHOUT_RIDE_LIMIT
from services.solver.darp import read_darp

FEW = ("a4-48", "a5-60", "pr02")


def main() -> None:
    """Print what each solver finds within its seconds."""
    contest(
        "Dial-a-ride instances: gap to the optimum or the best known, beside OR-Tools.",
        "darp",
        read_darp,
        FEW,
        tuple(name for name in PEERS if name not in WITHOUT_RIDE_LIMIT),
    )


if __name__ == "__main__":
    main()
