"""The rows of a zone: all of them, those that changed, and back into a zone that goes on from them.

What changed is found by comparing: arrays with copies, and the values of shuttles that were
touched with those that were told last. So no part of the zone has to say what it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.answers import Answers
from services.dispatcher.charging import Charging
from services.dispatcher.duties import Duties
from services.dispatcher.fleet import Shuttles
from services.dispatcher.rescue import Rescue
from services.dispatcher.rides import Rides
from services.dispatcher.roadworks import Roadworks
from services.dispatcher.shuttle_rows import restore_shuttle, stored_shuttle
from services.dispatcher.sight import differing
from services.domain.errors import StateMismatch
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import TERMINAL, Ride, Status
from services.domain.zone_state import (
    RideNote,
    Row,
    RowKind,
    StoredRoads,
    StoredShuttle,
    StoredZone,
)

UNDER_WAY_S = 600
"""A ride that was referred has come to its zone after so long, if that goes on."""


class Parts(NamedTuple):
    """The parts of a zone that remember anything."""

    fleet: Shuttles
    rides: Rides
    answers: Answers
    rescue: Rescue
    roadworks: Roadworks
    duties: Duties
    charging: Charging


class Ledger:
    """Keeps account of a zone's rows.

    Parameters
    ----------
    parts
        The zone's parts.
    layout
        By which numbers its stops and roads go.
    """

    def __init__(self, parts: Parts, layout: str) -> None:
        self._parts = parts
        self._layout = layout
        self._ids = tuple(route.shuttle.id for route in parts.fleet.routes)
        self._absent: dict[ShuttleId, StoredShuttle] = {}
        self._told: dict[ShuttleId, StoredShuttle] = {}
        self._noted: set[RideId] = set()
        self._zone: StoredZone | None = None
        self._roads: StoredRoads | None = None
        self._arrays: list[NDArray[Any]] = []

    def rows(self, now_s: int) -> Iterator[Row]:
        """All rows, as things are."""
        yield Row(RowKind.ZONE, "", self._stored_zone(now_s))
        yield Row(RowKind.ROADS, "", self._parts.roadworks.stored())
        for shuttle_id, absent in self._absent.items():
            yield Row(RowKind.SHUTTLE, shuttle_id, absent)
        for k, shuttle_id in enumerate(self._ids):
            if not self._is_foreign(k):
                yield Row(RowKind.SHUTTLE, shuttle_id, stored_shuttle(self._parts.fleet, k))
        for ride_id in self._parts.rides:
            yield from self._rows_of(ride_id)

    def changed(self, now_s: int) -> Iterator[Row]:
        """The rows that changed since this was last asked; at first all of them."""
        fleet, rides = self._parts.fleet, self._parts.rides
        zone, roads = self._stored_zone(now_s), self._parts.roadworks.stored()
        if zone != self._zone:
            self._zone = zone
            yield Row(RowKind.ZONE, "", zone)
        if roads != self._roads:
            self._roads = roads
            yield Row(RowKind.ROADS, "", roads)
        for k in sorted({*fleet.touched, *self._moved()}):
            if self._is_foreign(k):
                continue
            shuttle_id, stored = self._ids[k], stored_shuttle(fleet, k)
            if stored != self._told.get(shuttle_id):
                self._told[shuttle_id] = stored
                yield Row(RowKind.SHUTTLE, shuttle_id, stored)
        fleet.touched.clear()
        for ride_id in rides.touched:
            if ride_id in rides.gone:
                yield Row(RowKind.RIDE, ride_id, rides.gone[ride_id])
            yield from self._rows_of(ride_id, noted=ride_id in self._noted)
        rides.touched, rides.gone = {}, {}

    def _rows_of(self, ride_id: RideId, *, noted: bool = False) -> Iterator[Row]:
        """The rows of a ride; ``noted``: that of its note was told before."""
        rides = self._parts.rides
        note = rides.note(ride_id)
        yield Row(RowKind.RIDE, ride_id, rides.get(ride_id))
        if note is not None or noted:
            yield Row(RowKind.NOTE, ride_id, note)
        (self._noted.discard if note is None else self._noted.add)(ride_id)

    def _moved(self) -> list[int]:
        """Shuttles whose arrays are not as they were when this was last asked."""
        fleet = self._parts.fleet.arrays
        now: list[NDArray[Any]] = [fleet.heads, fleet.visits, fleet.booked]
        before, self._arrays = self._arrays, now
        if [a.shape for a in now] != [a.shape for a in before]:
            self._arrays = [a.copy() for a in now]
            return list(range(len(fleet.heads)))
        self._arrays = before
        found = [differing(a, b) for a, b in zip(now, before, strict=True)]
        moved: list[int] = np.unique(np.concatenate(found)).tolist()
        for k in moved:
            for a, b in zip(now, before, strict=True):
                b[k] = a[k]
        return moved

    def _is_foreign(self, k: int) -> bool:
        """Whether a shuttle never was the zone's own, so that nothing is to be known of it."""
        route = self._parts.fleet.routes[k]
        return route.holder is not None and not route.handed and self._ids[k] not in self._told

    def _stored_zone(self, now_s: int) -> StoredZone:
        fleet, _, answers, rescue, _, duties, charging = self._parts
        withdrawn, sought, moves = rescue.stored()
        ours = [route for route in fleet.routes if route.holder is None]
        return StoredZone(
            now_s=now_s,
            layout=self._layout,
            duties_until_s=duties.until_s,
            disruptions=fleet.disruptions,
            booked_min=fleet.booked_min,
            shuttle_ids=tuple([route.shuttle.id for route in ours]),
            heard_s=tuple([route.heard_s for route in ours]),
            waiting=answers.stored(),
            withdrawn=withdrawn,
            sought=sought,
            moves=moves,
            charging=charging.stored(),
        )

    def restore(self, rows: Iterable[Row]) -> int:
        """Put rows into a zone that is new, and return its time.

        Raises
        ------
        StateMismatch
            If they do not fit the territory: a shuttle with riders or promises is not there any
            more, or stops or roads go by other numbers while rides are open.
        """
        fleet, rides, answers, rescue, roadworks, duties, charging = self._parts
        zone: StoredZone | None = None
        roads: StoredRoads | None = None
        shuttles: dict[ShuttleId, StoredShuttle] = {}
        for row in rows:
            match row.value:
                case StoredZone():
                    zone = row.value
                case StoredRoads():
                    roads = row.value
                case StoredShuttle() as stored:
                    shuttles[stored.shuttle_id] = stored
                case Ride():
                    rides.restore(row.value)
                case RideNote():
                    rides.restore_note(row.value)
                    self._noted.add(row.value.ride_id)
        if zone is None:
            return 0
        self._zone, self._roads, self._told = zone, roads, dict(shuttles)
        fleet.disruptions = zone.disruptions
        for shuttle_id, heard_s in zip(zone.shuttle_ids, zone.heard_s, strict=True):
            if shuttle_id in fleet.number:
                fleet.routes[fleet.number[shuttle_id]].heard_s = heard_s
        if zone.layout != self._layout:
            self._begin_anew(shuttles, zone.now_s)
            return zone.now_s
        self._absent = {i: one for i, one in shuttles.items() if i not in fleet.number}
        self._check(zone)
        if roads is not None:
            roadworks.restore(roads, zone.now_s)
        self._restore_shuttles(shuttles, zone)
        newcomers = [k for k, shuttle_id in enumerate(self._ids) if shuttle_id not in shuttles]
        duties.restore(zone.duties_until_s, newcomers)
        answers.restore(zone.waiting)
        rescue.restore(zone.withdrawn, zone.sought, zone.moves)
        charging.restore(zone.charging)
        return zone.now_s

    def _begin_anew(self, shuttles: dict[ShuttleId, StoredShuttle], now_s: int) -> None:
        """Let shuttles begin at their depots, as nobody knows any more where they are.

        Their next reports say. Each is told by the zone where it is at home, whose plans go on
        being newer than what it was told; hand-overs are counted anew.
        """
        others = "stops, roads or zones are others than before"
        fleet, rides = self._parts.fleet, self._parts.rides
        if any(ride.status not in TERMINAL for ride in rides.values()):
            raise StateMismatch(f"{others}, and rides are open")
        referred = [ride for ride in rides.values() if ride.status is Status.REFERRED]
        if any(ride.requested_s > now_s - UNDER_WAY_S for ride in referred):
            raise StateMismatch(f"{others}, and rides were just referred")
        if lent := sorted(one.shuttle_id for one in shuttles.values() if one.is_lent):
            raise StateMismatch(f"{others}, and these are lent: {', '.join(lent)}")
        for shuttle_id, stored in shuttles.items():
            if shuttle_id in fleet.number:
                route = fleet.routes[fleet.number[shuttle_id]]
                route.revision = stored.revision

    def _check(self, zone: StoredZone) -> None:
        gone = set(self._absent)
        engaged = {shuttle_id for shuttle_id, one in self._absent.items() if one.aboard}
        for shuttle_id, one in self._absent.items():
            if any(stop.board or stop.leave for stop in one.stopovers):
                engaged.add(shuttle_id)
        engaged |= {one.shuttle_id for one in zone.withdrawn if one.shuttle_id in gone}
        engaged |= {k for one in zone.moves for k in (one.giver, one.taker) if k in gone}
        if engaged:
            names = ", ".join(sorted(engaged))
            raise StateMismatch(f"no longer in the fleet, but with riders or promises: {names}")

    def _restore_shuttles(self, shuttles: dict[ShuttleId, StoredShuttle], zone: StoredZone) -> None:
        fleet, rides = self._parts.fleet, self._parts.rides
        fleet.turn_page(zone.now_s)
        count = len(self._ids)
        minutes = max(zone.booked_min - fleet.booked_min, 0)
        booked = np.zeros((count, minutes), np.uint8)
        fleet.arrays = fleet.arrays._replace(total=np.zeros(minutes, np.int64), booked=booked)
        for shuttle_id, stored in shuttles.items():
            if shuttle_id in fleet.number:
                restore_shuttle(fleet, fleet.number[shuttle_id], stored, rides)
        fleet.arrays.total[:] = booked.sum(axis=0)
        if fleet.supervised and not minutes:
            for k in range(count):
                fleet.book(k, zone.now_s)
