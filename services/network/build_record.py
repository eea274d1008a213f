"""What was done to make a territory, for people and for the report of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import services
from services.domain.places import Place
from services.network import osm
from services.network.build_options import BuildOptions
from services.network.clean import Dropped
from services.network.ends import Ends
from services.network.proposals import Cover
from services.network.roads import RoadRows
from services.network.stops import StopRow

_TABLE_LICENCE = "as the source of the tables says"


@dataclass(slots=True)
class Draft:
    """A territory in the making."""

    roads: RoadRows | None = None
    links_read: int = 0
    places: tuple[Place, ...] = ()
    dropped: list[Dropped] = field(default_factory=list)
    ends: Ends | None = None
    stops: list[StopRow] = field(default_factory=list)
    far_stops: list[tuple[str, int]] = field(default_factory=list)
    snapped_m: list[float] = field(default_factory=list)


def record_of(draft: Draft, options: BuildOptions, cover: Cover | None) -> dict[str, Any]:
    """Put into words what was done: the content of ``build.json``.

    It names no times and no paths of the machine, so that the same inputs give the same bytes.
    """
    record: dict[str, Any] = {
        "made_by": f"navette territory build {services.__version__}",
        "inputs": options.sources.hashes(),
        "options": {
            "cover": options.cover,
            "walk_m_max": options.promises.walk_m_max,
            "walk_factor": options.promises.walk_factor,
            "speed_kmh_max": options.travel.speed_kmh_max,
            "snap_m_max": options.snap_m_max,
        },
    }
    if draft.roads is not None:
        record["roads"] = _roads(draft.roads, draft.links_read)
        record["attribution"], record["licence"] = _source(draft.roads, options.attribution)
    record["stops"] = {
        "count": len(draft.stops),
        "from": "file" if options.sources.stops is not None else "proposed",
        "away_from_road_m_max": round(max(draft.snapped_m, default=0)),
        "too_far_from_road": [
            {"stop_id": stop_id, "away_m": away_m} for stop_id, away_m in draft.far_stops
        ],
    }
    if cover is not None:
        record["cover"] = {
            "of": cover.what,
            "by_walk": round(cover.by_walk, 4),
            "by_straight_line": round(cover.by_straight_line, 4),
        }
    record["dropped"] = [
        {"what": one.what, "count": one.count, "examples": list(one.examples)}
        for one in draft.dropped
    ]
    return record


def _roads(roads: RoadRows, links_read: int) -> dict[str, Any]:
    length_km: dict[str, float] = {}
    for highway, length_m in zip(roads.highway, roads.length_m.tolist(), strict=True):
        length_km[highway] = length_km.get(highway, 0.0) + length_m / 1000
    weights = np.maximum(roads.length_m, 0.001)
    return {
        "nodes": len(roads.node_ids),
        "links": len(roads.link_ids),
        "links_read": links_read,
        "length_km": round(sum(length_km.values()), 1),
        "length_km_by_class": {one: round(length_km[one], 1) for one in sorted(length_km)},
        "speed_kmh_mean": round(float(np.average(roads.speed_kmh, weights=weights)), 1),
    }


def _source(roads: RoadRows, attribution: str | None) -> tuple[str, str]:
    """Name source and licence; roads with ids of OpenStreetMap's ways come from there."""
    if any(roads.way):
        return attribution or osm.ATTRIBUTION, osm.LICENCE
    return attribution or "see the source of the tables", _TABLE_LICENCE
