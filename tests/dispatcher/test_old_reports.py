"""Reports that come twice, late, or from before the first midnight: they move nobody back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.dispatcher import columns as c
from services.dispatcher.core import Zone
from services.domain.battery import Battery
from services.domain.events import Arrived, Boarded, Departed, Event, Passed, RideBoarded
from services.domain.ids import RideId
from services.domain.ride import Status
from services.simulator.chance import Chance
from services.wire.zone_rows import decode_row, encode_row
from tests.builders import EIGHT_S, crow_network, fleet, request
from tests.dispatcher.test_reports import R1, A, Story, said
from tests.play import Play

BATTERY = Battery(
    capacity_mwh=10_000_000,
    reserve_mwh=0,
    start_mwh=10_000_000,
    charge_below_mwh=0,
    charge_to_mwh=10_000_000,
    per_m_mwh=1000,
    per_s_mwh=0,
    per_stop_mwh=0,
)


SHUTTLES = tuple(replace(one, battery=BATTERY) for one in fleet(0))


def where(zone: Zone) -> list[int]:
    """Where the first shuttle is, and what its battery holds."""
    columns = [c.H_MODE, c.H_STOP, c.H_MS, c.H_ARRIVE, c.H_BUSY, c.H_LEVEL]
    found: list[int] = zone.fleet.head(0)[columns].tolist()
    return found


def driven(*reports: Any) -> Zone:
    """A zone that heard of a shuttle's drives, each report as it happened."""
    zone = Zone(crow_network(), SHUTTLES)
    for report in reports:
        zone.apply(report, report.at_s)
    return zone


SET_OFF, CAME = Departed(A, 0, 2, EIGHT_S), Arrived(A, 2, EIGHT_S + 60)
WENT_ON = Departed(A, 2, 5, EIGHT_S + 90)


def test_who_is_told_twice_to_have_set_off_spends_the_energy_once() -> None:
    once, twice = driven(SET_OFF), driven(SET_OFF, SET_OFF)
    assert where(once) == where(twice)
    assert driven(SET_OFF, CAME, WENT_ON).fleet.head(0)[c.H_LEVEL] < once.fleet.head(0)[c.H_LEVEL]


def test_what_comes_late_or_again_moves_no_shuttle_back() -> None:
    expected = where(driven(SET_OFF, CAME, WENT_ON))
    for old in (SET_OFF, CAME, WENT_ON, Passed(A, 1, EIGHT_S + 30)):
        zone = driven(SET_OFF, CAME, WENT_ON)
        zone.apply(old, EIGHT_S + 100)
        assert where(zone) == expected, old


def test_an_old_report_is_old_for_the_next_owner_too() -> None:
    zone = driven(SET_OFF, CAME, WENT_ON)
    rows = [decode_row(row.kind, row.id, encode_row(row)) for row in zone.rows()]
    again = Zone.restored(crow_network(), SHUTTLES, rows)
    again.apply(CAME, EIGHT_S + 100)
    assert where(again) == where(zone)


def test_who_got_on_before_the_first_midnight_is_on_board() -> None:
    """A zone began after midnight, and hears of what happened before only then."""
    story = Story()
    story.promise("r1", 1, 4)
    events: tuple[Event, ...] = story.tell(Boarded(A, R1, 1, -100), at_s=EIGHT_S + 20)
    assert isinstance(said(events)[0], RideBoarded)
    assert story.ride(R1).status is Status.ABOARD
    assert story.stops(A) == [(4, [], [R1])]
    story.tell(Arrived(A, 2, -50), at_s=EIGHT_S + 21)
    assert story.zone.fleet.head(0)[c.H_STOP] == 2


def test_a_shuttle_that_goes_as_planned_is_where_it_says() -> None:
    play = Play(crow_network(), fleet(0), Chance(1, on=False))
    play.ask(request("r1", 3, 6), EIGHT_S)
    play.run(EIGHT_S + 3600)
    assert play.zone.rides[RideId("r1")].status is Status.COMPLETED
    assert play.zone.fleet.head(0)[c.H_STOP] == 6
