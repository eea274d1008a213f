from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.domain.errors import InvalidFile
from services.network.corridors import points_inside, read_polygons, restrict
from services.network.roads import RoadRows
from tests.network.drawings import road_rows

LINKS = [(0, 1, 70_000), (1, 2, 70_000), (2, 3, 70_000), (3, 4, 70_000)]
"""Nodes lie at 6.000, 6.001, ... degrees east."""


def square(west: float, east: float, south: float = 49.9, north: float = 50.1) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def kept(tmp_path: Path, text: str, area: Any = None) -> RoadRows:
    (tmp_path / "corridors.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "area.geojson").write_text(json.dumps(area), encoding="utf-8")
    classes = ["primary", "residential", "residential", "motorway"]
    return restrict(
        road_rows(5, LINKS, highway=classes, speed_kmh=80), tmp_path / "corridors.yaml"
    )[0]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("classes: {allow: [primary, residential]}", "a0 a1 a2"),
        ("classes: {deny: [residential]}", "a0 a3"),
        ("classes: {allow: [primary, motorway], deny: [motorway]}", "a0"),
        ("links: {allow: [a1, a2]}", "a1 a2"),
        ("links: {deny: [a1]}\nways: {deny: [w3]}", "a0 a2"),
        ("inside: area.geojson", "a1"),
        ("outside: area.geojson", "a3"),
        ("classes: {allow: []}", ""),
    ],
)
def test_a_road_must_pass_every_rule(tmp_path: Path, text: str, links: str) -> None:
    area = polygon(square(6.0005, 6.0025))
    assert " ".join(kept(tmp_path, text, area).link_ids) == links


def test_a_road_that_only_crosses_an_area_has_a_part_in_it(tmp_path: Path) -> None:
    area = polygon(square(6.0014, 6.0016))
    assert kept(tmp_path, "outside: area.geojson", area).link_ids == ("a0", "a2", "a3")
    hole = polygon(square(5, 7), square(6.0014, 6.0016))
    assert kept(tmp_path, "inside: area.geojson", hole).link_ids == ("a0", "a2", "a3")


def test_speeds_are_capped_for_all_and_by_class(tmp_path: Path) -> None:
    text = "speed_kmh_max: 60\nspeed_kmh_max_by_class: {residential: 20, primary: 70}"
    assert kept(tmp_path, text).speed_kmh.tolist() == [60, 20, 20, 60]


def test_what_corridors_rule_out_is_counted_by_rule(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("classes: {deny: [motorway]}\nlinks: {deny: [a0, a3]}")
    classes = ["primary", "primary", "primary", "motorway"]
    _, dropped = restrict(road_rows(5, LINKS, highway=classes), tmp_path / "c.yaml")
    assert [(one.what, one.examples) for one in dropped] == [
        ("links that corridors rule out by class", ("a3",)),
        ("links that corridors rule out by link", ("a0",)),
    ]


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("classes: {only: [primary]}", 1, "classes.only"),
        ("\nspeed_kmh_max: fast", 2, "speed_kmh_max"),
        ("speed_kmh_max_by_class: {primary: 0}", 1, "speed_kmh_max_by_class.primary"),
        ("links:\n  deny: [a9]", None, "links"),
        ("ways: {allow: [77]}", None, "ways"),
    ],
)
def test_a_bad_rule_is_an_error_with_its_place(
    tmp_path: Path, text: str, line: int | None, field: str
) -> None:
    with pytest.raises(InvalidFile) as caught:
        kept(tmp_path, text)
    assert caught.value.field == field
    if line is not None:
        assert caught.value.line == line


@pytest.mark.parametrize(
    "area",
    [
        None,
        [],
        {"type": "FeatureCollection"},
        {"type": "FeatureCollection", "features": [7]},
        {"type": "Point", "coordinates": [6, 50]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [7]},
        {"type": "MultiPolygon", "coordinates": [7]},
        polygon(),
        polygon(square(6, 7)[:-1]),
        {"type": "Polygon", "coordinates": [[[6, 50], [7, 50], [6, "x"], [6, 50]]]},
        polygon([[6, 50], [700, 50], [6, 51], [6, 50]]),
        polygon([[6, 50], [True, 50], [6, 51], [6, 50]]),
    ],
)
def test_areas_that_are_no_polygons_are_refused(tmp_path: Path, area: Any) -> None:
    with pytest.raises(InvalidFile, match=r"area\.geojson"):
        kept(tmp_path, "inside: area.geojson", area)


def test_polygons_are_found_in_features_and_multipolygons(tmp_path: Path) -> None:
    multi = {"type": "MultiPolygon", "coordinates": [[square(0, 1)], [square(2, 3)]]}
    feature = {"type": "Feature", "geometry": multi, "properties": {}}
    for content in (multi, feature, {"type": "FeatureCollection", "features": [feature]}):
        path = tmp_path / "area.geojson"
        path.write_text(json.dumps(content), encoding="utf-8")
        rings = read_polygons(path)
        inside = points_inside(np.array([0.5, 1.5, 2.5, 3.5]), np.full(4, 50.0), rings)
        assert inside.tolist() == [True, False, True, False]
