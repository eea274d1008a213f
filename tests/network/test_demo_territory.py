"""The shipped demo territory: that it loads, hangs together and is plausible."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from services.domain.geo import Point, distance_m
from services.network.folder import Network, load
from services.network.roads import Roads
from services.simulator.generator import generate_day

FOLDER = Path(__file__).parents[2] / "territories" / "la-souterraine"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return load(FOLDER, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def roads(demo: Network) -> Roads:
    assert demo.roads is not None
    return demo.roads


def nearest_stop_m(network: Network, point: Point) -> float:
    stops = zip(network.stops.lon, network.stops.lat, strict=True)
    return min(distance_m(point, Point(float(lon), float(lat))) for lon, lat in stops)


def test_it_has_a_town_with_a_station_villages_hamlets_and_a_fleet(demo: Network) -> None:
    kinds = Counter(place.kind.value for place in demo.places)
    assert 20 <= len(demo.places) <= 30
    assert set(kinds) == {"town", "village", "hamlet"}
    assert any("station" in place.roles for place in demo.places)
    assert 40 <= len(demo.stops.ids) <= 70
    assert 8 <= sum(group.count for group in demo.territory.fleet) <= 15
    assert len({group.depot for group in demo.territory.fleet}) >= 2


def test_names_and_ids_are_unique(demo: Network, roads: Roads) -> None:
    for names in (
        [place.name for place in demo.places],
        demo.stops.ids,
        demo.stops.names,
        roads.node_ids,
        roads.link_ids,
    ):
        assert len(set(names)) == len(names)


def test_every_stop_can_be_reached_from_every_other(demo: Network, roads: Roads) -> None:
    links = csr_matrix(
        (np.ones(len(roads.tail)), (roads.tail, roads.head)), shape=(len(roads.lon),) * 2
    )
    assert connected_components(links, directed=True, connection="strong")[0] == 1
    assert int(demo.tables.drive_s.max()) < 45 * 60


def test_no_link_is_shorter_than_the_straight_line_or_much_longer(roads: Roads) -> None:
    for tail, head, link_mm in zip(roads.tail, roads.head, roads.link_mm, strict=True):
        straight_m = distance_m(
            Point(float(roads.lon[tail]), float(roads.lat[tail])),
            Point(float(roads.lon[head]), float(roads.lat[head])),
        )
        assert straight_m <= link_mm / 1000 <= 1.3 * straight_m + 1
        assert 100 <= link_mm / 1000 <= 800


def test_shuttles_drive_between_30_and_70_kmh(roads: Roads) -> None:
    speed_kmh = 3.6 * roads.link_mm / roads.link_ms
    assert speed_kmh.min() > 29
    assert speed_kmh.max() <= 70


def test_roads_wind_as_rural_roads_do(demo: Network) -> None:
    x_m, y_m = demo.stops.x_mm / 1000, demo.stops.y_mm / 1000
    straight_m = np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)
    far = straight_m > 2000
    winding = demo.tables.drive_m[far] / straight_m[far]
    assert winding.min() >= 1
    assert 1.15 < np.median(winding) < 1.35


def test_every_place_has_a_stop_at_its_heart(demo: Network) -> None:
    for place in demo.places:
        assert nearest_stop_m(demo, place.point) < 100, place.name


@pytest.mark.parametrize("seed", range(3))
def test_most_people_can_walk_to_a_stop(demo: Network, seed: int) -> None:
    promises = demo.territory.promises
    day = generate_day(demo, seed=seed)
    in_reach = [
        all(
            promises.walk_factor * nearest_stop_m(demo, end) <= promises.walk_m_max
            for end in (trip.origin, trip.destination)
        )
        for trip in day.trips
    ]
    assert 400 <= len(in_reach) <= 900
    assert np.mean(in_reach) > 0.9


def test_communes_are_true(demo: Network, shared_data: Path) -> None:
    with gzip.open(shared_data / "france" / "communes.csv.gz", "rt", encoding="utf-8") as file:
        communes = {row["insee"]: row for row in csv.DictReader(file)}
    listed = [place for place in demo.places if place.insee]
    assert len(listed) >= 20
    for place in listed:
        commune = communes[place.insee or ""]
        assert place.name == commune["name"]
        assert place.point.lon == float(commune["chef_lieu_lon"])
        assert place.point.lat == float(commune["chef_lieu_lat"])
    everybody = sum(int(communes[place.insee or ""]["population"]) for place in listed)
    assert sum(place.population or 0 for place in demo.places) == everybody


def test_drawing_it_again_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("draw.py", "places.csv"):
        shutil.copy(FOLDER / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("draw", tmp_path / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "draw", module)
        spec.loader.exec_module(module)
        module.main()
    for name in ("nodes.csv", "links.csv", "stops.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
