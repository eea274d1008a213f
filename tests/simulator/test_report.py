"""The page of a day: loads nothing, survives hostile names and empty days, repeats to the byte."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from services.domain.ride import Constraint, Relaxation
from services.network.folder import Network
from services.simulator.demand import Demand, demand_of
from services.simulator.kpis import kpis
from services.simulator.records import Batches, Inputs, RideRow, Run
from services.simulator.report import render, words
from services.simulator.report.charts import nice_steps
from services.simulator.report.day import HOURS_MAX, fleet_states, hours_of, outcomes_by_hour
from services.simulator.report.labels import place_labels
from services.simulator.report.map import draw_map, flow_bounds, stop_uses
from services.simulator.report.outlines import chains, path_of, simplified, two_way
from services.simulator.report.svg import tag
from tests.simulator import run_builder as build

HOSTILE = '<script>alert("1")</script>&\'\x00\x1b'
VOID = {"meta", "input", "br", "link", "img"}


class Reader(HTMLParser):
    """Checks that elements close in order, and keeps all that the page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def page_of(
    run: Run | None = None, network: Network | None = None, demand: Demand | None = None
) -> str:
    run = build.run() if run is None else run
    network = build.network() if network is None else network
    demand = build.demand() if demand is None else demand
    return render(run, network, demand, kpis(run, network, demand))


DAYS = {
    "tiny": (build.run(), build.network(), build.demand()),
    "no requests": (build.empty_run(), build.network(), demand_of([])),
    "none served": (
        build.empty_run(rides=build.RIDES[2:]),
        build.network(),
        build.demand(),
    ),
    "no places": (build.run(), build.network(places=False), build.demand()),
    "no roads": (build.run(), build.network(roads=False), build.demand()),
    "nothing at all": (
        build.empty_run(),
        build.network(roads=False, places=False),
        demand_of([]),
    ),
    "no shuttles": (build.empty_run(shuttles=()), build.network(), demand_of([])),
    "benchmark": (build.run(benchmark=True), build.network(), build.demand()),
}


@pytest.fixture(params=DAYS, scope="module")
def any_page(request: pytest.FixtureRequest) -> str:
    return page_of(*DAYS[request.param])


def test_every_day_makes_a_well_formed_page(any_page: str) -> None:
    reader = read(any_page)
    assert any_page.startswith("<!DOCTYPE html>\n<html lang=")
    assert len(set(reader.ids)) == len(reader.ids)
    assert "None" not in reader.text
    assert "nan" not in reader.text


def test_every_day_makes_a_page_that_loads_nothing(any_page: str) -> None:
    reader = read(any_page)
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(reader.tags)
    assert [name for name, _ in reader.attributes if name in ("src", "xlink:href", "srcset")] == []
    assert all((value or "").startswith("#") for name, value in reader.attributes if name == "href")
    assert [name for name, _ in reader.attributes if name.startswith("on")] == []
    style = any_page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in any_page


def test_every_drawing_says_what_it_shows(any_page: str) -> None:
    for opening in re.findall(r"<svg[^>]*>", any_page):
        assert 'aria-label="' in opening or 'aria-hidden="true"' in opening


def test_every_chart_comes_with_its_figures_as_a_table() -> None:
    page = page_of()
    assert page.count('class="chart"') == page.count("The same as a table") == 3


def test_hostile_names_stay_text() -> None:
    network = build.network(names=(HOSTILE,) * 4)
    places = tuple(replace(place, name=HOSTILE) for place in network.places)
    network = replace(network, places=places)
    inputs = Inputs(
        territory=HOSTILE,
        territory_sha256={HOSTILE: HOSTILE},
        demand=HOSTILE,
        demand_sha256=HOSTILE,
        attributions=(HOSTILE,),
    )
    shuttles = tuple(replace(shuttle, shuttle_id=HOSTILE) for shuttle in build.run().shuttles)
    rides = (*build.RIDES[:2], replace(build.RIDES[2], refusal_reason=HOSTILE))
    visits = tuple(replace(visit, shuttle_id=HOSTILE) for visit in build.VISITS)
    run = build.run(
        inputs=inputs,
        settings=build.settings(name=HOSTILE, town=HOSTILE),
        shuttles=shuttles,
        rides=rides,
        visits=visits,
    )
    page = page_of(run, network)
    reader = read(page)
    assert "script" not in reader.tags
    assert 'alert("1")' in reader.text
    assert "\x00" not in page
    assert "\x1b" not in page


