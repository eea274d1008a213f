from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from services.network.crow import crow_tables
from services.network.depots import choose_depots, share_out
from services.network.tables import NoTables


def test_drives_are_rounded_half_up_to_the_second_and_metres_up() -> None:
    # 1 m at 3.6 km/h is 1 s.
    x_mm = np.array([0, 1000, 2499, 2500], dtype=np.int64)
    tables = crow_tables(x_mm, np.zeros(4, dtype=np.int64), 1.0, 3.6)
    assert tables.drive_s[0].tolist() == [0, 1, 2, 3]
    assert tables.drive_m[0].tolist() == [0, 1, 3, 3]
    assert np.array_equal(tables.drive_s, tables.drive_s.T)
    assert tables.node_drive_s.shape == tables.next_link.shape == (0, 4)


def test_a_factor_that_floats_cannot_hold_costs_no_extra_metre() -> None:
    x_mm = np.array([0, 1_000_000], dtype=np.int64)
    assert crow_tables(x_mm, x_mm * 0, 1.3, 50).drive_m[0, 1] == 1300


def test_the_version_follows_points_factor_and_speed() -> None:
    x_mm = np.array([0, 1000], dtype=np.int64)
    versions = {
        crow_tables(x_mm * scale, x_mm, factor, kmh).version
        for scale in (1, 2)
        for factor in (1.0, 1.3)
        for kmh in (40.0, 50.0)
    }
    assert len(versions) == 8


def test_points_too_far_apart_are_refused() -> None:
    with pytest.raises(NoTables, match="65534"):
        crow_tables(np.array([0, 10**12]), np.array([0, 0]), 1.3, 50)


def test_the_benchmarks_travel_times_come_out(shared_data: Path) -> None:
    with (shared_data / "online" / "stops.csv").open() as file:
        rows = list(csv.DictReader(file))
    x_km, y_km = (np.array([float(row[f"{axis}_km"]) for row in rows]) for axis in "xy")
    x_mm, y_mm = (np.rint(km * 1e6).astype(np.int64) for km in (x_km, y_km))
    tables = crow_tables(x_mm, y_mm, 1.3, 50)
    expected = np.round(np.hypot(x_km[:, None] - x_km, y_km[:, None] - y_km) * 1.3 / 50 * 3600)
    assert np.array_equal(tables.drive_s, expected)


def test_depots_spread_over_the_demand() -> None:
    x_mm = np.array([0, 1, 2, 50, 51, 52, 90], dtype=np.int64) * 1_000_000
    tables = crow_tables(x_mm, x_mm * 0, 1.0, 50)
    weight = np.array([5, 9, 5, 1, 3, 1, 0], dtype=np.int64)
    assert choose_depots(tables.drive_s, weight, 1) == [1]
    assert choose_depots(tables.drive_s, weight, 2) == [1, 4]
    assert choose_depots(tables.drive_s, weight, 99) == list(range(7))
    assert share_out(tables.drive_s, weight, [1, 4], 10) == [7, 3]
    assert share_out(tables.drive_s, weight, [1, 4], 2) == [1, 1]
    assert sum(share_out(tables.drive_s, weight * 0, [1, 4], 5)) == 5
