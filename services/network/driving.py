"""Driving along fastest paths: compiled, exact to the millisecond, shared by plan and world."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.domain.operating_domain import Restriction, pauses
from services.domain.territory import TravelKind
from services.network.flat import frozen
from services.network.folder import Network
from services.network.kernels import array_kernel, kernel
from services.network.tables import UNREACHABLE_S

NEVER_S = 2**40
THERE = 255
"""In a next-link table: no link to take, the stop is here (or out of reach)."""


class Ways(NamedTuple):
    """Travel times and roads as plain arrays, for compiled code.

    Parameters
    ----------
    drive_s
        (S, S) seconds between stops; 65535: no way.
    node_drive_s
        (N, S) seconds from road nodes to stops; N is 0 without roads.
    drive_m, node_drive_m
        The same in metres.
    chargers
        Stops with chargers.
    charger_s, charger_m
        (S,) drive from each stop to the charger that is reached soonest; 0 if there are none.
    next_link
        (N, S) offset of the outgoing link to take towards a stop; 255: there.
    stop_node
        (S,) road node of each stop.
    first_out, head, link_ms, link_mm
        Roads in compressed sparse rows.
    stop_mm
        (S, 2) stops on the flat map.
    pauses
        (2, P, 2) when shuttles may not drive, from and until, in s, apart and in order: those fit
        for darkness, and the others. Filled up with ``NEVER_S``.
    caps
        (P, 3) when speed caps are in force: from and until, in s, apart and in order, and which of
        the following tables holds then. Empty if there are none.
    slow_ms
        (C, links) times that caps allow on links; 0: any. The last are the longest of all.
    slow_s
        (C, S, S) seconds between stops, the same ways at these times; 65535: no way, or too long.
    s_per_mm, m_per_mm
        Without roads: seconds that a millimetre of straight line takes, and metres that it counts.
    """

    drive_s: NDArray[np.uint16]
    node_drive_s: NDArray[np.uint16]
    drive_m: NDArray[np.uint32]
    node_drive_m: NDArray[np.uint32]
    chargers: NDArray[np.int64]
    charger_s: NDArray[np.int64]
    charger_m: NDArray[np.int64]
    next_link: NDArray[np.uint8]
    stop_node: NDArray[np.int32]
    first_out: NDArray[np.int32]
    head: NDArray[np.int32]
    link_ms: NDArray[np.int32]
    link_mm: NDArray[np.int32]
    stop_mm: NDArray[np.int64]
    pauses: NDArray[np.int64]
    caps: NDArray[np.int64]
    slow_ms: NDArray[np.int32]
    slow_s: NDArray[np.uint16]
    s_per_mm: float
    m_per_mm: float


def ways(network: Network) -> Ways:
    """A network's tables and roads for compiled code."""
    none = np.zeros(0, np.int32)
    frozen(none)  # as roads are: compiled code is compiled for one or the other
    roads, tables, travel = network.roads, network.tables, network.territory.travel
    crow = travel.kind is TravelKind.CROW
    assert crow or roads is not None
    stops = network.stops
    chargers = [stops.ids.index(charger.stop) for charger in network.territory.chargers]
    at = np.array(chargers, np.int64)
    charger_s, charger_m = to_chargers(tables.drive_s, tables.drive_m, at)
    return Ways(
        drive_s=np.ascontiguousarray(tables.drive_s),
        node_drive_s=np.asarray(tables.node_drive_s),
        drive_m=np.ascontiguousarray(tables.drive_m),
        node_drive_m=np.asarray(tables.node_drive_m),
        chargers=at,
        charger_s=charger_s,
        charger_m=charger_m,
        next_link=np.asarray(tables.next_link),
        stop_node=np.ascontiguousarray(stops.node),
        first_out=none if roads is None else np.ascontiguousarray(roads.first_out),
        head=none if roads is None else np.ascontiguousarray(roads.head),
        link_ms=none if roads is None else np.ascontiguousarray(roads.link_ms),
        link_mm=none if roads is None else np.ascontiguousarray(roads.link_mm),
        stop_mm=np.stack([stops.x_mm, stops.y_mm], axis=1),
        pauses=pause_table(()),
        caps=np.zeros((0, 3), np.int64),
        slow_ms=np.zeros((0, 0 if roads is None else roads.link_count), np.int32),
        slow_s=np.zeros((0, *tables.drive_s.shape), np.uint16),
        s_per_mm=travel.crow_factor / (travel.crow_speed_kmh / 3.6 * 1000) if crow else 0.0,
        m_per_mm=travel.crow_factor / 1000 if crow else 0.0,
    )


