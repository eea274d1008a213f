"""The gateway as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import structlog
from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from services.domain.errors import Unavailable
from services.gateway import documentation, fleet_routes, links, problems, routes
from services.gateway.access import Access
from services.gateway.areas import Areas
from services.gateway.contacts import Contacts
from services.gateway.described import Served
from services.gateway.desk import Desk, DeskLimits
from services.gateway.follower import Follower
from services.gateway.link_metrics import LinkMetrics
from services.gateway.metrics import GatewayMetrics
from services.gateway.orders import Orders
from services.gateway.stream import Streams
from services.gateway.view import RideView
from services.runtime.dead_letters import Seal
from services.runtime.metrics import new_registry
from services.runtime.pages import NO_STORE, Waiting, shown
from services.runtime.ports import Log, Store
from services.runtime.riders import Riders
from services.runtime.settings import Settings
from services.wire.envelope import Envelope
from services.wire.topics import Topic

log = structlog.get_logger()

probes = APIRouter(tags=["operation"])


async def all_ready() -> Sequence[str]:
    """Say that there is nothing else to wait for."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """What a gateway stands on.

    Parameters
    ----------
    log
        Where commands go and events come from.
    store
        Where rides are that it has not followed.
    riders
        Who asked for them; absent: nothing is kept of riders.
    seal
        Encrypts what nobody can read, when it is put aside.
    """

    log: Log
    store: Store
    riders: Riders | None = None
    seal: Seal = field(default_factory=Seal)


def create_app(
    areas: Areas,
    backing: Backing,
    settings: Settings,
    *,
    registry: CollectorRegistry | None = None,
    ready: Waiting = all_ready,
) -> Starlette:
    """Make a gateway.

    Parameters
    ----------
    areas
        The territories that it serves.
    backing
        What it stands on.
    settings
        Bounds and waiting times.
    registry
        Where metrics are kept; a new one if absent.
    ready
        Says what is not ready beside the gateway itself.
    """
    registry = registry or new_registry()
    view = RideView(settings.rides_max)
    streams = Streams(settings.streams_max)
    contacts = Contacts(backing.riders, backing.store, areas)
    desk = Desk(backing.log, view, backing.store, areas, contacts, _limits(settings))
    metrics = GatewayMetrics(registry, desk, view, streams)
    unreadable = metrics.unreadable.inc
    since_ms = (time.time_ns() // 1_000_000) - settings.follow_s * 1000
    orders = Orders(backing.log, backing.store, areas, unreadable)
    hears = _hears(view, orders)
    follower = Follower(backing.log, Topic.RIDE_EVENTS, hears, unreadable, since_ms)

    @contextlib.asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        works = [_follow(follower, view), contacts.tend()]
        if settings.shuttle_key is not None:
            works.append(orders.run())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # Why one failed was logged when it did.
            await asyncio.gather(*tasks, return_exceptions=True)

    described = [*routes.router.routes, *fleet_routes.router.routes, *probes.routes]
    app = Starlette(
        routes=[*map(Served, described), *links.ROUTES, *documentation.pages(described)],
        middleware=[Middleware(Access, responses=metrics.responses)],
        lifespan=following,
    )
    app.router.redirect_slashes = False
    app.state.registry, app.state.ready = registry, ready
    app.state.follower, app.state.view = follower, view
    app.state.front = routes.Front(
        desk=desk,
        view=view,
        areas=areas,
        contacts=contacts,
        metrics=metrics,
        streams=streams,
        settings=settings,
    )
    link_metrics = LinkMetrics(registry)
    app.state.links = links.Links(areas, backing.log, orders, settings, link_metrics, backing.seal)
    problems.install(app)
    return app


def _hears(view: RideView, orders: Orders) -> Callable[[int, Envelope], None]:
    def hear(offset: int, event: Envelope) -> None:
        orders.hear(event)
        try:
            view.apply(offset, event)
        except Unavailable:
            # The view is full of rides under way. This one is unknown here; all others go on.
            log.warning("event_dropped", offset=offset)

    return hear


async def _follow(follower: Follower, view: RideView) -> None:
    try:
        await follower.run()
    finally:
        # Without events nobody gets an answer: say so to all who wait, and to the probe.
        view.close()


def _limits(settings: Settings) -> DeskLimits:
    return DeskLimits(
        answer_s=settings.answer_s,
        useful_s=settings.useful_s,
        in_flight_max=settings.in_flight_max,
    )


@probes.get("/healthz", summary="Is it well?")
async def healthz(http: HttpRequest) -> Response:
    """Tell whether riders can be served."""
    follower: Follower = http.app.state.follower
    if not follower.ready:
        raise problems.busy("the gateway does not follow the rides' events (yet)")
    return JSONResponse({"status": "ok"}, headers=NO_STORE)


@probes.get("/readyz", summary="Is it ready?")
async def readyz(http: HttpRequest) -> Response:
    """Tell whether riders can be served now, by everybody who has a part in it."""
    follower: Follower = http.app.state.follower
    waiting = list(await http.app.state.ready())
    if not follower.ready:
        waiting.append("the gateway does not follow the rides' events (yet)")
    if waiting:
        raise problems.busy("; ".join(waiting))
    return JSONResponse({"status": "ready"}, headers=NO_STORE)


@probes.get("/metrics", summary="Metrics, in Prometheus' format")
async def metrics_text(http: HttpRequest) -> Response:
    """Show metrics in Prometheus' text format."""
    return shown(http.app.state.registry)
