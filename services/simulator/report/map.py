"""The map of a day: roads, who rode where, stops, depots, and where requests were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10, sqrt

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from services.domain.geo import Point
from services.network.flat import xy_m
from services.network.folder import Network
from services.simulator.access import points_xy_m
from services.simulator.demand import Trip
from services.simulator.fleet_day import people_on_legs
from services.simulator.records import Run
from services.simulator.report.labels import place_labels
from services.simulator.report.outlines import (
    Places,
    chains,
    inside,
    path_of,
    simplified,
    two_way,
)
from services.simulator.report.svg import group, tag

WIDTH = 1000
HEIGHT_MIN, HEIGHT_MAX = 420, 1250
MARGIN = 40
TOLERANCE = 0.5
"""Roads are drawn to half a unit: a thousand units are the width of the page."""
BROAD_ROADS = frozenset(
    road + kind for road in ("motorway", "trunk", "primary", "secondary") for kind in ("", "_link")
)
FLOW_CLASSES = 5
REFUSAL_CELLS = (18.0, 36.0)
"""Refused requests that start in a square of this size share a cross; the larger if many do."""
CROSSES_MAX = 150
DESIRE_LINES = 250
"""Without roads, as many pairs of stops are joined, the busiest ones."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A part of the flat map on a drawing: ``scale`` units a metre around (``west``, ``north``)."""

    west_m: float
    north_m: float
    scale: float
    height: int

    def place(self, xy_m: Places) -> Places:
        """Metres east and north, to x and y on the drawing."""
        x = (xy_m[:, 0] - self.west_m) * self.scale
        y = (self.north_m - xy_m[:, 1]) * self.scale
        return np.column_stack([x, y])


@dataclass(frozen=True, slots=True, kw_only=True)
class StopUse:
    """How many people got on and off at a stop."""

    name: str
    on: int
    off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMap:
    """A drawn map, and what its legend and its table need."""

    svg: Markup
    flow_legend: tuple[tuple[str, str], ...]
    busiest: tuple[StopUse, ...]
    roads: bool
    refusals: int


def draw_map(run: Run, network: Network, trips: Mapping[str, Trip]) -> DayMap:
    """Draw a day's map.

    Parameters
    ----------
    trips
        What was asked for, by request id: says where refused requests start.
    """
    refused = [
        trips[ride.request_id].origin
        for ride in run.rides
        if ride.status == "refused" and ride.request_id in trips
    ]
    stops_m = np.column_stack([network.stops.x_mm, network.stops.y_mm]) / 1000
    view = view_of(network, stops_m, refused)
    stops = view.place(stops_m)
    uses = stop_uses(run, network)
    flows, legend = _flows(run, network, view, stops)
    layers = [
        tag("rect", x=0, y=0, width=WIDTH, height=view.height, class_="ground"),
        group(_roads(network, view), class_="roads"),
        group(flows, class_="flows"),
        group(_stops(stops, uses), class_="stops"),
        group(_refusals(view.place(points_xy_m(network, refused))), class_="refusals"),
        group(_depots(run, network, stops), class_="depots"),
        *_labels(network, view),
        _scale_bar(view),
    ]
    svg = tag(
        "svg",
        *layers,
        viewBox=f"0 0 {WIDTH} {view.height}",
        class_="map",
        role="img",
        aria_label=(
            f"Map of {run.settings.name}: roads, {len(network.stops)} stops sized by how many"
            f" people used them, and the starts of {len(refused)} refused requests."
        ),
    )
    busiest = sorted(uses, key=lambda use: (-use.on - use.off, use.name))
    return DayMap(
        svg=svg,
        flow_legend=legend,
        busiest=tuple(use for use in busiest[:10] if use.on + use.off),
        roads=network.roads is not None,
        refusals=len(refused),
    )


def view_of(network: Network, stops_m: Places, refused: Sequence[Point]) -> View:
    """Frame the stops and places, and what was refused unless it lies far away."""
    points = np.vstack([stops_m, points_xy_m(network, [place.point for place in network.places])])
    low, high = points.min(axis=0), points.max(axis=0)
    if refused:
        others = points_xy_m(network, refused)
        # A typing error in a file of demand may lie on another continent.
        spare = 0.25 * float((high - low).max()) + 500
        near = ((others > low - spare) & (others < high + spare)).all(axis=1)
        points = np.vstack([points, others[near]])
        low, high = points.min(axis=0), points.max(axis=0)
    span_x, span_y = (max(float(span), 1000.0) for span in high - low)
    room = WIDTH - 2 * MARGIN
    scale = min(room / span_x, (HEIGHT_MAX - 2 * MARGIN) / span_y)
    height = max(HEIGHT_MIN, int(span_y * scale + 2 * MARGIN))
    middle = (low + high) / 2
    return View(
        west_m=float(middle[0]) - WIDTH / 2 / scale,
        north_m=float(middle[1]) + height / 2 / scale,
        scale=scale,
        height=height,
    )


