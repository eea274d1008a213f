"""Shuttles that go from zone to zone: empty, without a promise, with their tasks."""

from __future__ import annotations

from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.domain.events import (
    AcceptOffer,
    Arrived,
    Boarded,
    Departed,
    Event,
    Fault,
    Left,
    PlanAcknowledged,
    PlanIssued,
    Repaired,
    RequestRide,
    RideOffered,
    WakeUp,
)
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.domain.shuttle import FaultKind
from services.domain.zone_crossing import (
    AdoptShuttle,
    LendingTurnedDown,
    LendShuttle,
    MessageForwarded,
    RideReferred,
    ShuttleAdopted,
    ShuttleReleased,
)
from services.domain.zone_state import RowKind, StoredZone
from services.network.fleet import shuttles
from services.network.folder import Network
from services.network.zone_networks import zone_networks
from services.wire.zone_rows import decode_row, encode_row
from tests.builders import EIGHT_S, LINE, crow_network, request, territory
from tests.simulation.neighbours import cells

WEST, EAST, BUS = ZoneId("t.z0"), ZoneId("t.z1"), ShuttleId("shuttle-1")
LATER_S = EIGHT_S + 900
CLEANING = {"kind": "cleaning", "between": ["10:00", "12:00"], "duration_s": 600}


def zones(**group: Any) -> dict[ZoneId, Zone]:
    """Stops 0 to 3 with a shuttle, and 4 to 7 with another one."""
    return {zone: Zone(own, shuttles(own)) for zone, own in networks(**group).items()}


def networks(**group: Any) -> dict[ZoneId, Network]:
    """The territory as each of them sees it."""
    chargers = group.pop("chargers", ())
    groups = [FleetGroup.model_validate({"depot": "s1", "count": 1, **group})]
    groups.append(FleetGroup(depot="s7", count=1))
    settings = territory(fleet=groups, promises={"wait_s_max": 300}, chargers=chargers)
    cut = cells(crow_network(LINE), range(4), range(4, 8))
    whole = crow_network(LINE, settings.model_copy(update={"zones": cut}))
    return zone_networks(ZoneId("t"), whole)


def lend(zone: Zone, to: ZoneId = EAST, until_s: int = LATER_S) -> tuple[Event, ...]:
    return zone.apply(LendShuttle(BUS, to, until_s), EIGHT_S)


def plans(events: tuple[Event, ...]) -> list[PlanIssued]:
    return [event for event in events if isinstance(event, PlanIssued)]


def acknowledge(zone: Zone, events: tuple[Event, ...], at_s: int = EIGHT_S) -> tuple[Event, ...]:
    (issued,) = plans(events)
    report = PlanAcknowledged(issued.plan.shuttle_id, issued.plan.revision, at_s)
    return zone.apply(report, at_s)


def test_a_shuttle_goes_once_it_has_acknowledged_an_empty_plan() -> None:
    here = zones()
    asked_empty = lend(here[WEST])
    (issued,) = plans(asked_empty)
    assert issued.plan.visits == ()
    (released,) = acknowledge(here[WEST], asked_empty)
    assert isinstance(released, ShuttleReleased)
    assert (released.to, released.handed.number, released.handed.stop) == (EAST, 1, 1)
    adopted, planned = here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    assert adopted == ShuttleAdopted(BUS, WEST, 1)
    assert isinstance(planned, PlanIssued)
    assert planned.plan.revision == released.handed.revision + 1
    again = here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    assert again == (adopted,), "of a repeat it is only said that it is known"
    offered = here[EAST].apply(RequestRide(request("r1", 2, 0)), EIGHT_S)[0]
    assert isinstance(offered, RideOffered)
    assert offered.shuttle_id == BUS


def test_who_is_to_be_lent_finishes_what_was_promised_and_gets_nothing_new() -> None:
    here = zones()
    west = here[WEST]
    west.apply(RequestRide(request("r1", 1, 3)), EIGHT_S)
    confirmed = west.apply(AcceptOffer(RideId("r1")), EIGHT_S)
    assert plans(confirmed) == []
    lend(west)
    (referred,) = west.apply(RequestRide(request("r2", 1, 3)), EIGHT_S)
    assert isinstance(referred, RideReferred)
    ride, said = RideId("r1"), west.fleet.routes[0]
    for report in (
        PlanAcknowledged(BUS, said.revision, EIGHT_S + 1),
        Boarded(BUS, ride, 1, EIGHT_S + 30),
        Departed(BUS, 1, 3, EIGHT_S + 31),
        Arrived(BUS, 3, EIGHT_S + 91),
    ):
        assert plans(west.apply(report, report.at_s)) == []
    left = west.apply(Left(BUS, ride, 3, EIGHT_S + 95), EIGHT_S + 95)
    (released,) = acknowledge(west, left, EIGHT_S + 96)
    assert isinstance(released, ShuttleReleased)
    assert released.handed.free_s > EIGHT_S + 95, "people still get off"


