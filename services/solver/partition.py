"""The best set of routes among those seen: set partitioning, by CP-SAT.

As in Gschwind & Drexl (2019), "Adaptive large neighborhood search with a constant-time feasibility
test for the dial-a-ride problem", Transportation Science 53(2), whose search goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from services.solver import arrays as a
from services.solver.arrays import Data, State
from services.solver.moves import minutes_of

ROUTES_MAX = 6000
"""Routes to choose among: those of the best solutions."""
COST_MAX = 10**11
"""The model's costs are divided so that all together stay below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long the choice may take.

    Parameters
    ----------
    seconds
        Wall time.
    work
        CP-SAT's deterministic time, which repeats exactly.
    """

    seconds: float | None = None
    work: float | None = None


def choose(data: Data, state: State, limit: Limit) -> bool:
    """Make the cheapest set of noted routes the best ones of a search; say if they are better."""
    columns = _columns(state)
    chosen = _solve(data, state, columns, limit) if len(columns) else None
    if chosen is None:
        return False
    count = state.best_count.copy()
    before = [state.best[k, : count[k]].copy() for k in range(len(count))]
    _place(data, state, chosen)
    if _cost(data, state, chosen) < state.totals[a.T_BEST]:
        return True
    state.best_count[:] = count
    for k, nodes in enumerate(before):
        state.best[k, : len(nodes)] = nodes
    return False


def _columns(state: State) -> NDArray[np.int64]:
    """Slots of the pool, those of the cheapest solutions first."""
    slots = np.flatnonzero(state.pool[:, a.P_COUNT])
    order = np.lexsort((state.pool[slots, a.P_KEY], state.pool[slots, a.P_TOTAL]))
    return slots[order[:ROUTES_MAX]]


def _nodes(state: State, slot: int) -> NDArray[np.int32]:
    first, count = state.pool[slot, a.P_FIRST], state.pool[slot, a.P_COUNT]
    return state.pool_nodes[first : first + count]


def _solve(data: Data, state: State, columns: NDArray[np.int64], limit: Limit) -> list[int] | None:
    n = int(data.numbers[a.X_REQUESTS])
    penalty = data.requests[:, a.Q_PENALTY]
    kind = data.shuttles[:, a.K_KIND]
    current = _current(data, state)
    scale = max(1, int(state.totals[a.T_BEST]) // COST_MAX + 1)
    model = cp_model.CpModel()
    covers: list[list[cp_model.IntVar]] = [[] for _ in range(n)]
    of_kind: dict[int, list[cp_model.IntVar]] = {}
    variables, costs = [], []
    for slot in columns.tolist():
        variable = model.new_bool_var("")
        variables.append(variable)
        costs.append(int(state.pool[slot, a.P_COST]) // scale)
        of_kind.setdefault(int(kind[state.pool[slot, a.P_SHUTTLE]]), []).append(variable)
        nodes = _nodes(state, slot)
        for r in (nodes[nodes >= n] - n).tolist():
            covers[r].append(variable)
        model.add_hint(variable, int(state.pool[slot, a.P_KEY]) in current)
    left_out = [model.new_bool_var("") for _ in range(n)]
    for r in range(n):
        model.add_exactly_one([*covers[r], left_out[r]])
    shuttles = np.unique(kind, return_counts=True)
    for one, count in zip(*(values.tolist() for values in shuttles), strict=True):
        if count == 1:
            model.add_at_most_one(of_kind.get(one, []))
        elif len(of_kind.get(one, [])) > count:
            model.add(cp_model.LinearExpr.sum(of_kind[one]) <= count)
    _supervise(model, data, state, columns, variables)
    costs += (np.minimum(penalty, 2 * state.totals[a.T_BEST] + 1) // scale).tolist()
    model.minimize(cp_model.LinearExpr.weighted_sum(variables + left_out, costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    if limit.seconds is not None:
        solver.parameters.max_time_in_seconds = limit.seconds
    if limit.work is not None:
        solver.parameters.max_deterministic_time = limit.work
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [
        slot
        for slot, variable in zip(columns.tolist(), variables, strict=True)
        if solver.boolean_value(variable)
    ]


def _supervise(
    model: cp_model.CpModel,
    data: Data,
    state: State,
    columns: NDArray[np.int64],
    variables: list[cp_model.IntVar],
) -> None:
    """Let no more shuttles move in a minute than may: a row for each minute that can be full."""
    if not len(data.free):
        return
    n, m = int(data.numbers[a.X_REQUESTS]), int(data.numbers[a.X_SHUTTLES])
    moves = np.zeros((len(columns), len(data.free)), np.int64)
    shuttles = state.pool[columns, a.P_SHUTTLE]
    for row, slot, k in zip(moves, columns.tolist(), shuttles.tolist(), strict=True):
        nodes = [2 * n + k, *_nodes(state, slot), 2 * n + m + k]
        state.trial[: len(nodes)] = nodes
        minutes_of(data, state, k, len(nodes), row)
    free = state.free - data.booked.sum(axis=0)
    rows: dict[bytes, int] = {}
    for minute in np.flatnonzero(moves.sum(axis=0) > free).tolist():
        who = moves[:, minute].astype(np.bool_)
        if len(np.unique(shuttles[who])) > free[minute]:
            rows[who.tobytes()] = min(rows.get(who.tobytes(), m), int(free[minute]))
    for among, most in rows.items():
        movers = np.flatnonzero(np.frombuffer(among, np.bool_)).tolist()
        model.add(cp_model.LinearExpr.sum([variables[i] for i in movers]) <= most)


def _current(data: Data, state: State) -> set[int]:
    """Keys of the best routes so far."""
    n = int(data.numbers[a.X_REQUESTS])
    keys = set()
    with np.errstate(over="ignore"):
        for k, count in enumerate(state.best_count.tolist()):
            nodes = state.best[k, 1 : count - 1]
            keys.add(
                int(data.shuttles[k, a.K_KEY] + data.requests[nodes[nodes >= n] - n, a.Q_KEY].sum())
            )
    return keys


def _place(data: Data, state: State, chosen: list[int]) -> None:
    """Give each route a shuttle of its kind: the one that had it, or another that is free."""
    n, m = int(data.numbers[a.X_REQUESTS]), int(data.numbers[a.X_SHUTTLES])
    kind = data.shuttles[:, a.K_KIND]
    free = np.ones(m, bool)
    state.best_count[:] = 2
    state.best[:, 1] = 2 * n + m + np.arange(m)
    for slot in chosen:
        k = int(state.pool[slot, a.P_SHUTTLE])
        if not free[k]:
            k = int(np.flatnonzero(free & (kind == kind[k]))[0])
        free[k] = False
        nodes = _nodes(state, slot)
        state.best[k, 1 : 1 + len(nodes)] = nodes
        state.best[k, 1 + len(nodes)] = 2 * n + m + k
        state.best_count[k] = 2 + len(nodes)


def _cost(data: Data, state: State, chosen: list[int]) -> int:
    n = int(data.numbers[a.X_REQUESTS])
    served = np.zeros(n, bool)
    for slot in chosen:
        nodes = _nodes(state, slot)
        served[nodes[nodes >= n] - n] = True
    routes = sum(int(state.pool[slot, a.P_COST]) for slot in chosen)
    return routes + int(data.requests[~served, a.Q_PENALTY].sum())
