"""Rules about where and how fast shuttles drive.

A shuttle's *drive* number k is what it drives after its visit k - 1 (or from the depot) and up to
its visit k; its last drive leads nowhere in particular.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.simulator.check import pace
from services.simulator.check.case import DRIVE_VARIATION, Case, noise_bounds
from services.simulator.check.columns import BoolArray, FloatArray, IntArray
from services.simulator.check.ground import Links
from services.simulator.check.life import first_of
from services.simulator.check.speed_caps import slowed
from services.simulator.check.verdict import Finding, Rule

LENGTH_SLACK_MM = 1
CROW_SLACK_M = 0.005
ROUNDING_MS = 1
CROW_ROUNDING_MS = 500
"""Without roads, drives between stops are planned to the nearest second."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What the roads say of each leg: whether there is such a road, and how long it takes."""

    real: BoolArray
    ms: FloatArray


@dataclass(frozen=True, slots=True)
class Drives:
    """All drives of all shuttles, in order.

    Parameters
    ----------
    of_leg
        The drive that each leg is part of.
    shuttle
        Whose it is.
    start, end
        Places (road nodes, or stops if there are no roads) from and to which it leads; an ``end``
        of -1 is anywhere.
    visit
        The visit that it ends with, -1 for the last one.
    towed
        Whether the visit before it was a breakdown.
    """

    of_leg: IntArray
    shuttle: IntArray
    start: IntArray
    end: IntArray
    visit: IntArray
    towed: BoolArray


def judge(case: Case) -> None:
    """Apply them."""
    drives = drives_of(case)
    jump = _leg_order(case, drives)
    matched = _match(case)
    capped = _drive_time(case, matched)
    free = matched.real & ~capped
    pace.judge(case, drives.of_leg, drives.shuttle, free, matched.ms)
    joined = _joins(case, drives)
    _standing(case, drives)
    _drive_m(case, drives)
    joined[drives.of_leg[jump]] = False
    _shortest_way(case, drives, joined, matched)


def _leg_order(case: Case, drives: Drives) -> BoolArray:
    """Also say which legs do not start where the one before them ended.

    A shuttle that broke down goes on from the stop to which it was brought.
    """
    legs = case.run.legs
    case.notes.checked(Rule.LEG_ORDER, len(legs))
    later = ~first_of(legs.shuttle)
    numbers = {name: at for at, name in enumerate({*legs.from_node.values, *legs.to_node.values})}
    start, end = legs.from_node.numbers(numbers), legs.to_node.numbers(numbers)
    jump: BoolArray = later & (start != np.roll(end, 1))
    towed = np.cumsum(drives.towed)[drives.of_leg]
    jump &= towed == np.roll(towed, 1)
    overlap_ms = np.where(later, np.roll(legs.arrive_ms, 1) - legs.depart_ms, 0)
    backwards_ms = legs.depart_ms - legs.arrive_ms
    twice = later & (np.diff(legs.seq, prepend=0) == 0)
    for broken, message in (
        (
            jump,
            lambda leg: f"starts at {legs.from_node[leg]}, but was at {legs.to_node[leg - 1]}",
        ),
        (overlap_ms > 0, lambda leg: f"starts {overlap_ms[leg]} ms before the last leg ended"),
        (backwards_ms > 0, lambda leg: f"ends {backwards_ms[leg]} ms before it starts"),
        (twice, lambda leg: f"has two legs with seq {legs.seq[leg]}"),
    ):
        case.notes.add_where(
            Rule.LEG_ORDER,
            broken,
            lambda leg, m=message: _leg_finding(case, Rule.LEG_ORDER, leg, m(leg)),  # type: ignore[misc]
        )
    return jump


def _match(case: Case) -> Matched:
    legs, links = case.run.legs, case.ground.links
    case.notes.checked(Rule.LINKS, len(legs))
    if links is None:
        matched = _match_crow(case)
    else:
        ms = _match_road(case, links)
        matched = Matched(np.isfinite(ms), ms)

    def describe(leg: int) -> Finding:
        way = f"{legs.from_node[leg]} to {legs.to_node[leg]}"
        message = f"no way of {legs.length_m[leg]:.3f} m leads from {way}"
        return _leg_finding(case, Rule.LINKS, leg, message)

    case.notes.add_where(Rule.LINKS, ~matched.real, describe)
    return matched


