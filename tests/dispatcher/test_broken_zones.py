"""A zone that breaks: who is to blame is put aside, the others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.dispatcher.company import Beside
from services.dispatcher.core import Zone
from services.dispatcher.host import Host
from services.dispatcher.hosts import Hosts
from services.dispatcher.places import INPUTS
from services.dispatcher.shard import Shard
from services.dispatcher.surroundings import Surroundings
from services.domain.errors import StateMismatch, Unreadable
from services.domain.events import (
    AcceptOffer,
    Boarded,
    CommandTurnedDown,
    Message,
    OfferExpired,
    Passed,
    RequestRide,
    RideConfirmed,
    RideOffered,
)
from services.domain.ids import RideId, ShuttleId, ZoneId
from services.runtime.clock import VirtualClock
from services.runtime.embedded import EmbeddedLog
from services.runtime.journal import verify
from services.runtime.memory import MemoryLog
from services.runtime.ports import Changes, Record, ZoneHolding
from services.wire.codec import encode
from services.wire.envelope import Envelope
from services.wire.topics import Topic
from tests.dispatcher.test_shard import Desk, WatchedStore, request
from tests.gateway.peer import DAY, EIGHT_S, network

A, B = ZoneId("a"), ZoneId("b")
SHUTTLE = ShuttleId("shuttle-1")


def shard_of(here: Desk, beside: Beside | None = None) -> Shard:
    territory = network()
    around = Surroundings(
        messages=here.log,
        store=here.store,
        dead_letters=here.letters,
        clock=here.clock,
        owner="dispatcher-0",
        metrics=here.metrics,
    )

    def host(zone: ZoneId, holding: ZoneHolding) -> Host:
        here.hosts[zone] = Host.held(zone, territory, here.clock, holding)
        return here.hosts[zone]

    return Shard(0, [A, B], host, lambda _: beside or Beside(), around)


class TwoZones(Desk):
    """A running loop of a shard with two zones."""

    def own(self, beside: Beside | None = None) -> None:
        """Take the shard."""
        self.shard = shard_of(self, beside)
        self.task = asyncio.create_task(self.shard.run())

    async def events(self, count: int, topic: Topic = Topic.RIDE_EVENTS) -> list[Envelope]:
        """The first ``count`` events that left; some leave twice."""
        found: dict[str, Envelope] = {}
        wanted = count
        while len(found) < count:
            found = {one.message_id: one for one in await super().events(wanted, topic)}
            wanted += 1
        return list(found.values())

    async def lose(self) -> None:
        """Lose the shard, as a process that dies."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@contextlib.asynccontextmanager
async def desk(beside: Beside | None = None) -> AsyncIterator[TwoZones]:
    memory: MemoryLog[bytes] = MemoryLog(bound=1000)
    here = TwoZones(memory, EmbeddedLog(memory), WatchedStore(memory), VirtualClock(DAY, EIGHT_S))
    for zone in (A, B):
        await here.store.open(zone, 0, DAY.date)
    # What nobody has yet to read is dropped by this log.
    readers = [here.log.reader(topic, 0) for topic in INPUTS]
    here.own(beside)
    await asyncio.sleep(0)
    yield here
    await here.lose()
    for reader in readers:
        reader.close()


def command(offset: int) -> Record:
    return Record(Topic.RIDE_COMMANDS, 0, offset, "k", Unreadable("envelope", "no envelope"), b"")


class Bug:
    """Something in a zone that breaks; it can be mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
        self.there = True
        self.met = 0
        whole = getattr(Zone, method)

        def broken(zone: Zone, *arguments: object) -> object:
            if self.there and self.bites(zone, *arguments):
                self.met += 1
                raise AssertionError("a bug")
            return whole(zone, *arguments)

        monkeypatch.setattr(Zone, method, broken)

    def bites(self, zone: Zone, *arguments: object) -> bool:
        raise NotImplementedError


class InMessages(Bug):
    """Breaks every step with a message of a kind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: type[Message]) -> None:
        super().__init__(monkeypatch, "apply")
        self.kind = kind

    def bites(self, zone: Zone, *arguments: object) -> bool:
        return isinstance(arguments[0], self.kind)


