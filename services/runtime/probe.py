"""Asks a process on this machine how it is."""

from __future__ import annotations

import asyncio

from services.runtime.loopback import HOST

WITHIN_S = 2.0
OK = 200


async def says_ok(port: int, path: str = "/readyz") -> bool:
    """Tell whether ``GET path`` is answered with 200."""
    return await _status(port, path) == OK


async def answers(port: int, path: str = "/healthz") -> bool:
    """Tell whether ``GET path`` is answered at all."""
    return await _status(port, path) is not None


async def _status(port: int, path: str) -> int | None:
    try:
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode("ascii"))
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        return None
