from __future__ import annotations

import gzip
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from services.domain.errors import InvalidFile
from services.domain.places import PlaceKind
from services.network.clean import connect
from services.network.osm import OsmData, directions, read_osm, speeds
from services.network.speeds import DRIVABLE_KMH, signed_kmh

Tags = dict[str, str]


def osm_xml(ways: list[tuple[int, list[int], Tags]], nodes: dict[int, Tags] | None = None) -> str:
    """A file with nodes 1 to 6 (some 111 m apart, northwards) and these ways."""
    text = ['<osm version="0.6">']
    for node in range(1, 7):
        tags = (nodes or {}).get(node, {})
        text.append(f'<node id="{node}" version="1" lon="2.0" lat="{46 + node / 1000}">')
        text += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
        text.append("</node>")
    for way, refs, tags in ways:
        text.append(f'<way id="{way}" version="1">')
        text += [f'<nd ref="{ref}"/>' for ref in refs]
        text += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
        text.append("</way>")
    return "\n".join([*text, "</osm>"])


def read(
    tmp_path: Path, ways: list[tuple[int, list[int], Tags]], nodes: dict[int, Tags] | None = None
) -> OsmData:
    path = tmp_path / "map.osm"
    path.write_text(osm_xml(ways, nodes), encoding="utf-8")
    return read_osm(path)


def links(data: OsmData) -> set[str]:
    return {
        data.roads.node_ids[tail] + ">" + data.roads.node_ids[head]
        for tail, head in zip(data.roads.tail, data.roads.head, strict=True)
    }


def dropped(data: OsmData) -> dict[str, int]:
    return {one.what: one.count for one in data.dropped}


def test_a_way_becomes_links_both_ways_that_keep_its_shape(tmp_path: Path) -> None:
    data = read(tmp_path, [(7, [1, 2, 3], {"highway": "tertiary"})])
    assert links(data) == {"1>2", "2>1", "2>3", "3>2"}
    assert data.roads.length_m.tolist() == pytest.approx([111.2] * 4, abs=0.1)
    assert set(data.roads.highway) == {"tertiary"}
    assert set(data.roads.way) == {"7"}
    assert set(data.roads.speed_kmh) == {60.0}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, (True, True)),
        ({"highway": "residential", "oneway": "yes"}, (True, False)),
        ({"highway": "residential", "oneway": "1"}, (True, False)),
        ({"highway": "residential", "oneway": "-1"}, (False, True)),
        ({"highway": "residential", "oneway": "no"}, (True, True)),
        ({"highway": "tertiary", "junction": "roundabout"}, (True, False)),
        ({"highway": "tertiary", "junction": "circular"}, (True, False)),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
    ],
)
def test_one_way_streets_are_driven_one_way(tags: Tags, expected: tuple[bool, bool]) -> None:
    assert directions(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (30.0, 30.0)),
        ({"maxspeed": "50"}, (50.0, 50.0)),
        ({"maxspeed": "50", "maxspeed:backward": "30"}, (50.0, 30.0)),
        ({"maxspeed": "signals"}, (30.0, 30.0)),
        ({"maxspeed": "signals", "maxspeed:type": "FR:rural"}, (80.0, 80.0)),
        ({"source:maxspeed": "DE:zone:20"}, (20.0, 20.0)),
        ({"maxspeed": "0"}, (30.0, 30.0)),
    ],
)
def test_speed_is_what_the_sign_says_else_the_country_else_the_class(
    tags: Tags, expected: tuple[float, float]
) -> None:
    assert speeds({"highway": "residential", **tags}) == expected


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("80", 80.0),
        ("80 km/h", 80.0),
        ("50 mph", 80.4672),
        ("50mph", 80.4672),
        ("walk", 7.0),
        ("none", 130.0),
        ("FR:urban", 50.0),
        ("FR:rural", 80.0),
        ("DE:rural", 100.0),
        ("RO:rural", 90.0),
        ("DE:motorway", 130.0),
        ("FR:zone30", 30.0),
        ("DE:zone:30", 30.0),
        ("FR:30", 30.0),
        ("DE:living_street", 7.0),
        ("GB:nsl_single", 96.6),
        ("BE-VLG:urban", 50.0),
        ("90;30;90", 30.0),
        ("signals;50", 50.0),
        ("", None),
        ("fast", None),
        ("-5", None),
        ("5000", None),
        ("80 furlongs", None),
        ("FR:unknown", None),
    ],
)
def test_maxspeed_is_read_in_all_its_spellings(text: str, kmh: float | None) -> None:
    assert signed_kmh(text) == kmh


