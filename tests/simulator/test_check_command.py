"""`navette check` says in its exit status what it thinks of a run."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from services.cli import main
from tests.simulator.check_world import small_day


def test_a_clean_run_ends_with_0(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    result = CliRunner().invoke(main, ["check", str(out)])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "clean"


def test_findings_end_with_1_and_cannot_steer_the_terminal(tmp_path: Path) -> None:
    world = small_day()
    world.rides.append(world.ride("r3") | {"request_id": "[red]\x1b[2J"})
    out = world.write(tmp_path)
    result = CliRunner().invoke(main, ["check", str(out)])
    assert result.exit_code == 1
    assert "requests: ride [red]\N{REPLACEMENT CHARACTER}[2J: nobody asked for it" in result.output
    assert result.output.splitlines()[-1] == "1 findings"


def test_a_verdict_can_be_read_by_programs(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    result = CliRunner().invoke(main, ["check", str(out), "--json"])
    verdict = json.loads(result.output)
    assert verdict["clean"] is True
    assert verdict["rules"]["requests"] == {"checked": 6, "found": 0}


def test_what_cannot_be_judged_ends_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(tmp_path / "nothing")])
    assert result.exit_code == 2
    assert "no such folder" in result.output


def test_a_moved_territory_is_found_with_its_option(tmp_path: Path) -> None:
    out = small_day().write(tmp_path)
    moved = (tmp_path / "territory").rename(tmp_path / "elsewhere")
    assert CliRunner().invoke(main, ["check", str(out)]).exit_code == 2
    moved_to = ["--territory", str(moved)]
    assert CliRunner().invoke(main, ["check", str(out), *moved_to]).exit_code == 0
