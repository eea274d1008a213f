"""Faults, each of which spoils the small day so that exactly one rule finds something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.simulator.check import Rule
from tests.simulator.check_world import WALK_S, World, promised, trip, visit

Spoil = Callable[[World], None]

BROKEN: list[tuple[Rule, bool, Spoil]] = []


def breaks(rule: Rule, *, benchmark: bool = True) -> Callable[[Spoil], Spoil]:
    """Mark a function that spoils the small day so that exactly ``rule`` finds fault with it."""

    def register(spoil: Spoil) -> Spoil:
        BROKEN.append((rule, benchmark, spoil))
        return spoil

    return register


# One function a fault. Each leaves everything else as consistent as it was.


@breaks(Rule.INPUTS)
def stops_changed_since(world: World) -> None:
    world.after.append(lambda run, _: run["territory"]["sha256"].update({"stops.csv": "0" * 64}))


@breaks(Rule.INPUTS)
def demand_changed_since(world: World) -> None:
    world.after.append(lambda run, _: run["demand"].update({"sha256": "0" * 64}))


@breaks(Rule.INPUTS)
def a_file_is_gone(world: World) -> None:
    world.after.append(lambda run, _: run["territory"]["sha256"].update({"gone.csv": "0" * 64}))


@breaks(Rule.SETTINGS)
def the_run_promises_longer_waits(world: World) -> None:
    world.after.append(lambda run, _: run["settings"]["promises"].update({"wait_s_max": 1200}))


@breaks(Rule.FLEET)
def a_shuttle_has_grown_a_seat(world: World) -> None:
    world.shuttles[0]["seats"] = 5


@breaks(Rule.FLEET)
def a_stranger_drives(world: World) -> None:
    world.visits.append(visit("v9", 0, "A", (30_000, 30_100)))


@breaks(Rule.REQUESTS)
def a_request_is_forgotten(world: World) -> None:
    world.rides.remove(world.ride("r3"))


@breaks(Rule.REQUESTS)
def a_ride_is_invented(world: World) -> None:
    world.rides.append(world.ride("r3") | {"request_id": "r99"})


@breaks(Rule.REQUESTS)
def a_ride_is_written_twice(world: World) -> None:
    world.rides.append(dict(world.ride("r3")))


@breaks(Rule.REQUEST_FACTS)
def a_party_has_grown(world: World) -> None:
    world.ride("r3")["seats"] = 3


@breaks(Rule.STATUS)
def refused_for_no_reason(world: World) -> None:
    world.ride("r3")["refusal_reason"] = "because"


@breaks(Rule.STATUS)
def ended_as_nobody_knows(world: World) -> None:
    world.ride("r3").update(status="lost", refusal_remedy=None)


@breaks(Rule.STATUS)
def completed_without_direct_drive(world: World) -> None:
    world.ride("r6")["direct_s"] = None


@breaks(Rule.STATUS)
def answered_later_than_the_territory_says(world: World) -> None:
    world.ride("r3")["answered_s"] = world.ride("r3")["request_s"] + 1


@breaks(Rule.DROPPED)
def refused_after_the_promise(world: World) -> None:
    world.ride("r4").update(
        status="refused", refusal_reason="wait", refusal_remedy="leave_later_s=60"
    )


@breaks(Rule.DROPPED)
def cancelled_by_nobody(world: World) -> None:
    world.trip("r4")["cancel_s"] = None


@breaks(Rule.DROPPED, benchmark=False)
def failed_without_a_reason(world: World) -> None:
    world.ride("r4")["status"] = "failed"


@breaks(Rule.CANCELLED)
def picked_up_after_cancelling(world: World) -> None:
    world.trip("r6")["cancel_s"] = 29_450


@breaks(Rule.NO_SHOW, benchmark=False)
def nobody_waited_for_who_did_not_come(world: World) -> None:
    world.visits.remove(world.visit("v2", 2))


@breaks(Rule.BOARDS_ONCE)
def a_party_is_in_two_shuttles(world: World) -> None:
    world.visit("v2", 0)["boarded"].append("r1")
    world.visit("v2", 1)["left"].append("r1")


@breaks(Rule.LEFT_ABOARD)
def nobody_lets_r5_off(world: World) -> None:
    world.visit("v1", 4)["left"].remove("r5")


@breaks(Rule.RIDES_AND_VISITS)
def picked_up_by_a_shuttle_that_has_left(world: World) -> None:
    world.ride("r1")["picked_up_s"] += 10


@breaks(Rule.RIDES_AND_VISITS)
def dropped_off_before_the_arrival(world: World) -> None:
    world.ride("r6")["dropped_off_s"] -= 1


@breaks(Rule.RIDES_AND_VISITS)
def carried_by_another_shuttle_than_written(world: World) -> None:
    world.ride("r6")["shuttle_id"] = "v1"


@breaks(Rule.STOPS)
def from_a_stop_to_itself(world: World) -> None:
    world.ride("r4").update(dropoff_stop="A", direct_s=0, walk_from_m=None)


@breaks(Rule.STOPS)
def to_a_stop_that_is_not_there(world: World) -> None:
    world.ride("r4").update(dropoff_stop="nowhere", direct_s=None, walk_from_m=None)


@breaks(Rule.WALKS)
def a_walk_is_written_too_long(world: World) -> None:
    world.ride("r4")["walk_from_m"] += 1


@breaks(Rule.WALKS)
def a_walk_is_too_far(world: World) -> None:
    far = trip("r4", "AC", 30_900)
    world.trip("r4")["destination_lat"] = far["destination_lat"] - 600 / 111_195
    world.ride("r4")["walk_from_m"] = 860


@breaks(Rule.EARLIEST)
def the_walk_takes_longer_than_it_does(world: World) -> None:
    for name in ("earliest_pickup_s", "promised_pickup_from_s"):
        world.ride("r4")[name] += 1


@breaks(Rule.TOO_EARLY)
def picked_up_before_asking(world: World) -> None:
    for row in (world.trip("r6"), world.ride("r6")):
        row["request_s"] = 29_691


@breaks(Rule.TOO_EARLY, benchmark=False)
def picked_up_before_the_walk_ends(world: World) -> None:
    world.trip("r6")["departure_s"] += 300
    for name in ("earliest_pickup_s", "promised_pickup_from_s", "promised_pickup_to_s"):
        world.ride("r6")[name] += 300


@breaks(Rule.DIRECT)
def a_direct_drive_is_written_too_long(world: World) -> None:
    world.ride("r4")["direct_s"] += 1


@breaks(Rule.PROMISES)
def a_wait_beyond_the_limit_is_promised(world: World) -> None:
    world.ride("r4")["promised_pickup_to_s"] += 1


@breaks(Rule.PROMISES)
def an_arrival_beyond_the_limit_is_promised(world: World) -> None:
    world.ride("r4")["promised_arrival_s"] += 1


@breaks(Rule.PROMISES)
def an_impossible_arrival_is_promised(world: World) -> None:
    ride = world.ride("r4")
    ride["promised_arrival_s"] = ride["promised_pickup_from_s"] + 399


@breaks(Rule.PROMISES)
def a_ride_longer_than_from_the_nearest_stop_is_promised(world: World) -> None:
    world.settings["promises"]["walk_m_max"] = 3000
    asked = world.trip("r4") | trip("r4", "BC", 30_900, cancel_s=31_150)
    world.demand[world.demand.index(world.trip("r4"))] = asked
    world.ride("r4").update(promised(asked, "AC", 400), status="cancelled")
    world.ride("r4").update(walk_to_m=2602)
    for name in ("earliest_pickup_s", "promised_pickup_from_s", "promised_pickup_to_s"):
        world.ride("r4")[name] += 2169 - WALK_S
    world.ride("r4")["promised_arrival_s"] = world.ride("r4")["promised_pickup_to_s"] + 601


@breaks(Rule.KEPT)
def picked_up_too_late(world: World) -> None:
    ride = world.ride("r6")
    ride["promised_pickup_to_s"] = ride["picked_up_s"] - 1
    ride["promised_arrival_s"] = ride["promised_pickup_to_s"] + 600


@breaks(Rule.KEPT)
def arrived_too_late(world: World) -> None:
    world.ride("r6")["promised_arrival_s"] = world.ride("r6")["dropped_off_s"] - 1


@breaks(Rule.RIDE_TIME)
def a_ride_takes_too_long(world: World) -> None:
    world.delay("v2", 29_690, 30_000, 401)
    world.ride("r6")["picked_up_s"] -= 401
    world.visit("v2", 0)["depart_s"] -= 401


@breaks(Rule.RIDE_TIME, benchmark=False)
def somebody_is_forgotten_on_board(world: World) -> None:
    world.ride("r5")["dropped_off_s"] += 5000
    for name in ("arrive_s", "depart_s"):
        world.visit("v1", 4)[name] += 5000


@breaks(Rule.ARRIVE_BY)
def a_rider_misses_the_train(world: World) -> None:
    world.trip("r5")["arrive_by_s"] = 30_534
    world.ride("r5")["promised_arrival_s"] = 30_470


@breaks(Rule.SERVICE_HOURS)
def picked_up_before_opening(world: World) -> None:
    world.settings["service"]["opens"] = "08:01:11"
    world.ride("r1")["promised_pickup_from_s"] = 28_870


@breaks(Rule.CAPACITY)
def five_people_on_four_seats(world: World) -> None:
    for row in (world.trip("r1"), world.ride("r1")):
        row["seats"] = 4


@breaks(Rule.CAPACITY)
def two_wheelchairs_in_one_place(world: World) -> None:
    for row in (world.trip("r1"), world.ride("r1")):
        row["wheelchairs"] = 1


@breaks(Rule.CAPACITY)
def a_wheelchair_takes_seats_away_that_are_taken(world: World) -> None:
    for row in (*world.shuttles, *world.settings["fleet"]):
        row["seats_per_wheelchair"] = 4


@breaks(Rule.FLEET)
def wheelchairs_take_fewer_seats_away_than_they_do(world: World) -> None:
    world.settings["fleet"][0]["seats_per_wheelchair"] = 2


@breaks(Rule.STOP_TIME)
def the_ramp_takes_no_time(world: World) -> None:
    world.settings["stop_times"]["wheelchair_s"] = 1


@breaks(Rule.ON_BOARD)
def somebody_is_not_counted(world: World) -> None:
    world.visit("v1", 1)["seats_on_board"] = 2


@breaks(Rule.STOP_TIME)
def a_stop_is_too_short(world: World) -> None:
    world.visit("v1", 2)["depart_s"] -= 1


@breaks(Rule.VISIT_ORDER)
def a_stop_begins_before_the_last_one_ends(world: World) -> None:
    world.visit("v1", 3)["arrive_s"] = 29_374


@breaks(Rule.LEG_ORDER)
def a_leg_is_missing(world: World) -> None:
    world.legs.remove(world.legs_of("v1")[5])


@breaks(Rule.LEG_ORDER, benchmark=False)
def two_roads_at_once(world: World) -> None:
    for name in ("depart_s", "arrive_s"):
        world.legs_of("v1")[6][name] -= 5


@breaks(Rule.LINKS)
def a_road_is_longer_than_it_is(world: World) -> None:
    world.legs_of("v1")[5]["length_m"] += 100


@breaks(Rule.LINKS)
def a_one_way_road_the_wrong_way(world: World) -> None:
    last = world.legs_of("v2")[5]
    last |= {"to_node": "f", "length_m": 800.0, "arrive_s": 31_180.0}
    back = {"seq": 6, "from_node": "f", "to_node": "b", "depart_s": 31_180.0, "arrive_s": 31_260.0}
    world.legs.append(last | back)


def close(world: World, name: str, from_s: int) -> None:
    closure = {"closure_id": "works", "links": [name], "from_s": from_s, "until_s": from_s + 1}

    def write(run: dict[str, Any], kpis: dict[str, Any]) -> None:
        run["disruptions"] = {"asked": {"closures": [closure]}}
        kpis["disruptions"]["closures"] = 1

    world.after.append(write)


@breaks(Rule.CLOSED_ROADS)
def a_road_is_entered_while_it_is_closed(world: World) -> None:
    leg = world.legs_of("v1")[3]
    ends = (leg["from_node"], leg["to_node"])
    (name,) = (row["link"] for row in world.links if (row["from"], row["to"]) == ends)
    close(world, name, int(leg["depart_s"]))


@breaks(Rule.CLOSED_ROADS)
def a_road_is_closed_that_there_is_not(world: World) -> None:
    close(world, "nowhere", 30_000)


@breaks(Rule.DRIVE_TIME)
def a_leg_is_too_fast(world: World) -> None:
    world.legs_of("v1")[3]["arrive_s"] -= 0.002


@breaks(Rule.DRIVE_TIME)
def a_leg_is_too_slow(world: World) -> None:
    world.delay("v1", 28_970, 29_400, 1)


@breaks(Rule.DRIVE_TIME, benchmark=False)
def a_leg_is_faster_than_chance_allows(world: World) -> None:
    for leg in world.legs_of("v1")[2:4]:
        leg["depart_s"] += 61


@breaks(Rule.JOINS)
def a_stop_far_from_where_the_shuttle_is(world: World) -> None:
    for late in (world.visit("v1", 4), world.visit("v1", 3)):
        late["seq"] += 1
    world.visits.insert(3, visit("v1", 3, "A", (29_500, 29_600)))


@breaks(Rule.STANDING)
def drives_off_before_all_are_on_board(world: World) -> None:
    for leg in world.legs_of("v1")[2:4]:
        for name in ("depart_s", "arrive_s"):
            leg[name] -= 5


@breaks(Rule.DRIVE_M)
def a_way_is_counted_too_long(world: World) -> None:
    world.visit("v1", 2)["drive_m"] = 2002.0


@breaks(Rule.SHORTEST_WAY)
def a_detour(world: World) -> None:
    world.delay("v1", 29_000, 29_400, 76)
    out, last = world.legs_of("v1")[:2]
    for leg in world.legs_of("v1")[2:]:
        leg["seq"] += 1
    last |= {"to_node": "f", "depart_s": 28_970.0, "arrive_s": 29_050.0, "length_m": 800.0}
    after = last | {"seq": 2, "from_node": "f", "to_node": "c"}
    world.legs.insert(2, after | {"depart_s": 29_050.0, "arrive_s": 29_146.0})
    assert out["to_node"] == last["from_node"]
