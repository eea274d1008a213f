"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]

# No deadline: the first call of a kernel compiles it. Continuous integration draws the same
# examples every time, so that it only turns red when the code did; at a desk it looks further.
settings.register_profile("desk", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("desk"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless real servers are wanted or tests are chosen by mark."""
    real = Path(__file__).parent / "integration"
    for item in items:
        if item.path.is_relative_to(real):
            item.add_marker(pytest.mark.long)
    if os.environ.get("NAVETTE_REAL") == "1" or config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The measured data that lies beside the project and is not part of it."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the measured data is not here (a folder shared/data beside the project)")
    return folder


@pytest.fixture(scope="session")
def demo() -> Path:
    """The folder of the territory that ships with Navette."""
    return PROJECT / "territories" / "la-souterraine"
