"""Zones of a territory: which stops, chargers, operators and shuttles are whose."""

from __future__ import annotations

from pathlib import Path

import h3
import pytest

from services.domain.errors import InvalidFile
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.network.folder import load
from services.network.layout import layout
from services.network.served import by_territory, served
from services.network.zone_networks import homes, whole
from tests.builders import request

STOPS = {"a": (1.40, 46.20), "b": (1.41, 46.20), "c": (1.60, 46.20), "d": (1.61, 46.20)}


def cell(stop: str, size: int = 6) -> str:
    lon, lat = STOPS[stop]
    found: str = h3.latlng_to_cell(lat, lon, size)
    return found


def cut(*, west: list[str] | None = None, east: list[str] | None = None) -> str:
    """The settings: two stops in each zone, if nothing else is said."""
    ours = west or sorted({cell("a"), cell("b")})
    theirs = east or sorted({cell("c"), cell("d")})
    return "\n".join(["zones:", f"  west: {ours}", f"  east: {theirs}", ""])


def folder(tmp_path: Path, zones: str, more: str = "") -> Path:
    made = tmp_path / "valley"
    made.mkdir()
    fleet = "fleet: [{depot: a, count: 3}, {depot: d, count: 1}]\n"
    text = "name: Valley\ntravel: {kind: crow}\n" + (more or fleet) + zones
    (made / "territory.yaml").write_text(text, encoding="utf-8")
    rows = [f"{name},{name},{lon},{lat}" for name, (lon, lat) in STOPS.items()]
    (made / "stops.csv").write_text("\n".join(["stop_id,name,lon,lat", *rows]) + "\n", "utf-8")
    return made


def test_each_zone_is_served_under_its_own_name(tmp_path: Path) -> None:
    west, east = served([str(folder(tmp_path, cut()))])
    assert (west.zone, east.zone) == ("valley.west", "valley.east")
    assert west.network.tables is east.network.tables, "nothing is computed twice"
    zones = west.network.zones
    assert zones is not None
    assert [zones.of(stop) for stop in range(4)] == ["valley.west"] * 2 + ["valley.east"] * 2
    assert homes(*west) == homes(*east)
    assert [*homes(*west).values()] == ["valley.west"] * 3 + ["valley.east"]
    assert by_territory([west, east]) == {"valley": (west, east)}


def test_a_territory_without_zones_is_one(tmp_path: Path) -> None:
    (alone,) = served([f"hill={folder(tmp_path, '')}"])
    assert alone.zone == "hill"
    assert alone.network.zones is None
    assert whole(alone.network) is alone.network


def test_zones_are_told_apart_by_what_their_decisions_depend_on(tmp_path: Path) -> None:
    west, east = served([str(folder(tmp_path, cut()))])
    alone = load(tmp_path / "valley")
    assert len({fingerprint(one) for one in (west.network, east.network, alone)}) == 3
    assert layout(west.network) == layout(east.network) != layout(alone)


def test_chargers_and_operators_are_shared_out(tmp_path: Path) -> None:
    more = """
fleet:
  - {depot: a, count: 3, battery: {capacity_wh: 80000}}
  - {depot: d, count: 1}
chargers:
  - {stop: b, power_kw: 50, plugs: 1}
supervision:
  shuttles_per_operator: 3
  operators: [{between: ["08:00", "18:00"], count: 1}]
"""
    west, east = served([str(folder(tmp_path, cut(), more))])
    ours, theirs = west.network.territory, east.network.territory
    assert [charger.stop for charger in ours.chargers] == ["b"]
    assert theirs.chargers == ()
    assert ours.supervision is not None
    assert theirs.supervision is not None
    noon = 12 * 60
    assert (ours.supervision.limits[noon], theirs.supervision.limits[noon]) == (2, 1)
    supervision = whole(east.network).territory.supervision
    assert supervision is not None
    assert supervision.limits[noon] == 3
    assert len(whole(east.network).territory.chargers) == 1


def test_a_request_goes_to_its_destination_s_zone_or_to_the_nearest_one(tmp_path: Path) -> None:
    west, _ = served([str(folder(tmp_path, cut()))])
    zones, drive_s = west.network.zones, west.network.tables.drive_s
    assert zones is not None
    assert zones.neighbour(request("r", 0, 2), drive_s) == ZoneId("valley.east")
    assert zones.neighbour(request("r", 0, 1), drive_s) == ZoneId("valley.east")


@pytest.mark.parametrize(
    ("zones", "reason"),
    [
        (cut(east=[cell("c"), cell("a")]), "stop 'a' lies in 'west' too"),
        (cut(east=[cell("c", 8)]), "stop 'd' lies in no zone; it lies in the cells 8"),
        (cut(east=[cell("c"), cell("d"), "nowhere"]), "'nowhere' is no H3 cell"),
        (cut().replace("west:", "West:"), "should match"),
        (cut() + "  south: ['861f9669fffffff']\n", "there is no stop in it"),
    ],
)
def test_zones_that_do_not_cut_a_territory_are_an_error(
    tmp_path: Path, zones: str, reason: str
) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        load(folder(tmp_path, zones))
    assert "zones" in str(caught.value)


def test_a_zone_with_batteries_has_a_charger(tmp_path: Path) -> None:
    more = """
fleet: [{depot: a, count: 1, battery: {capacity_wh: 80000}}]
chargers: [{stop: c, power_kw: 50, plugs: 1}]
"""
    with pytest.raises(InvalidFile, match="there is no charger in its zone 'west'"):
        load(folder(tmp_path, cut(), more))
