"""Who goes where: idle shuttles and the stops where they are wanted, matched by min-cost flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from services.dispatcher.columns import UNREACHABLE_S


def match(ways_s: NDArray[np.int64]) -> tuple[int, ...]:
    """Give each target a shuttle so that they drive as little as possible in all.

    Parameters
    ----------
    ways_s
        (shuttles, targets) seconds of driving; `UNREACHABLE_S` or more: it cannot go there. A stop
        at which several are wanted is as many targets.

    Returns
    -------
    tuple of int
        For each shuttle the number of its target; -1: none.
    """
    shuttles, targets = ways_s.shape
    chosen = [-1] * shuttles
    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = 0, 1
    first_target = 2 + shuttles
    for k in range(shuttles):
        flow.add_arc_with_capacity_and_unit_cost(source, 2 + k, 1, 0)
    # A shuttle may go to any target; the arc's number says which pair it is.
    pairs = {}
    for k in range(shuttles):
        for t in range(targets):
            cost_s = int(ways_s[k, t])
            if cost_s < UNREACHABLE_S:
                arc = flow.add_arc_with_capacity_and_unit_cost(2 + k, first_target + t, 1, cost_s)
                pairs[arc] = (k, t)
    for t in range(targets):
        flow.add_arc_with_capacity_and_unit_cost(first_target + t, sink, 1, 0)
    flow.set_node_supply(source, min(shuttles, targets))
    flow.set_node_supply(sink, -min(shuttles, targets))
    flow.solve_max_flow_with_min_cost()
    for arc, (k, t) in pairs.items():
        if flow.flow(arc):
            chosen[k] = t
    return tuple(chosen)
