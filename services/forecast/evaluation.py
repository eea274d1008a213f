"""How well a territory's history foretells itself: each held-out day from the days before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.forecast.counts import Counts
from services.forecast.learning import learn
from services.forecast.scores import Coverage, coverage, crps, poisson_deviance

LEAST = 0.01
"""A naive forecast of nothing is taken for so many requests: else one rider refutes it for ever."""
TOTAL_SHARE = 0.8

Floats = NDArray[np.float64]


class Score(NamedTuple):
    """One way of forecasting, judged; deviance and CRPS are means over cells and quarters."""

    name: str
    deviance: float
    crps: float


class Evaluation(NamedTuple):
    """A judgement.

    Parameters
    ----------
    days
        Held out.
    requests, expected
        How many asked on these days, and how many were expected.
    scores
        The forecast's first, then those of naive ones.
    cells
        Coverage of intervals of cells and quarters.
    territory
        Coverage of intervals of the whole territory's quarters.
    """

    days: int
    requests: int
    expected: float
    scores: tuple[Score, ...]
    cells: Coverage
    territory: Coverage


class _Spread(NamedTuple):
    mean: Floats
    variance: Floats
    territory: Floats
    territory_variance: Floats


def evaluate(counts: Counts, held_out: int) -> Evaluation:
    """Foretell each of the last days from those before it, and judge what comes of it.

    Parameters
    ----------
    counts
        At least eight days before those that are held out.
    held_out
        How many days.
    """
    days = range(len(counts.kinds) - held_out, len(counts.kinds))
    told = [_foretell(counts, day) for day in days]
    spread = _Spread(*(np.array(part) for part in zip(*told, strict=True)))
    seen = counts.number[days.start :]
    scores = [
        Score("forecast", poisson_deviance(seen, spread.mean), crps(seen, spread.mean, spread[1]))
    ]
    for name, naive in NAIVE.items():
        mean = np.maximum(np.array([naive(counts, day) for day in days], np.float64), LEAST)
        scores.append(Score(name, poisson_deviance(seen, mean), crps(seen, mean, mean)))
    return Evaluation(
        days=held_out,
        requests=int(seen.sum()),
        expected=float(spread.mean.sum()),
        scores=tuple(scores),
        cells=coverage(seen, spread.mean, spread.variance, TOTAL_SHARE),
        territory=coverage(
            seen.sum(axis=1), spread.territory, spread.territory_variance, TOTAL_SHARE
        ),
    )


def _foretell(counts: Counts, day: int) -> _Spread:
    forecast, kind = learn(counts.until(day)), counts.kinds[day]
    mean, variance = forecast.spread(kind)
    mean = np.maximum(mean, 1e-3)
    variance = np.maximum(variance, mean)
    # What is not known about the cells adds up; by how much the whole day differs, they share.
    total = mean.sum(axis=0)
    alone = (mean + mean**2 * forecast.unsure(kind)).sum(axis=0)
    return _Spread(mean, variance, total, alone + total**2 * forecast.day_variance_ppm / 1e6)


def _same_weekday(counts: Counts, day: int) -> NDArray[np.int64]:
    """The same quarter of the last day with this weekday; of the day before, if there is none."""
    weekday = counts.kinds[day].weekday
    same = [d for d in range(day) if counts.kinds[d].weekday == weekday]
    return _day(counts, max(same, default=day - 1))


def _day(counts: Counts, day: int) -> NDArray[np.int64]:
    number: NDArray[np.int64] = counts.number[day]
    return number


NAIVE: dict[str, Callable[[Counts, int], NDArray[np.generic]]] = {
    "the day before": lambda counts, day: _day(counts, day - 1),
    "the same weekday last": _same_weekday,
    "mean of all days": lambda counts, day: counts.number[:day].mean(axis=0),
}


def lines(found: Evaluation) -> Sequence[str]:
    """Write it for people."""
    width = max(len(score.name) for score in found.scores)
    first = found.scores[0]
    rows = [f"{'':{width}}  deviance    CRPS  (x 1000; less is better)"]
    rows += [
        f"{score.name:{width}}  {1000 * score.deviance:8.1f}  {1000 * score.crps:6.2f}"
        + (f"  {score.crps / first.crps - 1:+.0%}" if score is not first else "")
        for score in found.scores
    ]
    told = f"{found.requests:,} requests on {found.days} days, {found.expected:,.0f} expected"
    return [
        *rows,
        told,
        *(
            f"{TOTAL_SHARE:.0%} intervals, {what}: hold {cover.said:.1%} by what they say, "
            f"held {cover.came:.1%}"
            for what, cover in (("cells", found.cells), ("whole territory", found.territory))
        ),
    ]
