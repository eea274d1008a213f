"""The compiled search finds what full enumeration finds, in any state that a zone can get into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher import columns as c
from services.dispatcher import fleet as dispatched
from services.dispatcher.arrays import Ask
from services.dispatcher.core import Zone
from services.domain.battery import Battery
from services.domain.events import Event, Message, RequestRide
from services.domain.ids import RideId
from services.domain.ride import Load, Party, Request
from services.network.folder import Network
from services.simulator import world
from services.simulator.chance import Chance
from tests.builders import (
    EIGHT_S,
    LINE,
    PLAIN,
    cleaning,
    crow_network,
    fleet,
    request,
    road_network,
    territory,
    two_way,
)
from tests.dispatcher.plain_insertion import PlainInsertion
from tests.dispatcher.plain_routes import Insertion
from tests.play import Faults, Play

RELAXED = (c.LEAVE_LATER, c.ARRIVE_LATER, c.FEWER_SEATS, c.RIDE_LONGER, c.LATENESS)


def as_found(columns: list[int]) -> Insertion | None:
    """What the compiled search says, in the words of the plain one."""
    if columns[c.F_VALUE] < 0:
        return None
    return Insertion(
        value=columns[c.F_VALUE],
        shuttle=columns[c.F_SHUTTLE],
        pickup=columns[c.F_PICKUP],
        pick=columns[c.F_PICK],
        pick_joins=columns[c.F_PICK_MERGED],
        drop=columns[c.F_DROP],
        dropoff=columns[c.F_DROPOFF],
        drop_joins=columns[c.F_DROP_MERGED],
        pickup_s=columns[c.F_PICKUP_S],
        dropoff_s=columns[c.F_DROPOFF_S],
    )


def relaxed(ask: Ask, mode: int) -> Ask:
    """The request with one of its bounds given up, and to be exceeded as little as possible."""
    copy = Ask(ask.pickups.copy(), ask.dropoffs.copy(), ask.pairs.copy(), ask.party.copy())
    copy.party[c.A_MODE] = mode
    if mode == c.LEAVE_LATER:
        copy.pickups[:, c.P_PICK_BY] += 7200
    if mode == c.ARRIVE_LATER:
        copy.dropoffs[:, c.D_DROP_BY] += 7200
    if mode == c.FEWER_SEATS:
        copy.party[c.A_SEATS_MIN] = 1
    if mode in (c.RIDE_LONGER, c.LATENESS):
        copy.pairs[:, :, c.E_LIMIT] = c.FAR_S
    if mode == c.LATENESS:
        copy.pickups[:, c.P_PICK_BY] = copy.dropoffs[:, c.D_DROP_BY] = c.FAR_S
    return copy


@dataclass
class Tally:
    """How many searches were compared, and what they met."""

    searches: int = 0
    found: int = 0
    longest: int = 0
    moving: int = 0
    joined: int = 0
    broken: int = 0


class Compared(Play):
    """A play in which every search of the zone is done by hand as well."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tally = Tally()
        self.modes_of: dict[RideId, tuple[int, ...]] = {}
        self.watch = self._compare

    def _compare(self, message: Message, events: tuple[Event, ...] | None) -> None:
        if events is None and isinstance(message, RequestRide):
            self.zone.now_s = max(self.zone.now_s, self.agenda.now_s)
            self.compare(message.request)

    def compare(self, asked: Request) -> None:
        """Search for a request, without making an offer."""
        terms = self.zone.terms
        if terms.obstacle(asked) is not None:
            return
        near, far = terms.tried(asked.origins), terms.tried(asked.destinations)
        ask = terms.ask(asked, near, far, self.zone.now_s)
        for mode in self.modes_of.get(asked.ride_id, (c.COST, *RELAXED)):
            variant = ask if mode == c.COST else relaxed(ask, mode)
            found = as_found(self.zone.search(variant))
            seen = self.zone.sketch(fleet=True)  # as the search saw it
            for k in range(len(seen.fleet.routes)):
                seen.fleet.settle(k, seen.now_s)
            plain = PlainInsertion(seen)
            self._check_timetables(seen, plain)
            assert found == plain.best(variant), f"mode {mode} of {asked}"
            self._check_moves(seen, plain)
            self.tally.searches += 1
            self.tally.found += found is not None
            self.tally.joined += found is not None and found.pick_joins + found.drop_joins
            self.tally.broken += bool(seen.fleet.arrays.heads[:, c.H_BROKEN].any())
            self.tally.moving += sum(s.place.arrive_s is not None for s in plain.shuttles.values())
            self.tally.longest = max(
                self.tally.longest, *(len(s.route) for s in plain.shuttles.values()), 0
            )

    def _check_moves(self, seen: Zone, plain: PlainInsertion) -> None:
        arrays = seen.fleet.arrays
        if not seen.fleet.supervised:
            return
        for k in plain.shuttles:
            booked = arrays.booked[k].nonzero()[0].tolist()
            now = seen.now_s // 60
            moves = {m for m in plain.moves(k) if m >= now}
            assert moves == {m for m in booked if m >= now}

    def _check_timetables(self, seen: Zone, plain: PlainInsertion) -> None:
        arrays = seen.fleet.arrays
        for k, shuttle in plain.shuttles.items():
            planned = plain.timetable(shuttle.place, shuttle.route)
            first = 1 if shuttle.place.boarding else 0
            visits = arrays.visits[k, : len(shuttle.route)]
            assert planned.arrive_s[first:] == visits[first:, c.V_ARRIVE].tolist()
            assert planned.depart_s[first:] == visits[first:, c.V_DEPART].tolist()


