"""Probes, metrics, documentation and log lines of the gateway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
import structlog

from services.domain.errors import Unavailable
from services.domain.events import RideConfirmed
from services.domain.ids import RideId, ZoneId
from services.gateway.follower import Follower
from services.gateway.view import RideView
from services.runtime.embedded import EmbeddedLog
from services.runtime.memory import MemoryLog
from services.wire.topics import Topic
from tests.gateway.peer import Peer, agreeable, house, silent


async def test_it_is_healthy_once_it_follows_the_events() -> None:
    async with house() as gateway:
        await asyncio.sleep(0.01)
        answer = await gateway.client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_it_is_not_healthy_before_it_has_caught_up() -> None:
    log = EmbeddedLog(MemoryLog())
    await Peer(log, silent).say(RideConfirmed(RideId("r-1")))
    view = RideView()
    follower = Follower(log, Topic.RIDE_EVENTS, view.apply, lambda: None)
    assert not follower.ready
    task = asyncio.create_task(follower.run())
    await asyncio.sleep(0.01)
    assert follower.ready
    assert view.get(RideId("r-1")) is not None
    task.cancel()


async def test_it_is_not_healthy_once_its_follower_died_and_nobody_waits_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house(silent, answer_s=30) as gateway:
        waiting = asyncio.create_task(gateway.ask())
        await asyncio.sleep(0.01)

        def broken(*_: object) -> None:
            raise RuntimeError("bug")

        monkeypatch.setattr(RideView, "apply", broken)
        await gateway.tell(RideConfirmed(RideId("r-1")))
        assert (await asyncio.wait_for(waiting, 5)).status_code == 503
        health = await gateway.client.get("/healthz")
        assert health.status_code == 503
        assert health.headers["content-type"] == "application/problem+json"


async def test_an_event_that_cannot_be_read_is_counted_and_the_rest_goes_on() -> None:
    async with house() as gateway:
        await gateway.log.append_raw(Topic.RIDE_EVENTS, 0, "k", b"\xff\xff")
        assert (await gateway.ask()).status_code == 201
        text = (await gateway.client.get("/metrics")).text
    assert "navette_events_unreadable_total 1.0" in text


async def test_metrics_tell_what_happened() -> None:
    async with house() as gateway:
        first = await gateway.ask("k-1")
        await gateway.ask("k-2")
        await gateway.ask("k-3", seats=0)
        await gateway.client.post(f"{first.headers['location']}/accept")
        await gateway.client.get("/v1/rides/none-such")
        await gateway.client.get("/no/such/path")
        answer = await gateway.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    for line in (
        'navette_ride_requests_total{outcome="offered"} 2.0',
        'navette_ride_requests_total{outcome="invalid"} 1.0',
        "navette_ride_answer_seconds_count 2.0",
        'navette_rides_total{status="confirmed"} 1.0',
        'navette_rides_total{status="offered"} 1.0',
        "navette_callers_waiting_total 0.0",
        "navette_streams_total 0.0",
        'navette_http_responses_total{method="POST",route="/v1/rides",status="201"} 2.0',
        'navette_http_responses_total{method="GET",route="/v1/rides/{ride_id}",status="404"} 1.0',
        'navette_http_responses_total{method="GET",route="other",status="404"} 1.0',
    ):
        assert line in answer.text.splitlines()
    assert str(first.json()["id"]) not in answer.text
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    assert all(name.startswith(("navette_", "process_")) for name in names)


async def test_the_documentation_needs_no_network() -> None:
    async with house() as gateway:
        page = await gateway.client.get("/docs")
        assert page.status_code == 200
        parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(parts) == 4
        for part in parts:
            assert part.startswith("docs/assets/")
            found = await gateway.client.get(f"/{part}")
            assert found.status_code == 200
            if part.endswith("start.js"):
                assert "//" not in found.text
        assert "//" not in page.text.replace("<!DOCTYPE", "")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy


async def test_the_description_names_every_path_and_every_field() -> None:
    async with house() as gateway:
        described = (await gateway.client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.0")
    paths = {path: set(methods) for path, methods in described["paths"].items()}
    assert paths == {
        "/v1/rides": {"post"},
        "/v1/rides/{ride_id}": {"get", "delete"},
        "/v1/rides/{ride_id}/accept": {"post"},
        "/v1/rides/{ride_id}/contact": {"get"},
        "/v1/rides/{ride_id}/events": {"get"},
        "/v1/shuttles/{shuttle_id}/lend": {"post"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    schemas = described["components"]["schemas"]
    assert {"origin", "destination", "departure", "seats", "wheelchairs", "contact"} <= set(
        schemas["RideIn"]["properties"]
    )
    assert set(schemas["ContactIn"]["properties"]) == {"name", "phone", "note"}
    assert schemas["RideOut"]["properties"]["offer"]["nullable"] is True
    referred = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert referred <= set(schemas)
    assert "'type': 'null'" not in str(described)


@pytest.fixture
def lines() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


async def test_log_lines_tell_routes_and_no_places(
    lines: list[structlog.typing.EventDict],
) -> None:
    async with house(agreeable) as gateway:
        await gateway.ask()
        await gateway.ask("k-2", origin={"lon": 1.40017, "lat": 999})
        await gateway.client.get("/healthz")
    assert [(line["event"], line["route"], line["status"]) for line in lines] == [
        ("http_answered", "/v1/rides", 201),
        ("http_answered", "/v1/rides", 422),
    ]
    assert "46.2" not in str(lines)
    assert "1.40" not in str(lines)


def test_a_ride_of_which_nothing_was_ever_heard_makes_room_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = RideView(rides_max=2)
    for name in ("r-1", "r-2"):
        view.register(RideId(name), ZoneId("main"), b"")
    with pytest.raises(Unavailable, match="too many"):
        view.register(RideId("r-3"), ZoneId("main"), b"")
    monkeypatch.setattr("services.gateway.view.LOST_S", -1.0)
    view.register(RideId("r-3"), ZoneId("main"), b"")
    assert view.get(RideId("r-1")) is None
