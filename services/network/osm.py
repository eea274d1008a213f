"""Roads and places from OpenStreetMap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium

from services.domain.errors import InvalidFile
from services.domain.geo import Point, distance_m
from services.domain.places import Place, PlaceKind
from services.network.clean import DropLog, Dropped
from services.network.roads import LINK_M_MAX, STAND_STILL_KMH, RoadRows
from services.network.speeds import DRIVABLE_KMH, class_kmh, signed_kmh

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "Open Database License (ODbL) 1.0, https://opendatacommons.org/licenses/odbl/1-0/"

_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most to the least particular; the first that is there counts."""

_CLOSED = frozenset(
    {
        *("no", "private", "agricultural", "forestry", "agricultural;forestry", "emergency"),
        *("military", "delivery", "restricted", "use_sidepath"),
    }
)
_SERVICE_CLOSED = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
_BARRIERS_CLOSED = frozenset(
    {
        *("bollard", "block", "jersey_barrier", "log", "debris", "chain", "cycle_barrier"),
        *("motorcycle_barrier", "kissing_gate", "stile", "turnstile", "full-height_turnstile"),
        *("fence", "wall", "hedge", "planter"),
    }
)
_FORWARD = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})
_CHANGING = frozenset({"reversible", "alternating"})

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OsmData:
    """What a file of OpenStreetMap gives a territory."""

    roads: RoadRows
    places: tuple[Place, ...]
    dropped: list[Dropped]


@dataclass(slots=True)
class _Draft:
    """Roads while they are read."""

    number: dict[int, int] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    links: list[tuple[str, int, int, float, float, str, str]] = field(default_factory=list)
    ways: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    places: list[Place] = field(default_factory=list)
    log: DropLog = field(default_factory=DropLog)

    def node(self, osm_id: int, point: Point) -> int:
        known = self.number.get(osm_id)
        if known is None:
            known = self.number[osm_id] = len(self.points)
            self.points.append(point)
        return known


def read_osm(path: Path) -> OsmData:
    """Read the drivable roads and the named settlements of an OpenStreetMap extract.

    Every node of a way becomes a road node, so the roads keep their shape.

    Parameters
    ----------
    path
        ``.osm.pbf``, ``.osm.gz``, ``.osm.bz2`` or ``.osm``.

    Raises
    ------
    InvalidFile
        If the file cannot be read or has no drivable road.
    """
    if not path.is_file():
        raise InvalidFile(path, "there is no such file")
    draft = _Draft()
    try:
        objects = osmium.FileProcessor(str(path)).with_locations()
        objects = objects.with_filter(osmium.filter.KeyFilter("highway", "place", "barrier"))
        for thing in objects:
            if isinstance(thing, osmium.osm.Node):
                _take_node(draft, thing)
            elif isinstance(thing, osmium.osm.Way):
                _take_way(draft, thing)
    except (RuntimeError, ValueError, OSError) as error:
        raise InvalidFile(path, f"is not an OpenStreetMap file that can be read: {error}") from None
    if not draft.links:
        raise InvalidFile(path, "has no road that can be driven")
    return OsmData(_rows(draft), tuple(draft.places), draft.log.dropped())


def _take_node(draft: _Draft, node: osmium.osm.Node) -> None:
    tags = {tag.k: tag.v for tag in node.tags}
    access = _access(tags)
    if "barrier" in tags and (
        access in _CLOSED or (access is None and tags["barrier"] in _BARRIERS_CLOSED)
    ):
        draft.blocked.add(node.id)
    if tags.get("place") in list(PlaceKind) and "name" in tags and node.location.valid():
        draft.places.append(
            Place(
                name=tags["name"],
                kind=PlaceKind(tags["place"]),
                point=Point(node.location.lon, node.location.lat),
                population=_population(tags.get("population", "")),
                insee=tags.get("ref:INSEE"),
            )
        )


