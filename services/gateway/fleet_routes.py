"""What operators order of shuttles."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from fastapi import APIRouter
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from services.domain.errors import InvalidRequest
from services.domain.ids import ShuttleId, ZoneId
from services.gateway import reading
from services.gateway.bodies import LendIn
from services.gateway.operators import need_operator
from services.gateway.problems import Problem
from services.gateway.routes import front_of, problems_of

log = structlog.get_logger()

router = APIRouter(prefix="/v1/shuttles", tags=["operators"])

_TERRITORY = {
    "name": "territory",
    "in": "query",
    "description": "Whose shuttle; needed where several territories are served.",
    "schema": {"type": "string"},
}
_BODY = {"application/json": {"schema": {"$ref": "#/components/schemas/LendIn"}}}


@router.post(
    "/{shuttle_id}/lend",
    status_code=202,
    summary="Lend a shuttle to another zone (operators only)",
    responses=problems_of(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra={
        "security": [{"operator": []}],
        "requestBody": {"required": True, "content": _BODY},
        "parameters": [_TERRITORY],
    },
)
async def lend(shuttle_id: str, http: HttpRequest) -> Response:
    """Lend a shuttle to another zone of its territory, once it is empty; 202: that is ordered."""
    front = front_of(http)
    need_operator(http, front.settings.operator_token)
    order = LendIn.read(await reading.json_body(http, front.settings.body_bytes_max))
    named = http.query_params.get("territory")
    if named is None and len(front.areas.territories) > 1:
        raise InvalidRequest("territory", "several are served here: say which by ?territory=ID")
    territory = ZoneId(named) if named is not None else next(iter(front.areas.territories))
    area, shuttle = front.areas.territories.get(territory), ShuttleId(shuttle_id)
    if area is None or shuttle not in area.shuttles:
        reason = "no such shuttle of a territory served here"
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", reason)
    to = ZoneId(f"{territory}.{order.to}")
    if area.zones is None or to not in area.zones.ids:
        raise InvalidRequest("to", "no such zone of its territory")
    await front.desk.lend(area, shuttle, to, order.within_s)
    log.info("shuttle_to_be_lent", territory=territory, shuttle=shuttle, to=to)
    return Response(status_code=HTTPStatus.ACCEPTED)
