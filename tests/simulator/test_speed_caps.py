"""A day in fog, in which shuttles drive slowly, from the territory to the verdict."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from services.cli import main
from services.domain.territory import OperatingDomain, SpeedCapSettings
from services.simulator.check import Rule, check
from services.simulator.conditions import commands, speed_caps_of
from services.simulator.records import Faults
from tests.builders import road_network, territory

RULES = "weather_not_driven: [fog, snow, heavy_rain]"
BRIEF = "\ndispatch: {solve_iterations: 20}\n"
CAPS = """weather_not_driven: [snow]
  speed_caps:
    - {speed_kmh: 30, within: [fog]}
    - {speed_kmh: 50, within: [darkness]}
    - {speed_kmh: 20, within: [fog], links: ["l07*"]}
"""
WEATHER = (
    "class,from_s,until_s,known_s\nfog,25200,30000,0\nfog,61200,66600,61800\nsnow,40000,41000,0\n"
)


def test_caps_hold_by_night_and_in_their_weather_since_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "weather.csv").write_text("class,from_s,until_s,known_s\nfog,30000,34000,31000\n")
    bare = road_network()
    assert bare.roads is not None
    link = bare.roads.link_ids[2]
    cap = SpeedCapSettings(speed_kmh=12.5, within=("darkness", "fog"), links=(link,))
    network = road_network(territory(operating_domain=OperatingDomain(speed_caps=(cap,))))
    found = speed_caps_of(network, date(2026, 12, 21), tmp_path / "weather.csv")
    assert {one.reason for one in found} == {"darkness", "fog"}
    assert {one.links for one in found} == {(link,)}
    (_, first), (known_s, second) = commands(Faults(speed_caps=found), network)
    assert known_s == 31000
    (fog,) = set(second.speed_caps) - set(first.speed_caps)
    assert (fog.from_s, fog.until_s, fog.speed_m_h, fog.links) == (30000, 34000, 12_500, (2,))
    assert speed_caps_of(bare, None, None) == ()


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("caps") / "place"
    shutil.copytree(demo, folder)
    settings = (folder / "territory.yaml").read_text()
    head, _, rest = settings.partition(RULES)
    assert rest
    tail = rest[rest.index("\nchargers:") :]
    (folder / "territory.yaml").write_text(head + CAPS + tail + BRIEF)
    (folder / "weather.csv").write_text(WEATHER)
    return folder


def simulate(folder: Path, out: Path, *options: str) -> str:
    command = ["simulate", str(folder), "--conditions", str(folder / "weather.csv")]
    command += ["--date", "2026-12-21", "--out", str(out), *options]
    return CliRunner().invoke(main, command, catch_exceptions=False).output


@pytest.mark.long
@pytest.mark.parametrize("options", [(), ("--benchmark",)], ids=["chance", "benchmark"])
def test_a_day_in_fog_is_clean_and_is_not_when_a_leg_is_too_fast(
    place: Path, options: tuple[str, ...]
) -> None:
    out = place.parent / f"run{len(options)}"
    simulate(place, out, *options)
    verdict = check(out)
    assert verdict.clean, verdict.findings
    assert "at most 30 km/h from" in (out / "report.html").read_text()
    table = pq.read_table(out / "legs.parquet")
    depart_s, arrive_s = table["depart_s"].to_numpy(), table["arrive_s"].to_numpy().copy()
    speed_kmh = 3.6 * table["length_m"].to_numpy() / (arrive_s - depart_s)
    foggy = (depart_s > 26_000) & (arrive_s < 29_000)
    assert 29 < speed_kmh[foggy].max() < 30.01
    fast = np.flatnonzero(foggy & (speed_kmh > 29))[0]
    arrive_s[fast] -= 1
    column = table.schema.get_field_index("arrive_s")
    faster = table.set_column(column, "arrive_s", pa.array(arrive_s))
    pq.write_table(faster, out / "legs.parquet")
    assert check(out).found[Rule.DRIVE_TIME]


@pytest.mark.long
def test_caps_by_night_need_nights_and_none_comes_from_nowhere(place: Path) -> None:
    out = place.parent / "nights"
    simulate(place, out, "--benchmark")
    run = json.loads((out / "run.json").read_text())
    caps = run["disruptions"]["asked"]["speed_caps"]
    by_day = [cap for cap in caps if cap["reason"] != "darkness"]
    run["disruptions"]["asked"]["speed_caps"] = [*by_day, {**by_day[0], "reason": "hail"}]
    (out / "run.json").write_text(json.dumps(run))
    messages = [finding.message for finding in check(out).findings]
    assert "speed cap 2 holds in no night" in messages
    assert "there is no speed cap for 'hail'" in messages


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('links: ["l07*"]', 'links: ["nowhere"]', "there is no link 'nowhere'"),
        ("kind: road", "kind: crow", "speed caps need roads"),
    ],
)
def test_caps_that_mean_nothing_are_named(
    place: Path, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    folder = tmp_path / "place"
    shutil.copytree(place, folder)
    settings = (folder / "territory.yaml").read_text()
    assert old in settings
    (folder / "territory.yaml").write_text(settings.replace(old, new))
    assert reason in " ".join(simulate(folder, tmp_path / "never").split())
