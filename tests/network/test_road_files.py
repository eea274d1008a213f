from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from services.domain.errors import InvalidFile, InvalidRequest
from services.network.clean import Dropped, connect
from services.network.road_files import read_road_tables
from services.network.roads import RoadRows
from tests.network.drawings import Link, road_rows

NODES = "node,x,y,lon,lat\nA,0,0,6.0,50.0\nB,0,0,6.01,50.0\nC,0,0,6.02,50.0\n"
EDGES = (
    "link,from,to,length_m,model_freespeed_kmh,allowed_speed_kmh,highway,osm_way,modes\n"
    '1,A,B,700,15,50,residential,11,"car,bus"\n'
    "2,B,A,700,15,,secondary,12,car\n"
)


def read(tmp_path: Path, edges: str, nodes: str = NODES) -> tuple[RoadRows, list[Dropped]]:
    (tmp_path / "nodes.csv").write_text(nodes, encoding="utf-8")
    (tmp_path / "edges.csv").write_text(edges, encoding="utf-8")
    return read_road_tables(tmp_path / "nodes.csv", tmp_path / "edges.csv")


def test_the_allowed_speed_counts_else_that_of_the_class_but_never_the_models(
    tmp_path: Path,
) -> None:
    rows, dropped = read(tmp_path, EDGES)
    assert rows.speed_kmh.tolist() == [50.0, 70.0]
    assert rows.way == ("11", "12")
    assert dropped == []


def test_links_without_a_node_and_those_not_for_cars_are_dropped_and_counted(
    tmp_path: Path,
) -> None:
    more = "3,A,Z,1,,,road,,car\n4,A,B,1,,,footway,,car\n5,A,B,1,,,road,,bus\n"
    rows, dropped = read(tmp_path, EDGES + more)
    assert rows.link_ids == ("1", "2")
    assert dropped == [
        Dropped("links without one of their nodes", 1, ("3",)),
        Dropped("links that are not for cars", 2, ("4", "5")),
    ]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("3,A,B,x,,,road,,", "length_m", "'x' is not a number"),
        ("3,A,B,1,,-50,road,,", "allowed_speed_kmh", "-50 is not between"),
        ("1,A,B,1,,,road,,", "link", "twice"),
        ("3,,B,1,,,road,,", "from", "is empty"),
    ],
)
def test_a_bad_link_is_an_error_with_its_line(
    tmp_path: Path, row: str, field: str, reason: str
) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        read(tmp_path, EDGES + row + "\n")
    assert (caught.value.line, caught.value.field) == (4, field)


def test_tables_without_a_usable_link_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no link"):
        read(tmp_path, EDGES.split("\n")[0])


def test_what_cannot_be_reached_and_left_again_is_dropped_and_counted() -> None:
    links = [(0, 1, 5), (1, 2, 5), (2, 0, 5), (2, 3, 5), (4, 0, 5), (1, 1, 5)]
    rows, dropped = connect(road_rows(6, links))
    assert rows.node_ids == ("n0", "n1", "n2")
    assert rows.link_ids == ("a0", "a1", "a2")
    assert [(one.what, one.count, one.examples) for one in dropped] == [
        ("links from a node to itself", 1, ("a5",)),
        ("nodes without a link", 1, ("n5",)),
        ("nodes outside the largest connected part", 2, ("n3", "n4")),
        ("links outside the largest connected part", 2, ("a3", "a4")),
    ]


def test_roads_with_no_way_back_anywhere_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="and back"):
        connect(road_rows(3, [(0, 1, 5), (1, 2, 5)]))
    with pytest.raises(InvalidRequest, match="no link is left"):
        connect(road_rows(2, [(0, 0, 5)]))


node = st.integers(0, 7)


@given(links=st.lists(st.tuples(node, node, st.just(5)), min_size=1, max_size=20))
def test_what_is_kept_is_strongly_connected_and_as_large_as_can_be(links: list[Link]) -> None:
    ones, (tail, head) = np.ones(len(links)), np.array(links).T[:2]
    reach = np.isfinite(shortest_path(coo_array((ones, (tail, head)), shape=(8, 8)).tocsr()))
    sizes = (reach & reach.T).sum(axis=1)
    if sizes.max() == 1:
        with pytest.raises(InvalidRequest):
            connect(road_rows(8, links))
        return
    rows, _ = connect(road_rows(8, links))
    kept = [int(name[1:]) for name in rows.node_ids]
    assert len(kept) == sizes.max()
    assert reach[np.ix_(kept, kept)].all()
    inside = [link for link in links if link[0] in kept and link[1] in kept and link[0] != link[1]]
    assert len(rows.link_ids) == len(inside)


def test_corsicas_loops_and_stray_nodes_are_dropped(shared_data: Path) -> None:
    tables = [shared_data / "roads" / f"corsica_road_{part}.csv.gz" for part in ("nodes", "edges")]
    rows, _ = read_road_tables(tables[0], tables[1])
    kept, dropped = connect(rows)
    assert len(kept.node_ids) == 31_333
    assert {one.what: one.count for one in dropped} == {
        "links from a node to itself": 55,
        "nodes without a link": 7,
    }
