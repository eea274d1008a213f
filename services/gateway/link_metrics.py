"""What a gateway counts of the shuttles' links."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SAFE_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)


class LinkMetrics:
    """Counters of the links; labels come from closed sets."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge(
            "navette_shuttle_links",
            "Shuttles that are connected by a link.",
            registry=registry,
        )
        self.ended = Counter(
            "navette_shuttle_links_ended_total",
            "Links that ended, by why (gone: the shuttle or its network did).",
            ["reason"],
            registry=registry,
        )
        self.frames = Counter(
            "navette_shuttle_frames_total",
            "Frames of shuttles, by what they were (report, repeat, heartbeat), or what is wrong.",
            ["outcome"],
            registry=registry,
        )
        self.safe = Histogram(
            "navette_shuttle_report_seconds",
            "From the arrival of reports over links until they are safe on the log.",
            buckets=SAFE_BUCKETS_S,
            registry=registry,
        )