def _match_road(case: Case, links: Links) -> FloatArray:
    """Time each leg by the links between its two nodes, however many run side by side."""
    legs, count = case.run.legs, len(case.ground.nodes)
    tail, head = legs.from_node.numbers(case.ground.nodes), legs.to_node.numbers(case.ground.nodes)
    pair = np.where((tail >= 0) & (head >= 0), tail * count + head, -1)
    pairs = links.tail * count + links.head
    first, last = np.searchsorted(pairs, pair), np.searchsorted(pairs, pair, side="right")
    length_mm = np.rint(legs.length_m * 1000).astype(np.int64)
    ms = np.full(len(legs), np.inf)
    for beside in range(int((last - first).max(initial=0))):
        link = np.minimum(first + beside, len(pairs) - 1)
        fits = first + beside < last
        fits &= np.abs(links.length_mm[link] - length_mm) <= LENGTH_SLACK_MM
        ms = np.where(fits, np.minimum(ms, links.ms[link]), ms)
    return ms


def _match_crow(case: Case) -> Matched:
    """Without roads every leg is a straight line."""
    legs, travel = case.run.legs, case.run.settings.travel
    from_x_m, from_y_m = case.ground.places(legs.from_node)
    to_x_m, to_y_m = case.ground.places(legs.to_node)
    way_m = travel.crow_factor * np.hypot(to_x_m - from_x_m, to_y_m - from_y_m)
    real = np.abs(way_m - legs.length_m) <= CROW_SLACK_M
    return Matched(real, np.where(real, way_m * 3600 / travel.crow_speed_kmh, np.inf))


def _drive_time(case: Case, matched: Matched) -> BoolArray:
    """Also say which legs speed caps may have slowed down."""
    legs = case.run.legs
    took_ms = legs.arrive_ms - legs.depart_ms
    real_ms = np.where(matched.real, matched.ms, 0.0)
    case.notes.checked(Rule.DRIVE_TIME, int(matched.real.sum()))
    roads = case.ground.links is not None
    low, high = (1.0, 1.0) if case.run.benchmark else noise_bounds(DRIVE_VARIATION)
    # Without roads, a drive from where a shuttle turned off is planned to the next full second.
    early_ms = ROUNDING_MS if roads else ROUNDING_MS + CROW_ROUNDING_MS
    late_ms = ROUNDING_MS if roads else ROUNDING_MS + 1000 * high
    least_ms, most_ms = slowed(case, real_ms, low, lambda links: _match_road(case, links))
    fast_ms = np.maximum(real_ms * low, least_ms) - took_ms
    slow_ms = took_ms - np.maximum(real_ms, most_ms) * high
    # Legs that end before they start break another rule.
    fast = matched.real & (fast_ms > early_ms) & (took_ms >= 0)
    for broken, by_ms, text in (
        (fast, fast_ms, "fast"),
        (matched.real & (slow_ms > late_ms), slow_ms, "slowly"),
    ):
        case.notes.add_where(
            Rule.DRIVE_TIME,
            broken,
            lambda leg, b=by_ms, t=text: _leg_finding(  # type: ignore[misc]
                case,
                Rule.DRIVE_TIME,
                leg,
                f"{_way(case, leg)} is driven {b[leg]:.0f} ms too {t}",
            ),
        )
    capped: BoolArray = most_ms > 0
    return capped


