"""Ports of this machine's loopback interface."""

from __future__ import annotations

import socket

from services.domain.errors import Unavailable

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port on which nothing serves at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def need_port(port: int, who: str) -> None:
    """Make sure that nothing else serves on a port.

    Raises
    ------
    Unavailable
        If something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = f"{who} cannot serve on {HOST}, port {port}: {error.strerror}"
            raise Unavailable(reason) from None


def listens(port: int) -> bool:
    """Tell whether something takes connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
