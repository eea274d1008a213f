"""Metrics are named ``navette_<noun>_<unit|total>``; labels come from closed sets, never ids."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

import services


def new_registry() -> CollectorRegistry:
    """Make a registry for one process, with what the operating system knows about it."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "navette_build_info",
        "1; the label says which version runs.",
        ["version"],
        registry=registry,
    )
    build.labels(version=services.__version__).set(1)
    return registry


class LogMetrics:
    """What goes over the log."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "navette_messages_total",
            "Messages by topic and outcome (appended, read, unreadable).",
            ["topic", "outcome"],
            registry=registry,
        )
