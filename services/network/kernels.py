"""How our compiled code is compiled, and where the result is kept between runs.

Numba's cache looks only at the file of the function itself, so code compiled from several files
could outlive a change in one of them. Here each state of all these files has a cache of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numba

from services.network.cache_folder import cache_folder

SOURCES = (
    "network/tables.py",
    "network/driving.py",
    "network/closures.py",
    "network/speed_caps.py",
    "dispatcher/columns.py",
    "dispatcher/departures.py",
    "dispatcher/distance.py",
    "dispatcher/energy.py",
    "dispatcher/schedule.py",
    "dispatcher/moves.py",
    "dispatcher/objective.py",
    "dispatcher/insertion.py",
    "solver/problem.py",
    "solver/arrays.py",
    "solver/dice.py",
    "solver/schedule.py",
    "solver/moves.py",
    "solver/routes.py",
    "solver/insertion.py",
    "solver/nearness.py",
    "solver/ruin.py",
    "solver/recreate.py",
    "solver/pool.py",
    "solver/anneal.py",
    "solver/fewer.py",
    "dispatcher/projection.py",
)
"""Every file with compiled code, or with constants that are compiled in."""


def _version() -> str:
    root = Path(__file__).parent.parent
    digest = sha256(numba.__version__.encode())
    for source in SOURCES:
        digest.update((root / source).read_bytes())
    return digest.hexdigest()[:16]


numba.config.CACHE_DIR = str(cache_folder() / "kernels" / _version())  # type: ignore[attr-defined]


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes no arrays on its first call, and keep the result.

    It runs without the interpreter's lock, and without counting references to the arrays that it is
    given: that costs some nanoseconds an array and call, and kernels hand on many.
    """
    return _njit(function, cache=True, nogil=True, _nrt=False)


def array_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that makes arrays; a `kernel` may call it, but not take them from it."""
    return _njit(function, cache=True, nogil=True, _nrt=True)


def inner_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only a `kernel` calls: nothing that Python could call."""
    alone = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _njit(function, nogil=True, _nrt=False, **alone)


def inlined_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function into each `kernel` that calls it.

    LLVM does that; Numba's own inlining compiles the copies one by one, which takes much longer.
    """
    return _njit(function, nogil=True, forceinline=True, _nrt=False)


def _njit(function: Callable[..., Any], **options: bool | str) -> Callable[..., Any]:
    compile_with: Callable[..., Any] = numba.njit
    return cast("Callable[..., Any]", compile_with(**options)(function))
