"""Learns a forecast from counts: gamma-Poisson shrinkage in three steps, a few lines of numpy.

A cell's quarter of an hour has seen a handful of requests in a month, so what it is to expect leans
on what is better known: the whole territory's profile over the day, times the cell's share in that
part of the day. How much it leans, and over how many quarters counts are smoothed, is chosen by the
likelihood of each day under what the other days say (empirical Bayes; Robbins 1956, Efron & Morris
1973). Gamma priors on Poisson rates keep every step a weighted mean of counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.domain.day import Weather
from services.forecast.counts import QUARTERS, Counts
from services.forecast.model import (
    PART_OF_QUARTER,
    PARTS,
    PATTERN_OF_WEEKDAY,
    PATTERNS,
    THOUSAND,
    Floats,
    Forecast,
    Integers,
)

SHARE_PRIOR = 30.0
"""Requests that a cell's share in general weighs in its share in a part of the day."""
FACTOR_PRIOR = 60.0
"""Requests that "no effect" weighs in the effect of a weekday or of weather."""
PATTERN_PRIOR = 60.0
"""Requests that the workday's profile weighs in that of a Saturday or Sunday."""
PROFILE_WIDTH = 1.5
"""Quarters over which the territory's profile is smoothed (s.d.)."""
WIDTHS = (1.0, 2.0, 3.0)
PRIOR_DAYS = (2.0, 5.0, 10.0, 20.0, 50.0, 200.0)
"""Smoothing of a cell's counts in quarters, and the weight of what they lean on in days: tried."""
FLOOR = 1e-4
"""Nowhere is it certain that nobody will ask."""
ROUNDS = 20


class _Factors(NamedTuple):
    """Effects by part of the day: (7, parts) of weekdays, (weather classes, parts) of weather."""

    weekday: Floats
    weather: Floats


def learn(counts: Counts) -> Forecast:
    """Learn from days of requests; of none at all, to expect next to nothing."""
    weekdays = np.array([kind.weekday for kind in counts.kinds], np.int64)
    skies = np.array([list(Weather).index(kind.weather) for kind in counts.kinds], np.int64)
    patterns = np.array(PATTERN_OF_WEEKDAY, np.int64)[weekdays]
    number = counts.number.astype(np.float64)
    factors = _factors(number, weekdays, skies, patterns)
    exposure = (factors.weekday[weekdays] * factors.weather[skies])[:, PART_OF_QUARTER]
    means = np.zeros((PATTERNS, *number.shape[1:]))
    shapes = np.zeros_like(means)
    leaning = [
        _lean_on(number, exposure, patterns == pattern, patterns == PATTERN_OF_WEEKDAY[0])
        for pattern in range(PATTERNS)
    ]
    width, days = _best(number, exposure, patterns, leaning)
    for pattern, prior in enumerate(leaning):
        own = patterns == pattern
        kernel = _kernel(width)
        seen, seen_twice = (_smooth(number[own].sum(axis=0), k) for k in (kernel, kernel**2))
        exposed = _smooth(exposure[own].sum(axis=0), kernel)
        means[pattern] = (days * prior + seen) / (days + exposed)
        shapes[pattern] = (days * prior + seen) ** 2 / (days * prior + seen_twice)
    expected = means[patterns] * exposure[:, None]
    return Forecast(
        cells=counts.cells,
        milli=np.rint(means * THOUSAND).astype(np.int64),
        shape_milli=np.rint(shapes * THOUSAND).astype(np.int64),
        weekday_permille=np.rint(factors.weekday * THOUSAND).astype(np.int64),
        weather_permille=np.rint(factors.weather * THOUSAND).astype(np.int64),
        day_variance_ppm=_day_variance_ppm(number, expected),
    )


def _factors(number: Floats, weekdays: Integers, skies: Integers, patterns: Integers) -> _Factors:
    """Fit weekday and weather as factors, in turns, each shrunk towards no effect."""
    weekday, weather = np.ones((7, PARTS)), np.ones((len(Weather), PARTS))
    totals = np.array([_by_part(day.sum(axis=0)) for day in number]).reshape(-1, PARTS)
    for _ in range(ROUNDS):
        base = np.zeros((PATTERNS, PARTS))
        effect = weekday[weekdays] * weather[skies]
        for pattern in range(PATTERNS):
            own = patterns == pattern
            base[pattern] = totals[own].sum(axis=0) / np.maximum(effect[own].sum(axis=0), 1e-9)
        for factor, of_day, other in ((weekday, weekdays, weather), (weather, skies, weekday)):
            others = other[skies if other is weather else weekdays]
            usual = base[patterns] * others
            for value in range(len(factor)):
                own = of_day == value
                seen, told = totals[own].sum(axis=0), usual[own].sum(axis=0)
                factor[value] = (seen + FACTOR_PRIOR) / (told + FACTOR_PRIOR)
        weather /= weather[0]
        for pattern in range(PATTERNS):
            same = [day for day in range(7) if PATTERN_OF_WEEKDAY[day] == pattern]
            weekday[same] /= weekday[same].mean(axis=0)
    return _Factors(weekday, weather)


