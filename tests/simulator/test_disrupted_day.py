"""A day on which shuttles break down and cannot be heard: judged clean, and forgeries found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from services.cli import main
from services.simulator.check import Rule, check
from services.simulator.check.run import read_json

pytestmark = pytest.mark.long

FAULTS = """kind,shuttle_id,at_s,for_s
breakdown,shuttle-03,28800,1800
blackout,shuttle-02,30000,600
"""


CLOSURES = """closure,links,from_s,until_s
c0,l0646;l0722;l0938;l0882,27000,30600
c1,l0640;l0940;l0531;l0598,36000,43200
"""


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, its batches searched less than by default."""
    folder = tmp_path_factory.mktemp("place") / demo.name
    shutil.copytree(demo, folder)
    settings = folder / "territory.yaml"
    text = settings.read_text(encoding="utf-8")
    assert "dispatch:" not in text
    settings.write_text(text + "\ndispatch: {solve_iterations: 20}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def bad_day(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "faults.csv").write_text(FAULTS)
    options = ["--breakdowns", "12", "--faults", str(folder / "faults.csv"), "--seed", "3"]
    CliRunner().invoke(
        main,
        ["simulate", str(place), *options, "--out", str(folder / "run")],
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


@pytest.fixture(scope="module")
def closed_day(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    (folder / "closures.csv").write_text(CLOSURES)
    options = ["--closures", str(folder / "closures.csv"), "--seed", "3", "--benchmark"]
    options += ["--out", str(folder / "run")]
    CliRunner().invoke(main, ["simulate", str(place), *options], catch_exceptions=False)
    return folder / "run"


def test_a_day_of_closures_is_clean(closed_day: Path) -> None:
    verdict = check(closed_day)
    assert verdict.clean, verdict.findings
    assert verdict.checked[Rule.CLOSED_ROADS] > 1000
    assert read_json(closed_day / "kpis.json")["disruptions"]["closures"] == 2


def test_roads_that_were_closed_for_longer_than_known_were_entered(closed_day: Path) -> None:
    path = closed_day / "run.json"
    kept = path.read_text()
    run = json.loads(kept)
    run["disruptions"]["asked"]["closures"][0] |= {"from_s": 0, "until_s": None}
    path.write_text(json.dumps(run))
    try:
        found = check(closed_day).found
    finally:
        path.write_text(kept)
    assert found[Rule.CLOSED_ROADS] > 10
    assert found[Rule.SHORTEST_WAY] > 10


@pytest.fixture(scope="module")
def foggy_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fog that nobody knew of, until the night of shuttles that drive by light only."""
    folder = tmp_path_factory.mktemp("foggy")
    (folder / "fog.csv").write_text("class,from_s,until_s,known_s\nfog,59400,63900,59400\n")
    options = ["--conditions", str(folder / "fog.csv"), "--date", "2026-12-21", "--seed", "2"]
    options += ["--out", str(folder / "run")]
    CliRunner().invoke(main, ["simulate", str(demo), *options], catch_exceptions=False)
    return folder / "run"


def test_a_day_on_which_riders_change_out_of_the_fog_is_clean(foggy_day: Path) -> None:
    verdict = check(foggy_day)
    assert verdict.clean, verdict.findings
    assert read_json(foggy_day / "kpis.json")["disruptions"]["let_off_completed"] > 0
    assert "might not drive on" in (foggy_day / "report.html").read_text()


def test_who_got_off_where_the_shuttle_might_have_driven_on_boards_twice(foggy_day: Path) -> None:
    path = foggy_day / "run.json"
    kept = path.read_text()
    run = json.loads(kept)
    rows = run["disruptions"]["asked"]["restrictions"]
    run["disruptions"]["asked"]["restrictions"] = [row for row in rows if row["from_s"] > 70000]
    path.write_text(json.dumps(run))
    try:
        found = check(foggy_day).found
    finally:
        path.write_text(kept)
    assert found[Rule.BOARDS_ONCE]


def test_links_that_there_are_not_are_named(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "closures.csv").write_text(CLOSURES.replace("l0722", "nowhere"))
    answer = CliRunner().invoke(
        main,
        ["simulate", str(demo), "--closures", str(tmp_path / "closures.csv"), "--out", "never"],
    )
    assert answer.exit_code == 2
    assert "line 2, field 'links': there is no link 'nowhere'" in answer.output


def test_faults_of_unknown_shuttles_are_named(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.csv").write_text(FAULTS.replace("shuttle-03", "nobody"))
    answer = CliRunner().invoke(
        main,
        ["simulate", str(demo), "--faults", str(tmp_path / "faults.csv"), "--out", str(tmp_path)],
    )
    assert answer.exit_code == 2
    assert "line 2, field 'shuttle_id': there is no shuttle 'nobody'" in answer.output
