"""The conformance test passes shuttles that keep the protocol, and finds what others break."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from services.cli import main
from services.domain.ids import ShuttleId, ZoneId
from services.domain.plan import Plan
from services.network.fleet import shuttles
from services.network.served import Served
from services.runtime.clock import WallClock
from services.runtime.shuttle_tokens import shuttle_token
from services.simulator.conform.bench import Bench
from services.simulator.conform.command import Asked, Outcome, subject_of, tried
from services.simulator.contact import LinkContact
from services.simulator.link_client import LinkClient, Pauses, Told
from services.simulator.link_serving import drive_linked
from services.wire.link import LinkHeartbeat, LinkHello
from tests.gateway.links import KEY
from tests.gateway.peer import DAY, EIGHT_S, network

SPEED = 300


async def judged(kind: type[LinkClient] = LinkClient, within_s: float = 3) -> dict[str, Outcome]:
    ground = network()
    asked = Asked(Path(), 0, within_s=within_s)
    subject = subject_of(ground, asked, KEY)
    bench = Bench(subject, WallClock(DAY, EIGHT_S, SPEED))
    outcomes: list[Outcome] = []
    async with bench.serving("127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        fleet = [shuttle.id for shuttle in shuttles(ground)]
        contact = LinkContact(url, KEY, subject.zone, fleet, Pauses(0.01, 0.05), kind)
        parts = [
            asyncio.create_task(contact.run()),
            asyncio.create_task(drive_linked(Served(subject.zone, ground), contact, 1)),
        ]
        async with asyncio.timeout(120):
            await tried(bench, outcomes.append)
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
    return {outcome.name: outcome for outcome in outcomes}


def failed(outcomes: dict[str, Outcome]) -> set[str]:
    return {name for name, outcome in outcomes.items() if not outcome.passed}


async def test_our_own_shuttles_conform() -> None:
    outcomes = await judged(within_s=20)
    assert failed(outcomes) == set(), outcomes
    assert len(outcomes) == 11


class Deaf(LinkClient):
    """Answers no heartbeats."""

    async def _send(self, socket: ClientConnection, body: LinkHello | LinkHeartbeat) -> None:
        if isinstance(body, LinkHello):
            await super()._send(socket, body)


class Forgetful(LinkClient):
    """Thinks that what was sent has arrived."""

    async def _talk(self, socket: ClientConnection) -> None:
        for _ in range(self._sent):
            self._unsafe.popleft()
        await super()._talk(socket)


class Restarted(LinkClient):
    """Takes another boot id for the same numbers."""

    async def _talk(self, socket: ClientConnection) -> None:
        self._boot_id = f"boot-{self._dice.random():.10f}".replace(".", "-")
        await super()._talk(socket)


class Careless(LinkClient):
    """Changes plans before it follows them."""

    def __init__(self, url: str, token: str, shuttle: ShuttleId, told: Told, *rest: Any) -> None:
        super().__init__(url, token, shuttle, Told(self._changed, told.roads, told.welcome), *rest)
        self._heard = told.plan
        self.first_boarding: Plan | None = None

    def _changed(self, plan: Plan) -> None:
        self._heard(self.changed(plan))

    def changed(self, plan: Plan) -> Plan:
        return plan


class Reckless(Careless):
    """Boards whoever is in its plan, lease or not."""

    def changed(self, plan: Plan) -> Plan:
        visits = (replace(v, board_until_s=(10**6,) * len(v.board)) for v in plan.visits)
        return replace(plan, visits=tuple(visits))


class Stubborn(Careless):
    """Acknowledges plans, but picks up who was once in one."""

    def changed(self, plan: Plan) -> Plan:
        if any(visit.board for visit in plan.visits):
            self.first_boarding = plan
        elif plan.visits and self.first_boarding is not None:
            return replace(self.first_boarding, revision=plan.revision)
        return plan


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "finding"),
    [
        (Deaf, "heartbeat"),
        (Forgetful, "resends"),
        (Restarted, "resends"),
        (Reckless, "no lease"),
        (Stubborn, "withdrawn"),
    ],
)
async def test_what_a_shuttle_does_wrong_is_found(kind: type[LinkClient], finding: str) -> None:
    outcomes = await judged(kind)
    assert finding in failed(outcomes), outcomes
    names = list(outcomes)
    before = set(names[: names.index(finding)])
    assert not before & failed(outcomes) - {"older plans"}, outcomes


async def test_a_shuttle_that_never_comes_is_said_not_to_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.simulator.conform.scenarios.RECONNECT_S", 0.05)
    subject = subject_of(network(), Asked(Path(), 0), None)
    outcomes: list[Outcome] = []
    assert not await tried(Bench(subject, WallClock(DAY, EIGHT_S, SPEED)), outcomes.append)
    assert [(one.name, one.passed) for one in outcomes] == [("greets", False)]


@pytest.mark.parametrize(
    ("path", "token", "status", "said"),
    [
        (
            "shuttle-1/link?territory=creuse",
            "",
            404,
            "somebody asked for territory 'creuse', this test is of 'main' (--zone)",
        ),
        (
            "shuttle-2/link?territory=main",
            "",
            404,
            "somebody came as another shuttle, shuttle-1 is awaited here (--shuttle)",
        ),
        (
            "shuttle-1/link",
            "Bearer wrong",
            401,
            "the token is not that of shuttle-1 in territory 'main'",
        ),
        ("shuttle-1/link", "", 401, "there was no Authorization: Bearer TOKEN"),
    ],
)
async def test_who_is_refused_is_told_why_and_so_is_who_watches_but_once(
    path: str, token: str, status: int, said: str
) -> None:
    heard: list[str] = []
    subject = subject_of(network(), Asked(Path(), 0), KEY)
    bench = Bench(subject, WallClock(DAY, EIGHT_S, SPEED), heard.append)
    async with bench.serving("127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/shuttles/{path}"
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, additional_headers={"Authorization": token}, proxy=None)
            assert refused.value.response.status_code == status
            assert said.encode() in refused.value.response.body
    assert heard == [f"refused with HTTP {status}: {said}"]


def test_a_token_is_printed_and_depends_on_zone_and_shuttle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def token(*words: str) -> str:
        answer = CliRunner().invoke(main, ["shuttles", "token", *words])
        assert answer.exit_code == 0, answer.output
        return answer.output.strip()

    monkeypatch.setenv("NAVETTE_SHUTTLE_KEY", KEY)
    tokens = {token("bus-1"), token("bus-2"), token("bus-1", "--zone", "creuse")}
    assert token("bus-1") == shuttle_token(KEY, ZoneId("main"), ShuttleId("bus-1"))
    assert {len(one) for one in tokens} == {64}
    assert len(tokens) == 3
