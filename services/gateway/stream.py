"""A ride's events as server-sent events (the format is in the HTML standard, section 9.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from services.domain.errors import Unavailable
from services.domain.ids import RideId
from services.domain.ride import TERMINAL
from services.gateway.rendering import EVENT_NAMES, Rendering
from services.gateway.view import Happening, RideView

HEARTBEAT = b": still here\n\n"


class Streams:
    """Counts open streams.

    Parameters
    ----------
    most
        How many may be open at the same time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.open = 0

    @property
    def full(self) -> bool:
        """Whether no further one may be opened."""
        return self.open >= self._most

    async def counted(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass a stream on and count it for as long as it is open."""
        self.open += 1
        try:
            async for frame in stream:
                yield frame
        finally:
            self.open -= 1


async def ride_stream(
    view: RideView, rendering: Rendering, ride_id: RideId, *, after: int, heartbeat_s: float
) -> AsyncIterator[bytes]:
    """Tell what happens to a ride, until it comes to its end.

    Parameters
    ----------
    after
        Number of the last event that the caller knows; -1 to hear all.
    heartbeat_s
        A sign of life is sent when nothing happened for so long, in seconds.
    """
    # Sent at once, so that proxies and clients know that the stream stands.
    yield b"retry: 2000\n\n"
    while True:
        for one in view.history(ride_id, after):
            after = one.offset
            yield _frame(one, rendering)
        seen = view.get(ride_id)
        if (
            seen is None
            or view.closed
            or (seen.status in TERMINAL and not view.history(ride_id, after))
        ):
            return
        try:
            async with asyncio.timeout(heartbeat_s):
                await _news(view, ride_id, after)
        except TimeoutError:
            yield HEARTBEAT
        except Unavailable:
            return


async def _news(view: RideView, ride_id: RideId, after: int) -> None:
    await view.changed(ride_id, lambda _seen: bool(view.history(ride_id, after)))


def _frame(one: Happening, rendering: Rendering) -> bytes:
    data = json.dumps(rendering.happening(one), ensure_ascii=False, separators=(",", ":"))
    name = EVENT_NAMES[type(one.event)]
    return f"id: {one.offset}\nevent: {name}\ndata: {data}\n\n".encode()
