"""The roads that shuttles may drive, as a directed graph in arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from services.domain.errors import InvalidRequest
from services.network.flat import Floats, frozen

Ints = NDArray[np.int32]

STAND_STILL_KMH = 1.0
"""No link is slower than this."""

LINK_M_MAX = 1_000_000.0
"""No single link is longer than this, so that its millimetres fit 32 bits."""

LINK_S_MAX = 65_534
"""No single link takes longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadRows:
    """Roads as a reader found them: in the file's order, not yet cleaned or connected.

    Parameters
    ----------
    node_ids, lon, lat
        Road nodes; WGS 84 degrees.
    link_ids, tail, head
        Directed links, and the numbers of the nodes that they lead from and to.
    length_m, speed_kmh
        Per link.
    highway, way
        Per link: its OpenStreetMap class and way id (empty where unknown).
    """

    node_ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    link_ids: tuple[str, ...]
    tail: Ints
    head: Ints
    length_m: Floats
    speed_kmh: Floats
    highway: tuple[str, ...]
    way: tuple[str, ...]

    def with_speeds(self, speed_kmh: Floats) -> RoadRows:
        """Return these roads at other speeds."""
        return replace(self, speed_kmh=speed_kmh)

    def keep_links(self, kept: NDArray[np.bool_]) -> RoadRows:
        """Return these roads with only the marked links; all nodes stay."""
        chosen = np.flatnonzero(kept)
        return RoadRows(
            node_ids=self.node_ids,
            lon=self.lon,
            lat=self.lat,
            link_ids=tuple(self.link_ids[i] for i in chosen),
            tail=self.tail[chosen],
            head=self.head[chosen],
            length_m=self.length_m[chosen],
            speed_kmh=self.speed_kmh[chosen],
            highway=tuple(self.highway[i] for i in chosen),
            way=tuple(self.way[i] for i in chosen),
        )

    def keep_nodes(self, kept: NDArray[np.bool_]) -> RoadRows:
        """Return these roads with only the marked nodes and the links between them."""
        number = np.cumsum(kept, dtype=np.int32) - 1
        links = self.keep_links(kept[self.tail] & kept[self.head])
        chosen = np.flatnonzero(kept)
        return RoadRows(
            node_ids=tuple(self.node_ids[i] for i in chosen),
            lon=self.lon[chosen],
            lat=self.lat[chosen],
            link_ids=links.link_ids,
            tail=number[links.tail].astype(np.int32),
            head=number[links.head].astype(np.int32),
            length_m=links.length_m,
            speed_kmh=links.speed_kmh,
            highway=links.highway,
            way=links.way,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """The road graph; arrays are read-only.

    Parameters
    ----------
    node_ids, lon, lat
        Road nodes; WGS 84 degrees.
    first_out
        The links that leave node ``n`` are ``first_out[n]`` to ``first_out[n + 1] - 1``.
    tail, head
        Where each link starts and ends.
    link_ms
        Driving time at the capped speed, in ms, rounded up, at least 1.
    link_mm
        Length in millimetres.
    speed_kmh
        The road's own speed, before the cap that all shuttles share.
    highway, link_ids
        Per link: its OpenStreetMap class and its id.
    """

    node_ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    first_out: Ints
    tail: Ints
    head: Ints
    link_ms: Ints
    link_mm: Ints
    speed_kmh: Floats
    highway: tuple[str, ...]
    link_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                frozen(value)

    @property
    def node_count(self) -> int:
        """How many road nodes there are."""
        return len(self.node_ids)

    @property
    def link_count(self) -> int:
        """How many directed links there are."""
        return len(self.link_ids)


def graph(rows: RoadRows, speed_kmh_max: float | None = None) -> Roads:
    """Sort links by the node they leave (the file's order within) and time them.

    Parameters
    ----------
    rows
        Roads with links that all have both their nodes.
    speed_kmh_max
        Cap on the speed of every link.
    """
    order = np.argsort(rows.tail, kind="stable")
    tail = rows.tail[order]
    link_mm = np.rint(rows.length_m[order] * 1000).astype(np.int64)
    speed_kmh = rows.speed_kmh[order]
    first_out = np.zeros(len(rows.node_ids) + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail, minlength=len(rows.node_ids)), out=first_out[1:])
    return Roads(
        node_ids=rows.node_ids,
        lon=rows.lon.copy(),
        lat=rows.lat.copy(),
        first_out=first_out,
        tail=tail,
        head=rows.head[order],
        link_ms=drive_ms(link_mm, speed_kmh, speed_kmh_max),
        link_mm=link_mm.astype(np.int32),
        speed_kmh=speed_kmh,
        highway=tuple(rows.highway[i] for i in order),
        link_ids=tuple(rows.link_ids[i] for i in order),
    )


def drive_ms(
    link_mm: NDArray[np.int64], speed_kmh: Floats, speed_kmh_max: float | None = None
) -> Ints:
    """Time that links take, in whole milliseconds, rounded up, at least 1.

    The arithmetic is in integers (speeds in whole metres an hour), so it is the same everywhere.

    Raises
    ------
    InvalidRequest
        If a link takes longer than `LINK_S_MAX`.
    """
    capped = speed_kmh if speed_kmh_max is None else np.minimum(speed_kmh, speed_kmh_max)
    speed_m_h = np.maximum(np.rint(capped * 1000).astype(np.int64), 1)
    time_ms = -(-link_mm * 3600 // speed_m_h)
    if len(time_ms) and int(time_ms.max()) > LINK_S_MAX * 1000:
        raise InvalidRequest("speed", f"a link takes longer than {LINK_S_MAX} s")
    return np.maximum(time_ms, 1).astype(np.int32)


def links_named(link_ids: Sequence[str], text: str) -> list[int]:
    """Numbers of the links with an id; ``4711:*`` are all whose id begins like that."""
    name = text.strip()
    if name.endswith("*"):
        return [link for link, link_id in enumerate(link_ids) if link_id.startswith(name[:-1])]
    return [link for link, link_id in enumerate(link_ids) if link_id == name]


def links_of(link_ids: Sequence[str], names: Iterable[str]) -> tuple[int, ...]:
    """Numbers of all links that some such names mean, each once, in order."""
    return tuple(sorted({link for name in names for link in links_named(link_ids, name)}))
