"""What a territory is to be made from, and how."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from services.domain.errors import InvalidRequest
from services.domain.territory import Promises, StopTimes, Travel
from services.network.corridors import area_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files that a territory is made from.

    Either ``osm``, or ``nodes`` and ``edges``, or neither for travel as the crow flies.
    """

    osm: Path | None = None
    nodes: Path | None = None
    edges: Path | None = None
    corridors: Path | None = None
    stops: Path | None = None
    demand: Path | None = None

    def check(self) -> None:
        """Make sure that these files say enough, and not too much.

        Raises
        ------
        InvalidRequest
            If they do not.
        """
        if (self.nodes is None) != (self.edges is None):
            raise InvalidRequest("--nodes, --edges", "give both or none")
        if self.osm is not None and self.nodes is not None:
            raise InvalidRequest("--osm, --nodes", "give one of them")
        if not self.has_roads and self.corridors is not None:
            raise InvalidRequest("--corridors", "need roads")
        if not self.has_roads and self.stops is None and self.demand is None:
            raise InvalidRequest("--stops", "without roads, give stops or demand")

    @property
    def has_roads(self) -> bool:
        """Whether there is a file of roads."""
        return self.osm is not None or self.nodes is not None

    def hashes(self) -> list[dict[str, str]]:
        """Name each file and what was in it."""
        roles = ("osm", "nodes", "edges", "corridors", "stops", "demand")
        files: list[tuple[str, Path]] = []
        for role in roles:
            path: Path | None = getattr(self, role)
            if path is not None:
                files.append((role, path))
        if self.corridors is not None:
            files += [("corridors' area", path) for path in area_files(self.corridors)]
        return [{"role": role, "file": path.name, "sha256": _sha256(path)} for role, path in files]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """The fleet that a built territory starts with; without ``depots``, one for five shuttles."""

    shuttles: int = 10
    seats: int = 8
    wheelchair_places: int = 1
    depots: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What to make, and how.

    Parameters
    ----------
    cover
        Share of the requests (or homes) with both ends within the longest walk of a stop.
    snap_m_max
        Stops of a file that are further than this from any road are dropped.
    attribution
        Whom to name as the roads' source, if it is not OpenStreetMap.
    """

    sources: Sources
    out: Path
    name: str
    timezone: str = "Europe/Paris"
    promises: Promises = field(default_factory=Promises)
    stop_times: StopTimes = field(default_factory=StopTimes)
    travel: Travel = field(default_factory=Travel)
    fleet: FleetOptions = field(default_factory=FleetOptions)
    cover: float = 0.95
    snap_m_max: float = 1000
    attribution: str | None = None
    force: bool = False
