"""Which territories a process serves, under which name, and their zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from services.domain.errors import InvalidSetting
from services.domain.ids import ZoneId
from services.network.folder import Network, load
from services.network.zone_networks import territory_of, zone_networks

_ZONE = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Served(NamedTuple):
    """A zone, and its territory as it sees it."""

    zone: ZoneId
    network: Network


def zone_of(folder: Path) -> ZoneId:
    """Name the zone of a territory that was given no name: like its folder."""
    name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._")
    return ZoneId(name or "main")


def served(texts: Iterable[str]) -> tuple[Served, ...]:
    """Load territories, each given as ``FOLDER`` or ``ID=FOLDER``; a folder is read once.

    One that is cut into zones is served as these: ``ID.ZONE``.

    Raises
    ------
    InvalidSetting
        If an id is no id, or is there twice; or if there is no territory at all.
    InvalidFile
        If a territory cannot be read.
    """
    networks: dict[Path, Network] = {}
    found: dict[ZoneId, Network] = {}
    for text in filter(None, texts):
        territory, folder = _named(text)
        if folder not in networks:
            networks[folder] = load(folder)
        for zone, network in zone_networks(territory, networks[folder]).items():
            if zone in found:
                raise InvalidSetting("territory", f"two have the id {zone}; give ID=FOLDER")
            found[zone] = network
    if not found:
        raise InvalidSetting("territory", "at least one is needed: FOLDER or ID=FOLDER")
    return tuple(Served(zone, network) for zone, network in found.items())


def by_territory(all_served: Iterable[Served]) -> Mapping[ZoneId, tuple[Served, ...]]:
    """Return the zones of each territory."""
    found: dict[ZoneId, tuple[Served, ...]] = {}
    for one in all_served:
        territory = territory_of(*one)
        found[territory] = (*found.get(territory, ()), one)
    return found


def _named(text: str) -> tuple[ZoneId, Path]:
    name, sign, folder = text.partition("=")
    if not sign:
        return zone_of(Path(text)), Path(text)
    if not _ZONE.fullmatch(name):
        raise InvalidSetting("territory", f"'{name}' is no id: a-z, 0-9, '.', '_' and '-'")
    return ZoneId(name), Path(folder)
