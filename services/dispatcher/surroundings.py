"""What shards work with: log, store, clock, and where it is counted what they do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.dispatcher.outbox import OutboxMetrics
from services.domain.events import Event, RideRetimed
from services.runtime.clock import Clock
from services.runtime.ports import Log, Record, Store

STEP_BUCKETS_S = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)


def name_of(event: Event) -> str:
    """Name an event in a metric: RideOffered is offered."""
    if isinstance(event, RideRetimed):
        return "safe" if event.promise_kept else "late"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__.removeprefix("Ride")).lower()


class DeadLetters(Protocol):
    """Takes what could not be read."""

    async def put(self, record: Record, place: str, reason: str) -> None:
        """Keep a record; when this returns it is safe."""


class ShardMetrics:
    """What is counted of shards."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outbox = OutboxMetrics(registry)
        self.steps = Counter("navette_steps_total", "Steps committed.", registry=registry)
        self.group = Histogram(
            "navette_step_group_seconds",
            "From the first message of a group to its commit.",
            buckets=STEP_BUCKETS_S,
            registry=registry,
        )
        self.takes = Histogram(
            "navette_shard_take_seconds",
            "From taking a shard to its first step.",
            registry=registry,
        )
        self.unreadable = Counter(
            "navette_inputs_unreadable_total",
            "Commands and reports that could not be read.",
            registry=registry,
        )
        count = partial(Counter, registry=registry)
        self.repeats = count("navette_inputs_repeated_total", "Messages that came before.")
        self.forgotten = Counter(
            "navette_inputs_forgotten_total",
            "Messages that the log had dropped before they were read.",
            registry=registry,
        )
        self._count_what_goes_wrong(registry)
        self.events = Counter(
            "navette_ride_events_total",
            "What was decided about rides; late and safe: promises at risk, and no longer.",
            ["event"],
            registry=registry,
        )
        self.crossings = count(
            "navette_zone_crossings_total",
            "Shuttles and messages that went to another zone, or came, or did not.",
            ["kind"],
        )
        self.moves = Counter(
            "navette_moves_total",
            "Proposals that an idle shuttle waits elsewhere: taken, or turned down.",
            ["outcome"],
            registry=registry,
        )

    def _count_what_goes_wrong(self, registry: CollectorRegistry) -> None:
        self.broken = Counter(
            "navette_zone_breaks_total",
            "Times that a zone broke, and was read anew or stood still: a bug.",
            registry=registry,
        )
        self.still = Gauge(
            "navette_zones_still",
            "Zones that stand still, since nothing can be decided for them: a bug.",
            registry=registry,
        )
        self.attendants = Counter(
            "navette_attendant_failures_total",
            "Times that what runs beside a zone broke, and was started again: a bug.",
            ["attendant"],
            registry=registry,
        )
        self.clock = Gauge(
            "navette_clock_ahead_seconds",
            "How far this process's clock is ahead of the store's, when last compared.",
            registry=registry,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a shard works with.

    Parameters
    ----------
    messages, store, dead_letters
        Where messages come from and go to, where steps are written down, and where goes what
        nobody can read.
    clock
        Tells how long things take; each zone has its own beside it.
    owner
        Name of this process.
    """

    messages: Log
    store: Store
    dead_letters: DeadLetters
    clock: Clock
    owner: str
    metrics: ShardMetrics
