"""Reads dial-a-ride problems in the format of Cordeau & Laporte.

J.-F. Cordeau, G. Laporte (2003): A tabu search heuristic for the static multi-vehicle dial-a-ride
problem. Transportation Research Part B 37(6) (instances *pr*). J.-F. Cordeau (2006): A
branch-and-cut algorithm for the dial-a-ride problem. Operations Research 54(3); S. Ropke, J.-F.
Cordeau, G. Laporte (2007): Models and branch-and-cut algorithms for pickup and delivery problems
with time windows. Networks 49(4) (instances *a* and *b*).
"""

from __future__ import annotations

from pathlib import Path

from services.network.rows import Row
from services.solver.instance import Instance, Site
from services.solver.sheet import ID_MAX, LIMIT_MAX, LOAD_MAX, depot_of, read_lines, site_of

HEADER = ("vehicles", "requests", "max_route_duration", "capacity", "max_ride_time")
COLUMNS = ("id", "x", "y", "service", "load", "earliest", "latest")


def read_darp(path: Path) -> Instance:
    """Read a file: the depot is 0 (and the row after the last delivery, if there is one).

    The header counts requests, or pickups and deliveries together: the number of rows tells which.

    Raises
    ------
    InvalidFile
        With line and field of the first thing that is wrong.
    """
    header, *rows = read_lines(path, HEADER, COLUMNS)
    requests = _requests(header, len(rows))
    for number, row in enumerate(rows):
        if row.whole("id", 0, ID_MAX) != number:
            raise row.wrong("id", f"is {row.text('id')}, and should be {number}: rows are in order")
    start, end = depot_of(rows[0]), depot_of(rows[-1 if len(rows) % 2 == 0 else 0])
    pickups = [_pickup(row) for row in rows[1 : requests + 1]]
    deliveries = [
        _delivery(row, pickup)
        for row, pickup in zip(rows[requests + 1 : 2 * requests + 1], pickups, strict=True)
    ]
    return Instance(
        name=path.name.removesuffix(".txt"),
        tasks=tuple(pickups + deliveries),
        start=start,
        end=end,
        vehicles=header.whole("vehicles", 1, 10**9),
        capacity=header.whole("capacity", 0, LOAD_MAX),
        ride_max=header.number("max_ride_time", 0, LIMIT_MAX),
        duration_max=header.number("max_route_duration", 0, LIMIT_MAX),
    )


def _requests(header: Row, rows: int) -> int:
    """How many requests there are, if header and number of rows agree."""
    said = header.whole("requests", 1, 10**9)
    for requests in (said, said // 2):
        if (
            requests
            and requests in (said, said / 2)
            and rows in (2 * requests + 1, 2 * requests + 2)
        ):
            return requests
    reason = (
        f"{said} do not go with {rows} rows after the header: there should be"
        " a depot, as many deliveries as pickups, and perhaps the depot again"
    )
    raise header.wrong("requests", reason)


def _pickup(row: Row) -> Site:
    site = site_of(row)
    if site.load < 0:
        raise row.wrong("load", f"{site.load} is negative, though this is a pickup")
    return site


def _delivery(row: Row, pickup: Site) -> Site:
    site = site_of(row)
    if site.load != -pickup.load:
        reason = f"{site.load} does not undo the {pickup.load} of its pickup, row {pickup.id}"
        raise row.wrong("load", reason)
    return site
