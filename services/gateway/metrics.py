"""What a gateway counts."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.domain.ride import Status
from services.gateway.desk import Desk
from services.gateway.stream import Streams
from services.gateway.view import RideView

ANSWER_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class GatewayMetrics:
    """Counters of one gateway; labels come from closed sets."""

    def __init__(
        self, registry: CollectorRegistry, desk: Desk, view: RideView, streams: Streams
    ) -> None:
        self.requests = Counter(
            "navette_ride_requests_total",
            "Rides asked for, by the answer (offered, refused, pending, invalid, unavailable ...).",
            ["outcome"],
            registry=registry,
        )
        self.answer = Histogram(
            "navette_ride_answer_seconds",
            "From the request's arrival to the dispatcher's answer.",
            buckets=ANSWER_BUCKETS_S,
            registry=registry,
        )
        self.responses = Counter(
            "navette_http_responses_total",
            "HTTP answers by route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        open_streams = Gauge(
            "navette_streams_total", "Open streams of ride events.", registry=registry
        )
        open_streams.set_function(lambda: streams.open)
        self.unreadable = Counter(
            "navette_events_unreadable_total", "Events that could not be read.", registry=registry
        )
        in_flight = Gauge(
            "navette_callers_waiting_total",
            "Callers that wait for the dispatcher.",
            registry=registry,
        )
        in_flight.set_function(lambda: desk.in_flight)
        rides = Gauge("navette_rides_total", "Rides by status.", ["status"], registry=registry)
        for status in Status:
            rides.labels(status=status.value).set_function(partial(view.by_status, status))
