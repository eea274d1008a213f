"""Where idle shuttles are wanted: as many expected requests as possible within reach, soon.

Maximum expected covering (Daskin 1983, "A maximum expected covering location model"): a shuttle
that is asked for may be busy, so the second nearest to a place counts too, and the third, each by
less. Chosen greedily, place by place, then each once more in view of all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.columns import UNREACHABLE_S

BUSY = 0.5
"""How likely a shuttle is taken when somebody asks for it."""
DEEP = 8
"""So many nearest shuttles count for a place; what comes after is less than 1 % of it."""

_WEIGHTS = (1 - BUSY) * BUSY ** np.arange(DEEP + 1)

Floats = NDArray[np.float64]


class Wanted(NamedTuple):
    """Expected requests, and how soon they must be reached.

    Parameters
    ----------
    stops
        (cells,) the stop that stands for each cell.
    requests
        (cells,) expected there over the time that is looked ahead.
    reach_s
        Whoever is further away than this does not count.
    worth_s
        Seconds of empty driving that one more request in reach is worth.
    """

    stops: NDArray[np.int64]
    requests: Floats
    reach_s: int
    worth_s: int


def targets(
    wanted: Wanted,
    places: NDArray[np.int64],
    ways_s: NDArray[np.int64],
    engaged: Sequence[tuple[int, int]],
    drive_s: NDArray[np.generic],
) -> list[int]:
    """Choose where idle shuttles are to be, a place for each.

    Parameters
    ----------
    wanted
        Expected requests.
    places
        The stops that come into question.
    ways_s
        (idle shuttles, places) seconds of driving; `UNREACHABLE_S` or more: it cannot go there.
    engaged
        Of all others: the stop where each is without work next, and in how many seconds.
    drive_s
        (stops, stops) seconds.

    Returns
    -------
    list of int
        Numbers of places; one may be chosen several times.
    """
    ways = np.where(ways_s < UNREACHABLE_S, ways_s.astype(np.float64), np.inf)
    offers = _nearness(drive_s[np.ix_(places, wanted.stops)], wanted)
    busy = [
        _nearness(in_s + drive_s[stop, wanted.stops].astype(np.float64), wanted)
        for stop, in_s in engaged
    ]

    def best(others: list[Floats], costs_s: Floats) -> int:
        rows = np.array([*others, *np.zeros((DEEP, len(wanted.stops)))])
        have = np.sort(rows, axis=0)[::-1][:DEEP]
        worth = wanted.worth_s * (_gains(have, offers) @ wanted.requests)
        return int((worth - costs_s).argmax())

    chosen: list[int] = []
    goes: list[int] = []
    left = ways.copy()
    for _ in ways:
        chosen.append(best([*busy, *offers[chosen]], left.min(axis=0)))
        goes.append(int(left[:, chosen[-1]].argmin()))
        left[goes[-1]] = np.inf
    for j, shuttle in enumerate(goes):  # the first ones were chosen without knowing the others
        others = chosen[:j] + chosen[j + 1 :]
        chosen[j] = best([*busy, *offers[others]], ways[shuttle])
    return chosen


def _nearness(drive_s: NDArray[np.generic], wanted: Wanted) -> Floats:
    """1 for a shuttle that is there, less with each second, 0 for one out of reach."""
    return np.maximum(1 - np.asarray(drive_s, np.float64) / wanted.reach_s, 0)


def _gains(have: Floats, offers: Floats) -> Floats:
    """What one more shuttle at each place adds for each cell.

    Parameters
    ----------
    have
        (DEEP, cells) nearness of the shuttles there are, nearest first.
    offers
        (places, cells) nearness of one more.
    """
    weighted = have * _WEIGHTS[:DEEP, None]
    tails = np.vstack((np.cumsum(weighted[::-1], axis=0)[::-1], np.zeros(have.shape[1])))
    rank = (have[None] >= offers[:, None]).sum(axis=1)
    behind = np.take_along_axis(tails, rank, axis=0)
    gains: Floats = _WEIGHTS[rank] * offers - (1 - BUSY) * behind
    return gains
