"""Two zones of a territory on two dispatchers: rides are referred, shuttles lent, for real."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import h3
import pytest

from services.domain.ids import RideId, ZoneId
from services.domain.ride import Status
from services.domain.zone_crossing import RideReferred, ShuttleAdopted, ShuttleReleased
from services.runtime.database import connect
from services.runtime.journal import entries, verify
from services.runtime.local_postgres import LocalPostgres
from services.runtime.ports import StoredRide
from services.runtime.postgres import PostgresStore
from services.wire.stored import Entry
from services.wire.topics import partition_of
from tests.integration.stack import Stack, running, until

pytestmark = pytest.mark.usefixtures("real_servers")

STOPS = {
    "mairie": (1.4000, 46.2000),
    "ecole": (1.4030, 46.2000),
    "gare": (1.4500, 46.2500),
    "lavoir": (1.5000, 46.3000),
}
WEST, NORTH = ZoneId("valley.west"), ZoneId("valley.north")
TOKEN = "an-operators-token-of-some-length"
VILLAGE, STATION = ({"lon": lon, "lat": lat} for lon, lat in (STOPS["mairie"], STOPS["gare"]))


def territory(folder: Path) -> Path:
    """The village in one zone; the station, with the only shuttle, in the other."""
    made = folder / "valley"
    made.mkdir()
    cells = {name: h3.latlng_to_cell(lat, lon, 8) for name, (lon, lat) in STOPS.items()}
    zones = {
        "west": sorted({cells["mairie"], cells["ecole"]}),
        "north": [cells["gare"], cells["lavoir"]],
    }
    lines = [
        "name: Valley",
        "travel: {kind: crow}",
        "promises: {offer_s: 3600}",
        "stop_times: {patience_s: 3600}",
        "fleet: [{depot: gare, count: 1}]",
        f"zones: {json.dumps(zones)}",
    ]
    (made / "territory.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f"{name},{name},{lon},{lat}" for name, (lon, lat) in STOPS.items()]
    (made / "stops.csv").write_text("\n".join(["stop_id,name,lon,lat", *rows]) + "\n", "utf-8")
    return made


def ask(stack: Stack, key: str, origin: dict[str, float], destination: dict[str, float]) -> Any:
    """Ask for a ride until there is an answer."""
    found: list[Any] = []
    body = {"origin": origin, "destination": destination}

    def asked() -> bool:
        status, ride = stack.call("POST", "/v1/rides", body, {"Idempotency-Key": key})
        found[:] = [ride]
        return status in (201, 202) and bool(ride["status"] != "requested")

    until(asked, "a ride is answered")
    return found[0]


class Database:
    """What the service has committed."""

    def __init__(self, data: Path) -> None:
        ports = json.loads((data / "ports.json").read_text())
        self._url = LocalPostgres(data / "postgres", ports["postgres"]).url()

    def ride(self, ride_id: str) -> StoredRide | None:
        async def look() -> StoredRide | None:
            engine = connect(self._url)
            try:
                return await PostgresStore(engine).ride(RideId(ride_id))
            finally:
                await engine.dispose()

        return asyncio.run(look())

    def journal(self, zone: ZoneId) -> list[Entry]:
        async def look() -> list[Entry]:
            engine = connect(self._url)
            try:
                return [entry async for entry in entries(PostgresStore(engine), zone)]
            finally:
                await engine.dispose()

        return asyncio.run(look())

    def decided(self, zone: ZoneId, kind: type) -> list[Any]:
        found = self.journal(zone)
        verify(found)
        return [event for entry in found for event in entry.decided() if isinstance(event, kind)]


def test_a_ride_is_referred_and_a_shuttle_lent_between_zones_of_two_dispatchers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {partition_of(zone, 2) for zone in (WEST, NORTH)} == {0, 1}
    monkeypatch.setenv("NAVETTE_PARTITIONS", "2")
    monkeypatch.setenv("NAVETTE_OPERATOR_TOKEN", TOKEN)
    options = ("--dispatchers", "2", "--at", "08:00", "--speed", "30")
    data = tmp_path / "data"
    with running(data, territory(tmp_path), *options) as stack:
        stack.wait_until_ready()
        database = Database(data)
        first = ask(stack, "k-1", VILLAGE, STATION)
        assert first["status"] == "offered", first
        # Neither of the two may be what the other needs to know of the ride.
        for part in ("dispatcher-0", "dispatcher-1"):
            stack.kill(part)
        stack.wait_until_ready()
        status, ride = stack.call("POST", f"/v1/rides/{first['id']}/accept")
        assert (status, ride["status"]) == (200, "confirmed")

        order = {"to": "west", "within_s": 7200}
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert stack.call("POST", "/v1/shuttles/shuttle-1/lend", order, bearer)[0] == 202
        until(lambda: database.decided(WEST, ShuttleAdopted), "the shuttle is lent")
        stored = database.ride(first["id"])
        assert stored is not None
        # What was promised came first.
        assert (stored.zone, stored.ride.status) == (NORTH, Status.COMPLETED)

        second = ask(stack, "k-2", STATION, VILLAGE)
        assert second["status"] == "offered", second
        stored = database.ride(second["id"])
        assert stored is not None
        assert stored.zone == WEST
        assert stack.call("DELETE", f"/v1/rides/{second['id']}")[1]["status"] == "cancelled"
        assert [one.ride_id for one in database.decided(WEST, RideReferred)] == [first["id"]]
        assert [one.ride_id for one in database.decided(NORTH, RideReferred)] == [second["id"]]
        assert len(database.decided(NORTH, ShuttleReleased)) == 1
        assert stack.end() == 0, stack.said
