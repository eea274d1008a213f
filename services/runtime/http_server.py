"""Serves a process's pages over HTTP."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from services.domain.errors import Unavailable

GRACE_S = 2
"""Answers under way get so long when the server ends."""

SOCKET_BYTES_MAX = 64 * 1024
"""A WebSocket that gets a longer message is closed."""


class HttpServer(uvicorn.Server):
    """A server that ends when told to, open streams or not, and leaves signals to its owner.

    Parameters
    ----------
    app
        What is served.
    ending
        Called when it ends, before it waits for answers under way: streams end by it.
    """

    def __init__(self, app: ASGIApp, ending: Callable[[], None] = lambda: None) -> None:
        self._ending = ending
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_S,
                ws="websockets-sansio",
                ws_max_size=SOCKET_BYTES_MAX,
                ws_per_message_deflate=False,
                lifespan="on",
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone: this may be one of several parts of a process."""
        yield

    def stop(self) -> None:
        """End soon: answers under way are finished first."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End open streams first; the server would wait for them."""
        self._ending()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 takes any that is free.

    Raises
    ------
    Unavailable
        If it cannot be opened, for example because something else serves there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio would not turn Nagle's algorithm off, which costs 40 ms an answer.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise Unavailable(f"cannot serve on {host}, port {port}: {error.strerror}") from None
    return opened
