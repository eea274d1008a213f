"""A forecast learns what there is to learn, and knows how surely."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.cli import main
from services.domain.day import DayKind, Weather
from services.domain.errors import InvalidFile
from services.forecast.cells import Cells, cells_of
from services.forecast.counts import QUARTERS, Counts, count
from services.forecast.evaluation import evaluate
from services.forecast.history import read_history
from services.forecast.learning import learn
from services.forecast.model_file import read_forecast, write_forecast
from services.forecast.scores import coverage, crps, poisson_deviance
from services.network.folder import load

CELLS = 6
SATURDAY, SUNDAY = 5, 6


def rates() -> NDArray[np.float64]:
    """Requests (cells, quarters) of a dry workday: villages in the morning, a town at night."""
    quarter = np.arange(QUARTERS)
    morning = np.exp(-0.5 * ((quarter - 30) / 4) ** 2)
    evening = np.exp(-0.5 * ((quarter - 70) / 5) ** 2)
    shares = np.array([0.4, 0.3, 0.2, 0.1, 0.05, 0.0])
    found: NDArray[np.float64] = 2 * (shares[:, None] * morning + shares[::-1, None] * evening)
    return found


def drawn(days: int, seed: int) -> tuple[Counts, NDArray[np.float64]]:
    """Days after the model's own heart, and what was behind them."""
    dice = np.random.default_rng(seed)
    kinds = tuple(
        DayKind(day % 7, list(Weather)[int(dice.choice(3, p=(0.7, 0.25, 0.05)))])
        for day in range(days)
    )
    factor = [
        (0.5 if kind.weekday >= SATURDAY else 1.0) * (1.3 if kind.weather is Weather.RAIN else 1.0)
        for kind in kinds
    ]
    means = np.array(factor)[:, None, None] * rates()
    cells = tuple(f"c{i}" for i in range(CELLS))
    return Counts(cells=cells, kinds=kinds, number=dice.poisson(means)), means


@pytest.mark.parametrize("seed", range(3))
def test_what_is_behind_the_days_is_found_the_closer_the_more_there_are(seed: int) -> None:
    off = []
    for days in (14, 112):
        counts, _ = drawn(days, seed)
        mean, _ = learn(counts).spread(DayKind(2))
        off.append(float(np.abs(mean - rates()).sum() / rates().sum()))
    assert off[1] < 0.15
    assert off[1] < off[0] < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_weekday_and_weather_change_how_many_are_expected(seed: int) -> None:
    forecast = learn(drawn(112, seed)[0])
    usual = forecast.expected_milli(DayKind(2)).sum()
    assert forecast.expected_milli(DayKind(2, Weather.RAIN)).sum() / usual == pytest.approx(
        1.3, abs=0.15
    )
    assert forecast.expected_milli(DayKind(SUNDAY)).sum() / usual == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("seed", range(2))
