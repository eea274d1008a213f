"""The rides of the API."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.domain.errors import InvalidRequest, Unavailable
from services.domain.ids import RideId
from services.domain.ride import TERMINAL, Status
from services.gateway import reading
from services.gateway.areas import Areas
from services.gateway.bodies import ContactOut, ProblemOut, RideIn, RideOut
from services.gateway.contacts import Contacts, nothing_kept
from services.gateway.desk import Desk, unknown_ride
from services.gateway.metrics import GatewayMetrics
from services.gateway.operators import need_operator
from services.gateway.problems import MEDIA_TYPE, Problem, busy
from services.gateway.seen import Seen
from services.gateway.stream import Streams, ride_stream
from services.gateway.view import RideView
from services.runtime.settings import Settings

log = structlog.get_logger()

_RIDE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

router = APIRouter(prefix="/v1/rides", tags=["rides"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """All that the routes work with."""

    desk: Desk
    view: RideView
    areas: Areas
    contacts: Contacts
    metrics: GatewayMetrics
    streams: Streams
    settings: Settings


def front_of(http: HttpRequest) -> Front:
    """Return what the routes work with."""
    front = http.app.state.front
    assert isinstance(front, Front)
    return front


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe answers that are problems."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    } | {"default": {"model": ProblemOut, "description": "Any other problem"}}


_PENDING: dict[int | str, dict[str, Any]] = {
    202: {"model": RideOut, "description": "No answer yet: look at the ride in a moment"}
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
    204: {"description": "The ride came to its end and the caller has heard all of it"},
}
_BODY = {
    "application/json": {
        "schema": {"$ref": "#/components/schemas/RideIn"},
        "example": {
            "origin": {"lon": 1.5108, "lat": 46.2797},
            "destination": {"lon": 1.4922, "lat": 46.2398},
            "seats": 1,
        },
    }
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each ride, the same when a request is sent again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


@router.post(
    "",
    status_code=201,
    summary="Ask for a ride",
    response_model=RideOut,
    responses=_PENDING | problems_of(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}, "parameters": [_KEY]},
)
async def ask(http: HttpRequest) -> Response:
    """Ask for a ride; the answer holds an offer, or a refusal that says what would have worked."""
    front = front_of(http)
    began = time.perf_counter()
    try:
        key = reading.idempotency_key(http)
        wish = RideIn.read(await reading.json_body(http, front.settings.body_bytes_max))
        area = front.areas.of(wish)
        request = area.requests.request(key, wish)
        contact = front.contacts.read(area, wish.contact)
        trace = reading.traceparent(http)
        seen = await front.desk.ask(area, request, wish.fingerprint(), trace, contact)
    except (InvalidRequest, Problem):
        front.metrics.requests.labels(outcome="invalid").inc()
        raise
    except Unavailable:
        front.metrics.requests.labels(outcome="unavailable").inc()
        raise
    location = {"Location": f"/v1/rides/{seen.ride_id}"}
    if seen.status is Status.REQUESTED:
        front.metrics.requests.labels(outcome="pending").inc()
        again = {"Retry-After": str(front.desk.answer_due_s(seen))}
        return _ride(front, seen, HTTPStatus.ACCEPTED, location | again)
    front.metrics.requests.labels(outcome=seen.status.value).inc()
    front.metrics.answer.observe(time.perf_counter() - began)
    return _ride(front, seen, HTTPStatus.CREATED, location)


@router.get(
    "/{ride_id}", summary="Look at a ride", response_model=RideOut, responses=problems_of(404)
)
async def look(ride_id: str, http: HttpRequest) -> Response:
    """Look at a ride."""
    front = front_of(http)
    return _ride(front, await front.desk.look(_ride_id(ride_id)))


@router.post(
    "/{ride_id}/accept",
    summary="Accept the offer",
    response_model=RideOut,
    responses=_PENDING | problems_of(404, 409, 503),
)
async def accept(ride_id: str, http: HttpRequest) -> Response:
    """Accept the offer: from then on it is a promise."""
    front = front_of(http)
    seen = await front.desk.accept(_ride_id(ride_id), reading.traceparent(http))
    return _ordered(front, seen, pending={Status.REQUESTED, Status.OFFERED})


@router.delete(
    "/{ride_id}",
    summary="Cancel a ride",
    response_model=RideOut,
    responses=_PENDING | problems_of(404, 409, 503),
)
async def cancel(ride_id: str, http: HttpRequest) -> Response:
    """Cancel a ride, or turn its offer down."""
    front = front_of(http)
    seen = await front.desk.cancel(_ride_id(ride_id), reading.traceparent(http))
    return _ordered(front, seen, pending=set(Status) - TERMINAL)


@router.get(
    "/{ride_id}/contact",
    summary="Read who travels (operators only)",
    response_model=ContactOut,
    responses=problems_of(401, 403, 404, 503),
    openapi_extra={"security": [{"operator": []}]},
)
async def contact(ride_id: str, http: HttpRequest) -> Response:
    """Read who travels and how to reach them, with an operator's token."""
    front = front_of(http)
    need_operator(http, front.settings.operator_token)
    found = await front.contacts.of(_ride_id(ride_id))
    if found is None:
        raise nothing_kept()
    # Who looked is for the operators' own system to say; that somebody did, is written down.
    log.info("contact_read", ride=ride_id)
    shown = ContactOut(name=found.name, phone=found.phone, note=found.note)
    return JSONResponse(shown.model_dump(), headers={"Cache-Control": "no-store"})


@router.get(
    "/{ride_id}/events",
    summary="Follow a ride",
    response_class=StreamingResponse,
    responses=_STREAM | problems_of(404, 503),
)
async def follow(ride_id: str, http: HttpRequest) -> Response:
    """Follow a ride: server-sent events, from the first or behind ``Last-Event-ID``, to its end."""
    front = front_of(http)
    view, known = front.view, _ride_id(ride_id)
    after = reading.last_event_id(http)
    seen = await front.desk.look(known)
    if seen.status in TERMINAL and not view.history(known, after):
        # To a browser this says: do not connect again.
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if front.streams.full:
        raise busy("too many streams are open", retry_after_s=5)
    stream = ride_stream(
        view,
        front.areas[seen.zone].rendering,
        known,
        after=after,
        heartbeat_s=front.settings.heartbeat_s,
    )
    return StreamingResponse(
        front.streams.counted(stream),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _ride_id(text: str) -> RideId:
    """Read an id; what cannot be one is asked for nowhere."""
    if not _RIDE_ID.fullmatch(text):
        raise unknown_ride()
    return RideId(text)


def _ordered(front: Front, seen: Seen, *, pending: set[Status]) -> Response:
    if seen.status in pending:
        return _ride(front, seen, HTTPStatus.ACCEPTED, {"Retry-After": "1"})
    return _ride(front, seen)


def _ride(
    front: Front,
    seen: Seen,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(
        front.areas[seen.zone].rendering.ride(seen).model_dump_json(),
        status_code=status,
        headers={"Cache-Control": "no-store"} | (headers or {}),
        media_type="application/json",
    )
