"""Names on a map, the most important first, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.domain.places import Place, PlaceKind

RANK = {PlaceKind.TOWN: 0, PlaceKind.VILLAGE: 1, PlaceKind.HAMLET: 2}
LETTER = 0.56
"""Width of a letter as a part of its height; a guess that suits most letters."""
GAP = 11.0
LABELS_MAX = 150

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name and where it stands; ``anchor`` is SVG's ``text-anchor``."""

    text: str
    x: float
    y: float
    anchor: str
    kind: str


def place_labels(
    places: Sequence[Place],
    points: NDArray[np.float64],
    size: float,
    frame: tuple[float, float],
) -> tuple[Label, ...]:
    """Choose which names to write, and on which side of their place.

    Parameters
    ----------
    places, points
        Places, and where each is on the drawing.
    size
        Height of the letters.
    frame
        Width and height of the drawing.
    """
    order = sorted(
        range(len(places)),
        key=lambda i: (RANK[places[i].kind], -(places[i].population or 0), places[i].name, i),
    )
    taken: list[Box] = []
    labels: list[Label] = []
    for index in order:
        if len(labels) == LABELS_MAX:
            break
        place = places[index]
        x, y = points[index].tolist()
        width = len(place.name) * size * LETTER
        for box, at_x, at_y, anchor in _sides(x, y, width, size):
            if _fits(box, frame) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                label = Label(text=place.name, x=at_x, y=at_y, anchor=anchor, kind=place.kind.value)
                labels.append(label)
                break
    return tuple(labels)


def _sides(
    x: float, y: float, width: float, size: float
) -> tuple[tuple[Box, float, float, str], ...]:
    """Boxes right, left, above and below of a point, each with its text's anchor."""
    low, high = y - size / 2, y + size / 2
    above, below = y - GAP - size, y + GAP
    half = width / 2
    return (
        ((x + GAP, low, x + GAP + width, high), x + GAP, y + size * 0.35, "start"),
        ((x - GAP - width, low, x - GAP, high), x - GAP, y + size * 0.35, "end"),
        ((x - half, above, x + half, above + size), x, above + size * 0.8, "middle"),
        ((x - half, below, x + half, below + size), x, below + size * 0.8, "middle"),
    )


def _fits(box: Box, frame: tuple[float, float]) -> bool:
    return box[0] >= 4 and box[1] >= 4 and box[2] <= frame[0] - 4 and box[3] <= frame[1] - 4


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
