"""Whether this process decides at the time at which others think that it does."""

from __future__ import annotations

import structlog

from services.dispatcher.surroundings import Surroundings
from services.domain.errors import Unavailable

log = structlog.get_logger()

OFF_S_MAX = 5.0
"""A shard is not dispatched by a clock that is further off the store's."""


async def compare(around: Surroundings, shard: int) -> None:
    """Compare this process's clock with the store's, if both show the real time.

    Raises
    ------
    Unavailable
        If one of them is wrong.
    """
    clock = around.clock
    asked_ms = clock.now_ms()
    if not clock.is_real or (theirs_ms := await around.store.now_ms()) is None:
        return
    answered_ms = clock.now_ms()
    ahead_s = ((asked_ms + answered_ms) / 2 - theirs_ms) / 1000
    around.metrics.clock.set(ahead_s)
    if abs(ahead_s) - (answered_ms - asked_ms) / 2000 > OFF_S_MAX:
        log.error("clock_wrong", ahead_s=round(ahead_s, 1), shard=shard)
        raise Unavailable(f"this machine's clock is {ahead_s:+.1f} s off the store's: set it right")
