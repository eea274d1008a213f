"""Random numbers of a search's own, so that a seed and a number of steps repeat exactly."""

from __future__ import annotations

import numpy as np

from services.network.kernels import inlined_kernel

A, B, C, SHIFT = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(11)
UNIT = 2.0**-53


@inlined_kernel
def draw(dice):  # type: ignore[no-untyped-def]
    """Draw from [0, 1): xorshift64, Marsaglia (2003), "Xorshift RNGs"."""
    x = dice[0]
    x ^= x << A
    x ^= x >> B
    x ^= x << C
    dice[0] = x
    return np.int64(x >> SHIFT) * UNIT


@inlined_kernel
def below(dice, count):  # type: ignore[no-untyped-def]
    """Draw a whole number from 0 to ``count`` - 1."""
    return np.int64(draw(dice) * count)