def drives_of(case: Case) -> Drives:
    """Tell which legs lead to which visit: those that start after the visit before it began."""
    visits, legs, ground = case.run.visits, case.run.legs, case.ground
    shuttles = case.run.file.shuttles
    # Times are below 2**41 ms, and a shuttle's rows never lie among another's.
    order = np.maximum.accumulate(visits.shuttle * 2**42 + visits.arrive_s * 1000)
    before = np.searchsorted(order, legs.shuttle * 2**42 + legs.depart_ms, side="right")
    count = np.bincount(visits.shuttle, minlength=len(shuttles))
    first = np.concatenate(([0], np.cumsum(count)))
    before = np.clip(before, first[legs.shuttle], first[legs.shuttle + 1])

    number = np.arange(len(shuttles), dtype=np.int64)
    stop = visits.stop.numbers(ground.stops)
    node = np.where(stop >= 0, ground.stop_node[stop], -1)
    depots = np.array([ground.stops.get(row.depot_stop, -1) for row in shuttles], dtype=np.int64)
    depot = np.where(depots >= 0, ground.stop_node[depots], -1)
    shuttle = np.repeat(number, count + 1)
    start = np.full(len(shuttle), -1, dtype=np.int64)
    end, visit = start.copy(), start.copy()
    into = np.arange(len(visits)) + visits.shuttle
    start[first[:-1] + number] = depot
    start[into + 1] = node
    there = np.where(visits.broke_down, visits.broke_down_at.numbers(ground.nodes), node)
    end[into], visit[into] = there, np.arange(len(visits))
    towed = np.zeros(len(shuttle), dtype=np.bool_)
    towed[into + 1] = visits.broke_down
    of_leg = np.maximum.accumulate(before + legs.shuttle)
    drives = Drives(of_leg, shuttle, start, end, visit, towed)
    _place_instant_legs(case, drives)
    return drives


def _place_instant_legs(case: Case, drives: Drives) -> None:
    """Straight lines of a few metres may take no time; then only places tell what they lead to.

    Such a leg that starts when a visit begins was taken to come after it. It is put into the first
    drive of that moment that it can be part of.
    """
    visits, legs, nodes = case.run.visits, case.run.legs, case.ground.nodes
    from_node, to_node = legs.from_node.numbers(nodes), legs.to_node.numbers(nodes)
    for leg in np.flatnonzero(legs.depart_ms == legs.arrive_ms).tolist():
        shuttle = int(legs.shuttle[leg])
        latest = earliest = int(drives.of_leg[leg])
        while earliest > 0 and drives.shuttle[earliest - 1] == shuttle:
            if visits.arrive_s[drives.visit[earliest - 1]] * 1000 < legs.depart_ms[leg]:
                break
            earliest -= 1
        drive = earliest
        if leg and legs.shuttle[leg - 1] == shuttle:
            drive = max(drive, int(drives.of_leg[leg - 1]))
            at_its_end = to_node[leg - 1] == drives.end[drive]
            if drive == drives.of_leg[leg - 1] and not at_its_end:
                drives.of_leg[leg] = drive
                continue
            drive += int(drive == drives.of_leg[leg - 1])
        while drive < latest and drives.start[drive] != from_node[leg]:
            drive += 1
        drives.of_leg[leg] = min(drive, latest)


def _joins(case: Case, drives: Drives) -> BoolArray:
    """Say which drives start and end where they should."""
    legs, nodes = case.run.legs, case.ground.nodes
    start, end = drives.start.copy(), drives.start.copy()
    last = len(legs) - 1 - np.unique(drives.of_leg[::-1], return_index=True)[1]
    driven, first = np.unique(drives.of_leg, return_index=True)
    start[driven] = legs.from_node.numbers(nodes)[first]
    end[driven] = legs.to_node.numbers(nodes)[last]
    names = [*nodes, "elsewhere"]
    far = np.full(len(start), "", dtype=object)
    for drive in np.flatnonzero(start != drives.start):
        far[drive] = (
            f"sets off from {names[start[drive]]}, but stood at {names[drives.start[drive]]}"
        )
    for drive in np.flatnonzero((drives.end >= 0) & (end != drives.end)):
        far[drive] = f"stops at {names[drives.end[drive]]}, but drove to {names[end[drive]]}"
    broken = far.astype(bool)
    case.notes.checked(Rule.JOINS, int((drives.visit >= 0).sum()))
    case.notes.add_where(
        Rule.JOINS,
        broken,
        lambda drive: _drive_finding(case, Rule.JOINS, drives, drive, far[drive]),
    )
    return np.asarray(~broken)


