"""Lived requests as a day of demand, and mishaps as the simulator knows them.

A journal knows stops and walks, not places. A place is put as far from the nearest stop as the
walk was, in that of eight directions which fits the other walks best: near enough for a day's
figures, and never somebody's door.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import cos, pi, sin
from typing import TypeVar

import numpy as np

from services.domain.geo import Point
from services.domain.operating_domain import RestrictDriving, Restriction, SpeedCap
from services.domain.ride import StopWalk
from services.domain.settings_part import DAY_S
from services.network.flat import xy_m
from services.network.fleet import shuttles
from services.network.folder import Network
from services.network.nights import DARKNESS
from services.simulator.conditions import corridors_closed, restrictions_of, speed_caps_of
from services.simulator.demand import TIME_S_MAX, Demand, Trip, demand_of
from services.simulator.records import (
    Closure,
    FaultRow,
    Faults,
    KnownRestriction,
    KnownSpeedCap,
)
from services.simulator.whatif.outside import LivedRider, Outside, Spell

DIRECTIONS = 8


class Places:
    """Finds places for walks to stops.

    Parameters
    ----------
    network
        The territory that was lived on.
    """

    def __init__(self, network: Network) -> None:
        stops, plane = network.stops, network.plane
        self._x_m, self._y_m = stops.x_mm / 1000, stops.y_mm / 1000
        self._factor = network.territory.promises.walk_factor
        unit = Point(plane.centre.lon + 1, plane.centre.lat + 1)
        (unit_x,), (unit_y,) = xy_m(plane, np.array([unit.lon]), np.array([unit.lat]))
        self._centre, self._unit_m = plane.centre, (float(unit_x), float(unit_y))

    def of(self, walks: Sequence[StopWalk]) -> Point:
        """Choose a place; the nearest stop stays the nearest, if any direction allows that."""
        nearest = min(walks, key=lambda one: one.walk_m)
        # Half a metre less, so that rounding up gives the walk again.
        line_m = max(nearest.walk_m - 0.5, 0) / self._factor
        best = min(
            range(DIRECTIONS), key=lambda way: self._misfit(nearest.stop, line_m, way, walks)
        )
        x_m, y_m = self._beside(nearest.stop, line_m, best)
        unit_x, unit_y = self._unit_m
        return Point(self._centre.lon + x_m / unit_x, self._centre.lat + y_m / unit_y)

    def _beside(self, stop: int, line_m: float, way: int) -> tuple[float, float]:
        angle = 2 * pi * way / DIRECTIONS
        x_m, y_m = float(self._x_m[stop]), float(self._y_m[stop])
        return x_m + line_m * cos(angle), y_m + line_m * sin(angle)

    def _misfit(
        self, nearest: int, line_m: float, way: int, walks: Sequence[StopWalk]
    ) -> tuple[bool, float]:
        x_m, y_m = self._beside(nearest, line_m, way)
        far_m = np.hypot(self._x_m - x_m, self._y_m - y_m)
        others = sum((float(far_m[one.stop]) * self._factor - one.walk_m) ** 2 for one in walks)
        return int(far_m.argmin()) != nearest, others


def demand(riders: Iterable[LivedRider], network: Network, begins_s: int) -> Demand:
    """Make a day's demand of those who asked for it; times count from when it began."""
    places = Places(network)
    return demand_of(trip(one, places, begins_s) for one in riders)


def trip(lived: LivedRider, places: Places, begins_s: int) -> Trip:
    """The wish of one party; carers take seats, and luggage is left at home."""
    request = lived.request

    def moment_s(at_s: int, earliest_s: int) -> int:
        return min(max(at_s - begins_s, earliest_s), TIME_S_MAX)

    asked_s = moment_s(lived.asked_s, 0)
    departure_s = moment_s(lived.departure_s, asked_s)
    by_s, cancel_s = request.arrive_by_s, lived.cancelled_s
    return Trip(
        request_id=request.ride_id,
        request_s=asked_s,
        departure_s=departure_s,
        origin=places.of(request.origins),
        destination=places.of(request.destinations),
        arrive_by_s=None if by_s is None else moment_s(by_s, departure_s),
        seats=request.party.seats + request.party.companions,
        wheelchairs=request.party.wheelchairs,
        cancel_s=None if cancel_s is None else moment_s(cancel_s, asked_s),
    )


