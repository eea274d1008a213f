"""Files of numbers between blanks, line by line, with errors that say where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from services.domain.errors import InvalidFile
from services.network.rows import Row, read_text
from services.solver.instance import REQUESTS_MAX, Site

ID_MAX = 10**9
LOAD_MAX = 1_000_000
COORDINATE_MAX = 1e6
TIME_MAX = 1e8
LIMIT_MAX = 1e18


def read_lines(path: Path, header: Sequence[str], columns: Sequence[str]) -> Iterator[Row]:
    """Read a header, then rows of so many columns each; blank lines are skipped.

    Raises
    ------
    InvalidFile
        At the first line with another number of cells, when the iteration gets there, or if there
        are more lines than the largest instance has.
    """
    names, lines = header, 0
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        values = text.split()
        if not values:
            continue
        lines += 1
        if lines > 2 * REQUESTS_MAX + 3:
            raise InvalidFile(path, f"has more than {REQUESTS_MAX:,} requests", line=line)
        if len(values) != len(names):
            what = "numbers" if len(values) > 1 else "number"
            reason = f"has {len(values)} {what}, and should have {len(names)}: {' '.join(names)}"
            raise InvalidFile(path, reason, line=line)
        yield Row(path, line, dict(zip(names, values, strict=True)))
        names = columns
    if lines == 0:
        raise InvalidFile(path, "is empty")


def site_of(row: Row) -> Site:
    """Read a row with the columns id, x, y, service, load, earliest and latest."""
    opens, closes = row.number("earliest", 0, TIME_MAX), row.number("latest", 0, LIMIT_MAX)
    if closes < opens:
        raise row.wrong("latest", f"{closes:g} is before earliest, {opens:g}")
    return Site(
        id=row.whole("id", 0, ID_MAX),
        x=row.number("x", -COORDINATE_MAX, COORDINATE_MAX),
        y=row.number("y", -COORDINATE_MAX, COORDINATE_MAX),
        service=row.number("service", 0, TIME_MAX),
        load=row.whole("load", -LOAD_MAX, LOAD_MAX),
        opens=opens,
        closes=closes,
    )


def depot_of(row: Row) -> Site:
    """Read a depot's row, which has neither load nor service."""
    depot = site_of(row)
    for field, value in (("load", depot.load), ("service", depot.service)):
        if value:
            raise row.wrong(field, f"a depot has none, and not {value:g}")
    return depot
