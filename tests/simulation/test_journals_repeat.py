"""Journals of harsh days, through files and bytes, are decided again exactly as they were."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.dispatcher.saving import kept_rows
from services.dispatcher.service import Step
from services.domain.events import Event, Message
from services.domain.ids import ZoneId
from services.network.fingerprint import fingerprint
from services.runtime.code_version import code_version
from services.simulator.replay.again import Again
from services.simulator.replay.archive import open_archive
from services.simulator.replay.archiving import Archiving
from services.simulator.replay.recording import Recording
from services.wire.snapshots import Snapshot
from tests.gateway.peer import DAY
from tests.play import Faults, Play
from tests.simulation import harsh
from tests.simulation.test_hand_over import everything

ZONE = ZoneId("harsh")
SEEDS = range(int(os.environ.get("NAVETTE_JOURNALS", "2")))
"""``NAVETTE_JOURNALS=20 pytest tests/simulation/test_journals_repeat.py`` is the longer variant."""
EVERY = 150
"""Steps between two snapshots."""


class Diary:
    """Writes each message that a play's zone takes down as a step, and the zone now and then."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.recording = Recording(ZONE, DAY)
        self.snapshots: list[Snapshot] = []
        self._watched = play.watch
        play.watch = self.watch
        self._keep()

    def watch(self, message: Message, events: tuple[Event, ...] | None) -> None:
        self._watched(message, events)
        if events is None:
            return
        number = len(self.recording.entries) + 1
        now_s = self.play.zone.now_s
        self.recording.write(Step(number=number, now_s=now_s, inputs=(message,), events=events))
        if not number % EVERY:
            self._keep()

    def _keep(self) -> None:
        entries, zone = self.recording.entries, self.play.zone
        self.snapshots.append(
            Snapshot(
                zone=ZONE,
                number=len(entries),
                now_s=zone.now_s,
                taken_at_ms=len(entries),
                link=entries[-1].link if entries else b"",
                code=code_version(),
                territory=fingerprint(self.play.network),
                rows=kept_rows(zone),
            )
        )


DAYS: dict[str, tuple[str, Faults, Callable[[Play], None], dict[str, Any]]] = {
    "disorder": ("roads", harsh.with_nonsense(harsh.DISORDER), everything, {"day": harsh.BUSY}),
    "blackouts": ("plane", harsh.BLACKOUTS, harsh.improved, {"dispatch": {"answer_after_s": 20}}),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("day", DAYS)
def test_a_harsh_day_is_decided_again_from_any_snapshot(
    day: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harsh.make_harsh(monkeypatch)
    kind, faults, happens, rules = DAYS[day]
    diaries: list[Diary] = []

    def before(play: Play) -> None:
        happens(play)
        diaries.append(Diary(play))

    harsh.two_hours(kind, seed, faults, requests=40, before=before, **rules)
    (diary,) = diaries
    entries = diary.recording.entries
    with Archiving(tmp_path, ZONE, DAY.date) as archive:
        for snapshot in diary.snapshots:
            archive.add_snapshot(snapshot)
        for entry in entries:
            archive.add(entry)
    # The play's own fleet is not the territory's: both are made the same.
    monkeypatch.setattr("services.simulator.replay.again.shuttles", lambda _: diary.play.shuttles)
    territories = {fingerprint(diary.play.network): diary.play.network}
    for first in (None, len(entries) // 2):
        again = Again(open_archive(tmp_path), territories)
        for _ in again.steps(first):
            pass
        found = again.replayed
        assert found.difference is None
        assert found.link == entries[-1].link
        assert found.steps + (0 if first is None else EVERY * ((first - 1) // EVERY)) == len(
            entries
        )
        assert found.snapshots > 0
