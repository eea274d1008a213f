"""Stops from a file that somebody has already: CSV, GeoJSON or GTFS."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any

from services.domain.errors import InvalidFile
from services.network.rows import BYTES_MAX, Row, decode, read_rows, read_text, rows_of
from services.network.stops import StopRow

GTFS_STOPS = "stops.txt"
_GTFS_COLUMNS = ("stop_id", "stop_lat", "stop_lon")


def read_stops(path: Path) -> list[StopRow]:
    """Read stops; the file's name tells its format.

    ``.geojson`` and ``.json`` are GeoJSON, ``.zip`` is a GTFS feed, ``.txt`` its ``stops.txt``; all
    else is CSV (``stop_id, lon, lat`` and perhaps ``name``), plain or gzipped.

    Raises
    ------
    InvalidFile
        With line and field of the first thing that is wrong.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    readers: dict[str, Callable[[Path], list[StopRow]]] = {
        ".geojson": _read_geojson,
        ".json": _read_geojson,
        ".zip": _read_gtfs_zip,
        ".txt": lambda file: _gtfs_stops(read_rows(file, _GTFS_COLUMNS)),
    }
    stops = readers.get(suffix, _read_csv)(path)
    if not stops:
        raise InvalidFile(path, "has no stop")
    return stops


def _read_csv(path: Path) -> list[StopRow]:
    seen: set[str] = set()
    stops = []
    for row in read_rows(path, ("stop_id", "lon", "lat")):
        stop_id = _new_id(row, seen)
        stops.append(StopRow(stop_id, row.optional("name"), *row.lon_lat()))
    return stops


def _gtfs_stops(rows: Iterable[Row]) -> list[StopRow]:
    """Keep the places where one boards: no stations, entrances, or areas (``location_type``)."""
    seen: set[str] = set()
    stops = []
    for row in rows:
        stop_id = _new_id(row, seen)
        if row.optional("location_type") in ("", "0"):
            point = row.lon_lat("stop_lon", "stop_lat")
            stops.append(StopRow(stop_id, row.optional("stop_name"), *point))
    return stops


def _new_id(row: Row, seen: set[str]) -> str:
    stop_id = row.text("stop_id")
    if stop_id in seen:
        raise row.wrong("stop_id", f"'{stop_id}' is there twice")
    seen.add(stop_id)
    return stop_id


def _read_gtfs_zip(path: Path) -> list[StopRow]:
    try:
        with zipfile.ZipFile(path) as feed:
            info = next(
                (one for one in feed.infolist() if Path(one.filename).name == GTFS_STOPS), None
            )
            if info is None:
                raise InvalidFile(path, f"is a zip file without {GTFS_STOPS}")
            if info.file_size > BYTES_MAX:
                raise InvalidFile(path, f"{GTFS_STOPS} is larger than {BYTES_MAX >> 20} MiB")
            data = feed.read(info)
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise InvalidFile(path, f"is not a zip file that can be read: {error}") from None
    inside = path / GTFS_STOPS
    return _gtfs_stops(rows_of(inside, decode(inside, data), _GTFS_COLUMNS))


def _read_geojson(path: Path) -> list[StopRow]:
    """Read the points of a feature collection; ids and names come from the properties."""
    content = load_json(path)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise InvalidFile(path, "is not a GeoJSON feature collection", field="features")
    seen: set[str] = set()
    stops = []
    for number, feature in enumerate(features):
        field = f"features[{number}]"
        stop = _geojson_stop(path, field, feature, number)
        if stop.stop_id in seen:
            raise InvalidFile(path, f"the stop '{stop.stop_id}' is there twice", field=field)
        seen.add(stop.stop_id)
        stops.append(stop)
    return stops


def _geojson_stop(path: Path, field: str, feature: Any, number: int) -> StopRow:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        raise InvalidFile(path, "is not a point", field=f"{field}.geometry")
    lon, lat = lon_lat(path, f"{field}.geometry.coordinates", geometry.get("coordinates"))
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidFile(path, "is not an object", field=f"{field}.properties")
    given = properties.get("stop_id", properties.get("id", feature.get("id")))
    stop_id = f"g{number + 1}" if given is None else str(given)
    name = properties.get("name", properties.get("stop_name"))
    return StopRow(stop_id, "" if name is None else str(name), lon, lat)


def load_json(path: Path) -> Any:
    """Read a JSON file (plain or gzipped), or say on which line it breaks off."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InvalidFile(path, f"is not JSON: {error.msg}", line=error.lineno) from None
    except RecursionError:
        raise InvalidFile(path, "is nested too deeply") from None


def lon_lat(path: Path, field: str, position: Any) -> tuple[float, float]:
    """Read a GeoJSON position: longitude and latitude in degrees, perhaps a height."""
    if not isinstance(position, list) or len(position) < 2:
        raise InvalidFile(path, "is not a position [lon, lat]", field=field)
    for value in position[:2]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise InvalidFile(path, f"'{value}' is not a number", field=field)
    lon, lat = float(position[0]), float(position[1])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidFile(path, f"[{lon:g}, {lat:g}] is not a place on Earth", field=field)
    return lon, lat
