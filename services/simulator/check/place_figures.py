"""Figures about places, reckoned again from the territory's raw files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from services.network.rows import read_rows
from services.simulator.check.case import Case, walk_s_bounds
from services.simulator.check.columns import BoolArray, FloatArray, IntArray
from services.simulator.check.ground import Ground, table
from services.simulator.check.near import TENTH, near, share

NEAR_TOWN_S = 1200
OUTCOMES = {
    "served": "completed",
    "refused": "refused",
    "cancelled": "cancelled",
    "no_show": "no_show",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """``places.csv``, by row."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    insee: tuple[str | None, ...]
    population: tuple[int | None, ...]
    x_m: FloatArray
    y_m: FloatArray


def read_places(case: Case) -> Places | None:
    """Read the territory's places, if it names any."""
    folder = case.territory
    if not any((folder / name).is_file() for name in ("places.csv", "places.csv.gz")):
        return None
    rows = list(read_rows(table(folder, "places.csv"), ("name", "kind", "lon", "lat")))
    degrees = np.array([row.lon_lat() for row in rows], dtype=np.float64).reshape(-1, 2)
    x_m, y_m = case.ground.xy_m(degrees[:, 0], degrees[:, 1])
    return Places(
        names=tuple(row.text("name") for row in rows),
        kinds=tuple(row.text("kind") for row in rows),
        insee=tuple(row.optional("insee") or None for row in rows),
        population=tuple(
            row.whole("population", 0, 10**8) if row.optional("population") else None
            for row in rows
        ),
        x_m=x_m,
        y_m=y_m,
    )


def in_reach(case: Case) -> BoolArray:
    """Rides whose both ends have a stop within the longest walk."""
    both = case.asked >= 0
    for end in ("origin", "destination"):
        walk_m = nearest_walk_m(case, end)
        both = both & np.isfinite(walk_m) & (walk_m <= case.promises.walk_m_max)
    return both


def nearest_walk_m(case: Case, end: str) -> FloatArray:
    """Walk between one end of each ride and the stop nearest to it; NaN if nobody asked."""
    lon, lat = case.place_of(f"{end}_lon"), case.place_of(f"{end}_lat")
    stop = case.ground.nearest_stop(lon, lat, case.promises.walk_factor)
    x_m, y_m = case.ground.xy_m(lon, lat)
    return _walks_m(case, case.ground.stop_x_m[stop] - x_m, case.ground.stop_y_m[stop] - y_m)


def _walks_m(case: Case, east_m: FloatArray, north_m: FloatArray) -> FloatArray:
    exact_m = np.hypot(east_m, north_m) * case.promises.walk_factor
    walks_m: FloatArray = np.ceil(np.rint(exact_m * 1000) / 1000)
    return walks_m


def place_figures(case: Case, waits_s: FloatArray) -> dict[str, Any]:
    """What became of each place's requests, and who lives near the town.

    ``waits_s`` has a wait for each ride that was served, and NaN for the others.
    """
    places = read_places(case)
    if places is None or not places.names:
        return {"by_place": [], "people_within_20_min": None}
    mean_s = round(float(np.nanmean(waits_s)), 1) if np.isfinite(waits_s).any() else None
    return {
        "by_place": _by_place(case, places, waits_s),
        "people_within_20_min": _near_town(case, places, mean_s),
    }


def _by_place(case: Case, places: Places, waits_s: FloatArray) -> list[dict[str, Any]]:
    x_m, y_m = case.ground.xy_m(case.place_of("origin_lon"), case.place_of("origin_lat"))
    home = np.full(len(case.run.rides), -1, dtype=np.int64)
    known = np.isfinite(x_m)
    tree = cKDTree(np.column_stack((places.x_m, places.y_m)))
    home[known] = tree.query(np.column_stack((x_m[known], y_m[known])))[1]
    status = case.run.rides.status
    numbers = {name: status.numbers({ended: 1}) == 1 for name, ended in OUTCOMES.items()}
    rows = []
    for place, name in enumerate(places.names):
        own = home == place
        counts = {key: int((own & ended).sum()) for key, ended in numbers.items()}
        waits = waits_s[own & np.isfinite(waits_s)]
        rows.append(
            {
                "place": name,
                "kind": places.kinds[place],
                "insee": places.insee[place],
                "population": places.population[place],
                "requests": int(own.sum()),
                **counts,
                "served_share": share(counts["served"], int(own.sum())),
                "wait_s_mean": near(float(waits.mean()), TENTH) if len(waits) else None,
            }
        )
    return rows


def _near_town(case: Case, places: Places, mean_wait_s: float | None) -> dict[str, Any] | None:
    name = case.run.settings.town
    settled = [place for place, people in enumerate(places.population) if people]
    if name not in places.names or not settled:
        return None
    town = places.names.index(name)
    ground = case.ground
    town_stops, _ = _stops_near(case, ground, places, town)
    away_s = np.array([_away_s(case, places, place, town_stops) for place in settled])
    away_s[[place == town for place in settled]] = -np.inf
    people = np.array([places.population[place] for place in settled], dtype=np.int64)

    def within(wait_s: float) -> Any:
        near_by = (away_s <= 0) | (away_s + wait_s <= NEAR_TOWN_S)
        return share(int(people[near_by].sum()), int(people.sum()))

    return {
        "town": name,
        "people": int(people.sum()),
        "share_direct": within(0.0),
        "share_with_mean_wait": None if mean_wait_s is None else within(mean_wait_s),
    }


def _stops_near(
    case: Case, ground: Ground, places: Places, place: int
) -> tuple[IntArray, FloatArray]:
    """Stops within the longest walk of a place's centre, and the walks."""
    walk_m = _walks_m(
        case, ground.stop_x_m - places.x_m[place], ground.stop_y_m - places.y_m[place]
    )
    stops = np.flatnonzero(walk_m <= case.promises.walk_m_max)
    return stops, walk_m[stops]


def _away_s(case: Case, places: Places, place: int, town_stops: IntArray) -> float:
    stops, walk_m = _stops_near(case, case.ground, places, place)
    if not len(stops) or not len(town_stops):
        return np.inf
    node = case.ground.stop_node
    start, end = np.repeat(stops, len(town_stops)), np.tile(town_stops, len(stops))
    # The middle of what rounding leaves open; with roads, there is no doubt.
    least_s, most_s = case.ways.direct_s(node[start], node[end])
    walk_s, _ = walk_s_bounds(walk_m.astype(np.int64), case.promises.walk_speed_m_s)
    total_s = np.repeat(walk_s, len(town_stops)) + np.floor((least_s + most_s) / 2)
    return float(total_s.min())
