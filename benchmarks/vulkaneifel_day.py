"""A measured day of requests on a real rural district's roads, from territory to verdict.

Run it from the project's root: ``python -m benchmarks.vulkaneifel_day [--data DIR]``. It builds the
territory with ``navette territory build``, runs the day with ``navette simulate --benchmark``, each
run in a process of its own, and lets the independent check judge what was written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks._measuring import data_files, give_up, middle, options, print_table
from services.simulator.check import check

FLEETS = (50, 100)
ROADS = ("roads/vulkaneifel_road_nodes.csv.gz", "roads/vulkaneifel_road_edges.csv.gz")
DEMAND = "demand/vulkaneifel_requests.csv.gz"
SERVICE = (
    *("--cover", "0.95", "--walk-m", "500", "--speed-kmh-max", "50", "--seats", "8"),
    *("--wait-s", "900", "--ride-factor", "1.5", "--ride-constant-s", "900"),
    *("--stop-base-s", "60", "--stop-party-s", "0"),
)
"""The service of the study that the demand comes from; stops so that 95 % have both ends near."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one run wrote: the figures of the day, and what depends on the machine."""

    figures: dict[str, Any]
    timing: dict[str, Any]


def navette(*words: str | Path) -> None:
    """Run the command in a process of its own; end with its complaint if it fails."""
    call = "from services.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", call, *map(str, words)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        give_up(f"navette {words[0]} ended with {done.returncode}: {done.stderr.strip()}")


def build(folder: Path, data: Path) -> float:
    """Make the territory twice, so that its tables are cached; the seconds of the second time."""
    nodes, edges, demand = data_files(data, *ROADS, DEMAND)
    sources = ("--nodes", nodes, "--edges", edges, "--demand", demand)
    words = ("territory", "build", *sources, *SERVICE, "--out", folder, "--force")
    navette(*words)
    began = perf_counter()
    navette(*words)
    return perf_counter() - began


def run(territory: Path, demand: Path, shuttles: int, out: Path) -> Result:
    """Let the day happen once."""
    fleet = ("--shuttles", str(shuttles), "--benchmark")
    navette("simulate", territory, "--demand", demand, *fleet, "--out", out, "--force")
    return Result(
        figures=json.loads((out / "kpis.json").read_text(encoding="utf-8")),
        timing=json.loads((out / "timing.json").read_text(encoding="utf-8")),
    )


def runs(territory: Path, demand: Path, shuttles: int, repeat: int) -> list[Result]:
    """Let the day happen several times; what comes of it must be the same, and legal."""
    out = territory.parent / f"run-{shuttles}"
    results = [run(territory, demand, shuttles, out) for _ in range(repeat)]
    if any(result.figures != results[0].figures for result in results):
        give_up(f"{shuttles} shuttles: not the same twice")
    verdict = check(out, territory, demand)
    if not verdict.clean:
        found = sum(verdict.found.values())
        give_up(f"{shuttles} shuttles: {found} findings, first {verdict.findings[0]}")
    return results


def outcome(shuttles: int, figures: dict[str, Any]) -> list[str]:
    """What came of a day."""
    return [
        f"{shuttles} shuttles",
        f"{100 * figures['served_share']:.2f} %",
        f"{100 * figures['served_share_in_reach']:.2f} %",
        f"{figures['wait_s']['mean']:.0f}",
        f"{figures['km_per_served']:.3f}",
        f"{100 * figures['on_time_share']:.1f} %",
        "0",
    ]


def effort(shuttles: int, timings: list[dict[str, Any]]) -> list[str]:
    """What a day took, as medians over its runs."""

    def of(*path: str, digits: int) -> str:
        values = []
        for timing in timings:
            value: Any = timing
            for key in path:
                value = value[key]
            values.append(float(value))
        return middle(values, digits)

    return [
        f"{shuttles} shuttles",
        of("wall_s", digits=2),
        of("requests_per_wall_s", digits=0),
        of("answer_ms", "p50", digits=3),
        of("answer_ms", "p99", digits=3),
        of("setup_s", "territory", digits=2),
        of("setup_s", "kernels", digits=2),
    ]


def main() -> None:
    """Print what is served, how far is driven, and how long the day takes."""
    asked = options("Vulkaneifel: a measured day of 7,146 requests on real roads.").parse_args()
    (demand,) = data_files(asked.data, DEMAND)
    with TemporaryDirectory() as folder:
        territory = Path(folder) / "vulkaneifel"
        built_s = build(territory, asked.data)
        results = {n: runs(territory, demand, n, asked.repeat) for n in FLEETS}
    figures = results[FLEETS[0]][0].figures
    print(
        f"Vulkaneifel: {figures['requests']:,} requests,"
        f" {figures['in_reach']:,} with both ends in reach of a stop.\n"
        "What came of it (the same on every machine)\n"
    )
    print_table(
        ("", "served", "of those in reach", "wait s", "km a served ride", "on time", "findings"),
        [outcome(n, own[0].figures) for n, own in results.items()],
    )
    print(
        f"What it took; median of {asked.repeat} runs (min–max);"
        f" building the territory, tables cached: {built_s:.1f} s\n"
    )
    print_table(
        (
            "",
            "first to last event s",
            "requests/s",
            "answer p50 ms",
            "p99",
            "set-up: load s",
            "kernels s",
        ),
        [effort(n, [result.timing for result in own]) for n, own in results.items()],
    )


if __name__ == "__main__":
    main()
