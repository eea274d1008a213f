"""A whole service in this process: who asks is in no topic, log line, metric, answer or journal."""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest
import structlog
from pydantic import SecretStr

from services.domain.errors import Unavailable
from services.runtime import logs
from services.runtime.embedded_riders import EmbeddedRiderStore
from services.simulator.live import House
from services.simulator.warm_up import warm_up
from services.wire.topics import Topic
from tests.gateway.peer import STATION, VILLAGE
from tests.markers import CONTACT, NAME, NOTE, OTHER_NOTE, PHONE, forms, near, seen
from tests.simulator.test_live import events_of, running, territory

TOKEN = "an-operator-s-token"
HOME, WORK = near(VILLAGE, 1), near(STATION, 2)
WANTED = forms([HOME, WORK])
TRIP = {"origin": HOME, "destination": WORK, "contact": CONTACT}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_up(territory())


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


async def test_the_search_finds_what_is_there() -> None:
    word = PHONE.encode()
    for data in (
        NAME.encode(),
        json.dumps(NAME).encode(),
        f"name={quote(NOTE)}".encode(),
        base64.b64encode(b"x" + word + b"yz"),
        base64.urlsafe_b64encode(b"xyz12" + NOTE.encode()),
        json.dumps(HOME).encode(),
        pickle.dumps(WORK["lat"]),
        b"+" + b"33698765432",
        NAME.encode().hex().encode(),
    ):
        assert seen(b"before" + data + b"after", WANTED), data
    assert not seen(b"Anne, +33612345678, 1.4000", WANTED)


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_who_asks_is_nowhere_to_be_read(
    log_format: Literal["console", "json"], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    logs.configure(log_format, "debug", said)
    # The caller's own lines are not the service's.
    for name in ("httpx", "httpcore"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    monkeypatch.setenv("NAVETTE_OPERATOR_TOKEN", TOKEN)
    async with running() as (house, _), caller(house) as client:
        assert house.app.state.front.settings.operator_token == SecretStr(TOKEN)
        answers = await live_through(house, client, monkeypatch)
        answers["/metrics"] = (await client.get("/metrics")).content
        everything = {f"answer: {name}": data for name, data in answers.items()}
        everything |= {f"topic {topic}": await all_of(house, topic) for topic in Topic}
        everything["state, rides, journal"] = pickle.dumps(house.store._zones)
        store = house.app.state.front.contacts._riders.store
        everything["riders"] = pickle.dumps((store._riders, store._contacts))
        assert len(store._contacts) == 2
        assert b"ride-1" not in everything["riders"]
        everything["what gateways remember"] = repr(vars(house.app.state.view)).encode()
    everything["log"] = said.getvalue().encode()
    for event in ("contact_read", "request_failed", "http_answered"):
        assert event in said.getvalue()
    assert len(everything["topic ride-commands"]) > 100
    assert len(everything["topic ride-events"]) > 100
    found = {where: what for where, data in everything.items() if (what := seen(data, WANTED))}
    assert found == {}


def caller(house: House) -> httpx.AsyncClient:
    """A client that gets the answer that a server gives after a bug."""
    transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://live")


async def live_through(
    house: House, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bytes]:
    """Ask for rides, go with one, and make everything go wrong that can; return all answers."""
    answers: dict[str, bytes] = {}

    async def ask(name: str, key: str, status: int, body: Any) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        answer = await client.post("/v1/rides", content=sent, headers=headers)
        assert answer.status_code == status, (name, answer.text)
        answers[name] = answer.content
        return answer.json()

    ride = await ask("asked", "k-1", 201, TRIP)
    await client.post(f"/v1/rides/{ride['id']}/accept")
    await events_of(client, ride["id"])
    answers["ride"] = (await client.get(f"/v1/rides/{ride['id']}")).content
    answers["events"] = (await client.get(f"/v1/rides/{ride['id']}/events")).content
    await ask("refused", "k-2", 201, TRIP | {"seats": 20})
    await ask("other body", "k-1", 422, TRIP | {"contact": CONTACT | {"note": OTHER_NOTE}})
    wrong = {
        "phone": TRIP | {"contact": CONTACT | {"phone": f"{PHONE} {NAME}"[:40]}},
        "name": TRIP | {"contact": CONTACT | {"name": NAME * 20}},
        "note": TRIP | {"contact": CONTACT | {"note": f"{NOTE}\x00"}},
        "extra": TRIP | {"contact": CONTACT | {"email": NAME}},
        "extra key": TRIP | {"contact": CONTACT | {"email": PHONE}},
        "place": TRIP | {"origin": {"lon": HOME["lon"], "lat": f"{HOME['lat']}"}},
        "departure": TRIP | {"departure": NAME},
        "territory": TRIP | {"territory": NAME},
        "not JSON": json.dumps(TRIP).encode()[:-1] + NAME.encode(),
        "all wrong": [NAME, PHONE, NOTE, HOME],
        "too long": json.dumps(TRIP).encode() * 100,
    }
    for name, body in wrong.items():
        await ask(name, "k-3", 413 if name == "too long" else 422, body)
    for name, error, status in (
        ("away", Unavailable("the database does not answer"), 503),
        ("a bug", RuntimeError("a bug"), 500),
    ):

        async def failing(*_: Any, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(EmbeddedRiderStore, "add", failing)
            await ask(name, "k-4", status, TRIP)
    for path in (quote(NAME, safe=""), quote(PHONE), f"x?{quote(NOTE)}"):
        answers[path[:4]] = (await client.get(f"/v1/rides/{path}")).content
    contact = f"/v1/rides/{ride['id']}/contact"
    answers["no token"] = (await client.get(contact)).content
    shown = await client.get(contact, headers={"Authorization": f"Bearer {TOKEN}"})
    assert shown.json() == CONTACT | {"phone": "+33698765432"}
    return answers


async def all_of(house: House, topic: Topic) -> bytes:
    reader, data = house.log.reader(topic, 0, 0), b""
    while reader.position < await house.log.end(topic, 0):
        for record in await reader.read():
            data += record.key.encode() + record.data
    reader.close()
    return data
