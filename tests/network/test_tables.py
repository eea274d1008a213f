from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from services.network.clean import connect
from services.network.road_files import read_road_tables
from services.network.roads import Roads, graph
from services.network.tables import NO_LINK, UNREACHABLE_S, NoTables, Tables, road_tables
from tests.network.drawings import Link, road_rows, roads_of, stops_at


def oracle_ms(roads: Roads, nodes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Dijkstra from every node to some; of parallel links the fastest, for scipy adds them up."""
    fastest: dict[tuple[int, int], int] = {}
    for link in range(roads.link_count):
        ends = (int(roads.tail[link]), int(roads.head[link]))
        took = int(roads.link_ms[link])
        fastest[ends] = min(took, fastest.get(ends, took))
    tails, heads = zip(*fastest, strict=True)
    backwards = coo_array(
        (list(fastest.values()), (heads, tails)), shape=(roads.node_count, roads.node_count)
    )
    return np.asarray(dijkstra(backwards.tocsr(), indices=nodes)).T


def follow(roads: Roads, tables: Tables, node: int, stop: int) -> tuple[int, int]:
    """Milliseconds and millimetres along the next-link table."""
    took_ms, length_mm = 0, 0
    for _ in range(roads.node_count + 1):
        offset = int(tables.next_link[node, stop])
        if offset == NO_LINK:
            return took_ms, length_mm
        link = int(roads.first_out[node]) + offset
        assert link < roads.first_out[node + 1]
        took_ms += int(roads.link_ms[link])
        length_mm += int(roads.link_mm[link])
        node = int(roads.head[link])
    raise AssertionError("the next-link table leads in a circle")


@st.composite
def connected_links(draw: st.DrawFn) -> tuple[int, list[Link]]:
    """Strongly connected, with few different times, so that ties and parallel links abound."""
    count = draw(st.integers(2, 12))
    ring = draw(st.permutations(range(count)))
    node, took = st.integers(0, count - 1), st.sampled_from([0, 1, 2, 3, 1000, 1001, 60_000])
    links = [(ring[i - 1], ring[i], draw(took)) for i in range(count)]
    more = draw(st.lists(st.tuples(node, node, took), max_size=30))
    return count, links + [link for link in more if link[0] != link[1]]


@given(drawn=connected_links(), data=st.data())
def test_tables_equal_an_independent_dijkstra_and_their_paths_sum_to_it(
    drawn: tuple[int, list[Link]], data: st.DataObject
) -> None:
    roads = roads_of(*drawn)
    node = st.integers(0, roads.node_count - 1)
    stops = stops_at(roads, data.draw(st.lists(node, min_size=1, max_size=6)))
    tables = road_tables(roads, stops)
    expected = oracle_ms(roads, stops.node)
    for start in range(roads.node_count):
        for stop in range(len(stops)):
            took_ms, length_mm = follow(roads, tables, start, stop)
            assert took_ms == expected[start, stop]
            assert tables.node_drive_s[start, stop] == -(-took_ms // 1000)
            assert tables.node_drive_m[start, stop] == -(-length_mm // 1000)
    assert np.array_equal(tables.drive_s, tables.node_drive_s[stops.node])
    assert np.array_equal(tables.drive_m, tables.node_drive_m[stops.node])


@given(drawn=connected_links())
def test_the_next_link_is_the_first_of_those_that_are_equally_fast(
    drawn: tuple[int, list[Link]],
) -> None:
    roads = roads_of(*drawn)
    stops = stops_at(roads, [0])
    tables, expected = road_tables(roads, stops), oracle_ms(roads, stops.node)
    for node in range(1, roads.node_count):
        links = range(roads.first_out[node], roads.first_out[node + 1])
        fast = [
            link - int(roads.first_out[node])
            for link in links
            if roads.link_ms[link] + expected[roads.head[link], 0] == expected[node, 0]
        ]
        assert tables.next_link[node, 0] == fast[0]


def test_where_no_way_leads_the_table_says_so() -> None:
    roads = roads_of(3, [(0, 1, 5), (1, 0, 5), (1, 2, 5)])
    tables = road_tables(roads, stops_at(roads, [0, 2]))
    assert tables.drive_s.tolist() == [[0, 1], [UNREACHABLE_S, 0]]
    assert tables.next_link[2].tolist() == [NO_LINK, NO_LINK]


def test_a_drive_of_65534_s_fits_and_a_longer_one_is_an_error() -> None:
    roads = roads_of(3, [(0, 1, 65_000_000), (1, 2, 534_000), (2, 0, 1)])
    tables = road_tables(roads, stops_at(roads, [0, 2]))
    assert tables.drive_s[0, 1] == 65_534
    roads = roads_of(3, [(0, 1, 65_000_000), (1, 2, 534_001), (2, 0, 1)])
    with pytest.raises(NoTables, match="65535 s"):
        road_tables(roads, stops_at(roads, [0, 2]))


def test_a_node_with_254_links_is_fine_and_one_with_255_is_an_error() -> None:
    links = [(0, 1, 255 - i) for i in range(254)] + [(1, 0, 1)]
    roads = roads_of(2, links)
    assert road_tables(roads, stops_at(roads, [1])).next_link[0, 0] == 253
    roads = roads_of(2, [*links, (0, 1, 9)])
    with pytest.raises(NoTables, match="'n0' has 255"):
        road_tables(roads, stops_at(roads, [1]))


def test_a_link_without_length_still_takes_a_millisecond() -> None:
    assert roads_of(2, [(0, 1, 0), (1, 0, 0)]).link_ms.tolist() == [1, 1]


def test_times_are_rounded_up_at_the_capped_speed() -> None:
    rows = road_rows(2, [(0, 1, 100_000), (1, 0, 100_001)], speed_kmh=70)
    assert graph(rows).link_ms.tolist() == [5143, 5143]
    assert graph(rows, 50).link_ms.tolist() == [7200, 7201]


def test_tables_and_roads_cannot_be_written_to() -> None:
    roads = roads_of(2, [(0, 1, 1), (1, 0, 1)])
    tables = road_tables(roads, stops_at(roads, [0, 1]))
    for array in (*tables.arrays().values(), roads.link_ms, roads.lon):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_version_follows_the_content() -> None:
    links = [(0, 1, 7), (1, 0, 7), (1, 2, 8), (2, 1, 8)]

    def version(links: list[Link], nodes: list[int]) -> str:
        roads = roads_of(3, links)
        return road_tables(roads, stops_at(roads, nodes)).version

    assert version(links, [0, 2]) == version(links, [0, 2])
    assert version(links, [0, 2]) != version(links, [0, 1])
    assert version(links, [0, 2]) != version([*links[:3], (2, 1, 9)], [0, 2])


@pytest.mark.parametrize("name", ["vulkaneifel", "corsica"])
def test_real_roads_give_what_dijkstra_gives(shared_data: Path, name: str) -> None:
    roads = real_roads(shared_data, name)
    rng = np.random.default_rng(1)
    nodes = rng.choice(roads.node_count, 70, replace=False)
    stops = stops_at(roads, nodes.tolist())
    tables = road_tables(roads, stops)
    some = np.arange(0, 70, 10)
    expected = oracle_ms(roads, stops.node[some])
    assert np.array_equal(tables.node_drive_s[:, some], np.ceil(expected / 1000))
    for node in rng.choice(roads.node_count, 40):
        for column, stop in enumerate(some.tolist()):
            took_ms, length_mm = follow(roads, tables, int(node), stop)
            assert took_ms == expected[node, column]
            assert tables.node_drive_m[node, stop] == -(-length_mm // 1000)


def real_roads(shared_data: Path, name: str) -> Roads:
    tables = [shared_data / "roads" / f"{name}_road_{part}.csv.gz" for part in ("nodes", "edges")]
    rows, _ = connect(read_road_tables(tables[0], tables[1])[0])
    return graph(rows, 50)
