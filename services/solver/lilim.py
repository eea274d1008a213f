"""Reads pickup and delivery problems with time windows in the format of Li & Lim.

H. Li, A. Lim (2003): A metaheuristic for the pickup and delivery problem with time windows.
International Journal on Artificial Intelligence Tools 12(2).
"""

from __future__ import annotations

from pathlib import Path

from services.domain.errors import InvalidFile
from services.network.rows import Row
from services.solver.instance import Instance, Site
from services.solver.sheet import ID_MAX, LOAD_MAX, depot_of, read_lines, site_of

HEADER = ("vehicles", "capacity", "speed")
COLUMNS = ("id", "x", "y", "load", "earliest", "latest", "service", "pickup", "delivery")
NOBODY = 0
"""In the columns of partners: none."""


def read_lilim(path: Path) -> Instance:
    """Read a file; a pickup names its delivery in the last column, a delivery its pickup before.

    Raises
    ------
    InvalidFile
        With line and field of the first thing that is wrong.
    """
    header, *rows = read_lines(path, HEADER, COLUMNS)
    if len(rows) < 3:
        raise InvalidFile(path, "has no requests: a depot, pickups and deliveries should follow")
    header.number("speed", 0, 1e9)  # 0 in some files: a unit of way always takes a unit of time
    depot = depot_of(rows[0])
    if depot.id != NOBODY:
        raise rows[0].wrong("id", f"is {depot.id}, but the depot comes first and is 0")
    sites = _by_id(rows)
    pairs = [_pair(row, sites) for row in rows[1:] if row.whole("delivery", 0, ID_MAX) != NOBODY]
    paired = {site.id for pair in pairs for site in pair}
    for row in rows[1:]:
        if row.whole("id", 0, ID_MAX) not in paired:
            raise row.wrong("pickup", "no pickup names this row as its delivery")
    return Instance(
        name=path.stem,
        tasks=tuple([pickup for pickup, _ in pairs] + [delivery for _, delivery in pairs]),
        start=depot,
        end=depot,
        vehicles=header.whole("vehicles", 1, 10**9),
        capacity=header.whole("capacity", 0, LOAD_MAX),
        fewest_vehicles=True,
    )


def _by_id(rows: list[Row]) -> dict[int, tuple[Row, Site]]:
    sites: dict[int, tuple[Row, Site]] = {}
    for row in rows:
        site = site_of(row)
        if site.id in sites:
            raise row.wrong("id", f"{site.id} is also that of line {sites[site.id][0].line}")
        sites[site.id] = row, site
    return sites


def _pair(row: Row, sites: dict[int, tuple[Row, Site]]) -> tuple[Site, Site]:
    """Find the delivery of a pickup, and check that the two belong together."""
    pickup, partner = site_of(row), row.whole("delivery", 0, ID_MAX)
    if row.whole("pickup", 0, ID_MAX) != NOBODY:
        raise row.wrong("pickup", "only one of pickup and delivery may be given")
    if partner not in sites or partner == pickup.id:
        raise row.wrong("delivery", f"{partner} is no other row of this file")
    other, delivery = sites[partner]
    if other.whole("pickup", 0, ID_MAX) != pickup.id:
        raise other.wrong("pickup", f"should be {pickup.id}, whose delivery this row is")
    if pickup.load < 0:
        raise row.wrong("load", f"{pickup.load} is negative, though this is a pickup")
    if delivery.load != -pickup.load:
        raise other.wrong("load", f"{delivery.load} does not undo its pickup's {pickup.load}")
    return pickup, delivery