def faults(found: Outside, lived_on: Network, network: Network, day: int, date: date) -> Faults:
    """Make a day's mishaps of what came from outside, for a territory that may be another.

    Nights are those of the date, for the shuttles and corridors of this territory.
    """
    begins_s = found.begins_s(day)
    known = {shuttle.id for shuttle in shuttles(network)}
    rows = [_row("breakdown", one, begins_s) for one in found.breakdowns]
    rows += [_row("blackout", one, begins_s) for one in found.blackouts]
    restrictions, caps = _driving(found.driving, lived_on, begins_s)
    links = set() if network.roads is None else set(network.roads.link_ids)
    closed = [one for one in _closures(found, lived_on, begins_s) if links.issuperset(one.links)]
    capped = [one for one in caps if links and links.issuperset(one.links)]
    return Faults(
        rows=tuple(row for row in rows if row is not None and row.shuttle_id in known),
        closures=(*closed, *corridors_closed(network, date, None)),
        restrictions=(*restrictions, *restrictions_of(network, date, None)),
        speed_caps=(*capped, *speed_caps_of(network, date, None)),
    )


def _row(kind: str, spell: Spell, begins_s: int) -> FaultRow | None:
    from_s = max(spell.from_s - begins_s, 0)
    until_s = 2 * DAY_S if spell.until_s is None else spell.until_s - begins_s
    if from_s >= DAY_S or until_s <= from_s:
        return None
    return FaultRow(
        kind=kind, shuttle_id=spell.shuttle_id, at_s=from_s, for_s=min(until_s - from_s, DAY_S)
    )


def _closures(found: Outside, lived_on: Network, begins_s: int) -> list[Closure]:
    """Closures as they came to be: lifted ones end when they were lifted."""
    ids = () if lived_on.roads is None else lived_on.roads.link_ids
    made: dict[str, Closure] = {}
    for said_s, command in found.closed:
        if command.closure_id.startswith("corridor ") and DARKNESS in command.closure_id:
            continue
        from_s = max(command.from_s, said_s)
        until_s = command.until_s
        if (opened_s := found.opened.get(command.closure_id)) is not None:
            until_s = opened_s if until_s is None else min(opened_s, until_s)
        begins, ends = from_s - begins_s, None if until_s is None else until_s - begins_s
        if begins >= DAY_S or (ends is not None and ends <= max(begins, 0)):
            continue
        made[command.closure_id] = Closure(
            closure_id=command.closure_id,
            links=tuple(ids[link] for link in sorted(command.links)),
            from_s=max(begins, 0),
            until_s=ends,
        )
    return list(made.values())


def _driving(
    said: Sequence[tuple[int, RestrictDriving]], lived_on: Network, begins_s: int
) -> tuple[tuple[KnownRestriction, ...], tuple[KnownSpeedCap, ...]]:
    """When shuttles might not drive, or slowly, but for darkness."""
    ids = () if lived_on.roads is None else lived_on.roads.link_ids
    restrictions = tuple(
        KnownRestriction(reason=one.reason, darkness=one.darkness, **span)
        for one, span in _spans([(at_s, word.restrictions) for at_s, word in said], begins_s)
        if not one.darkness
    )
    caps = tuple(
        KnownSpeedCap(
            reason=one.reason,
            speed_kmh=one.speed_m_h / 1000,
            links=tuple(ids[link] for link in one.links),
            **span,
        )
        for one, span in _spans([(at_s, word.speed_caps) for at_s, word in said], begins_s)
        if one.reason != DARKNESS
    )
    return restrictions, caps


_One = TypeVar("_One", Restriction, SpeedCap)


def _spans(
    words: Sequence[tuple[int, Sequence[_One]]], begins_s: int
) -> Iterator[tuple[_One, dict[str, int]]]:
    """When each held on a day, and since when that was known; what a word leaves out has ended."""
    since: dict[_One, int] = {}
    ended: dict[_One, int] = {}
    for said_s, values in words:
        for one in values:
            since.setdefault(one, said_s)
        for one in since.keys() - set(values):
            ended.setdefault(one, said_s)
    spans = []
    for one, known_s in since.items():
        from_s = max(one.from_s - begins_s, 0)
        until_s = min(one.until_s, ended.get(one, one.until_s)) - begins_s
        if from_s < min(until_s, 2 * DAY_S):
            span = {"from_s": from_s, "until_s": until_s, "known_s": max(known_s - begins_s, 0)}
            spans.append((one, span))
    yield from sorted(spans, key=lambda pair: tuple(pair[1].values()))
