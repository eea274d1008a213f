"""Questions of one moment are asked as one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from services.runtime.together import Together


async def test_what_is_asked_for_at_once_is_asked_once() -> None:
    asked: list[list[int]] = []

    async def squares(numbers: Sequence[int]) -> Mapping[int, int]:
        asked.append(list(numbers))
        await asyncio.sleep(0)
        return {number: number * number for number in numbers}

    together = Together(squares)
    assert await asyncio.gather(*(together.one(n) for n in (3, 1, 3))) == [9, 1, 9]
    assert await together.one(2) == 4
    assert asked == [[3, 1], [2]]


async def test_all_are_told_that_it_failed_and_the_next_ask_anew() -> None:
    fails = [OSError("away")]

    async def once(names: Sequence[str]) -> Mapping[str, str]:
        if fails:
            raise fails.pop()
        return {name: name for name in names}

    together = Together(once)
    found = await asyncio.gather(together.one("a"), together.one("b"), return_exceptions=True)
    assert [str(one) for one in found] == ["away", "away"]
    assert await together.one("a") == "a"


async def test_who_goes_takes_nothing_from_the_others() -> None:
    go = asyncio.Event()

    async def slow(names: Sequence[str]) -> Mapping[str, str]:
        await go.wait()
        return {name: name for name in names}

    together = Together(slow)
    gone, stays = (asyncio.create_task(together.one("a")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    assert await stays == "a"
    with pytest.raises(asyncio.CancelledError):
        await gone
