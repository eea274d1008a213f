"""A lived day beside the same day under another policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from rich.table import Table

Figures = Mapping[str, Any]

TITLE = "As it was lived, and under the other policy"


class Line(NamedTuple):
    """One figure of both days, as text."""

    name: str
    lived: str
    other: str
    change: str


class _Figure(NamedTuple):
    name: str
    value: Callable[[Figures], float | None]
    unit: str = ""
    digits: int = 0


def _of(*path: str, scale: float = 1) -> Callable[[Figures], float | None]:
    def value(figures: Figures) -> float | None:
        found: Any = figures
        for key in path:
            found = found[key]
        return None if found is None else found * scale

    return value


FIGURES = (
    _Figure("requests", _of("requests")),
    _Figure("served", _of("served")),
    _Figure("served", _of("served_share", scale=100), "%", 1),
    _Figure("refused", _of("refused_total")),
    _Figure("cancelled or declined", _of("cancelled")),
    _Figure("no-show", _of("no_show")),
    _Figure("failed", _of("failed")),
    _Figure("wait, mean", _of("wait_s", "mean", scale=1 / 60), "min", 1),
    _Figure("wait, 95 %", _of("wait_s", "p95", scale=1 / 60), "min", 1),
    _Figure("ride, mean", _of("ride_s", "mean", scale=1 / 60), "min", 1),
    _Figure("detour, mean", _of("detour", "mean"), "", 2),
    _Figure("walks, mean", _of("walk_m", "mean"), "m"),
    _Figure("promises kept", _of("on_time_share", scale=100), "%", 1),
    _Figure("late pickups", _of("late_pickups")),
    _Figure("vehicle km (lived: about)", _of("vehicle_km"), "km"),
)


def lines(lived: Figures, other: Figures) -> tuple[Line, ...]:
    """Put the figures of both days side by side."""
    made = []
    for figure in FIGURES:
        then, now = figure.value(lived), figure.value(other)
        change = "" if then is None or now is None else _text(now - then, figure, sign=True)
        made.append(Line(figure.name, _text(then, figure), _text(now, figure), change))
    return tuple(made)


def _text(value: float | None, figure: _Figure, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    rounded = round(value, figure.digits) + 0.0  # no minus before a zero
    text = f"{rounded:{'+' if sign and rounded else ''},.{figure.digits}f}"
    return f"{text} {figure.unit}".strip()


def table(rows: Sequence[Line]) -> Table:
    """For the terminal."""
    made = Table(title=TITLE, title_justify="left")
    made.add_column("", style="bold")
    for name in ("lived", "other policy", "change"):
        made.add_column(name, justify="right")
    for row in rows:
        made.add_row(*row)
    return made


def markdown(rows: Sequence[Line], notes: Sequence[str]) -> str:
    """For a page of text."""
    head = ["| | lived | other policy | change |", "|---|---:|---:|---:|"]
    body = [f"| {' | '.join(row)} |" for row in rows]
    told = [f"- {note}" for note in notes]
    return "\n".join([f"# {TITLE}", "", *head, *body, "", *told, ""])


def html(rows: Sequence[Line], notes: Sequence[str]) -> str:
    """For a browser."""
    body = "".join(
        f"<tr><th>{escape(row.name)}</th><td>{escape(row.lived)}</td>"
        f"<td>{escape(row.other)}</td><td>{escape(row.change)}</td></tr>"
        for row in rows
    )
    told = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ padding: .3rem .6rem; border-bottom: 1px solid #8884; text-align: right }}
tbody th {{ text-align: left; font-weight: 500 }}
</style></head><body><h1>{TITLE}</h1>
<table><thead><tr><th></th><th>lived</th><th>other policy</th><th>change</th></tr></thead>
<tbody>{body}</tbody></table><ul>{told}</ul>
<p><a href="report.html">All about the day under the other policy</a></p></body></html>
"""
