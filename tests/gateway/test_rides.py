"""A caller asks, accepts, looks and cancels over HTTP; messages do the rest."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.domain.events import (
    AcceptOffer,
    AnswerDeferred,
    CancelRide,
    RequestRide,
    RideBoarded,
    RideCompleted,
    RideConfirmed,
    RideFailed,
    RideNoShow,
    RideOffered,
    RideRefused,
    RideRetimed,
)
from services.domain.ids import RideId, ShuttleId, ride_id
from services.domain.ride import (
    Constraint,
    Party,
    Refusal,
    Relaxation,
    Remedy,
)
from services.gateway.reading import CALLER
from services.runtime.embedded_store import EmbeddedStore
from services.runtime.ports import Asked
from services.wire.topics import Topic
from tests.gateway.peer import (
    DAY,
    EIGHT_S,
    NOWHERE,
    agreeable,
    house,
    offer,
    ride_id_of,
    silent,
    stern,
)

SHUTTLE = ShuttleId("bus-1")


async def test_an_offer_comes_in_the_answer() -> None:
    async with house() as gateway:
        answer = await gateway.ask(seats=2)
    assert answer.status_code == 201
    ride = answer.json()
    assert answer.headers["location"] == f"/v1/rides/{ride['id']}"
    assert (ride["status"], ride["refusal"], ride["shuttle"]) == ("offered", None, "bus-1")
    assert ride["offer"] == {
        "pickup_stop": "mairie",
        "dropoff_stop": "gare",
        "pickup_from": "2026-06-10T08:05:00+02:00",
        "pickup_to": "2026-06-10T08:15:00+02:00",
        "arrival_by": "2026-06-10T08:40:00+02:00",
        "walk_to_m": 15,
        "walk_from_m": 15,
        "expires_at": "2026-06-10T08:02:00+02:00",
        "pickup": {"name": "Mairie", "lon": 1.4, "lat": 46.2},
        "dropoff": {"name": "Gare", "lon": 1.45, "lat": 46.25},
    }


async def test_a_request_says_until_when_its_answer_is_of_use() -> None:
    async with house(useful_s=45) as gateway:
        await gateway.ask()
        (sent,) = gateway.peer.commands
    assert isinstance(sent.body, RequestRide)
    assert sent.body.useful_until_s is not None
    assert 45 <= sent.body.useful_until_s - EIGHT_S <= 60


async def test_a_request_becomes_one_message_with_stops_and_without_places() -> None:
    async with house() as gateway:
        answer = await gateway.ask(
            seats=2,
            wheelchairs=1,
            luggage=3,
            companions=1,
            departure="2026-06-10T09:00:00+02:00",
            arrive_by="2026-06-10T08:30:00Z",
        )
        (sent,) = gateway.peer.commands
        written = gateway.memory.read(Topic.RIDE_COMMANDS)[0].value
    assert isinstance(sent.body, RequestRide)
    request = sent.body.request
    assert request.ride_id == ride_id(CALLER, "k-1") == answer.json()["id"]
    assert request.party == Party(seats=2, wheelchairs=1, luggage=3, companions=1)
    assert (request.departure_s, request.arrive_by_s) == (9 * 3600, 10 * 3600 + 1800)
    assert [stop for stop, _ in request.origins] == [0, 1]
    assert [stop for stop, _ in request.destinations] == [2]
    assert b"46.2" not in written


async def test_the_same_key_gives_the_same_ride_and_no_second_request() -> None:
    async with house() as gateway:
        first, second = await gateway.ask(), await gateway.ask()
        assert len(gateway.peer.commands) == 1
    assert (second.status_code, second.json()) == (first.status_code, first.json())


async def test_the_same_key_at_the_same_time_asks_once() -> None:
    async with house() as gateway:
        answers = await asyncio.gather(*(gateway.ask() for _ in range(10)))
        assert len(gateway.peer.commands) == 1
    assert len({answer.text for answer in answers}) == 1


async def test_who_asks_again_after_a_failure_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that never went out must not be taken for one that is under way."""
    ask = EmbeddedStore.ask
    failures = [RuntimeError("a bug"), asyncio.CancelledError()]

    async def fails_at_first(store: EmbeddedStore, ride_id: RideId, how: bytes) -> Asked:
        if failures:
            raise failures.pop(0)
        return await ask(store, ride_id, how)

    monkeypatch.setattr(EmbeddedStore, "ask", fails_at_first)
    async with house() as gateway:
        assert (await gateway.ask()).status_code == 500
        with pytest.raises(asyncio.CancelledError):
            await gateway.ask()
        answer = await gateway.ask()
        assert len(gateway.peer.commands) == 1
    assert (answer.status_code, answer.json()["status"]) == (201, "offered")


