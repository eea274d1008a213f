"""Where trips begin and end, as far as stops and depots need to know: from demand or from streets.

The whole of a demand file is read, and judged, by the simulator; here only its places count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.spatial import cKDTree

from services.domain.errors import InvalidFile
from services.domain.geo import Plane
from services.domain.places import Place
from services.network.flat import Floats, plane_over, xy_m
from services.network.roads import RoadRows
from services.network.rows import read_rows
from services.network.siting import Numbers, Trips

COLUMNS = ("origin_lon", "origin_lat", "destination_lon", "destination_lat")

HOME_STREETS = frozenset({"residential", "living_street"})
"""Classes of road along which people live."""

HAMLET_STREET_M = 200
"""A place without such a street counts as much as this length of it."""

HOME_NEAR_M = 500
"""A place has streets of its own if one is at most this far from its centre."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ends:
    """Places in WGS 84 degrees, and the trips between them (see `services.network.siting.Trips`).

    Parameters
    ----------
    what
        What a trip stands for: ``requests`` or ``homes``.
    """

    what: str
    lon: Floats
    lat: Floats
    origin: Numbers
    destination: Numbers
    weight: Numbers

    def plane(self) -> Plane:
        """Return the flat map centred on these places."""
        return plane_over(self.lon, self.lat)

    def trips(self, plane: Plane) -> Trips:
        """Return the same trips on a flat map."""
        x_m, y_m = xy_m(plane, self.lon, self.lat)
        return Trips(
            x_m=x_m,
            y_m=y_m,
            origin=self.origin,
            destination=self.destination,
            weight=self.weight,
        )


def read_ends(path: Path) -> Ends:
    """Read the two ends of each request of a demand file, CSV (plain or gzipped) or Parquet."""
    if path.suffix == ".parquet":
        table = _parquet_ends(path)
    else:
        table = np.array(
            [
                (*row.lon_lat(*COLUMNS[:2]), *row.lon_lat(*COLUMNS[2:]))
                for row in read_rows(path, COLUMNS)
            ],
            dtype=np.float64,
        )
    if not len(table):
        raise InvalidFile(path, "has no request")
    return ends_between(table[:, :2], table[:, 2:])


def ends_between(origins: Floats, destinations: Floats) -> Ends:
    """Build the trips of requests; rows of longitude and latitude in degrees."""
    places, number = np.unique(np.vstack((origins, destinations)), axis=0, return_inverse=True)
    number = number.reshape(-1)
    return Ends(
        what="requests",
        lon=places[:, 0],
        lat=places[:, 1],
        origin=number[: len(origins)],
        destination=number[len(origins) :],
        weight=np.ones(len(origins), dtype=np.int64),
    )


def homes(roads: RoadRows, places: Sequence[Place]) -> Ends | None:
    """Guess where people live: along residential streets, and in places that have none.

    Every metre of street counts the same; a place without a street of its own counts as
    `HAMLET_STREET_M` of it. Nothing is returned where there is neither.
    """
    street_m = np.zeros(len(roads.node_ids))
    lived_on = np.array([highway in HOME_STREETS for highway in roads.highway], dtype=np.bool_)
    for ends in (roads.tail, roads.head):
        np.add.at(street_m, ends[lived_on], roads.length_m[lived_on] / 4)
    nodes = np.flatnonzero(street_m >= 1)
    lon, lat, weight = list(roads.lon[nodes]), list(roads.lat[nodes]), list(street_m[nodes])
    for place in _streetless(places, roads.lon[nodes], roads.lat[nodes]):
        lon.append(place.point.lon)
        lat.append(place.point.lat)
        weight.append(HAMLET_STREET_M)
    if not lon:
        return None
    number = np.arange(len(lon), dtype=np.int64)
    return Ends(
        what="homes",
        lon=np.array(lon, dtype=np.float64),
        lat=np.array(lat, dtype=np.float64),
        origin=number,
        destination=number,
        weight=np.rint(weight).astype(np.int64),
    )


def _streetless(places: Sequence[Place], lon: Floats, lat: Floats) -> list[Place]:
    if not places or not len(lon):
        return list(places)
    plane = plane_over(lon, lat)
    streets = cKDTree(np.column_stack(xy_m(plane, lon, lat)))
    centres = np.array([plane.xy_m(place.point) for place in places])
    away_m, _ = streets.query(centres)
    return [place for place, metres in zip(places, away_m, strict=True) if metres > HOME_NEAR_M]


def _parquet_ends(path: Path) -> Floats:
    try:
        table = pq.read_table(path, columns=list(COLUMNS))
        ends = np.column_stack(
            [table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in COLUMNS]
        )
    except KeyError as error:
        raise InvalidFile(path, "this column is missing", field=str(error.args[0])) from None
    except (OSError, pa.ArrowException) as error:
        raise InvalidFile(path, f"is not a Parquet table that can be read: {error}") from None
    for column, name in enumerate(COLUMNS):
        bound = 180 if name.endswith("lon") else 90
        wrong = np.flatnonzero(~(np.abs(ends[:, column]) <= bound))
        if len(wrong):
            reason = f"is not a number between {-bound} and {bound}"
            raise InvalidFile(path, reason, line=int(wrong[0]) + 1, field=name)
    return ends
