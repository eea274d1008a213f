"""The roads that an operator lets shuttles use, and how fast.

A file of corridors looks like this; every key may be left out, and a road must pass every rule::

    classes:                # OpenStreetMap classes of road
      allow: [primary, secondary, tertiary, unclassified, residential]
      deny: [motorway]
    inside: zone.geojson    # roads must lie within these polygons ...
    outside: works.geojson  # ... and have no part in these
    links:                  # ids of links; also `ways`, with ids of OpenStreetMap ways
      deny: ["4711f"]
    speed_kmh_max: 50
    speed_kmh_max_by_class: {residential: 20}

``allow`` means only these, ``deny`` means all but these.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.domain.errors import InvalidFile
from services.network.clean import DropLog, Dropped
from services.network.flat import Floats
from services.network.roads import STAND_STILL_KMH, RoadRows
from services.network.settings_file import read_settings
from services.network.stop_files import load_json, lon_lat

Speed = Annotated[float, Field(ge=STAND_STILL_KMH, le=200)]
Mask = NDArray[np.bool_]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """Things that are allowed (only these) and denied (never these)."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    @field_validator("allow", "deny", mode="before")
    @classmethod
    def _ids_are_text(cls, value: Any) -> Any:
        """Take ids that look like numbers for what they are."""
        if not isinstance(value, list):
            return value
        return [
            str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in value
        ]

    def passes(self, things: tuple[str, ...]) -> Mask:
        """Mark the things that pass."""
        allow = None if self.allow is None else set(self.allow)
        deny = set(self.deny)
        return np.array(
            [(allow is None or one in allow) and one not in deny for one in things], dtype=np.bool_
        )

    def named(self) -> set[str]:
        """All things that are named."""
        return {*(self.allow or ()), *self.deny}


class Corridors(_Part):
    """The content of a file of corridors; polygons are names of GeoJSON files beside it."""

    classes: Choice = Choice()
    inside: str | None = None
    outside: str | None = None
    links: Choice = Choice()
    ways: Choice = Choice()
    speed_kmh_max: Speed | None = None
    speed_kmh_max_by_class: dict[str, Speed] = {}


def restrict(rows: RoadRows, path: Path) -> tuple[RoadRows, list[Dropped]]:
    """Keep the roads that a file of corridors allows, at the speeds that it allows.

    Raises
    ------
    InvalidFile
        If the file or one of its polygons cannot be used, or it names links that are not there.
    """
    corridors = read_settings(path, Corridors)
    _check_known(path, "links", corridors.links, rows.link_ids)
    _check_known(path, "ways", corridors.ways, rows.way)
    log = DropLog()
    kept = np.ones(len(rows.link_ids), dtype=np.bool_)

    def keep(what: str, passing: Mask) -> None:
        dropped = np.flatnonzero(kept & ~passing)
        log.drop_all(f"links that corridors rule out {what}", (rows.link_ids[i] for i in dropped))
        kept[dropped] = False

    keep("by class", corridors.classes.passes(rows.highway))
    keep("by link", corridors.links.passes(rows.link_ids))
    keep("by way", corridors.ways.passes(rows.way))
    if corridors.inside:
        keep("by area", _within(rows, read_polygons(path.parent / corridors.inside), wholly=True))
    if corridors.outside:
        area = read_polygons(path.parent / corridors.outside)
        keep("by area", ~_within(rows, area, wholly=False))
    slowed = _slow_down(rows, corridors)
    return slowed.keep_links(kept), log.dropped()


def area_files(path: Path) -> list[Path]:
    """Name the files of polygons that a file of corridors goes by."""
    corridors = read_settings(path, Corridors)
    return [path.parent / name for name in (corridors.inside, corridors.outside) if name]


def _check_known(path: Path, key: str, choice: Choice, known: tuple[str, ...]) -> None:
    unknown = sorted(choice.named() - set(known))
    if unknown:
        raise InvalidFile(path, f"there is no '{unknown[0]}' among the roads", field=key)


