from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidFile, InvalidRequest
from services.domain.geo import Point
from services.domain.places import Place, PlaceKind
from services.domain.territory import Promises
from services.network.clean import connect
from services.network.ends import Ends, ends_between, homes, read_ends
from services.network.folder import tie
from services.network.proposals import measure_cover, propose_stops
from services.network.road_files import read_road_tables
from services.network.siting import Trips, propose
from services.network.stops import StopRow, place_stops
from tests.network.drawings import road_rows

coordinate = st.integers(0, 12).map(float)
spot = st.tuples(coordinate, coordinate)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Trips, np.ndarray, float]:
    places = draw(st.lists(spot, min_size=1, max_size=12, unique=True))
    sites = draw(st.lists(spot, min_size=1, max_size=8, unique=True))
    end = st.integers(0, len(places) - 1)
    trips = draw(st.lists(st.tuples(end, end, st.integers(1, 9)), min_size=1, max_size=15))
    origin, destination, weight = (np.array(column, dtype=np.int64) for column in zip(*trips))  # noqa: B905
    x_m, y_m = np.array(places).T
    return (
        Trips(x_m=x_m, y_m=y_m, origin=origin, destination=destination, weight=weight),
        np.array(sites),
        draw(st.sampled_from([0.3, 0.7, 0.95, 1.0])),
    )


def covered(trips: Trips, sites: np.ndarray, chosen: list[int], reach_m: float) -> int:
    """Weight of trips with both ends near a chosen site, counted plainly."""
    near = [
        any(np.hypot(x - sites[site, 0], y - sites[site, 1]) <= reach_m for site in chosen)
        for x, y in zip(trips.x_m, trips.y_m, strict=True)
    ]
    both = [near[a] and near[b] for a, b in zip(trips.origin, trips.destination, strict=True)]
    return int(trips.weight[both].sum())


@given(problem=problems())
def test_chosen_sites_cover_what_was_asked_or_all_that_can_be(
    problem: tuple[Trips, np.ndarray, float],
) -> None:
    trips, sites, cover = problem
    chosen = propose(trips, (sites[:, 0], sites[:, 1]), 3.0, cover)
    possible = covered(trips, sites, list(range(len(sites))), 3.0)
    assert covered(trips, sites, chosen, 3.0) >= min(cover * trips.weight.sum(), possible)
    assert len(set(chosen)) == len(chosen)
    for site in chosen:
        fewer = [one for one in chosen if one != site]
        assert covered(trips, sites, fewer, 3.0) < min(cover * trips.weight.sum(), possible)
    assert propose(trips, (sites[:, 0], sites[:, 1]), 3.0, cover) == chosen


@given(problem=problems())
def test_few_sites_are_chosen_when_everything_is_to_be_covered(
    problem: tuple[Trips, np.ndarray, float],
) -> None:
    trips, sites, _ = problem
    chosen = propose(trips, (sites[:, 0], sites[:, 1]), 3.0, 1.0)
    every = list(range(len(sites)))
    possible = covered(trips, sites, every, 3.0)
    fewest = next(
        size
        for size in range(len(sites) + 1)
        if any(covered(trips, sites, list(c), 3.0) == possible for c in combinations(every, size))
    )
    assert len(chosen) <= fewest + 1


def along(*nodes: float) -> Ends:
    """Requests from each node to the next, a little north of the road."""
    here = np.array([(6 + node / 1000, 50.0005) for node in nodes])
    return ends_between(here[:-1], here[1:])


def test_stops_are_proposed_on_nodes_and_named_after_places() -> None:
    rows = road_rows(30, [(i, i + 1, 70_000) for i in range(29)])
    hamlet = Place(name="Mill", kind=PlaceKind.HAMLET, point=Point(6.0, 50.0))
    ends, promises = along(2, 20, 3), Promises(walk_m_max=300)
    stops = propose_stops(ends, rows, promises, 1.0, [hamlet])
    assert [stop.name for stop in stops] == ["Mill", "Mill 2"]
    placed, plane = place_stops(stops)
    cover = measure_cover(ends, placed, plane, promises)
    assert (cover.what, cover.by_walk, cover.by_straight_line) == ("requests", 1.0, 1.0)
    for stop in stops:
        assert stop.node is not None
        assert (stop.lon, stop.lat) == (rows.lon[stop.node], rows.lat[stop.node])


