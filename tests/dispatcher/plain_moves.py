"""In which minutes a shuttle may move, spelled out: every delay that breaks no promise is tried.

For plans without tasks, and shuttles that do not go anywhere to wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.dispatcher.departures import BARE_LATE_S, LATE_S
from services.domain.ids import RideId
from tests.dispatcher.plain_routes import Place, Stop, Timetable

FAR_S = 10**6


class Drive(NamedTuple):
    """From when to when a shuttle may be on its way to a stop."""

    leave_s: int
    latest_s: int

    @property
    def minutes(self) -> range:
        """All that it touches."""
        return range(self.leave_s // 60, max(self.latest_s - 1, self.leave_s) // 60 + 1)


def minutes_of(
    place: Place,
    route: Sequence[Stop],
    times: Timetable,
    aboard: Mapping[RideId, int],
    limits_s: Mapping[RideId, int],
    times_s: tuple[int, int],
) -> set[int]:
    """The minutes in which a shuttle may move; ``times_s``: how early it is at stops, and now."""
    early_s, now_s = times_s
    moving = place.arrive_s is not None
    drives = []
    if moving and not route:
        assert place.arrive_s is not None
        drives.append(Drive(min(place.free_s, place.arrive_s), place.arrive_s + BARE_LATE_S))
    riding = set(aboard)
    here, free_s = -1 if moving else place.stop, place.free_s
    for i, stop in enumerate(route):
        arrive_s = times.arrive_s[i]
        leave_s = min(free_s, arrive_s)
        if not riding and not (i == 0 and (moving or place.boarding)):
            drive_s = arrive_s - free_s
            leave_s = max(leave_s, stop.earliest_s - drive_s - early_s)
            arrive_s = max(arrive_s, leave_s + drive_s)
        if stop.stop != here:
            latest_s = times.arrive_s[i] + _delay_s(route, times, aboard, limits_s, i)
            start_s = max(times.arrive_s[i], stop.earliest_s, arrive_s)
            drives.append(Drive(leave_s, max(arrive_s, min(latest_s, start_s + LATE_S))))
        riding = (riding - set(stop.leave)) | set(stop.board)
        here, free_s = stop.stop, times.depart_s[i]
    if moving and drives:
        drives[0] = drives[0]._replace(leave_s=min(drives[0].leave_s, now_s))
    return {minute for drive in drives for minute in drive.minutes}


def _delay_s(
    route: Sequence[Stop],
    times: Timetable,
    aboard: Mapping[RideId, int],
    limits_s: Mapping[RideId, int],
    at: int,
) -> int:
    """By how much a shuttle can be late at a stop, and break no promise, or none further."""
    possible, too_much = 0, FAR_S
    while too_much - possible > 1:
        tried = (possible + too_much) // 2
        if _is_harmless(route, times, aboard, limits_s, (at, tried)):
            possible = tried
        else:
            too_much = tried
    return possible


def _is_harmless(
    route: Sequence[Stop],
    times: Timetable,
    aboard: Mapping[RideId, int],
    limits_s: Mapping[RideId, int],
    delay: tuple[int, int],
) -> bool:
    at, late_s = delay
    picked_s = dict(aboard)
    for i, stop in enumerate(route[:at]):
        picked_s |= dict.fromkeys(stop.board, times.depart_s[i])
    for i in range(at, len(route)):
        stop, planned_s = route[i], times.arrive_s[i]
        if planned_s + late_s > max(stop.drop_by_s, planned_s):
            return False
        for ride_id in stop.leave:
            if ride_id in picked_s:
                rides_s = planned_s - picked_s[ride_id]
                if rides_s + late_s > max(limits_s[ride_id], rides_s):
                    return False
        late_s = max(late_s - max(stop.earliest_s - planned_s, 0), 0)
        if times.depart_s[i] + late_s > max(stop.pick_by_s, times.depart_s[i]):
            return False
    return True
