"""What a shuttle must do beside carrying people: rest, be cleaned, be looked after, be charged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TaskKind(StrEnum):
    """Why a shuttle makes a visit without riders."""

    OFF_DUTY = "off_duty"
    CLEANING = "cleaning"
    MAINTENANCE = "maintenance"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A visit without riders that a shuttle must make.

    Parameters
    ----------
    stop
        Number of the stop where it is to be done.
    earliest_s, latest_s
        The shuttle begins no earlier, and is there no later.
    duration_s
        What it takes. A shuttle that comes late for the time off duty is back on duty in time all
        the same.
    """

    kind: TaskKind
    stop: int
    earliest_s: int
    latest_s: int
    duration_s: int

    def end_s(self, start_s: int) -> int:
        """When it is over, if it starts at a time."""
        if self.kind is TaskKind.OFF_DUTY:
            return max(start_s, self.earliest_s + self.duration_s)
        return start_s + self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What is to be done to a shuttle every day; it may begin from ``from_s`` to ``to_s``."""

    kind: TaskKind
    stop: int
    from_s: int
    to_s: int
    duration_s: int
