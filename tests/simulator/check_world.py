"""A day so small that a hand can follow it, written as a run writes it; and a hand to spoil it.

Five stops of road in a row, 1 km and 100 s apart, with three stops on them::

    a --- b --- c --- d --- e        b and c are also joined by f, one way and slower
    A           B           C

``v1`` takes r1 from A to C and on its way r2 from B to C, waits there, and brings r5 from C to A.
``v2`` takes r6 from B to A, later sets out for r4, and turns round when r4 cancels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, cos, degrees, radians
from pathlib import Path
from typing import Any

import yaml

from services.domain.geo import EARTH_RADIUS_M
from services.domain.territory import Territory
from tests.simulator.check_files import (
    LEASE_COLUMNS,
    LEG_COLUMNS,
    RIDE_COLUMNS,
    VISIT_COLUMNS,
    Row,
    roads,
    sha256,
    write_csv,
    write_parquet,
)
from tests.simulator.check_kpis import kpis, places

AT_M = {"a": 0, "b": 1000, "c": 2000, "d": 3000, "e": 4000}
STOPS = {"A": "a", "B": "c", "C": "e"}
WALK_M = 80  # 1.3 x 61 m, rounded up
WALK_S = 67  # at 1.2 m/s, rounded up


def place(east_m: float, north_m: float) -> tuple[float, float]:
    """Degrees of a place so far from stop B, around which the map is centred."""
    lat = degrees(north_m / EARTH_RADIUS_M) + 46.0
    lon = degrees((east_m - 2000) / EARTH_RADIUS_M / cos(radians(46.0))) + 1.5
    return lon, lat


@dataclass
class World:
    """The rows of a day; what they imply (who is on board, the figures) is added on writing.

    A row may carry ``seats_on_board`` or ``drive_m`` of its own, which are then left as they are.
    """

    settings: Row
    links: list[Row]
    demand: list[Row]
    rides: list[Row]
    visits: list[Row]
    legs: list[Row]
    shuttles: list[Row]
    benchmark: bool = True
    extra_stops: dict[str, int] = field(default_factory=dict)
    """More stops, so many metres east of the first; their mean is 2000."""
    lease_faults: list[Callable[[list[Row]], None]] = field(default_factory=list)
    """Spoils the leases, which are those that boardings took."""
    after: list[Callable[[Row, Row], None]] = field(default_factory=list)
    """Spoils ``run.json`` and ``kpis.json`` when all else is known."""

    def ride(self, request_id: str) -> Row:
        return next(row for row in self.rides if row["request_id"] == request_id)

    def trip(self, request_id: str) -> Row:
        return next(row for row in self.demand if row["request_id"] == request_id)

    def visit(self, shuttle_id: str, seq: int) -> Row:
        return next(v for v in self.visits if (v["shuttle_id"], v["seq"]) == (shuttle_id, seq))

    def legs_of(self, shuttle_id: str) -> list[Row]:
        return [leg for leg in self.legs if leg["shuttle_id"] == shuttle_id]

    def delay(self, shuttle_id: str, from_s: int, to_s: int, by_s: int) -> None:
        """Do all that this shuttle does between the two times later."""
        mine = [row for row in (*self.visits, *self.legs) if row["shuttle_id"] == shuttle_id]
        mine += [row for row in self.rides if row.get("shuttle_id") == shuttle_id]
        for row in mine:
            for name in ("arrive_s", "depart_s", "picked_up_s", "dropped_off_s"):
                if row.get(name) is not None and from_s <= row[name] <= to_s:
                    row[name] += by_s

    def write(self, folder: Path) -> Path:
        """Write territory, demand and run; return the run's folder."""
        territory, out = folder / "territory", folder / "out"
        territory.mkdir(parents=True)
        out.mkdir()
        self._write_territory(territory)
        write_csv(out / "demand.csv", self.demand)
        self.imply()
        travel = self.settings["travel"]
        figures = kpis(self, travel.get("crow_factor"))
        run = {
            "navette": "0.1.0",
            "seed": 1,
            "benchmark": self.benchmark,
            "territory": {
                "path": "../territory",
                "sha256": {path.name: sha256(path) for path in territory.iterdir()},
            },
            "demand": {"path": None, "sha256": sha256(out / "demand.csv")},
            "shuttles": self.shuttles,
            "service_day": None,
            "settings": Territory.model_validate(self.settings).model_dump(mode="json"),
            "complete": True,
        }
        for spoil in self.after:
            spoil(run, figures)
        write_parquet(out / "rides.parquet", self.rides, RIDE_COLUMNS)
        write_parquet(out / "visits.parquet", self.visits, VISIT_COLUMNS)
        write_parquet(out / "legs.parquet", self.legs, LEG_COLUMNS)
        write_parquet(out / "leases.parquet", self._leases(), LEASE_COLUMNS)
        (out / "kpis.json").write_text(json.dumps(figures))
        (out / "run.json").write_text(json.dumps(run))
        return out

    def _leases(self) -> list[Row]:
        rows: list[Row] = []
        for stay in self.visits:
            by_s = stay["depart_s"]
            times = {"from_s": by_s - 1, "until_s": by_s + 900, "ended_s": by_s}
            times["shuttle_id"] = stay["shuttle_id"]
            rows += [{"request_id": request_id, **times} for request_id in stay["boarded"]]
        for spoil in self.lease_faults:
            spoil(rows)
        return rows

    def _write_territory(self, folder: Path) -> None:
        (folder / "territory.yaml").write_text(yaml.safe_dump(self.settings))
        stops = [(stop, *place(AT_M[node], 0), node) for stop, node in STOPS.items()]
        stops += [(stop, *place(m, 0), "") for stop, m in self.extra_stops.items()]
        names = ("stop_id", "name", "lon", "lat", "node")
        write_csv(
            folder / "stops.csv",
            [dict(zip(names, (s, s, lon, lat, node), strict=True)) for s, lon, lat, node in stops],
        )
        write_csv(folder / "places.csv", places(place))
        if self.settings["travel"]["kind"] == "road":
            nodes = [(node, *place(east_m, 0)) for node, east_m in AT_M.items()]
            nodes.append(("f", *place(1500, 600)))
            write_csv(
                folder / "nodes.csv",
                [dict(zip(("node", "lon", "lat"), node, strict=True)) for node in nodes],
            )
            write_csv(folder / "links.csv", self.links)

    def imply(self) -> None:
        """Count who is on board, and the way to each visit; say who had an offer and took it."""
        for row in self.rides:
            for name in ("offered", "accepted"):
                row.setdefault(name, row.get("promised_pickup_from_s") is not None)
            if row["offered"] or row["status"] == "refused":
                row.setdefault("answered_s", row["request_s"])
        party = {row["request_id"]: (row["seats"], row["wheelchairs"]) for row in self.demand}
        for shuttle in {row["shuttle_id"] for row in self.visits}:
            seats = wheelchairs = 0
            before_s = -1
            for visit in [row for row in self.visits if row["shuttle_id"] == shuttle]:
                for ids, sign in ((visit["boarded"], 1), (visit["left"], -1)):
                    seats += sign * sum(party[request_id][0] for request_id in ids)
                    wheelchairs += sign * sum(party[request_id][1] for request_id in ids)
                visit.setdefault("seats_on_board", seats)
                visit.setdefault("wheelchairs_on_board", wheelchairs)
                driven = (
                    leg["length_m"]
                    for leg in self.legs_of(shuttle)
                    if before_s <= leg["depart_s"] < visit["arrive_s"]
                )
                visit.setdefault("drive_m", sum(driven))
                before_s = visit["arrive_s"]


