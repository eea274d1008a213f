"""Which code this is, as far as decisions depend on it."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from services import __version__

DECIDING = ("domain", "network", "wire", "dispatcher")
"""Packages whose code takes part in what a zone decides; solvers' answers are messages."""


@cache
def code_version() -> str:
    """Name this version and hash the sources that decide: ``0.1.0+4f6d2c81a09b``."""
    digest = hashlib.sha256()
    for package in DECIDING:
        sources = [one for one in files(f"services.{package}").iterdir() if one.is_file()]
        for source in sorted(sources, key=lambda one: one.name):
            if source.name.endswith(".py"):
                digest.update(f"{package}/{source.name}\n".encode() + source.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"