def test_two_processes_write_the_same_page() -> None:
    program = (
        "import hashlib\n"
        "from tests.simulator.test_report import page_of\n"
        "print(hashlib.sha256(page_of().encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": str(number), "TZ": ("UTC", "Asia/Tokyo")[number]},
        ).stdout
        for number in (0, 1)
    }
    assert len(said) == 1


def test_the_page_says_how_the_day_went() -> None:
    text = re.sub(r"\s+", " ", read(page_of()).text)
    assert "6 rides were asked for, and 2 shuttles served 2 of them (33 %)." in text
    assert "Riders waited 4.1 min on average" in text
    assert "1 of 1 would have worked by leaving up to 9 min later" in text
    assert "95 % of the 2,000 people of the territory" in text


def test_the_page_says_what_planning_anew_brought() -> None:
    assert "How plans were improved" not in read(page_of()).text
    groups = {"adopted": 3, "stale": 1, "illegal": 0, "no_better": 2}
    batches = Batches(solved=9, groups=groups, moved=4, saved_s=600, border_losses=(0.01, 0.03))
    text = re.sub(r"\s+", " ", read(page_of(build.run(batches=batches))).text)
    assert "planned anew 9 times. Of 6 groups" in text
    assert "3 were adopted: 4 rides changed their shuttle" in text
    assert "less by 10 min of driving. Planning in groups cost 2.0 % more" in text


def test_the_page_names_its_inputs() -> None:
    text = read(page_of()).text
    assert "territories/essai" in text
    assert "ab" * 32 in text
    assert "ef" * 32 in text


def test_the_map_says_whose_data_it_shows() -> None:
    inputs = replace(build.run().inputs, attributions=("© OpenStreetMap contributors",))
    assert "© OpenStreetMap contributors" in read(page_of(build.run(inputs=inputs))).text


def test_every_constraint_and_relaxation_has_its_words() -> None:
    assert {constraint.value for constraint in Constraint} <= set(words.REASONS)
    assert set(words.REASONS) == set(words.SHORT_REASONS)
    for relaxation in Relaxation:
        ride = replace(build.RIDES[2], refusal_remedy=f"{relaxation.value}=1")
        assert words.refusal_lines([ride])[0].remedies


def refused(remedy: str | None) -> RideRow:
    return replace(build.RIDES[2], refusal_remedy=remedy)


def test_remedies_are_told_by_how_much_they_ask() -> None:
    rides = [refused("leave_later_s=60"), refused("leave_later_s=900"), refused(None)]
    rides.append(refused("leave_later_s=901;walk_further_m=120;fewer_seats=1"))
    assert words.refusal_lines(rides)[0].remedies == (
        "2 of 4 would have worked by leaving up to 15\u00a0min later,"
        " 3 by leaving up to 16\u00a0min later",
        "1 of 4 would have worked by walking up to 120\u00a0m further",
        "1 of 4 would have worked with up to 1 person fewer",
        "1 of 4: no single change would have been enough",
    )


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "–"),
        (0.0, "0"),
        (1.0, "100"),
        (0.996, "99.6"),
        (0.5, "50"),
        (0.034, "3.4"),
        (0.0002, "0"),
    ],
)
def test_shares_are_round_but_almost_all_is_not_all(share: float | None, said: str) -> None:
    assert words.percent(share).removesuffix("\u00a0%") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (45, "45\u00a0s"),
        (60, "1\u00a0min"),
        (380, "6.3\u00a0min"),
        (1500, "25\u00a0min"),
    ],
)
def test_times_are_in_minutes(seconds: float | None, said: str) -> None:
    assert words.minutes(seconds) == said


def test_times_of_day_go_past_midnight() -> None:
    assert words.clock(27_000) == "07:30"
    assert words.clock(86_400 + 3600) == "01:00 +1"


def test_charts_span_the_service_and_whatever_happened_outside_it() -> None:
    assert list(hours_of(build.run())) == [8, 9]
    late = replace(build.RIDES[2], departure_s=36_000)
    assert list(hours_of(build.run(rides=(late,)))) == [8, 9, 10]
    never = replace(build.RIDES[2], departure_s=10**9)
    assert len(hours_of(build.run(rides=(never,)))) == HOURS_MAX


