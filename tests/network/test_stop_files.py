from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from services.domain.errors import InvalidFile
from services.network.stop_files import read_stops
from services.network.stops import StopRow

GTFS = """\
stop_id,stop_name,stop_lat,stop_lon,location_type
S,Station,45.0,2.0,1
S:1,Platform 1,45.001,2.001,0
B,"Bus, north",45.002,2.002,
"""
BOARDING = [StopRow("S:1", "Platform 1", 2.001, 45.001), StopRow("B", "Bus, north", 2.002, 45.002)]


def point(lon: Any, lat: Any, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def geojson(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_stops_are_read_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "stops.csv"
    path.write_text("name,lat,lon,stop_id\nMill,45,2,m\n,46,3,n\n")
    assert read_stops(path) == [StopRow("m", "Mill", 2.0, 45.0), StopRow("n", "", 3.0, 46.0)]


def test_only_places_to_board_are_read_from_gtfs(tmp_path: Path) -> None:
    (tmp_path / "stops.txt").write_text(GTFS)
    assert read_stops(tmp_path / "stops.txt") == BOARDING
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as feed:
        feed.writestr("feed/stops.txt", "\ufeff" + GTFS)
    assert read_stops(tmp_path / "feed.zip") == BOARDING


def test_stops_are_read_from_geojson(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "stops.geojson", point(2, 45, stop_id="m", name="Mill"), point(3, 46, id=7),
        {**point(4, 47), "properties": None},
    )  # fmt: skip
    assert [(stop.stop_id, stop.name, stop.lon) for stop in read_stops(path)] == [
        ("m", "Mill", 2.0),
        ("7", "", 3.0),
        ("g3", "", 4.0),
    ]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("s.csv", "stop_id,lon,lat\na,2,45\na,3,45\n", r"line 3, field 'stop_id'"),
        ("s.csv", "stop_id,lon,lat\n", "has no stop"),
        ("s.csv", "stop_id,x,y\n", r"line 1, field 'lon'"),
        ("s.txt", "stop_id,stop_lat,stop_lon\na,95,2\n", r"line 2, field 'stop_lat'"),
        ("s.txt", "stop_id,stop_lat,stop_lon,location_type\na,45,2,1\n", "has no stop"),
        ("s.zip", "no zip", "not a zip file"),
        ("s.json", "{", r"line 1: is not JSON"),
        ("s.json", "[]", "field 'features'"),
        ("s.json", '{"features": [{"geometry": null}]}', r"features\[0\]\.geometry"),
        (
            "s.json",
            '{"features": [{"geometry": {"type": "Point", "coordinates": [1e999, 2]}}]}',
            "not a number",
        ),
        (
            "s.json",
            '{"features": [{"geometry": {"type": "Point", "coordinates": [2]}}]}',
            "not a position",
        ),
    ],
)
def test_bad_stops_are_refused_with_their_place(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidFile, match=place):
        read_stops(tmp_path / name)


def test_a_feed_without_stops_or_with_a_damaged_member_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as feed:
        feed.writestr("routes.txt", "")
    with pytest.raises(InvalidFile, match=r"without stops\.txt"):
        read_stops(tmp_path / "feed.zip")
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as feed:
        feed.writestr("stops.txt", GTFS)
    data = (tmp_path / "feed.zip").read_bytes().replace(b"Station", b"Stxtion")
    (tmp_path / "feed.zip").write_bytes(data)
    with pytest.raises(InvalidFile, match="CRC"):
        read_stops(tmp_path / "feed.zip")
    with pytest.raises(InvalidFile, match="No such file"):
        read_stops(tmp_path / "absent.zip")


def test_an_error_in_a_feed_names_the_table_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as feed:
        feed.writestr("stops.txt", GTFS + "B,,45,2,0\n")
    with pytest.raises(InvalidFile, match=r"feed\.zip/stops\.txt, line 5, field 'stop_id'"):
        read_stops(tmp_path / "feed.zip")


def test_two_features_with_one_id_are_refused(tmp_path: Path) -> None:
    path = geojson(tmp_path / "s.geojson", point(2, 45, id="a"), point(3, 45, id="a"))
    with pytest.raises(InvalidFile, match="there twice"):
        read_stops(path)


def test_the_buses_of_corsica_have_99_stops(shared_data: Path) -> None:
    stops = read_stops(shared_data / "france" / "corsica_buses.gtfs.zip")
    assert len(stops) == 99
    assert stops[0] == StopRow("STP-RCH070", "Lucciana Corse Matin", 9.4822, 42.55554)
