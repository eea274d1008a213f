"""Roads as few long lines: both directions at once, joined end to end, needless points dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.simulator.report.svg import number

Places = NDArray[np.float64]
"""One row a node: x and y on the drawing."""


def two_way(tail: NDArray[np.integer], head: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return each pair of different neighbours once, the lower number first, sorted."""
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    pairs = np.column_stack([low, high]).astype(np.int64)
    unique: NDArray[np.int64] = np.unique(pairs[low != high], axis=0)
    return unique


def chains(edges: NDArray[np.int64]) -> list[list[int]]:
    """Join edges end to end into lines that end where roads meet or stop.

    Parameters
    ----------
    edges
        Pairs of nodes, each once.
    """
    neighbours: dict[int, list[int]] = {}
    for low, high in edges.tolist():
        neighbours.setdefault(low, []).append(high)
        neighbours.setdefault(high, []).append(low)
    seen: set[tuple[int, int]] = set()
    lines: list[list[int]] = []

    def follow(start: int, first: int) -> None:
        line = [start, first]
        seen.update(((start, first), (first, start)))
        while len(neighbours[line[-1]]) == 2:
            here, before = line[-1], line[-2]
            ahead = neighbours[here][0] if neighbours[here][1] == before else neighbours[here][1]
            if (here, ahead) in seen:
                break
            seen.update(((here, ahead), (ahead, here)))
            line.append(ahead)
        lines.append(line)

    crossings = [node for node in sorted(neighbours) if len(neighbours[node]) != 2]
    # Rings have no crossing: what is left after the crossings starts anywhere.
    for node in (*crossings, *sorted(neighbours)):
        for ahead in neighbours[node]:
            if (node, ahead) not in seen:
                follow(node, ahead)
    return lines


def simplified(line: Places, tolerance: float) -> Places:
    """Drop points that lie within a tolerance of the line without them (Douglas & Peucker 1973)."""
    keep = np.zeros(len(line), dtype=np.bool_)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        off = _off(line[first + 1 : last], line[first], line[last])
        worst = int(off.argmax())
        if off[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return line[keep]


def _off(points: Places, start: Places, end: Places) -> NDArray[np.float64]:
    """Distance of points from a stretch of straight line."""
    along = end - start
    length2 = float(along @ along)
    if length2 == 0:
        gap = points - start
    else:
        share = np.clip((points - start) @ along / length2, 0, 1)
        gap = points - start - share[:, None] * along
    return np.hypot(gap[:, 0], gap[:, 1])


def path_of(lines: Sequence[Places]) -> str:
    """Write lines as one path, in steps of tenths so that the file stays small."""
    parts = []
    for line in lines:
        tenths = np.rint(line * 10).astype(np.int64)
        steps = np.diff(tenths, axis=0)
        steps = steps[(steps != 0).any(axis=1)]
        if not len(steps):
            continue
        moves = " ".join(f"{number(x / 10)} {number(y / 10)}" for x, y in steps.tolist())
        parts.append(f"M{number(tenths[0, 0] / 10)} {number(tenths[0, 1] / 10)}l{moves}")
    return "".join(parts)


def inside(line: Places, width: float, height: float) -> bool:
    """Whether a line's box touches a drawing of this size."""
    low, high = line.min(axis=0), line.max(axis=0)
    return bool(high[0] >= 0 and high[1] >= 0 and low[0] <= width and low[1] <= height)
