"""Charts over the day, each drawn twice: wide for desks and paper, narrow for phones.

The page shows one of the two by its width, so that letters stay readable without any script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup

from services.simulator.report.svg import group, number, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a chart's plot lies, and how values map to it.

    Parameters
    ----------
    width, height
        Of the whole drawing.
    x_range, y_max
        What the plot spans; values start at 0 upwards.
    """

    width: int
    height: int
    x_range: tuple[float, float]
    y_max: float
    left: int = 44
    right: int = 22
    top: int = 14
    bottom: int = 28

    def x(self, value: float) -> float:
        """Map a value of the horizontal axis."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Map a value of the vertical axis."""
        inner = self.height - self.top - self.bottom
        return self.height - self.bottom - min(1.0, value / self.y_max) * inner


Draw = Callable[[Frame], list[Markup]]


def nice_steps(largest: float, steps: int = 4) -> tuple[float, float]:
    """Return a round top of an axis and the distance of its ticks, at least 1."""
    if largest <= 0:
        return 1.0, 1.0
    raw = max(1.0, largest / steps)
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    ticks = -(-largest * 0.999 // step)
    return max(1.0, ticks) * step, step


def _time_axis(frame: Frame) -> Markup:
    """Label whole hours, as many as there is room for."""
    first, last = (int(value) for value in frame.x_range)
    room = (frame.width - frame.left - frame.right) / max(1, last - first)
    step = next((step for step in (1, 2, 3, 4, 6, 12) if step * room >= 46), 24)
    marks: list[Markup] = []
    base = frame.height - frame.bottom
    for hour in range(first, last + 1):
        if hour % step:
            continue
        x = frame.x(hour)
        marks.append(tag("line", x1=x, x2=x, y1=base, y2=base + 5, class_="tick"))
        label = f"{hour % 24}:00"
        marks.append(tag("text", label, x=x, y=base + 19, text_anchor="middle"))
    return group(marks, class_="axis")


def _value_axis(frame: Frame, step: float, unit: str) -> Markup:
    marks: list[Markup] = []
    value = 0.0
    while value <= frame.y_max * 1.001:
        y = frame.y(value)
        kind = "base" if value == 0 else "grid"
        marks.append(
            tag("line", x1=frame.left, x2=frame.width - frame.right, y1=y, y2=y, class_=kind)
        )
        marks.append(tag("text", f"{value:,.0f}", x=frame.left - 7, y=y + 4, text_anchor="end"))
        value += step
    if unit:
        marks.append(tag("text", unit, x=2, y=12, class_="unit"))
    return group(marks, class_="axis")


def both_widths(
    label: str, x_range: tuple[float, float], largest: float, draw: Draw, *, unit: str = ""
) -> Markup:
    """Draw a chart over the hours of a day, wide and narrow.

    Parameters
    ----------
    label
        What is to be seen, in a sentence, for those who cannot.
    x_range
        First and last hour.
    largest
        Largest value to be shown.
    draw
        Makes the marks in a frame.
    unit
        Written above the vertical axis.
    """
    top, step = nice_steps(largest)
    parts = []
    for kind, width, height in (("wide", 960, 300), ("narrow", 360, 260)):
        frame = Frame(
            width=width, height=height, x_range=x_range, y_max=top, top=34 if unit else 14
        )
        parts.append(
            tag(
                "svg",
                _value_axis(frame, step, unit),
                *draw(frame),
                _time_axis(frame),
                viewBox=f"0 0 {width} {height}",
                class_=kind,
                role="img",
                aria_label=label,
            )
        )
    return Markup("").join(parts)


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of stacked values: how it is called, its CSS class, and its values."""

    name: str
    kind: str
    values: Sequence[float]


def stacked_columns(layers: Sequence[Layer], hours: range, say: str) -> Draw:
    """Draw one column an hour, its parts from the bottom up.

    Parameters
    ----------
    say
        Tip of a column's part, with ``{name}``, ``{value}`` and ``{hour}``.
    """

    def draw(frame: Frame) -> list[Markup]:
        slot = frame.x(1) - frame.x(0)
        gap = min(3.0, slot * 0.15)
        marks = []
        for index, hour in enumerate(hours):
            below = 0.0
            for layer in layers:
                value = layer.values[index]
                if not value:
                    continue
                y_top, y_low = frame.y(below + value), frame.y(below)
                tip = say.format(name=layer.name, value=value, hour=f"{hour % 24}:00")
                marks.append(
                    tag(
                        "rect",
                        tag("title", tip),
                        x=frame.x(hour) + gap / 2,
                        y=y_top,
                        width=slot - gap,
                        height=y_low - y_top,
                        class_=layer.kind,
                    )
                )
                below += value
        return marks

    return draw


def stacked_areas(layers: Sequence[Layer], times: Sequence[float]) -> Draw:
    """Draw values that hold from one time to the next as areas, from the bottom up.

    Parameters
    ----------
    times
        Edges, in hours: one more than there are values.
    """

    def draw(frame: Frame) -> list[Markup]:
        below = [0.0] * (len(times) - 1)
        marks = []
        for layer in layers:
            above = [low + value for low, value in zip(below, layer.values, strict=True)]
            if any(layer.values):
                outline = _steps(frame, times, above) + _steps(frame, times, below)[::-1]
                shape = tag(
                    "path", tag("title", layer.name), d=_line(outline) + "Z", class_=layer.kind
                )
                marks.append(shape)
            below = above
        return marks

    return draw


def _steps(
    frame: Frame, times: Sequence[float], values: Sequence[float]
) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for left, right, value in zip(times[:-1], times[1:], values, strict=True):
        y = frame.y(value)
        if points and points[-1][1] == y:
            points[-1] = (frame.x(right), y)
        else:
            points += [(frame.x(left), y), (frame.x(right), y)]
    return points


def band(hours: Sequence[int], low: Sequence[float | None], high: Sequence[float | None]) -> Draw:
    """Draw a band between two values an hour, a line along the lower one, and gaps as gaps."""

    def draw(frame: Frame) -> list[Markup]:
        marks = []
        for stretch in _stretches(hours, low, high):
            upper = [(frame.x(hour + 0.5), frame.y(top)) for hour, _, top in stretch]
            lower = [(frame.x(hour + 0.5), frame.y(base)) for hour, base, _ in stretch]
            if len(stretch) == 1:
                # A single hour has no width yet: make the band as wide as a mark.
                upper = [(upper[0][0] - 4, upper[0][1]), (upper[0][0] + 4, upper[0][1])]
                lower = [(lower[0][0] - 4, lower[0][1]), (lower[0][0] + 4, lower[0][1])]
            outline = _line(upper) + "L" + _line(lower[::-1])[1:] + "Z"
            marks.append(tag("path", d=outline, class_="band"))
            marks.append(tag("path", d=_line(lower), class_="median"))
        return marks

    return draw


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _stretches(
    hours: Sequence[int], low: Sequence[float | None], high: Sequence[float | None]
) -> list[list[tuple[int, float, float]]]:
    stretches: list[list[tuple[int, float, float]]] = [[]]
    for hour, base, top in zip(hours, low, high, strict=True):
        if base is None or top is None:
            stretches.append([])
        else:
            stretches[-1].append((hour, base, top))
    return [stretch for stretch in stretches if stretch]


def dots(
    hours: Sequence[int], values: Sequence[float | None], tips: Sequence[str], kind: str
) -> Draw:
    """Draw a dot an hour, with what it stands for as its tip."""

    def draw(frame: Frame) -> list[Markup]:
        return [
            tag(
                "circle",
                tag("title", tip),
                cx=frame.x(hour + 0.5),
                cy=frame.y(value),
                r=3.5,
                class_=kind,
            )
            for hour, value, tip in zip(hours, values, tips, strict=True)
            if value is not None
        ]

    return draw


def limit(value: float, text: str) -> Draw:
    """Draw a line at a value that something is measured against."""

    def draw(frame: Frame) -> list[Markup]:
        y = frame.y(value)
        end = frame.width - frame.right
        return [
            tag("line", x1=frame.left, x2=end, y1=y, y2=y, class_="limit"),
            tag("text", text, x=end, y=y - 5, text_anchor="end", class_="limit-text"),
        ]

    return draw


def together(*draws: Draw) -> Draw:
    """Draw one thing over the other."""
    return lambda frame: [mark for draw in draws for mark in draw(frame)]
