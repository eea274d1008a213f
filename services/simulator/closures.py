"""Roads that are closed in a run, from a table."""

from __future__ import annotations

from pathlib import Path

from services.domain.errors import InvalidFile
from services.domain.events import CloseRoads
from services.domain.settings_part import DAY_S
from services.network.folder import Network
from services.network.roads import links_named
from services.network.rows import Row, read_rows
from services.simulator.records import Closure


def read_closures(path: Path, network: Network) -> tuple[Closure, ...]:
    """Read closures: ``closure``, ``links``, ``from_s`` and perhaps ``until_s``.

    ``links`` are ids of links with semicolons between; ``4711:*`` are all that begin like this.

    Raises
    ------
    InvalidFile
        At the first row that makes no sense.
    """
    if network.roads is None:
        raise InvalidFile(path, "the territory has no roads that could be closed")
    known = network.roads.link_ids
    closures: dict[str, Closure] = {}
    for row in read_rows(path, ("closure", "links", "from_s")):
        name = row.text("closure")
        if name in closures:
            raise row.wrong("closure", f"'{name}' is there twice")
        from_s, until_s = row.whole("from_s", 0, 2 * DAY_S), None
        if row.optional("until_s"):
            until_s = row.whole("until_s", from_s + 1, 3 * DAY_S)
        names = row.text("links").split(";")
        links = {link for link_name in names for link in _links(row, link_name, known)}
        ids = tuple(known[link] for link in sorted(links))
        closures[name] = Closure(closure_id=name, links=ids, from_s=from_s, until_s=until_s)
    return tuple(closures.values())


def _links(row: Row, text: str, link_ids: tuple[str, ...]) -> list[int]:
    found = links_named(link_ids, text)
    if not found:
        raise row.wrong("links", f"there is no link '{text.strip()}'")
    return found


def command_of(closure: Closure, network: Network) -> CloseRoads:
    """The operator's command that closes these roads."""
    assert network.roads is not None
    wanted = set(closure.links)
    ids = network.roads.link_ids
    links = tuple(link for link, link_id in enumerate(ids) if link_id in wanted)
    return CloseRoads(closure.closure_id, links, closure.from_s, closure.until_s)
