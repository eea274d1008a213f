"""A day on which requests are collected: judged clean, counted honestly, and explained."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from services.cli import main
from services.network.folder import load
from services.simulator.check import check
from services.simulator.demand import demand_of, write_demand
from services.simulator.explain.rerun import story
from services.simulator.generator import generate_day

AFTER_S = 90


@pytest.fixture(scope="module")
def run_dir(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deferred")
    territory, demand = folder / "territory", folder / "demand.csv"
    shutil.copytree(demo, territory)
    settings = territory / "territory.yaml"
    text = settings.read_text(encoding="utf-8")
    assert "dispatch:" not in text
    dispatch = f"{{answer_after_s: {AFTER_S}, batch_every_s: 600, solve_iterations: 20}}"
    text += f"\ndispatch: {dispatch}\nparking: {{strategy: forecast}}\n"
    settings.write_text(text, encoding="utf-8")
    trips = generate_day(load(demo), seed=5, requests=150).trips
    # Some think again before they have an answer.
    hasty = [replace(trip, cancel_s=trip.request_s + 1) for trip in trips[::20]]
    write_demand(demand_of([*hasty, *(t for n, t in enumerate(trips) if n % 20)]), demand)
    words = ["simulate", str(territory), "--demand", str(demand), "--shuttles", "3"]
    result = CliRunner().invoke(main, [*words, "--out", str(folder / "run")])
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_a_day_of_deferred_answers_is_clean_and_says_how_long_they_took(run_dir: Path) -> None:
    verdict = check(run_dir)
    assert verdict.clean, verdict.findings
    took_s = json.loads((run_dir / "kpis.json").read_text())["answer_s"]
    assert 0 < took_s["mean"] <= took_s["max"] <= AFTER_S + 6, "and 6 s for the batch"
    rows = pq.read_table(run_dir / "rides.parquet").to_pylist()
    assert any(row["answered_s"] is None for row in rows)


def test_an_answer_is_explained_in_the_moment_in_which_it_was_given(run_dir: Path) -> None:
    rows = pq.read_table(run_dir / "rides.parquet").to_pylist()
    late = [row for row in rows if (row["answered_s"] or 0) > row["request_s"]]
    for row in late[:: len(late) // 2]:
        said = story(run_dir, row["request_id"]).explanation
        assert said is not None
        assert said.now_s == row["answered_s"]
        assert all(said.proven)
        assert all(one.place or one.miss for one in said.candidates)
    (gone, *_) = [row for row in rows if row["answered_s"] is None]
    assert story(run_dir, gone["request_id"]).explanation is None
