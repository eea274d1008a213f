"""Has compiled before the first rider asks what answers are made with."""

from __future__ import annotations

from services.dispatcher.core import Zone
from services.domain.events import (
    AcceptOffer,
    CancelRide,
    Departed,
    PlanIssued,
    RequestRide,
    WakeUp,
)
from services.domain.ids import RideId
from services.domain.ride import Party, Request, StopWalk
from services.network.fleet import shuttles
from services.network.folder import Network

NOON_S = 12 * 3600


def warm_up(network: Network) -> None:
    """Plan two rides in a zone that nobody sees, one while the shuttle is under way."""
    zone = Zone(network, shuttles(network))
    first, last = 0, len(network.stops) - 1
    for number, (origin, destination) in enumerate(((first, last), (last, first))):
        now_s = NOON_S + 60 * number
        ride_id = RideId(str(number))
        for event in zone.apply(wish(ride_id, origin, destination, now_s), now_s):
            if isinstance(event, PlanIssued) and event.plan.visits:
                plan = event.plan
                k = zone.fleet.number[plan.shuttle_id]
                stop = zone.fleet.routes[k].shuttle.depot_stop
                towards = plan.visits[0].stop
                if towards != stop and number == 0:
                    zone.apply(Departed(plan.shuttle_id, stop, towards, now_s + 1), now_s + 1)
        zone.apply(AcceptOffer(ride_id), now_s + 2)
    zone.apply(CancelRide(RideId("0")), NOON_S + 120)
    zone.apply(WakeUp(), NOON_S + 180)


def wish(ride_id: RideId, origin: int, destination: int, now_s: int) -> RequestRide:
    """Ask for a ride from stop to stop, now."""
    return RequestRide(
        Request(
            ride_id=ride_id,
            party=Party(),
            origins=(StopWalk(origin, 0),),
            destinations=(StopWalk(destination, 0),),
            departure_s=now_s,
        )
    )