def test_nobody_is_left_waiting_on_a_motorway() -> None:
    rows = road_rows(
        4, [(0, 1, 1), (1, 2, 1), (2, 3, 1)], highway=["trunk", "motorway", "residential"]
    )
    (stop,) = propose_stops(along(0, 3), rows, Promises(walk_m_max=2000), 1.0)
    assert stop.node == 3


def test_requests_far_from_any_road_cannot_be_covered() -> None:
    with pytest.raises(InvalidRequest, match="no place lies within the walk"):
        propose_stops(along(500, 600), road_rows(2, [(0, 1, 1)]), Promises(), 1.0)


def test_homes_lie_along_residential_streets_and_in_places_without_any() -> None:
    classes = ["residential", "primary"]
    rows = road_rows(3, [(0, 1, 400_000), (1, 2, 400_000)], highway=classes)
    near = Place(name="In", kind=PlaceKind.VILLAGE, point=Point(6.001, 50.0))
    away = Place(name="Out", kind=PlaceKind.HAMLET, point=Point(6.5, 50.0))
    found = homes(rows, [near, away])
    assert found is not None
    assert found.lon.tolist() == [6.0, 6.001, 6.5]
    assert found.weight.tolist() == [100, 100, 200]
    assert homes(road_rows(2, [(0, 1, 1)], highway=["primary"]), []) is None


def test_the_ends_of_requests_are_read_from_csv_and_parquet(tmp_path: Path) -> None:
    columns = {"origin_lon": [6.0, 6.1], "origin_lat": [50.0, 50.0]}
    columns |= {"destination_lon": [6.1, 6.0], "destination_lat": [50.0, 50.0]}
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    rows = "\n".join(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
    (tmp_path / "d.csv").write_text(",".join(columns) + "\n" + rows + "\n")
    for name in ("d.csv", "d.parquet"):
        ends = read_ends(tmp_path / name)
        assert ends.lon.tolist() == [6.0, 6.1]
        assert (ends.origin.tolist(), ends.destination.tolist()) == ([0, 1], [1, 0])


def test_bad_demand_is_refused_with_its_place(tmp_path: Path) -> None:
    columns = {"origin_lon": [6.0, 190.0], "origin_lat": [50.0, 50.0]}
    columns |= {"destination_lon": [6.1, 6.0], "destination_lat": [50.0, 50.0]}
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(InvalidFile, match=r"line 2, field 'origin_lon'"):
        read_ends(path)
    pq.write_table(pa.table({"origin_lon": [6.0]}), path)
    with pytest.raises(InvalidFile, match=r"d\.parquet"):
        read_ends(path)
    path.write_bytes(b"PAR1 but no")
    with pytest.raises(InvalidFile, match="not a Parquet table"):
        read_ends(path)
    (tmp_path / "d.csv").write_text("origin_lon,origin_lat,destination_lon,destination_lat\n")
    with pytest.raises(InvalidFile, match="no request"):
        read_ends(tmp_path / "d.csv")


@pytest.mark.long
def test_95_percent_of_the_vulkaneifels_requests_walk_at_most_500_m(shared_data: Path) -> None:
    tables = [
        shared_data / "roads" / f"vulkaneifel_road_{part}.csv.gz" for part in ("nodes", "edges")
    ]
    rows, _ = connect(read_road_tables(tables[0], tables[1])[0])
    ends = read_ends(shared_data / "demand" / "vulkaneifel_requests.csv.gz")
    stops = propose_stops(ends, rows, Promises(), 0.95)
    placed, plane = place_stops(stops)
    cover = measure_cover(ends, placed, plane, Promises())
    assert 0.95 <= cover.by_walk < cover.by_straight_line
    assert len(stops) <= 300


def test_stops_without_a_node_are_tied_to_the_nearest_and_ties_to_the_lower_number() -> None:
    lon, lat = np.array([6.0, 6.002, 6.002, 6.004]), np.full(4, 50.0)
    stops = [
        StopRow("a", "", 6.0019, 50.0),
        StopRow("b", "", 6.001, 50.0),
        StopRow("c", "", 6.0, 50.0, 3),
    ]
    assert [stop.node for stop in tie(stops, lon, lat)] == [1, 0, 3]
