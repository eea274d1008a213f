"""What a zone refers to a neighbour, and what it says in the end."""

from __future__ import annotations

from typing import Any

from services.dispatcher.core import Zone
from services.domain.events import (
    AcceptOffer,
    CancelRide,
    Event,
    RequestRide,
    RideOffered,
    RideRefused,
    WakeUp,
)
from services.domain.fleet_settings import FleetGroup
from services.domain.ids import RideId, ZoneId
from services.domain.ride import Constraint, Party, Refusal, Relaxation, Remedy, Request, Status
from services.domain.zone_crossing import MessageForwarded, RideReferred
from services.network.fleet import shuttles
from services.network.zone_networks import zone_networks
from tests.builders import EIGHT_S, LINE, crow_network, request, territory
from tests.simulation.neighbours import cells

R1, WEST, EAST = RideId("r1"), ZoneId("t.z0"), ZoneId("t.z1")


def zones(**rules: Any) -> dict[ZoneId, Zone]:
    """Stops 0 to 3 with a shuttle that is too small for three, and 4 to 7 with another one."""
    fleet = [FleetGroup(depot="s0", count=1, seats=2), FleetGroup(depot="s5", count=1, seats=4)]
    promises = {"wait_s_max": 300, **rules.pop("promises", {})}
    settings = territory(promises=promises, fleet=fleet, **rules)
    cut = cells(crow_network(LINE), range(4), range(4, 8))
    whole = crow_network(LINE, settings.model_copy(update={"zones": cut}))
    found = zone_networks(ZoneId("t"), whole).items()
    return {zone: Zone(network, shuttles(network)) for zone, network in found}


def ask(zone: Zone, asked: Request, **rest: Any) -> tuple[Event, ...]:
    return zone.apply(RequestRide(asked, **rest), EIGHT_S)


def test_a_zone_serves_with_its_own_shuttles_only() -> None:
    here = zones()
    (offered, _) = ask(here[EAST], request("r1", 3, 6))
    assert isinstance(offered, RideOffered)
    assert offered.shuttle_id == "shuttle-2"
    assert here[WEST].fleet.routes[1].holder == EAST


def test_a_ride_that_cannot_be_served_is_referred_once_with_why() -> None:
    here = zones()
    asked = request("r1", 3, 6, party=Party(seats=3))
    (referred,) = ask(here[WEST], asked, useful_until_s=EIGHT_S + 9)
    assert isinstance(referred, RideReferred)
    assert (referred.to, referred.useful_until_s) == (EAST, EIGHT_S + 9)
    mark = here[WEST].rides[R1]
    assert (mark.status, mark.referred_to) == (Status.REFERRED, EAST)
    assert ask(here[WEST], asked) == (), "a repeat changes nothing"
    (offered, _) = ask(here[EAST], asked, referrals=1, refusal=referred.refusal)
    assert isinstance(offered, RideOffered)
    held = here[EAST].rides[R1]
    assert (held.status, held.referrals, held.refusal) == (Status.OFFERED, 1, None)


def test_one_hop_and_no_more() -> None:
    here = zones()
    asked = request("r1", 3, 6, party=Party(seats=5))
    (refused,) = ask(here[EAST], asked, referrals=1, refusal=Refusal(Constraint.FLEET))
    assert isinstance(refused, RideRefused)
    assert refused.refusal.reason is Constraint.PARTY_SIZE


def test_a_referred_ride_to_a_stop_that_the_other_zone_does_not_know_is_refused_there() -> None:
    here = zones()
    why = Refusal(Constraint.FLEET)
    (refused,) = ask(here[EAST], request("r1", 3, 99), referrals=1, refusal=why)
    assert refused == RideRefused(R1, why)
    assert here[EAST].rides[R1].status is Status.REFUSED


def test_commands_for_a_ride_that_was_referred_are_passed_on() -> None:
    here = zones()
    ask(here[WEST], request("r1", 3, 6, party=Party(seats=3)))
    for command in (AcceptOffer(R1), CancelRide(R1)):
        assert here[WEST].apply(command, EIGHT_S) == (MessageForwarded(EAST),)


def test_what_no_shuttle_could_help_is_refused_at_once() -> None:
    here = zones(service={"opens": "09:00", "closes": "18:00"})
    for asked in (
        request("r1", [(3, 9000)], 6),
        request("r2", 3, [(6, 9000)]),
        request("r3", 3, 3),
        request("r4", 3, 6),
    ):
        (refused,) = ask(here[WEST], asked)
        assert isinstance(refused, RideRefused)


def test_the_explanation_that_is_nearer_to_a_yes_is_told() -> None:
    far, near = (
        Refusal(Constraint.WAIT, (Remedy(Relaxation.LEAVE_LATER_S, amount),))
        for amount in (3000, 1)
    )
    asked = request("r1", 0, 3, party=Party(seats=2))
    for theirs, told in ((near, near), (far, None), (Refusal(Constraint.FLEET), None)):
        here = zones(promises={"wait_s_max": 100})
        (refused,) = ask(here[EAST], asked, referrals=1, refusal=theirs)
        assert isinstance(refused, RideRefused)
        assert refused.refusal.remedies, "its own is to leave some minutes later"
        assert (refused.refusal == near) is (told is not None)


def test_a_request_that_waits_is_referred_when_its_time_is_over() -> None:
    here = zones(dispatch={"answer_after_s": 10})
    asked = request("r1", 3, 6, party=Party(seats=3))
    ask(here[WEST], asked, useful_until_s=EIGHT_S + 1)
    due_s = here[WEST].next_due_s()
    assert due_s is not None
    (referred,) = here[WEST].apply(WakeUp(), due_s)
    assert isinstance(referred, RideReferred)
    assert referred.useful_until_s == due_s + 1, "its rider knows that it takes longer, once"
