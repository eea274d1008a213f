"""When batches are solved, in groups of which size, and what the borders between groups cost."""

from __future__ import annotations

from services.dispatcher.batch import Batch
from services.dispatcher.core import Zone
from services.domain.ids import RideId

BORDER_EVERY = 20
"""One in so many batches of several groups is also solved whole, to learn what borders cost."""
BORDER_LOSS_MAX = 0.02
"""Share of the cost; when the borders cost more, groups grow."""
GROWTH = 1.5
WHOLE = 1_000_000


class Batching:
    """Decides for a zone when its open work is planned anew, and keeps account of the borders.

    Parameters
    ----------
    zone
        The zone.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._settings = zone.territory.dispatch
        self.latency_s = self._settings.solve_latency_s
        self._group_rides = float(self._settings.group_rides)
        self._looked: set[RideId] = set()
        self._seen: int | None = None
        self._disrupted = zone.fleet.disruptions
        self._last_s = -1
        self._divided = 0
        self.border_losses: list[float] = []
        """Shares by which solving in groups was dearer than solving whole, as measured."""

    def due_s(self, now_s: int) -> int | None:
        """When the next snapshot is wanted, as things are; none while nothing is open or new.

        At once after a breakdown, or when a road is closed or opened; else at the next period.
        """
        wanted = [s for r, s in self.zone.waiting.items() if r not in self._looked]
        every_s = self._settings.batch_every_s
        if every_s and self._state() != self._seen:
            at_once = self.zone.fleet.disruptions != self._disrupted
            period_s = max(self._last_s, now_s - 1) // every_s * every_s + every_s
            wanted.append(now_s if at_once else period_s)
        return max(min(wanted), now_s) if wanted else None

    def take(self, now_s: int) -> list[Batch]:
        """Take a snapshot in groups; what comes of it takes effect ``latency_s`` later."""
        self._last_s, self._seen = now_s, self._state()
        self._disrupted = self.zone.fleet.disruptions
        self._looked = set(self.zone.waiting)
        return self.zone.batches(now_s, now_s + self.latency_s, round(self._group_rides))

    def whole(self, batches: list[Batch], now_s: int) -> Batch | None:
        """The same as one batch, now and then, if it was divided: to see what the borders cost."""
        if len(batches) < 2:
            return None
        self._divided += 1
        if self._divided % BORDER_EVERY:
            return None
        return next(iter(self.zone.batches(now_s, now_s + self.latency_s, WHOLE)), None)

    def learn(self, divided_cost: int, whole_cost: int) -> None:
        """Take note of what the borders cost; let groups grow, or shrink to the size set."""
        loss = divided_cost / whole_cost - 1 if whole_cost else 0.0
        self.border_losses.append(loss)
        least = float(self._settings.group_rides)
        if loss > BORDER_LOSS_MAX:
            self._group_rides = min(self._group_rides * GROWTH, 4 * least)
        elif loss < BORDER_LOSS_MAX / 4:
            self._group_rides = max(self._group_rides / GROWTH, least)

    def _state(self) -> int | None:
        """Changes whenever a plan does; none while nothing is open."""
        fleet = self.zone.fleet
        return fleet.replanned if any(route.held for route in fleet.routes) else None