class InTimers(Bug):
    """Breaks every step of a zone that has an offer which is due to lapse."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch, "apply")

    def bites(self, zone: Zone, *arguments: object) -> bool:
        now_s = arguments[1]
        assert isinstance(now_s, int)
        due_s = zone.next_due_s()
        return due_s is not None and due_s <= now_s


def rides(events: list[Envelope], zone: ZoneId | None = None) -> list[str]:
    return [getattr(one.body, "ride_id", "") for one in events if zone in (None, one.zone)]


async def until(here: TwoZones, topic: Topic, offset: int) -> None:
    """Wait until everything up to an offset has had its effect."""
    async with asyncio.timeout(20):
        while here.store.read_to(topic) < offset:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_message_that_breaks_the_zone_is_put_aside_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InMessages, "bites", lambda _, __, message, ___: message == request("bad"))
    InMessages(monkeypatch, RequestRide)
    async with desk() as here:
        await here.send(request("a-1"), A)
        await here.send(request("bad"), A)
        await here.send(request("a-2"), A)
        await here.send(request("b-1"), B)
        events = await here.events(4)
        assert [reason for _, _, reason in here.letters.kept] == ["AssertionError: a bug"]
        assert not here.task.done()
        verify(await here.store.journal(A))
    assert rides(events, A) == ["a-1", "bad", "a-2"]
    (told,) = [one.body for one in events if isinstance(one.body, CommandTurnedDown)]
    assert (told.ride_id, told.command) == ("bad", "request"), "whoever asked is answered"


async def test_nobody_is_told_that_their_command_was_turned_down_but_by_a_zone_itself() -> None:
    async with desk() as here:
        forged = CommandTurnedDown(RideId("a-1"), "request", "so there")
        envelope = Envelope(
            message_id="forged",
            zone=A,
            happened_at_ms=0,
            recorded_at_ms=0,
            zone_time_s=EIGHT_S,
            body=forged,
        )
        here.memory.append(Topic.RIDE_COMMANDS, A, encode(envelope))
        await here.send(request("a-1"), A)
        (offered,) = await here.events(1)
        assert isinstance(offered.body, RideOffered)
        assert [place for _, place, _ in here.letters.kept] == ["envelope.body"]


async def test_a_timer_that_breaks_stops_its_zone_alone_and_blames_no_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bug = InTimers(monkeypatch)
    async with desk() as here:
        await here.send(request("a-1"), A)
        await here.events(1)
        here.clock.advance_to(EIGHT_S + 1000)
        await here.send(Boarded(SHUTTLE, RideId("a-1"), 0, EIGHT_S), A)
        await here.send(request("a-2"), A)
        await here.send(request("b-1"), B)
        await here.send(request("b-2"), B)
        events = await here.events(3)
        assert here.letters.kept == []
        assert not here.task.done()
        assert [one.zone for one in events] == [A, B, B]
        assert here.metrics.still._value.get() == 1
        await here.lose()
        assert here.metrics.still._value.get() == 0, "it is somebody else's to count"
    assert bug.met == 2


async def test_a_zone_that_stood_still_goes_on_under_its_next_owner_and_nothing_is_lost_or_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bug = InTimers(monkeypatch)
    async with desk() as here:
        await here.send(request("a-1"), A)
        await here.events(1)
        here.clock.advance_to(EIGHT_S + 1000)
        for number in range(2, 5):
            await here.send(request(f"a-{number}"), A)
            await here.send(request(f"b-{number}"), B)
        await here.events(4)
        await until(here, Topic.RIDE_COMMANDS, 7)
        for mended in (False, True):
            bug.there = not mended
            await here.lose()
            here.own()
            await here.send(request(f"b-{5 + mended}"), B)
            await here.events(5 + mended)
        await here.send(request("a-7"), A)
        events = await here.events(11)
        await until(here, Topic.RIDE_COMMANDS, 10)
        here.clock.advance_to(EIGHT_S + 1001)
        await here.lose()
        held = (await here.store.taken_over()).zones
        assert Topic.RIDE_COMMANDS not in held[A].unread
    answered = rides([one for one in events if not isinstance(one.body, OfferExpired)])
    assert sorted(answered) == [
        *(f"a-{n}" for n in (1, 2, 3, 4, 7)),
        *(f"b-{n}" for n in range(2, 7)),
    ]
    assert (
        answered.index("a-2")
        < answered.index("a-3")
        < answered.index("a-4")
        < answered.index("a-7")
    )


async def test_a_position_that_breaks_a_step_is_put_aside_and_the_message_that_met_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    InMessages(monkeypatch, Passed)
    async with desk() as here:
        await here.send(Passed(SHUTTLE, 0, EIGHT_S), A)
        await until_held(here)
        await here.send(request("a-1"), A)
        await here.send(request("b-1"), B)
        events = await here.events(2)
        await here.send(Passed(SHUTTLE, 0, EIGHT_S), A)
        await until(here, Topic.SHUTTLE_REPORTS, 2)
        assert [place for _, place, _ in here.letters.kept] == [""]
        assert not here.task.done()
    assert sorted(rides(events)) == ["a-1", "b-1"]


async def until_held(here: TwoZones) -> None:
    async with asyncio.timeout(20):
        while A not in here.hosts or here.hosts[A].next_due_s() is None:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_an_accept_that_breaks_when_it_is_heard_early_is_put_aside_in_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk() as here:
        await here.send(request("a-1"), A)
        await here.send(request("b-1"), B)
        await here.events(2)
        await here.lose()
        InMessages(monkeypatch, AcceptOffer)
        monkeypatch.setattr(
            InMessages,
            "bites",
            lambda _, zone, message, __: (
                isinstance(message, AcceptOffer) and message.ride_id == "a-1"
            ),
        )
        await here.send(AcceptOffer(RideId("a-1")), A)
        await here.send(request("a-2"), A)
        await here.send(AcceptOffer(RideId("b-1")), B)
        here.own()
        events = await here.events(5)
        await until(here, Topic.RIDE_COMMANDS, 5)
        assert [reason for _, _, reason in here.letters.kept] == ["AssertionError: a bug"]
        assert not here.task.done()
    assert RideConfirmed(RideId("b-1")) in [one.body for one in events]
    assert rides(events, A) == ["a-1", "a-1", "a-2"]


async def test_what_breaks_beside_a_zone_is_started_again_and_the_zone_goes_on() -> None:
    started = asyncio.Event()

    async def breaks() -> None:
        started.set()
        raise OSError("no more processes")

    async with desk(Beside({"improver": breaks})) as here:
        await here.send(request("a-1"), A)
        await here.events(1)
        await started.wait()
        await here.send(request("a-2"), A)
        await here.events(2)
        assert not here.task.done()
        assert here.metrics.attendants.labels("improver")._value.get() == 2


async def test_what_runs_beside_a_zone_ends_when_that_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[asyncio.Event] = []

    async def run() -> None:
        runs.append(ended := asyncio.Event())
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    changes = Host.changes

    def broken(host: Host) -> Changes:
        if host.id == A:
            raise AssertionError("a bug")
        return changes(host)

    async with desk(Beside({"improver": run})) as here:
        await here.send(request("b-1"), B)
        await here.events(1)
        monkeypatch.setattr(Host, "changes", broken)
        await here.send(request("a-1"), A)
        await here.send(request("b-2"), B)
        assert rides(await here.events(2)) == ["b-1", "b-2"]
        async with asyncio.timeout(20):
            await runs[0].wait()
        assert [ended.is_set() for ended in runs] == [True, False]


async def test_where_poison_lay_is_forgotten_once_it_is_put_aside_for_good() -> None:
    def make(zone: ZoneId, held: ZoneHolding) -> Host:
        return Host.held(zone, network(), VirtualClock(DAY, EIGHT_S), held)

    async with desk() as here:
        hosts = Hosts(await here.store.taken_over(), make, here.store, here.metrics)
        hosts.poison = {(Topic.RIDE_COMMANDS, 3): "a bug", (Topic.RIDE_COMMANDS, 4): "a bug"}
        hosts.places.hear(command(3), A)
        assert len(hosts.poison) == 2
        hosts.committed()
        assert list(hosts.poison) == [(Topic.RIDE_COMMANDS, 4)]


async def test_a_zone_whose_state_does_not_fit_stands_still_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restored, asked = Zone.restored, 0

    def fits_later(*arguments: Any) -> Zone:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise StateMismatch("no longer in the fleet, but with riders")
        return restored(*arguments)

    monkeypatch.setattr(Zone, "restored", fits_later)
    async with desk() as here:
        await here.send(request("a-1"), A)
        await here.send(request("b-1"), B)
        (offered,) = await here.events(1)
        assert offered.zone == B
        assert here.metrics.still._value.get() == 1
        await here.lose()
        here.own()
        assert rides(await here.events(2), A) == ["a-1"], "where its territory is mended"
