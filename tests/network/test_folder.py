from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.domain.errors import InvalidFile, OutputInUse
from services.domain.places import PlaceKind, PlaceRole
from services.network.folder import Network, load
from services.network.folder_writer import Contents, write
from services.network.roads import RoadRows
from services.network.stops import StopRow
from tests.network.drawings import LINKS, NODES, STOPS, TERRITORY, draw_folder, road_rows


def read(tmp_path: Path, **changed: str | None) -> Network:
    return load(draw_folder(tmp_path / "valley", **changed), cache=tmp_path / "cache")


def test_a_folder_reads_as_it_is_drawn(tmp_path: Path) -> None:
    network = read(tmp_path)
    assert network.territory.name == "Valley"
    assert network.stops.ids == ("a", "b")
    assert network.stops.node.tolist() == [0, 2]
    assert network.tables.drive_s.tolist() == [[0, 126], [126, 0]]
    assert network.tables.drive_m.tolist() == [[0, 1400], [1400, 0]]
    town, mill = network.places
    assert (town.kind, town.population, town.insee) == (PlaceKind.TOWN, 1200, "23176")
    assert town.roles == {PlaceRole.STATION, PlaceRole.SCHOOL}
    assert (mill.population, mill.roles, mill.insee) == (None, frozenset(), None)


def test_the_speed_cap_of_the_settings_holds_on_every_link(tmp_path: Path) -> None:
    network = read(tmp_path, territory=TERRITORY + "travel: {speed_kmh_max: 30}\n")
    assert network.tables.drive_s[0, 1] == 168


def test_a_stop_tied_to_a_node_stays_there(tmp_path: Path) -> None:
    stops = "stop_id,name,lon,lat,node\na,,6.0,50.0,2\nb,,6.02,50.0,\n"
    assert read(tmp_path, stops=stops).stops.node.tolist() == [1, 2]


def test_gzipped_tables_and_a_byte_order_mark_read_the_same(tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "valley", links=None, stops="\ufeff" + STOPS)
    (folder / "links.csv.gz").write_bytes(gzip.compress(LINKS.encode()))
    assert load(folder, cache=tmp_path).tables.drive_s[0, 1] == 126


def test_without_roads_travel_is_as_the_crow_flies(tmp_path: Path) -> None:
    territory = TERRITORY + "travel: {kind: crow}\n"
    network = read(tmp_path, territory=territory, nodes=None, links=None)
    assert network.roads is None
    assert network.stops.node.tolist() == [-1, -1]
    assert network.tables.next_link.shape == (0, 2)
    straight_m = 0.0198 * 111_195 * 0.6427861  # cos(50.0001 degrees)
    assert network.tables.drive_m[0, 1] == pytest.approx(1.3 * straight_m, abs=2)
    assert network.tables.drive_s[0, 1] == round(1.3 * straight_m * 3.6 / 50)


@pytest.mark.parametrize(
    ("changed", "file", "line", "field", "reason"),
    [
        ({"territory": ""}, "territory.yaml", 1, None, "is empty"),
        ({"territory": None}, "territory.yaml", None, None, "No such file"),
        ({"territory": "name: [\n"}, "territory.yaml", 2, None, "expected"),
        ({"territory": TERRITORY + "wheels: 4\n"}, "territory.yaml", 5, "wheels", "no such key"),
        ({"territory": TERRITORY + "name: x\n"}, "territory.yaml", 5, None, "twice"),
        ({"territory": "name: x\n"}, "territory.yaml", 1, "fleet", "missing"),
        (
            {"territory": TERRITORY.replace("count: 2", "count: -1")},
            *("territory.yaml", 4, "fleet.0.count", "greater than or equal to 1"),
        ),
        (
            {"territory": TERRITORY.replace("depot: a", "depot: z")},
            *("territory.yaml", 3, "fleet.0.depot", "no stop 'z'"),
        ),
        (
            {"territory": TERRITORY.replace("depot: a", "depot: 7")},
            *("territory.yaml", 3, "fleet.0.depot", "quotes"),
        ),
        ({"territory": TERRITORY + "town: Oz\n"}, "territory.yaml", 5, "town", "no place 'Oz'"),
        (
            {"territory": TERRITORY + "promises:\n  ride_factor: 0.5\n"},
            *("territory.yaml", 5, "promises", "ride_factor below 1"),
        ),
        (
            {"territory": TERRITORY + "travel: {speed_kmh_max: 0.001}\n"},
            *("links.csv", None, "speed_kmh", "longer than 65534 s"),
        ),
        ({"nodes": ""}, "nodes.csv", 1, None, "is empty"),
        ({"nodes": None}, "nodes.csv", None, None, "missing"),
        ({"nodes": NODES.replace("lat", "y")}, "nodes.csv", 1, "lat", "missing"),
        ({"nodes": NODES.replace(",", ";")}, "nodes.csv", 1, "node", "separated by commas"),
        ({"nodes": NODES + "2,6,50\n"}, "nodes.csv", 5, "node", "'2' is there twice"),
        ({"nodes": NODES + "4,6,91\n"}, "nodes.csv", 5, "lat", "91 is not between -90 and 90"),
        ({"nodes": NODES + "4,nan,5\n"}, "nodes.csv", 5, "lon", "'nan' is not a number"),
        ({"nodes": NODES + "4,1_0,5\n"}, "nodes.csv", 5, "lon", "'1_0' is not a number"),
        ({"nodes": NODES + "4,6\n"}, "nodes.csv", 5, None, "has 2 cells"),
        ({"nodes": NODES + '4,"6,5\n'}, "nodes.csv", 5, None, "not a CSV table"),
        ({"links": LINKS + "9,1,8,1,1,\n"}, "links.csv", 6, "to", "no road node '8'"),
        ({"links": LINKS + "9,1,1,1,1,\n"}, "links.csv", 6, "to", "one node to another"),
        ({"links": LINKS + "12,1,2,1,1,\n"}, "links.csv", 6, "link", "twice"),
        ({"links": LINKS + "9,1,2,-1,1,\n"}, "links.csv", 6, "length_m", "-1 is not between"),
        ({"links": LINKS + "9,1,2,inf,1,\n"}, "links.csv", 6, "length_m", "not a number"),
        ({"links": LINKS + "9,1,2,1,0,\n"}, "links.csv", 6, "speed_kmh", "0 is not between"),
        ({"links": LINKS + "9,1,2,,1,\n"}, "links.csv", 6, "length_m", "is empty"),
        ({"links": LINKS + "9,1,2,999999,1,\n"}, "links.csv", 6, "length_m", "takes longer"),
        ({"links": LINKS.split("\n")[0]}, "links.csv", None, None, "no link"),
        ({"stops": STOPS.split("\n")[0]}, "stops.csv", None, None, "no stop"),
        ({"stops": STOPS + "a,,6,50\n"}, "stops.csv", 4, "stop_id", "'a' is there twice"),
        (
            {"stops": "stop_id,name,lon,lat,node\na,,6,50,9\n"},
            *("stops.csv", 2, "node", "no road node '9'"),
        ),
        ({"places": "name,kind,lon,lat\nX,city,6,50\n"}, "places.csv", 2, "kind", "none of"),
        (
            {"places": "name,kind,lon,lat,roles\nX,town,6,50,school;pub\n"},
            *("places.csv", 2, "roles", "'pub' is none of"),
        ),
        (
            {"places": "name,kind,lon,lat,population\nX,town,6,50,2.5\n"},
            *("places.csv", 2, "population", "not a whole number"),
        ),
    ],
)
def test_a_bad_folder_is_refused_with_file_line_and_field(
    tmp_path: Path,
    changed: dict[str, str | None],
    file: str,
    line: int | None,
    field: str | None,
    reason: str,
) -> None:
    with pytest.raises(InvalidFile) as caught:
        read(tmp_path, **changed)
    assert (caught.value.path.name, caught.value.line, caught.value.field) == (file, line, field)
    assert reason in caught.value.reason


