"""By which numbers the stops and roads of a territory go, and what is whose."""

from __future__ import annotations

from hashlib import sha256

from services.network.folder import Network


def layout(network: Network) -> str:
    """A short hash: equal if stops, nodes and links have the same numbers, and zones the same cut.

    Whose a shuttle is follows from the cut only at first: who goes by another one may not go on.
    """
    told = sha256("\n".join(network.stops.ids).encode())
    if network.roads is not None:
        told.update(network.roads.tail.tobytes() + network.roads.head.tobytes())
    if network.zones is not None:
        told.update(" ".join(network.zones.ids).encode() + network.zones.of_stop.tobytes())
    return told.hexdigest()[:16]