async def test_the_same_key_with_another_body_is_refused() -> None:
    async with house() as gateway:
        await gateway.ask()
        answer = await gateway.ask(seats=3)
        assert len(gateway.peer.commands) == 1
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:navette:problem:idempotency-key-reused"


async def test_another_key_is_another_ride() -> None:
    async with house() as gateway:
        first, second = await gateway.ask("k-1"), await gateway.ask("k-2")
    assert first.json()["id"] != second.json()["id"]


async def test_a_place_without_a_stop_is_refused_by_the_dispatcher_with_its_reason() -> None:
    async with house() as gateway:
        answer = await gateway.ask(origin=NOWHERE)
        (sent,) = gateway.peer.commands
    assert isinstance(sent.body, RequestRide)
    assert sent.body.request.origins == ()
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["offer"]) == ("refused", None)
    assert answer.json()["refusal"]["reason"] == "walk_to_stop"
    assert answer.json()["refusal"]["remedy"] is None


async def test_a_refusal_says_what_would_have_worked() -> None:
    remedies = (
        Remedy(Relaxation.LEAVE_LATER_S, 700),
        Remedy(Relaxation.WALK_FURTHER_M, 300),
        Remedy(Relaxation.FEWER_SEATS, 1),
        Remedy(Relaxation.ARRIVE_LATER_S, 60),
    )

    def script(command: RequestRide) -> tuple[RideRefused]:
        return (RideRefused(command.request.ride_id, Refusal(Constraint.WAIT, remedies)),)

    async with house(script) as gateway:
        refusal = (await gateway.ask()).json()["refusal"]
    assert refusal == {
        "reason": "wait",
        "text": "No shuttle can be there soon enough.",
        "remedy": "Leave 12 min later.",
        "remedies": [
            {"relaxation": "leave_later_s", "amount": 700, "text": "Leave 12 min later."},
            {
                "relaxation": "walk_further_m",
                "amount": 300,
                "text": "Walk up to 300 m further to a stop.",
            },
            {"relaxation": "fewer_seats", "amount": 1, "text": "Travel with 1 person fewer."},
            {"relaxation": "arrive_later_s", "amount": 60, "text": "Arrive 1 min later."},
        ],
    }


async def test_a_caller_does_not_wait_for_an_answer_that_is_known_to_come_later() -> None:
    def later(command: Any) -> list[AnswerDeferred]:
        return [AnswerDeferred(command.request.ride_id, EIGHT_S + 600)]

    async with house(later, answer_s=30) as gateway:
        answer = await gateway.ask()
        assert (answer.status_code, answer.json()["status"]) == (202, "requested")
        assert answer.json()["answer_by"] == "2026-06-10T08:10:00+02:00"
        assert 1 <= int(answer.headers["retry-after"]) <= 600
        (sent,) = gateway.peer.commands
        assert isinstance(sent.body, RequestRide)
        await gateway.tell(RideOffered(ride_id_of(answer), SHUTTLE, offer(sent.body.request)))
        ride = (await gateway.client.get(answer.headers["location"])).json()
        assert (ride["status"], ride["answer_by"]) == ("offered", None)


async def test_without_an_answer_in_time_the_caller_is_told_where_to_look() -> None:
    async with house(silent) as gateway:
        answer = await gateway.ask()
        assert answer.status_code == 202
        assert answer.json()["status"] == "requested"
        where = answer.headers["location"]
        assert (await gateway.client.get(where)).json()["status"] == "requested"
        (sent,) = gateway.peer.commands
        assert isinstance(sent.body, RequestRide)
        await gateway.tell(RideOffered(ride_id_of(answer), SHUTTLE, offer(sent.body.request)))
        assert (await gateway.client.get(where)).json()["status"] == "offered"
        again = await gateway.ask()
        assert (again.status_code, again.json()["status"]) == (201, "offered")
        assert len(gateway.peer.commands) == 1


async def test_an_accepted_offer_is_confirmed_once() -> None:
    async with house() as gateway:
        ride = ride_id_of(await gateway.ask())
        first = await gateway.client.post(f"/v1/rides/{ride}/accept")
        second = await gateway.client.post(f"/v1/rides/{ride}/accept")
        assert [type(sent.body) for sent in gateway.peer.commands] == [RequestRide, AcceptOffer]
    assert (first.status_code, first.json()["status"]) == (200, "confirmed")
    assert (second.status_code, second.json()) == (200, first.json())


async def test_a_cancelled_ride_is_cancelled_once() -> None:
    async with house() as gateway:
        ride = ride_id_of(await gateway.ask())
        await gateway.client.post(f"/v1/rides/{ride}/accept")
        first = await gateway.client.delete(f"/v1/rides/{ride}")
        second = await gateway.client.delete(f"/v1/rides/{ride}")
        sent = [type(one.body) for one in gateway.peer.commands]
        assert sent == [RequestRide, AcceptOffer, CancelRide]
        late = await gateway.client.post(f"/v1/rides/{ride}/accept")
    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert (second.status_code, second.json()) == (200, first.json())
    assert late.status_code == 409
    assert "cancelled" in late.json()["detail"]