def test_who_can_be_picked_up_as_promised_by_another_goes_over_to_it() -> None:
    west = zones(count=2)[WEST]
    west.apply(RequestRide(request("r1", 1, 3, EIGHT_S + 7200)), EIGHT_S)
    west.apply(AcceptOffer(RideId("r1")), EIGHT_S)
    bus = west.rides[RideId("r1")].shuttle_id
    assert bus is not None
    said = west.apply(LendShuttle(bus, EAST, LATER_S), EIGHT_S + 1)
    first = plans(said)[-1]
    assert first.plan.visits == ()
    moved = west.apply(PlanAcknowledged(bus, first.plan.revision, EIGHT_S + 2), EIGHT_S + 2)
    assert [type(event).__name__ for event in moved] == [
        "RideReassigned",
        "PlanIssued",
        "ShuttleReleased",
    ]
    assert west.rides[RideId("r1")].shuttle_id not in (bus, None)


def test_its_tasks_go_with_it_and_are_done_once() -> None:
    here = zones(shifts=[["06:00", "20:00"]], upkeep=[CLEANING])
    for zone in here.values():
        zone.apply(WakeUp(), EIGHT_S)
    assert len(here[WEST].fleet.routes[0].tasks) == 2
    assert here[EAST].fleet.routes[0].tasks == []
    (released,) = acknowledge(here[WEST], lend(here[WEST]))
    assert isinstance(released, ShuttleReleased)
    (issued,) = plans(here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S))
    kinds = [visit.task.kind for visit in issued.plan.visits if visit.task is not None]
    assert kinds == ["cleaning", "off_duty"]
    # What both lay out on later days, each does for its own shuttles.
    tomorrow = request("r9", 5, 6, EIGHT_S + 86_400)
    for zone in here.values():
        zone.apply(RequestRide(tomorrow), EIGHT_S + 60)
    assert len(here[EAST].fleet.routes[0].tasks) == 4
    assert here[WEST].fleet.routes[0].tasks == []


def test_one_that_is_not_empty_in_time_stays_with_its_tasks() -> None:
    here = zones(upkeep=[CLEANING])
    west = here[WEST]
    west.apply(WakeUp(), EIGHT_S)
    lend(west)
    assert west.next_due_s() == LATER_S + 1
    events = west.apply(WakeUp(), LATER_S + 1)
    turned_down = LendingTurnedDown(BUS, EAST, "it did not acknowledge its plan")
    assert events[0] == turned_down
    (issued,) = plans(events)
    assert [visit.task is not None for visit in issued.plan.visits] == [True]
    offered = west.apply(RequestRide(request("r1", 1, 3, LATER_S)), LATER_S + 2)[0]
    assert isinstance(offered, RideOffered)
    assert west.next_due_s() != LATER_S + 1


@pytest.mark.parametrize(
    ("to", "until_s", "reason"),
    [
        (WEST, LATER_S, "it is there already"),
        (ZoneId("u.z1"), LATER_S, "there is no such other zone"),
        (EAST, EIGHT_S, "it is too late"),
    ],
)
def test_what_makes_no_sense_is_turned_down(to: ZoneId, until_s: int, reason: str) -> None:
    here = zones()
    assert lend(here[WEST], to, until_s) == (LendingTurnedDown(BUS, to, reason),)
    (offered, _) = here[WEST].apply(RequestRide(request("r1", 1, 3)), EIGHT_S)
    assert isinstance(offered, RideOffered)


def test_a_battery_is_lent_only_where_it_can_be_charged() -> None:
    battery = {"capacity_wh": 80_000}
    chargers = [{"stop": "s2", "power_kw": 50, "plugs": 1}]
    here = zones(battery=battery, chargers=chargers)
    (turned_down,) = lend(here[WEST])
    assert turned_down == LendingTurnedDown(BUS, EAST, "it could not charge there")
    both = [*chargers, {"stop": "s6", "power_kw": 50, "plugs": 1}]
    here = zones(battery=battery, chargers=both)
    (released,) = acknowledge(here[WEST], lend(here[WEST]))
    assert isinstance(released, ShuttleReleased)
    assert released.handed.level_mwh > 0


def test_a_shuttle_is_lent_only_where_somebody_supervises_it() -> None:
    operators = [{"between": ["00:00", "23:59"], "count": 2}]
    settings = territory(
        fleet=[FleetGroup(depot="s1", count=2)],
        supervision={"shuttles_per_operator": 1, "operators": operators},
    )
    cut = cells(crow_network(LINE), range(4), range(4, 8))
    whole = crow_network(LINE, settings.model_copy(update={"zones": cut}))
    own = zone_networks(ZoneId("t"), whole)[WEST]
    (turned_down,) = lend(Zone(own, shuttles(own)))
    assert turned_down == LendingTurnedDown(BUS, EAST, "nobody would supervise it there")


def test_reports_of_a_shuttle_that_went_are_passed_on() -> None:
    here = zones()
    acknowledge(here[WEST], lend(here[WEST]))
    for message in (Arrived(BUS, 1, EIGHT_S + 5), LendShuttle(BUS, WEST, LATER_S)):
        assert here[WEST].apply(message, EIGHT_S + 5)[-1] == MessageForwarded(EAST, number=1)
    other = ShuttleId("shuttle-2")
    assert here[WEST].apply(Arrived(other, 7, EIGHT_S), EIGHT_S + 6) == (MessageForwarded(EAST),)


