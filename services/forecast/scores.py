"""How good a forecast of counts was: proper scores, and whether its intervals hold.

After Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", and
Czado, Gneiting & Held (2009), "Predictive model assessment for count data".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

COUNT_MAX = 80
"""Sums over counts stop here at least, or well beyond what is expected."""

Floats = NDArray[np.float64]


class Coverage(NamedTuple):
    """Share of counts inside an interval: as the forecast had it, and as it came."""

    said: float
    came: float


def poisson_deviance(seen: NDArray[np.int64], mean: Floats) -> float:
    """Mean Poisson deviance; less is better. Means must be positive."""
    logs = np.where(seen > 0, seen * np.log(np.maximum(seen, 1) / mean), 0)
    return float(2 * (logs - (seen - mean)).mean())


def crps(seen: NDArray[np.int64], mean: Floats, variance: Floats) -> float:
    """Mean ranked probability score in requests; less is better."""
    spread = _distribution(mean, variance)
    upto = max(COUNT_MAX, int(5 * mean.max(initial=0)), int(seen.max(initial=0)) + 1)
    total = np.zeros(seen.shape)
    for k in range(upto):
        total += (spread.cdf(k) - (seen <= k)) ** 2
    return float(total.mean())


def coverage(
    seen: NDArray[np.int64], mean: Floats, variance: Floats, share: float = 0.8
) -> Coverage:
    """Whether the middle ``share`` holds as many counts as it should.

    Counts are whole, so an interval holds more than asked; what it holds by itself is said too.
    """
    spread = _distribution(mean, variance)
    low, high = spread.ppf((1 - share) / 2), spread.ppf((1 + share) / 2)
    said = spread.cdf(high) - spread.cdf(low - 1)
    return Coverage(float(said.mean()), float(((seen >= low) & (seen <= high)).mean()))


def _distribution(mean: Floats, variance: Floats) -> stats.rv_discrete:
    """Negative binomial of this mean and variance; next to Poisson where they are equal."""
    extra = np.maximum(variance - mean, 1e-6 * np.maximum(mean, 1e-9))
    size = mean**2 / extra
    return stats.nbinom(size, size / (size + mean))
