"""What cannot be judged is said with file and field; what can be, in whatever form, is judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from services.domain.errors import InvalidFile
from services.simulator.check import Rule, check
from tests.simulator.check_files import (
    LEG_COLUMNS,
    RIDE_COLUMNS,
    VISIT_COLUMNS,
    Row,
    write_csv,
    write_parquet,
)
from tests.simulator.check_kpis import kpis
from tests.simulator.check_world import World, crow_day, small_day


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def edited(path: Path, change: Callable[[Row], Any]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


UNUSABLE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no run": (lambda out: (out / "run.json").unlink(), "run.json: missing"),
    "half written": (lambda out: (out / ".unfinished").touch(), "half written"),
    "not complete": (
        lambda out: edited(out / "run.json", lambda run: run.update(complete=False)),
        "run.json, field 'complete': the run broke off",
    ),
    "no seed": (
        lambda out: edited(out / "run.json", lambda run: run.pop("seed")),
        "run.json, field 'seed'",
    ),
    "a file outside": (
        lambda out: edited(
            out / "run.json", lambda run: run["territory"]["sha256"].update({"../secret": ""})
        ),
        "'../secret' is not the name of a file",
    ),
    "no territory": (
        lambda out: edited(out / "run.json", lambda run: run["territory"].update(path="gone")),
        "say where with --territory",
    ),
    "no demand": (lambda out: (out / "demand.csv").unlink(), "demand.csv: no such demand file"),
    "bad demand": (
        lambda out: (out / "demand.csv").write_text(
            "request_id,departure_s,origin_lon,origin_lat,destination_lon,destination_lat\n"
            "r1,soon,1,46,1,46\n"
        ),
        "demand.csv, line 2, field 'departure_s': not a number",
    ),
    "no figures": (lambda out: (out / "kpis.json").unlink(), "kpis.json: missing"),
    "figures cut short": (
        lambda out: (out / "kpis.json").write_text('{"served": '),
        "kpis.json: not JSON",
    ),
    "figures nested without end": (
        lambda out: (out / "kpis.json").write_text("[" * 100_000),
        "kpis.json: not JSON",
    ),
    "no legs": (lambda out: (out / "legs.parquet").unlink(), "legs.parquet: missing"),
    "not Parquet": (
        lambda out: (out / "visits.parquet").write_bytes(b"PAR1 not"),
        "visits.parquet: not a Parquet file",
    ),
    "no column": (
        lambda out: rewritten(out / "rides.parquet", lambda rides: rides.drop(["direct_s"])),
        "rides.parquet, field 'direct_s': column is missing",
    ),
    "texts for numbers": (
        lambda out: rewritten(
            out / "rides.parquet",
            lambda rides: rides.set_column(
                rides.column_names.index("seats"), "seats", rides["seats"].cast(pa.string())
            ),
        ),
        "rides.parquet, field 'seats': has type string",
    ),
    "an empty cell": (
        lambda out: rewritten(
            out / "visits.parquet",
            lambda visits: visits.set_column(
                visits.column_names.index("arrive_s"),
                "arrive_s",
                pa.array([None] * len(visits), pa.int32()),
            ),
        ),
        "visits.parquet, field 'arrive_s': empty in row 1",
    ),
    "no number": (
        lambda out: rewritten(
            out / "legs.parquet",
            lambda legs: legs.set_column(
                legs.column_names.index("depart_s"),
                "depart_s",
                pa.array([float("nan")] * len(legs)),
            ),
        ),
        "legs.parquet, field 'depart_s': no usable number in row 1",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_judged_is_said_with_file_and_field(case: str, tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    spoil, said = UNUSABLE[case]
    spoil(out)
    with pytest.raises(InvalidFile) as error:
        check(out)
    assert said in str(error.value)


def test_more_columns_and_other_encodings_do_not_matter(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    rewritten(
        out / "rides.parquet",
        lambda rides: rides.append_column("mood", pa.array([True] * len(rides))),
    )
    for name in ("from_node", "to_node"):
        rewritten(
            out / "legs.parquet",
            lambda legs, n=name: legs.set_column(  # type: ignore[misc]
                legs.column_names.index(n), n, legs[n].dictionary_encode()
            ),
        )
    rewritten(out / "visits.parquet", lambda visits: visits.slice(3))
    assert not check(out).clean


def test_a_territory_that_moved_can_be_pointed_at(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    (tmp_path / "territory").rename(tmp_path / "elsewhere")
    with pytest.raises(InvalidFile, match="--territory"):
        check(out)
    assert check(out, tmp_path / "elsewhere").clean


def test_demand_may_be_parquet_and_leave_out_lines(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    rows = [row | {"note": "x"} for row in small_day().demand]
    rows.insert(1, rows[0] | {"request_id": "bad"})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "day.parquet")
    edited(out / "run.json", lambda run: run["demand"].update(skipped_lines=[3]))
    verdict = check(out, demand=tmp_path / "day.parquet")
    assert {finding.rule for finding in verdict.findings} == {Rule.INPUTS}


def test_a_day_on_which_nothing_happened_is_clean(tmp_path: Path) -> None:
    world = small_day()
    out = world.write(tmp_path)
    for name in ("rides", "visits", "legs"):
        rewritten(out / f"{name}.parquet", lambda table: table.slice(0, 0))
    header = (out / "demand.csv").read_text().splitlines()[0]
    (out / "demand.csv").write_text(header + "\n")
    for rows in (world.rides, world.visits, world.legs, world.demand):
        rows.clear()
    (out / "kpis.json").write_text(json.dumps(kpis(world, None)))
    assert {finding.rule for finding in check(out).findings} == {Rule.INPUTS}


NUMBERS = st.sampled_from([-(2**31) + 1, -86_400, -1, 0, 1, 29_000, 86_400, 2**31 - 1])
NAMES = st.sampled_from(["", "A", "nowhere", "v1", "v9", "r1", "@1,2", "completed", "cancelled"])


def written(day: World, folder: Path) -> Path:
    """A spoiled day whose figures are those of a sound one: they could not be worked out."""
    out = day.__class__(**{**vars(small_day()), "settings": day.settings}).write(folder)
    write_csv(out / "demand.csv", day.demand)
    write_parquet(out / "rides.parquet", day.rides, RIDE_COLUMNS)
    write_parquet(out / "visits.parquet", day.visits, VISIT_COLUMNS)
    write_parquet(out / "legs.parquet", day.legs, LEG_COLUMNS)
    return out


@given(data=st.data())
def test_whatever_the_tables_say_the_check_answers(data: st.DataObject) -> None:
    day = data.draw(st.sampled_from([small_day, crow_day]))()
    day.imply()
    tables = {"rides": (day.rides, RIDE_COLUMNS), "visits": (day.visits, VISIT_COLUMNS)}
    tables["legs"] = (day.legs, LEG_COLUMNS)
    for _ in range(data.draw(st.integers(1, 4))):
        rows, columns = tables[data.draw(st.sampled_from(sorted(tables)))]
        row, name = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(sorted(columns)))
        if pa.types.is_list(columns[name]):
            row[name] = data.draw(st.lists(st.sampled_from(["r1", "r2", "r99"]), max_size=3))
        elif pa.types.is_boolean(columns[name]):
            row[name] = data.draw(st.booleans())
        elif pa.types.is_string(columns[name]):
            row[name] = data.draw(NAMES)
        else:
            row[name] = data.draw(NUMBERS)
    with TemporaryDirectory() as folder:
        out = written(day, Path(folder))
        with suppress(InvalidFile):
            event(f"clean: {check(out).clean}")