def settings(**travel: Any) -> Row:
    return {
        "name": "Vallée d'Essai",
        "service": {"opens": "05:00", "closes": "23:00"},
        "promises": {"wait_s_max": 900, "ride_factor": 1.5, "ride_constant_s": 300},
        "stop_times": {"base_s": 30, "party_s": 15},
        "travel": travel or {"kind": "road", "speed_kmh_max": 36},
        "town": "Aville",
        "fleet": [{"depot": "A", "count": 2, "seats": 4}],
    }


def trip(request_id: str, way: str, departure_s: int, **changes: Any) -> Row:
    """A wish to go from 61 m beside one stop to 61 m beside another."""
    ends = [place(AT_M[STOPS[stop]], north_m) for stop, north_m in zip(way, (61, -61), strict=True)]
    names = ("origin_lon", "origin_lat", "destination_lon", "destination_lat")
    row = {"request_id": request_id, "departure_s": departure_s, "request_s": departure_s}
    row |= dict(zip(names, (*ends[0], *ends[1]), strict=True))
    row |= {"seats": 1, "wheelchairs": 0, "arrive_by_s": None, "cancel_s": None}
    return row | changes


def promised(asked: Row, way: str, direct_s: int) -> Row:
    """The ride of a wish that was offered as much as the territory promises at most."""
    earliest_s = asked["departure_s"] + WALK_S
    to_s = earliest_s + 900
    arrival_s = to_s + direct_s * 3 // 2 + 300
    if asked["arrive_by_s"] is not None:
        arrival_s = min(arrival_s, asked["arrive_by_s"] - WALK_S)
    return {
        **{name: asked[name] for name in ("request_id", "request_s", "seats", "wheelchairs")},
        "status": "completed",
        "earliest_pickup_s": earliest_s,
        "promised_pickup_from_s": earliest_s,
        "promised_pickup_to_s": to_s,
        "promised_arrival_s": arrival_s,
        "pickup_stop": way[0],
        "dropoff_stop": way[1],
        "walk_to_m": WALK_M,
        "walk_from_m": WALK_M,
        "direct_s": direct_s,
    }


