"""A ride that goes from zone to zone is one ride to its rider, however its events come."""

from __future__ import annotations

from itertools import combinations, count, permutations, product

import pytest

from services.domain.events import (
    AnswerDeferred,
    Event,
    RideCancelled,
    RideCompleted,
    RideConfirmed,
    RideOffered,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Constraint, Party, Refusal, Request, Ride, Status, StopWalk
from services.domain.zone_crossing import RideReferred
from services.gateway.view import REFERRAL, RideView
from services.runtime.ports import StoredRide
from services.wire.envelope import Envelope
from tests.gateway.peer import EIGHT_S, offer

WEST, EAST = ZoneId("t.west"), ZoneId("t.east")
RIDE = RideId("11111111-1111-5111-8111-111111111111")
REQUEST = Request(
    ride_id=RIDE,
    party=Party(),
    origins=(StopWalk(0, 10),),
    destinations=(StopWalk(2, 10),),
    departure_s=EIGHT_S,
)
WHY = Refusal(Constraint.FLEET)
DEFERRED = (WEST, 4, AnswerDeferred(RIDE, EIGHT_S + 30))
REFERRED = (WEST, 900, RideReferred(RIDE, EAST, REQUEST, WHY))
OFFERED = (EAST, 2, RideOffered(RIDE, ShuttleId("b"), offer(REQUEST)))
CONFIRMED = (EAST, 3, RideConfirmed(RIDE))

numbers = count(1)


def tell(view: RideView, zone: ZoneId, version: int, event: Event, offset: int = 0) -> bool:
    """Let a view hear an event of a zone's step."""
    return view.apply(
        offset or next(numbers),
        Envelope(
            message_id=f"{zone}/{version}/{type(event).__name__}",
            zone=zone,
            happened_at_ms=0,
            recorded_at_ms=0,
            zone_time_s=EIGHT_S,
            version=version,
            body=event,
        ),
    )


def seen(view: RideView) -> tuple[ZoneId, Status]:
    found = view.get(RIDE)
    assert found is not None
    return found.zone, found.status


def stored(zone: ZoneId, status: Status, version: int) -> StoredRide:
    """The ride as a zone has committed it."""
    to, referrals = (EAST, 0) if status is Status.REFERRED else (None, int(zone == EAST))
    ride = Ride(
        request=REQUEST,
        requested_s=EIGHT_S,
        status=status,
        referred_to=to,
        referrals=referrals,
        offer=None if to or status is Status.REQUESTED else offer(REQUEST),
        shuttle_id=ShuttleId("b"),
    )
    return StoredRide(zone, ride, version)


ORDERS = [
    order
    for order in permutations([DEFERRED, REFERRED, OFFERED, CONFIRMED])
    if order.index(DEFERRED) < order.index(REFERRED)
    and order.index(OFFERED) < order.index(CONFIRMED)
]
"""Each zone's events come in order; how those of two zones mix, nobody can say."""


@pytest.mark.parametrize("order", ORDERS)
def test_what_the_receiver_says_counts_in_whatever_order_two_zones_are_heard(
    order: tuple[tuple[ZoneId, int, Event], ...],
) -> None:
    view = RideView()
    view.register(RIDE, WEST, b"body")
    for one in order:
        tell(view, *one)
    assert seen(view) == (EAST, Status.CONFIRMED)
    assert not tell(view, *OFFERED), "a repeat"
    assert not tell(view, *REFERRED), "a repeat"
    assert seen(view) == (EAST, Status.CONFIRMED)


@pytest.mark.parametrize("order", ORDERS)
def test_a_gateway_that_did_not_send_the_request_asks_the_store_if_it_cannot_be_sure(
    order: tuple[tuple[ZoneId, int, Event], ...],
) -> None:
    view = RideView()
    for one in order:
        tell(view, *one)
    if view.is_partial(RIDE):
        view.adopt(stored(EAST, Status.CONFIRMED, 3))
    assert seen(view) == (EAST, Status.CONFIRMED)


def test_a_rider_who_follows_misses_nothing_when_numbers_begin_anew_elsewhere() -> None:
    view = RideView()
    view.register(RIDE, WEST, b"body")
    tell(view, *DEFERRED, offset=5000)
    (deferred,) = view.history(RIDE)
    tell(view, *REFERRED, offset=5001)
    tell(view, *OFFERED, offset=7)
    assert [one.event for one in view.history(RIDE, deferred.offset)] == [OFFERED[2]]
    (offered,) = view.history(RIDE, deferred.offset)
    assert offered.offset == REFERRAL + 7
    assert offered.after.status is Status.OFFERED
    young = RideView()
    tell(young, *OFFERED, offset=7)
    tell(young, *CONFIRMED, offset=8)
    assert [one.event for one in young.history(RIDE, offered.offset)] == [CONFIRMED[2]]


def test_the_store_s_mark_says_only_whom_a_ride_belongs_to() -> None:
    view = RideView()
    view.register(RIDE, WEST, b"body")
    assert view.adopt(stored(WEST, Status.REFERRED, 900)).status is Status.REQUESTED
    assert seen(view) == (EAST, Status.REQUESTED)
    tell(view, *OFFERED)
    assert seen(view) == (EAST, Status.OFFERED)
    view.adopt(stored(WEST, Status.REFERRED, 900))
    assert seen(view) == (EAST, Status.OFFERED)


def test_what_the_store_knew_before_the_referral_is_older_however_high_its_step() -> None:
    view = RideView()
    view.register(RIDE, WEST, b"body")
    tell(view, *REFERRED)
    tell(view, *OFFERED)
    view.adopt(stored(WEST, Status.REQUESTED, 800))
    assert seen(view) == (EAST, Status.OFFERED)
    view.adopt(stored(EAST, Status.CONFIRMED, 3))
    assert seen(view) == (EAST, Status.CONFIRMED)
    tell(view, EAST, 4, RideCancelled(RIDE))
    assert seen(view) == (EAST, Status.CANCELLED)


def test_the_store_may_know_the_receiver_before_any_event_tells_of_it() -> None:
    view = RideView()
    view.register(RIDE, WEST, b"body")
    tell(view, *DEFERRED)
    view.adopt(stored(EAST, Status.OFFERED, 2))
    assert seen(view) == (EAST, Status.OFFERED)
    tell(view, *REFERRED)
    assert seen(view) == (EAST, Status.OFFERED)
    tell(view, *CONFIRMED)
    assert seen(view) == (EAST, Status.CONFIRMED)


WEST_SAYS = (DEFERRED, REFERRED)
EAST_SAYS = (
    (EAST, 2, AnswerDeferred(RIDE, EIGHT_S + 60)),
    (EAST, 3, RideOffered(RIDE, ShuttleId("b"), offer(REQUEST))),
    (EAST, 4, RideConfirmed(RIDE)),
    (EAST, 5, RideCompleted(RIDE, ShuttleId("b"), EIGHT_S + 900, True)),
)
ROWS = {  # the store's row after so many of the east's events, and before and behind the referral
    (WEST, 1): stored(WEST, Status.REQUESTED, 4),
    (WEST, 2): stored(WEST, Status.REFERRED, 900),
    (EAST, 1): stored(EAST, Status.REQUESTED, 2),
    (EAST, 2): stored(EAST, Status.OFFERED, 3),
    (EAST, 3): stored(EAST, Status.CONFIRMED, 4),
    (EAST, 4): stored(EAST, Status.COMPLETED, 5),
}


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("registered", [False, True])
def test_the_view_ends_at_the_receiver_s_word_and_misses_none_whatever_it_hears_and_reads_when(
    registered: bool, deferred: bool
) -> None:
    east = EAST_SAYS if deferred else EAST_SAYS[1:]
    turns = len(WEST_SAYS) + len(east)
    orders = [frozenset(chosen) for chosen in combinations(range(turns), len(WEST_SAYS))]
    reads = [None, *ROWS.values()]
    for order in orders:
        for turn, read in product(range(turns), reads):
            view = RideView()
            if registered:
                view.register(RIDE, WEST, b"body")
            waiting = {WEST: [*WEST_SAYS], EAST: [*east]}
            told: list[Event] = []
            last = -1
            for now in range(turns):
                if now == turn and read is not None:
                    view.adopt(read)
                tell(view, *waiting[WEST if now in order else EAST].pop(0))
                # Somebody follows all the while.
                for one in view.history(RIDE, last):
                    last = one.offset
                    told += [one.event] if one.after.zone == EAST else []
            assert seen(view) == (EAST, Status.COMPLETED), (sorted(order), turn, read)
            events = [one.event for one in view.history(RIDE) if one.after.zone == EAST]
            assert events == [event for _, _, event in east], (sorted(order), turn, read)
            if deferred and not registered:  # the first may be told twice, if both zones waited
                told = [*dict.fromkeys(told)]
            assert told == events, (sorted(order), turn, read)
            # Who has heard of the west's only, by another gateway's numbers, misses nothing here.
            behind = [one.event for one in view.history(RIDE, 1_000_000)]
            assert behind == events, (sorted(order), turn, read)


def test_a_row_that_was_read_before_the_referral_takes_nothing_back() -> None:
    view = RideView()
    tell(view, *OFFERED)
    view.adopt(stored(WEST, Status.REQUESTED, 4))
    assert seen(view) == (EAST, Status.OFFERED)
    assert tell(view, *CONFIRMED)
    tell(view, *REFERRED)
    assert seen(view) == (EAST, Status.CONFIRMED)
    assert not view.is_partial(RIDE)
