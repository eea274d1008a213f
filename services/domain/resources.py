"""What a shuttle's plan draws on besides time and room: energy, and people who watch it move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.domain.battery import Battery, Charger


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What a shuttle has to go on, and what it takes.

    Parameters
    ----------
    battery
        The battery.
    level_mwh
        What is left where and when the shuttle can be sent elsewhere.
    approach_mwh, drive_mwh
        What the drive takes from there to a stop, and between two stops.
    to_charger_mwh
        What the drive takes from a stop to the next charger.
    chargers
        By their stops.
    booked
        When plugs at a stop are booked for other shuttles.
    """

    battery: Battery
    level_mwh: int
    approach_mwh: Callable[[int], int]
    drive_mwh: Callable[[int, int], int]
    to_charger_mwh: Callable[[int], int]
    chargers: Mapping[int, Charger]
    booked: Callable[[int], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """How many shuttles may move at once.

    Parameters
    ----------
    limit
        In each minute, counted from midnight of the service day.
    booked
        How many others are booked to move then.
    standing
        The stop at which the shuttle stands; -1: it is under way.
    """

    limit: Callable[[int], int]
    booked: Callable[[int], int]
    standing: int