def pause_table(restrictions: tuple[Restriction, ...]) -> NDArray[np.int64]:
    """When shuttles may not drive, as `Ways` has it."""
    spans = [pauses(restrictions, fit_for_darkness=fit) for fit in (True, False)]
    table = np.full((2, max(map(len, spans)), 2), NEVER_S, np.int64)
    for kind, own in enumerate(spans):
        table[kind, : len(own)] = np.array(own, np.int64).reshape(-1, 2)
    return table


def to_chargers(
    drive_s: NDArray[np.uint16], drive_m: NDArray[np.uint32], chargers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seconds and metres from each stop to the charger that is reached soonest; 0 without any."""
    rows = np.arange(len(drive_s))
    if not len(chargers):
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    nearest = chargers[drive_s[:, chargers].argmin(axis=1)]
    return drive_s[rows, nearest].astype(np.int64), drive_m[rows, nearest].astype(np.int64)


@kernel
def is_hindered(ways):  # type: ignore[no-untyped-def]
    """Whether there are times at which shuttles may not drive, or not as fast as roads allow."""
    return ways.pauses.shape[1] > 0 or ways.caps.shape[0] > 0


@kernel
def ends_before(ways, kind, leave_s, drive_s):  # type: ignore[no-untyped-def]
    """Whether a drive ends before shuttles (0: fit for darkness; 1: not) may not drive."""
    for p in range(ways.pauses.shape[1] if drive_s > 0 else 0):
        if leave_s < ways.pauses[kind, p, 1] and leave_s + drive_s > ways.pauses[kind, p, 0]:
            return False
    return True


@kernel
def link_time_ms(link_ms: int, permille: int) -> int:
    """Time on a link when all takes ``permille`` of the normal time, rounded up."""
    return (link_ms * permille + 999) // 1000


@kernel
def time_on_ms(ways, link, enter_ms, permille):  # type: ignore[no-untyped-def]
    """Time on a link that is entered at a time.

    If any of it lies in the time of a cap, the link is driven at the cap throughout, and never
    faster. So times depend on when one drives, and ways do not (the model of Ichoua, Gendreau &
    Potvin 2003, "Vehicle dispatching with time-dependent travel times", but by the link: leaving
    later one arrives later, up to what a cap adds on one link).
    """
    ms = link_time_ms(ways.link_ms[link], permille)
    for p in range(ways.caps.shape[0]):
        if enter_ms < ways.caps[p, 1] * 1000 and enter_ms + ms > ways.caps[p, 0] * 1000:
            slow_ms = ways.slow_ms[ways.caps[p, 2], link]
            ms = max(ms, link_time_ms(slow_ms, max(permille, 1000)))
    return ms


@kernel
def drive_until(ways, node, ms, stop, until_ms, permille):  # type: ignore[no-untyped-def]
    """Follow the fastest path to a stop, to the first node reached at ``until_ms`` or later.

    Returns the node and the time there; the stop's own node if that comes first.
    """
    while ms < until_ms:
        offset = ways.next_link[node, stop]
        if offset == THERE:
            break
        link = ways.first_out[node] + offset
        ms += time_on_ms(ways, link, ms, permille)
        node = ways.head[link]
    return node, ms


@kernel
def from_node_s(ways, node, ms, stop, drive_s):  # type: ignore[no-untyped-def]
    """When a shuttle that passes a node is at a stop, in s; ``drive_s``: what it takes uncapped."""
    plain_s = (ms + 999) // 1000 + drive_s
    for p in range(ways.caps.shape[0] if drive_s < UNREACHABLE_S else 0):
        if ms < ways.caps[p, 1] * 1000 and plain_s > ways.caps[p, 0]:
            _, ms = drive_until(ways, node, ms, stop, NEVER_S * 1000, 1000)
            return (ms + 999) // 1000
    return plain_s


@kernel
def drive_from_s(ways, leave_s, start, end):  # type: ignore[no-untyped-def]
    """Seconds between two stops for a shuttle that sets off at a time."""
    drive_s = int(ways.drive_s[start, end])
    for p in range(ways.caps.shape[0] if 0 < drive_s < UNREACHABLE_S else 0):
        from_s, until_s = ways.caps[p, 0], ways.caps[p, 1]
        if leave_s < until_s and leave_s + drive_s > from_s:
            slow_s = int(ways.slow_s[ways.caps[p, 2], start, end])
            if from_s <= leave_s and leave_s + slow_s <= until_s and slow_s < UNREACHABLE_S:
                return slow_s
            node = ways.stop_node[start]
            return from_node_s(ways, node, leave_s * 1000, end, drive_s) - leave_s
    return drive_s


@kernel
def longest_s(ways, start, end):  # type: ignore[no-untyped-def]
    """Seconds between two stops whenever one drives, at most."""
    tables = ways.slow_s.shape[0]
    return int(ways.slow_s[tables - 1, start, end]) if tables else int(ways.drive_s[start, end])


@kernel
def longest_from_node_s(ways, node, stop):  # type: ignore[no-untyped-def]
    """The same from a road node."""
    tables, ms = ways.slow_ms.shape[0], 0
    if not tables:
        return int(ways.node_drive_s[node, stop])
    while ways.next_link[node, stop] != THERE:
        link = ways.first_out[node] + ways.next_link[node, stop]
        ms += max(ways.slow_ms[tables - 1, link], ways.link_ms[link])
        node = ways.head[link]
    return (ms + 999) // 1000


@kernel
def set_off(ways, kind, leave_s, start, end):  # type: ignore[no-untyped-def]
    """From when on a drive between stops ends before shuttles may not drive, and how long it is.

    ``kind``: 0: fit for darkness; 1: not.
    """
    drive_s = drive_from_s(ways, leave_s, start, end)
    for p in range(ways.pauses.shape[1] if drive_s > 0 else 0):
        if leave_s < ways.pauses[kind, p, 1] and leave_s + drive_s > ways.pauses[kind, p, 0]:
            leave_s = ways.pauses[kind, p, 1]
            drive_s = drive_from_s(ways, leave_s, start, end)
    return leave_s, drive_s


@kernel
def turn_off(ways, node, ms, stop, until_ms, wanted, permille):  # type: ignore[no-untyped-def]
    """Where a shuttle on its way to a stop turns off: at the wanted node if that lies ahead.

    Otherwise at the first node reached at ``until_ms`` or later. Returns node and time.
    """
    first, first_ms = drive_until(ways, node, ms, stop, until_ms, permille)
    node, ms = first, first_ms
    while node != wanted:
        offset = ways.next_link[node, stop]
        if offset == THERE:
            return first, first_ms
        link = ways.first_out[node] + offset
        ms += time_on_ms(ways, link, ms, permille)
        node = ways.head[link]
    return node, ms


@kernel
def crow_s(ways, x_mm, y_mm, stop):  # type: ignore[no-untyped-def]
    """Seconds from a point to a stop in a straight line, rounded up."""
    dx = float(ways.stop_mm[stop, 0] - x_mm)
    dy = float(ways.stop_mm[stop, 1] - y_mm)
    return int(np.ceil(np.sqrt(dx * dx + dy * dy) * ways.s_per_mm - 1e-9))


@kernel
def crow_m(ways, x_mm, y_mm, stop):  # type: ignore[no-untyped-def]
    """Metres from a point to a stop, as straight lines count, rounded up."""
    dx = float(ways.stop_mm[stop, 0] - x_mm)
    dy = float(ways.stop_mm[stop, 1] - y_mm)
    return int(np.ceil(np.sqrt(dx * dx + dy * dy) * ways.m_per_mm - 1e-9))


@kernel
def crow_point(ways, x_mm, y_mm, stop, elapsed_ms, total_ms):  # type: ignore[no-untyped-def]
    """Where on the straight line to a stop one is after part of the time."""
    if total_ms <= 0 or elapsed_ms >= total_ms:
        return ways.stop_mm[stop, 0], ways.stop_mm[stop, 1]
    elapsed_ms = max(elapsed_ms, 0)
    return (
        x_mm + (ways.stop_mm[stop, 0] - x_mm) * elapsed_ms // total_ms,
        y_mm + (ways.stop_mm[stop, 1] - y_mm) * elapsed_ms // total_ms,
    )


@array_kernel
def count_links(ways, drives):  # type: ignore[no-untyped-def]
    """Count the links of each drive; columns: start node, its ms, stop headed for, end node."""
    counts = np.zeros(len(drives), np.int64)
    for i in range(len(drives)):
        node, stop, end = drives[i, 0], drives[i, 2], drives[i, 3]
        while node != end:
            node = ways.head[ways.first_out[node] + ways.next_link[node, stop]]
            counts[i] += 1
    return counts


@kernel
def write_links(ways, drives, links, depart_ms, arrive_ms):  # type: ignore[no-untyped-def]
    """Write out each drive's links and times; the fifth column is the permille of normal time."""
    row = 0
    for i in range(len(drives)):
        node, ms, stop, end = drives[i, 0], drives[i, 1], drives[i, 2], drives[i, 3]
        while node != end:
            link = ways.first_out[node] + ways.next_link[node, stop]
            links[row] = link
            depart_ms[row] = ms
            ms += time_on_ms(ways, link, ms, drives[i, 4])
            arrive_ms[row] = ms
            node = ways.head[link]
            row += 1