def test_intervals_hold_what_they_say(seed: int) -> None:
    counts, _ = drawn(70, seed)
    found = evaluate(counts, 21)
    assert found.cells.came == pytest.approx(found.cells.said, abs=0.01)
    assert found.territory.came == pytest.approx(found.territory.said, abs=0.03)
    assert found.requests == pytest.approx(found.expected, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_no_naive_forecast_is_as_good(seed: int) -> None:
    first, *naive = evaluate(drawn(42, seed)[0], 14).scores
    assert all(first.deviance < other.deviance and first.crps < other.crps for other in naive)


@settings(max_examples=25)
@given(data=st.data(), days=st.integers(0, 9))
def test_expectations_are_never_negative_and_never_nothing_is_certain(
    data: st.DataObject, days: int
) -> None:
    kinds = [
        DayKind(data.draw(st.integers(0, 6)), data.draw(st.sampled_from(Weather)))
        for _ in range(days)
    ]
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    number = dice.poisson(dice.choice([0.0, 0.1, 20.0]), (days, 3, QUARTERS))
    forecast = learn(Counts(cells=("a", "b", "c"), kinds=tuple(kinds), number=number))
    for weekday in range(7):
        for weather in Weather:
            mean, variance = forecast.spread(DayKind(weekday, weather))
            assert np.isfinite(variance).all()
            assert (mean >= 0).all()
            assert (variance >= mean).all()


def test_the_future_is_not_looked_at() -> None:
    counts, _ = drawn(30, 1)
    before = learn(counts.until(20))
    changed = counts.number.copy()
    changed[20:] *= 7
    other = Counts(cells=counts.cells, kinds=counts.kinds, number=changed)
    assert (learn(other.until(20)).milli == before.milli).all()


def test_only_what_is_asked_at_short_notice_counts(demo: Path) -> None:
    stops = load(demo).stops
    days = read_history(demo / "history.csv.gz", stops)
    counts = count(days, cells_of(stops))
    short = sum(past.departure_s - past.request_s <= 1800 for day in days for past in day.requests)
    assert counts.number.sum() == short


def test_the_forecast_that_ships_is_what_its_command_learns(demo: Path, tmp_path: Path) -> None:
    cells = cells_of(load(demo).stops)
    out = tmp_path / "forecast.json.gz"
    said = CliRunner().invoke(main, ["forecast", "learn", str(demo), "--out", str(out)])
    assert said.exit_code == 0
    made, ships = read_forecast(out, cells), read_forecast(demo / "forecast.json.gz", cells)
    # Sums of floats may differ in the last digit between machines.
    for name in ("milli", "weekday_permille", "weather_permille"):
        assert np.abs(getattr(made, name) - getattr(ships, name)).max() <= 1
    assert np.allclose(made.shape_milli, ships.shape_milli, rtol=1e-3, atol=2)


def test_the_history_that_ships_is_foretold_better_than_naively(demo: Path) -> None:
    said = CliRunner().invoke(main, ["forecast", "evaluate", str(demo), "--held-out", "7"])
    assert said.exit_code == 0
    rows = [line for line in said.output.splitlines() if "%" in line and "interval" not in line]
    assert len(rows) == 3
    assert all(row.split()[-1].startswith("+") for row in rows)


def test_a_forecast_comes_back_from_its_file_and_fits_other_cells(tmp_path: Path) -> None:
    forecast = learn(drawn(14, 0)[0])
    path = tmp_path / "forecast.json.gz"
    write_forecast(forecast, path)
    cells = Cells(("c3", "new", "c0"), np.zeros(0, np.int64))
    found = read_forecast(path, cells)
    assert (found.milli[:, 0] == forecast.milli[:, 3]).all()
    assert (found.milli[:, 2] == forecast.milli[:, 0]).all()
    assert not found.milli[:, 1].any()
    write_forecast(forecast, tmp_path / "again.json.gz")
    assert path.read_bytes() == (tmp_path / "again.json.gz").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format":2}',
        '{"format":1}',
        '{"format":1,"cells":["a"],"day_variance_ppm":0,"milli":[[1]]}',
        '{"format":1,"cells":[],"day_variance_ppm":-1}',
    ],
)
def test_a_file_that_is_no_forecast_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "forecast.json.gz"
    path.write_text(text)
    with pytest.raises(InvalidFile):
        read_forecast(path, Cells((), np.zeros(0, np.int64)))


@pytest.mark.parametrize("mean", [0.1, 0.7, 4.0])
def test_scores_are_proper_the_truth_scores_best(mean: float) -> None:
    dice = np.random.default_rng(7)
    seen = dice.poisson(mean, 20_000)
    told = {share: np.full(len(seen), share * mean) for share in (0.7, 1.0, 1.4)}
    for score in (
        {share: poisson_deviance(seen, own) for share, own in told.items()},
        {share: crps(seen, own, own) for share, own in told.items()},
    ):
        assert min(score, key=lambda share: score[share]) == 1.0
    held = coverage(seen, told[1.0], told[1.0])
    assert held.came == pytest.approx(held.said, abs=0.01)
    assert held.said >= 0.8
