"""Compiles what most tests run, while checks that need none of it use another core."""

from __future__ import annotations

from pathlib import Path

from services.network.folder import load
from services.simulator.simulate_command import warm_up

DEMO = Path(__file__).resolve().parents[1] / "territories" / "la-souterraine"

if __name__ == "__main__":
    warm_up(load(DEMO))
