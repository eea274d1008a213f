"""Where shuttles are and can go, on roads or without."""

from __future__ import annotations

from math import ceil, hypot

import numpy as np

from services.network.driving import (
    Ways,
    crow_point,
    crow_s,
    drive_until,
    set_off,
    turn_off,
)
from services.network.speed_caps import drives_alike
from services.network.tables import UNREACHABLE_S
from services.simulator.vehicle import Place, Vehicle

ON_FOOT = 8
"""A walk takes this many times as long as the drive."""
FAR_MS = 2**60


class Whereabouts:
    """Places of a territory: road nodes, or points in millimetres without roads.

    Parameters
    ----------
    ways
        Travel times.
    walkable
        The same with all roads open: closed ones can be walked.
    """

    def __init__(self, ways: Ways, walkable: Ways) -> None:
        self.ways = ways
        self._walkable = walkable
        self.roads = bool(ways.node_drive_s.shape[0])

    def of_stop(self, stop: int) -> Place:
        """The place of a stop."""
        x_mm, y_mm = self.ways.stop_mm[stop].tolist()
        return int(self.ways.stop_node[stop]) if self.roads else (x_mm, y_mm)

    def nearest_stop(self, place: Place) -> tuple[int, int]:
        """The stop that is reached soonest, and how long the walk there takes."""
        if isinstance(place, tuple):
            stops = range(len(self.ways.stop_mm))
            drive_s = np.array([crow_s(self.ways, *place, stop) for stop in stops])
        else:
            drive_s = self._walkable.node_drive_s[place]
        stop = int(drive_s.argmin())
        return stop, ON_FOOT * int(drive_s[stop])

    def leads(self, node: int, stop: int) -> bool:
        """Whether a road leads from a node to a stop."""
        return int(self.ways.node_drive_s[node, stop]) < UNREACHABLE_S

    def arrive_ms(self, vehicle: Vehicle, straight_s: int | None = None) -> int:
        """When a shuttle that sets off from its place is at the stop for which it is heading.

        ``straight_s`` is what the straight line takes, if that is known (between stops).
        """
        start, start_ms, permille = vehicle.place, vehicle.place_ms, vehicle.permille
        vehicle.cut_off = not isinstance(start, tuple) and not self.leads(start, vehicle.stop)
        if isinstance(start, tuple):
            if straight_s is None:
                straight_s = int(crow_s(self.ways, *start, vehicle.stop))
            return start_ms + straight_s * permille
        _, ms = drive_until(self.ways, start, start_ms, vehicle.stop, FAR_MS, permille)
        return int(ms)

    def set_off_s(self, vehicle: Vehicle, stop: int, leave_s: int) -> int:
        """From when on a shuttle that stands may set off for a stop, within its domain."""
        kind = int(not vehicle.shuttle.dark)
        return int(set_off(self.ways, kind, leave_s, vehicle.stop, stop)[0])

    def drives_alike(self, ways: Ways) -> bool:
        """Whether other travel times change nothing for those who are under way."""
        return drives_alike(ways, self.ways)

    def passes(self, vehicle: Vehicle, now_ms: int) -> tuple[int, int]:
        """Which road node a shuttle under way reaches next, and when (ms)."""
        start, ms = vehicle.place, vehicle.place_ms
        node, ms = drive_until(self.ways, start, ms, vehicle.stop, now_ms, vehicle.permille)
        return int(node), int(ms)

    def leave_way(
        self, vehicle: Vehicle, wanted: int, wanted_s: int, now_s: int
    ) -> tuple[Place, int]:
        """Where a shuttle under way can leave its way, and when (ms).

        On roads, at the wanted node, if that still lies ahead, or else at the next one; without
        roads, at the wanted time.
        """
        start, start_ms, stop = vehicle.place, vehicle.place_ms, vehicle.stop
        if vehicle.cut_off:
            return start, max(start_ms, now_s * 1000)
        if not isinstance(start, tuple):
            permille = vehicle.permille
            node, ms = turn_off(self.ways, start, start_ms, stop, now_s * 1000, wanted, permille)
            return int(node), int(ms)
        ms = min(wanted_s * 1000, vehicle.arrive_ms)
        total_ms = vehicle.arrive_ms - start_ms
        x_mm, y_mm = crow_point(self.ways, *start, stop, ms - start_ms, total_ms)
        return (int(x_mm), int(y_mm)), ms


def way_m(ways: Ways, start: Place, end: Place, stop: int) -> int:
    """Metres from a place to another one on the way to a stop."""
    if isinstance(start, tuple) and isinstance(end, tuple):
        straight_mm = hypot(end[0] - start[0], end[1] - start[1])
        return ceil(straight_mm * ways.m_per_mm - 1e-9)
    return int(ways.node_drive_m[start, stop]) - int(ways.node_drive_m[end, stop])
