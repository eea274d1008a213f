from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.network.folder import load
from tests.network.test_osm import osm_xml

NODES = "node,lon,lat\n" + "".join(f"{i},{6 + i / 200},50.0\n" for i in range(9))
EDGES = "link,from,to,length_m,allowed_speed_kmh,highway\n" + "".join(
    f"{i}f,{i},{i + 1},360,50,residential\n{i}r,{i + 1},{i},360,,tertiary\n" for i in range(8)
)
STOPS = "stop_id,name,lon,lat\nw,West,6.0002,50.001\ne,East,6.0398,50.001\nfar,Far,6.3,50.0\n"
DEMAND = (
    "request_id,departure_s,origin_lon,origin_lat,destination_lon,destination_lat\n"
    "1,100,6.0001,50.0,6.0401,50.0\n2,200,6.0401,50.0,6.0201,50.0\n3,300,6.9,50.0,6.0,50.0\n"
)
CORRIDORS = "speed_kmh_max: 30\nlinks: {deny: [7f]}\ninside: area.geojson\n"
AREA = {
    "type": "Polygon",
    "coordinates": [[[5, 49], [7, 49], [7, 51], [5, 51], [5, 49]]],
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAVETTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    texts = {"nodes.csv": NODES, "edges.csv": EDGES, "stops.csv": STOPS, "demand.csv": DEMAND}
    for name, text in {**texts, "corridors.yaml": CORRIDORS}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "area.geojson").write_text(json.dumps(AREA))
    return tmp_path


def navette(*words: str) -> Result:
    return CliRunner().invoke(main, ["territory", "build", *words], catch_exceptions=False)


TABLES = ("--nodes", "nodes.csv", "--edges", "edges.csv")