STOP_TIMES = {"base_s": 10, "party_s": 5, "wheelchair_s": 40, "patience_s": 60}
NO_STOP_TIMES = {"base_s": 0, "party_s": 0, "patience_s": 0}
TIGHT: dict[str, Any] = {"wait_s_max": 240, "ride_factor": 1.2, "ride_constant_s": 60}
WINDOWED: dict[str, Any] = {"wait_s_max": 600, "pickup_window_s": 200, "ride_constant_s": 200}
LOOSE: dict[str, Any] = {"wait_s_max": 1500, "ride_factor": 2.0, "ride_constant_s": 600}


def battery(level_wh: int) -> Battery:
    return Battery(
        capacity_mwh=1_000_000,
        reserve_mwh=200_000,
        start_mwh=level_wh * 1000,
        charge_below_mwh=300_000,
        charge_to_mwh=900_000,
        per_m_mwh=20,
        per_s_mwh=30,
        per_stop_mwh=4000,
    )


def network(kind: str, promises: dict[str, Any], km_weight: int = 0, **parts: Any) -> Network:
    # Without stop times, only drives that are exact to the second keep to the triangle inequality.
    exact = kind == "line"
    rules = territory(
        promises=promises if kind != "one way" else {**promises, "ride_factor": 0},
        stop_times=NO_STOP_TIMES if exact else STOP_TIMES,
        dispatch={"reserve_s": 0 if exact else 30, "divert_latency_s": 10, "km_weight": km_weight},
        chargers=[{"stop": "s4", "power_kw": 1.5}],
        **parts,
    )
    if kind == "roads":
        return road_network(rules)
    if kind == "one way":  # no road leads away from node 7, nor to node 0
        links = [link for link in two_way() if link[0] != 7 and link[1] != 0]
        return road_network(rules, links)
    return crow_network(LINE if exact else PLAIN, rules)


@st.composite
def asks(draw: st.DrawFn) -> list[tuple[int, Request]]:
    """Requests of a busy hour, most for now and some for later, for any of seven stops."""
    stops = st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True)
    walks = st.sampled_from((0, 40, 90, 200))
    now_s, asked = EIGHT_S, []
    for number in range(draw(st.integers(1, 14))):
        now_s += draw(st.integers(0, 150))
        ahead_s = draw(st.sampled_from((0, 0, 0, 400, 1500)))
        origins, destinations = (
            sorted(((stop, draw(walks)) for stop in draw(stops)), key=lambda near: near[1])
            for _ in range(2)
        )
        direct = draw(st.sampled_from((None, None, 500, 1200)))
        party = Party(
            seats=draw(st.sampled_from((1, 1, 2, 4))),
            wheelchairs=draw(st.sampled_from((0, 0, 0, 1))),
            luggage=draw(st.sampled_from((0, 0, 1, 3))),
            companions=draw(st.sampled_from((0, 0, 1))),
        )
        asked.append(
            (
                now_s,
                request(
                    f"r{number}",
                    origins,
                    destinations,
                    now_s + ahead_s,
                    party=party,
                    arrive_by_s=None if direct is None else now_s + ahead_s + direct,
                ),
            )
        )
    return asked


