"""When shuttles may not drive in a run: darkness by the date, weather from a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from services.domain.daylight import light_s
from services.domain.geo import Point
from services.domain.operating_domain import RestrictDriving, Restriction
from services.domain.settings_part import DAY_S
from services.domain.territory import Corridor, Territory
from services.network.folder import Network
from services.network.roads import Roads, links_named
from services.network.rows import read_rows
from services.simulator.records import Closure, KnownRestriction

DARKNESS = "darkness"
EQUINOX = date(2026, 3, 20)
"""A day whose light stands for that of any day, if no date is given."""


def restrictions_of(
    network: Network, day: date | None, conditions: Path | None
) -> tuple[KnownRestriction, ...]:
    """All times at which shuttles of a territory may not drive, and since when that is known.

    Parameters
    ----------
    day
        Absent: as long as at the equinox.
    conditions
        A table with ``class``, ``from_s``, ``until_s`` and perhaps ``known_s``; of it count the
        classes outside of the territory's operating domain.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    territory = network.territory
    found = [] if conditions is None else _weather(conditions, territory)
    found += [
        KnownRestriction(
            reason=one.reason, from_s=one.from_s, until_s=one.until_s, darkness=True, known_s=0
        )
        for one in nights(network, day or EQUINOX)
    ]
    return tuple(sorted(found, key=lambda row: (row.known_s, row.from_s, row.until_s)))


def corridors_closed(
    network: Network, day: date | None, conditions: Path | None
) -> tuple[Closure, ...]:
    """When the corridors of a territory are closed, since they are not driven then.

    It takes the same as `restrictions_of`. Nights last to the end of the day at least.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    corridors, roads = network.territory.operating_domain.corridors, network.roads
    if roads is None or not corridors:
        return ()
    weather = [] if conditions is None else _rows(conditions)
    spans: list[tuple[str, int, int | None]] = [
        (row.reason, max(row.from_s, row.known_s), row.until_s)
        for row in weather
        if row.known_s < row.until_s
    ]
    ends_s = max(DAY_S, network.territory.service.closes_s or 0)
    for one in dark_hours(network, day or EQUINOX):
        if one.from_s < ends_s:
            until_s = one.until_s if one.until_s <= ends_s else None
            spans.append((one.reason, max(one.from_s, 0), until_s))
    return tuple(
        Closure(
            closure_id=f"corridor {number + 1}: {reason} {from_s}-{until_s or ''}",
            links=_link_ids(roads, corridor),
            from_s=from_s,
            until_s=until_s,
        )
        for number, corridor in enumerate(corridors)
        for reason, from_s, until_s in dict.fromkeys(spans)
        if reason in corridor.not_in
    )


def _link_ids(roads: Roads, corridor: Corridor) -> tuple[str, ...]:
    links = {link for name in corridor.links for link in links_named(roads.link_ids, name)}
    return tuple(roads.link_ids[link] for link in sorted(links))


def _weather(path: Path, territory: Territory) -> list[KnownRestriction]:
    not_driven = territory.operating_domain.weather_not_driven
    return [row for row in _rows(path) if row.reason in not_driven]


def _rows(path: Path) -> list[KnownRestriction]:
    found = []
    for row in read_rows(path, ("class", "from_s", "until_s")):
        name, from_s = row.text("class"), row.whole("from_s", 0, 2 * DAY_S)
        until_s = row.whole("until_s", from_s + 1, 3 * DAY_S)
        known_s = row.whole("known_s", 0, 2 * DAY_S) if row.optional("known_s") else 0
        spans = {"from_s": from_s, "until_s": until_s, "known_s": known_s}
        found.append(KnownRestriction(reason=name, darkness=False, **spans))
    return found


def nights(network: Network, day: date) -> tuple[Restriction, ...]:
    """The nights before, after and a day after a day, if any shuttle is not fit for them.

    Where the sun does not set, there are none.
    """
    if all(group.drives_in_darkness for group in network.territory.fleet):
        return ()
    return dark_hours(network, day)


def dark_hours(network: Network, day: date) -> tuple[Restriction, ...]:
    """The same, whether or not shuttles are fit for them."""
    territory, stops = network.territory, network.stops
    place = Point(float(stops.lon.mean()), float(stops.lat.mean()))
    return tuple(_nights(place, day, territory.timezone))


def _nights(place: Point, day: date, timezone: str) -> Iterator[Restriction]:
    darkens_s = -DAY_S
    for ahead in range(-1, 3):
        light = light_s(place, day + timedelta(days=ahead), timezone)
        if light is None:
            continue
        lightens_s = light[0] + DAY_S * ahead
        if ahead >= 0:
            yield Restriction(DARKNESS, darkens_s, lightens_s, darkness=True)
        darkens_s = light[1] + DAY_S * ahead


def commands(rows: tuple[KnownRestriction, ...]) -> Iterator[tuple[int, RestrictDriving]]:
    """What the operator says, and when: each time all that is known then."""
    for known_s in sorted({row.known_s for row in rows}):
        known = [row for row in rows if row.known_s <= known_s]
        yield (
            known_s,
            RestrictDriving(
                tuple(Restriction(r.reason, r.from_s, r.until_s, r.darkness) for r in known)
            ),
        )
