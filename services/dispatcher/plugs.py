"""Plugs that are booked: a charge holds one from its earliest beginning to its latest end."""

from __future__ import annotations

from services.dispatcher.fleet import Shuttles
from services.domain.task import TaskKind


def booked_s(fleet: Shuttles, stop: int, but: int = -1) -> list[tuple[int, int]]:
    """When plugs at a stop are booked, but for one shuttle: from the earliest to the latest."""
    return [
        (task.earliest_s, task.latest_s + task.duration_s)
        for k, route in enumerate(fleet.routes)
        for task in route.tasks
        if k != but and task.kind is TaskKind.CHARGE and task.stop == stop
    ]


def most_at_once(spans: list[tuple[int, int]], since_s: int) -> int:
    """How many of these overlap at most, at any time after ``since_s``."""
    times = [since_s, *(a for a, _ in spans if a >= since_s)]
    return max(sum(a <= s < b for a, b in spans) for s in times)
