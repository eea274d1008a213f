"""Hand-overs between zones that get lost on their way, or come to a zone that cannot take them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.host import Host
from services.dispatcher.outbox import passed_on
from services.domain.errors import StateMismatch
from services.domain.events import (
    AcceptOffer,
    Arrived,
    Event,
    Message,
    PlanAcknowledged,
    PlanIssued,
    ReportMarked,
    RequestRide,
    WakeUp,
)
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.ride import Party, Status
from services.domain.zone_crossing import (
    AdoptionConfirmed,
    AdoptShuttle,
    LendShuttle,
    PassedOn,
    ShuttleAdopted,
    ShuttleReleased,
)
from services.network.fleet import shuttles
from services.network.zone_networks import zone_networks
from services.runtime.clock import VirtualClock
from services.wire.codec import decode, encode
from services.wire.envelope import Envelope
from services.wire.zone_rows import decode_row, encode_row
from tests.builders import EIGHT_S, LINE, crow_network, request, territory
from tests.dispatcher.test_lending import BUS, EAST, LATER_S, WEST, acknowledge, lend, networks
from tests.gateway.peer import DAY
from tests.simulation.neighbours import cells


class Hands:
    """Two zones, and what they say to each other, of which a part can be lost."""

    def __init__(self) -> None:
        clock = VirtualClock(DAY, EIGHT_S)
        self.hosts = {zone: Host(zone, own, clock) for zone, own in networks().items()}
        self.said = 0
        self.steps = 0

    def tell(
        self, zone: ZoneId, message: Message, now_s: int = EIGHT_S, *, lost: type | None = None
    ) -> list[Event]:
        """Tell a zone something, and let the zones work until none says anything more."""
        self.said += 1
        waiting = [self._envelope(zone, message, f"said-{self.said}")]
        events: list[Event] = []
        while waiting:
            self.steps += 1
            assert self.steps < 100, "it goes on and on"
            one = waiting.pop(0)
            assert isinstance(one.body, Message)
            decided = self.hosts[one.zone].take(one, one.body, now_s)
            assert decided is not None
            events += decided.events
            on = [passed_on(decided.entry, *each) for each in enumerate(decided.events)]
            found = [decode(encode(each)) for each in on if each is not None]
            waiting += [each for each in found if lost is None or type(each.body) is not lost]
        return events

    def lend(self, *, lost: type | None = None) -> list[Event]:
        """Lend a shuttle from the west to the east; it acknowledges at once."""
        planned = self.tell(WEST, LendShuttle(BUS, EAST, LATER_S))
        (plan,) = [event.plan for event in planned if isinstance(event, PlanIssued)]
        return self.tell(WEST, PlanAcknowledged(BUS, plan.revision, EIGHT_S), lost=lost)

    def owners(self) -> list[ZoneId]:
        return [
            zone for zone, host in self.hosts.items() if host.zone.fleet.routes[0].holder is None
        ]

    @staticmethod
    def _envelope(zone: ZoneId, message: Message, message_id: str) -> Envelope:
        return Envelope(
            message_id=message_id,
            zone=zone,
            happened_at_ms=0,
            recorded_at_ms=0,
            zone_time_s=EIGHT_S,
            body=message,
        )


def test_what_comes_for_a_shuttle_that_was_never_adopted_is_marked_and_goes_round_no_more() -> None:
    hands = Hands()
    hands.lend(lost=AdoptShuttle)
    assert hands.owners() == []
    events = hands.tell(WEST, Arrived(BUS, 1, EIGHT_S + 5), EIGHT_S + 5)
    assert events[-1] == ReportMarked(BUS, "PassedOn", "it was never handed over")
    events = hands.tell(EAST, Arrived(BUS, 1, EIGHT_S + 6), EIGHT_S + 6)
    assert events[-1] == ReportMarked(BUS, "PassedOn", "it was never handed over")


def test_a_hand_over_is_said_again_until_the_other_zone_has_it() -> None:
    hands = Hands()
    hands.lend(lost=AdoptShuttle)
    due_s = hands.hosts[WEST].next_due_s()
    assert due_s == EIGHT_S + 60
    hands.tell(WEST, WakeUp(), due_s, lost=AdoptShuttle)
    assert hands.hosts[WEST].next_due_s() == due_s + 60
    events = hands.tell(WEST, WakeUp(), due_s + 60)
    assert [type(event) for event in events] == [ShuttleReleased, ShuttleAdopted, PlanIssued]
    assert hands.owners() == [EAST]
    assert hands.hosts[WEST].next_due_s() is None


def test_a_hand_over_that_is_not_confirmed_is_said_ever_more_seldom_and_takes_effect_once() -> None:
    hands = Hands()
    hands.lend(lost=AdoptionConfirmed)
    pauses_s, now_s = [], EIGHT_S
    for _ in range(9):
        due_s = hands.hosts[WEST].next_due_s()
        assert due_s is not None
        pauses_s.append(due_s - now_s)
        now_s = due_s
        events = hands.tell(WEST, WakeUp(), now_s, lost=AdoptionConfirmed)
        assert [type(event) for event in events] == [ShuttleReleased, ShuttleAdopted]
    assert pauses_s == [60, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert hands.owners() == [EAST]


def test_who_asks_for_a_shuttle_has_its_hand_over_said_again() -> None:
    hands = Hands()
    hands.lend(lost=AdoptShuttle)
    events = hands.tell(WEST, LendShuttle(BUS, WEST, LATER_S), EIGHT_S + 1)
    assert isinstance(events[0], ShuttleReleased)
    assert hands.hosts[EAST].zone.fleet.routes[0].lending is not None, "it is on its way back"


def test_reports_passed_on_reach_a_shuttle_that_was_adopted() -> None:
    hands = Hands()
    hands.lend()
    hands.tell(WEST, Arrived(BUS, 2, EIGHT_S + 5), EIGHT_S + 5)
    (released,) = hands.tell(EAST, LendShuttle(BUS, WEST, LATER_S), EIGHT_S + 6)[:1]
    assert isinstance(released, PlanIssued)


def test_a_shuttle_that_is_unknown_breaks_no_zone_and_is_adopted_once_it_is_known() -> None:
    hands = Hands()
    (released, *_) = hands.lend(lost=AdoptShuttle)
    assert isinstance(released, ShuttleReleased)
    stranger = ShuttleId("shuttle-9")
    adopt = AdoptShuttle(replace(released.handed, shuttle_id=stranger), WEST)
    events = hands.tell(EAST, adopt)
    assert events == [ReportMarked(stranger, "AdoptShuttle", "no shuttle of this zone")]


def test_what_is_passed_on_and_cannot_be_read_is_marked() -> None:
    hands = Hands()
    marked = ReportMarked(BUS, "PassedOn", "it was never handed over")
    assert hands.tell(WEST, PassedOn(BUS, 0, b"\xff")) == [marked]


def rebuilt(zone: ZoneId, host: Host) -> Zone:
    """A zone as it goes on with one stop more."""
    line = [*LINE, (LINE[-1][0] + 500.0, 0.0)]
    groups = [FleetGroup(depot="s1", count=1), FleetGroup(depot="s7", count=1)]
    settings = territory(fleet=groups, promises={"wait_s_max": 300})
    cut = cells(crow_network(line), range(4), range(4, 9))
    network = crow_network(line, settings.model_copy(update={"zones": cut}))
    own = zone_networks(ZoneId("t"), network)[zone]
    rows = [decode_row(row.kind, row.id, encode_row(row)) for row in host.zone.rows()]
    return Zone.restored(own, shuttles(own), rows)


@pytest.mark.parametrize("lost", [None, AdoptShuttle])
def test_stops_get_no_other_numbers_while_a_shuttle_is_lent(lost: type | None) -> None:
    hands = Hands()
    hands.lend(lost=lost)
    with pytest.raises(StateMismatch, match="these are lent: shuttle-1"):
        rebuilt(WEST, hands.hosts[WEST])
    if lost is None:
        with pytest.raises(StateMismatch, match="these are lent: shuttle-1"):
            rebuilt(EAST, hands.hosts[EAST])


def test_stops_get_other_numbers_once_it_is_back_and_it_goes_by_its_zone_s_plans() -> None:
    hands = Hands()
    hands.lend()
    planned = hands.tell(EAST, LendShuttle(BUS, WEST, LATER_S))
    (plan,) = [event.plan for event in planned if isinstance(event, PlanIssued)]
    hands.tell(EAST, PlanAcknowledged(BUS, plan.revision, EIGHT_S))
    assert hands.owners() == [WEST]
    new = {zone: rebuilt(zone, host) for zone, host in hands.hosts.items()}
    route = new[WEST].fleet.routes[0]
    assert (route.holder, route.handed) == (None, 0)
    assert route.revision >= plan.revision
    # What is still on the log of how stops were before, is not taken.
    (released,) = acknowledge(new[WEST], lend(new[WEST]))
    assert isinstance(released, ShuttleReleased)
    old = AdoptShuttle(replace(released.handed, layout="old"), WEST)
    (marked,) = new[EAST].apply(old, EIGHT_S)
    assert isinstance(marked, ReportMarked)
    adopted = new[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    assert isinstance(adopted[0], ShuttleAdopted)


def test_a_ride_is_not_lost_on_its_way_to_a_zone_whose_stops_get_other_numbers() -> None:
    hands = Hands()
    hands.tell(WEST, RequestRide(request("r1", 3, 6, party=Party(seats=30)), referrals=0))
    assert hands.hosts[WEST].zone.rides[RideId("r1")].status is Status.REFERRED
    with pytest.raises(StateMismatch, match="just referred"):
        rebuilt(WEST, hands.hosts[WEST])


def test_who_follows_a_plan_that_nobody_issued_is_told_anew_above_it() -> None:
    (west, _) = Hands().hosts.values()
    events = west.zone.apply(PlanAcknowledged(BUS, 42, EIGHT_S), EIGHT_S)
    assert events[0] == ReportMarked(BUS, "PlanAcknowledged", "there is no such plan")
    assert isinstance(events[1], PlanIssued)
    assert events[1].plan.revision == 43
    west.zone.apply(PlanAcknowledged(BUS, 2**32 - 1, EIGHT_S), EIGHT_S)
    assert west.zone.fleet.routes[0].revision == 43, "no number is left above that"


def test_an_acceptance_that_is_passed_on_says_when_the_rider_accepted() -> None:
    west = Hands().hosts[WEST]
    asked = RequestRide(request("r1", 3, 6, party=Party(seats=30)))
    west.take(Hands._envelope(WEST, asked, "asked"), asked, EIGHT_S)
    accept = AcceptOffer(RideId("r1"))
    decided = west.take(Hands._envelope(WEST, accept, "accepted"), accept, EIGHT_S + 500)
    assert decided is not None
    on = passed_on(decided.entry, 0, decided.events[0])
    assert on is not None
    assert (on.zone, on.body) == (EAST, AcceptOffer(RideId("r1"), at_s=EIGHT_S))
