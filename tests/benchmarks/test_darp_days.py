"""Dynamic dial-a-ride instances reach the product as their files say, as far as it can be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks._measuring import EXIT_WRONG
from benchmarks.online.darp_days import by_hindsight, by_product, read_darp_day


def row(number: int, known: float, x: float, **windows: int) -> dict[str, Any]:
    whole = {"pickup_lower_tw": 0, "pickup_upper_tw": 1440}
    whole |= {"delivery_lower_tw": 0, "delivery_upper_tw": 1440}
    return {
        "id": number,
        "pickup_location": {"x_coord": x, "y_coord": 0.5},
        "delivery_location": {"x_coord": x + 3.0, "y_coord": 4.5},
        "pickup_service_time": 3,
        "delivery_service_time": 3,
        "load": 1,
        "arrival_time": known,
        **whole,
        **windows,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One request with a window for its pickup, two with one for their delivery."""
    content = {
        "static_info": {
            "number_of_vehicles": 1,
            "vehicle_capacity": 3,
            "max_ride_time": 30,
            "planing_horizon": 1440,
            "depot_location": {"x_coord": 0.0, "y_coord": 0.0},
        },
        "requests": [
            row(1, 20, 1.0, pickup_lower_tw=100, pickup_upper_tw=115),
            row(2, 60, -2.0, delivery_lower_tw=120, delivery_upper_tw=135),
            row(3, 150, 4.0, delivery_lower_tw=200, delivery_upper_tw=215),
        ],
    }
    path = tmp_path / "three.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_all_is_served_within_the_windows_of_the_file(file: Path) -> None:
    day = read_darp_day(file)
    for settings in ({"batch_every_s": 0}, {"batch_every_s": 30}):
        found = by_product(day, settings)  # rechecks the routes in double precision
        assert found.served == 3
        assert found.distance > 15
    assert by_hindsight(day, 0.1).served == 3


def test_a_pickup_is_not_before_it_is_known(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["requests"][1]["arrival_time"] = 115
    file.write_text(json.dumps(content), encoding="utf-8")
    day = read_darp_day(file)
    assert day.instance.tasks[1].opens == 115
    assert by_product(day, {}).served == 3


def test_a_window_for_the_delivery_becomes_one_for_the_pickup(file: Path) -> None:
    told = read_darp_day(file).expressible().instance
    assert (told.tasks[0].opens, told.tasks[0].closes) == (100, 115)
    assert (told.tasks[1].opens, told.tasks[1].closes) == pytest.approx((112, 127))


def test_routes_that_break_a_rule_end_the_benchmark(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = read_darp_day(file)
    monkeypatch.setattr(type(day.instance), "ids", lambda _self, _routes: [[4, 1, 2, 5]])
    with pytest.raises(SystemExit) as ended:
        by_hindsight(day, 0.1)
    assert ended.value.code == EXIT_WRONG
