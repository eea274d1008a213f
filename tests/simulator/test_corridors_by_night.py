"""Roads that are not driven in darkness or in some weather."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from services.domain.territory import Corridor, OperatingDomain
from services.simulator.check import Rule, check
from services.simulator.conditions import corridors_closed
from tests.builders import road_network, territory

RULES = "weather_not_driven: [fog, snow, heavy_rain]"
CORRIDOR = "\n  corridors: [{links: [l0646, l0722, l0938, l0882], not_in: [darkness, rain]}]"
BRIEF = "\ndispatch: {solve_iterations: 20}\n"
WEATHER = "class,from_s,until_s,known_s\nrain,30000,34000,31000\nsnow,40000,41000,0\n"


def test_corridors_are_closed_by_night_and_in_their_weather(tmp_path: Path) -> None:
    (tmp_path / "weather.csv").write_text(WEATHER)
    bare = road_network()
    assert bare.roads is not None
    link = bare.roads.link_ids[2]
    corridor = Corridor(links=(link,), not_in=("darkness", "rain"))
    network = road_network(territory(operating_domain=OperatingDomain(corridors=(corridor,))))
    found = corridors_closed(network, date(2026, 12, 21), tmp_path / "weather.csv")
    assert {one.links for one in found} == {(link,)}
    rain, morning, evening = found
    assert (rain.from_s, rain.until_s) == (31000, 34000)
    assert morning.from_s == 0
    assert morning.until_s is not None
    assert evening.from_s > morning.until_s
    assert evening.until_s is None
    assert corridors_closed(bare, None, None) == ()


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corridors") / "place"
    shutil.copytree(demo, folder)
    settings = (folder / "territory.yaml").read_text()
    assert RULES in settings
    (folder / "territory.yaml").write_text(settings.replace(RULES, RULES + CORRIDOR) + BRIEF)
    (folder / "weather.csv").write_text(WEATHER.replace("snow", "sun"))
    return folder


@pytest.mark.long
def test_a_day_without_them_by_night_is_clean_and_has_to_have_nights(place: Path) -> None:
    out = place.parent / "run"
    options = ["--conditions", str(place / "weather.csv"), "--date", "2026-12-21"]
    command = ["simulate", str(place), *options, "--out", str(out)]
    CliRunner().invoke(main, command, catch_exceptions=False)
    verdict = check(out)
    assert verdict.clean, verdict.findings
    run = json.loads((out / "run.json").read_text())
    assert len(run["disruptions"]["asked"]["closures"]) == 3
    run["disruptions"]["asked"]["closures"] = []
    (out / "run.json").write_text(json.dumps(run))
    assert check(out).found[Rule.CLOSED_ROADS]


def test_links_of_corridors_that_there_are_not_are_named(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "place"
    shutil.copytree(place, folder)
    settings = (folder / "territory.yaml").read_text()
    (folder / "territory.yaml").write_text(settings.replace("l0722", "nowhere"))
    answer = CliRunner().invoke(main, ["simulate", str(folder), "--out", str(tmp_path / "never")])
    assert answer.exit_code == 2
    assert "there is no link 'nowhere'" in answer.output
