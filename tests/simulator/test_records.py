"""A run on disk: read back equal, the same bytes twice, and never half of it unnoticed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.domain.errors import InvalidFile, OutputInUse
from services.domain.ride import Relaxation, Remedy
from services.simulator.inputs import read_inputs
from services.simulator.output_folder import (
    claim_output,
    finish_output,
    is_unfinished,
    write_json,
)
from services.simulator.record_files import read_run, write_run
from services.simulator.records import Batches, remedies_of, remedy_text
from tests.simulator import run_builder as build

FILES = ("legs.parquet", "rides.parquet", "run.json", "visits.parquet")


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    batches = Batches(solved=2, groups={"adopted": 1}, moved=1, saved_s=30, border_losses=(0.01,))
    day = build.run(batches=batches)
    write_run(day, tmp_path)
    back = read_run(tmp_path)
    for name in ("rides", "visits", "shuttles", "seed", "settings", "horizon_s", "inputs"):
        assert getattr(back, name) == getattr(day, name), name
    assert back.batches == batches
    for name in ("shuttle", "seq", "depart_ms", "arrive_ms", "length_mm", "plan_revision"):
        np.testing.assert_array_equal(getattr(back.legs, name), getattr(day.legs, name))
    for name in ("from_node", "to_node"):
        names = [day.legs.nodes[i] for i in getattr(day.legs, name)]
        assert [back.legs.nodes[i] for i in getattr(back.legs, name)] == names


def test_an_empty_run_is_read_back(tmp_path: Path) -> None:
    write_run(build.empty_run(), tmp_path)
    back = read_run(tmp_path)
    assert back.rides == ()
    assert len(back.legs) == 0


def test_rides_have_the_columns_that_were_agreed_in_their_order(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    assert pq.read_schema(tmp_path / "rides.parquet").names[:19] == [
        "request_id",
        "status",
        "request_s",
        "earliest_pickup_s",
        "promised_pickup_from_s",
        "promised_pickup_to_s",
        "promised_arrival_s",
        "shuttle_id",
        "pickup_stop",
        "dropoff_stop",
        "picked_up_s",
        "dropped_off_s",
        "seats",
        "wheelchairs",
        "walk_to_m",
        "walk_from_m",
        "direct_s",
        "refusal_reason",
        "refusal_remedy",
    ]


def test_no_home_is_in_the_rides(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    columns = pq.read_schema(tmp_path / "rides.parquet").names
    assert [name for name in columns if "lon" in name or "lat" in name] == []


def test_legs_are_in_seconds_and_metres(tmp_path: Path) -> None:
    day = build.run()
    odd = replace(day.legs, depart_ms=day.legs.depart_ms + 7, length_mm=day.legs.length_mm + 3)
    write_run(replace(day, legs=odd), tmp_path)
    first = pq.read_table(tmp_path / "legs.parquet").to_pylist()[0]
    assert first == {
        "shuttle_id": "v1",
        "seq": 0,
        "from_node": "n0",
        "to_node": "n1",
        "depart_s": 29_000.007,
        "arrive_s": 29_100.0,
        "length_m": 1000.003,
        "plan_revision": 1,
    }


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from tests.simulator import run_builder as build\n"
        "from services.simulator.record_files import write_run\n"
        "write_run(build.run(), pathlib.Path(sys.argv[1]))"
    )
    folders = [tmp_path / "one", tmp_path / "another with a longer name"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            check=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": str(number), "TZ": ("UTC", "Asia/Tokyo")[number]},
        )
    for name in FILES:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_run_json_names_paths_only_as_they_were_given(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    content = json.loads((tmp_path / "run.json").read_text())
    assert content["territory"]["path"] == "territories/essai"
    assert content["demand"]["path"] == "demand.csv"
    assert content["complete"] is True
    assert str(tmp_path) not in (tmp_path / "run.json").read_text()


def test_inputs_are_the_files_that_make_a_territory(tmp_path: Path) -> None:
    (tmp_path / "territory.yaml").write_text("name: x")
    (tmp_path / "nodes.csv.gz").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not an input")
    (tmp_path / "build.json").write_text('{"attribution": "© somebody", "licence": "ODbL"}')
    inputs = read_inputs(tmp_path, None, "00")
    assert list(inputs.territory_sha256) == ["build.json", "nodes.csv.gz", "territory.yaml"]
    assert inputs.attributions == ("© somebody. Licence: ODbL",)


def test_a_new_folder_is_claimed_and_marked_until_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "today"
    claim_output(folder)
    assert is_unfinished(folder)
    write_run(build.run(), folder)
    assert is_unfinished(folder)
    finish_output(folder)
    assert not is_unfinished(folder)


def test_half_written_output_is_named_as_such(tmp_path: Path) -> None:
    claim_output(tmp_path)
    write_run(build.run(), tmp_path)
    with pytest.raises(OutputInUse, match=r"half-written output of an interrupted run; pass"):
        claim_output(tmp_path)


def test_a_whole_run_is_replaced_only_on_demand(tmp_path: Path) -> None:
    claim_output(tmp_path)
    write_run(build.run(), tmp_path)
    finish_output(tmp_path)
    with pytest.raises(OutputInUse, match="earlier run"):
        claim_output(tmp_path)
    assert (tmp_path / "rides.parquet").exists()
    claim_output(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".unfinished"]


def test_files_of_others_stay_and_need_force(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputInUse, match="not empty"):
        claim_output(tmp_path)
    claim_output(tmp_path, force=True)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidFile, match="file"):
        claim_output(tmp_path / "file" / "below")


def test_json_that_is_not_a_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "kpis.json", {"share": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    write_run(build.run(), tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InvalidFile, match=name):
        read_run(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_rubbish_is_named(tmp_path: Path, name: str) -> None:
    write_run(build.run(), tmp_path)
    (tmp_path / name).write_bytes(b"PAR1 rubbish PAR1")
    with pytest.raises(InvalidFile, match=name):
        read_run(tmp_path)


def test_an_empty_cell_that_must_be_full_is_named(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    path = tmp_path / "rides.parquet"
    table = pq.read_table(path)
    gap = pa.array([None, *table["seats"].to_pylist()[1:]], type=pa.int32())
    number = table.column_names.index("seats")
    pq.write_table(table.set_column(number, "seats", gap), path)
    with pytest.raises(InvalidFile, match=r"rides\.parquet, line 1, field 'seats': is empty"):
        read_run(tmp_path)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    path = tmp_path / "visits.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["stop"]), path)
    with pytest.raises(InvalidFile, match="field 'stop'"):
        read_run(tmp_path)


def test_a_leg_of_an_unknown_shuttle_is_named(tmp_path: Path) -> None:
    write_run(build.run(), tmp_path)
    path = tmp_path / "run.json"
    path.write_text(path.read_text().replace('"shuttle_id": "v1"', '"shuttle_id": "v9"'))
    with pytest.raises(InvalidFile, match="no shuttle 'v1'"):
        read_run(tmp_path)


def test_remedies_survive_their_text() -> None:
    remedies = (Remedy(Relaxation.LEAVE_LATER_S, 540), Remedy(Relaxation.FEWER_SEATS, 1))
    assert remedies_of(remedy_text(remedies)) == remedies
    assert remedy_text(()) is None
    assert remedies_of(None) == ()
