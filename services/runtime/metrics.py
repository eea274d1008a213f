"""Metrics are named ``navette_<noun>_<unit|total>``; labels come from closed sets, never ids."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

import services

APPEND_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)


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
        self.lag = Gauge(
            "navette_log_lag_records",
            "Records on the log that this process has yet to take, of the partitions it reads.",
            ["topic"],
            registry=registry,
        )
        self.appends = Histogram(
            "navette_log_append_seconds",
            "From giving messages to the log until all of them are safe there.",
            buckets=APPEND_BUCKETS_S,
            registry=registry,
        )
        self.failures = Counter(
            "navette_log_failures_total",
            "Appends that failed, or of which nobody can say what became of them.",
            registry=registry,
        )
