"""How many more shuttles may move at once than do: what supervision leaves to a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.dispatcher import columns as c
from services.dispatcher.arrays import Fleet
from services.dispatcher.departures import LATE_S
from services.dispatcher.moves import MINUTE_S, book_kept
from services.dispatcher.pages import limits_at
from services.network.driving import Ways
from services.solver.problem import Moves


def free_moves(
    ways: Ways,
    arrays: Fleet,
    shuttles: Sequence[int],
    kept: NDArray[np.int64],
    span_s: tuple[int, int],
    part: tuple[int, int],
) -> Moves:
    """Tell a solver when how many of some shuttles may move.

    Parameters
    ----------
    ways, arrays
        Travel times, and all shuttles of the zone, with what is booked.
    shuttles
        Whose work is planned anew.
    kept
        (shuttles, 4) of each of them: the first visit that is planned anew, the first that is not
        any more, from when it can be sent elsewhere, and whether it is under way then.
    span_s
        Now, and when all that is planned anew is over.
    part
        Which part this is of how many that are planned at the same time: what nobody has booked
        is divided between them, so that they can be adopted one by one.
    """
    now_s, until_s = span_s
    number, parts = part
    first = now_s // MINUTE_S
    minutes = np.arange(first, (until_s + LATE_S) // MINUTE_S + 1)
    kept_from = int(arrays.days[0, 0])
    known = minutes[minutes < len(arrays.total) + kept_from] - kept_from
    total, own = np.zeros(len(minutes), np.int64), np.zeros(len(minutes), np.int64)
    total[: len(known)] = arrays.total[known]
    own[: len(known)] = arrays.booked[list(shuttles)][:, known].sum(axis=0)
    left = np.maximum(limits_at(arrays, minutes) - total, 0)
    booked = np.zeros((len(shuttles), len(minutes)), np.bool_)
    for row, k, stays in zip(booked, shuttles, kept, strict=True):
        book_kept(ways, arrays.heads[k], arrays.visits[k], (now_s, *stays[:3].tolist()), row)
    return Moves(
        free=(own + left // parts + (left % parts > number)).astype(np.int32),
        booked=booked,
        under_way=kept[:, 3].astype(np.bool_),
        from_minute=first,
        early_s=int(arrays.heads[0, c.H_EARLY]) if len(arrays.heads) else 0,
        late_s=LATE_S,
    )
