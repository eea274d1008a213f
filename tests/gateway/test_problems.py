"""Whatever is wrong is said as a problem (RFC 9457), and nothing wrong reaches a topic."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events import RideCancelled
from services.domain.ride import Status
from services.gateway import reading
from services.gateway.bodies import RideIn
from services.gateway.problems import Problem
from tests.gateway.peer import DAY, EIGHT_S, STATION, VILLAGE, agreeable, house, ride_id_of, silent

KEY = {"Idempotency-Key": "k-1"}
JSON = {"Content-Type": "application/json"}


def is_problem(answer: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"].startswith("urn:navette:problem:")
    if kind is not None:
        assert body["type"] == f"urn:navette:problem:{kind}"
    return body


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"origin": None}, "#/origin"),
        ({"origin": {"lon": 1.4}}, "#/origin/lat"),
        ({"origin": {"lon": 181, "lat": 46}}, "#/origin/lon"),
        ({"origin": {"lon": 1.4, "lat": -90.5}}, "#/origin/lat"),
        ({"origin": {"lon": "1.4", "lat": 46}}, "#/origin/lon"),
        ({"destination": [1.4, 46]}, "#/destination"),
        ({"destination": {"lon": 1, "lat": 2, "name": "home"}}, "#/destination/name"),
        ({"seats": 0}, "#"),
        ({"seats": -1}, "#/seats"),
        ({"seats": 1.5}, "#/seats"),
        ({"seats": True}, "#/seats"),
        ({"seats": 10**30}, "#/seats"),
        ({"wheelchairs": 201}, "#/wheelchairs"),
        ({"luggage": None}, "#/luggage"),
        ({"departure": "tomorrow"}, "#/departure"),
        ({"departure": "2026-06-10T09:00:00"}, "#/departure"),
        ({"departure": "2026-06-10"}, "#/departure"),
        ({"departure": "1781071200"}, "#/departure"),
        ({"departure": 1781071200}, "#/departure"),
        ({"departure": "2026-06-31T09:00:00Z"}, "#/departure"),
        ({"departure": "2026-06-10T05:58:00Z"}, "#/departure"),
        ({"departure": "2026-06-18T06:00:00Z"}, "#/departure"),
        ({"departure": "9999-12-31T23:59:59-12:00"}, "#/departure"),
        ({"departure": "0001-01-01T00:00:00+12:00"}, "#/departure"),
        ({"arrive_by": "2026-06-10T05:00:00Z"}, "#/arrive_by"),
        ({"arrive_by": "2027-06-10T05:00:00Z"}, "#/arrive_by"),
        ({"shuttle": "mine"}, "#/shuttle"),
    ],
)
async def test_a_body_that_makes_no_sense_is_said_to_and_where(changes: Any, pointer: str) -> None:
    async with house() as gateway:
        answer = await gateway.ask(**changes)
        assert gateway.peer.commands == []
    body = is_problem(answer, 422, "invalid-request")
    assert [error["pointer"] for error in body["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"ride"',
        b"\xff\xfe",
        b'{"origin": {"lon": NaN, "lat": 1}, "destination": {"lon": 1, "lat": 1}}',
        b'{"origin": {"lon": 1e400, "lat": 1}, "destination": {"lon": 1, "lat": 1}}',
        b"[" * 10_000,
    ],
)
async def test_a_body_that_is_no_request_is_said_to_be_none(body: bytes) -> None:
    async with house() as gateway:
        answer = await gateway.client.post("/v1/rides", content=body, headers=KEY | JSON)
        assert gateway.peer.commands == []
    is_problem(answer, 422, "invalid-request")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["origin", "destination", "lon", "lat", "seats", "departure"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=200)
def test_any_json_is_a_request_or_a_problem(value: Any) -> None:
    try:
        wish = RideIn.read(json.dumps(value).encode())
    except Problem as problem:
        answer = json.loads(bytes(problem.response().body))
        assert answer["errors"]
    else:
        assert wish.seats + wish.wheelchairs > 0


async def test_all_parts_at_fault_are_named_and_none_is_quoted() -> None:
    async with house() as gateway:
        answer = await gateway.ask(origin={"lon": 999.25, "lat": "46.77"}, seats=-7)
    body = is_problem(answer, 422)
    assert len(body["errors"]) == 3
    for sent in ("999.25", "46.77", "-7"):
        assert sent not in answer.text


@pytest.mark.parametrize("keys", [[], [""], ["two words"], ["x" * 201], ["é"], ["k-1", "k-2"]])
async def test_a_ride_needs_one_proper_key(keys: list[str]) -> None:
    async with house() as gateway:
        answer = await gateway.client.post(
            "/v1/rides",
            json={"origin": VILLAGE, "destination": STATION},
            headers=[(b"Idempotency-Key", key.encode()) for key in keys],
        )
        assert gateway.peer.commands == []
    is_problem(answer, 400, "idempotency-key-needed")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_another_kind_of_body_is_not_read(headers: dict[str, str]) -> None:
    async with house() as gateway:
        answer = await gateway.client.post("/v1/rides", content=b"{}", headers=KEY | headers)
    is_problem(answer, 415)


async def test_a_body_that_is_too_long_is_not_read() -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b" " * 1024

    async with house() as gateway:
        announced = await gateway.client.post(
            "/v1/rides", content=b" " * 20_000, headers=KEY | JSON
        )
        unannounced = await gateway.client.post("/v1/rides", content=endless(), headers=KEY | JSON)
    is_problem(announced, 413)
    is_problem(unannounced, 413)
    assert read < 30


async def test_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def slow() -> Any:
        yield b"{"
        await asyncio.sleep(5)

    monkeypatch.setattr(reading, "BODY_S_MAX", 0.01)
    async with house() as gateway:
        answer = await gateway.client.post("/v1/rides", content=slow(), headers=KEY | JSON)
    is_problem(answer, 408, "too-slow")


async def test_what_is_not_there_is_a_problem_too() -> None:
    async with house() as gateway:
        client = gateway.client
        for path in ("/", "/v1", "/v1/rides/", "/docs/assets/../app.py", "/docs/assets/index.html"):
            is_problem(await client.get(path), 404)
        is_problem(await client.get("/v1/rides/none"), 404, "unknown-ride")
        is_problem(await client.post("/v1/rides/none/accept"), 404, "unknown-ride")
        is_problem(await client.delete("/v1/rides/none"), 404, "unknown-ride")
        is_problem(await client.get("/v1/rides/none/events"), 404, "unknown-ride")
        wrong = await client.put("/v1/rides")
        is_problem(wrong, 405)
        assert "POST" in wrong.headers["allow"]


async def test_a_full_log_says_when_to_come_back_and_the_ride_can_be_asked_for_again() -> None:
    async with house(None, log_bound=1) as gateway:
        assert (await gateway.ask("k-1")).status_code == 202
        answers = await asyncio.gather(*(gateway.ask("k-2") for _ in range(3)))
        for answer in answers:
            # Of how it is inside, whoever runs it reads in the log.
            assert is_problem(answer, 503, "unavailable")["detail"] == "ride-commands is full"
            assert int(answer.headers["retry-after"]) >= 1
        assert gateway.app.state.view.by_status(Status.REQUESTED) == 1
        answering = asyncio.create_task(gateway.peer.run())
        await asyncio.sleep(0.01)
        assert (await gateway.ask("k-2")).status_code == 201
        answering.cancel()


async def test_too_many_callers_at_once_are_told_to_come_back() -> None:
    async with house(silent, in_flight_max=3) as gateway:
        answers = await asyncio.gather(*(gateway.ask(f"k-{n}") for n in range(5)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [202, 202, 202, 503, 503]
        for answer in answers:
            if answer.status_code == 503:
                is_problem(answer, 503, "unavailable")
                assert int(answer.headers["retry-after"]) >= 1
        assert len(gateway.peer.commands) == 3
        # The place is free again.
        assert (await gateway.ask("k-9")).status_code == 202


async def test_too_many_rides_under_way_are_told_to_come_back_and_old_ones_make_room() -> None:
    async with house(rides_max=2) as gateway:
        first = ride_id_of(await gateway.ask("k-1"))
        await gateway.ask("k-2")
        is_problem(await gateway.ask("k-3"), 503, "unavailable")
        await gateway.tell(RideCancelled(first))
        assert (await gateway.ask("k-3")).status_code == 201
        is_problem(await gateway.client.get(f"/v1/rides/{first}"), 404)


async def test_a_bug_is_a_problem_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as gateway:

        def broken(*_: Any) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(gateway.app.state.front.view, "get", broken)
        answer = await gateway.client.get("/v1/rides/0d2c4f0e-6f0c-5e0b-9d43-4a1f1f6a8f55")
    is_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text


async def test_departures_are_taken_up_to_the_longest_booking_ahead() -> None:
    async with house(agreeable) as gateway:
        moment = DAY.moment(EIGHT_S) + timedelta(days=7)
        assert (await gateway.ask(departure=moment.isoformat())).status_code == 201
