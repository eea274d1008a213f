"""Who asks is in no topic, table, log line, metric or answer of a service on real servers.

And whoever may, reads it; and can have it erased.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import asyncpg
import pytest

from services.runtime.kafka import KafkaLog
from services.runtime.settings import KafkaSettings
from services.wire.topics import Topic
from tests.integration.stack import TRIP, Stack, running, until
from tests.markers import CONTACT, PHONE, forms, near, seen

pytestmark = pytest.mark.usefixtures("real_servers")

TOKEN = secrets.token_urlsafe(24)
HOME, WORK = near(TRIP["origin"], 1), near(TRIP["destination"], 2)
WANTED = forms([HOME, WORK])
ASKED = {"origin": HOME, "destination": WORK, "contact": CONTACT}
SEALED_TABLE = "contacts"


def test_who_asks_is_nowhere_to_be_read_and_can_be_given_out_and_erased(
    tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVETTE_OPERATOR_TOKEN", TOKEN)
    monkeypatch.setenv("NAVETTE_LOG_LEVEL", "debug")
    with running(tmp_path, demo, "--at", "08:00", "--speed", "20") as stack:
        ride = asked(stack)
        answers = [ride, *provoked(stack, ride["id"])]
        ports = json.loads((tmp_path / "ports.json").read_text())
        password = (tmp_path / "postgres" / "password").read_text()
        url = f"postgresql://navette:{password}@127.0.0.1:{ports['postgres']}/navette"
        everything = {
            "answers": json.dumps(answers, ensure_ascii=False).encode(),
            "metrics": urlopen(f"{stack.host}/metrics").read(),
            **asyncio.run(topics(f"127.0.0.1:{ports['kafka']}")),
            **asyncio.run(tables(url)),
        }
        logs = {f"log {path.name}": path.read_bytes() for path in (tmp_path / "log").iterdir()}
        assert len(everything["topic ride-commands"]) > 100
        assert len(everything["table journal"]) > 100
        assert b"http_answered" in logs["log gateway.log"]
        assert len(everything[f"table {SEALED_TABLE}"]) > 100
        everything |= logs | {"said": stack.said.encode()}
        found = {where: what for where, data in everything.items() if (what := seen(data, WANTED))}
        assert found == {}

        path = f"/v1/rides/{ride['id']}/contact"
        request = Request(stack.host + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urlopen(request) as answer:
            assert json.load(answer) == CONTACT | {"phone": "+33698765432"}

        environment = os.environ | {
            "NAVETTE_DATABASE": url,
            "NAVETTE_RIDERS_KEY": (tmp_path / "riders.key").read_text(),
        }
        status, text = riders(environment, "export", "--phone", PHONE, "--territory", str(demo))
        assert status == 0, text
        (person,) = json.loads(text)["riders"]
        (given,) = person["rides"]
        assert (given["ride"], given["contact"]["name"]) == (ride["id"], CONTACT["name"])
        assert given["history"]["offer"]["pickup"] == ride["offer"]["pickup"]
        status, text = riders(environment, "tend", "--territory", str(demo))
        assert (status, text) == (
            0,
            "0 contacts were erased, 0 riders with them; 0 keys are now under the first "
            "master key\n",
        )
        status, text = riders(environment, "erase", "--ride", ride["id"])
        assert (status, "not over yet" in text) == (2, True), text
        stack.call("DELETE", f"/v1/rides/{ride['id']}")
        status, text = riders(environment, "erase", "--ride", ride["id"], "--force")
        assert status == 0, text
        assert person["rider"] in text
        assert ride["id"] in text
        assert stack.call("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})[0] == 404
        assert stack.call("GET", f"/v1/rides/{ride['id']}")[0] == 200
        status, text = riders(environment, "export", "--phone", PHONE)
        assert (status, text) == (2, "navette: riders: nothing is kept of them\n")
        for name, data in asyncio.run(tables(url)).items():
            assert person["rider"].encode() not in data, name


def asked(stack: Stack) -> Any:
    """Ask until a ride is offered, and accept it."""
    found: list[Any] = []

    def offered() -> bool:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        # A ride that was not offered must not stay behind under the same phone.
        status, ride = stack.call("POST", "/v1/rides", ASKED, key)
        found[:] = [ride]
        return status == 201 and bool(ride["status"] == "offered")

    until(offered, "a ride is offered")
    status, ride = stack.call("POST", f"/v1/rides/{found[0]['id']}/accept")
    assert status == 200, ride
    return ride


def provoked(stack: Stack, ride: str) -> list[Any]:
    """Answers to what makes no sense."""
    key = {"Idempotency-Key": "once-more"}
    wrong = [
        ASKED | {"contact": CONTACT | {"phone": f"{PHONE}x"}},
        ASKED | {"contact": CONTACT | {"email": PHONE}},
        ASKED | {"origin": HOME | {"lat": str(HOME["lat"])}},
        ASKED | {"territory": CONTACT["name"]},
        [HOME, CONTACT],
    ]
    answers = [stack.call("POST", "/v1/rides", body, key) for body in wrong]
    assert [status for status, _ in answers] == [422] * len(wrong)
    unseen = stack.call("GET", f"/v1/rides/{ride}/contact")
    assert unseen[0] == 401
    # What no database takes for a text is no ride, and nothing that is away.
    nonsense = [stack.call("GET", f"/v1/rides/{text}") for text in ("%00", "%ff", "x" * 5000)]
    assert [status for status, _ in nonsense] == [404] * 3
    return [*answers, unseen, *nonsense]


async def topics(address: str) -> dict[str, bytes]:
    """All bytes of all topics."""
    messages = KafkaLog(KafkaSettings(kafka=address))
    await messages.start()
    found: dict[str, bytes] = {}
    try:
        for topic in Topic:
            data = b""
            for partition in range(messages.partitions):
                end = await messages.end(topic, partition)
                reader = messages.reader(topic, partition, 0)
                async with asyncio.timeout(60):
                    while reader.position < end:
                        for record in await reader.read():
                            data += record.key.encode() + record.data
                reader.close()
            found[f"topic {topic}"] = data
    finally:
        await messages.close()
    return found


async def tables(url: str) -> dict[str, bytes]:
    """All that is in all tables: texts, and bytes as they are."""
    connection = await asyncpg.connect(url)
    found: dict[str, bytes] = {}
    try:
        names = await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
            "WHERE nspname = 'public' AND relkind IN ('r', 'p')"
        )
        for (name,) in names:
            rows = await connection.fetch(f'SELECT * FROM "{name}"')
            found[f"table {name}"] = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode()
                for row in rows
                for value in row.values()
            )
    finally:
        await connection.close()
    return found


def riders(environment: dict[str, str], *words: str) -> tuple[int, str]:
    """Run ``navette riders``; its status, and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "riders", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout
