"""What the shuttles' links work with, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from services.domain.errors import NavetteError
from services.domain.events import Report
from services.domain.ids import ShuttleId, ZoneId
from services.gateway.link_metrics import LinkMetrics
from services.gateway.orders import Orders
from services.runtime.clock import Clock
from services.runtime.dead_letters import DeadLetterWriter
from services.runtime.ports import Log
from services.wire.link import LinkError, LinkFault

CLOSE_CODES = {
    LinkFault.UNREADABLE: 4400,
    LinkFault.TOO_LONG: 4413,
    LinkFault.NOT_NOW: 4405,
    LinkFault.VERSION: 4406,
    LinkFault.REPLACED: 4409,
    LinkFault.SILENT: 4408,
    LinkFault.TOO_MANY: 4429,
    LinkFault.UNAVAILABLE: 4503,
}


class Gone(NavetteError):
    """The shuttle, or the network to it, is gone."""


class Wrong(NavetteError):
    """A frame that is answered with what is wrong with it."""

    def __init__(self, fault: LinkFault, place: str, reason: str, number: int = 0) -> None:
        self.fault, self.place, self.reason, self.number = fault, place, reason, number
        super().__init__(f"{fault}: {place}: {reason}")

    def told(self, *, closing: bool) -> LinkError:
        """Return the frame's body that says so."""
        return LinkError(
            fault=self.fault,
            place=self.place,
            reason=self.reason,
            number=self.number,
            closing=closing,
        )


class Socket(Protocol):
    """The WebSocket, as far as a link needs it; `receive` raises `Gone` at its end."""

    async def receive(self) -> bytes | str:
        """Return the next message."""

    async def send(self, data: bytes) -> None:
        """Send a message."""

    async def close(self, code: int, reason: str) -> None:
        """End it."""


class Peer(NamedTuple):
    """The shuttle at the other end, and its territory's clock."""

    territory: ZoneId
    shuttle: ShuttleId
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """Bounds of each link; see the settings that begin with ``link_``."""

    heartbeat_s: float = 10.0
    in_flight_max: int = 100
    reports_per_s: float = 100.0


@dataclass(slots=True, kw_only=True)
class LinkPlace:
    """Where links end on our side.

    Parameters
    ----------
    messages
        Where reports go.
    dead_letters
        Where reports go that nobody can read.
    orders
        Where plans come from.
    safe
        The last report that is known to be safe, with the boot that it is of, by shuttle.
    """

    messages: Log
    dead_letters: DeadLetterWriter
    orders: Orders
    metrics: LinkMetrics
    limits: LinkLimits
    safe: dict[tuple[ZoneId, ShuttleId], tuple[str, int]]


class Waiting(NamedTuple):
    """A report that is not safe yet."""

    number: int
    report: Report
    since: float
