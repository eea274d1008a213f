"""What a shuttle is to do, as lists: its stops, who boards and leaves there, and its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.domain.ids import RideId, ZoneId
from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.task import Task
from services.domain.zone_state import Lending, Unconfirmed


@dataclass(slots=True)
class Stopover:
    """A visit in the making: who still boards and leaves there, and what those who did took."""

    stop: int
    board: list[RideId] = field(default_factory=list)
    leave: list[RideId] = field(default_factory=list)
    served_s: int = 0
    task: Task | None = None
    hold_s: int = 0
    """Boarding was held back until then, so that nobody rides too long."""


class Lease(NamedTuple):
    """Until when a party may get on, and the plan from which on it may not; 0: none yet."""

    until_s: int
    gone: int


@dataclass(slots=True)
class Route:
    """What one shuttle is to do, and who is on board since when."""

    shuttle: Shuttle
    stops: list[Stopover] = field(default_factory=list)
    aboard: dict[RideId, int] = field(default_factory=dict)
    revision: int = 0
    heard_s: int = 0
    """When it last reported anything."""
    held: set[RideId] = field(default_factory=set)
    """Who is to be picked up, kept apart from the stops for the referee."""
    tasks: list[Task] = field(default_factory=list)
    """What it has to do besides, kept apart likewise."""
    awaited: set[RideId] = field(default_factory=set)
    """Who is to be picked up once another shuttle has acknowledged that it will not."""
    written: Stopover | None = None
    """The first visit as the arrays have it."""
    fault_s: int = -1
    """When it last broke down."""
    fault_stop: int = -1
    """Where it let everybody off then."""
    repaired_s: int = -1
    """When it was last repaired."""
    moved_s: int = -DAY_S
    """When it last set off or arrived."""
    targets: dict[int, int] = field(default_factory=dict)
    """Where each plan that was not acknowledged yet sends it first."""
    parking: tuple[int, int] | None = None
    """A stop where it is to wait for its next work, and the revision of the plan that says so."""

    leases: dict[RideId, Lease] = field(default_factory=dict)
    """Whom it may pick up, as far as it was ever told."""
    unanswered_s: int = -1
    """Since when a plan waits to be acknowledged; -1: none does."""
    grant_s: int = -1
    """When it is to get its next leases; -1: it has all."""
    holder: ZoneId | None = None
    """To which other zone it belongs, as far as is known; none: to this one."""
    handed: int = 0
    """How often it was handed over from zone to zone, as far as is known."""
    lending: Lending | None = None
    """Whether it is to be lent."""
    guest: bool = False
    """Whether another zone is its home."""
    unconfirmed: Unconfirmed | None = None
    """Its last hand-over, until that is known to have taken effect."""

    def ride_ids(self) -> list[RideId]:
        """Everybody on board, then everybody to be picked up, in order."""
        return [*self.aboard, *(ride_id for stop in self.stops for ride_id in stop.board)]

    def trial(self) -> Route:
        """The same, to try things on; this one stays as it is."""
        made = [replace(stop, board=[*stop.board], leave=[*stop.leave]) for stop in self.stops]
        written = self.written
        for old, new in zip(self.stops, made, strict=True):
            written = new if old is written else written
        return replace(
            self,
            stops=made,
            aboard=dict(self.aboard),
            held=set(self.held),
            tasks=list(self.tasks),
            awaited=set(self.awaited),
            written=written,
            targets=dict(self.targets),
            leases=dict(self.leases),
        )