def stop_uses(run: Run, network: Network) -> tuple[StopUse, ...]:
    """Count who got on and off at each stop, in the order of the stops."""
    people = {ride.request_id: ride.people for ride in run.rides}
    on: Counter[str] = Counter()
    off: Counter[str] = Counter()
    for visit in run.visits:
        on[visit.stop] += sum(people.get(ride, 0) for ride in visit.boarded)
        off[visit.stop] += sum(people.get(ride, 0) for ride in visit.left)
    stops = zip(network.stops.ids, network.stops.names, strict=True)
    return tuple(
        StopUse(name=name or stop_id, on=on[stop_id], off=off[stop_id]) for stop_id, name in stops
    )


def _nodes(network: Network, view: View) -> Places:
    roads = network.roads
    assert roads is not None
    return view.place(np.column_stack(xy_m(network.plane, roads.lon, roads.lat)))


def _roads(network: Network, view: View) -> list[Markup]:
    roads = network.roads
    if roads is None:
        return []
    nodes = _nodes(network, view)
    broad = np.array([kind in BROAD_ROADS for kind in roads.highway], dtype=np.bool_)
    marks = []
    for kind, chosen in (("road", ~broad), ("road broad", broad)):
        path = _drawn(two_way(roads.tail[chosen], roads.head[chosen]), nodes, view)
        if path:
            marks.append(tag("path", d=path, class_=kind))
    return marks


def _drawn(edges: NDArray[np.int64], nodes: Places, view: View) -> str:
    lines = [nodes[chain] for chain in chains(edges)]
    return path_of(
        [simplified(line, TOLERANCE) for line in lines if inside(line, WIDTH, view.height)]
    )


def _flows(
    run: Run, network: Network, view: View, stops: Places
) -> tuple[list[Markup], tuple[tuple[str, str], ...]]:
    """Draw where people rode, broader where more did; and say what the widths mean."""
    if network.roads is None:
        edges, people, nodes = *_between_stops(run, network), stops
    else:
        edges, people, nodes = *_on_links(run, network), _nodes(network, view)
    if not len(edges):
        return [], ()
    bounds = flow_bounds(int(people.max()))
    classes = np.searchsorted(bounds, people, side="left")
    marks, legend = [], []
    for number in range(len(bounds)):
        path = _drawn(edges[classes == number], nodes, view)
        kind = f"flow f{number + 1 + FLOW_CLASSES - len(bounds)}"
        if path:
            marks.append(tag("path", d=path, class_=kind))
        first = 1 if number == 0 else bounds[number - 1] + 1
        last = int(people.max()) if number == len(bounds) - 1 else bounds[number]
        legend.append((kind, f"{first:,}" if first == last else f"{first:,} to {last:,}"))
    return marks, tuple(legend)


def flow_bounds(largest: int) -> list[int]:
    """Return round upper bounds of classes of flow, the last one at least the largest flow."""
    bounds = []
    for part in (0.05, 0.15, 0.35, 0.65):
        raw = part * largest
        power = 10 ** int(log10(raw)) if raw >= 1 else 1
        bound = int(max(1, round(raw / power) * power))
        if bound < largest and bound not in bounds:
            bounds.append(bound)
    return [*sorted(bounds), largest]


