"""Adds to the archive of a zone's journal: in order, without gaps, all or nothing."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from services.domain.errors import InvalidFile
from services.domain.ids import ZoneId
from services.runtime.code_version import code_version
from services.runtime.journal import BrokenChain, link
from services.simulator.output_folder import write_json
from services.simulator.replay.archive import (
    JOURNAL,
    MANIFEST,
    ROWS,
    Gap,
    JournalFile,
    Manifest,
    SnapshotFile,
    read_manifest,
)
from services.wire.snapshots import Snapshot
from services.wire.stored import Entry, encode_entry

ROWS_WRITTEN = 4096
"""Steps in one row group."""


class Archiving:
    """An archive that is being added to; leave the ``with`` block without an error to keep it.

    Parameters
    ----------
    folder
        Of this zone; made if it is not there.
    zone
        Whose journal it is.
    first_day
        From whose midnight the zone's seconds count; absent: found out from its first step.

    Raises
    ------
    InvalidFile
        If there is something else, or it cannot be written.
    """

    def __init__(self, folder: Path, zone: ZoneId, first_day: date | None = None) -> None:
        self._folder = folder
        self._zone = zone
        self._first_day = first_day
        self._lock = self._own()
        try:
            self._known = self._open()
        except InvalidFile:
            os.close(self._lock)
            raise
        self._before: bytes | None = None
        if self._known is not None and self._known.before is not None:
            self._before = bytes.fromhex(self._known.before)
        self._journal = list(self._known.journal) if self._known else []
        self._snapshots = list(self._known.snapshots) if self._known else []
        self.last = self._known.last if self._known and self._known.journal else None
        """Number of the last step; absent if there is none yet."""
        self.link = bytes.fromhex(self._known.link) if self._known else b""
        self._day: _DayFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
            elif self._day is not None:
                self._day.drop()
        finally:
            os.close(self._lock)

    @property
    def newest_snapshot(self) -> tuple[int, int]:
        """Step and moment of the newest snapshot that is there."""
        if not self._snapshots:
            return (-1, 0)
        return self._snapshots[-1].number, self._snapshots[-1].taken_at_ms

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Add a snapshot behind those that are there; before steps that follow it."""
        path = self._folder / "snapshots" / f"{snapshot.number}_{snapshot.taken_at_ms}.parquet"
        columns = list(zip(*snapshot.rows, strict=True)) or [(), (), ()]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, ROWS, strict=True)]
        draft = _draft(path)
        with _written(draft, ROWS) as file:
            file.write_table(pa.Table.from_arrays(arrays, schema=ROWS))
        _keep(draft, path)
        place = SnapshotFile(
            file=path.name,
            number=snapshot.number,
            now_s=snapshot.now_s,
            taken_at_ms=snapshot.taken_at_ms,
            link=snapshot.link.hex(),
            code=snapshot.code,
            territory=snapshot.territory,
        )
        self._snapshots.append(place)

    def add(self, entry: Entry) -> None:
        """Add the step that follows the last one.

        Raises
        ------
        Gap
            If it does not follow.
        BrokenChain
            If it is not as it was written.
        """
        if self.last is None:
            self._begin(entry)
        assert self.last is not None
        if entry.number != self.last + 1:
            raise Gap(self._zone, self.last, entry.number)
        # Of what lies before an archive's first step, its link may be unknown.
        if (self._journal or self._day or self._before is not None) and (
            link(self.link, entry) != entry.link
        ):
            raise BrokenChain(entry.number)
        day = _day_of(entry)
        if self._day is not None and day > self._day.day:
            self._close_day()
        if self._day is None:
            last = self._journal[-1] if self._journal else None
            # Clocks of two owners may differ a little: a day that has ended is not begun again.
            again = last if last is not None and day <= last.day else None
            self._day = _DayFile(self._folder / "journal", again.day if again else day, again)
        self._day.add(entry)
        self.last, self.link = entry.number, entry.link

    def _begin(self, entry: Entry) -> None:
        """Find out what lies before the first step."""
        self.last = entry.number - 1
        if self.last == 0:
            self._before = b""
        for one in self._snapshots:
            if one.number == self.last:
                self._before = bytes.fromhex(one.link)
        self.link = self._before or b""
        self._first_day = self._first_day or first_day_of(entry)

    def _close_day(self) -> None:
        assert self._day is not None
        made = self._day.close()
        if self._day.again is not None:
            self._journal.pop()
        self._journal.append(made)
        self._day = None

    def _finish(self) -> None:
        if self._day is not None:
            self._close_day()
        first_day = self._known.first_day if self._known else self._first_day
        if first_day is None or not (self._journal or self._snapshots):
            return
        manifest = Manifest(
            zone=self._zone,
            first_day=first_day,
            before=None if self._before is None else self._before.hex(),
            link=self.link.hex(),
            written_by=code_version(),
            journal=tuple(self._journal),
            snapshots=tuple(self._snapshots),
        )
        write_json(self._folder / MANIFEST, manifest.model_dump(mode="json"))
        self._sweep()

    def _sweep(self) -> None:
        """Take away what does not count any more, or never did."""
        files = {"journal": self._journal, "snapshots": self._snapshots}
        for name, kept in files.items():
            named = {one.file for one in kept}  # type: ignore[attr-defined]
            for pattern in ("*.parquet", ".*.part"):
                for path in (self._folder / name).glob(pattern):
                    if path.name not in named:
                        path.unlink()

    def _own(self) -> int:
        """Make the folders, and keep others from adding as long as this process does."""
        try:
            for name in ("journal", "snapshots"):
                (self._folder / name).mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder, os.O_RDONLY)
        except OSError as error:
            raise InvalidFile(self._folder, f"cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise InvalidFile(self._folder, "somebody else is adding to it just now") from None
        return lock

    def _open(self) -> Manifest | None:
        path = self._folder / MANIFEST
        if not path.exists():
            return None
        manifest = read_manifest(path)
        if manifest.zone != self._zone:
            raise InvalidFile(path, f"is of zone {manifest.zone}, not of {self._zone}")
        return manifest


class _DayFile:
    """The steps of one day, being written beside where they are to lie."""

    def __init__(self, folder: Path, day: date, again: JournalFile | None) -> None:
        self.day = day
        self.again = again
        self._folder = folder
        self._first = again.first if again else 0
        self._last = 0
        self._rows: list[Entry] = []
        self._draft = _draft(folder / str(day))
        self._file = _written(self._draft, JOURNAL)
        if again is not None:
            with pq.ParquetFile(folder / again.file) as before:
                for batch in before.iter_batches(ROWS_WRITTEN):
                    self._file.write_batch(batch)

    def add(self, entry: Entry) -> None:
        self._first = self._first or entry.number
        self._last = entry.number
        self._rows.append(entry)
        if len(self._rows) == ROWS_WRITTEN:
            self._write()

    def close(self) -> JournalFile:
        self._write()
        self._file.close()
        name = f"{self.day}_{self._first}-{self._last}.parquet"
        _keep(self._draft, self._folder / name)
        return JournalFile(file=name, day=self.day, first=self._first, last=self._last)

    def drop(self) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)

    def _write(self) -> None:
        columns = [
            [one.number for one in self._rows],
            [one.now_s for one in self._rows],
            [one.decided_at_ms for one in self._rows],
            [encode_entry(one) for one in self._rows],
            [one.link for one in self._rows],
        ]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, JOURNAL, strict=True)]
        self._file.write_table(pa.Table.from_arrays(arrays, schema=JOURNAL))
        self._rows.clear()


def first_day_of(entry: Entry) -> date:
    """From whose midnight a zone's seconds count, by the moment at which a step was decided."""
    midnight = datetime.fromtimestamp(entry.decided_at_ms / 1000 - entry.now_s, UTC)
    # Noon is on the same day in (nearly) all time zones.
    return (midnight + timedelta(hours=12)).date()


def _day_of(entry: Entry) -> date:
    return datetime.fromtimestamp(entry.decided_at_ms / 1000, UTC).date()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _written(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=False,
        data_page_version="1.0",
    )


def _keep(draft: Path, path: Path) -> None:
    """Give a finished file its name, so that nobody ever sees half of it."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
