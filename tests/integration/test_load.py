"""Riders sent by Locust to a service that runs, as `make load` does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("real_servers")


def send_riders(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadtests.run", "--settle-s", "60", *options]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, timeout=400, check=False
    )


def test_no_ride_is_lost_over_a_short_peak(project: Path, tmp_path: Path) -> None:
    # Bars that any machine keeps: how fast it is, `make load` says.
    bars = ("--p50-ms", "5000", "--p99-ms", "30000", "--failures", "0.05")
    done = send_riders(project, "--compress", "120", "--times", "2", *bars, "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "completed" in done.stdout
    assert (tmp_path / "report.html").exists()
    assert (tmp_path / "figures_stats.csv").exists()


def test_a_bar_that_is_not_kept_sets_the_exit_status(project: Path) -> None:
    done = send_riders(project, "--embedded", "--pace", "steady", "--seconds", "3", "--p50-ms", "0")
    assert done.returncode == 1
    assert "NOT GOOD ENOUGH: p50 of the answer is" in done.stdout
