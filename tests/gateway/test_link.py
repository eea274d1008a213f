"""A shuttle on its link: what it hears, what becomes of its reports, what it is told is wrong."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.domain.events import Arrived, Boarded, Passed
from services.domain.ids import RideId, ShuttleId
from services.domain.operating_domain import RestrictDriving, RoadsChanged
from services.domain.plan import Plan
from services.domain.zone_state import Row, RowKind, StoredRoads
from services.gateway.areas import ZONE
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.journal import linked
from services.runtime.ports import Changes, Group, Part
from services.runtime.shuttle_tokens import shuttle_token
from services.simulator.contact import link_url
from services.simulator.link_client import LinkClient, Pauses, Told
from services.wire.dead_letter import decode_letter
from services.wire.link import (
    LinkError,
    LinkFault,
    LinkHeartbeat,
    LinkHello,
    LinkWelcome,
    report_id,
)
from services.wire.stored import Entry
from services.wire.topics import Topic
from services.wire.zone_rows import encode_row
from tests.gateway.links import BOOT, KEY, PATH, SHUTTLE, breaking, gateway, shuttle
from tests.gateway.peer import DAY, EIGHT_S

AT_STOP = Arrived(SHUTTLE, 1, EIGHT_S)


def fault(frame: Any) -> LinkError:
    assert isinstance(frame.body, LinkError)
    return frame.body


async def test_a_shuttle_is_told_zone_time_and_bounds() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        welcome = (await hand.hears()).body
    assert isinstance(welcome, LinkWelcome)
    assert (welcome.zone, welcome.speed_permille) == (ZONE, 1000)
    assert welcome.midnight_ms == DAY.midnight.timestamp() * 1000
    assert welcome.now_ms - welcome.midnight_ms >= EIGHT_S * 1000
    assert (welcome.heartbeat_ms, welcome.in_flight_max) == (10_000, 100)


async def test_a_shuttle_gets_its_newest_plan_at_once_and_newer_ones_as_they_come() -> None:
    async with gateway() as house:
        await house.plan(1)
        await house.plan(2)
        async with shuttle(house.port) as hand:
            first = (await hand.hears(Plan)).body
            await house.plan(3)
            second = (await hand.hears(Plan)).body
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert (first.revision, second.revision) == (2, 3)


async def test_a_plan_that_the_shuttle_holds_is_not_sent_again() -> None:
    async with gateway() as house:
        await house.plan(2)
        async with shuttle(house.port, LinkHello(boot_id=BOOT, plan_revision=2)) as hand:
            await hand.hears(LinkWelcome)
            await house.plan(3)
            plan = (await hand.hears(Plan)).body
    assert isinstance(plan, Plan)
    assert plan.revision == 3


async def test_shuttles_hear_of_roads() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await house.tell(RoadsChanged(1, (4, 7), ()))
        roads = (await hand.hears(RoadsChanged)).body
    assert isinstance(roads, RoadsChanged)
    assert roads.closed == (4, 7)


async def test_roads_that_were_closed_long_ago_are_looked_up() -> None:
    closed = StoredRoads(
        version=3, closures=(), domain=RestrictDriving((), ()), closed=(4, 7), changed_s=5
    )
    body = encode_row(Row(RowKind.ROADS, "", closed))
    store = EmbeddedStore()
    await store.open(ZONE, 0, DAY.date)
    holding = await store.take(0, [ZONE], "test")
    changes = {ZONE: Changes(parts=(Part(RowKind.ROADS, "", body),))}
    await store.commit(0, holding.epoch, Group(entries=[first_entry()], changes=changes))
    async with gateway(store) as house, shuttle(house.port) as hand:
        roads = (await hand.hears(RoadsChanged)).body
    assert roads == RoadsChanged(3, (4, 7), ())


def first_entry() -> Entry:
    entry = Entry(
        zone=ZONE,
        number=1,
        now_s=EIGHT_S,
        decided_at_ms=1,
        inputs=(),
        events=(),
        message_ids=(),
    )
    return linked(b"", entry)


async def test_a_report_lies_on_the_log_under_an_id_made_of_shuttle_boot_and_number() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.send(AT_STOP, 5)
        await hand.is_told_safe(5)
        (sent,) = house.reported()
    assert sent.body == AT_STOP
    assert sent.message_id == report_id(ZONE, SHUTTLE, BOOT, 5)
    assert sent.zone_time_s == EIGHT_S


async def test_a_report_is_acknowledged_only_when_it_is_safe() -> None:
    async with gateway(link_heartbeat_s=0.05) as house, shuttle(house.port) as hand:
        house.log.open.clear()
        await hand.send(AT_STOP, 1)
        for number in range(3):
            await hand.send(LinkHeartbeat(number))
            assert (await hand.hears(LinkHeartbeat)).received_up_to == 0
        house.log.open.set()
        await hand.is_told_safe(1)


async def test_what_is_sent_again_is_not_taken_again() -> None:
    async with gateway() as house:
        async with shuttle(house.port) as hand:
            await hand.send(AT_STOP, 1)
            await hand.is_told_safe(1)
        async with shuttle(house.port) as hand:
            assert (await hand.hears(LinkWelcome)).received_up_to == 1
            await hand.send(AT_STOP, 1)
            await hand.send(AT_STOP, 2)
            await hand.is_told_safe(2)
        ids = [one.message_id for one in house.reported()]
    assert ids == [report_id(ZONE, SHUTTLE, BOOT, number) for number in (1, 2)]


async def test_reports_of_another_boot_count_anew() -> None:
    async with gateway() as house:
        for boot in ("boot-0001", "boot-0002"):
            async with shuttle(house.port, LinkHello(boot_id=boot)) as hand:
                await hand.send(AT_STOP, 1)
                await hand.is_told_safe(1)
        assert len({one.message_id for one in house.reported()}) == 2


async def test_a_newer_connection_takes_over_and_the_older_is_told() -> None:
    async with gateway() as house, shuttle(house.port) as older:
        await older.hears(LinkWelcome)
        async with shuttle(house.port) as newer:
            await newer.hears(LinkWelcome)
            told = fault(await older.hears(LinkError))
            with pytest.raises(ConnectionClosed) as closed:
                await older.hears()
            await newer.send(AT_STOP, 1)
            await newer.is_told_safe(1)
    assert (told.fault, told.closing) == (LinkFault.REPLACED, True)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409


@pytest.mark.parametrize(
    ("data", "kind", "place"),
    [
        (b"\xff\xff", LinkFault.UNREADABLE, "frame"),
        (b"", LinkFault.UNREADABLE, "frame.body"),
        (b"\x08\x07\x92\x02\x00", LinkFault.UNREADABLE, "left.shuttle_id"),
        (b"\x82\x02\x00", LinkFault.UNREADABLE, "arrived.shuttle_id"),
        ("hello", LinkFault.UNREADABLE, "frame"),
        (b"\x00" * 5000, LinkFault.TOO_LONG, "frame"),
    ],
)
async def test_a_malformed_frame_is_answered_counted_and_no_more(
    data: bytes | str, kind: LinkFault, place: str
) -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.socket.send(data)
        told = fault(await hand.hears(LinkError))
        await hand.send(AT_STOP, 8)
        await hand.is_told_safe(8)
        assert house.metric("navette_shuttle_frames_total", outcome=kind.value) == 1
        assert house.metric("navette_shuttle_links") == 1
    assert (told.fault, told.place, told.closing) == (kind, place, False)


async def test_a_report_that_nobody_can_read_is_put_aside_as_it_came() -> None:
    newer = b"\x08\x07\x92\x02\x00"
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.socket.send(newer)
        told = fault(await hand.hears(LinkError))
        await hand.socket.send(b"\xff\xff")
        await hand.hears(LinkError)
        (kept,) = [decode_letter(item.value) for item in house.memory.read(Topic.DEAD_LETTERS)]
    assert told.number == 7
    assert (kept.topic, kept.key, kept.data) == (Topic.SHUTTLE_REPORTS, SHUTTLE, newer)
    assert kept.place == f"link of {SHUTTLE}, boot {BOOT}, report 7: left.shuttle_id"


async def test_too_many_wrong_frames_end_the_link() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(30):
                await hand.socket.send(b"\xff")
        told = [fault(await hand.hears(LinkError)) for _ in range(21)]
    assert (told[-1].fault, told[-1].closing) == (LinkFault.TOO_MANY, True)


async def test_a_shuttle_reports_about_itself_only() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.send(Arrived(ShuttleId("shuttle-2"), 1, EIGHT_S), 1)
        told = fault(await hand.hears(LinkError))
        await hand.send(AT_STOP, 2)
        await hand.is_told_safe(2)
        assert [one.body for one in house.reported()] == [AT_STOP]
    assert (told.fault, told.number) == (LinkFault.NOT_YOURS, 1)


async def test_numbers_grow() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.send(AT_STOP, 4)
        await hand.send(AT_STOP, 4)
        told = fault(await hand.hears(LinkError))
        assert house.metric("navette_shuttle_frames_total", outcome="out_of_order") == 1
    assert (told.fault, told.number) == (LinkFault.OUT_OF_ORDER, 4)


async def test_a_heartbeat_is_answered() -> None:
    async with gateway() as house, shuttle(house.port) as hand:
        await hand.send(LinkHeartbeat(17))
        assert (await hand.hears(LinkHeartbeat)).body == LinkHeartbeat(17, answer=True)


async def test_the_gateway_beats_and_ends_a_link_on_which_nothing_is_heard() -> None:
    async with gateway(link_heartbeat_s=0.05) as house, shuttle(house.port) as hand:
        assert (await hand.hears(LinkHeartbeat)).body == LinkHeartbeat(1)
        assert fault(await hand.hears(LinkError)).fault is LinkFault.SILENT


@pytest.mark.parametrize(
    ("hello", "kind", "place"),
    [
        (LinkHello(protocol=2, boot_id=BOOT), LinkFault.VERSION, "hello.protocol"),
        (LinkHello(boot_id="short"), LinkFault.UNREADABLE, "hello.boot_id"),
        (LinkHeartbeat(1), LinkFault.NOT_NOW, "frame.body"),
    ],
)
async def test_who_does_not_greet_well_is_told_why_and_goes(
    hello: Any, kind: LinkFault, place: str
) -> None:
    async with gateway() as house, shuttle(house.port, None) as hand:
        await hand.send(hello)
        told = fault(await hand.hears())
    assert (told.fault, told.place, told.closing) == (kind, place, True)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"token": "0" * 64}, 401),
        ({"token": shuttle_token(KEY, ZONE, ShuttleId("shuttle-2"))}, 401),
        ({"path": f"{PATH}?territory=elsewhere"}, 401),
        (
            {
                "path": "/v1/shuttles/shuttle-9/link",
                "token": shuttle_token(KEY, ZONE, ShuttleId("shuttle-9")),
            },
            404,
        ),
        ({"subprotocols": ["other"]}, 400),
    ],
)
async def test_who_may_not_connect_is_told_why(changes: dict[str, Any], status: int) -> None:
    async with gateway() as house:
        with pytest.raises(InvalidStatus) as refused:
            async with shuttle(house.port, **changes):
                pass
    assert refused.value.response.status_code == status
    assert b'"detail"' in (refused.value.response.body or b"")


async def test_without_a_key_the_route_says_that_it_is_off() -> None:
    async with gateway(shuttle_key=None) as house:
        with pytest.raises(InvalidStatus) as refused:
            async with shuttle(house.port):
                pass
        async with httpx.AsyncClient() as client:
            plain = await client.get(f"http://127.0.0.1:{house.port}{PATH}")
    assert refused.value.response.status_code == plain.status_code == 501
    assert b"NAVETTE_SHUTTLE_KEY" in (refused.value.response.body or b"")


async def test_a_connection_over_the_bound_is_told_to_try_again() -> None:
    async with gateway(links_max=1) as house, shuttle(house.port) as hand:
        await hand.hears(LinkWelcome)
        with pytest.raises(InvalidStatus) as refused:
            async with shuttle(house.port):
                pass
    assert refused.value.response.status_code == 503
    assert "Retry-After" in refused.value.response.headers


async def deliver(count: int, budgets: list[tuple[int, int]], fails: list[int]) -> None:
    """Reports of a shuttle whose connections and log break, and what the log holds after."""
    reports = [
        Passed(SHUTTLE, n, EIGHT_S + n) if n % 3 else Boarded(SHUTTLE, RideId(f"r{n}"), 1, EIGHT_S)
        for n in range(count)
    ]
    async with gateway(link_in_flight_max=5) as house:
        house.log.fails = list(fails)
        async with breaking(house.port, list(budgets)) as port:
            client = LinkClient(
                link_url(f"ws://127.0.0.1:{port}", ZONE, SHUTTLE),
                shuttle_token(KEY, ZONE, SHUTTLE),
                SHUTTLE,
                Told(plan=lambda _: None),
                Pauses(0.001, 0.005),
            )
            running = asyncio.create_task(client.run())
            for report in reports:
                client.say(report)
                await asyncio.sleep(0)
            async with asyncio.timeout(30):
                await client.all_safe()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        # A dispatcher takes what comes first under an id, and drops the rest.
        once = {one.message_id: one.body for one in reversed(house.reported())}
        firsts = dict.fromkeys(one.message_id for one in house.reported())
    assert [once[one] for one in firsts] == reports


@settings(max_examples=25)
@given(
    count=st.integers(1, 30),
    budgets=st.lists(st.tuples(st.integers(1, 1500), st.integers(1, 1500)), max_size=6),
    fails=st.lists(st.integers(0, 5), max_size=4),
)
def test_each_report_takes_effect_once_and_in_order_whatever_breaks(
    count: int, budgets: list[tuple[int, int]], fails: list[int]
) -> None:
    asyncio.run(deliver(count, budgets, fails))