def test_reports_from_before_it_was_lent_move_it_no_more() -> None:
    here = zones()
    here[WEST].apply(Departed(BUS, 1, 3, EIGHT_S - 90), EIGHT_S - 90)
    here[WEST].apply(Arrived(BUS, 3, EIGHT_S - 30), EIGHT_S - 30)
    (released,) = acknowledge(here[WEST], lend(here[WEST]))
    assert isinstance(released, ShuttleReleased)
    here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    here[EAST].apply(Arrived(BUS, 1, EIGHT_S - 100), EIGHT_S + 1)  # passed on, long under way
    (offered, planned) = here[EAST].apply(RequestRide(request("r1", 3, 5)), EIGHT_S + 2)
    assert isinstance(offered, RideOffered)
    assert isinstance(planned, PlanIssued)
    assert planned.plan.visits[0].arrive_s <= EIGHT_S + 2, "it stands there"


def test_where_it_broke_down_is_known_to_whoever_gets_it() -> None:
    here = zones()
    here[WEST].apply(Fault(BUS, FaultKind.SENSORS, 1, EIGHT_S - 900, EIGHT_S - 900), EIGHT_S - 900)
    here[WEST].apply(Repaired(BUS, 1, EIGHT_S - 300), EIGHT_S - 300)
    (released,) = acknowledge(here[WEST], lend(here[WEST]))
    assert isinstance(released, ShuttleReleased)
    here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    west, east = (here[zone].fleet.routes[0] for zone in (WEST, EAST))
    assert (east.fault_s, east.fault_stop) == (west.fault_s, west.fault_stop)


def test_it_comes_back_as_it_went() -> None:
    here = zones()
    (released,) = acknowledge(here[WEST], lend(here[WEST]))
    assert isinstance(released, ShuttleReleased)
    here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    back = here[EAST].apply(LendShuttle(BUS, WEST, LATER_S), EIGHT_S + 60)
    (again,) = acknowledge(here[EAST], back, EIGHT_S + 60)
    assert isinstance(again, ShuttleReleased)
    assert again.handed.number == 2
    # The first hand-over, sent again by its old owner, changes nothing any more.
    first = here[EAST].apply(AdoptShuttle(released.handed, WEST), EIGHT_S + 61)
    assert first == (ShuttleAdopted(BUS, WEST, 1),)
    adopted = here[WEST].apply(AdoptShuttle(again.handed, EAST), EIGHT_S + 62)[0]
    assert adopted == ShuttleAdopted(BUS, EAST, 2)


@pytest.mark.parametrize("steps", range(3))
def test_whoever_takes_a_zone_goes_on_lending(steps: int) -> None:
    here = zones(upkeep=[CLEANING])
    west = here[WEST]
    west.apply(WakeUp(), EIGHT_S)
    events: tuple[Event, ...] = ()
    if steps:
        events = lend(west)
    if steps > 1:
        acknowledge(west, events)
    bytes_of = [(row.kind, row.id, encode_row(row)) for row in west.rows()]
    rows = [decode_row(*one) for one in bytes_of]
    own = networks(upkeep=[CLEANING])[WEST]
    again = Zone.restored(own, shuttles(own), rows)
    assert again.changed_rows() == ()
    for message in (
        LendShuttle(BUS, EAST, LATER_S),
        PlanAcknowledged(BUS, west.fleet.routes[0].revision, EIGHT_S + 1),
        RequestRide(request("r1", 1, 3)),
        WakeUp(),
    ):
        assert again.apply(message, EIGHT_S + 1) == west.apply(message, EIGHT_S + 1)
        assert again.next_due_s() == west.next_due_s()


def test_a_zone_keeps_nothing_of_shuttles_that_never_were_its_own() -> None:
    here = zones()
    east = here[EAST]
    theirs = ShuttleId("shuttle-2")

    def kept() -> tuple[list[str], tuple[ShuttleId, ...]]:
        rows = east.rows()
        (zone,) = (row.value for row in rows if isinstance(row.value, StoredZone))
        assert len(zone.heard_s) == len(zone.shuttle_ids)
        return [row.id for row in rows if row.kind is RowKind.SHUTTLE], zone.shuttle_ids

    east.apply(WakeUp(), EIGHT_S)
    assert kept() == ([theirs], (theirs,))
    assert [row.id for row in east.changed_rows() if row.kind is RowKind.SHUTTLE] == [theirs]
    released = acknowledge(here[WEST], lend(here[WEST]))[0]
    assert isinstance(released, ShuttleReleased)
    east.apply(AdoptShuttle(released.handed, WEST), EIGHT_S)
    assert kept() == ([BUS, theirs], (BUS, theirs))
    back = east.apply(LendShuttle(BUS, WEST, LATER_S), EIGHT_S)
    for plan in (*plans(back), *plans(back)):
        east.apply(PlanAcknowledged(BUS, plan.plan.revision, EIGHT_S), EIGHT_S)
    assert kept() == ([BUS, theirs], (theirs,)), "how often it was handed over is to be known"
