"""What tells territories apart: a hash of all that a zone's decisions depend on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

import numpy as np

from services.network.folder import Network
from services.network.tables import content_hash

FORMAT = "navette-territory-1"


def fingerprint(network: Network) -> str:
    """Hash a territory's settings, stops, roads, travel tables, and when its clocks change.

    Places and forecasts are not in it: what comes of them reaches a zone as messages. Nor is what
    is kept of riders, which no zone hears of.
    """
    settings = network.territory.model_dump(mode="json", exclude={"privacy"})
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    if network.zones is not None:
        text += f" {network.zones.own} {' '.join(network.zones.ids)}"
    digest = hashlib.sha256(f"{FORMAT} {text} {network.tables.version}".encode())
    if network.calendar.changes:
        digest.update(repr(network.calendar.changes).encode())
    for part in (network.stops, network.roads):
        if part is None:
            continue
        arrays = []
        for field in fields(part):
            value = getattr(part, field.name)
            if isinstance(value, np.ndarray):
                arrays.append(value)
            else:
                digest.update("\x1f".join(value).encode() + b"\x1e")
        digest.update(content_hash(type(part).__name__, *arrays).encode())
    return digest.hexdigest()