def _on_links(run: Run, network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    roads = network.roads
    assert roads is not None
    number = {node: index for index, node in enumerate(roads.node_ids)}
    known = np.array([number.get(node, -1) for node in run.legs.nodes] or [-1], dtype=np.int64)
    people = people_on_legs(run)
    chosen = people > 0
    tail, head = known[run.legs.from_node[chosen]], known[run.legs.to_node[chosen]]
    real = (tail >= 0) & (head >= 0) & (tail != head)
    return _summed(tail[real], head[real], people[chosen][real])


def _between_stops(run: Run, network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    number = {stop_id: index for index, stop_id in enumerate(network.stops.ids)}
    rows = [
        (number[ride.pickup_stop], number[ride.dropoff_stop], ride.people)
        for ride in run.rides
        if ride.status == "completed"
        and ride.pickup_stop in number
        and ride.dropoff_stop in number
        and ride.pickup_stop != ride.dropoff_stop
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    edges, people = _summed(columns[0], columns[1], columns[2])
    busiest = np.argsort(-people, kind="stable")[:DESIRE_LINES]
    return edges[busiest], people[busiest]


def _summed(
    tail: NDArray[np.int64], head: NDArray[np.int64], people: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add both directions of a pair up."""
    pairs = np.column_stack([np.minimum(tail, head), np.maximum(tail, head)])
    if not len(pairs):
        return pairs, people
    edges, row = np.unique(pairs, axis=0, return_inverse=True)
    sums = np.zeros(len(edges), dtype=np.int64)
    np.add.at(sums, row.reshape(-1), people)
    return edges, sums


def _stops(stops: Places, uses: Sequence[StopUse]) -> list[Markup]:
    largest = max((use.on + use.off for use in uses), default=0)
    # Small circles last, so that none lies hidden under a large one.
    order = sorted(range(len(uses)), key=lambda stop: (-uses[stop].on - uses[stop].off, stop))
    marks = []
    for stop in order:
        use = uses[stop]
        people = use.on + use.off
        x, y = stops[stop].tolist()
        tip = f"{use.name}: {use.on} on, {use.off} off" if people else f"{use.name}: not used"
        radius = 2.5 if not people else 3.5 + 13.0 * sqrt(people / largest)
        kind = "stop" if people else "stop unused"
        marks.append(tag("circle", tag("title", tip), cx=x, cy=y, r=radius, class_=kind))
    return marks


def _refusals(origins: Places) -> list[Markup]:
    """Draw a cross for the refusals of each small square in their middle, larger for more."""
    for cell in REFUSAL_CELLS:
        groups: dict[tuple[int, int], list[int]] = {}
        for index, (column, row) in enumerate(np.floor(origins / cell).astype(int).tolist()):
            groups.setdefault((row, column), []).append(index)
        if len(groups) <= CROSSES_MAX:
            break
    marks = []
    for _, members in sorted(groups.items()):
        x, y = origins[members].mean(axis=0).tolist()
        arm = min(9.0, 3.5 + 0.8 * sqrt(len(members) - 1))
        path = (
            f"M{x - arm:.1f} {y - arm:.1f}L{x + arm:.1f} {y + arm:.1f}"
            f"M{x - arm:.1f} {y + arm:.1f}L{x + arm:.1f} {y - arm:.1f}"
        )
        many = len(members)
        tip = "1 refused request" if many == 1 else f"{many} refused requests"
        marks.append(tag("path", tag("title", tip), d=path, class_="refusal"))
    return marks


def _depots(run: Run, network: Network, stops: Places) -> list[Markup]:
    number = {stop_id: index for index, stop_id in enumerate(network.stops.ids)}
    shuttles = Counter(shuttle.depot_stop for shuttle in run.shuttles)
    marks = []
    for stop_id, count in sorted(shuttles.items()):
        if stop_id not in number:
            continue
        x, y = stops[number[stop_id]].tolist()
        name = network.stops.names[number[stop_id]] or stop_id
        tip = f"{name}: {count} shuttle{'s' if count > 1 else ''} start the day here"
        marks.append(
            tag("rect", tag("title", tip), x=x - 7, y=y - 7, width=14, height=14, class_="depot")
        )
    return marks


def _labels(network: Network, view: View) -> list[Markup]:
    """Write the names of places twice: for wide pages, and larger but fewer for narrow ones."""
    points = view.place(points_xy_m(network, [place.point for place in network.places]))
    marks = []
    for kind, size in (("names wide", 15), ("names narrow", 30)):
        labels = place_labels(network.places, points, size, (WIDTH, view.height))
        texts = [
            tag(
                "text",
                label.text,
                x=label.x,
                y=label.y,
                text_anchor=label.anchor,
                font_size=size,
                class_=label.kind,
            )
            for label in labels
        ]
        marks.append(group(texts, class_=kind))
    return marks


def _scale_bar(view: View) -> Markup:
    choices = [factor * 10**power for power in range(2, 6) for factor in (1, 2, 5)]
    length_m = max((m for m in choices if m * view.scale <= 220), default=choices[0])
    x, y = 24.0, view.height - 24.0
    end = x + length_m * view.scale
    text = f"{length_m // 1000} km" if length_m >= 1000 else f"{length_m} m"
    bar = tag("path", d=f"M{x:.1f} {y - 8:.1f}V{y:.1f}H{end:.1f}V{y - 8:.1f}", class_="scale")
    return tag("g", bar, tag("text", text, x=x + 6, y=y - 8, class_="scale-text"))
