"""A zone's rows: what they say, and what becomes of them when the territory has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dispatcher.core import Zone
from services.domain.errors import StateMismatch, Unreadable
from services.domain.events import (
    AcceptOffer,
    Arrived,
    CancelRide,
    CommandTurnedDown,
    PlanIssued,
    RequestRide,
    WakeUp,
)
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import Ride, Status
from services.domain.settings_part import DAY_S
from services.domain.zone_state import Row, RowKind, StoredShuttle
from services.wire.stored import decode_ride
from services.wire.zone_rows import decode_row, encode_row
from tests.builders import EIGHT_S, PLAIN, cleaning, crow_network, fleet, request

R1 = RideId("r1")


def busy_zone(*, accepted: bool = True) -> Zone:
    """Two shuttles, and a ride that the first one is to serve."""
    zone = Zone(crow_network(), fleet(0, 7))
    zone.apply(RequestRide(request("r1", 1, 4)), EIGHT_S)
    zone.apply(AcceptOffer(R1) if accepted else CancelRide(R1), EIGHT_S)
    return zone


def kinds(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    return [(row.kind.value, row.id) for row in rows]


def shuttle_row(zone: Zone, shuttle_id: str) -> StoredShuttle:
    (row,) = (row.value for row in zone.rows() if row.id == shuttle_id)
    assert isinstance(row, StoredShuttle)
    return row


def test_at_first_all_rows_are_changed_then_those_that_a_step_touched() -> None:
    zone = busy_zone()
    assert set(kinds(zone.changed_rows())) == set(kinds(zone.rows()))
    assert zone.changed_rows() == ()
    zone.apply(Arrived(fleet(0, 7)[1].id, 7, EIGHT_S + 9), EIGHT_S + 9)
    assert kinds(zone.changed_rows()) == [("zone", ""), ("shuttle", "b")]


def test_a_refused_request_changes_no_shuttle() -> None:
    zone = busy_zone()
    zone.changed_rows()
    zone.apply(RequestRide(request("r2", 1, 1)), EIGHT_S + 40)
    assert kinds(zone.changed_rows()) == [("zone", ""), ("ride", "r2")]


def test_a_ride_that_is_over_is_forgotten_a_day_after_it_was_promised() -> None:
    zone = busy_zone(accepted=False)
    last_s = zone.rides[R1].promise.arrive_by_s + DAY_S
    zone.apply(WakeUp(), last_s)
    assert R1 in zone.rides
    zone.changed_rows()
    zone.apply(WakeUp(), last_s + 1)
    assert R1 not in zone.rides
    assert (RowKind.RIDE, "r1", None) in zone.changed_rows()
    assert zone.apply(CancelRide(R1), last_s + 2) == (
        CommandTurnedDown(R1, "cancel", "there is no such ride"),
    )


def test_a_new_shuttle_begins_at_its_depot_and_does_its_tasks() -> None:
    rows = busy_zone().rows()
    zone = Zone.restored(
        crow_network(), (*fleet(0, 7), replace(fleet(3)[0], id=ShuttleId("c"))), rows
    )
    assert shuttle_row(zone, "c").where.stop == 3
    assert R1 in zone.rides
    assert kinds(zone.changed_rows()) == [("zone", ""), ("shuttle", "c")]
    cleaned = fleet(0, 7, upkeep=(cleaning(2, EIGHT_S + 600, EIGHT_S + 1000),))
    began = Zone(crow_network(), cleaned[:1])
    began.apply(WakeUp(), EIGHT_S)
    joined = Zone.restored(crow_network(), cleaned, began.rows())
    (issued,) = joined.apply(WakeUp(), EIGHT_S + 60)
    assert isinstance(issued, PlanIssued)
    assert issued.plan.shuttle_id == "b"
    assert len(joined.fleet.routes[1].tasks) == len(joined.fleet.routes[0].tasks)


def test_a_shuttle_that_is_gone_with_promises_is_an_error_that_names_it() -> None:
    with pytest.raises(StateMismatch, match=r"riders or promises: a$"):
        Zone.restored(crow_network(), fleet(0, 7)[1:], busy_zone().rows())


def test_an_empty_shuttle_that_is_gone_goes_on_when_it_is_back() -> None:
    before = busy_zone(accepted=False)
    without = Zone.restored(crow_network(), fleet(0, 7)[1:], before.rows())
    assert ("shuttle", "a") in kinds(without.rows())
    back = Zone.restored(crow_network(), fleet(0, 7), without.rows())
    assert shuttle_row(back, "a") == shuttle_row(before, "a")
    assert shuttle_row(back, "a").revision == 2


def test_other_numbers_of_stops_are_an_error_while_rides_are_open() -> None:
    other = crow_network(PLAIN[:7])
    with pytest.raises(StateMismatch, match="rides are open"):
        Zone.restored(other, fleet(0, 6), busy_zone().rows())
    zone = Zone.restored(other, fleet(2, 6), busy_zone(accepted=False).rows())
    assert shuttle_row(zone, "a").where.stop == 2
    assert shuttle_row(zone, "a").revision == 2
    assert zone.now_s == EIGHT_S


def test_rows_come_back_from_bytes_as_they_were() -> None:
    for row in busy_zone().rows():
        data = encode_row(row)
        assert decode_row(row.kind, row.id, data) == row
        if isinstance(row.value, Ride):
            assert decode_ride(data) == row.value
    assert encode_row(Row(RowKind.RIDE, "r1", None)) == b""


def test_what_is_no_row_is_unreadable_and_says_where() -> None:
    with pytest.raises(Unreadable, match=r"^cargo x: no kind of row"):
        decode_row("cargo", "x", b"")
    with pytest.raises(Unreadable, match=r"^shuttle a: malformed"):
        decode_row("shuttle", "a", b"\xff")
    with pytest.raises(Unreadable, match="missing"):
        decode_row("ride", "r1", b"")


def test_a_ride_that_ended_and_was_forgotten_between_two_commits_is_told_as_it_ended() -> None:
    made, asked = Zone(crow_network(), fleet(0, 7)), request("r1", 1, 4)
    made.apply(RequestRide(asked), EIGHT_S)
    made.changed_rows()
    for _ in range(2):
        made.apply(WakeUp(), EIGHT_S + 3 * DAY_S)
    ended, gone = (row.value for row in made.changed_rows() if row.kind is RowKind.RIDE)
    assert isinstance(ended, Ride)
    assert ended.status is Status.EXPIRED
    assert gone is None
