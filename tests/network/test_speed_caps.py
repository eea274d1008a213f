"""Drives under speed caps take what a plain walk along the way says, link by link."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.domain.operating_domain import Restriction, SpeedCap
from services.network.closures import Detours
from services.network.driving import (
    THERE,
    Ways,
    drive_from_s,
    drive_until,
    from_node_s,
    longest_from_node_s,
    longest_s,
    pause_table,
    set_off,
    time_on_ms,
    ways,
)
from services.network.speed_caps import drives_alike, table_at, under_caps
from tests.builders import road_network

PLAIN = ways(road_network())
LINKS, STOPS = len(PLAIN.link_ms), len(PLAIN.stop_node)
FAR_MS = 2**50

SPANS = st.tuples(st.integers(0, 400), st.integers(1, 200))
CAPS = st.lists(
    st.builds(
        lambda span, m_h, links: SpeedCap("fog", span[0], sum(span), m_h, tuple(links)),
        SPANS,
        st.integers(2_000, 50_000),
        st.lists(st.integers(0, LINKS - 1), max_size=4),
    ),
    max_size=4,
)
CLOSED = st.frozensets(st.integers(0, LINKS - 1), max_size=3)


def way(there: Ways, start: int, end: int) -> list[int]:
    """The links from a stop to another."""
    node, links = int(there.stop_node[start]), []
    while (offset := int(there.next_link[node, end])) != THERE:
        links.append(int(there.first_out[node]) + offset)
        node = int(there.head[links[-1]])
    return links


def walk_ms(there: Ways, caps: list[SpeedCap], ms: int, links: list[int]) -> int:
    """When one who enters the first of some links is through with them."""
    for link in links:
        took_ms = plain_ms = int(there.link_ms[link])
        own = [cap for cap in caps if link in cap.links or not cap.links]
        for edge_s in sorted({edge for cap in caps for edge in (cap.from_s, cap.until_s)}):
            # Piece by piece, in order: what makes the link last longer can bring the next piece in.
            now = [cap for cap in own if cap.from_s <= edge_s < cap.until_s]
            ends_s = min([e for c in caps for e in (c.from_s, c.until_s) if e > edge_s], default=0)
            if ms < ends_s * 1000 and ms + took_ms > edge_s * 1000:
                slow_ms = [-(-int(there.link_mm[link]) * 3600 // cap.speed_m_h) for cap in now]
                took_ms = max([took_ms, plain_ms, *slow_ms])
        ms += took_ms
    return ms


@given(CAPS, CLOSED, st.integers(0, 600))
def test_drives_take_what_a_walk_along_the_way_takes(
    caps: list[SpeedCap], closed: frozenset[int], leave_s: int
) -> None:
    there = under_caps(Detours(PLAIN).around(closed), caps)
    for start, end in product(range(STOPS), repeat=2):
        if there.drive_s[start, end] == 65_535 or start == end:
            continue
        links = way(there, start, end)
        there_ms = walk_ms(there, caps, leave_s * 1000, links)
        assert drive_from_s(there, leave_s, start, end) == -(-there_ms // 1000) - leave_s
        node = int(there.stop_node[start])
        assert drive_until(there, node, leave_s * 1000, end, FAR_MS, 1000)[1] == there_ms
        assert there_ms <= leave_s * 1000 + longest_s(there, start, end) * 1000
        assert longest_from_node_s(there, node, end) == longest_s(there, start, end)
        assert there_ms >= leave_s * 1000 + sum(int(there.link_ms[link]) for link in links)


@given(CAPS, st.integers(0, 600_000), st.integers(1, 400_000), st.integers(0, STOPS - 1))
def test_leaving_later_one_arrives_later_up_to_what_a_cap_adds_on_one_link(
    caps: list[SpeedCap], leave_ms: int, later_ms: int, end: int
) -> None:
    there = under_caps(PLAIN, caps)
    most_ms = max(int((there.slow_ms - there.link_ms).max(initial=0)), 0)
    for start in range(STOPS):
        if start != end:
            links = way(there, start, end)
            first_ms = walk_ms(there, caps, leave_ms, links)
            assert walk_ms(there, caps, leave_ms + later_ms, links) >= first_ms - most_ms


@given(CAPS, st.lists(SPANS, max_size=3), st.integers(0, 600))
def test_ways_end_before_nobody_may_drive_however_slow_they_are(
    caps: list[SpeedCap], spans: list[tuple[int, int]], ready_s: int
) -> None:
    pauses = tuple(Restriction("ice", from_s, from_s + for_s) for from_s, for_s in spans)
    there = under_caps(PLAIN, caps)._replace(pauses=pause_table(pauses))
    for start, end in product(range(STOPS), repeat=2):
        leave_s, drive_s = set_off(there, 1, ready_s, start, end)
        assert leave_s >= ready_s
        assert drive_s == drive_from_s(there, leave_s, start, end)
        if drive_s:
            assert not any(
                leave_s < one.until_s and leave_s + drive_s > one.from_s for one in pauses
            )
        if not pauses:
            assert leave_s == ready_s


@given(CAPS, st.integers(0, 600_000), st.integers(500, 1500), st.integers(0, LINKS - 1))
def test_chance_makes_nobody_faster_than_a_cap(
    caps: list[SpeedCap], enter_ms: int, permille: int, link: int
) -> None:
    there = under_caps(PLAIN, caps)
    took_ms = int(time_on_ms(there, link, enter_ms, permille))
    for cap in caps:
        own = link in cap.links or not cap.links
        if own and enter_ms < cap.until_s * 1000 and enter_ms + took_ms > cap.from_s * 1000:
            slow_ms = int(there.link_mm[link]) * 3600 // cap.speed_m_h
            assert took_ms >= slow_ms


def test_without_caps_nothing_is_slower() -> None:
    bare = under_caps(PLAIN, ())
    assert drives_alike(PLAIN, bare)
    assert from_node_s(bare, 0, 1500, 1, 7) == 9
    assert table_at(bare, 0) is PLAIN.drive_s


def test_equal_caps_at_other_times_share_their_times() -> None:
    caps = [SpeedCap("fog", a, a + 50, 9_000) for a in (0, 50, 200)]
    there = under_caps(PLAIN, caps)
    assert there.caps.tolist() == [[0, 100, 0], [200, 250, 0]]
    assert len(there.slow_s) == 1
    assert table_at(there, 99) is not PLAIN.drive_s
    assert np.array_equal(table_at(there, 99), there.slow_s[0])
    assert not drives_alike(PLAIN, there)
