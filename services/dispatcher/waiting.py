"""Where shuttles without work wait: worked out beside the zone, on a snapshot of it.

What comes of it are proposals, messages like any other, which the zone takes or leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from services.dispatcher.columns import UNREACHABLE_S
from services.dispatcher.coverage import Wanted, targets
from services.dispatcher.rebalancing import SPARE_S, Standing
from services.dispatcher.relocation_flow import match
from services.domain.events import ParkProposal
from services.domain.ids import ShuttleId
from services.domain.shuttle import Shuttle
from services.domain.territory import WaitingPlace
from services.forecast.expected import Expected
from services.forecast.model import THOUSAND
from services.network.folder import Network


class Waiting:
    """Proposes where idle shuttles wait.

    Parameters
    ----------
    network
        The territory, with its settings.
    shuttles
        Its fleet.
    """

    def __init__(self, network: Network, shuttles: Sequence[Shuttle]) -> None:
        self.settings = network.territory.parking
        self.service = network.territory.service
        self._calendar = network.calendar
        self._depot = {shuttle.id: shuttle.depot_stop for shuttle in shuttles}
        self._reach_s = network.territory.promises.wait_s_max
        self._drive_s = network.tables.drive_s
        self.awaited: Expected | None = None
        """What is expected of the day: needed to go by the forecast."""
        self.expect: Callable[[date], Expected | None] = lambda _day: self.awaited
        """Says what is expected of a day, where days follow each other."""

    def proposals(self, fleet: Sequence[Standing], now_s: int) -> tuple[ParkProposal, ...]:
        """Say who is to go where, for the shuttles as they stand."""
        places: dict[ShuttleId, int] = {}
        if self.settings.strategy is WaitingPlace.DEPOT:
            places = self._home(fleet, now_s)
        elif self.settings.strategy is WaitingPlace.FORECAST and self.awaited is not None:
            places = self._towards(self.awaited, fleet, now_s)
        return tuple(
            ParkProposal(one.shuttle_id, places[one.shuttle_id], one.revision)
            for one in fleet
            if places.get(one.shuttle_id, one.stop) != one.stop
        )

    def _home(self, fleet: Sequence[Standing], now_s: int) -> dict[ShuttleId, int]:
        idle = [one for one in fleet if one.idle_since_s is not None]
        return {
            one.shuttle_id: home
            for one in idle
            if now_s - (one.idle_since_s or 0) >= self.settings.idle_s
            and self._ways_s(one, np.array([home := self._depot[one.shuttle_id]]), now_s)[0]
            < UNREACHABLE_S
        }

    def _ways_s(self, one: Standing, places: NDArray[np.int64], now_s: int) -> NDArray[np.int64]:
        """Seconds more to drive by way of each stop; `UNREACHABLE_S`: too late for its work."""
        ways_s: NDArray[np.int64] = self._drive_s[one.stop, places].astype(np.int64)
        if one.next_stop is None:
            return ways_s
        next_ways_s = self._drive_s[places, one.next_stop].astype(np.int64)
        late = now_s + ways_s + next_ways_s + SPARE_S > one.next_s
        more_s = ways_s + next_ways_s - int(self._drive_s[one.stop, one.next_stop])
        possible = (ways_s < UNREACHABLE_S) & ~late | (places == one.stop)
        return np.where(possible, np.maximum(more_s, 0), UNREACHABLE_S)

    def _towards(
        self, awaited: Expected, fleet: Sequence[Standing], now_s: int
    ) -> dict[ShuttleId, int]:
        """Choose the stops where shuttles are wanted, then who goes to which."""
        idle = [one for one in fleet if one.idle_since_s is not None]
        if not idle:
            return {}
        of_day_s = self._calendar.local_s(now_s)
        milli = awaited.between(of_day_s, of_day_s + self.settings.ahead_s)
        wanted = Wanted(awaited.stops, milli / THOUSAND, self._reach_s, self.settings.worth_s)
        places = np.unique(np.array([*awaited.stops, *(one.stop for one in idle)], np.int64))
        ways_s = np.array([self._ways_s(one, places, now_s) for one in idle])
        engaged = [(one.stop, one.free_s - now_s) for one in fleet if one.idle_since_s is None]
        chosen = targets(wanted, places, ways_s, engaged, self._drive_s)
        matched = match(ways_s[:, chosen])
        return {
            one.shuttle_id: int(places[chosen[target]])
            for one, target in zip(idle, matched, strict=True)
            if target >= 0
        }
