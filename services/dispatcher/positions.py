"""Where shuttles are, and when they will be where they are going, as far as they said."""

from __future__ import annotations

from services.dispatcher import columns as c
from services.dispatcher.energy import leg_mwh, way_mwh
from services.dispatcher.fleet import Shuttles
from services.domain.events import Arrived, Departed, Passed, PlanAcknowledged
from services.network.driving import from_node_s

NEARLY_S = 3
"""A shuttle that is off its expected time by no more than this counts as in time."""


class Positions:
    """Follows the shuttles' ways.

    Parameters
    ----------
    fleet
        The zone's shuttles.
    """

    def __init__(self, fleet: Shuttles) -> None:
        self._fleet = fleet

    def is_old(self, k: int, report: Passed | Arrived | Departed) -> bool:
        """Whether a report tells less than is known: what comes twice, or late, moves nobody back.

        Who set off has not arrived by the same report again, nor set off twice.
        """
        route = self._fleet.routes[k]
        if 0 <= route.fault_s > report.at_s:
            return True  # it broke down since
        goes = bool(self._fleet.head(k)[c.H_MODE] == c.MOVING)
        same = report.at_s == route.moved_s and goes == isinstance(report, Departed)
        return report.at_s < route.moved_s or (same and not isinstance(report, Passed))

    def passed(self, k: int, report: Passed) -> bool:
        """Note where a shuttle is; whether that changes when it arrives."""
        head = self._fleet.head(k)
        head[c.H_SILENT] = 0
        table = self._fleet.ways.node_drive_s
        known = 0 <= report.node < table.shape[0]
        if head[c.H_MODE] != c.MOVING or not known or head[c.H_PENDING]:
            return True
        if report.at_s < self._fleet.changed_s:
            return False  # it went on by other roads since
        node = self.on_way(report.node, int(head[c.H_STOP]))
        drive_s = int(table[node, head[c.H_STOP]])
        way = node, report.at_s * 1000, int(head[c.H_STOP])
        arrive_s = int(from_node_s(self._fleet.ways, *way, drive_s))
        if drive_s >= c.UNREACHABLE_S:
            arrive_s += drive_s
        if abs(arrive_s - int(head[c.H_ARRIVE])) <= NEARLY_S:
            return False
        head[c.H_NODE] = node
        head[c.H_MS] = report.at_s * 1000
        head[c.H_ARRIVE] = arrive_s
        return True

    def acknowledged(self, k: int, report: PlanAcknowledged) -> bool:
        """Note that a shuttle follows a plan; whether that changes where it is or is going."""
        fleet, route, head = self._fleet, self._fleet.routes[k], self._fleet.head(k)
        target = route.targets.pop(report.revision, None)
        for revision in [r for r in route.targets if r < report.revision]:
            del route.targets[revision]
        pending = bool(head[c.H_PENDING])
        if report.revision == route.revision:
            if route.stops:
                target = route.stops[0].stop  # the first may have been made since the plan went out
            head[c.H_PENDING] = 0
            head[c.H_SILENT] = 0
        if target is None or head[c.H_MODE] != c.MOVING or report.node_ms is None:
            return pending
        roads = bool(fleet.ways.node_drive_s.shape[0])
        if roads and report.node is None:
            return pending  # it says when it turned off, but not where
        before = int(head[c.H_STOP])
        head[c.H_STOP] = target
        head[c.H_MS] = report.node_ms
        if roads:
            node = self.on_way(report.node or 0, target)
            head[c.H_NODE] = node
            head[c.H_ARRIVE] = fleet.arrive_s(node, report.node_ms, target)
        else:
            head[c.H_X], head[c.H_Y] = report.x_mm or 0, report.y_mm or 0
            straight_s = fleet.crow_s(report.x_mm or 0, report.y_mm or 0, target)
            head[c.H_ARRIVE] = -(-report.node_ms // 1000) + straight_s
        if head[c.H_CAPACITY]:
            saved_mwh = self._way_mwh(k, before) - self._way_mwh(k, target)
            head[c.H_LEVEL] += saved_mwh
        return True

    def _way_mwh(self, k: int, stop: int) -> int:
        """What the drive takes from where a shuttle turned off."""
        head, ways = self._fleet.head(k), self._fleet.ways
        place = (head[c.H_NODE], head[c.H_X], head[c.H_Y])
        return int(way_mwh(ways, head, place, stop))

    def on_way(self, node: int, stop: int) -> int:
        """A road node; if no known road leads from there to the stop, the stop's own.

        A shuttle on a way that nobody knows may be anywhere, and there at any moment. But where
        roads are closed, it waits.
        """
        if self._fleet.closed:
            return node
        ways = self._fleet.ways
        known = ways.node_drive_s[node, stop] < c.UNREACHABLE_S
        return node if known else int(ways.stop_node[stop])

    def arrived(self, k: int, report: Arrived) -> None:
        """Note that a shuttle stands at a stop."""
        head = self._fleet.head(k)
        self._fleet.routes[k].moved_s = report.at_s
        head[c.H_MODE] = c.AT_STOP
        head[c.H_STOP] = report.stop
        head[c.H_LOCKED] = head[c.H_PENDING] = head[c.H_SILENT] = head[c.H_SERVING] = 0
        head[c.H_BUSY] = report.at_s
        head[c.H_FREE] = -1

    def departed(self, k: int, report: Departed) -> None:
        """Note that a shuttle set off."""
        fleet, head = self._fleet, self._fleet.head(k)
        fleet.routes[k].moved_s = report.at_s
        head[c.H_MODE] = c.MOVING
        head[c.H_LOCKED] = head[c.H_PENDING] = head[c.H_SILENT] = head[c.H_SERVING] = 0
        head[c.H_STOP] = report.towards
        if head[c.H_CAPACITY]:
            head[c.H_LEVEL] -= leg_mwh(fleet.ways, head, report.stop, report.towards)
        head[c.H_MS] = report.at_s * 1000
        drive_s = fleet.drive_s[report.stop, report.towards]
        if fleet.ways.node_drive_s.shape[0]:
            node = int(fleet.ways.stop_node[report.stop])
            head[c.H_NODE] = self.on_way(node, report.towards)
            head[c.H_ARRIVE] = report.at_s + (drive_s if head[c.H_NODE] == node else 0)
            if fleet.closed or len(fleet.ways.caps):
                head[c.H_ARRIVE] = fleet.arrive_s(node, report.at_s * 1000, report.towards)
        else:
            head[c.H_ARRIVE] = report.at_s + drive_s
            head[c.H_X], head[c.H_Y] = fleet.ways.stop_mm[report.stop]
