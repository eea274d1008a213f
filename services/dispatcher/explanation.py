"""Why a request gets the answer that it gets: every shuttle is asked, one at a time.

For each shuttle the zone is looked at as if there were no other. Either the request fits, and then
the place, the times and the cost are those that the instant answer compared; or it does not, and
then `services.dispatcher.misses` says by how much. All claims are made of, and proven in, copies of
the zone in the very moment of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from services.dispatcher import columns as c
from services.dispatcher.arrays import Ask
from services.dispatcher.bounds import relaxed
from services.dispatcher.core import Zone
from services.dispatcher.distance import detour_m
from services.dispatcher.misses import Miss, nearest_miss
from services.dispatcher.objective import DRIVE_COST
from services.dispatcher.plans import plan_of
from services.dispatcher.schedule import from_head
from services.domain.events import PlanIssued, RideOffered, RideRefused
from services.domain.ids import RideId, ShuttleId
from services.domain.plan import Plan
from services.domain.ride import Load, Offer, Refusal, Remedy, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a place costs, in thousandths of a second of driving; the parts add up to the whole.

    Parameters
    ----------
    drive, walk, wait, ride, delay
        Added driving, by time and distance; the party's walks, wait and ride; delay to those who
        have a promise.
    drive_s, walk_s, wait_s, ride_s
        The seconds behind these.
    """

    drive: int
    walk: int
    wait: int
    ride: int
    delay: int
    drive_s: int
    walk_s: int
    wait_s: int
    ride_s: int

    @property
    def whole(self) -> int:
        """All together: what the instant answer makes as small as it can."""
        return self.drive + self.walk + self.wait + self.ride + self.delay


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request fits into a shuttle's plan.

    Parameters
    ----------
    pickup_position, dropoff_position
        Before which visit of the plan as it was; joined: as a part of that visit.
    pickup_s, dropoff_s
        Planned end of boarding and start of alighting.
    delays
        By how many seconds other rides get on or off later than planned before.
    plan
        The shuttle's plan with the request in it, as the referee let it pass.
    """

    offer: Offer
    pickup_position: int
    pickup_joined: bool
    dropoff_position: int
    dropoff_joined: bool
    pickup_s: int
    dropoff_s: int
    cost: Cost
    delays: tuple[tuple[RideId, int], ...]
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a shuttle is and how much it has to do.

    Parameters
    ----------
    moving, stop
        Whether it is under way, and to which stop; else where it stands.
    free_s
        From when it can be sent elsewhere, and ``reach_s`` how long it then takes at least to a
        pickup stop of the request; none if no road leads there.
    aboard, room
        Load on board, and room in all.
    visits, rides
        Planned stops, and rides on board or to be picked up.
    silent
        Whether it should have acknowledged a plan by now, and gets nothing new until it reports.
    out
        Whether it is out of order, and gets nothing until it is repaired.
    """

    moving: bool
    stop: int
    free_s: int
    reach_s: int | None
    aboard: Load
    room: Load
    visits: int
    rides: int
    silent: bool
    out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One shuttle and the request: it has a place, or it misses; ``plan`` is what it is up to."""

    shuttle_id: ShuttleId
    standing: Standing
    plan: Plan
    place: Place | None
    miss: Miss | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a request gets its answer.

    Parameters
    ----------
    now_s
        When it was answered.
    answer
        The offer with its shuttle, or the refusal.
    candidates
        Every shuttle: those with a place, cheapest first; then the others, nearest first.
    proven
        Of each remedy of a refusal, whether the zone accepts the request with it, and with one unit
        less refuses.
    """

    request: Request
    now_s: int
    answer: RideOffered | RideRefused
    candidates: tuple[Candidate, ...]
    proven: tuple[bool, ...]

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, if it is one."""
        return self.answer.refusal if isinstance(self.answer, RideRefused) else None


def explain(zone: Zone, request: Request) -> Explanation:
    """Explain the answer that a zone is about to give, with its own shuttles; it stays as it is."""
    answer, _ = _answer(zone.trial(), request)
    own = [k for k, route in enumerate(zone.fleet.routes) if route.holder is None]
    candidates = [_candidate(zone, k, request) for k in own]
    candidates.sort(key=_rank)
    remedies = answer.refusal.remedies if isinstance(answer, RideRefused) else ()
    return Explanation(
        request=request,
        now_s=zone.now_s,
        answer=answer,
        candidates=tuple(candidates),
        proven=tuple(holds(zone, request, remedy) for remedy in remedies),
    )


def _rank(one: Candidate) -> tuple[bool, float]:
    if one.place is not None:
        return False, one.place.cost.whole
    return True, one.miss.far if one.miss is not None else inf


def holds(zone: Zone, request: Request, remedy: Remedy) -> bool:
    """Whether a remedy would have worked in a zone, and one unit less would not."""

    def works(amount: int) -> bool:
        trial = zone.trial()
        asked, rules = relaxed(request, trial.territory, remedy.relaxation, amount)
        trial.answers.terms = trial.terms.under(rules)
        return isinstance(_answer(trial, asked)[0], RideOffered)

    return works(remedy.amount) and (remedy.amount == 1 or not works(remedy.amount - 1))


def _answer(trial: Zone, request: Request) -> tuple[RideOffered | RideRefused, Plan | None]:
    """What a zone says, and the plan that it then issues."""
    answer, plan = None, None
    for event in trial.answer(request):
        if isinstance(event, RideOffered | RideRefused) and event.ride_id == request.ride_id:
            answer = event
        elif isinstance(event, PlanIssued):
            plan = event.plan
    assert answer is not None, f"ride {request.ride_id} is not answered"
    return answer, plan


def _candidate(zone: Zone, k: int, request: Request) -> Candidate:
    alone = zone.trial([k])
    alone.fleet.refresh(0, zone.now_s)
    best = alone.best(request)
    return Candidate(
        shuttle_id=alone.fleet.routes[0].shuttle.id,
        standing=_standing(alone, request),
        plan=plan_of(alone.fleet, 0, alone.territory.dispatch.early_s),
        place=None if best is None else _place(alone, request, *best),
        miss=nearest_miss(alone, request) if best is None else None,
    )


def _standing(alone: Zone, request: Request) -> Standing:
    route, head = alone.fleet.routes[0], alone.fleet.head(0)
    ways = alone.fleet.ways
    reach_s = [int(from_head(ways, head, near.stop)) for near in alone.terms.tried(request.origins)]
    return Standing(
        moving=bool(head[c.H_MODE] == c.MOVING),
        stop=int(head[c.H_STOP]),
        free_s=int(head[c.H_FREE]),
        reach_s=min((s for s in reach_s if s < c.UNREACHABLE_S), default=None),
        aboard=Load(*head[c.H_ABOARD_SEATS : c.H_ABOARD_LUGGAGE + 1].tolist()),
        room=route.shuttle.capacity,
        visits=len(route.stops),
        rides=len(route.ride_ids()),
        silent=bool(head[c.H_SILENT]),
        out=bool(head[c.H_OUT]),
    )


def _place(alone: Zone, request: Request, ask: Ask, found: list[int]) -> Place:
    before = _expected(plan_of(alone.fleet, 0, 0))
    cost = _cost(alone, request, ask, found)
    trial = alone.trial()
    answer, plan = _answer(trial, request)
    assert isinstance(answer, RideOffered)
    assert plan is not None
    after = _expected(plan_of(trial.fleet, 0, 0))
    delays = [(key, after[key] - at_s) for key, at_s in before.items() if key in after]
    return Place(
        offer=answer.offer,
        pickup_position=found[c.F_PICK],
        pickup_joined=bool(found[c.F_PICK_MERGED]),
        dropoff_position=found[c.F_DROP],
        dropoff_joined=bool(found[c.F_DROP_MERGED]),
        pickup_s=found[c.F_PICKUP_S],
        dropoff_s=found[c.F_DROPOFF_S],
        cost=cost,
        delays=tuple((ride_id, late_s) for (ride_id, _), late_s in delays if late_s),
        plan=plan,
    )


def _expected(plan: Plan) -> dict[tuple[RideId, bool], int]:
    """When each ride gets on (true) and off (false)."""
    times_s = {(ride_id, True): visit.depart_s for visit in plan.visits for ride_id in visit.board}
    return times_s | {
        (ride_id, False): visit.arrive_s for visit in plan.visits for ride_id in visit.leave
    }


def _cost(alone: Zone, request: Request, ask: Ask, found: list[int]) -> Cost:
    """Split what the search found; what is no driving, walk, wait or ride is delay to others."""
    a, b = found[c.F_PICKUP], found[c.F_DROPOFF]
    terms, party = alone.terms, ask.party.tolist()
    wait_s = found[c.F_PICKUP_S] - int(ask.pickups[a, c.P_EARLIEST])
    ride_s = found[c.F_DROPOFF_S] - found[c.F_PICKUP_S]
    drive_s = _detour_s(alone, ask, found)
    walks = terms.tried(request.origins)[a], terms.tried(request.destinations)[b]
    drive, walk = drive_s * DRIVE_COST, int(ask.pairs[a, b, c.E_WALK_COST])
    if party[c.A_KM_WEIGHT]:
        pickup, dropoff = int(ask.pickups[a, c.P_STOP]), int(ask.dropoffs[b, c.D_STOP])
        own = (
            found[c.F_PICK],
            -1 if found[c.F_PICK_MERGED] else pickup,
            found[c.F_DROP],
            -1 if found[c.F_DROP_MERGED] else dropoff,
        )
        fleet = alone.fleet
        added_m = detour_m(fleet.ways, fleet.head(0), fleet.arrays.visits[0], own)
        drive += int(added_m) * party[c.A_KM_WEIGHT]
    wait, ride = party[c.A_WAIT_WEIGHT] * wait_s, party[c.A_RIDE_WEIGHT] * ride_s
    return Cost(
        drive=drive,
        walk=walk,
        wait=wait,
        ride=ride,
        delay=found[c.F_VALUE] - drive - walk - wait - ride,
        drive_s=drive_s,
        walk_s=sum(terms.promises.walk_s(near.walk_m) for near in walks),
        wait_s=wait_s,
        ride_s=ride_s,
    )


def _detour_s(alone: Zone, ask: Ask, found: list[int]) -> int:
    """Seconds of driving that a place adds."""
    fleet = alone.fleet
    head, visits = fleet.head(0), fleet.arrays.visits[0]
    stops = [stop.stop for stop in fleet.routes[0].stops]
    planned_s = [
        fleet.drive_s[stops[i - 1], stops[i]]
        if i
        else max(int(visits[0, c.V_ARRIVE] - head[c.H_FREE]), 0)
        for i in range(len(stops))
    ]
    made: list[tuple[int, int]] = [(stop, i) for i, stop in enumerate(stops)]
    if not found[c.F_DROP_MERGED]:
        made.insert(found[c.F_DROP], (int(ask.dropoffs[found[c.F_DROPOFF], c.D_STOP]), -1))
    if not found[c.F_PICK_MERGED]:
        made.insert(found[c.F_PICK], (int(ask.pickups[found[c.F_PICKUP], c.P_STOP]), -1))
    driven_s = 0
    for i, (stop, was) in enumerate(made):
        if i == 0:
            driven_s += planned_s[0] if was == 0 else int(from_head(fleet.ways, head, stop))
        else:
            driven_s += fleet.drive_s[made[i - 1][0], stop]
    return driven_s - sum(planned_s)
