"""Clocks go wrong: none that ran ahead lets requests expire, and one that is off owns nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.dispatcher.host import CLOCKS_S, Host
from services.dispatcher.right_time import OFF_S_MAX, compare
from services.dispatcher.surroundings import ShardMetrics, Surroundings
from services.domain.errors import Unavailable
from services.domain.events import Event, OfferExpired, RideOffered, WakeUp
from services.domain.ids import ZoneId
from services.runtime.clock import VirtualClock, WallClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.memory import MemoryLog
from services.runtime.metrics import new_registry
from services.wire.envelope import Envelope
from tests.dispatcher.test_shard import Letters, request
from tests.gateway.peer import DAY, EIGHT_S, network

MAIN = ZoneId("main")
RAN_AHEAD_S = 600


class DatedStore(EmbeddedStore):
    """A store with a clock of its own."""

    def __init__(self, shows_ms: int) -> None:
        super().__init__()
        self.shows_ms = shows_ms

    async def now_ms(self) -> int | None:
        return self.shows_ms


def asked(host: Host, name: str, now_s: int, useful_until_s: int) -> Sequence[Event]:
    """What comes of a request."""
    body = replace(request(name), useful_until_s=useful_until_s)
    envelope = Envelope(
        message_id=name,
        zone=MAIN,
        happened_at_ms=0,
        recorded_at_ms=0,
        zone_time_s=now_s,
        body=body,
    )
    decided = host.take(envelope, body, now_s)
    assert decided is not None
    again = Host(MAIN, host.network, host.clock)
    for message in decided.entry.messages():
        again.zone.apply(WakeUp(), EIGHT_S + RAN_AHEAD_S)
        assert again.zone.apply(message, decided.entry.now_s)[0] == decided.events[0]
    return decided.events


def host() -> Host:
    """A zone whose last owner's clock was ahead."""
    made = Host(MAIN, network(), VirtualClock(DAY, EIGHT_S))
    made.wake(WakeUp(), EIGHT_S + RAN_AHEAD_S)
    return made


def test_a_clock_that_ran_ahead_lets_no_request_of_right_ones_expire() -> None:
    events = asked(host(), "r-1", EIGHT_S, EIGHT_S + 30)
    assert isinstance(events[0], RideOffered)


def test_a_gateway_that_is_a_little_behind_is_answered() -> None:
    made = Host(MAIN, network(), VirtualClock(DAY, EIGHT_S))
    made.wake(WakeUp(), EIGHT_S + RAN_AHEAD_S)
    now_s = EIGHT_S + RAN_AHEAD_S
    assert isinstance(asked(made, "r-1", now_s, now_s - CLOCKS_S)[0], RideOffered)


def test_a_request_whose_answer_nobody_waits_for_expires() -> None:
    made = host()
    now_s = EIGHT_S + RAN_AHEAD_S
    assert isinstance(asked(made, "r-1", now_s, now_s - CLOCKS_S - 1)[0], OfferExpired)


@pytest.mark.parametrize(("off_s", "owns"), [(0, True), (3, True), (-600, False), (600, False)])
async def test_a_shard_is_not_dispatched_by_a_clock_that_is_off(off_s: int, owns: bool) -> None:
    real = WallClock.from_now("UTC")
    store = DatedStore(real.now_ms() + off_s * 1000)
    around = Surroundings(
        messages=EmbeddedLog(MemoryLog(bound=10)),
        store=store,
        dead_letters=Letters(),
        clock=real,
        owner="dispatcher-0",
        metrics=ShardMetrics(new_registry()),
    )
    if owns:
        await compare(around, 0)
    else:
        with pytest.raises(Unavailable, match="clock"):
            await compare(around, 0)
    assert around.metrics.clock._value.get() == pytest.approx(-off_s, abs=OFF_S_MAX)
    # One that is to show another time is compared with nothing.
    await compare(replace(around, clock=VirtualClock(DAY, EIGHT_S)), 0)
    await asyncio.sleep(0)
