"""A zone that was put together from its rows goes on exactly as the one that wrote them."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from services.dispatcher.core import Zone
from services.dispatcher.rebalancing import standings
from services.domain.events import Event, Message
from services.domain.operating_domain import RestrictDriving, Restriction, SpeedCap
from services.domain.zone_state import Row
from services.wire.codec import encode_body
from services.wire.zone_rows import decode_row, encode_row
from tests.builders import EIGHT_S
from tests.play import Faults, Play
from tests.simulation import harsh
from tests.simulation.test_disruptions import breakdowns_and_blackouts, closures
from tests.simulation.test_supervision import LUNCH

SEEDS = range(int(os.environ.get("NAVETTE_HAND_OVERS", "1")))
"""``NAVETTE_HAND_OVERS=20 pytest tests/simulation/test_hand_over.py`` is the longer variant."""
SHARE = 0.04
"""Of all messages, after how many the second zone is put together anew."""

Stored = dict[tuple[str, str], bytes]


class Witness:
    """Applies every message to a second zone too, which is again and again restored from bytes.

    It goes on for a while before it is replaced: what a row lacks may show much later.
    """

    def __init__(self, play: Play, seed: int) -> None:
        self.play = play
        self.dice = Random(f"hand over {seed}")
        self.rows: dict[tuple[str, str], Row] = {}
        self.second: Zone | None = None
        self.handed_over = self.compared = 0
        self._watched = play.watch
        play.watch = self.watch

    def watch(self, message: Message, events: tuple[Event, ...] | None) -> None:
        self._watched(message, events)
        if events is None:
            return
        zone, now_s = self.play.zone, self.play.agenda.now_s
        if self.second is not None:
            other = self.second.apply(message, now_s)
            assert [*map(encode_body, other)] == [*map(encode_body, events)], message
            assert self.second.next_due_s() == zone.next_due_s()
            assert standings(self.second.fleet, 120, now_s) == standings(zone.fleet, 120, now_s)
            self.compared += len(events)
        for row in zone.changed_rows():
            if row.value is None:
                del self.rows[row.kind, row.id]
            else:
                self.rows[row.kind, row.id] = row
        assert {(row.kind, row.id): row for row in zone.rows()} == self.rows
        if self.dice.random() < SHARE:
            self.second = self._restored()
            self.handed_over += 1

    def _restored(self) -> Zone:
        """Another zone, from bytes that were kept in whatever order."""
        stored = [(kind, row_id, encode_row(row)) for (kind, row_id), row in self.rows.items()]
        self.dice.shuffle(stored)
        rows = [decode_row(kind, row_id, data) for kind, row_id, data in stored]
        zone = Zone.restored(self.play.network, self.play.shuttles, rows)
        assert zone.changed_rows() == (), "nothing changes by being handed over"
        return zone


def weather(play: Play) -> None:
    """Fog for a while, and roads that are slow, told twice."""
    fog = Restriction("fog", EIGHT_S + 1500, EIGHT_S + 2400)
    slow = SpeedCap("rain", EIGHT_S + 600, EIGHT_S + 3600, 20_000, (1, 2, 3))
    play.at(EIGHT_S + 300, lambda: play.say(RestrictDriving((fog,))))
    play.at(EIGHT_S + 900, lambda: play.say(RestrictDriving((fog,), (slow,))))


def everything(play: Play) -> None:
    breakdowns_and_blackouts(play)
    closures(play)
    weather(play)
    harsh.improved(play)


DAYS: dict[str, tuple[str, Faults, Callable[[Play], None], dict[str, Any]]] = {
    "disorder": ("plane", harsh.DISORDER, lambda play: None, {}),
    "shifts": ("roads", harsh.SLOW_LINKS, breakdowns_and_blackouts, {"day": harsh.BUSY}),
    "everything": ("roads", harsh.DISORDER, everything, {"day": harsh.BUSY}),
    "second_look": (
        "line",
        harsh.BLACKOUTS,
        harsh.improved,
        {"dispatch": {"second_look": True, "reassign_until_s": 30}},
    ),
    "collected": ("roads", harsh.IN_ORDER, everything, {"dispatch": {"answer_after_s": 20}}),
    "supervised": ("roads", harsh.SLOW_LINKS, harsh.restless, {"supervision": LUNCH}),
    "supervised_shifts": (
        "plane",
        harsh.DISORDER,
        harsh.improved,
        {"supervision": LUNCH, "day": harsh.BUSY},
    ),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("day", DAYS)
def test_whoever_takes_a_zone_goes_on_as_if_it_had_never_stopped(
    day: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)
    kind, faults, happens, rules = DAYS[day]
    witnesses: list[Witness] = []

    def before(play: Play) -> None:
        happens(play)
        witnesses.append(Witness(play, seed))

    harsh.two_hours(kind, seed, faults, requests=40, before=before, **rules)
    (witness,) = witnesses
    assert witness.handed_over > 2
    assert witness.compared > 50
