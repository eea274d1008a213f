"""The route by which shuttles connect: ``GET /v1/shuttles/{shuttle_id}/link``."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.domain.ids import ShuttleId, ZoneId
from services.gateway.areas import Areas
from services.gateway.link_metrics import LinkMetrics
from services.gateway.link_place import Gone, LinkLimits, LinkPlace, Peer
from services.gateway.link_session import LinkSession
from services.gateway.orders import Orders
from services.gateway.problems import Problem, busy
from services.runtime.dead_letters import DeadLetterWriter, Seal
from services.runtime.ports import Log
from services.runtime.settings import Settings
from services.runtime.shuttle_tokens import is_token
from services.wire.link import SUBPROTOCOL, LinkFault

log = structlog.get_logger()

PATH = "/v1/shuttles/{shuttle_id}/link"


class Links:
    """All shuttles that are connected, one link each.

    Parameters
    ----------
    areas
        Whose shuttles may connect.
    messages, orders
        Where reports go, and where plans come from.
    settings
        The key of their tokens, and bounds.
    metrics
        What is counted.
    seal
        Encrypts reports that nobody can read.
    """

    def __init__(
        self,
        areas: Areas,
        messages: Log,
        orders: Orders,
        settings: Settings,
        metrics: LinkMetrics,
        seal: Seal,
    ) -> None:
        self._areas = areas
        self._orders = orders
        self._settings = settings
        self._metrics = metrics
        self._place = LinkPlace(
            messages=messages,
            dead_letters=DeadLetterWriter(messages, seal),
            orders=orders,
            metrics=metrics,
            limits=LinkLimits(
                heartbeat_s=settings.link_heartbeat_s,
                in_flight_max=settings.link_in_flight_max,
                reports_per_s=settings.link_reports_per_s,
            ),
            safe={},
        )
        self._open: dict[tuple[ZoneId, ShuttleId], LinkSession] = {}
        self._count = 0
        metrics.open.set_function(lambda: self._count)

    @property
    def off(self) -> bool:
        """Whether no shuttle may connect at all."""
        return self._settings.shuttle_key is None

    def admit(self, socket: WebSocket, shuttle_id: str) -> Peer:
        """Return who asks to be connected.

        Raises
        ------
        Problem
            If it may not be.
        """
        if self._settings.shuttle_key is None:
            raise is_off()
        key = self._settings.shuttle_key.get_secret_value()
        shuttle = ShuttleId(shuttle_id)
        named = socket.query_params.get("territory")
        only = [*self._areas.territories]
        if named is None and len(only) > 1:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-request",
                "several territories are served here: say which by ?territory=ID",
            )
        territory = ZoneId(named) if named is not None else only[0]
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_token(token.strip(), key, territory, shuttle):
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "the header Authorization is to be 'Bearer TOKEN', with this shuttle's token",
                headers={"WWW-Authenticate": "Bearer"},
            )
        area = self._areas.territories.get(territory)
        if area is None or shuttle not in area.shuttles:
            raise Problem(
                HTTPStatus.NOT_FOUND, "not-found", "no such shuttle of a territory served here"
            )
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                "invalid-request",
                f"the header Sec-WebSocket-Protocol is to name {SUBPROTOCOL}",
            )
        if not self._orders.ready:
            raise busy("the gateway does not know all plans yet")
        if self._count >= self._settings.links_max:
            raise busy("too many shuttles are connected here", retry_after_s=5)
        return Peer(territory, shuttle, area.clock)

    async def serve(self, socket: WebSocket, peer: Peer) -> None:
        """Talk with a shuttle until one side ends it; an older link of the same one ends."""
        session = LinkSession(_Socket(socket), peer, self._place)
        key = peer.territory, peer.shuttle
        if (older := self._open.get(key)) is not None:
            older.end(LinkFault.REPLACED, "a newer connection of this shuttle took over")
        self._open[key] = session
        self._count += 1
        reason = "bug"
        try:
            reason = await session.run()
        finally:
            self._count -= 1
            if self._open.get(key) is session:
                del self._open[key]
            self._metrics.ended.labels(reason=reason).inc()
            fields = {"territory": peer.territory, "shuttle": peer.shuttle}
            log.info("link_ended", **fields, reason=reason)


class _Socket:
    """A WebSocket of the server, as a link knows it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> bytes | str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone(f"closed with {message.get('code')}")
        data = message.get("bytes")
        text: bytes | str = message.get("text", "") if data is None else data
        return text

    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send_bytes(data)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise Gone(str(error)) from None

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise Gone(str(error)) from None


def is_off() -> Problem:
    """Say that shuttles cannot connect here."""
    return Problem(
        HTTPStatus.NOT_IMPLEMENTED,
        "link-off",
        "the shuttles' link is off here: this gateway was given no NAVETTE_SHUTTLE_KEY",
    )


async def link(socket: WebSocket) -> None:
    """Connect a shuttle."""
    links: Links = socket.app.state.links
    try:
        peer = links.admit(socket, socket.path_params["shuttle_id"])
    except Problem as problem:
        await socket.send_denial_response(problem.response())
        return
    await socket.accept(SUBPROTOCOL)
    await links.serve(socket, peer)


async def no_link(http: Request) -> Response:
    """Say how to connect, to whom asks without an upgrade."""
    if http.app.state.links.off:
        return is_off().response()
    shuttle_id: str = http.path_params["shuttle_id"]
    return Problem(
        HTTPStatus.UPGRADE_REQUIRED,
        "upgrade-required",
        f"{shuttle_id[:100]} connects by a WebSocket with the subprotocol {SUBPROTOCOL}",
        headers={"Upgrade": "websocket"},
    ).response()


ROUTES = (WebSocketRoute(PATH, link), Route(PATH, no_link))