def test_rare_reasons_are_put_together() -> None:
    reasons = ["wait"] * 3 + ["seats"] * 2 + ["fleet", "arrival", "same_stop", "ride_time"]
    rides = [replace(build.RIDES[2], refusal_reason=reason) for reason in reasons]
    outcomes = outcomes_by_hour(rides, range(8, 9))
    assert outcomes.names == (
        "served",
        "wait",
        "seats",
        "arrival",
        "fleet",
        "other reasons",
        "called off",
    )
    assert [counts[0] for counts in outcomes.counts] == [0, 3, 2, 1, 1, 2, 0]


def test_all_shuttles_are_in_some_state_at_all_times() -> None:
    day = build.run()
    fleet = fleet_states(day, hours_of(day))
    np.testing.assert_allclose(fleet.riding + fleet.at_stop + fleet.empty + fleet.idle, 2.0)


def test_stops_are_sized_by_the_people_who_used_them() -> None:
    uses = stop_uses(build.run(), build.network())
    assert [(use.on, use.off) for use in uses] == [(0, 0), (2, 0), (1, 0), (0, 3)]


def test_flows_are_the_people_on_each_road() -> None:
    trips = {trip.request_id: trip for trip in build.demand().trips}
    drawn = draw_map(build.run(), build.network(), trips)
    # Nobody on the first two kilometres, then two people on three and three people on four.
    assert [text for _, text in drawn.flow_legend] == ["1", "2", "3"]
    paths = re.findall(r'<path d="([^"]*)" class="flow f(\d)"', drawn.svg)
    assert [kind for _, kind in paths] == ["4", "5"]


@pytest.mark.parametrize("largest", [1, 2, 3, 7, 40, 999, 12_345])
def test_flow_classes_rise_to_the_largest_flow(largest: int) -> None:
    bounds = flow_bounds(largest)
    assert bounds == sorted(set(bounds))
    assert bounds[-1] == largest
    assert len(bounds) <= 5


def test_a_request_from_another_continent_does_not_shrink_the_map() -> None:
    far = tuple(
        replace(trip, origin=replace(trip.origin, lon=-120.0)) if trip.request_id == "r3" else trip
        for trip in build.demand().trips
    )
    trips = {trip.request_id: trip for trip in far}
    near = {trip.request_id: trip for trip in build.demand().trips}
    bars = [
        re.findall(
            r'class="scale"/><text[^>]*>([^<]*)<', draw_map(build.run(), build.network(), t).svg
        )
        for t in (near, trips)
    ]
    assert bars[0] == bars[1]


def test_names_on_a_map_never_cover_each_other() -> None:
    places = build.network().places
    at_once = np.array([[500.0, 300.0]] * len(places))
    labels = place_labels(places, at_once, 20, (1000, 600))
    assert [label.anchor for label in labels] == ["start", "end", "middle", "middle"]
    assert labels[0].text == "Bourg"


def test_roads_are_joined_end_to_end() -> None:
    # A line 0-1-2, a fork at 2 to 3 and 4, and a ring 5-6-7.
    tail = np.array([0, 1, 1, 2, 2, 5, 6, 7])
    head = np.array([1, 0, 2, 3, 4, 6, 7, 5])
    lines = chains(two_way(tail, head))
    assert sorted(map(len, lines)) == [2, 2, 3, 4]
    assert [0, 1, 2] in lines


def test_points_on_a_straight_road_are_dropped() -> None:
    line = np.array([[0, 0], [5, 0.2], [10, 0], [10, 10]], dtype=float)
    assert simplified(line, 0.5).tolist() == [[0, 0], [10, 0], [10, 10]]
    assert simplified(line[[0, 1, 0]], 0.5).tolist() == [[0, 0], [5, 0.2], [0, 0]]
    assert path_of([line[[0, 2, 3]]]) == "M0 0l10 0 0 10"
    assert path_of([line[[0, 0]]]) == ""


@pytest.mark.parametrize(
    ("largest", "axis"), [(0, (1, 1)), (1, (1, 1)), (3, (3, 1)), (94, (100, 50)), (17.3, (20, 5))]
)
def test_axes_end_on_a_round_number(largest: float, axis: tuple[float, float]) -> None:
    assert nice_steps(largest) == axis


def test_elements_escape_their_text_and_attributes() -> None:
    assert tag("text", "a<b", x=1.04, class_='"') == '<text x="1" class="&#34;">a&lt;b</text>'
