"""A territory's folder of plain files, read into one value and written in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.domain.calendar import Calendar
from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.geo import Plane, Point
from services.domain.places import Place, PlaceKind, PlaceRole
from services.domain.territory import Territory, TravelKind
from services.network.cache import cached_road_tables
from services.network.crow import crow_tables_of
from services.network.road_files import read_own_roads
from services.network.roads import Roads, graph, links_named
from services.network.rows import Row, read_rows
from services.network.settings_file import field_error, read_settings
from services.network.stops import StopRow, Stops, nearest_nodes, place_stops
from services.network.tables import NoTables, Progress, Tables
from services.network.zones import NoCut, Zones, zone_of_stops

TERRITORY_FILE = "territory.yaml"
STOPS_MAX = 20_000
"""More stops than this would need tables of gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A territory, ready to dispatch on.

    Parameters
    ----------
    folder
        Where it was read from, if from a folder.
    zones
        If this is how one zone of several sees it: which.
    calendar
        When clocks are changed there, in seconds of its zone; by default never, as on a single day.
    """

    territory: Territory
    stops: Stops
    roads: Roads | None
    tables: Tables
    places: tuple[Place, ...]
    plane: Plane
    folder: Path | None = None
    zones: Zones | None = None
    calendar: Calendar = field(default_factory=Calendar)


def load(folder: Path, cache: Path | None = None, progress: Progress | None = None) -> Network:
    """Read a territory's folder; travel tables come from the cache or are computed.

    Parameters
    ----------
    folder
        The territory.
    cache
        Where caches lie, if not in the user's own folder.
    progress
        Told how far the computing of tables has come.

    Raises
    ------
    InvalidFile
        With file, line and field of the first thing that is wrong.
    """
    if not folder.is_dir():
        raise InvalidFile(folder, "there is no such folder")
    territory = read_settings(folder / TERRITORY_FILE, Territory)
    roads = None
    if territory.travel.kind is TravelKind.ROAD:
        roads = _read_roads(folder, territory.travel.speed_kmh_max)
    stops, plane = place_stops(_read_stops(folder, roads))
    places = _read_places(folder)
    _check_names(folder / TERRITORY_FILE, territory, stops, places)
    _check_operating_domain(folder / TERRITORY_FILE, territory, roads)
    _check_zones(folder / TERRITORY_FILE, territory, stops)
    try:
        if roads is None:
            travel = territory.travel
            tables = crow_tables_of(stops, travel.crow_factor, travel.crow_speed_kmh)
        else:
            tables = cached_road_tables(roads, stops, cache, progress)
    except NoTables as error:
        raise InvalidFile(folder, str(error)) from None
    return Network(
        territory=territory,
        stops=stops,
        roads=roads,
        tables=tables,
        places=places,
        plane=plane,
        folder=folder,
    )


def find_table(folder: Path, name: str) -> Path | None:
    """Find a table of a folder, plain or gzipped."""
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if len(found) > 1:
        raise InvalidFile(found[1], f"lies beside {name}: which of the two counts?")
    return found[0] if found else None


def _table(folder: Path, name: str) -> Path:
    path = find_table(folder, name)
    if path is None:
        raise InvalidFile(folder / name, "this file is missing")
    return path


def _read_roads(folder: Path, speed_kmh_max: float | None) -> Roads:
    links_path = _table(folder, "links.csv")
    rows = read_own_roads(_table(folder, "nodes.csv"), links_path)
    try:
        return graph(rows, speed_kmh_max)
    except InvalidRequest as error:
        raise InvalidFile(links_path, error.reason, field="speed_kmh") from None


def _read_stops(folder: Path, roads: Roads | None) -> list[StopRow]:
    path = _table(folder, "stops.csv")
    number = {} if roads is None else {node: i for i, node in enumerate(roads.node_ids)}
    stops: list[StopRow] = []
    seen: set[str] = set()
    for row in read_rows(path, ("stop_id", "name", "lon", "lat")):
        stop_id = row.text("stop_id")
        if stop_id in seen:
            raise row.wrong("stop_id", f"'{stop_id}' is there twice")
        if len(seen) == STOPS_MAX:
            raise row.wrong(None, f"more than {STOPS_MAX} stops")
        seen.add(stop_id)
        lon, lat = row.lon_lat()
        node = row.optional("node") if roads is not None else ""
        if node and node not in number:
            raise row.wrong("node", f"there is no road node '{node}'")
        stops.append(StopRow(stop_id, row.optional("name"), lon, lat, number.get(node)))
    if not stops:
        raise InvalidFile(path, "has no stop")
    return stops if roads is None else tie(stops, roads.lon, roads.lat)


def tie(stops: Sequence[StopRow], lon: np.ndarray, lat: np.ndarray) -> list[StopRow]:
    """Tie stops that have no road node yet to the nearest one (nodes in degrees)."""
    loose = [i for i, stop in enumerate(stops) if stop.node is None]
    tied = list(stops)
    if loose:
        points = np.array([(stops[i].lon, stops[i].lat) for i in loose])
        nodes, _ = nearest_nodes((points[:, 0], points[:, 1]), (lon, lat))
        for i, node in zip(loose, nodes, strict=True):
            stop = stops[i]
            tied[i] = StopRow(stop.stop_id, stop.name, stop.lon, stop.lat, int(node))
    return tied


def _read_places(folder: Path) -> tuple[Place, ...]:
    path = find_table(folder, "places.csv")
    if path is None:
        return ()
    return tuple(_place(row) for row in read_rows(path, ("name", "kind", "lon", "lat")))


def _place(row: Row) -> Place:
    lon, lat = row.lon_lat()
    kind = row.text("kind")
    if kind not in list(PlaceKind):
        raise row.wrong("kind", f"'{kind}' is none of {', '.join(PlaceKind)}")
    roles = [role.strip() for role in row.optional("roles").split(";") if role.strip()]
    for role in roles:
        if role not in list(PlaceRole):
            raise row.wrong("roles", f"'{role}' is none of {', '.join(PlaceRole)}")
    return Place(
        name=row.text("name"),
        kind=PlaceKind(kind),
        point=Point(lon, lat),
        population=row.whole("population", 0, 10**8) if row.optional("population") else None,
        roles=frozenset(PlaceRole(role) for role in roles),
        insee=row.optional("insee") or None,
    )


def _check_names(path: Path, territory: Territory, stops: Stops, places: tuple[Place, ...]) -> None:
    known = set(stops.ids)
    for number, group in enumerate(territory.fleet):
        if group.depot not in known:
            reason = f"there is no stop '{group.depot}' in stops.csv"
            raise field_error(path, ("fleet", number, "depot"), reason)
        for at, upkeep in enumerate(group.upkeep):
            if upkeep.stop is not None and upkeep.stop not in known:
                reason = f"there is no stop '{upkeep.stop}' in stops.csv"
                raise field_error(path, ("fleet", number, "upkeep", at, "stop"), reason)
    for number, charger in enumerate(territory.chargers):
        if charger.stop not in known:
            reason = f"there is no stop '{charger.stop}' in stops.csv"
            raise field_error(path, ("chargers", number, "stop"), reason)
    if territory.town is not None and territory.town not in {place.name for place in places}:
        raise field_error(path, ("town",), f"there is no place '{territory.town}' in places.csv")


def _check_zones(path: Path, territory: Territory, stops: Stops) -> None:
    if not territory.zones:
        return
    try:
        of_stop = zone_of_stops(territory.zones, stops)
    except NoCut as error:
        field = ("zones",) if error.zone is None else ("zones", error.zone)
        raise field_error(path, field, error.reason) from None
    charged = {of_stop[stops.ids.index(charger.stop)] for charger in territory.chargers}
    for number, group in enumerate(territory.fleet):
        own = of_stop[stops.ids.index(group.depot)]
        if group.battery is not None and own not in charged:
            reason = f"there is no charger in its zone '{[*territory.zones][own]}'"
            raise field_error(path, ("fleet", number, "battery"), reason)


def _check_operating_domain(path: Path, territory: Territory, roads: Roads | None) -> None:
    for number, corridor in enumerate(territory.operating_domain.corridors):
        for at, name in enumerate(corridor.links):
            if roads is None or not links_named(roads.link_ids, name):
                field = ("operating_domain", "corridors", number, "links", at)
                raise field_error(path, field, f"there is no link '{name}'")
    for number, cap in enumerate(territory.operating_domain.speed_caps):
        place = ("operating_domain", "speed_caps", number)
        if roads is None:
            raise field_error(path, place, "speed caps need roads (travel.kind: road)")
        for at, name in enumerate(cap.links):
            if not links_named(roads.link_ids, name):
                raise field_error(path, (*place, "links", at), f"there is no link '{name}'")