def visit(
    shuttle_id: str,
    seq: int,
    stop: str,
    times_s: tuple[int, int],
    who: str = "",
    task: str | None = None,
) -> Row:
    """A stop; ``who`` names who gets on (+) and off (-)."""
    return {
        "shuttle_id": shuttle_id,
        "seq": seq,
        "stop": stop,
        "arrive_s": times_s[0],
        "depart_s": times_s[1],
        "boarded": [name[1:] for name in who.split() if name[0] == "+"],
        "left": [name[1:] for name in who.split() if name[0] == "-"],
        "task": task,
    }


def drive(shuttle_id: str, way: str, start_s: int, revision: int, seq: int) -> list[Row]:
    """Legs along nodes, 1 km and 100 s each."""
    return [
        {
            "shuttle_id": shuttle_id,
            "seq": seq + at,
            "from_node": way[at],
            "to_node": way[at + 1],
            "depart_s": start_s + 100.0 * at,
            "arrive_s": start_s + 100.0 * (at + 1),
            "length_m": 1000.0,
            "plan_revision": revision,
        }
        for at in range(len(way) - 1)
    ]


def small_day(*, benchmark: bool = True) -> World:
    """The day described above; with chance, r4 does not cancel but does not come to its stop."""
    demand = [
        trip("r1", "AC", 28_800, seats=2),
        trip("r2", "BC", 28_900, wheelchairs=1),
        trip("r3", "BA", 29_000),
        trip("r6", "BA", 29_400),
        trip("r5", "CA", 30_000, request_s=29_400, arrive_by_s=31_500),
        trip("r4", "AC", 30_900, cancel_s=31_150 if benchmark else None),
    ]
    asked = {row["request_id"]: row for row in demand}
    took = {
        "r1": ("AC", 400, "v1", 28_870, 29_315),
        "r2": ("BC", 200, "v1", 29_115, 29_315),
        "r6": ("BA", 200, "v2", 29_690, 29_890),
        "r5": ("CA", 400, "v1", 30_070, 30_470),
    }
    rides = []
    for name, (way, direct_s, shuttle_id, picked_up_s, dropped_off_s) in took.items():
        facts = {"picked_up_s": picked_up_s, "dropped_off_s": dropped_off_s}
        ride = promised(asked[name], way, direct_s)
        rides.append(ride | facts | {"shuttle_id": shuttle_id})
    refused = {name: asked["r3"][name] for name in ("request_id", "request_s", "seats")}
    refused |= {"wheelchairs": 0, "status": "refused", "refusal_reason": "wait"}
    rides.append(refused | {"refusal_remedy": "leave_later_s=540;walk_further_m=120"})
    status = "cancelled" if benchmark else "no_show"
    rides.append(promised(asked["r4"], "AC", 400) | {"shuttle_id": "v2", "status": status})
    visits = [
        visit("v1", 0, "A", (28_820, 28_870), "+r1"),
        visit("v1", 1, "B", (29_070, 29_115), "+r2"),
        visit("v1", 2, "C", (29_315, 29_375), "-r1 -r2"),
        visit("v1", 3, "C", (30_020, 30_070), "+r5"),
        visit("v1", 4, "A", (30_470, 30_515), "-r5"),
        visit("v2", 0, "B", (29_600, 29_690), "+r6"),
        visit("v2", 1, "A", (29_890, 29_980), "-r6"),
    ]
    if not benchmark:
        visits.append(visit("v2", 2, "A", (31_200, 31_320)))
    legs = [
        *drive("v1", "abc", 28_870, 1, 0),
        *drive("v1", "cde", 29_115, 2, 2),
        *drive("v1", "edcba", 30_070, 3, 4),
        *drive("v2", "abc", 29_400, 1, 0),
        *drive("v2", "cba", 29_690, 2, 2),
        *drive("v2", "ab", 31_000, 3, 4),
        *drive("v2", "ba", 31_100, 4, 5),
    ]
    room = {"depot_stop": "A", "seats": 4, "wheelchairs": 1, "luggage": 8}
    world = World(
        settings=settings(),
        links=roads(),
        demand=demand,
        rides=rides,
        visits=visits,
        legs=legs,
        shuttles=[{"shuttle_id": name} | room for name in ("v1", "v2")],
        benchmark=benchmark,
    )
    _add_duties(world)
    return world


