"""The generated day: its shape, its size, and that it repeats."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.day import DayKind, Weather
from services.domain.fleet_settings import FleetGroup
from services.domain.geo import Point, distance_m
from services.domain.places import Place, PlaceKind, PlaceRole
from services.domain.territory import ServiceHours, Territory
from services.network.stops import StopRow, Stops, place_stops
from services.simulator.demand import Demand, Trip, read_demand, write_demand
from services.simulator.generator import TRIPS_PER_PERSON_DAY, generate_day
from services.simulator.settlements import apportion

PROJECT = Path(__file__).parents[2]
SEEDS = range(4)


@dataclass(frozen=True)
class Country:
    """As much of a network as a generated day needs."""

    territory: Territory
    places: tuple[Place, ...]
    stops: Stops


def a_place(
    name: str, km_east: float, population: int, roles: tuple[PlaceRole, ...] = (), **more: object
) -> Place:
    place = Place(
        name=name,
        kind=PlaceKind.VILLAGE,
        point=Point(1.5 + km_east / 77, 46.2),
        population=population,
        roles=frozenset(roles),
    )
    return replace(place, **more)  # type: ignore[arg-type]


TOWN_ROLES = (PlaceRole.WORK, PlaceRole.SCHOOL, PlaceRole.MARKET, PlaceRole.MEDICAL)
TOWN = a_place("Town", 0, 5000, TOWN_ROLES, kind=PlaceKind.TOWN)
STATION = a_place("Station", 1, 0, (PlaceRole.STATION,))
VILLAGES = tuple(a_place(f"Village {i}", -5 - 3 * i, 800 - 100 * i) for i in range(5))
OPENS, CLOSES = "05:30", "23:00"


def a_country(*places: Place, opens: str = OPENS, closes: str = CLOSES) -> Country:
    stops, _ = place_stops([StopRow("a", "A", 1.5, 46.2), StopRow("b", "B", 1.6, 46.2)])
    hours = ServiceHours.model_validate({"opens": opens, "closes": closes})
    territory = Territory(name="Country", service=hours, fleet=(FleetGroup(depot="a", count=1),))
    return Country(territory=territory, places=places, stops=stops)


COUNTRY = a_country(TOWN, STATION, *VILLAGES)


def share(day: Demand, holds: Callable[[Trip], bool]) -> float:
    return sum(map(holds, day.trips)) / len(day.trips)


def leaves_between(from_h: float, to_h: float) -> Callable[[Trip], bool]:
    return lambda trip: from_h * 3600 <= trip.departure_s < to_h * 3600


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def day(request: pytest.FixtureRequest) -> Demand:
    return generate_day(COUNTRY, seed=request.param, requests=3000)


def test_mornings_and_evenings_are_the_peaks(day: Demand) -> None:
    by_hour = Counter(trip.departure_s // 3600 for trip in day.trips)
    midday = (by_hour[12] + by_hour[13] + by_hour[14]) / 3
    assert min(by_hour[7], by_hour[17]) > 2 * midday
    assert share(day, leaves_between(7, 9)) > 0.2
    assert share(day, leaves_between(17, 19)) > 0.15


def test_nights_are_quiet_but_not_dead(day: Demand) -> None:
    assert 0.005 < share(day, lambda trip: not leaves_between(6, 20)(trip)) < 0.08


def test_mornings_lead_to_the_town_and_evenings_home(day: Demand) -> None:
    def to_town(trip: Trip) -> bool:
        return distance_m(trip.destination, TOWN.point) < distance_m(trip.origin, TOWN.point)

    morning = replace(day, trips=tuple(filter(leaves_between(7, 9), day.trips)))
    evening = replace(day, trips=tuple(filter(leaves_between(17, 19), day.trips)))
    assert share(morning, to_town) > 0.8
    assert share(evening, to_town) < 0.3


def test_errands_fill_the_hours_between(day: Demand) -> None:
    between = [trip.purpose for trip in day.trips if leaves_between(9.5, 16)(trip)]
    errands = Counter(between)
    assert errands["market"] + errands["medical"] + errands["visit"] > 0.7 * len(between)


def test_some_book_ahead_and_most_of_those_who_must_be_on_time(day: Demand) -> None:
    assert 0.3 < share(day, lambda trip: trip.booked) < 0.5
    punctual = [trip for trip in day.trips if trip.arrive_by_s is not None]
    assert {trip.purpose for trip in punctual} == {"train", "school", "medical"}
    assert sum(trip.booked for trip in punctual) > 0.5 * len(punctual)


def test_what_was_booked_the_day_before_is_known_soon_after_midnight(day: Demand) -> None:
    early = share(day, lambda trip: trip.booked and trip.request_s <= 900)
    assert 0.1 < early < 0.35
    assert min(trip.request_s for trip in day.trips) >= 0


def test_appointments_leave_time_to_get_there(day: Demand) -> None:
    for trip in day.trips:
        if trip.arrive_by_s is not None:
            assert trip.arrive_by_s % 300 == 0
            spare_s = trip.arrive_by_s - trip.departure_s
            drive_s = distance_m(trip.origin, trip.destination) / 17
            assert spare_s >= COUNTRY.territory.promises.wait_s_max + drive_s


def test_some_travel_in_groups_some_in_wheelchairs_and_some_cancel(day: Demand) -> None:
    assert 0.12 < share(day, lambda trip: trip.seats >= 2) < 0.25
    assert max(trip.seats for trip in day.trips) == 5
    assert 0.01 < share(day, lambda trip: trip.wheelchairs > 0) < 0.035
    assert 0.02 < share(day, lambda trip: trip.cancel_s is not None) < 0.07


def test_most_who_go_out_come_back(day: Demand) -> None:
    ways = Counter((trip.origin, trip.destination) for trip in day.trips)
    back = sum(min(count, ways[there, here]) for (here, there), count in ways.items())
    assert back > 0.75 * len(day.trips)


def test_nobody_takes_a_shuttle_round_the_corner(day: Demand) -> None:
    assert share(day, lambda trip: distance_m(trip.origin, trip.destination) < 800) < 0.01


def test_homes_lie_around_their_places_by_population(day: Demand) -> None:
    homes = Counter(
        min(COUNTRY.places, key=lambda place: distance_m(place.point, trip.origin)).name
        for trip in day.trips
        if trip.purpose == "work" and trip.departure_s < 10 * 3600
    )
    assert homes["Village 0"] > homes["Village 4"] > 0


def test_everybody_sets_off_while_the_service_runs(day: Demand) -> None:
    assert share(day, leaves_between(5.5, 23)) == 1


def test_a_night_service_runs_past_midnight() -> None:
    country = a_country(TOWN, STATION, *VILLAGES, opens="18:00", closes="02:00")
    day = generate_day(country, seed=1)
    assert share(day, leaves_between(18, 26)) == 1


def test_the_same_seed_gives_the_same_day_in_another_process() -> None:
    program = (
        "from pathlib import Path; import sys; sys.path.insert(0, 'tests/simulator');"
        "from test_generator import COUNTRY, generate_day;"
        "print(generate_day(COUNTRY, seed=7).sha256)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert other.stdout.strip() == generate_day(COUNTRY, seed=7).sha256


def test_another_seed_gives_another_day() -> None:
    assert generate_day(COUNTRY, seed=1).trips != generate_day(COUNTRY, seed=2).trips


def test_a_place_draws_the_same_in_whatever_order_the_others_are_listed() -> None:
    def from_village(*others: Place) -> set[Point]:
        day = generate_day(a_country(VILLAGES[0], *others), seed=3, requests=400)
        return {
            point
            for trip in day.trips
            for point in (trip.origin, trip.destination)
            if distance_m(point, VILLAGES[0].point) < 1000
        }

    one, other = from_village(TOWN, VILLAGES[1]), from_village(VILLAGES[1], TOWN)
    assert one == other


def test_the_number_of_requests_follows_the_people_or_the_wish() -> None:
    people = sum(place.population or 0 for place in COUNTRY.places)
    assert len(generate_day(COUNTRY, seed=1).trips) == round(people * TRIPS_PER_PERSON_DAY)
    assert len(generate_day(COUNTRY, seed=1, requests=17).trips) == 17
    assert generate_day(COUNTRY, seed=1, requests=0).trips == ()


def test_without_places_people_live_around_the_stops() -> None:
    day = generate_day(a_country(), seed=1, requests=50)
    assert len(day.trips) == 50


def test_a_place_whose_people_nobody_counted_is_peopled_by_its_kind() -> None:
    unknown = replace(TOWN, population=None)
    assert len(generate_day(a_country(unknown, VILLAGES[0]), seed=1).trips) > 100


def test_a_generated_day_can_be_written_and_replayed(tmp_path: Path) -> None:
    day = generate_day(COUNTRY, seed=5)
    write_demand(day, tmp_path / "day.csv")
    assert read_demand(tmp_path / "day.csv") == day


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 9999), min_size=1, max_size=20).filter(any),
)
@settings(max_examples=50)
def test_sharing_out_loses_nobody_and_is_within_one_of_the_exact_share(
    total: int, weights: list[int]
) -> None:
    quotas = apportion(total, weights)
    assert sum(quotas) == total
    for quota, weight in zip(quotas, weights, strict=True):
        assert abs(quota - total * weight / sum(weights)) < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_kind_of_day_changes_how_many_ask_and_what_for(seed: int) -> None:
    country = a_country(TOWN, STATION, *VILLAGES)

    def purposes(kind: DayKind) -> Counter[str]:
        return Counter(trip.purpose for trip in generate_day(country, seed=seed, kind=kind).trips)

    monday, sunday = purposes(DayKind(0)), purposes(DayKind(6))
    assert monday["school"] > 0 == sunday["school"]
    assert sunday.total() < 0.7 * monday.total()
    assert sunday["visit"] / sunday.total() > monday["visit"] / monday.total()
    assert purposes(DayKind(0, Weather.SNOW)).total() < monday.total()
    assert monday.total() < purposes(DayKind(0, Weather.RAIN)).total()


def test_some_weekday_is_generated_as_it_always_was() -> None:
    country = a_country(TOWN, STATION, *VILLAGES)
    usual = generate_day(country, seed=1)
    people = sum(place.population or 0 for place in country.places)
    assert len(usual.trips) == round(people * TRIPS_PER_PERSON_DAY)
