"""From a zone's open work to a problem for the solver, and from its routes to a proposal.

A batch is a snapshot: it shares nothing with the zone, so that it can be solved elsewhere while the
zone goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.domain.events import PlanProposal
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Call, ProposedRoute
from services.solver.problem import Problem, Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A group of shuttles and their rides, as the solver takes them.

    Parameters
    ----------
    problem
        One request a ride or a task.
    start
        The routes as they are planned now, as nodes.
    shuttles, revisions
        Whose routes, and the plans that they have.
    rides
        Whom each request stands for.
    asked
        How many of them, the last ones, have no promise yet.
    frozen
        What each shuttle does before the batch takes effect.
    stops
        Which stop each place of the problem is, as far as places are stops.
    """

    problem: Problem
    start: tuple[tuple[int, ...], ...]
    shuttles: tuple[ShuttleId, ...]
    revisions: tuple[int, ...]
    rides: tuple[RideId, ...]
    asked: int
    frozen: tuple[tuple[Call, ...], ...]
    stops: tuple[int, ...]

    def proposal(self, solution: Solution) -> PlanProposal | None:
        """What a solution proposes: the routes that change; none if it forgets somebody."""
        promised = len(self.rides) - self.asked
        if any(request < promised for request in solution.unserved):
            return None
        routes = []
        for k, (route, before) in enumerate(zip(solution.routes, self.start, strict=True)):
            if tuple(route) == before:
                continue
            calls = self._calls(route)
            if _who(calls) != _who(self._calls(before)):
                shuttle_id, revision = self.shuttles[k], self.revisions[k]
                every = (*self.frozen[k], *calls)
                routes.append(ProposedRoute(shuttle_id=shuttle_id, revision=revision, calls=every))
        return PlanProposal(tuple(routes)) if routes else None

    def _can_join(self, node: int, boarding: list[int]) -> bool:
        """Whether a party can board together with others, who then leave with the last of them."""
        problem = self.problem
        together = [*boarding, node]
        ready_s = int(problem.opens[together].max()) + int(problem.setup[0])
        ready_s += int(problem.service[together].sum())
        return not boarding or ready_s <= int(problem.leave_by[together].min())

    def _calls(self, route: Sequence[int]) -> list[Call]:
        problem, calls = self.problem, list[Call]()
        n, last = problem.requests, -1
        boarding: list[int] = []
        for node in route:
            ride_id, stop = self.rides[node % n], int(problem.place[node])
            joins = stop == last and (node >= n or self._can_join(node, boarding))
            if not joins:
                calls.append(Call(stop=self.stops[stop]))
                boarding = []
            last, call = stop, calls[-1]
            if node < n:
                boarding.append(node)
                calls[-1] = Call(stop=call.stop, board=(*call.board, ride_id), leave=call.leave)
            else:
                calls[-1] = Call(stop=call.stop, board=call.board, leave=(*call.leave, ride_id))
        return calls


def _who(calls: Iterable[Call]) -> list[tuple[int, set[RideId], set[RideId]]]:
    """Who gets on and off where; in which order at the same stop does not matter."""
    return [(call.stop, set(call.board), set(call.leave)) for call in calls]
