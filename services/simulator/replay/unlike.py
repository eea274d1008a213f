"""Where two messages differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from services.domain.errors import Unreadable
from services.wire.codec import decode_body

SHOWN_MAX = 8
"""Differences that are told of one message."""
TEXT_MAX = 160


def told(event: bytes | None) -> str:
    """Say what a message is, in one line."""
    if event is None:
        return "nothing"
    try:
        return shortened(repr(decode_body(event)))
    except Unreadable as error:
        return f"{len(event)} bytes that cannot be read ({error})"


def unlike(expected: bytes, found: bytes) -> tuple[str, ...]:
    """Say in which fields two messages differ: ``plan.visits[1].leave_s: 30000, not 30010``."""
    try:
        one, other = decode_body(expected), decode_body(found)
    except Unreadable:
        return ()
    return tuple(line for line, _ in zip(differences(one, other), range(SHOWN_MAX), strict=False))


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Walk through two values side by side, and tell every difference."""
    if expected == found:
        return
    if type(expected) is type(found) and is_dataclass(expected):
        for field in fields(expected):
            inner = f"{place}.{field.name}" if place else field.name
            yield from differences(getattr(expected, field.name), getattr(found, field.name), inner)
    elif _listed(expected) and _listed(found) and len(expected) == len(found):
        for number, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif _listed(expected) and _listed(found):
        yield f"{place}: {len(expected)} expected, {len(found)} found"
    else:
        yield f"{place}: {shortened(repr(expected))} expected, {shortened(repr(found))} found"


def shortened(text: str) -> str:
    """Cut a long text."""
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


def _listed(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
