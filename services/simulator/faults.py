"""What goes wrong with shuttles: breakdowns by distance, blackouts by time, or as a file says."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.domain.settings_part import DAY_S
from services.domain.shuttle import Shuttle
from services.domain.territory import Territory
from services.network.rows import read_rows
from services.simulator.agenda import Agenda
from services.simulator.chance import Chance
from services.simulator.records import FaultRow, Faults
from services.simulator.vehicle import Vehicle
from services.simulator.world import World

REPAIR_S = (1200, 5400)
"""Shortest and longest time until a shuttle is in order again."""
BLACKOUT_S = (120, 900)
KINDS = ("breakdown", "blackout")


def read_faults(path: Path, shuttles: tuple[Shuttle, ...]) -> tuple[FaultRow, ...]:
    """Read a table of faults: ``kind``, ``shuttle_id``, ``at_s``, ``for_s``.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    known = {shuttle.id for shuttle in shuttles}
    rows = []
    for row in read_rows(path, ("kind", "shuttle_id", "at_s", "for_s")):
        kind, name = row.text("kind"), row.text("shuttle_id")
        if kind not in KINDS:
            raise row.wrong("kind", f"'{kind}' is none of {', '.join(KINDS)}")
        if name not in known:
            raise row.wrong("shuttle_id", f"there is no shuttle '{name}'")
        at_s, for_s = row.whole("at_s", 0, 2 * DAY_S), row.whole("for_s", 1, DAY_S)
        rows.append(FaultRow(kind=kind, shuttle_id=name, at_s=at_s, for_s=for_s))
    return tuple(rows)


class FaultPlay:
    """Lets things go wrong in a world.

    Distances to the next breakdown are exponential, measured along the ways between stops as they
    are set out on; so are the times between blackouts.

    Parameters
    ----------
    faults
        How much.
    world
        The shuttles.
    agenda
        When.
    chance
        Dice, also where all else goes as planned.
    drive_m
        (S, S) metres between stops.
    """

    def __init__(
        self,
        faults: Faults,
        world: World,
        agenda: Agenda,
        chance: Chance,
        drive_m: NDArray[np.uint32],
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._chance = chance
        self._drive_m = drive_m
        self._per_m = faults.breakdowns_per_1000_km / 1e6
        self._drawn = [0] * len(world.vehicles)
        self._left_m = [self._next_m(vehicle) for vehicle in world.vehicles]
        if self._per_m:
            world.departed = self._departed
        for row in faults.rows:
            self._enter(row)

    def black_out(self, per_day: float, territory: Territory) -> None:
        """Enter the blackouts of a day of service."""
        service = territory.service
        closes_s = DAY_S if service.closes_s is None else service.closes_s
        opens_s = 0 if service.closes_s is None else service.opens_s
        for vehicle in self._world.vehicles if per_day else ():
            name, number = vehicle.shuttle.id, 0
            at_s = opens_s
            while True:
                gap = -log(self._chance.uniform("blackout", f"{name}/{number}"))
                at_s += round(gap * (closes_s - opens_s) / per_day)
                if at_s >= closes_s:
                    break
                for_s = self._between(BLACKOUT_S, "blackout-for", f"{name}/{number}")
                self._enter(FaultRow(kind="blackout", shuttle_id=name, at_s=at_s, for_s=for_s))
                number += 1

    def _enter(self, row: FaultRow) -> None:
        world = self._world
        act = world.break_down if row.kind == "breakdown" else world.fall_silent
        (k,) = (v.number for v in world.vehicles if v.shuttle.id == row.shuttle_id)
        self._agenda.at(row.at_s, lambda: act(k, row.at_s + row.for_s))

    def _next_m(self, vehicle: Vehicle) -> float:
        number = self._drawn[vehicle.number]
        self._drawn[vehicle.number] += 1
        draw = self._chance.uniform("breakdown", f"{vehicle.shuttle.id}/{number}")
        return -log(draw) / self._per_m if self._per_m else float("inf")

    def _departed(self, vehicle: Vehicle, from_stop: int) -> None:
        k, now_s = vehicle.number, self._agenda.now_s
        way_m = int(self._drive_m[from_stop, vehicle.stop])
        if way_m < self._left_m[k]:
            self._left_m[k] -= way_m
            return
        took_s = vehicle.arrive_ms // 1000 - now_s
        at_s = now_s + int(took_s * self._left_m[k] / max(way_m, 1))
        name = f"{vehicle.shuttle.id}/{self._drawn[k]}"
        until_s = at_s + self._between(REPAIR_S, "repair", name)
        self._left_m[k] = self._next_m(vehicle)
        self._agenda.at(at_s, lambda: self._world.break_down(k, until_s))

    def _between(self, bounds_s: tuple[int, int], purpose: str, name: str) -> int:
        low_s, high_s = bounds_s
        return low_s + int(self._chance.uniform(purpose, name) * (high_s - low_s))
