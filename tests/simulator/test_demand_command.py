"""``navette demand generate``: a day on disk that can be replayed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from services.simulator.demand import read_demand

DEMO = Path(__file__).parents[2] / "territories" / "la-souterraine"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAVETTE_CACHE", str(tmp_path / "cache"))


def test_a_day_is_written_that_reads_back(tmp_path: Path) -> None:
    out = tmp_path / "day.csv"
    arguments = ["demand", "generate", str(DEMO), "--seed", "7", "--requests", "60"]
    result = CliRunner().invoke(main, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("60 requests")
    assert len(read_demand(out).trips) == 60


def test_a_folder_that_is_not_there_ends_with_one_clear_line(tmp_path: Path) -> None:
    out = str(tmp_path / "missing" / "day.csv")
    result = CliRunner().invoke(main, ["demand", "generate", str(DEMO), "--out", out])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "cannot be written" in result.output
