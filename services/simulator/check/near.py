"""What a figure has to be: a number known to its rounding, or within bounds."""

from __future__ import annotations

from dataclasses import dataclass

SHARE = 0.00005
"""Shares are written to four digits."""
TENTH = 0.05
"""Seconds and metres are written to a tenth."""
KILO = THREE_DIGITS = 0.0005
"""Kilometres, hours, kilograms and ratios are written to a thousandth."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``low`` to ``high``, whatever floats make of the last digit."""

    low: float
    high: float

    def holds(self, have: float) -> bool:
        """Whether this number will do."""
        slack = 1e-9 * max(1.0, abs(self.low), abs(self.high))
        return self.low - slack <= have <= self.high + slack

    def off_by(self, have: float) -> float:
        """How far a number lies from what it should be."""
        return float(have) - (self.low + self.high) / 2

    def __str__(self) -> str:
        return f"{(self.low + self.high) / 2:.10g}"


def near(value: float, slack: float) -> Between:
    """A number that may be rounded by so much."""
    return Between(float(value) - slack, float(value) + slack)


def share(part: float, whole: float) -> Between | None:
    """Part of a whole; of nothing, none."""
    return near(part / whole, SHARE) if whole else None
