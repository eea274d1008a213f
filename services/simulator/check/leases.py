"""The rules about leases: nobody boards without one, and no two shuttles hold one of a ride."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np

from services.simulator.check.case import Case
from services.simulator.check.columns import ABSENT, Columns
from services.simulator.check.verdict import Rule


class Lease(NamedTuple):
    """Who may let whom on, from when until when; ``over_s`` is when it was of no use any more."""

    ride: int
    shuttle: int
    from_s: int
    until_s: int
    over_s: int


def judge(case: Case) -> None:
    """Apply them, to runs that wrote their leases down."""
    path = case.run.folder / "leases.parquet"
    if not path.is_file():
        return
    leases = _read(case, Columns(path))
    _boarding(case, leases)
    _at_once(case, leases)


def _read(case: Case, columns: Columns) -> list[Lease]:
    rides = columns.names("request_id").numbers(case.ride_numbers())
    shuttles = columns.names("shuttle_id").numbers(case.shuttle_numbers())
    from_s, until_s = columns.ints("from_s"), columns.ints("until_s")
    ended_s = columns.ints("ended_s", optional=True)
    over_s = np.where(ended_s == ABSENT, until_s, np.minimum(until_s, ended_s))
    table = np.stack((rides, shuttles, from_s, until_s, over_s), axis=1)
    return sorted(Lease(*row) for row in table.tolist())


def _boarding(case: Case, leases: list[Lease]) -> None:
    """Who is on board when the doors close had a lease until then."""
    visits = case.run.visits
    rides = visits.boarded.items.numbers(case.ride_numbers()).tolist()
    held: dict[tuple[int, int], list[Lease]] = {}
    for lease in leases:
        held.setdefault((lease.ride, lease.shuttle), []).append(lease)
    case.notes.checked(Rule.LEASES, len(rides))
    for ride, row in zip(rides, visits.boarded.rows.tolist(), strict=True):
        at_s, shuttle = int(visits.depart_s[row]), int(visits.shuttle[row])
        own = held.get((ride, shuttle), [])
        if ride >= 0 and not any(lease.from_s <= at_s <= lease.over_s for lease in own):
            name = case.run.file.shuttles[shuttle].shuttle_id
            message = f"boards {name}, which has no lease for it"
            case.notes.add(case.ride_finding(Rule.LEASES, ride, message, at_s))


def _at_once(case: Case, leases: list[Lease]) -> None:
    """At no time do two shuttles hold leases of one ride."""
    case.notes.checked(Rule.ONE_SHUTTLE, len(leases))
    for ride, group in groupby(leases, key=lambda lease: lease.ride):
        # Plans that follow each other within a second hold for none of it but the last.
        own = sorted((one for one in group if one.from_s < one.over_s), key=lambda one: one.from_s)
        for i, one in enumerate(own):
            for other in own[i + 1 :]:
                if ride >= 0 and other.shuttle != one.shuttle and other.from_s < one.over_s:
                    message = "two shuttles are to pick it up"
                    finding = case.ride_finding(Rule.ONE_SHUTTLE, ride, message, other.from_s)
                    case.notes.add(finding)