async def test_a_command_that_was_turned_down_says_how_the_ride_stands() -> None:
    async with house(stern) as gateway:
        ride = ride_id_of(await gateway.ask())
        for answer in (
            await gateway.client.post(f"/v1/rides/{ride}/accept"),
            await gateway.client.delete(f"/v1/rides/{ride}"),
        ):
            assert answer.status_code == 409
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"] == "the ride is offered: the shuttle is at the stop"


async def test_a_command_without_an_answer_in_time_is_still_under_way() -> None:
    def deaf(command: Any) -> Any:
        return agreeable(command) if isinstance(command, RequestRide) else ()

    async with house(deaf) as gateway:
        ride = ride_id_of(await gateway.ask())
        answer = await gateway.client.post(f"/v1/rides/{ride}/accept")
        assert (answer.status_code, answer.json()["status"]) == (202, "offered")
        await gateway.tell(RideConfirmed(ride))
        assert (await gateway.client.get(f"/v1/rides/{ride}")).json()["status"] == "confirmed"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (RideBoarded(RideId(""), ShuttleId("bus-2"), 30_000), "aboard"),
        (RideCompleted(RideId(""), ShuttleId("bus-2"), 31_000), "completed"),
        (RideNoShow(RideId(""), SHUTTLE, 29_000, 29_120), "no_show"),
        (RideFailed(RideId(""), "the shuttle broke down"), "failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_ride_is_shown_as_far_as_it_has_come(event: Any, status: str) -> None:
    async with house() as gateway:
        ride = ride_id_of(await gateway.ask())
        await gateway.client.post(f"/v1/rides/{ride}/accept")
        await gateway.tell(dataclasses.replace(event, ride_id=ride))
        shown = (await gateway.client.get(f"/v1/rides/{ride}")).json()
    assert shown["status"] == status
    assert shown["offer"]["pickup_stop"] == "mairie"
    if isinstance(event, RideBoarded):
        assert shown["shuttle"] == "bus-2"
    if isinstance(event, RideFailed):
        assert shown["failure"] == "the shuttle broke down"


async def test_a_promise_at_risk_is_shown() -> None:
    async with house() as gateway:
        ride = ride_id_of(await gateway.ask())
        await gateway.tell(RideRetimed(ride, EIGHT_S + 1200, EIGHT_S + 3000, promise_kept=False))
        shown = (await gateway.client.get(f"/v1/rides/{ride}")).json()
    assert shown["status"] == "offered"
    assert shown["expected"] == {
        "pickup": "2026-06-10T08:20:00+02:00",
        "arrival": "2026-06-10T08:50:00+02:00",
        "promise_kept": False,
    }


async def test_an_event_that_comes_twice_or_too_late_changes_nothing() -> None:
    async with house() as gateway:
        ride = ride_id_of(await gateway.ask())
        await gateway.tell(RideConfirmed(ride), "one")
        await gateway.tell(RideBoarded(ride, SHUTTLE, 30_000), "two")
        await gateway.tell(RideConfirmed(ride), "one")
        assert (await gateway.client.get(f"/v1/rides/{ride}")).json()["status"] == "aboard"
        gateway.peer.step = 1
        await gateway.tell(RideConfirmed(ride), "stale")
        assert (await gateway.client.get(f"/v1/rides/{ride}")).json()["status"] == "aboard"


async def test_a_gateway_that_starts_later_knows_the_rides_from_their_events() -> None:
    async with house() as gateway:
        ride = RideId("0d2c4f0e-6f0c-5e0b-9d43-4a1f1f6a8f55")
        await gateway.tell(RideConfirmed(ride))
        shown = await gateway.client.get(f"/v1/rides/{ride}")
    assert shown.json()["status"] == "confirmed"


async def test_a_departure_of_a_moment_ago_is_now() -> None:
    moment = DAY.moment(EIGHT_S) - timedelta(seconds=50)
    async with house() as gateway:
        await gateway.ask(departure=moment.isoformat())
        (sent,) = gateway.peer.commands
    assert isinstance(sent.body, RequestRide)
    assert sent.body.request.departure_s >= EIGHT_S


async def test_the_callers_trace_goes_along() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with house() as gateway:
        gateway.client.headers["traceparent"] = trace
        await gateway.ask()
        gateway.client.headers["traceparent"] = "nonsense"
        await gateway.ask("k-2")
        first, second = gateway.peer.commands
    assert first.traceparent == trace
    assert second.traceparent not in ("", "nonsense", trace)
    assert datetime.fromtimestamp(
        first.happened_at_ms / 1000, tz=DAY.midnight.tzinfo
    ) >= DAY.moment(EIGHT_S)
