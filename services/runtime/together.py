"""Questions that come at the same moment, asked as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """Asks for many in one go.

    Parameters
    ----------
    ask
        Answers all of these.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def one(self, key: K) -> V:
        """Ask for one, together with all others that are asked for before the loop turns."""
        answer = self._waiting.get(key)
        if answer is None:
            loop = asyncio.get_running_loop()
            if not self._waiting:
                loop.call_soon(self._go)
            answer = self._waiting[key] = loop.create_future()
        return await asyncio.shield(answer)

    def _go(self) -> None:
        waiting, self._waiting = self._waiting, {}
        task = asyncio.ensure_future(self._answer(waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, waiting: Mapping[K, asyncio.Future[V]]) -> None:
        try:
            found = await self._ask(list(waiting))
        except Exception as error:
            for answer in waiting.values():
                if not answer.done():
                    answer.set_exception(error)
                    answer.exception()  # whoever asked may be gone
            return
        for key, answer in waiting.items():
            if not answer.done():
                answer.set_result(found[key])
