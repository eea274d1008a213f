"""What shuttles report of themselves, not of riders; the rest is in ``events``."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.ids import ShuttleId
from services.domain.task import Task


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A shuttle has done a task of its plan and may go on."""

    shuttle_id: ShuttleId
    task: Task
    at_s: int


@dataclass(frozen=True, slots=True)
class BatteryLevel:
    """What a shuttle's battery holds."""

    shuttle_id: ShuttleId
    level_wh: int
    at_s: int
