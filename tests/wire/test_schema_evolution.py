"""What one version writes the others read: nothing that was released changes on the wire."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROTO = Path(__file__).parents[2] / "proto"
RELEASED = Path(__file__).parent / "released"
"""The schema of the last release; each release puts its own here."""
BUF = Path(sys.executable).parent / "buf"


def findings(schema: Path) -> str:
    """What would break readers or writers of the last release."""
    command = [str(BUF), "breaking", str(schema), "--against", str(RELEASED)]
    rules = '{"version":"v2","breaking":{"use":["WIRE_JSON"]}}'
    done = subprocess.run(
        [*command, "--config", rules, "--against-config", rules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 100), done.stderr
    return done.stdout


def test_nothing_that_was_released_changed() -> None:
    assert findings(PROTO) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("string shuttle_id = 2;", "string shuttle_id = 99;"),
        ("int32 expires_s = 2;", "string expires_s = 2;"),
        ("CONSTRAINT_WAIT = 10;", "CONSTRAINT_WAIT = 99;"),
    ],
)
def test_a_change_that_breaks_readers_is_found(tmp_path: Path, before: str, after: str) -> None:
    changed = shutil.copytree(PROTO, tmp_path / "proto") / "navette/v1/events.proto"
    text = changed.read_text(encoding="utf-8")
    assert before in text
    changed.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert "events.proto" in findings(tmp_path / "proto")
