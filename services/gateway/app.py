"""The gateway as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI
from fastapi import Request as HttpRequest
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from services.domain.ids import ZoneId
from services.gateway import documentation, problems, routes
from services.gateway.access import Access
from services.gateway.desk import Desk, DeskLimits
from services.gateway.follower import Follower
from services.gateway.metrics import GatewayMetrics
from services.gateway.reading import RequestReader
from services.gateway.rendering import Rendering
from services.gateway.stream import Streams
from services.gateway.view import RideView
from services.network.folder import Network
from services.network.reach import Reach
from services.runtime.clock import Clock
from services.runtime.metrics import new_registry
from services.runtime.ports import Log
from services.runtime.settings import Settings

ZONE = ZoneId("main")
"""The zone of a territory that is all one zone."""

probes = APIRouter(tags=["operation"])


def create_app(
    network: Network,
    log: Log,
    clock: Clock,
    settings: Settings,
    *,
    zone: ZoneId = ZONE,
    registry: CollectorRegistry | None = None,
) -> FastAPI:
    """Make a gateway.

    Parameters
    ----------
    network
        The territory that it serves.
    log
        Where commands go and events come from.
    clock
        Tells the time of the service.
    settings
        Bounds and waiting times.
    zone
        The zone that commands are for.
    registry
        Where metrics are kept; a new one if absent.
    """
    registry = registry or new_registry()
    view = RideView(settings.rides_max)
    streams = Streams(settings.streams_max)
    limits = DeskLimits(answer_s=settings.answer_s, in_flight_max=settings.in_flight_max)
    desk = Desk(log, view, zone, clock, limits)
    metrics = GatewayMetrics(registry, desk, view, streams)
    follower = Follower(log, view, metrics.unreadable.inc)
    promises = network.territory.promises

    @contextlib.asynccontextmanager
    async def following(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            view.close()
            task.cancel()
            # Why it failed was logged when it did.
            await asyncio.gather(task, return_exceptions=True)

    app = FastAPI(
        lifespan=following,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.registry = registry
    app.state.follower = follower
    app.state.view = view
    app.state.front = routes.Front(
        desk=desk,
        view=view,
        requests=RequestReader(Reach(network.stops, network.plane, promises), promises, clock),
        rendering=Rendering(network.stops, clock.day),
        metrics=metrics,
        streams=streams,
        settings=settings,
    )
    app.include_router(routes.router)
    app.include_router(probes)
    app.include_router(documentation.router)
    app.openapi = lambda: documentation.describe(app)  # type: ignore[method-assign]
    app.add_middleware(Access, responses=metrics.responses)
    problems.install(app)
    return app


@probes.get("/healthz", summary="Is it well?")
async def healthz(http: HttpRequest) -> Response:
    """Tell whether riders can be served."""
    follower: Follower = http.app.state.follower
    if not follower.ready:
        raise problems.busy("the gateway does not follow the rides' events (yet)")
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@probes.get("/metrics", summary="Metrics, in Prometheus' format")
async def metrics_text(http: HttpRequest) -> Response:
    """Show metrics in Prometheus' text format."""
    registry: CollectorRegistry = http.app.state.registry
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