def _lean_on(number: Floats, exposure: Floats, own: Floats, workday: Floats) -> Floats:
    """What a cell's quarter has on an average day, if profile and shares were all there is."""
    overall = number.sum(axis=0)
    of_pattern = number[own].sum(axis=0)
    profile = _profile(number, exposure, own, _profile(number, exposure, workday, None))
    rate = _share(overall.sum(axis=1), np.full(len(overall), 1 / max(len(overall), 1)), 1.0)
    rates = np.zeros_like(overall)
    for part in range(PARTS):
        inside = part == PART_OF_QUARTER
        usual = _share(overall[:, inside].sum(axis=1), rate, SHARE_PRIOR)
        rates[:, inside] = _share(of_pattern[:, inside].sum(axis=1), usual, SHARE_PRIOR)[:, None]
    leaning: Floats = np.maximum(profile[None] * rates, FLOOR)
    return leaning


def _profile(number: Floats, exposure: Floats, own: Floats, usual: Floats | None) -> Floats:
    """Requests of the whole territory by quarter, on an average day."""
    kernel = _kernel(PROFILE_WIDTH)
    seen = _smooth(number[own].sum(axis=(0, 1)), kernel)
    exposed = _smooth(exposure[own].sum(axis=0), kernel)
    if usual is None:
        profile: Floats = seen / np.maximum(exposed, 1e-9)
        return profile
    # So many days' worth of the usual profile, scaled to how many ask on such days.
    scale = (seen.sum() + PATTERN_PRIOR) / ((usual * exposed).sum() + PATTERN_PRIOR)
    days = PATTERN_PRIOR / max(usual.sum(), 1e-9)
    profile = (days * scale * usual + seen) / np.maximum(days + exposed, 1e-9)
    assert profile.shape == (QUARTERS,)
    return profile


def _best(
    number: Floats, exposure: Floats, patterns: Integers, leaning: list[Floats]
) -> tuple[float, float]:
    """Width and prior days under which each day is most likely, given the others."""
    best = (-np.inf, WIDTHS[0], PRIOR_DAYS[-1])
    for width in WIDTHS:
        kernel = _kernel(width)
        seen, exposed = _smooth(number, kernel), _smooth(exposure, kernel)
        rest = [
            (seen[patterns == p].sum(axis=0), exposed[patterns == p].sum(axis=0))
            for p in range(PATTERNS)
        ]
        for days in PRIOR_DAYS:
            likely = 0.0
            for d, pattern in enumerate(patterns.tolist()):
                others, for_days = rest[pattern][0] - seen[d], rest[pattern][1] - exposed[d]
                mean = exposure[d] * (days * leaning[pattern] + others) / (days + for_days)
                likely += float((number[d] * np.log(mean) - mean).sum())
            best = max(best, (likely, width, days))
    return best[1], best[2]


def _day_variance_ppm(number: Floats, expected: Floats) -> int:
    """By how much whole days vary beyond chance, by the method of moments."""
    totals, means = number.sum(axis=(1, 2)), expected.sum(axis=(1, 2))
    free = len(totals) - 7 - len(Weather)
    if free <= 0 or not means.all():
        return 0
    excess = ((totals - means) ** 2 - means).sum() / (means**2).sum()
    return max(round(1e6 * float(excess) * len(totals) / free), 0)


def _share(seen: Floats, usual: Floats, prior: float) -> Floats:
    shares: Floats = (seen + prior * usual) / (seen.sum() + prior)
    return shares


def _by_part(quarters: Floats) -> Floats:
    return np.array([quarters[part == PART_OF_QUARTER].sum() for part in range(PARTS)])


def _kernel(width: float) -> Floats:
    """Weights of the quarters around one: a bell of this standard deviation."""
    reach = np.arange(-int(3 * width), int(3 * width) + 1)
    weights = np.exp(-0.5 * (reach / width) ** 2)
    kernel: Floats = weights / weights.sum()
    return kernel


def _smooth(counts: Floats, kernel: Floats) -> Floats:
    """Weighted sum over the quarters around each, round the clock (last axis)."""
    smooth: Floats = np.zeros(np.shape(counts))
    for shift, weight in enumerate(kernel.tolist(), start=-(len(kernel) // 2)):
        smooth += weight * np.roll(counts, shift, axis=-1)
    return smooth
