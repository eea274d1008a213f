"""One root for every error of ours; the class says whether a retry helps."""

from __future__ import annotations

from pathlib import Path


class NavetteError(Exception):
    """Root of all errors that Navette raises on purpose.

    Anything else that escapes is a bug.
    """

    retriable = False


class InvalidFile(NavetteError):
    """A file that cannot be used, and where.

    Parameters
    ----------
    path
        The file at fault.
    reason
        What is wrong, in words for the person who wrote the file.
    line
        1-based line (the header of a table is line 1), where there is one.
    field
        Name of the column or key, where there is one.
    """

    def __init__(
        self, path: Path | str, reason: str, *, line: int | None = None, field: str | None = None
    ) -> None:
        self.path = Path(path)
        self.reason = reason
        self.line = line
        self.field = field
        place = str(path)
        if line is not None:
            place += f", line {line}"
        if field is not None:
            place += f", field '{field}'"
        super().__init__(f"{place}: {reason}")


class InvalidRequest(NavetteError):
    """What a caller asked for makes no sense; ``field`` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class OutputInUse(NavetteError):
    """The output folder holds something that this run must not overwrite."""


class Unavailable(NavetteError):
    """A part that this call needs does not answer at the moment.

    Parameters
    ----------
    what
        Which one, and what it does not do, as anybody may know.
    reason
        What it says itself, for those who run it.
    """

    retriable = True

    def __init__(self, what: str, reason: str = "") -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"{what}: {reason}" if reason else what)


class Unreadable(NavetteError):
    """Bytes that are no message of ours.

    Parameters
    ----------
    place
        Which part is at fault, as a path of fields (``request_ride.request.party``).
    reason
        What is wrong with it.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


class StateMismatch(NavetteError):
    """What is stored of a zone does not fit its territory as it is now; says what does not."""


class InvalidSetting(NavetteError):
    """A setting that cannot be used; ``name`` says which."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


class ShardLost(NavetteError):
    """Another owner took the shard; whoever sees this drops its memory of it."""

    def __init__(self, shard: int, reason: str) -> None:
        self.shard = shard
        super().__init__(f"shard {shard}: {reason}")
