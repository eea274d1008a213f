"""What every process shows of itself over HTTP: that it lives, that it is ready, its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Waiting = Callable[[], Awaitable[Sequence[str]]]
"""Says what is not ready; nothing: all is."""

NO_STORE = {"Cache-Control": "no-store"}


def pages(waiting: Waiting, registry: CollectorRegistry) -> Starlette:
    """Make the pages of a process that has no others."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        reasons = list(await waiting())
        if reasons:
            told = {"status": "not ready", "waiting_for": reasons}
            return JSONResponse(told, status_code=503, headers=NO_STORE | {"Retry-After": "1"})
        return JSONResponse({"status": "ready"}, headers=NO_STORE)

    async def metrics(_: Request) -> Response:
        return shown(registry)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def shown(registry: CollectorRegistry) -> Response:
    """Show metrics in Prometheus' text format."""
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