def _population(text: str) -> int | None:
    digits = text.replace(" ", "").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else None


def _access(tags: Tags) -> str | None:
    return next((tags[key] for key in _ACCESS_KEYS if key in tags), None)


def _take_way(draft: _Draft, way: osmium.osm.Way) -> None:
    tags = {tag.k: tag.v for tag in way.tags}
    highway = tags.get("highway")
    if highway not in DRIVABLE_KMH:
        return
    name = str(way.id)
    if way.id in draft.ways:
        draft.log.drop("ways that come twice", name)
        return
    draft.ways.add(way.id)
    if _access(tags) in _CLOSED:
        draft.log.drop("ways that are closed to cars", name)
    elif highway == "service" and tags.get("service") in _SERVICE_CLOSED:
        draft.log.drop("service ways to single houses and parking places", name)
    elif tags.get("area") == "yes":
        draft.log.drop("ways that are areas", name)
    elif tags.get("oneway") in _CHANGING:
        draft.log.drop("ways whose direction changes", name)
    else:
        _add_links(draft, way, tags)


def _add_links(draft: _Draft, way: osmium.osm.Way, tags: Tags) -> None:
    highway, name = tags["highway"], str(way.id)
    forward, backward = directions(tags)
    forward_kmh, backward_kmh = speeds(tags)
    for number in range(len(way.nodes) - 1):
        a, b = way.nodes[number], way.nodes[number + 1]
        if not (a.location.valid() and b.location.valid()):
            draft.log.drop("pieces of way without one of their nodes", f"{name}:{number}")
            continue
        if a.ref in draft.blocked or b.ref in draft.blocked:
            draft.log.drop("pieces of way at a barrier", f"{name}:{number}")
            continue
        here, there = (Point(end.location.lon, end.location.lat) for end in (a, b))
        tail, head = draft.node(a.ref, here), draft.node(b.ref, there)
        length_m = distance_m(here, there)
        if length_m > LINK_M_MAX:
            draft.log.drop("pieces of way longer than 1,000 km", f"{name}:{number}")
            continue
        if forward:
            link = f"{name}:{number}f"
            draft.links.append((link, tail, head, length_m, forward_kmh, highway, name))
        if backward:
            link = f"{name}:{number}r"
            draft.links.append((link, head, tail, length_m, backward_kmh, highway, name))


def directions(tags: Tags) -> tuple[bool, bool]:
    """Tell whether a way may be driven as it is drawn, and against it.

    Roundabouts and motorways are one-way unless they are tagged otherwise.
    """
    oneway = tags.get("oneway")
    if oneway in _BACKWARD:
        return False, True
    if oneway in _FORWARD:
        return True, False
    implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
    return True, oneway is not None or not implied


def speeds(tags: Tags) -> tuple[float, float]:
    """Speed along and against a way, in km/h: as signed, else of its country, else of its class."""
    overall = None
    for key in ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"):
        if overall is None and key in tags:
            overall = signed_kmh(tags[key])
    if overall is None:
        overall = class_kmh(tags["highway"])
    along, against = (
        signed_kmh(tags.get(f"maxspeed:{way}", "")) or overall for way in ("forward", "backward")
    )
    return max(along, STAND_STILL_KMH), max(against, STAND_STILL_KMH)


def _rows(draft: _Draft) -> RoadRows:
    names, tail, head, length_m, speed_kmh, highway, way = zip(*draft.links, strict=True)
    return RoadRows(
        node_ids=tuple(map(str, draft.number)),
        lon=np.array([point.lon for point in draft.points], dtype=np.float64),
        lat=np.array([point.lat for point in draft.points], dtype=np.float64),
        link_ids=names,
        tail=np.array(tail, dtype=np.int32),
        head=np.array(head, dtype=np.int32),
        length_m=np.array(length_m, dtype=np.float64),
        speed_kmh=np.array(speed_kmh, dtype=np.float64),
        highway=highway,
        way=way,
    )