def _add_duties(world: World) -> None:
    """A third shuttle, which is cleaned, charges and goes off duty, and nothing else."""
    full, charged = {"level_wh": 8000, "left_wh": 8000, "charged_wh": 0}, {"level_wh": 9000}
    charged |= {"left_wh": 9000, "charged_wh": 0}
    world.visits.append(visit("v3", 0, "A", (32_400, 33_000), task="cleaning") | full)
    charge = visit("v3", 1, "A", (33_000, 33_600), task="charge") | full
    world.visits.append(charge | {"left_wh": 9000, "charged_wh": 1000})
    world.visits.append(visit("v3", 2, "A", (33_600, 79_200), task="off_duty") | charged)
    world.shuttles.append(world.shuttles[0] | {"shuttle_id": "v3"})
    cleaning = {"kind": "cleaning", "between": ["09:00", "11:00"], "duration_s": 600}
    battery = {"capacity_wh": 10_000, "start_share": 0.8, "per_stop_wh": 10}
    day = {"shifts": [["05:00", "22:00"]], "upkeep": [cleaning], "battery": battery}
    world.settings["fleet"].append({"depot": "A", "count": 1, "seats": 4, **day})
    world.settings["chargers"] = [{"stop": "A", "power_kw": 10, "plugs": 1}]
    around_the_clock = {"between": ["00:00", "00:00"], "count": 1}
    world.settings["supervision"] = {"shuttles_per_operator": 2, "operators": [around_the_clock]}


def crow_day() -> World:
    """Without roads: v1 sets out from A for r1 at C, and on its way turns off towards r2 at B."""
    speed_kmh, factor = 36.0, 1.3
    demand = [trip("r1", "CB", 28_800), trip("r2", "BC", 28_830)]
    # A to C is 4 km; after 100 s it has come 769.230 m far, and has 1230.770 m to go to B.
    to_b_m = factor * 1230.770
    to_b_s = ceil(to_b_m / 10)
    at_b_s = 28_900 + to_b_s
    there_s = at_b_s + 45 + 260
    back_s = there_s + 60 + 260
    legs: list[Row] = []
    turn = "@-1230770,0"
    for start, end, times_s, length_m, revision in (
        ("A", turn, (28_800, 28_900), 1000.0, 1),
        (turn, "B", (28_900, at_b_s), to_b_m, 2),
        ("B", "C", (at_b_s + 45, there_s), 2600.0, 2),
        ("C", "B", (there_s + 60, back_s), 2600.0, 2),
    ):
        legs.append(
            drive("v1", "xy", 0, revision, len(legs))[0]
            | {"from_node": start, "to_node": end, "length_m": length_m}
            | {"depart_s": float(times_s[0]), "arrive_s": float(times_s[1])}
        )
    facts = (
        {"shuttle_id": "v1", "picked_up_s": there_s + 60, "dropped_off_s": back_s},
        {"shuttle_id": "v1", "picked_up_s": at_b_s + 45, "dropped_off_s": there_s},
    )
    ways = ("CB", "BC")
    return World(
        settings=settings(kind="crow", crow_factor=factor, crow_speed_kmh=speed_kmh),
        links=[],
        demand=demand,
        rides=[
            promised(asked, way, 260) | took
            for asked, way, took in zip(demand, ways, facts, strict=True)
        ],
        visits=[
            visit("v1", 0, "B", (at_b_s, at_b_s + 45), "+r2"),
            visit("v1", 1, "C", (there_s, there_s + 60), "-r2 +r1"),
            visit("v1", 2, "B", (back_s, back_s + 45), "-r1"),
        ],
        legs=legs,
        shuttles=[
            {"shuttle_id": name, "depot_stop": "A", "seats": 4, "wheelchairs": 1, "luggage": 8}
            for name in ("v1", "v2")
        ],
    )
