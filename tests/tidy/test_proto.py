"""What was generated from `proto/` is what is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "services/wire/generated"
PROTO = "navette/v1/events.proto"


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    out = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}"]
    subprocess.run([*protoc, *out, PROTO], check=True)
    made = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.py*")}
    assert len(made) == 2
    stale = [name for name, text in made.items() if (GENERATED / name).read_text() != text]
    assert stale == [], "run `make proto`"


def test_proto_is_not_a_python_package() -> None:
    assert list((ROOT / "proto").rglob("*.py")) == []
