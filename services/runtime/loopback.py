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


def is_free(port: int) -> bool:
    """Tell whether nothing serves on a port."""
    return _why_not(port) is None


def need_port(port: int, who: str) -> None:
    """Make sure that nothing else serves on a port.

    Raises
    ------
    Unavailable
        If something does.
    """
    reason = _why_not(port)
    if reason is not None:
        raise Unavailable(f"{who} cannot serve on {HOST}, port {port}: {reason}")


def listens(port: int) -> bool:
    """Tell whether something takes connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _why_not(port: int) -> str | None:
    with socket.socket() as probe:
        # As servers do: connections of the last one, which are about to be forgotten, are no harm.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.strerror
    return None
