"""One line and one count per HTTP answer."""

from __future__ import annotations

import time

import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.wire.envelope import is_traceparent

log = structlog.get_logger()

_QUIET = frozenset({"/healthz", "/metrics", "/readyz"})
"""Asked for every few seconds by machines; their answers are counted but not written down."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Access:
    """Logs and counts answers; paths are written as the route's pattern, bodies never.

    Parameters
    ----------
    app
        The application.
    responses
        Counter with the labels method, route and status.
    """

    def __init__(self, app: ASGIApp, responses: Counter) -> None:
        self._app = app
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        structlog.contextvars.clear_contextvars()
        given = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        if is_traceparent(given):
            structlog.contextvars.bind_contextvars(trace=given.split("-")[1])

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            # What nobody serves has no pattern; its path could be anything, so it is not a label.
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._responses.labels(method=method, route=route, status=str(status)).inc()
            if route not in _QUIET:
                millis = round((time.perf_counter() - began) * 1000, 1)
                log.info("http_answered", method=method, route=route, status=status, ms=millis)
