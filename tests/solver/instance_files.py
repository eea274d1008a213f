"""Small instance files of both formats, to read and to damage."""

from __future__ import annotations

from pathlib import Path

LILIM = """\
2 3 1
0 0 0 0 0 100 0 0 0
1 3 4 2 0 50 1 0 3
2 6 8 1 0 50 1 0 4
3 9 12 -2 0 60 1 1 0
4 0 5 -1 0 60 1 2 0
"""
"""Two requests, 1 to 3 and 2 to 4; lengths along the diagonal are whole."""

DARP = """\
2 2 60 3 20
0 0 0 0 0 0 100
1 3 4 1 2 0 50
2 6 8 1 1 0 50
3 9 12 1 -2 0 60
4 0 5 1 -1 0 60
5 0 0 0 0 0 100
"""
"""The same places and times, a ride of 20 at most and a route of 60."""


def write(folder: Path, text: str, name: str = "little.txt") -> Path:
    """Write a file into a folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def with_cell(text: str, line: int, column: int, cell: str) -> str:
    """Return the text with one cell changed; line and column count from 1 and 0."""
    lines = [row.split() for row in text.splitlines()]
    lines[line - 1][column] = cell
    return "\n".join(" ".join(row) for row in lines) + "\n"
