"""What all parts of a territory's settings share."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

DAY_S = 86_400

Seconds = Annotated[int, Field(ge=0, le=DAY_S)]


def _unquoted(value: object) -> object:
    """YAML reads 14:00 without quotes as 840, minutes to the base of 60."""
    if isinstance(value, int) and 0 <= value < DAY_S // 60:
        return time(value // 60, value % 60)
    return value


Clock = Annotated[time, BeforeValidator(_unquoted)]
"""A time of day."""


class Part(BaseModel):
    """A part of the settings: frozen, and with no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def seconds(clock: time) -> int:
    """Seconds after midnight."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second
