"""Why a request was refused, and the smallest change in each dimension that would have worked.

Feasibility is not monotone in any of them (a later departure can miss the shuttle that an earlier
one would have caught), so nothing is bisected: one pass of the search per dimension enforces all
but the one bound, and minimises by how much that is exceeded. Leaving later can help in a second
way, which is tried apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.offers import Terms
from services.domain.ride import Constraint, Refusal, Relaxation, Remedy, Request

Search = Callable[[Ask], list[int]]

STEP_S = 300
LATER_S_MAX = 7200
"""In what steps, and up to when, somebody to supervise the shuttle is looked for."""

REASONS = {
    Relaxation.LEAVE_LATER_S: Constraint.WAIT,
    Relaxation.ARRIVE_LATER_S: Constraint.ARRIVAL,
    Relaxation.RIDE_LONGER_S: Constraint.RIDE_TIME,
    Relaxation.FEWER_SEATS: Constraint.SEATS,
}


def refuse(
    request: Request,
    terms: Terms,
    search: Search,
    now_s: int,
    *,
    too_large: bool,
    restricted: bool = False,
) -> Refusal:
    """Explain a refusal.

    Parameters
    ----------
    request
        What was asked for.
    terms
        The territory's rules.
    search
        Best insertion into the fleet as it is.
    now_s
        Now.
    too_large
        Whether no shuttle has room for the party, even if empty.
    restricted
        Whether there are times at which shuttles may not drive.

    Returns
    -------
    Refusal
        Each remedy works by itself in the very state that refused the request.
    """
    obstacle = terms.obstacle(request)
    if obstacle is Constraint.SAME_STOP:
        return Refusal(obstacle)
    if obstacle is not None:
        return Refusal(obstacle, _walk_further(request, terms, search, now_s))
    ask = terms.ask(request, terms.tried(request.origins), terms.tried(request.destinations), now_s)
    remedies = [
        *_leave_later(ask, terms, request, search),
        *_arrive_later(ask, terms, request, search),
        *_ride_longer(ask, search),
        *_fewer_seats(ask, search),
    ]
    # What binds is what would have to give way least, each against what was asked or promised.
    promises = terms.promises
    scale = {
        Relaxation.LEAVE_LATER_S: promises.wait_s_max,
        Relaxation.ARRIVE_LATER_S: promises.wait_s_max,
        Relaxation.RIDE_LONGER_S: max(int(ask.pairs[0, 0, c.E_GOAL]), 1),
        Relaxation.FEWER_SEATS: max(int(ask.party[c.A_SEATS]), 1),
    }
    remedies.sort(key=lambda remedy: remedy.amount / scale[remedy.relaxation])
    reason = REASONS[remedies[0].relaxation] if remedies else Constraint.FLEET
    closed = bool((ask.pickups[:, c.P_EARLIEST] > ask.pickups[:, c.P_PICK_BY]).all())
    if too_large:
        reason = Constraint.PARTY_SIZE
    elif closed or (not remedies and _works_after_hours(ask, request, terms, search)):
        reason = Constraint.SERVICE_HOURS
    elif terms.territory.chargers and _works(ask, c.A_ANY_LEVEL, search):
        reason = Constraint.ENERGY
    elif restricted and _works(ask, c.A_ANY_TIME, search):
        reason = Constraint.OPERATING_DOMAIN
    elif terms.territory.supervision is not None and _works(ask, c.A_ANY_MOVES, search):
        reason = Constraint.SUPERVISION
        remedies = [r for r in remedies if r.relaxation is not Relaxation.LEAVE_LATER_S]
        remedies += _wait_for_operators(terms, request, search)
    return Refusal(reason, (*remedies, *_walk_further(request, terms, search, now_s)))


def nearer(one: Refusal, other: Refusal, request: Request, terms: Terms) -> Refusal:
    """Of two refusals, that whose smallest change is the smaller one; of equals the second."""
    promises = terms.promises
    ends = (*request.origins[:1], *request.destinations[:1])
    ride_s = terms.ride_s_max(request, *(near.stop for near in ends)) if len(ends) == 2 else 1
    scale = {
        Relaxation.LEAVE_LATER_S: promises.wait_s_max,
        Relaxation.ARRIVE_LATER_S: promises.wait_s_max,
        Relaxation.RIDE_LONGER_S: max(ride_s, 1),
        Relaxation.FEWER_SEATS: max(request.party.load.seats, 1),
        Relaxation.WALK_FURTHER_M: promises.walk_m_max,
    }

    def far(refusal: Refusal) -> float:
        return min((r.amount / scale[r.relaxation] for r in refusal.remedies), default=inf)

    return one if far(one) < far(other) else other


def _pass(ask: Ask, mode: int, relaxation: Relaxation, search: Search) -> tuple[Remedy, ...]:
    ask.party[c.A_MODE] = mode
    value = search(ask)[c.F_VALUE]
    return (Remedy(relaxation, value),) if value > 0 else ()


def _copy(ask: Ask) -> Ask:
    return Ask(ask.pickups.copy(), ask.dropoffs.copy(), ask.pairs.copy(), ask.party.copy())


def _leave_later(ask: Ask, terms: Terms, request: Request, search: Search) -> tuple[Remedy, ...]:
    relaxed = _copy(ask)
    relaxed.pickups[:, c.P_PICK_BY] = terms.hours(request)[1] - terms.reserve_s
    found = _pass(relaxed, c.LEAVE_LATER, Relaxation.LEAVE_LATER_S, search)
    return tuple(_no_later_than_needed(remedy, terms, request, search) for remedy in found)


def _no_later_than_needed(remedy: Remedy, terms: Terms, request: Request, search: Search) -> Remedy:
    """Who leaves later boards later, which helps where a shuttle waits with the party on board.

    The search lets parties board as early as can be, and so does not see that. If a second less
    would do as well, look further down, to where it does not.
    """
    origins, destinations = terms.tried(request.origins), terms.tried(request.destinations)

    def works(later_s: int) -> bool:
        asked = replace(request, departure_s=request.departure_s + later_s)
        return search(terms.ask(asked, origins, destinations, 0))[c.F_VALUE] >= 0

    too_little, enough = 0, remedy.amount
    while enough - too_little > 1 and works(enough - 1):
        enough -= 1
        middle = (too_little + enough) // 2
        if works(middle):
            enough = middle
        else:
            too_little = middle
    return replace(remedy, amount=enough)


def _arrive_later(ask: Ask, terms: Terms, request: Request, search: Search) -> tuple[Remedy, ...]:
    if request.arrive_by_s is None:
        return ()
    relaxed = _copy(ask)
    relaxed.dropoffs[:, c.D_DROP_BY] = terms.hours(request)[1] - terms.reserve_s
    return _pass(relaxed, c.ARRIVE_LATER, Relaxation.ARRIVE_LATER_S, search)


def _ride_longer(ask: Ask, search: Search) -> tuple[Remedy, ...]:
    if ask.pairs[0, 0, c.E_GOAL] >= c.FAR_S:
        return ()
    relaxed = _copy(ask)
    relaxed.pairs[:, :, c.E_LIMIT] = c.FAR_S
    return _pass(relaxed, c.RIDE_LONGER, Relaxation.RIDE_LONGER_S, search)


def _fewer_seats(ask: Ask, search: Search) -> tuple[Remedy, ...]:
    if ask.party[c.A_SEATS] < 2:
        return ()
    relaxed = _copy(ask)
    relaxed.party[c.A_SEATS_MIN] = 1
    return _pass(relaxed, c.FEWER_SEATS, Relaxation.FEWER_SEATS, search)


def _walk_further(request: Request, terms: Terms, search: Search, now_s: int) -> tuple[Remedy, ...]:
    """How much longer the longest walk would have to be, at the end that needs more.

    Tried are the stops that an instant answer would try if the limit were higher.
    """
    count, limit_m = terms.territory.dispatch.candidate_stops, terms.promises.walk_m_max
    origins, destinations = request.origins[:count], request.destinations[:count]
    if not (origins and destinations):
        return ()
    if max(origins[-1].walk_m, destinations[-1].walk_m) <= limit_m:
        return ()
    ask = terms.ask(request, origins, destinations, now_s)
    ask.pickups[:, c.P_EXTRA_WALK] = [stop.walk_m - limit_m for stop in origins]
    ask.dropoffs[:, c.D_EXTRA_WALK] = [stop.walk_m - limit_m for stop in destinations]
    return _pass(ask, c.WALK_FURTHER, Relaxation.WALK_FURTHER_M, search)


def _works(ask: Ask, relaxed_by: int, search: Search) -> bool:
    """Whether it would work at any level of batteries, or if shuttles might drive at any time."""
    relaxed = _copy(ask)
    relaxed.party[relaxed_by] = 1
    return search(relaxed)[c.F_VALUE] >= 0


def _wait_for_operators(terms: Terms, request: Request, search: Search) -> tuple[Remedy, ...]:
    """How much later there is somebody to supervise the shuttle, if soon.

    The search has shuttles set off as early as they can, so later departures are asked for.
    """
    origins, destinations = terms.tried(request.origins), terms.tried(request.destinations)
    for later_s in range(STEP_S, LATER_S_MAX + 1, STEP_S):
        asked = replace(request, departure_s=request.departure_s + later_s)
        if search(terms.ask(asked, origins, destinations, 0))[c.F_VALUE] >= 0:
            found = Remedy(Relaxation.LEAVE_LATER_S, later_s)
            return (_no_later_than_needed(found, terms, request, search),)
    return ()


def _works_after_hours(ask: Ask, request: Request, terms: Terms, search: Search) -> bool:
    """Whether the request would work if the service did not close."""
    relaxed = _copy(ask)
    relaxed.pickups[:, c.P_PICK_BY] = relaxed.pickups[:, c.P_GOAL]
    for row, stop in zip(relaxed.dropoffs, terms.tried(request.destinations), strict=True):
        row[c.D_DROP_BY] = c.FAR_S
        if request.arrive_by_s is not None:
            walk_s = terms.promises.walk_s(stop.walk_m)
            row[c.D_DROP_BY] = request.arrive_by_s - walk_s - terms.reserve_s
    return search(relaxed)[c.F_VALUE] >= 0
