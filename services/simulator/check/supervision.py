"""The rule about supervision: a shuttle sets off only while fewer move than may."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from services.domain.fleet_settings import Supervision
from services.domain.settings_part import DAY_S
from services.simulator.check.case import Case
from services.simulator.check.columns import IntArray
from services.simulator.check.driving import drives_of
from services.simulator.check.near import KILO, near
from services.simulator.check.verdict import Finding, Rule


class Moves(NamedTuple):
    """From when to when shuttles were on their way from one stop to the next, by time; in ms.

    A shuttle that waits on its way for a closed road is watched too.
    """

    shuttle: IntArray
    start_ms: IntArray
    end_ms: IntArray


def judge(case: Case) -> None:
    """Apply it."""
    supervision = case.run.settings.supervision
    if supervision is None:
        return
    moves = moves_of(case)
    case.notes.checked(Rule.SUPERVISION, len(moves.shuttle))
    # Whoever arrives in the very moment in which another sets off moves no more.
    took_time = moves.end_ms > moves.start_ms
    before: IntArray = np.cumsum(took_time) - took_time
    ended = np.searchsorted(np.sort(moves.end_ms[took_time]), moves.start_ms, side="right")
    moving = before - ended + 1
    limits = limits_at(supervision, moves.start_ms)

    def describe(row: int) -> Finding:
        message = f"sets off as one of {moving[row]}, while {limits[row]} may move"
        at_s = float(moves.start_ms[row]) / 1000
        return case.shuttle_finding(Rule.SUPERVISION, int(moves.shuttle[row]), message, at_s)

    case.notes.add_where(Rule.SUPERVISION, moving > limits, describe)
    _waits(case, moves)


def _waits(case: Case, moves: Moves) -> None:
    """Who is said to wait for an operator does not drive."""
    number = {row.shuttle_id: k for k, row in enumerate(case.run.file.shuttles)}
    for wait in case.run.file.waits:
        case.notes.checked(Rule.SUPERVISION, 1)
        own = moves.shuttle == number.get(wait.shuttle_id, -1)
        while_s = (moves.start_ms < wait.until_s * 1000) & (moves.end_ms > wait.from_s * 1000)
        if wait.shuttle_id not in number or (own & while_s).any():
            message = f"is said to wait for an operator until {wait.until_s}, but drives"
            finding = Finding(
                rule=Rule.SUPERVISION, message=message, shuttle=wait.shuttle_id, at_s=wait.from_s
            )
            case.notes.add(finding)


def supervised(case: Case) -> dict[str, Any] | None:
    """Figures: how many moved at once, counted by legs, and who waited for an operator."""
    if case.run.settings.supervision is None:
        return None
    legs, waits = case.run.legs, case.run.file.waits
    real = legs.arrive_ms > legs.depart_ms
    at_ms = np.concatenate((legs.depart_ms[real], legs.arrive_ms[real]))
    change = np.repeat([1, -1], int(real.sum()))
    # Whoever arrives in the very moment in which another sets off moves no more.
    moving = np.cumsum(change[np.lexsort((change, at_ms))])
    waited_s = sum(wait.until_s - wait.from_s for wait in waits)
    return {
        "moving_max": int(moving.max(initial=0)),
        "waits": len(waits),
        "waited_h": near(waited_s / 3600, KILO),
    }


def moves_of(case: Case) -> Moves:
    """Put the drives of all shuttles in order of time."""
    legs, drives = case.run.legs, drives_of(case)
    driven, first = np.unique(drives.of_leg, return_index=True)
    start_ms = legs.depart_ms[first]
    end_ms = np.full(len(drives.shuttle), np.iinfo(np.int64).min)
    np.maximum.at(end_ms, drives.of_leg, legs.arrive_ms)
    order = np.argsort(start_ms, kind="stable")
    return Moves(drives.shuttle[driven][order], start_ms[order], end_ms[driven][order])


def limits_at(supervision: Supervision, at_ms: IntArray) -> IntArray:
    """How many shuttles might move at some times."""
    of_day_s = at_ms // 1000 % DAY_S
    limits = np.zeros(len(at_ms), np.int64)
    for watch in supervision.operators:
        from_s, to_s = (
            clock.hour * 3600 + clock.minute * 60 + clock.second for clock in watch.between
        )
        on_duty = (from_s <= of_day_s) & (of_day_s < to_s)
        if to_s <= from_s:
            on_duty = (from_s <= of_day_s) | (of_day_s < to_s)
        limits += on_duty * watch.count * supervision.shuttles_per_operator
    return limits
