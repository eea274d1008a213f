"""A day on which shuttles break down and cannot be heard: judged clean, and forgeries found."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from services.cli import main
from services.simulator.check import Rule, check
from services.simulator.check.run import read_json

FAULTS = """kind,shuttle_id,at_s,for_s
breakdown,shuttle-03,28800,1800
blackout,shuttle-02,30000,600
"""


@pytest.fixture(scope="module")
def bad_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "faults.csv").write_text(FAULTS)
    options = ["--breakdowns", "12", "--faults", str(folder / "faults.csv"), "--seed", "3"]
    CliRunner().invoke(
        main,
        ["simulate", str(demo), *options, "--out", str(folder / "run")],
        catch_exceptions=False,
    )
    return folder / "run"


def test_a_day_of_breakdowns_is_clean(bad_day: Path) -> None:
    verdict = check(bad_day)
    assert verdict.clean, verdict.findings
    figures = read_json(bad_day / "kpis.json")["disruptions"]
    assert figures["breakdowns"] > 5
    assert figures["let_off_completed"] > 1
    assert figures["blackouts"] == 1
    assert "broke down" in (bad_day / "report.html").read_text()


def test_without_their_breakdowns_parties_board_twice(bad_day: Path) -> None:
    path = bad_day / "visits.parquet"
    kept = path.read_bytes()
    visits = pq.read_table(path)
    at = visits.column_names.index("broke_down_at")
    none = pa.nulls(len(visits), pa.string())
    pq.write_table(visits.set_column(at, "broke_down_at", none), path)
    try:
        found = check(bad_day).found
    finally:
        path.write_bytes(kept)
    assert found[Rule.BOARDS_ONCE]
    assert found[Rule.JOINS]
    assert found[Rule.LEG_ORDER]


def test_faults_of_unknown_shuttles_are_named(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.csv").write_text(FAULTS.replace("shuttle-03", "nobody"))
    answer = CliRunner().invoke(
        main,
        ["simulate", str(demo), "--faults", str(tmp_path / "faults.csv"), "--out", str(tmp_path)],
    )
    assert answer.exit_code == 2
    assert "line 2, field 'shuttle_id': there is no shuttle 'nobody'" in answer.output