def _slow_down(rows: RoadRows, corridors: Corridors) -> RoadRows:
    caps = corridors.speed_kmh_max_by_class
    overall = corridors.speed_kmh_max or np.inf
    cap_kmh = np.array([min(overall, caps.get(highway, np.inf)) for highway in rows.highway])
    return rows.with_speeds(np.minimum(rows.speed_kmh, cap_kmh))


def read_polygons(path: Path) -> list[Floats]:
    """Read the rings of all polygons of a GeoJSON file, each an array of [lon, lat] in degrees.

    Outer rings and holes are told apart by counting: a place is inside if a line from it crosses an
    odd number of edges.
    """
    content = load_json(path)
    rings: list[Floats] = []
    for number, geometry in enumerate(_geometries(path, content)):
        field = f"geometry {number + 1}"
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        match kind:
            case "Polygon":
                polygons = [geometry.get("coordinates")]
            case "MultiPolygon":
                polygons = geometry.get("coordinates")
            case _:
                raise InvalidFile(path, "is not a polygon", field=field)
        if not isinstance(polygons, list):
            raise InvalidFile(path, "has no coordinates", field=field)
        for polygon in polygons:
            if not isinstance(polygon, list):
                raise InvalidFile(path, "has no rings", field=field)
            rings.extend(_ring(path, field, ring) for ring in polygon)
    if not rings:
        raise InvalidFile(path, "holds no polygon")
    return rings


def _geometries(path: Path, content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise InvalidFile(path, "is not GeoJSON")
    match content.get("type"):
        case "FeatureCollection":
            features = content.get("features")
            if not isinstance(features, list):
                raise InvalidFile(path, "is not a list", field="features")
            return [one.get("geometry") if isinstance(one, dict) else None for one in features]
        case "Feature":
            return [content.get("geometry")]
    return [content]


def _ring(path: Path, field: str, ring: Any) -> Floats:
    if not isinstance(ring, list) or len(ring) < 4 or ring[0] != ring[-1]:
        raise InvalidFile(
            path, "a ring has four positions or more and ends as it began", field=field
        )
    return np.array([lon_lat(path, field, position) for position in ring], dtype=np.float64)


def _within(rows: RoadRows, rings: list[Floats], *, wholly: bool) -> Mask:
    """Mark links that lie within polygons: wholly, or with any part."""
    inside = points_inside(rows.lon, rows.lat, rings)
    tail, head = inside[rows.tail], inside[rows.head]
    crossing = _crossing(rows, rings)
    return (tail & head & ~crossing) if wholly else (tail | head | crossing)


def points_inside(lon: Floats, lat: Floats, rings: list[Floats]) -> Mask:
    """Mark the points that are inside (even-odd rule over all rings)."""
    inside = np.zeros(len(lon), dtype=np.bool_)
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if y1 != y2:
                spans = (lat < y1) != (lat < y2)
                inside ^= spans & (lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1))
    return inside


def _crossing(rows: RoadRows, rings: list[Floats]) -> Mask:
    """Mark links whose straight line crosses an edge."""
    ax, ay = rows.lon[rows.tail], rows.lat[rows.tail]
    bx, by = rows.lon[rows.head], rows.lat[rows.head]
    crossing = np.zeros(len(ax), dtype=np.bool_)
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            from_edge = (x2 - x1) * (ay - y1) - (y2 - y1) * (ax - x1)
            to_edge = (x2 - x1) * (by - y1) - (y2 - y1) * (bx - x1)
            from_link = (bx - ax) * (y1 - ay) - (by - ay) * (x1 - ax)
            to_link = (bx - ax) * (y2 - ay) - (by - ay) * (x2 - ax)
            crossing |= (from_edge * to_edge < 0) & (from_link * to_link < 0)
    return crossing
