"""`navette explain` repeats a recorded day up to a ride, and says why it got its answer."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from services.cli import main
from services.domain.ride import Relaxation
from services.simulator.demand import read_demand, write_demand
from services.simulator.explain.page import print_page
from services.simulator.explain.record import as_json
from services.simulator.explain.rerun import Story, story


def cli(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def territory(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, without batches: a re-run takes as long as the day did."""
    folder = tmp_path_factory.mktemp("demo") / "territory"
    shutil.copytree(demo, folder)
    with (folder / "territory.yaml").open("a", encoding="utf-8") as file:
        file.write("\ndispatch: {batch_every_s: 0}\n")
    return folder


@pytest.fixture(scope="module")
def run_dir(territory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day on which three shuttles cannot take everybody."""
    folder = tmp_path_factory.mktemp("explain")
    demand, out = folder / "demand.csv", folder / "run"
    assert cli("demand", "generate", territory, "--requests", 180, "--out", demand).exit_code == 0
    result = cli("simulate", territory, "--demand", demand, "--shuttles", 3, "--out", out)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def stories(run_dir: Path) -> list[Story]:
    """One ride of each kind of answer and end."""
    kinds: dict[tuple[Any, Any], str] = {}
    for row in pq.read_table(run_dir / "rides.parquet").to_pylist():
        kinds.setdefault((row["status"], row["refusal_reason"]), row["request_id"])
    assert len(kinds) >= 5, kinds
    return [story(run_dir, request_id) for request_id in kinds.values()]


def test_every_kind_of_answer_is_explained_and_what_is_claimed_is_proven(
    stories: list[Story],
) -> None:
    for told in stories:
        said = told.explanation
        assert said is not None
        assert all(said.proven)
        assert len(said.candidates) == 3
        for one in said.candidates:
            assert (one.place is None) != (one.miss is None)
            assert one.miss is None or one.miss.proven or not one.miss.needs
        if said.refusal is not None:
            assert told.row.refusal_reason == said.refusal.reason
            assert all(one.place is None for one in said.candidates)
        else:
            assert said.candidates[0].place is not None
            promise = said.candidates[0].place.offer.promise
            assert told.row.promised_pickup_to_s == promise.pickup_to_s


@pytest.mark.parametrize("width", [50, 80, 140])
def test_a_page_fits_the_terminal_and_has_no_colours_in_a_file(
    stories: list[Story], width: int
) -> None:
    for told in stories:
        for shuttle in (None, "shuttle-2"):
            page = StringIO()
            print_page(told, shuttle, Console(file=page, width=width))
            text = page.getvalue()
            assert told.row.request_id in text
            assert "\x1b" not in text
            assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_page_says_what_would_have_worked(stories: list[Story]) -> None:
    for told in stories:
        said = told.explanation
        assert said is not None
        page = StringIO()
        print_page(told, None, Console(file=page, width=120))
        for remedy in said.refusal.remedies if said.refusal is not None else ():
            if remedy.relaxation is Relaxation.WALK_FURTHER_M:
                assert f"walk up to {remedy.amount} m further" in page.getvalue()


def test_json_has_the_shape_that_the_page_in_the_docs_gives(
    run_dir: Path, stories: list[Story], project: Path
) -> None:
    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {str(key) for key in value}.union(*(keys(one) for one in value.values()))
        return set().union(*(keys(one) for one in value)) if isinstance(value, list) else set()

    page = (project / "docs" / "explain.md").read_text(encoding="utf-8")
    printed = cli("explain", run_dir, stories[0].row.request_id, "--json")
    assert printed.exit_code == 0
    assert json.loads(printed.output) == json.loads(json.dumps(as_json(stories[0])))
    for told in stories:
        said = as_json(told)
        assert {key for key in keys(said) if f"`{key}`" not in page} == set()


def test_one_shuttle_can_be_looked_at(run_dir: Path, stories: list[Story]) -> None:
    request_id = stories[0].row.request_id
    said = json.loads(
        cli("explain", run_dir, request_id, "--shuttle", "shuttle-2", "--json").output
    )
    assert [one["shuttle_id"] for one in said["shuttles"]] == ["shuttle-2"]
    unknown = cli("explain", run_dir, request_id, "--shuttle", "shuttle-9")
    assert unknown.exit_code == 2
    assert "shuttle-9" in unknown.output
    assert "shuttle-1, shuttle-2, shuttle-3" in unknown.output


def test_a_benchmark_on_given_demand_is_repeated_too(
    territory: Path, run_dir: Path, tmp_path: Path
) -> None:
    day = read_demand(run_dir.parent / "demand.csv")
    demand = tmp_path / "some.csv.gz"
    write_demand(type(day)(trips=day.trips[:60], sha256=""), demand)
    out = tmp_path / "run"
    faults = ("--breakdowns", 5, "--blackouts", 2)
    options = ("--demand", demand, "--shuttles", 2, "--benchmark", *faults, "--out", out)
    assert cli("simulate", territory, *options).exit_code == 0
    for trip in day.trips[10:60:20]:
        assert cli("explain", out, trip.request_id).exit_code == 0
    moved = demand.rename(tmp_path / "elsewhere.csv.gz")
    missing = cli("explain", out, day.trips[10].request_id)
    assert missing.exit_code == 2
    assert "--demand" in missing.output
    assert cli("explain", out, day.trips[10].request_id, "--demand", moved).exit_code == 0
    write_demand(type(day)(trips=day.trips[:61], sha256=""), moved)
    changed = cli("explain", out, day.trips[10].request_id, "--demand", moved)
    assert changed.exit_code == 2
    assert "changed since the run" in changed.output


def test_an_unknown_request_is_said_with_those_that_look_like_it(run_dir: Path) -> None:
    result = cli("explain", run_dir, "r10x")
    assert result.exit_code == 2
    assert "'r10x' is none of the" in result.output
    assert "did you mean r" in result.output


def test_a_folder_without_a_run_is_said_to_be_none(tmp_path: Path) -> None:
    assert "holds no run" in cli("explain", tmp_path, "r1").output
    assert "no such folder" in cli("explain", tmp_path / "nowhere", "r1").output
    (tmp_path / ".unfinished").touch()
    assert "not finished" in cli("explain", tmp_path, "r1").output


def test_a_changed_territory_ends_with_its_files_named(
    territory: Path, run_dir: Path, stories: list[Story], tmp_path: Path
) -> None:
    copy = tmp_path / "territory"
    shutil.copytree(territory, copy)
    request_id = stories[0].row.request_id
    assert cli("explain", run_dir, request_id, "--territory", copy).exit_code == 0
    with (copy / "stops.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    result = cli("explain", run_dir, request_id, "--territory", copy)
    assert result.exit_code == 2
    assert "stops.csv changed since the run" in result.output


def test_a_day_that_does_not_repeat_itself_is_not_explained(
    run_dir: Path, stories: list[Story], tmp_path: Path
) -> None:
    forged = tmp_path / "run"
    shutil.copytree(run_dir, forged)
    rides = pq.read_table(forged / "rides.parquet")
    at = rides.column_names.index("departure_s")
    late = [value + 1 for value in rides["departure_s"].to_pylist()]
    pq.write_table(
        rides.set_column(at, rides.schema.field(at), pa.array(late, pa.int32())),
        forged / "rides.parquet",
    )
    result = cli("explain", forged, stories[0].row.request_id)
    assert result.exit_code == 2
    assert "does not repeat itself (departure_s was" in result.output
