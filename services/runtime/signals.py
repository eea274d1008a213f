"""How a process is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def on_end(call: Callable[[], object]) -> Callable[[], None]:
    """Have this called each time that the process is told to end (SIGINT or SIGTERM).

    Returns
    -------
    Callable
        Makes these signals what they were before.
    """
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, call)

    def undo() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    return undo