@pytest.mark.parametrize("kind", ["roads", "one way", "plane", "line"])
@settings(max_examples=20)
@given(
    asked=asks(),
    promises=st.sampled_from((TIGHT, WINDOWED, LOOSE)),
    depots=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    seed=st.one_of(st.none(), st.integers(0, 1000)),
    busy=st.booleans(),
    level_wh=st.sampled_from((None, None, 260, 400, 700)),
    km_weight=st.sampled_from((0, 0, 70)),
)
def test_the_search_finds_what_trying_everything_finds(
    kind: str,
    asked: list[tuple[int, Request]],
    promises: dict[str, Any],
    depots: list[int],
    seed: int | None,
    busy: bool,
    level_wh: int | None,
    km_weight: int,
) -> None:
    """``seed``: all goes as planned (none), or by chance. ``busy``: shuttles have tasks as well.

    ``level_wh``: what their batteries hold, if they have any.
    """
    day: dict[str, Any] = {}
    if busy and kind != "one way":  # where a shuttle may never come home
        day = {
            "shifts": ((EIGHT_S - 7200, EIGHT_S + 500), (EIGHT_S + 800, EIGHT_S + 9000)),
            "upkeep": (
                cleaning(3, EIGHT_S + 100, EIGHT_S + 400),
                cleaning(5, EIGHT_S + 900, EIGHT_S + 2000),
            ),
        }
    shuttles = fleet(*depots, capacity=Load(5, 1, 4), seats_per_wheelchair=2, **day)
    if level_wh is not None:
        shuttles = tuple(replace(one, battery=battery(level_wh)) for one in shuttles)
    chance = Chance(seed or 0, on=seed is not None)
    play = Compared(network(kind, promises, km_weight), shuttles, chance)
    for number, (at_s, one) in enumerate(asked):
        play.modes_of[one.ride_id] = (c.COST, RELAXED[number % len(RELAXED)])
        play.ask(one, at_s)
    play.run(asked[-1][0])


def watched(count: int) -> dict[str, Any]:
    """So many shuttles may move, and one fewer from five past eight to ten past."""
    late = {"between": ["08:10", "20:00"], "count": count}
    between = {"between": ["08:05", "08:10"], "count": count - 1}
    operators = [{"between": ["06:00", "08:05"], "count": count}, between, late]
    operators = [one for one in operators if one["count"]]
    return {"shuttles_per_operator": 1, "operators": operators}


@pytest.mark.parametrize("kind", ["roads", "plane", "line"])
@settings(max_examples=30)
@given(
    asked=asks(),
    promises=st.sampled_from((TIGHT, WINDOWED, LOOSE)),
    depots=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    count=st.integers(1, 2),
    seed=st.one_of(st.none(), st.integers(0, 1000)),
)
def test_with_few_operators_too_it_finds_what_trying_everything_finds(
    kind: str,
    asked: list[tuple[int, Request]],
    promises: dict[str, Any],
    depots: list[int],
    count: int,
    seed: int | None,
) -> None:
    shuttles = fleet(*depots, capacity=Load(5, 1, 4), seats_per_wheelchair=2)
    chance = Chance(seed or 0, on=seed is not None)
    play = Compared(network(kind, promises, supervision=watched(count)), shuttles, chance)
    for number, (at_s, one) in enumerate(asked):
        play.modes_of[one.ride_id] = (c.COST, RELAXED[number % len(RELAXED)])
        play.ask(one, at_s)
    play.run(asked[-1][0])


LONG: dict[str, Any] = {"wait_s_max": 900, "ride_factor": 1.5, "ride_constant_s": 400}


@pytest.mark.parametrize(("kind", "seed"), [("roads", 1), ("plane", 2)])
def test_full_shuttles_that_run_late_get_what_trying_everything_finds(
    kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "DRIVE_VARIATION", 0.5)
    monkeypatch.setattr(dispatched, "POSITIONS", 2)  # so that plans outgrow their arrays
    dice = Random(seed)
    delays = Faults(late=0.3, late_s=300)  # what is not heard of looks late
    play = Compared(network(kind, LONG), fleet(0, 3), Chance(seed), delays)
    for number in range(60):
        at_s = EIGHT_S + 30 * number
        origins, destinations = (
            [(stop, 60 * i) for i, stop in enumerate(dice.sample(range(7), 2))] for _ in range(2)
        )
        one = request(
            f"r{number}",
            origins,
            destinations,
            at_s + dice.choice((0, 0, 0, 900)),
            party=Party(seats=dice.choice((1, 1, 2)), luggage=dice.choice((0, 1))),
        )
        play.modes_of[one.ride_id] = (c.COST, *RELAXED)[number % 6 :][:1]
        play.ask(one, at_s, cancel_s=at_s + dice.randint(60, 900) if dice.random() < 0.1 else None)
    play.run(EIGHT_S + 30 * 60)
    tally = play.tally
    assert tally.longest > 8
    assert min(tally.moving, tally.joined, tally.broken, tally.found) > 2


def test_nobody_is_taken_where_no_road_leads_back_while_others_wait() -> None:
    play = Compared(network("one way", LOOSE), fleet(0))
    play.ask(request("r0", 1, 6), EIGHT_S)
    # Only before the stops of r0 would this one be in time; but then those are out of reach.
    play.ask(request("r1", 1, 5, arrive_by_s=EIGHT_S + 230), EIGHT_S)
    play.run(EIGHT_S)
