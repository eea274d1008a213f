"""The tokens by which shuttles prove who they are; each is good for one shuttle of one zone."""

from __future__ import annotations

import hashlib
import hmac

from services.domain.ids import ShuttleId, ZoneId

_PURPOSE = "navette.v1 shuttle"


def shuttle_token(key: str, zone: ZoneId, shuttle: ShuttleId) -> str:
    """Return a shuttle's token under a key: 64 hexadecimal digits."""
    said = "\n".join((_PURPOSE, zone, shuttle)).encode()
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()


def is_token(given: str, key: str, zone: ZoneId, shuttle: ShuttleId) -> bool:
    """Whether this is the shuttle's token, in a time that does not depend on where it differs."""
    return hmac.compare_digest(given.encode(), shuttle_token(key, zone, shuttle).encode())
