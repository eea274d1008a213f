"""Travel times under speed caps, beside those without."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.domain.operating_domain import SpeedCap
from services.network.driving import THERE, Ways, to_chargers
from services.network.kernels import array_kernel
from services.network.roads import drive_ms
from services.network.tables import UNREACHABLE_S

Active = frozenset[SpeedCap]


def under_caps(ways: Ways, caps: Iterable[SpeedCap]) -> Ways:
    """Travel times with these caps, in place of any that are there.

    Ways stay what they are: a cap makes them take longer, and nobody drives another way for it.
    """
    spans = _spans(caps)
    tables = list(dict.fromkeys(active for _, _, active in spans))
    if len(tables) > 1:
        tables.append(frozenset().union(*tables))
    slow_ms = np.zeros((len(tables), len(ways.link_ms)), np.int32)
    slow_s = np.zeros((len(tables), *ways.drive_s.shape), np.uint16)
    for number, active in enumerate(tables):
        slow_ms[number] = _links_ms(ways, active)
        slow_table(ways, np.maximum(slow_ms[number], ways.link_ms), slow_s[number])
    rows = [(from_s, until_s, tables.index(active)) for from_s, until_s, active in spans]
    made = ways._replace(
        caps=np.array(rows, np.int64).reshape(-1, 3), slow_ms=slow_ms, slow_s=slow_s
    )
    if not spans:
        return made
    charger_s, charger_m = to_chargers(slow_s[-1], ways.drive_m, ways.chargers)
    return made._replace(charger_s=charger_s, charger_m=charger_m)


def table_at(ways: Ways, at_s: int) -> NDArray[np.uint16]:
    """Seconds between stops at the speeds of a time, however long they last."""
    for from_s, until_s, number in ways.caps.tolist():
        if from_s <= at_s < until_s:
            table: NDArray[np.uint16] = ways.slow_s[number]
            return table
    return ways.drive_s


def drives_alike(one: Ways, other: Ways) -> bool:
    """Whether drives take the same ways and the same times; when they are allowed may differ."""
    same = one.drive_s is other.drive_s and np.array_equal(one.caps, other.caps)
    return bool(same and np.array_equal(one.slow_ms, other.slow_ms))


def _spans(caps: Iterable[SpeedCap]) -> list[tuple[int, int, Active]]:
    """When which caps are in force together: in order, and none where none is."""
    caps = tuple(caps)
    turns_s = sorted({at_s for cap in caps for at_s in (cap.from_s, cap.until_s)})
    spans: list[tuple[int, int, Active]] = []
    for from_s, until_s in pairwise(turns_s):
        # The same whenever they hold, so that equal ones share a table.
        active = frozenset(
            SpeedCap("", 0, 0, cap.speed_m_h, cap.links)
            for cap in caps
            if cap.from_s <= from_s < cap.until_s
        )
        if spans and spans[-1][1:] == (from_s, active):
            spans[-1] = spans[-1][0], until_s, active
        elif active:
            spans.append((from_s, until_s, active))
    return spans


def _links_ms(ways: Ways, active: Active) -> NDArray[np.int32]:
    """Least time on each link under all of some caps; 0 where none holds."""
    time_ms = np.zeros(len(ways.link_ms), np.int32)
    for cap in active:
        links = np.array(cap.links, np.int64) if cap.links else np.arange(len(time_ms))
        length_mm = ways.link_mm[links].astype(np.int64)
        capped_ms = drive_ms(length_mm, np.full(len(links), cap.speed_m_h / 1000))
        time_ms[links] = np.maximum(time_ms[links], capped_ms)
    return time_ms


@array_kernel
def slow_table(ways, link_ms, table):  # type: ignore[no-untyped-def]
    """Write the seconds between all stops along the ways as they are, at other times of links."""
    nodes = len(ways.first_out) - 1
    time_ms = np.empty(nodes, np.int64)
    passed = np.empty(nodes, np.int64)
    for stop in range(len(ways.stop_node)):
        time_ms[:] = -1
        time_ms[ways.stop_node[stop]] = 0
        for start in range(len(ways.stop_node)):
            table[start, stop] = UNREACHABLE_S
            if ways.drive_s[start, stop] == UNREACHABLE_S:
                continue
            node, count = ways.stop_node[start], 0
            while time_ms[node] < 0 and ways.next_link[node, stop] != THERE:
                passed[count] = node
                count += 1
                node = ways.head[ways.first_out[node] + ways.next_link[node, stop]]
            ms = max(time_ms[node], 0)
            while count > 0:
                count -= 1
                node = passed[count]
                ms += link_ms[ways.first_out[node] + ways.next_link[node, stop]]
                time_ms[node] = ms
            table[start, stop] = min((ms + 999) // 1000, UNREACHABLE_S)
