"""Travel times around closed roads: all of them, exactly, in a fraction of a second.

Towards each stop, the fastest ways form a tree. A closed link changes nothing for the stops whose
trees do not have it, and for the others only the nodes that lie behind it. Those are found by
following the next links, and timed anew by Dijkstra's algorithm from the nodes around them (the
deletion of Ramalingam & Reps 1996, "An incremental algorithm for a generalization of the
shortest-path problem"). So there is no first, rough version of the tables and no second one.
"""

from __future__ import annotations

import heapq

import numpy as np

from services.network.driving import THERE, Ways, to_chargers
from services.network.flat import frozen
from services.network.kernels import array_kernel
from services.network.tables import UNREACHABLE_S

KEPT = 4
"""Versions of the tables that are remembered."""


class Detours:
    """Travel times with some roads closed.

    Parameters
    ----------
    ways
        Travel times with all roads open.
    """

    def __init__(self, ways: Ways) -> None:
        self._open = ways
        self._known: dict[frozenset[int], Ways] = {frozenset(): ways}
        self._into: tuple[np.ndarray, ...] | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Detours:
        """Return itself: what it remembers follows from its ways alone."""
        return self

    @property
    def link_count(self) -> int:
        """How many links there are to close."""
        return len(self._open.head)

    def around(self, closed: frozenset[int]) -> Ways:
        """Travel times without these links (by number)."""
        if closed not in self._known:
            while len(self._known) > KEPT:
                del self._known[next(links for links in self._known if links)]
            self._known[closed] = self._without(closed)
        return self._known[closed]

    def _without(self, closed: frozenset[int]) -> Ways:
        ways = self._open
        if self._into is None:
            tail = np.repeat(np.arange(len(ways.first_out) - 1), np.diff(ways.first_out))
            order = np.argsort(ways.head, kind="stable")
            first_in = np.zeros(len(ways.first_out), np.int64)
            np.cumsum(np.bincount(ways.head, minlength=len(first_in) - 1), out=first_in[1:])
            # Turned, so that what one stop's tree says lies together.
            self._into = tail, order, first_in, np.ascontiguousarray(ways.next_link.T)
        shut = np.zeros(len(ways.head), np.bool_)
        shut[sorted(closed)] = True
        tables = ways.node_drive_s.copy(), ways.next_link.copy(), ways.node_drive_m.copy()
        drive_around(ways, self._into, shut, np.flatnonzero(shut), tables)
        node_drive_s, next_link, node_drive_m = tables
        drive_s = np.ascontiguousarray(node_drive_s[ways.stop_node])
        drive_m = np.ascontiguousarray(node_drive_m[ways.stop_node])
        charger_s, charger_m = to_chargers(drive_s, drive_m, ways.chargers)
        for table in (drive_s, drive_m, *tables):
            frozen(table)  # as the others are: compiled code is compiled for one or the other
        return ways._replace(
            drive_s=drive_s,
            drive_m=drive_m,
            node_drive_s=node_drive_s,
            node_drive_m=node_drive_m,
            next_link=next_link,
            charger_s=charger_s,
            charger_m=charger_m,
        )


@array_kernel
def drive_around(ways, into, shut, closed, tables):  # type: ignore[no-untyped-def]
    """Write the times and next links of all nodes that closed links touch.

    Parameters
    ----------
    ways
        As it was with all roads open.
    into
        Tail of each link; links by the node they lead to, and where those of each node begin; next
        links (stops, nodes).
    shut
        (links,) whether each is closed.
    closed
        Numbers of those that are.
    tables
        Seconds, next links and metres from nodes to stops, which take the result; as in ``ways``
        before. Metres are rounded up on each link that is driven instead.
    """
    tail, towards = into[0], into[3]
    nodes = len(ways.first_out) - 1
    time_ms = np.empty(nodes, np.int64)
    for stop in range(len(ways.stop_node)):
        touched = False
        for link in closed:
            node = tail[link]
            touched |= towards[stop, node] == link - ways.first_out[node]
        if touched:
            behind = _times_as_they_were(ways, towards[stop], shut, stop, time_ms)
            _search(ways, into, shut, behind, time_ms)
            _write(ways, shut, stop, behind, time_ms, tables)


@array_kernel
def _times_as_they_were(ways, towards, shut, stop, time_ms):  # type: ignore[no-untyped-def]
    """Time each node's way to a stop (-1: none any more); the nodes behind closed links."""
    nodes = len(time_ms)
    time_ms[:] = -2
    stack = np.empty(nodes, np.int64)
    behind = np.empty(nodes, np.int64)
    count = 0
    time_ms[ways.stop_node[stop]] = 0
    for start in range(nodes):
        depth, node = 0, start
        while time_ms[node] == -2:
            offset = towards[node]
            if offset == THERE:  # never led there
                time_ms[node] = -3
                break
            stack[depth] = node
            depth += 1
            node = ways.head[ways.first_out[node] + offset]
        while depth > 0:
            depth -= 1
            ahead_ms = time_ms[node]
            node = stack[depth]
            link = ways.first_out[node] + towards[node]
            if ahead_ms == -1 or shut[link]:
                time_ms[node] = -1
                behind[count] = node
                count += 1
            else:
                time_ms[node] = ahead_ms + ways.link_ms[link]
    return behind[:count]


@array_kernel
def _search(ways, into, shut, behind, time_ms):  # type: ignore[no-untyped-def]
    """Time the nodes behind closed links anew, nearest first."""
    tail, order, first_in = into[0], into[1], into[2]
    waiting = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for node in behind:
        for link in range(ways.first_out[node], ways.first_out[node + 1]):
            ahead_ms = time_ms[ways.head[link]]
            if ahead_ms >= 0 and not shut[link]:
                heapq.heappush(waiting, (ahead_ms + ways.link_ms[link], np.int64(node)))
    while len(waiting) > 0:
        ms, node = heapq.heappop(waiting)
        if time_ms[node] >= 0:
            continue
        time_ms[node] = ms
        for at in range(first_in[node], first_in[node + 1]):
            link = order[at]
            if time_ms[tail[link]] == -1 and not shut[link]:
                heapq.heappush(waiting, (ms + ways.link_ms[link], np.int64(tail[link])))


@array_kernel
def _write(ways, shut, stop, behind, time_ms, tables):  # type: ignore[no-untyped-def]
    node_drive_s, next_link, node_drive_m = tables
    for node in behind[np.argsort(time_ms[behind])]:  # what is ahead is written before
        node_drive_s[node, stop] = UNREACHABLE_S
        next_link[node, stop] = THERE
        ms = time_ms[node]
        if ms < 0 or ms > (UNREACHABLE_S - 1) * 1000:
            continue
        node_drive_s[node, stop] = (ms + 999) // 1000
        for link in range(ways.first_out[node], ways.first_out[node + 1]):
            ahead_ms = time_ms[ways.head[link]]
            if ahead_ms >= 0 and not shut[link] and ahead_ms + ways.link_ms[link] == ms:
                next_link[node, stop] = link - ways.first_out[node]
                ahead_m = node_drive_m[ways.head[link], stop]
                node_drive_m[node, stop] = ahead_m + (ways.link_mm[link] + 999) // 1000
                break