def test_a_territory_is_built_from_tables_and_stops(files: Path) -> None:
    result = navette(*TABLES, "--stops", "stops.csv", "--name", "Valley", "--out", "out")
    assert result.exit_code == 0, result.output
    assert "9 nodes, 16 directed links" in result.stdout
    assert "stop far, 1" in result.stdout
    network = load(files / "out")
    assert network.stops.ids == ("w", "e")
    assert network.stops.node.tolist() == [0, 8]
    assert network.tables.drive_s[0, 1] == -(-8 * 360 * 36 // 500)
    assert network.territory.name == "Valley"
    assert sum(group.count for group in network.territory.fleet) == 10
    record = json.loads((files / "out" / "build.json").read_text())
    assert record["stops"]["too_far_from_road"][0]["stop_id"] == "far"
    assert [one["role"] for one in record["inputs"]] == ["nodes", "edges", "stops"]
    assert str(files) not in json.dumps(record)


def test_stops_are_proposed_for_the_demand_and_options_reach_the_settings(files: Path) -> None:
    result = navette(
        *(*TABLES, "--demand", "demand.csv", "--cover", "0.6", "--wait-s", "600", "--seats", "5"),
        *("--ride-factor", "2", "--ride-constant-s", "300", "--stop-base-s", "60"),
        *("--stop-party-s", "0", "--speed-kmh-max", "40", "--shuttles", "7", "--depots", "2"),
        *("--walk-m", "400", "--timezone", "Europe/Berlin", "--out", "out"),
    )
    assert result.exit_code == 0, result.output
    assert "66.7% of requests walk at most 400 m" in result.stdout
    territory = load(files / "out").territory
    assert territory.name == "out"
    assert territory.timezone == "Europe/Berlin"
    assert (territory.promises.wait_s_max, territory.promises.walk_m_max) == (600, 400)
    assert (territory.promises.ride_factor, territory.promises.ride_constant_s) == (2, 300)
    assert (territory.stop_times.base_s, territory.stop_times.party_s) == (60, 0)
    assert territory.travel.speed_kmh_max == 40
    assert len(territory.fleet) == 2
    assert sum(group.count for group in territory.fleet) == 7
    assert {group.seats for group in territory.fleet} == {5}
    assert json.loads((files / "out" / "build.json").read_text())["cover"]["by_walk"] == 0.6667


def test_a_cover_that_cannot_be_reached_is_said(files: Path) -> None:
    result = navette(*TABLES, "--demand", "demand.csv", "--out", "out")
    assert result.exit_code == 0
    assert "Only 66.7% of the 95% asked for can be covered" in " ".join(result.stdout.split())


def test_corridors_restrict_a_territory_and_what_hangs_off_them_is_dropped(files: Path) -> None:
    result = navette(
        *TABLES, "--corridors", "corridors.yaml", "--demand", "demand.csv", "--out", "out"
    )
    assert result.exit_code == 0, result.output
    assert "1 links that corridors rule out by link" in result.stdout
    assert "1 nodes outside the largest connected part" in result.stdout
    roads = load(files / "out").roads
    assert roads is not None
    assert roads.node_count == 8
    record = json.loads((files / "out" / "build.json").read_text())
    roles = [one["role"] for one in record["inputs"]]
    assert roles == ["nodes", "edges", "corridors", "demand", "corridors' area"]
    assert set(roads.speed_kmh) == {30.0}


def test_a_territory_is_built_from_openstreetmap_and_names_its_source(files: Path) -> None:
    ways = [(1, [1, 2, 3, 4, 5, 6], {"highway": "residential"})]
    nodes = {3: {"place": "town", "name": "Middle"}}
    (files / "map.osm").write_text(osm_xml(ways, nodes))
    result = navette("--osm", "map.osm", "--out", "out")
    assert result.exit_code == 0, result.output
    assert "OpenStreetMap contributors" in result.stdout
    network = load(files / "out")
    assert network.territory.town == "Middle"
    assert [place.name for place in network.places] == ["Middle"]
    record = json.loads((files / "out" / "build.json").read_text())
    assert "ODbL" in record["licence"]
    assert record["cover"]["of"] == "homes"


@pytest.mark.parametrize("source", ["stops", "demand"])
def test_a_territory_is_built_without_roads(files: Path, source: str) -> None:
    result = navette("--crow", f"--{source}", f"{source}.csv", "--out", "out")
    assert result.exit_code == 0, result.output
    assert load(files / "out").roads is None


def test_the_same_inputs_give_the_same_folder(files: Path) -> None:
    for out in ("one", "two"):
        navette(*TABLES, "--demand", "demand.csv", "--name", "x", "--out", out)
    names = sorted(path.name for path in (files / "one").iterdir())
    assert names == ["build.json", "links.csv", "nodes.csv", "stops.csv", "territory.yaml"]
    for name in names:
        assert (files / "one" / name).read_bytes() == (files / "two" / name).read_bytes()


def test_tables_computed_while_building_are_found_when_loading(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    navette(*TABLES, "--stops", "stops.csv", "--speed-kmh-max", "43.21", "--out", "out")
    assert len(list((files / "cache" / "tables").iterdir())) == 1


def test_a_folder_in_use_is_not_overwritten_without_force(files: Path) -> None:
    words = (*TABLES, "--stops", "stops.csv", "--out", "out")
    assert navette(*words).exit_code == 0
    refused = navette(*words)
    assert refused.exit_code == 2
    assert refused.stderr.strip().endswith("--force to replace it")
    assert len(refused.stderr.strip().split("\n")) == 1
    assert navette(*words, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--osm: give roads"),
        (("--nodes", "nodes.csv"), "--nodes, --edges: give both"),
        ((*TABLES, "--crow"), "--crow: means no roads"),
        ((*TABLES, "--osm", "x.osm"), "--osm, --nodes: give one"),
        (("--crow",), "--stops: without roads"),
        (("--crow", "--stops", "stops.csv", "--corridors", "c"), "--corridors: need roads"),
        (("--crow", "--stops", "absent.csv"), "absent.csv: cannot be read: No such file"),
        (("--osm", "absent.osm"), "absent.osm: there is no such file"),
        ((*TABLES, "--stops", "nodes.csv"), "nodes.csv, line 1, field 'stop_id': this column"),
        ((*TABLES, "--stops", "stops.csv", "--wait-s", "0"), "--wait-s: Input should be greater"),
        ((*TABLES, "--stops", "stops.csv", "--ride-factor", "0.5"), "options: ride_factor below"),
        ((*TABLES, "--stops", "stops.csv", "--seats", "0"), "seats: Input should be greater"),
        ((*TABLES, "--stops", "stops.csv", "--timezone", "Mars/Base"), "unknown timezone"),
    ],
)
def test_what_cannot_be_built_ends_with_one_clear_line(
    files: Path, words: tuple[str, ...], message: str
) -> None:
    result = navette(*words, "--out", "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1
    assert not (files / "out").exists()


def test_an_interrupted_build_says_so_and_leaves_nothing(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.network.build.choose_depots", interrupt)
    result = navette(*TABLES, "--stops", "stops.csv", "--out", "out")
    assert result.exit_code == 130
    assert result.stderr.strip() == "interrupted"
    assert not (files / "out").exists()


def test_the_command_knows_its_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("navette, version ")
