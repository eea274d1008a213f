"""Makes a territory's folder from roads and stops or demand, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.fleet_settings import FleetGroup
from services.domain.geo import Plane
from services.domain.places import Place, PlaceKind
from services.domain.territory import Territory
from services.network import osm
from services.network.build_options import BuildOptions
from services.network.build_record import Draft, record_of
from services.network.cache import cached_road_tables
from services.network.clean import connect
from services.network.corridors import restrict
from services.network.crow import crow_tables_of
from services.network.depots import SHUTTLES_PER_DEPOT, choose_depots, share_out, stop_weights
from services.network.ends import homes, read_ends
from services.network.folder import Network, load
from services.network.folder_writer import Contents, check_free, write
from services.network.proposals import Cover, measure_cover, propose_stops
from services.network.road_files import read_road_tables
from services.network.roads import RoadRows, graph
from services.network.stop_files import read_stops
from services.network.stops import Stops, nearest_nodes, place_stops
from services.network.tables import Tables

Tell = Callable[[str], None]
"""Called with what is being done at the moment."""


def _silent(_doing: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A territory as it was made: what it is, and what was left out.

    Parameters
    ----------
    cover
        How well the stops cover the demand or the homes, if there are any to measure by.
    record
        What ``build.json`` holds.
    """

    network: Network
    cover: Cover | None
    record: dict[str, Any]


def build(options: BuildOptions, tell: Tell = _silent) -> Built:
    """Make a territory's folder.

    Raises
    ------
    OutputInUse
        If the folder holds something already.
    InvalidFile, InvalidRequest
        If a file or an option cannot be used.
    """
    options.sources.check()
    check_free(options.out, force=options.force)
    draft = Draft()
    if options.sources.has_roads:
        _take_roads(draft, options, tell)
    _take_stops(draft, options, tell)
    stops, plane = place_stops(draft.stops)
    tables = _tables(draft, stops, options, tell)
    tell("choosing depots")
    territory = _territory(draft, options, (stops, plane), tables)
    cover = None
    if draft.ends is not None:
        cover = measure_cover(draft.ends, stops, plane, options.promises)
    record = record_of(draft, options, cover)
    tell("writing")
    contents = Contents(
        territory=territory,
        stops=draft.stops,
        roads=draft.roads,
        places=draft.places,
        build=record,
    )
    write(options.out, contents, force=options.force)
    tell("reading it back")
    return Built(network=load(options.out), cover=cover, record=record)


def _take_roads(draft: Draft, options: BuildOptions, tell: Tell) -> None:
    sources = options.sources
    tell("reading roads")
    if sources.osm is not None:
        data = osm.read_osm(sources.osm)
        rows, draft.places, dropped = data.roads, data.places, data.dropped
    else:
        assert sources.nodes is not None
        assert sources.edges is not None
        rows, dropped = read_road_tables(sources.nodes, sources.edges)
    draft.links_read = len(rows.link_ids)
    draft.dropped += dropped
    if sources.corridors is not None:
        rows, dropped = restrict(rows, sources.corridors)
        draft.dropped += dropped
    tell("connecting roads")
    rows, dropped = connect(rows)
    draft.dropped += dropped
    draft.roads = replace(
        rows, length_m=np.round(rows.length_m, 3), speed_kmh=np.round(rows.speed_kmh, 3)
    )


def _take_stops(draft: Draft, options: BuildOptions, tell: Tell) -> None:
    sources, roads = options.sources, draft.roads
    tell("placing stops")
    if sources.demand is not None:
        draft.ends = read_ends(sources.demand)
    elif roads is not None:
        draft.ends = homes(roads, draft.places)
    if sources.stops is not None:
        draft.stops = read_stops(sources.stops)
        if roads is not None:
            _snap(draft, sources.stops, roads, options.snap_m_max)
        return
    if draft.ends is None:
        raise InvalidRequest("--stops", "no demand, no residential street, no place to go by")
    draft.stops = propose_stops(draft.ends, roads, options.promises, options.cover, draft.places)


def _snap(draft: Draft, path: Path, roads: RoadRows, snap_m_max: float) -> None:
    """Tie stops to the nearest road node; drop those that are too far from any."""
    points = np.array([(stop.lon, stop.lat) for stop in draft.stops], dtype=np.float64)
    nodes, away_m = nearest_nodes((points[:, 0], points[:, 1]), (roads.lon, roads.lat))
    kept = []
    for stop, node, metres in zip(draft.stops, nodes.tolist(), away_m.tolist(), strict=True):
        if metres > snap_m_max:
            draft.far_stops.append((stop.stop_id, round(metres)))
        else:
            kept.append(replace(stop, node=node))
            draft.snapped_m.append(metres)
    if not kept:
        raise InvalidFile(path, f"no stop is within {snap_m_max:g} m of a road")
    draft.stops = kept


def _tables(draft: Draft, stops: Stops, options: BuildOptions, tell: Tell) -> Tables:
    travel = options.travel
    if draft.roads is None:
        return crow_tables_of(stops, travel.crow_factor, travel.crow_speed_kmh)

    def progress(done: int, total: int) -> None:
        tell(f"travel tables: {done:,} of {total:,} stops")

    tell("travel tables")
    return cached_road_tables(graph(draft.roads, travel.speed_kmh_max), stops, progress=progress)


def _territory(
    draft: Draft, options: BuildOptions, placed: tuple[Stops, Plane], tables: Tables
) -> Territory:
    stops, plane = placed
    fleet = options.fleet
    count = fleet.depots or ceil(fleet.shuttles / SHUTTLES_PER_DEPOT)
    weight = stop_weights(stops, plane, draft.ends)
    depots = choose_depots(tables.drive_s, weight, min(count, fleet.shuttles))
    shares = share_out(tables.drive_s, weight, depots, fleet.shuttles)
    try:
        return Territory(
            name=options.name,
            timezone=options.timezone,
            town=_town(draft.places),
            promises=options.promises,
            stop_times=options.stop_times,
            travel=options.travel,
            fleet=tuple(
                FleetGroup(
                    depot=stops.ids[depot],
                    count=shuttles,
                    seats=fleet.seats,
                    wheelchair_places=fleet.wheelchair_places,
                )
                for depot, shuttles in zip(depots, shares, strict=True)
            ),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidRequest(".".join(map(str, first["loc"])), first["msg"]) from None


def _town(places: tuple[Place, ...]) -> str | None:
    """Name the largest town: what people mean by town."""
    towns = [place for place in places if place.kind is PlaceKind.TOWN]
    if not towns:
        return None
    return max(towns, key=lambda place: (place.population or 0, place.name)).name
