"""A shuttle on a link of a gateway that stands on real servers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.domain.events import Passed
from services.domain.ids import ShuttleId, ZoneId
from services.domain.plan import Plan
from services.network.served import zone_of
from services.runtime.shuttle_tokens import shuttle_token
from services.simulator.contact import link_url
from services.simulator.link_client import LinkClient, Told
from tests.integration.stack import Stack, running

pytestmark = pytest.mark.usefixtures("real_servers")

KEY = "a key that is long enough"


async def visited(stack: Stack, zone: ZoneId, shuttle: ShuttleId, ride: str) -> None:
    """Wait until the shuttle has heard of a ride by its link, and its report is safe."""
    plans: asyncio.Queue[Plan] = asyncio.Queue()
    url = link_url(f"ws://127.0.0.1:{stack.port}", zone, shuttle)
    client = LinkClient(url, shuttle_token(KEY, zone, shuttle), shuttle, Told(plans.put_nowait))
    running_client = asyncio.create_task(client.run())
    async with asyncio.timeout(60):
        while not any(ride in visit.board for visit in (await plans.get()).visits):
            pass
        client.say(Passed(shuttle, 0, 8 * 3600))
        await client.all_safe()
    running_client.cancel()
    await asyncio.gather(running_client, return_exceptions=True)


def test_plans_and_reports_pass_over_a_link_also_when_the_gateway_is_killed(
    tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVETTE_SHUTTLE_KEY", KEY)
    with running(tmp_path, demo, "--at", "08:00") as stack:
        ride = stack.ask()
        assert stack.call("POST", f"/v1/rides/{ride['id']}/accept")[0] == 200
        zone, shuttle = zone_of(demo), ShuttleId(ride["shuttle"])
        asyncio.run(visited(stack, zone, shuttle, ride["id"]))
        stack.kill("gateway")
        stack.wait_until_ready()
        asyncio.run(visited(stack, zone, shuttle, ride["id"]))
