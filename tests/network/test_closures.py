"""Tables around closed roads are what an independent search finds on the roads that are left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from services.network.closures import Detours
from services.network.driving import THERE, Ways, ways
from services.network.folder import Network, load
from tests.builders import road_network


def times_ms(old: Ways, closed: frozenset[int]) -> np.ndarray:
    """Node to stop, by SciPy on the links that are open; infinite where none leads."""
    nodes = len(old.first_out) - 1
    tail = np.repeat(np.arange(nodes), np.diff(old.first_out))
    left = np.array([link for link in range(len(old.head)) if link not in closed], np.int64)
    order = left[np.lexsort((old.link_ms[left], old.head[left], tail[left]))]
    _, first = np.unique(tail[order] * nodes + old.head[order], return_index=True)
    kept = order[first]
    # Backwards, from the stops.
    graph = csr_matrix(
        (old.link_ms[kept].astype(float), (old.head[kept], tail[kept])), shape=(nodes, nodes)
    )
    found: np.ndarray = dijkstra(graph, indices=old.stop_node).T
    return found


def follow_ms(new: Ways, closed: frozenset[int], node: int, stop: int) -> float:
    """Time along the next links, none of them closed; infinite if they do not lead there."""
    ms = 0
    while new.next_link[node, stop] != THERE:
        link = int(new.first_out[node]) + int(new.next_link[node, stop])
        assert link not in closed
        ms += int(new.link_ms[link])
        node = int(new.head[link])
    return ms if node == new.stop_node[stop] else np.inf


def agree(network: Network, closed: frozenset[int], nodes: list[int]) -> None:
    old = ways(network)
    new = Detours(old).around(closed)
    want = times_ms(old, closed)
    seconds = np.where(np.isfinite(want), np.ceil(np.nan_to_num(want, posinf=0) / 1000), 65_535)
    assert (new.node_drive_s == seconds).all()
    assert (new.drive_s == seconds[new.stop_node]).all()
    for node in nodes:
        for stop in range(len(new.stop_node)):
            assert follow_ms(new, closed, node, stop) == want[node, stop]


@given(closed=st.frozensets(st.integers(0, 19), max_size=20))
def test_any_links_of_a_small_town(closed: frozenset[int]) -> None:
    agree(road_network(), closed, list(range(8)))


@pytest.mark.parametrize("seed", range(3))
def test_some_links_of_a_territory(demo: Path, seed: int) -> None:
    network = load(demo)
    assert network.roads is not None
    dice = np.random.default_rng(seed)
    count = network.roads.link_count
    closed = frozenset(dice.choice(count, size=10 * 3**seed, replace=False).tolist())
    agree(network, closed, dice.choice(network.roads.node_count, 20).tolist())


def test_what_was_closed_and_opened_again_is_as_before() -> None:
    open_ways = ways(road_network())
    detours = Detours(open_ways)
    detours.around(frozenset({0, 1}))
    assert detours.around(frozenset()) is open_ways
