"""Who travels: taken in with a ride, and shown to operators alone."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.bodies import RideIn
from services.runtime.rider_keys import new_master_key
from services.runtime.riders import Riders
from tests.gateway.peer import STATION, VILLAGE, House, house, ride_id_of, silent

TOKEN = "an-operator-s-token"
ANNE = {"name": "Anne Martin", "phone": "+33 6 12 34 56 78", "note": "the blue door"}
KEPT = ANNE | {"phone": "+33612345678"}


def settings(**changes: Any) -> dict[str, Any]:
    return {"riders_key": new_master_key(), "operator_token": TOKEN} | changes


async def contact_of(gateway: House, ride: str, token: str | None = TOKEN) -> tuple[int, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = await gateway.client.get(f"/v1/rides/{ride}/contact", headers=headers)
    return answer.status_code, answer.json()


async def test_an_operator_reads_what_was_given() -> None:
    async with house(**settings()) as gateway:
        asked = await gateway.ask(contact=ANNE)
        assert asked.status_code == 201
        assert "contact" not in asked.json()
        assert await contact_of(gateway, ride_id_of(asked)) == (200, KEPT)
        (sent,) = gateway.peer.commands
        assert "Anne" not in repr(sent)


async def test_nobody_else_reads_it() -> None:
    async with house(**settings()) as gateway:
        ride = ride_id_of(await gateway.ask(contact=ANNE))
        for token in (None, "", "wrong", TOKEN[:-1], f"{TOKEN}x", "\u00e9"):
            answer = await gateway.client.get(
                f"/v1/rides/{ride}/contact",
                headers={} if token is None else {b"Authorization": f"Bearer {token}".encode()},
            )
            assert answer.status_code == 401, token
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "Anne" not in answer.text
        basic = {"Authorization": f"Basic {TOKEN}"}
        answer = await gateway.client.get(f"/v1/rides/{ride}/contact", headers=basic)
        assert answer.status_code == 401
    async with house(**settings(operator_token=None)) as gateway:
        ride = ride_id_of(await gateway.ask(contact=ANNE))
        status, problem = await contact_of(gateway, ride)
        assert (status, problem["type"]) == (403, "urn:navette:problem:no-operators")


async def test_a_ride_of_which_nothing_is_kept_is_not_found() -> None:
    async with house(**settings()) as gateway:
        ride = ride_id_of(await gateway.ask())
        for one, kind in ((ride, "no-contact"), ("nonsense", "unknown-ride")):
            status, problem = await contact_of(gateway, one)
            assert (status, problem["type"]) == (404, f"urn:navette:problem:{kind}")


async def test_a_contact_is_kept_once_and_is_part_of_the_ride() -> None:
    async with house(**settings()) as gateway:
        first = await gateway.ask(contact=ANNE)
        assert (await gateway.ask(contact=ANNE)).json() == first.json()
        other = await gateway.ask(contact=ANNE | {"note": "no, the red one"})
        assert other.status_code == 422
        assert other.json()["type"].endswith("idempotency-key-reused")
        assert await contact_of(gateway, ride_id_of(first)) == (200, KEPT)


async def test_a_gateway_that_forgot_the_ride_still_knows_its_contact() -> None:
    async with house(silent, **settings()) as gateway:
        assert (await gateway.ask(contact=ANNE)).status_code == 202
        ride = ride_id_of(await gateway.ask(contact=ANNE))
        gateway.app.state.view.unregister(ride)
        other = await gateway.ask(contact=ANNE | {"name": "Somebody else"})
        assert other.status_code == 422
        assert (await gateway.ask(contact=ANNE)).status_code == 202
        assert await contact_of(gateway, ride) == (200, KEPT)


async def test_without_a_key_a_contact_is_refused_before_anything_is_sent() -> None:
    async with house() as gateway:
        answer = await gateway.ask(contact=ANNE)
        assert answer.status_code == 422
        assert "NAVETTE_RIDERS_KEY" in answer.json()["detail"]
        assert gateway.peer.commands == []
        assert (await gateway.ask()).status_code == 201


@pytest.mark.parametrize(
    ("contact", "pointer"),
    [
        ({}, "#/contact"),
        ({"name": " "}, "#/contact"),
        ({"name": "A" * 201}, "#/contact/name"),
        ({"name": "Anne\x00"}, "#/contact/name"),
        ({"note": "x" * 1001}, "#/contact/note"),
        ({"phone": "06 12 34 56 78"}, "#/contact/phone"),
        ({"phone": "call me"}, "#/contact/phone"),
        ({"phone": 33612345678}, "#/contact/phone"),
        ({"name": "Anne", "email": "anne@example.org"}, "#/contact/email"),
        ("Anne", "#/contact"),
    ],
)
async def test_a_contact_that_makes_no_sense_is_refused_and_not_quoted(
    contact: Any, pointer: str
) -> None:
    async with house(**settings()) as gateway:
        answer = await gateway.ask(contact=contact)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        for word in ("Anne", "06 12", "call me", "33612345678", "anne@"):
            assert word not in answer.text
        assert gateway.peer.commands == []


async def test_a_store_of_riders_that_is_away_is_said_and_the_same_call_works_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from services.domain.errors import Unavailable

    async def away(*_: object) -> None:
        raise Unavailable("the database did not answer within 5 s")

    async with house(**settings()) as gateway:
        with monkeypatch.context() as patched:
            patched.setattr(Riders, "keep", away)
            answer = await gateway.ask(contact=ANNE)
            assert answer.status_code == 503
            assert gateway.peer.commands == []
        assert (await gateway.ask(contact=ANNE)).status_code == 201


def test_fingerprints_tell_bodies_apart_and_not_what_is_in_them() -> None:
    body = {"origin": VILLAGE, "destination": STATION}
    one, same = RideIn(**body), RideIn(**body)  # type: ignore[arg-type]
    other = RideIn(**body, contact={"name": "Anne"})  # type: ignore[arg-type]
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()
    assert "Anne" not in repr(other)
