"""A zone's journal in a folder of Parquet files: one a day, snapshots beside, and a manifest.

The manifest is written last and in one step, and names all files that count: an archive that was
being added to when the machine died is as it was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.domain.errors import InvalidFile, NavetteError, Unreadable
from services.domain.ids import ZoneId
from services.wire.snapshots import KeptRow, Snapshot
from services.wire.stored import Entry, decode_entry

MANIFEST = "manifest.json"
FORMAT: Literal["navette-archive-1"] = "navette-archive-1"

ROWS_READ = 2048
"""Steps that are read at once."""

JOURNAL = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("now_s", pa.int64(), nullable=False),
        pa.field("decided_at_ms", pa.int64(), nullable=False),
        pa.field("record", pa.binary(), nullable=False),
        pa.field("link", pa.binary(), nullable=False),
    ]
)
ROWS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
    ]
)

_Number = Annotated[int, Field(ge=0)]
_Link = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+\.parquet$")]


class Gap(NavetteError):
    """Steps of a journal that are missing."""

    def __init__(self, zone: ZoneId, last: int, number: int) -> None:
        self.number = last + 1
        super().__init__(f"{zone}: after step {last} comes {number}; those between are missing")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JournalFile(_Part):
    """A file of the journal: the steps that were decided on one day (UTC)."""

    file: _Name
    day: date
    first: _Number
    last: _Number


class SnapshotFile(_Part):
    """A file with all rows of the zone as they were after a step, and by what it went on."""

    file: _Name
    number: _Number
    now_s: int
    taken_at_ms: int
    link: _Link
    code: str
    territory: str


class Manifest(_Part):
    """What an archive holds.

    Parameters
    ----------
    first_day
        From whose midnight the zone's seconds count.
    before
        Link of the step before the first one; absent if nobody knows it.
    link
        Link of the last step.
    written_by
        Code version of who wrote last.
    """

    format: Literal["navette-archive-1"] = FORMAT
    zone: str
    first_day: date
    before: _Link | None
    link: _Link
    written_by: str
    journal: tuple[JournalFile, ...] = ()
    snapshots: tuple[SnapshotFile, ...] = ()

    @property
    def first(self) -> int:
        """Number of the first step; 1 if there is none yet."""
        return self.journal[0].first if self.journal else 1

    @property
    def last(self) -> int:
        """Number of the last step; the one before the first if there is none yet."""
        return self.journal[-1].last if self.journal else self.first - 1


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is there, to be read.

    Parameters
    ----------
    folder
        Of one zone.
    manifest
        What it holds.
    """

    folder: Path
    manifest: Manifest

    @property
    def zone(self) -> ZoneId:
        """Whose journal it is."""
        return ZoneId(self.manifest.zone)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Read the steps after number ``after``, in order.

        Raises
        ------
        InvalidFile
            If a file is missing, is not of its form, or holds something unreadable.
        """
        for one in self.manifest.journal:
            if one.last > after:
                path = self.folder / "journal" / one.file
                for entry in _entries(path):
                    if entry.number > after:
                        yield entry

    def snapshot(self, place: SnapshotFile) -> Snapshot:
        """Read a snapshot.

        Raises
        ------
        InvalidFile
            If its file is missing or not of its form.
        """
        path = self.folder / "snapshots" / place.file
        rows: list[KeptRow] = []
        for batch in _batches(path, ROWS):
            columns = [batch.column(name).to_pylist() for name in ROWS.names]
            rows += [KeptRow(*row) for row in zip(*columns, strict=True)]
        return Snapshot(
            zone=self.zone,
            number=place.number,
            now_s=place.now_s,
            taken_at_ms=place.taken_at_ms,
            link=bytes.fromhex(place.link),
            code=place.code,
            territory=place.territory,
            rows=tuple(rows),
        )


def open_archive(folder: Path, zone: str | None = None) -> Archive:
    """Open the archive of a zone.

    Parameters
    ----------
    folder
        Of the zone, or of several zones.
    zone
        Which; absent: there is only one.

    Raises
    ------
    InvalidFile
        If it is not there, or not of its form.
    """
    if (folder / MANIFEST).is_file():
        archive = Archive(folder, read_manifest(folder / MANIFEST))
        if zone not in (None, archive.zone):
            raise InvalidFile(folder, f"is the archive of zone {archive.zone}, not of {zone}")
        return archive
    found = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    if not found:
        raise InvalidFile(folder, f"holds no archive ({MANIFEST} is missing): see navette archive")
    if zone is None and len(found) > 1:
        raise InvalidFile(folder, f"holds several zones, say which by --zone: {', '.join(found)}")
    name = zone or found[0]
    if name not in found:
        raise InvalidFile(folder, f"holds no zone {name}, but {', '.join(found)}")
    return Archive(folder / name, read_manifest(folder / name / MANIFEST))


def read_manifest(path: Path) -> Manifest:
    """Read what an archive holds.

    Raises
    ------
    InvalidFile
        If it is not of its form, or its files do not follow each other.
    """
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidFile(path, first["msg"], field=place or None) from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read ({error.strerror})") from error
    following = manifest.journal[1:]
    for before, after in zip(manifest.journal, following, strict=False):
        if after.first != before.last + 1:
            raise InvalidFile(path, f"{after.file} does not follow {before.file}", field="journal")
    return manifest


def _entries(path: Path) -> Iterator[Entry]:
    for batch in _batches(path, JOURNAL):
        for record in batch.column("record").to_pylist():
            try:
                yield decode_entry(record)
            except Unreadable as error:
                raise InvalidFile(path, f"holds a step that cannot be read ({error})") from None


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(schema):
                raise InvalidFile(path, "does not have the columns that it should have")
            yield from file.iter_batches(ROWS_READ)
    except (pa.ArrowException, OSError) as error:
        raise InvalidFile(path, f"not a Parquet file that can be read ({error})") from error
