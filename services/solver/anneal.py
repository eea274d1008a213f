"""The search: ruin, recreate, and accept by simulated annealing; compiled, in chunks."""

from __future__ import annotations

import math

from services.network.kernels import kernel
from services.solver import arrays as a
from services.solver.dice import draw
from services.solver.pool import note, note_all
from services.solver.recreate import recreate
from services.solver.routes import begin, cost_of, keep, legal, remember_if_better, take_back
from services.solver.ruin import ruin


@kernel
def anneal(data, state, steps, temperature):  # type: ignore[no-untyped-def]
    """Search for some steps at one temperature; the best routes are remembered."""
    totals = state.totals
    cost = cost_of(data, state)
    for _ in range(steps):
        absent = begin(state)
        ruin(data, state)
        recreate(data, state)
        after = cost_of(data, state)
        worse = -temperature * math.log(1.0 - draw(state.dice))
        if after < cost + worse and legal(state):
            note(data, state, after)
            keep(state)
            cost = after
            if cost < totals[a.T_BEST]:
                note_all(data, state, cost)
                remember_if_better(data, state)
        else:
            take_back(data, state, absent)
    totals[a.T_STEPS] += steps
    totals[a.T_COST] = cost