@pytest.mark.parametrize(
    ("tags", "open_to_cars"),
    [
        ({"access": "no"}, False),
        ({"access": "private"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"access": "yes", "motor_vehicle": "private"}, False),
        ({"motorcar": "designated", "vehicle": "no"}, True),
        ({"motor_vehicle": "agricultural;forestry"}, False),
        ({"access": "destination"}, True),
        ({"access": "permissive"}, True),
    ],
)
def test_the_most_particular_access_tag_counts(
    tmp_path: Path, tags: Tags, open_to_cars: bool
) -> None:
    ways = [(1, [1, 2], {"highway": "residential"}), (2, [2, 3], {"highway": "service", **tags})]
    data = read(tmp_path, ways)
    assert ("2>3" in links(data)) == open_to_cars
    assert ("ways that are closed to cars" in dropped(data)) != open_to_cars


def test_only_classes_for_cars_are_read(tmp_path: Path) -> None:
    for highway in ("track", "path", "footway", "cycleway", "steps", "construction", "proposed"):
        with pytest.raises(InvalidFile, match="no road that can be driven"):
            read(tmp_path, [(1, [1, 2], {"highway": highway})])
    for highway in DRIVABLE_KMH:
        assert links(read(tmp_path, [(1, [1, 2], {"highway": highway})])) >= {"1>2"}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    street = {"highway": "residential"}
    ways = [
        (1, [1, 2, 99, 3], street),
        (2, [1, 2], {"highway": "service", "service": "driveway"}),
        (3, [1, 2], {**street, "area": "yes"}),
        (4, [1, 2], {**street, "oneway": "reversible"}),
        (5, [3, 4, 5], street),
    ]
    data = read(tmp_path, ways, {4: {"barrier": "bollard"}})
    assert links(data) == {"1>2", "2>1"}
    assert dropped(data) == {
        "pieces of way without one of their nodes": 2,
        "service ways to single houses and parking places": 1,
        "ways that are areas": 1,
        "ways whose direction changes": 1,
        "pieces of way at a barrier": 2,
    }


def test_barriers_block_unless_cars_are_let_through(tmp_path: Path) -> None:
    ways = [(1, [1, 2, 3, 4, 5], {"highway": "residential"})]
    nodes = {
        2: {"barrier": "bollard", "motor_vehicle": "yes"},
        3: {"barrier": "gate"},
        4: {"barrier": "gate", "access": "private"},
    }
    assert links(read(tmp_path, ways, nodes)) == {"1>2", "2>1", "2>3", "3>2"}


def test_settlements_are_read_with_their_population(tmp_path: Path) -> None:
    nodes = {
        1: {"place": "town", "name": "Guéret", "population": "13 000", "ref:INSEE": "23096"},
        2: {"place": "hamlet", "name": "Le Bourg", "population": "many"},
        3: {"place": "village"},
        4: {"place": "city", "name": "Metropolis"},
    }
    places = read(tmp_path, [(1, [1, 2], {"highway": "road"})], nodes).places
    assert [(one.name, one.kind, one.population, one.insee) for one in places] == [
        ("Guéret", PlaceKind.TOWN, 13_000, "23096"),
        ("Le Bourg", PlaceKind.HAMLET, None, None),
    ]


def test_files_that_are_no_map_are_refused(tmp_path: Path) -> None:
    whole = osm_xml([(1, [1, 2], {"highway": "road"})])
    packed = gzip.compress(whole.encode())
    for name, data in {
        "cut.osm": whole[: len(whole) // 2].encode(),
        "cut.osm.gz": packed[:-20],
        "noise.osm.pbf": b"\x00\x01\x02\x03" * 50,
        "empty.osm.pbf": b"",
        "map.shp": whole.encode(),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(InvalidFile):
            read_osm(path)
    with pytest.raises(InvalidFile, match="no such file"):
        read_osm(tmp_path / "absent.osm")


@pytest.mark.parametrize(
    ("name", "places", "nodes"),
    [("north-bayreuth.osm.gz", 70, 5_355), ("andorra.osm.pbf", 59, 16_147)],
)
def test_real_extracts_are_read_and_mostly_connected(
    shared_data: Path, name: str, places: int, nodes: int
) -> None:
    data = read_osm(shared_data / "roads" / name)
    rows, _ = connect(data.roads)
    assert len(data.places) == places
    assert len(rows.node_ids) == nodes > 0.9 * len(data.roads.node_ids)
    assert 5 < data.roads.speed_kmh.min() < data.roads.speed_kmh.max() <= 130
