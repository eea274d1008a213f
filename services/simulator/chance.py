"""Dice that depend on the seed and on what is thrown for, never on the order of throws.

So two runs that differ in one thing differ in nothing else, and policies can be compared in pairs.
"""

from __future__ import annotations

from hashlib import blake2b
from math import exp, log, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


class Chance:
    """Draws of one run.

    Parameters
    ----------
    seed
        Same seed, same draws.
    on
        False: nothing happens by chance; shares are 0 and factors 1.
    """

    def __init__(self, seed: int, *, on: bool = True) -> None:
        self.seed = seed
        self.on = on

    def uniform(self, purpose: str, name: str) -> float:
        """Draw from (0, 1)."""
        digest = blake2b(f"{self.seed}/{purpose}/{name}".encode(), digest_size=6).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**48

    def happens(self, share: float, purpose: str, name: str) -> bool:
        """Whether something that happens to this share of all happens here."""
        return self.on and self.uniform(purpose, name) < share

    def permille(self, variation: float, purpose: str, name: str) -> int:
        """Draw a factor of mean 1 in thousandths: lognormal with this coefficient of variation."""
        if not self.on:
            return 1000
        sigma = sqrt(log(1 + variation**2))
        normal = _NORMAL.inv_cdf(self.uniform(purpose, name))
        return round(1000 * exp(sigma * normal - sigma**2 / 2))
