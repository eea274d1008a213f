"""From roads as they were read to one graph in which every place can be reached from every other.

Whatever is dropped on the way is counted and reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from services.domain.errors import InvalidRequest
from services.network.roads import RoadRows

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Dropped:
    """Things of one kind that were left out: how many, and the ids of the first few."""

    what: str
    count: int
    examples: tuple[str, ...]


class DropLog:
    """Counts what is dropped while reading."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def drop(self, what: str, thing: str) -> None:
        """Count one thing as dropped."""
        self._counts[what] = self._counts.get(what, 0) + 1
        examples = self._ids.setdefault(what, [])
        if len(examples) < _EXAMPLES:
            examples.append(thing)

    def drop_all(self, what: str, things: Iterable[str]) -> None:
        """Count several things as dropped."""
        for thing in things:
            self.drop(what, thing)

    def dropped(self) -> list[Dropped]:
        """All that was dropped, by kind, in the order in which kinds first came up."""
        return [
            Dropped(what, count, tuple(self._ids[what])) for what, count in self._counts.items()
        ]


def connect(rows: RoadRows) -> tuple[RoadRows, list[Dropped]]:
    """Keep the largest part in which every node can be reached from every other.

    Returns
    -------
    tuple
        The roads that are kept, and what was dropped: links from a node to itself, nodes without a
        link, and all that one cannot get to or not get away from.

    Raises
    ------
    InvalidRequest
        If nothing is left.
    """
    log = DropLog()
    loops = rows.tail == rows.head
    log.drop_all("links from a node to itself", _named(rows.link_ids, loops))
    rows = rows.keep_links(~loops)

    used = np.zeros(len(rows.node_ids), dtype=np.bool_)
    used[rows.tail] = True
    used[rows.head] = True
    log.drop_all("nodes without a link", _named(rows.node_ids, ~used))
    rows = rows.keep_nodes(used)

    if not rows.link_ids:
        raise InvalidRequest("roads", "no link is left that a shuttle may drive")
    kept = largest_part(rows)
    dead = ~(kept[rows.tail] & kept[rows.head])
    log.drop_all("nodes outside the largest connected part", _named(rows.node_ids, ~kept))
    log.drop_all("links outside the largest connected part", _named(rows.link_ids, dead))
    rows = rows.keep_nodes(kept)
    if not rows.link_ids:
        raise InvalidRequest("roads", "there is no way from any node to another and back")
    return rows, log.dropped()


def largest_part(rows: RoadRows) -> NDArray[np.bool_]:
    """Mark the nodes of the largest strongly connected part (of equals, that of the first node)."""
    count = len(rows.node_ids)
    ones = np.ones(len(rows.tail), dtype=np.int32)
    links = coo_array((ones, (rows.tail, rows.head)), shape=(count, count)).tocsr()
    _, part = connected_components(links, directed=True, connection="strong")
    sizes = np.bincount(part)
    largest = next(label for label in part if sizes[label] == sizes.max())
    marked: NDArray[np.bool_] = part == largest
    return marked


def _named(ids: tuple[str, ...], marked: NDArray[np.bool_]) -> list[str]:
    return [ids[i] for i in np.flatnonzero(marked)]
