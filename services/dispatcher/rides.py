"""The rides of a zone, and what is remembered of them besides; those long over are forgotten."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace

from services.domain.events import RideRetimed
from services.domain.ids import RideId, ShuttleId
from services.domain.ride import TERMINAL, Ride
from services.domain.settings_part import DAY_S
from services.domain.zone_state import RideNote

KEPT_S = DAY_S
"""For how long a ride that is over is remembered: late reports and repeats are about it."""


class Rides(dict[RideId, Ride]):
    """All rides by their ids; takes note of those that change."""

    def __init__(self, rides: Mapping[RideId, Ride] | None = None) -> None:
        super().__init__(rides or {})
        self.told_late_s: dict[RideId, int] = {}
        """How late riders were told that they are; those who are in time again left out."""
        self.look_s: dict[RideId, int] = {}
        """When overdue rides are to be looked at again."""
        self.lapsed: dict[RideId, ShuttleId] = {}
        """Which shuttle might have picked a party up before its lease was over, unheard."""
        self.touched: dict[RideId, None] = {}
        """What may have changed since somebody last emptied this."""
        self.gone: dict[RideId, Ride] = {}
        """As they ended: those of these that are forgotten already."""
        self._recent: dict[RideId, None] = {}
        self._endings: list[tuple[int, RideId]] = []
        self._fresh: dict[RideId, None] = {}

    def __setitem__(self, ride_id: RideId, ride: Ride) -> None:
        super().__setitem__(ride_id, ride)
        self._fresh[ride_id] = None

    def trial(self) -> Rides:
        """A copy to try things on."""
        made = Rides(self)
        made.told_late_s, made.look_s = dict(self.told_late_s), dict(self.look_s)
        made.lapsed = dict(self.lapsed)
        made._endings = list(self._endings)
        return made

    def tell_late(self, ride_id: RideId, late_s: int | None) -> None:
        """Note how late a ride's riders were told that it is; none: not at all any more."""
        if late_s is not None:
            self.told_late_s[ride_id] = late_s
        elif self.told_late_s.pop(ride_id, None) is None:
            return
        self._fresh[ride_id] = None

    def retime(
        self, ride_id: RideId, pickup_s: int, arrival_s: int, *, promise_kept: bool
    ) -> RideRetimed:
        """Note when a ride is to be expected now, and say so."""
        self[ride_id] = replace(
            self[ride_id], expected_pickup_s=pickup_s, expected_arrival_s=arrival_s
        )
        return RideRetimed(ride_id, pickup_s, arrival_s, promise_kept)

    def look_again(self, ride_id: RideId, at_s: int) -> None:
        """Note when an overdue ride is to be looked at again."""
        self.look_s[ride_id] = at_s
        self._fresh[ride_id] = None

    def lapse(self, ride_id: RideId, shuttle_id: ShuttleId) -> None:
        """Note that a shuttle was not heard of before its lease of a ride was over."""
        self.lapsed[ride_id] = shuttle_id
        self._fresh[ride_id] = None

    def settle(self) -> list[Ride]:
        """Take note of what a step has changed, and of what is over; say which rides it touched."""
        if not self._fresh:
            return []
        changed = [self[ride_id] for ride_id in self._fresh]
        self.touched |= self._fresh
        self._recent |= self._fresh
        self._fresh = {}
        for ride in changed:
            if ride.status in TERMINAL:
                self._await_end(ride)
                self.told_late_s.pop(ride.id, None)
                self.look_s.pop(ride.id, None)
                self.lapsed.pop(ride.id, None)
        return changed

    def recent(self) -> tuple[Ride, ...]:
        """The rides that changed since this was last asked, as they are now."""
        changed = tuple(self[ride_id] for ride_id in self._recent if ride_id in self)
        self._recent = {}
        return changed

    def _await_end(self, ride: Ride) -> None:
        heapq.heappush(self._endings, (_over_s(ride) + KEPT_S, ride.id))

    def forget(self, now_s: int) -> list[RideId]:
        """Drop rides that are long over, and say which."""
        gone = []
        while self._endings and self._endings[0][0] < now_s:
            _, ride_id = heapq.heappop(self._endings)
            ride = self.get(ride_id)
            over = ride is not None and ride.status in TERMINAL
            if ride is not None and over and _over_s(ride) + KEPT_S < now_s:
                del self[ride_id]
                if ride_id in self.touched:
                    self.gone[ride_id] = ride
                self.touched[ride_id] = None
                gone.append(ride_id)
        return gone

    def note(self, ride_id: RideId) -> RideNote | None:
        """What is remembered of a ride besides, if anything is."""
        told_s, look_s = self.told_late_s.get(ride_id), self.look_s.get(ride_id)
        note = RideNote(ride_id, told_s, look_s, self.lapsed.get(ride_id))
        return None if note[1:] == (None, None, None) else note

    def restore(self, ride: Ride) -> None:
        """Take a ride as it was."""
        super().__setitem__(ride.id, ride)
        if ride.status in TERMINAL:
            self._await_end(ride)

    def restore_note(self, note: RideNote) -> None:
        """Take what was remembered of a ride."""
        if note.told_late_s is not None:
            self.told_late_s[note.ride_id] = note.told_late_s
        if note.look_s is not None:
            self.look_s[note.ride_id] = note.look_s
        if note.lapsed is not None:
            self.lapsed[note.ride_id] = note.lapsed


def _over_s(ride: Ride) -> int:
    """After which time nothing is expected of a ride that is over."""
    times_s = [ride.requested_s, ride.request.departure_s, ride.dropped_off_s or 0]
    if ride.offer is not None:
        times_s.append(ride.promise.arrive_by_s)
    return max(times_s)
