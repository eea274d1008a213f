"""Where this user's caches lie."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where caches lie: ``NAVETTE_CACHE``, else ``navette`` in the XDG cache folder."""
    chosen = os.environ.get("NAVETTE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "navette"
