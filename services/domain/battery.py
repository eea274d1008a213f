"""What a shuttle's battery holds and gives, in whole milliwatt-hours.

A watt-hour per kilometre is a milliwatt-hour per metre, so consumption adds up in integers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery and what is drawn from it.

    Parameters
    ----------
    capacity_mwh
        What it holds.
    reserve_mwh
        What no plan touches.
    start_mwh
        What it holds when the day begins.
    charge_below_mwh, charge_to_mwh
        An idle shuttle goes to charge when less than this is left, and charges up to that.
    per_m_mwh, per_s_mwh, per_stop_mwh
        Drawn for each metre and each second of driving, and for each stop at which doors open.
    """

    capacity_mwh: int
    reserve_mwh: int
    start_mwh: int
    charge_below_mwh: int
    charge_to_mwh: int
    per_m_mwh: int
    per_s_mwh: int
    per_stop_mwh: int

    def drive_mwh(self, way_m: int, drive_s: int) -> int:
        """What a drive takes."""
        return way_m * self.per_m_mwh + drive_s * self.per_s_mwh


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """Where shuttles charge: ``plugs`` of them at a time, each with this power."""

    stop: int
    power_w: int
    plugs: int

    def gain_mwh(self, charging_s: int) -> int:
        """What comes in over a time."""
        return self.power_w * charging_s * 1000 // 3600

    def charging_s(self, gain_mwh: int) -> int:
        """How long it takes until this much has come in."""
        return -(-max(gain_mwh, 0) * 3600 // (self.power_w * 1000))
