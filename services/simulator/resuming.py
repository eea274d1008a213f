"""Puts simulated shuttles where they were, as far as the zone's state tells.

A real shuttle knows where it is and who is on board. A simulated one forgets it with its process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.domain.events import Event, RideConfirmed, RideOffered
from services.domain.ids import ShuttleId
from services.domain.ride import Ride, Status
from services.domain.zone_state import Row, StoredRoads, StoredShuttle
from services.simulator.world import World

OPEN = frozenset({Status.OFFERED, Status.CONFIRMED, Status.ABOARD})


def resume(world: World, rows: Iterable[Row], now_s: int, *, roads: bool) -> None:
    """Put shuttles where they last said that they were, with those on board.

    Parameters
    ----------
    rows
        The zone's state.
    now_s
        Whoever was under way goes on from there now.
    roads
        Whether shuttles drive on roads, or straight on.
    """
    vehicles = {vehicle.shuttle.id: vehicle for vehicle in world.vehicles}
    for row in rows:
        if not isinstance(row.value, StoredShuttle) or ShuttleId(row.id) not in vehicles:
            continue
        stored, vehicle = row.value, vehicles[ShuttleId(row.id)]
        if stored.holder is not None:
            continue  # another zone knows
        where = stored.where
        vehicle.stop, vehicle.fault_s = where.stop, stored.fault_s
        vehicle.aboard = {party.ride_id for party in stored.aboard}
        if stored.battery:
            vehicle.level_mwh = where.level_mwh
        if where.mode:
            vehicle.moving = True
            vehicle.place = where.node if roads else (where.x_mm, where.y_mm)
            vehicle.place_ms = max(where.node_ms, now_s * 1000)
            world.head_for(vehicle, where.stop)


def known(rows: Iterable[Row]) -> Iterator[Event]:
    """What shuttles and the people at the stops had heard before: roads, offers, promises."""
    for row in rows:
        value = row.value
        if isinstance(value, StoredRoads):
            yield value.said()
        elif isinstance(value, Ride) and value.status in OPEN and value.offer is not None:
            assert value.shuttle_id is not None
            yield RideOffered(value.id, value.shuttle_id, value.offer)
            if value.status is not Status.OFFERED:
                yield RideConfirmed(value.id)