def _standing(case: Case, drives: Drives) -> None:
    """Legs lie between the end of one visit and the beginning of the next."""
    visits, legs = case.run.visits, case.run.legs
    case.notes.checked(Rule.STANDING, len(legs))
    visit = drives.visit[drives.of_leg]
    far = np.iinfo(np.int64).max // 2
    arrive_ms = np.append(visits.arrive_s * 1000, far)
    late_ms = legs.arrive_ms - arrive_ms[visit]
    after = drives.of_leg - legs.shuttle - 1
    is_first = (drives.of_leg == 0) | (drives.shuttle[drives.of_leg - 1] != legs.shuttle)
    depart_ms = np.append(visits.depart_s * 1000, -far)
    early_ms = depart_ms[np.where(is_first, -1, after)] - legs.depart_ms
    for by_ms, text in (
        (late_ms, "still drives {} ms after the stop began"),
        (early_ms, "drives {} ms before the stop ended"),
    ):
        case.notes.add_where(
            Rule.STANDING,
            by_ms > ROUNDING_MS,
            lambda leg, t=text, b=by_ms: _leg_finding(case, Rule.STANDING, leg, t.format(b[leg])),  # type: ignore[misc]
        )


def _drive_m(case: Case, drives: Drives) -> None:
    visits, legs = case.run.visits, case.run.legs
    case.notes.checked(Rule.DRIVE_M, len(visits))
    driven_m = np.bincount(drives.of_leg, weights=legs.length_m, minlength=len(drives.start))
    into = np.arange(len(visits)) + visits.shuttle
    off_m = visits.drive_m - driven_m[into]
    parts = np.bincount(drives.of_leg, minlength=len(drives.start))[into]
    case.notes.add_where(
        Rule.DRIVE_M,
        np.abs(off_m) > 1 + 0.001 * parts,
        lambda visit: _drive_finding(
            case,
            Rule.DRIVE_M,
            drives,
            int(into[visit]),
            f"drive_m is {visits.drive_m[visit]:.0f} m, but the legs have"
            f" {driven_m[into[visit]]:.1f} m",
        ),
    )


def _shortest_way(case: Case, drives: Drives, joined: BoolArray, matched: Matched) -> None:
    """Drives under one plan take the fastest way; times are those of the roads, without noise."""
    legs, count = case.run.legs, len(drives.start)
    parts = np.bincount(drives.of_leg, minlength=count)
    real = np.bincount(drives.of_leg, weights=matched.real, minlength=count) == parts
    same = np.ones(count, dtype=np.bool_)
    turned = np.diff(legs.plan_revision, prepend=0) != 0
    turned &= np.diff(drives.of_leg, prepend=-1) == 0
    same[drives.of_leg[turned]] = False
    same[np.append(case.run.visits.broke_down, False)[drives.visit]] = False
    first, last = np.full(count, -1), np.full(count, -1)
    epochs = case.epochs.of(legs.depart_ms)
    first[drives.of_leg[::-1]], last[drives.of_leg] = epochs[::-1], epochs
    # While roads are closed or opened, a drive is on its way by old and new times.
    same &= first == last
    drive = np.flatnonzero(joined & real & same & (drives.end >= 0) & (drives.start >= 0))
    case.notes.checked(Rule.SHORTEST_WAY, len(drive))
    took_ms = np.bincount(
        drives.of_leg, weights=np.where(matched.real, matched.ms, 0), minlength=count
    )[drive]
    in_epoch = np.maximum(first[drive], 0)
    off_ms = took_ms - case.epochs.fastest_ms(in_epoch, drives.start[drive], drives.end[drive])
    slack_ms = 0.5 if case.ground.links is not None else 1.0 + parts[drive]
    for at in np.flatnonzero(np.abs(off_ms) > slack_ms):
        word = "longer" if off_ms[at] > 0 else "shorter"
        message = f"the way driven takes {abs(off_ms[at]):.0f} ms {word} than the fastest way"
        case.notes.add(_drive_finding(case, Rule.SHORTEST_WAY, drives, int(drive[at]), message))


def _way(case: Case, leg: int) -> str:
    return f"{case.run.legs.from_node[leg]} to {case.run.legs.to_node[leg]}"


def _leg_finding(case: Case, rule: Rule, leg: int, message: str) -> Finding:
    legs = case.run.legs
    at_s = float(legs.depart_ms[leg]) / 1000
    return case.shuttle_finding(rule, int(legs.shuttle[leg]), message, at_s)


def _drive_finding(case: Case, rule: Rule, drives: Drives, drive: int, message: str) -> Finding:
    visit = int(drives.visit[drive])
    at_s = float(case.run.visits.arrive_s[visit]) if visit >= 0 else None
    return case.shuttle_finding(rule, int(drives.shuttle[drive]), message, at_s)
