"""By how much a shuttle misses a request: the fewest bounds, loosened the least, that let it in.

The search is asked as it is, with bounds loosened. Looser bounds never lose a place, so the
smallest amount of one is found by halving. Where no bound suffices by itself, all give way and are
tightened one after the other, each as far as the others allow: of what remains, no amount can be
smaller. What comes out is a claim about the zone, and is proven there: the zone, so loosened, has
to offer the ride and issue a plan that passes the referee, and has to refuse with one unit less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from services.dispatcher import columns as c
from services.dispatcher.bounds import PROMISED, ROOM, Bound, Give, loosen, loosest
from services.dispatcher.core import Zone
from services.domain.events import RideOffered
from services.domain.ride import Request

OF_THE_FLEET = frozenset((*PROMISED, *ROOM, Bound.SHIFT, Bound.UPKEEP, Bound.SUPERVISION))
"""Bounds that lie in the shuttles and their plans; the others lie in the rules or the request."""


@dataclass(frozen=True, slots=True)
class Miss:
    """How far off a shuttle is.

    Parameters
    ----------
    needs
        What has to give way, all of it together; empty if no loosening would do.
    alone
        Every bound that would do by itself, each with its smallest amount.
    proven
        Whether the zone, loosened by ``needs``, offers the ride, and with one unit less of any of
        them refuses it.
    far
        How much ``needs`` is, against what was asked and promised: to compare shuttles by.
    """

    needs: tuple[Give, ...]
    alone: tuple[Give, ...]
    proven: bool
    far: float


def nearest_miss(zone: Zone, request: Request) -> Miss:
    """Find what stands between a request and a zone that refuses it.

    Parameters
    ----------
    zone
        Made to try things on, of the shuttle in question alone.
    """
    gives = tuple(loosest(zone, request))
    own = [give for give in gives if give.ride_id is None]
    others = [give for give in gives if give.ride_id is not None]
    single = [give for give in own if _fits(zone, request, (give,))]
    if others and _fits(zone, request, others):
        single += [give for give in others if _fits(zone, request, (give,))]
    alone = tuple(_smallest(give, lambda less: _fits(zone, request, (less,))) for give in single)
    if alone:
        needs: tuple[Give, ...] = (min(alone, key=lambda give: _weight(zone, request, give)),)
    else:
        needs = _together(zone, request, (own, gives))
    return Miss(
        needs=needs,
        alone=alone,
        proven=bool(needs) and proven(zone, request, needs),
        far=sum(_weight(zone, request, give) for give in needs) if needs else inf,
    )


def proven(zone: Zone, request: Request, needs: Sequence[Give]) -> bool:
    """Whether a zone offers a ride once bounds give way, and not with one unit less of any."""
    if not offers(zone, request, needs):
        return False
    return not any(offers(zone, request, _with(needs, i, -1)) for i in range(len(needs)))


def offers(zone: Zone, request: Request, gives: Iterable[Give] = ()) -> bool:
    """Whether a copy of a zone, with some bounds loosened, offers a ride.

    Raises
    ------
    AssertionError
        If the plan that goes with the offer does not pass the referee.
    """
    trial = zone.trial()
    asked = loosen(trial, request, gives)
    return any(isinstance(event, RideOffered) for event in trial.answer(asked))


def _fits(zone: Zone, request: Request, gives: Sequence[Give]) -> bool:
    """Whether the search finds a place once bounds give way."""
    # A search looks at rules, rides and shuttles, so no more than these is copied for one.
    trial = zone.sketch(fleet=any(give.bound in OF_THE_FLEET for give in gives))
    return trial.best(loosen(trial, request, gives)) is not None


def _smallest(give: Give, works: Callable[[Give], bool]) -> Give:
    """The least amount that works, where all of it does and none of it does not."""
    too_little, enough = 0, give.amount
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        if works(replace(give, amount=middle)):
            enough = middle
        else:
            too_little = middle
    return replace(give, amount=enough)


def _together(zone: Zone, request: Request, choices: Iterable[Sequence[Give]]) -> tuple[Give, ...]:
    """Tighten the first choice of bounds that suffices when all of it gives way."""
    kept = next((list(gives) for gives in choices if _fits(zone, request, gives)), [])
    i = 0
    while i < len(kept):
        without = [*kept[:i], *kept[i + 1 :]]
        if _fits(zone, request, without):
            kept = without
            continue
        before, after = kept[:i], kept[i + 1 :]

        def works(less: Give, before: list[Give] = before, after: list[Give] = after) -> bool:
            return _fits(zone, request, [*before, less, *after])

        kept[i] = _smallest(kept[i], works)
        i += 1
    return tuple(kept)


def _with(needs: Sequence[Give], i: int, more: int) -> tuple[Give, ...]:
    changed = [replace(g, amount=g.amount + more) if j == i else g for j, g in enumerate(needs)]
    return tuple(give for give in changed if give.amount > 0)


def _weight(zone: Zone, request: Request, give: Give) -> float:
    """How much it is to give way by this, against what was asked or promised."""
    promises = zone.territory.promises
    if give.bound is Bound.WALK:
        return give.amount / promises.walk_m_max
    if give.bound is Bound.SUPERVISION:
        return float(give.amount)
    if give.bound in ROOM:
        return give.amount / max(sum(request.party.load), 1)
    if give.bound in (Bound.RIDE_TIME, Bound.RIDE_TIME_OF) and request.origins:
        limit_s = zone.terms.ride_s_max(
            request, request.origins[0].stop, request.destinations[0].stop
        )
        return give.amount / min(limit_s, c.FAR_S)
    return give.amount / promises.wait_s_max
