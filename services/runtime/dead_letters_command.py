"""``navette dead-letters``: lists, shows and re-submits what could not be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.domain.errors import InvalidRequest
from services.runtime.dead_letters import Kept, Seal, find, kept, resubmit
from services.runtime.kafka import KafkaLog
from services.runtime.settings import KafkaSettings

Say = Callable[[str], None]

SHOWN_BYTES_MAX = 4096
LINE_BYTES = 16


def list_letters(settings: KafkaSettings, topic: str | None, say: Say) -> None:
    """Print a line for each dead letter that is kept, oldest first."""

    async def work(messages: KafkaLog, _seal: Seal) -> None:
        found = [one for one in await kept(messages) if topic in (None, one.letter.topic)]
        for one in found:
            say(line(one))
        say(f"{len(found)} dead letters, {sum(o.resubmitted_as is None for o in found)} to look at")

    _run(settings, work)


def show_letter(settings: KafkaSettings, place: str, out: Path | None, say: Say) -> None:
    """Print all about a dead letter, or write its bytes to a file as they came."""
    found: list[tuple[Kept, bytes]] = []

    async def work(messages: KafkaLog, seal: Seal) -> None:
        one = await find(messages, place)
        found.append((one, seal.open(one.letter)))

    _run(settings, work)
    ((one, data),) = found
    for text in described(one, data, dump=out is None):
        say(text)
    if out is not None:
        try:
            out.write_bytes(data)
        except OSError as error:
            raise InvalidRequest("out", f"{out}: {error.strerror}") from None
        say(f"written to {out}")


def resubmit_letters(settings: KafkaSettings, places: Sequence[str], force: bool, say: Say) -> None:
    """Put dead letters back where they came from, in order; stop at the first that is unfit."""

    async def work(messages: KafkaLog, seal: Seal) -> None:
        for one in [await find(messages, place) for place in places]:
            offset = await resubmit(messages, one, seal, force=force)
            letter = one.letter
            say(f"{one.place}: put back on {letter.topic}/{letter.partition} at offset {offset}")

    _run(settings, work)


def line(one: Kept) -> str:
    """Describe a dead letter in one line."""
    letter = one.letter
    where = f"{letter.topic}/{letter.partition}/{letter.offset}"
    done = "" if one.resubmitted_as is None else f"  [put back at {one.resubmitted_as}]"
    reason = f"{letter.place}: {letter.reason}" if letter.place else letter.reason
    return f"{one.place:<8} {_moment(letter.recorded_at_ms)}  {where:<28} {_plain(reason)}{done}"


def described(one: Kept, data: bytes, *, dump: bool) -> list[str]:
    """Describe all of a dead letter; its bytes in hexadecimal, as far as they are few."""
    letter = one.letter
    lines = [
        f"dead letter  {one.place}",
        f"put aside    {_moment(letter.recorded_at_ms)}",
        f"topic        {letter.topic}, partition {letter.partition}, offset {letter.offset}",
        f"key          {_plain(letter.key)}",
        f"at fault     {_plain(letter.place) or '-'}",
        f"reason       {_plain(letter.reason)}",
        f"kept         {'encrypted' if letter.encrypted else 'as it came'}, {len(data)} bytes",
    ]
    if one.resubmitted_as is not None:
        lines.append(f"put back     at offset {one.resubmitted_as}")
    if dump:
        shown = data[:SHOWN_BYTES_MAX]
        lines += [_hex(at, shown[at : at + LINE_BYTES]) for at in range(0, len(shown), LINE_BYTES)]
        if len(data) > len(shown):
            lines.append(f"... {len(data) - len(shown)} bytes more; --out FILE writes all of them")
    return lines


def _hex(at: int, part: bytes) -> str:
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
    return f"{at:08x}  {part.hex(' '):<{3 * LINE_BYTES}} {text}"


def _moment(at_ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
    except (OverflowError, ValueError, OSError):  # somebody else's idea of a time
        return str(at_ms)


def _plain(text: str) -> str:
    """Keep a text from the outside from doing things to a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _run(settings: KafkaSettings, work: Callable[[KafkaLog, Seal], Awaitable[None]]) -> None:
    seal = Seal.of(settings)

    async def connected() -> None:
        messages = KafkaLog(settings)
        await messages.start()
        try:
            await work(messages, seal)
        finally:
            await messages.close()

    asyncio.run(connected())
