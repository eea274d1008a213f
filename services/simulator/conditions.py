"""When shuttles may not drive, or only slowly: darkness by the date, weather from a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from pathlib import Path

from services.domain.operating_domain import RestrictDriving, Restriction, SpeedCap
from services.domain.settings_part import DAY_S
from services.domain.territory import Territory
from services.network.folder import Network
from services.network.nights import dark_hours, nights
from services.network.roads import Roads, links_of
from services.network.rows import read_rows
from services.simulator.records import Closure, Faults, KnownRestriction, KnownSpeedCap

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
    found += [_known(one) for one in nights(network, day or EQUINOX)]
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
            links=_link_ids(roads, corridor.links),
            from_s=from_s,
            until_s=until_s,
        )
        for number, corridor in enumerate(corridors)
        for reason, from_s, until_s in dict.fromkeys(spans)
        if reason in corridor.not_in
    )


def speed_caps_of(
    network: Network, day: date | None, conditions: Path | None
) -> tuple[KnownSpeedCap, ...]:
    """When shuttles drive more slowly, and since when that is known.

    It takes the same as `restrictions_of`.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    settings, roads = network.territory.operating_domain.speed_caps, network.roads
    if roads is None or not settings:
        return ()
    spans = [] if conditions is None else _rows(conditions)
    spans += [_known(one) for one in dark_hours(network, day or EQUINOX)]
    found = [
        KnownSpeedCap(
            reason=row.reason,
            from_s=row.from_s,
            until_s=row.until_s,
            speed_kmh=cap.speed_kmh,
            links=_link_ids(roads, cap.links),
            known_s=row.known_s,
        )
        for cap in settings
        for row in spans
        if row.reason in cap.within
    ]
    return tuple(sorted(found, key=lambda row: (row.known_s, row.from_s, row.until_s)))


def _link_ids(roads: Roads, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(roads.link_ids[link] for link in links_of(roads.link_ids, names))


def _known(night: Restriction) -> KnownRestriction:
    """A night is known from the beginning."""
    return KnownRestriction(
        reason=night.reason,
        from_s=night.from_s,
        until_s=night.until_s,
        darkness=True,
        known_s=0,
    )


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


def commands(faults: Faults, network: Network) -> Iterator[tuple[int, RestrictDriving]]:
    """What the operator says, and when: each time all that is known then."""
    number = (
        {} if network.roads is None else dict(zip(network.roads.link_ids, count(), strict=False))
    )
    since = {row.known_s for row in faults.restrictions}
    for known_s in sorted(since | {row.known_s for row in faults.speed_caps}):
        restrictions = tuple(
            Restriction(row.reason, row.from_s, row.until_s, row.darkness)
            for row in faults.restrictions
            if row.known_s <= known_s
        )
        speed_caps = tuple(
            SpeedCap(
                row.reason,
                row.from_s,
                row.until_s,
                round(row.speed_kmh * 1000),
                tuple(number[link] for link in row.links),
            )
            for row in faults.speed_caps
            if row.known_s <= known_s
        )
        yield known_s, RestrictDriving(restrictions, speed_caps)