def test_bytes_that_are_no_text_and_packed_files_cut_short_are_refused(tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "valley")
    (folder / "stops.csv").write_bytes(STOPS.encode() + b"c,Caf\xe9,6,50\n")
    with pytest.raises(InvalidFile, match=r"stops.csv, line 4: is not UTF-8"):
        load(folder, cache=tmp_path)
    packed = gzip.compress(STOPS.encode())
    for data, reason in ((packed[:-9], "cut short"), (packed[:30] + b"x" * 60, "damaged")):
        (folder / "stops.csv").write_bytes(data)
        with pytest.raises(InvalidFile, match=reason):
            load(folder, cache=tmp_path)


def test_two_versions_of_one_table_are_refused(tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "valley")
    (folder / "stops.csv.gz").write_bytes(gzip.compress(STOPS.encode()))
    with pytest.raises(InvalidFile, match="which of the two"):
        load(folder, cache=tmp_path)


def test_a_territory_too_large_for_its_tables_is_refused(tmp_path: Path) -> None:
    links = LINKS.replace("700,60", "40000,3").replace("700,30", "40000,3")
    with pytest.raises(InvalidFile, match="travel tables end at 65534 s"):
        read(tmp_path, links=links)


def contents(tmp_path: Path, *, folder: str = "first") -> tuple[Contents, RoadRows]:
    rows = road_rows(3, [(0, 1, 70_000), (1, 2, 70_000), (2, 0, 140_000)], speed_kmh=80.467)
    stops = [StopRow("a", "Église, «haut»", 6.0, 50.0, 2), StopRow("b", 'say "b"', 6.002, 50.0, 0)]
    network = load(draw_folder(tmp_path / folder), cache=tmp_path / "cache")
    return (
        Contents(
            territory=network.territory,
            stops=stops,
            roads=rows,
            places=network.places,
            build={"made_by": "test"},
        ),
        rows,
    )


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    what, rows = contents(tmp_path)
    write(tmp_path / "out", what)
    network = load(tmp_path / "out", cache=tmp_path / "cache")
    assert network.territory == what.territory
    assert network.places == what.places
    assert network.stops.names == ("Église, «haut»", 'say "b"')
    assert network.stops.node.tolist() == [2, 0]
    assert network.roads is not None
    assert network.roads.node_ids == rows.node_ids
    assert network.roads.speed_kmh.tolist() == [80.467] * 3
    assert network.roads.link_mm.tolist() == [70_000, 70_000, 140_000]


def test_a_folder_in_use_is_kept_and_only_a_territory_is_replaced_by_force(tmp_path: Path) -> None:
    what, _ = contents(tmp_path)
    diary = tmp_path / "out" / "diary.txt"
    diary.parent.mkdir()
    write(tmp_path / "out", what)
    with pytest.raises(OutputInUse, match="not empty"):
        write(tmp_path / "out", what)
    diary.write_text("old")
    write(tmp_path / "out", what, force=True)
    assert not diary.exists()
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("x")
    with pytest.raises(OutputInUse, match="no territory"):
        write(home, what, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "first", "home", "out"]


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, _ = contents(tmp_path)

    def full(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.network.folder_writer._write_roads", full)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", what)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "first"]
