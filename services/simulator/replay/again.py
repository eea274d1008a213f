"""A zone that goes through its journal again, and whether it decides the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.dispatcher.core import Zone
from services.dispatcher.saving import kept_rows
from services.dispatcher.service import Dispatcher, Step
from services.domain.errors import NavetteError, Unreadable
from services.network.fingerprint import fingerprint
from services.network.fleet import shuttles
from services.network.folder import Network
from services.runtime.clock import ServiceDay
from services.runtime.code_version import code_version
from services.runtime.journal import link
from services.simulator.replay.archive import Archive, SnapshotFile
from services.simulator.replay.unlike import told, unlike
from services.wire.codec import encode_body
from services.wire.snapshots import KeptRow, Snapshot
from services.wire.stored import Entry
from services.wire.zone_rows import decode_row

ROWS_TOLD_MAX = 5


class OtherTerritory(NavetteError):
    """Steps were decided on a territory that is not there."""


class NoBeginning(NavetteError):
    """There is nothing from which the steps asked for can be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first thing that is not as the journal says.

    Parameters
    ----------
    number, now_s
        The step, and the zone's time.
    what
        What differs, in words.
    expected, found
        What the journal says, and what came of it here.
    details
        Lines that say more.
    code
        By which code the step was decided, if anybody knows.
    """

    number: int
    now_s: int
    what: str
    expected: str
    found: str
    details: tuple[str, ...] = ()
    code: str | None = None


@dataclass(slots=True, kw_only=True)
class Replayed:
    """How far a replay came.

    Parameters
    ----------
    steps, events
        That were decided again, and were the same byte for byte.
    first_s, last_s
        The zone's time at the first and at the last step.
    link
        Of the last step.
    snapshots
        That were compared with the zone, row by row.
    difference
        What ended it, if it did not come to the end.
    """

    steps: int = 0
    events: int = 0
    first_s: int | None = None
    last_s: int = 0
    link: bytes = b""
    snapshots: int = 0
    difference: Difference | None = None


class Again:
    """Goes through an archive, step by step.

    Parameters
    ----------
    archive
        The journal.
    territories
        By fingerprint; where the journal does not say on which it was lived, the only one counts.
    """

    def __init__(self, archive: Archive, territories: Mapping[str, Network]) -> None:
        self._archive = archive
        self._given = tuple(territories.values())
        dated = [_dated(network, archive.manifest.first_day) for network in self._given]
        self._territories = {**territories, **{fingerprint(one): one for one in dated}}
        self._snapshots = list(archive.manifest.snapshots)
        self._code: str | None = None
        self._network: Network | None = None
        self._dispatcher: Dispatcher | None = None
        self.replayed = Replayed()

    def steps(self, first: int | None = None, last: int | None = None) -> Iterator[Step]:
        """Decide all steps again, from the last snapshot before ``first`` up to ``last``.

        It ends early at the first difference, which `replayed` then tells.

        Raises
        ------
        NoBeginning
            If there is no snapshot to begin with, nor the zone's first step.
        OtherTerritory
            If the steps were decided on a territory that was not given.
        InvalidFile
            If the archive cannot be read.
        """
        begins = self._begin(first)
        replayed = self.replayed
        for entry in self._archive.entries(begins):
            if last is not None and entry.number > last:
                break
            begins += 1
            step = self._step(entry, begins)
            if step is None:
                break
            if replayed.first_s is None:
                replayed.first_s = entry.now_s
            replayed.steps, replayed.events = replayed.steps + 1, replayed.events + len(step.events)
            replayed.last_s, replayed.link = entry.now_s, entry.link
            yield step
            if not self._pass_snapshots(entry.number):
                break

    def _begin(self, first: int | None) -> int:
        """Set the zone up, and return the number of the step that it is at."""
        manifest = self._archive.manifest
        wanted = manifest.first if first is None else max(first, manifest.first)
        before = [one for one in self._snapshots if one.number < wanted]
        if first is None and not before:
            # What lies before the first snapshot could not be replayed: the rest can.
            before = self._snapshots[:1] if manifest.first > 1 else []
        place = before[-1] if before else None
        if place is None and manifest.first > 1:
            raise NoBeginning(
                f"the archive begins with step {manifest.first} and has no snapshot from before it"
            )
        if place is not None and place.number < manifest.first - 1:
            raise NoBeginning(
                f"the steps between the snapshot at {place.number} and {manifest.first} are missing"
            )
        if place is None:
            self._network = self._territory(None)
            self._dispatcher = Dispatcher(Zone(self._network, shuttles(self._network)))
            return 0
        self._snapshots = [
            one
            for one in self._snapshots
            if (one.number, one.taken_at_ms) > (place.number, place.taken_at_ms)
        ]
        self._take_up(place, self._archive.snapshot(place))
        return place.number

    def _take_up(self, place: SnapshotFile, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        network = self._network = self._territory(place)
        rows = [decode_row(*row) for row in snapshot.rows]
        zone = Zone.restored(network, shuttles(network), rows)
        self._dispatcher = Dispatcher(zone, snapshot.number)
        self._code = place.code
        self.replayed.link = snapshot.link

    def _territory(self, place: SnapshotFile | None) -> Network:
        if place is None and len(self._given) == 1:
            return self._given[0]
        if place is None:
            raise OtherTerritory("the journal does not say on which territory it began: give one")
        if place.territory not in self._territories:
            given = ", ".join(name[:12] for name in self._territories)
            raise OtherTerritory(
                f"the steps after {place.number} were decided on another territory"
                f" ({place.territory[:12]}) than was given ({given}): give that one with"
                " --territory, as it was then, with all its settings"
            )
        return self._territories[place.territory]

    def _step(self, entry: Entry, number: int) -> Step | None:
        """Decide a step again; none if it is not the same."""
        if entry.number != number:
            self._differs(entry, f"step {number} is missing", f"step {number}", _named(entry))
            return None
        previous = self.replayed.link
        begun = self.replayed.steps > 0 or number == 1 or previous != b""
        if begun and link(previous, entry) != entry.link:
            what = "the hash chain is broken: the step is not as it was written"
            self._differs(entry, what, entry.link.hex(), link(previous, entry).hex())
            return None
        assert self._dispatcher is not None
        try:
            step = self._dispatcher.step(entry.messages(), entry.now_s)
        except Unreadable as error:
            self._differs(entry, "an input cannot be read", "a message", str(error))
            return None
        events = tuple(encode_body(event) for event in step.events)
        if events != entry.events:
            self._events_differ(entry, events)
            return None
        if step.now_s != entry.now_s:
            self._differs(entry, "the zone's time", str(entry.now_s), str(step.now_s))
            return None
        return step

    def _events_differ(self, entry: Entry, events: tuple[bytes, ...]) -> None:
        pairs = zip(entry.events, events, strict=False)
        common = min(len(entry.events), len(events))
        at = next((i for i, (one, other) in enumerate(pairs) if one != other), common)
        expected = entry.events[at] if at < len(entry.events) else None
        found = events[at] if at < len(events) else None
        details = [f"input: {told(one)}" for one in entry.inputs]
        if expected is not None and found is not None:
            details += unlike(expected, found)
        what = f"event {at + 1} of {len(entry.events)}"
        self._differs(entry, what, told(expected), told(found), tuple(details))

    def _pass_snapshots(self, number: int) -> bool:
        """Compare with the snapshots after this step, or go on from them; false if one differs."""
        while self._snapshots and self._snapshots[0].number <= number:
            place = self._snapshots.pop(0)
            snapshot = self._archive.snapshot(place)
            network = self._territory(place)
            assert self._dispatcher is not None
            if network is not self._network:
                self._take_up(place, snapshot)
                continue
            self.replayed.snapshots += 1
            if unlike_rows := _unlike_rows(snapshot.rows, kept_rows(self._dispatcher.zone)):
                if place.code != self._code:
                    # Another code took the zone up as it saw fit; what it did next counts.
                    self._take_up(place, snapshot)
                    continue
                self._rows_differ(snapshot, unlike_rows)
                return False
            self._code = place.code
        return True

    def _rows_differ(self, snapshot: Snapshot, names: list[str]) -> None:
        self.replayed.difference = Difference(
            number=snapshot.number,
            now_s=snapshot.now_s,
            what="the zone's state after the step",
            expected=f"{len(snapshot.rows)} rows as in the snapshot",
            found=f"{len(names)} of them differ",
            details=tuple(names[:ROWS_TOLD_MAX]),
            code=self._code,
        )

    def _differs(
        self, entry: Entry, what: str, expected: str, found: str, details: tuple[str, ...] = ()
    ) -> None:
        self.replayed.difference = Difference(
            number=entry.number,
            now_s=entry.now_s,
            what=what,
            expected=expected,
            found=found,
            details=details,
            code=self._code,
        )


def is_other_code(code: str | None) -> bool:
    """Whether steps were decided by another code than this, or nobody knows by which."""
    return code is None or code != code_version()


def _unlike_rows(expected: tuple[KeptRow, ...], found: tuple[KeptRow, ...]) -> list[str]:
    then = {(row.kind, row.id): row.body for row in expected}
    now = {(row.kind, row.id): row.body for row in found}
    return [f"{kind} {row_id}".strip() for kind, row_id in sorted({*then, *now})
            if then.get((kind, row_id)) != now.get((kind, row_id))]  # fmt: skip


def _named(entry: Entry) -> str:
    return f"step {entry.number}"


def _dated(network: Network, first: date) -> Network:
    """A territory whose zone counts from a day on."""
    calendar = ServiceDay(first, network.territory.timezone).calendar
    return replace(network, calendar=calendar)
