"""`navette solve`: one JSON, on the screen and in the file, that says what is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.solver.darp import read_darp
from services.solver.recheck import recheck
from tests.solver.instance_files import DARP, LILIM, with_cell, write


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["solve", *(str(word) for word in words)])


def of(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(("text", "form"), [(LILIM, "lilim"), (DARP, "darp")])
@pytest.mark.parametrize("solver", ["navette", "ortools"])
def test_routes_are_printed_and_written_as_the_same_json(
    tmp_path: Path, text: str, form: str, solver: str
) -> None:
    file, out = write(tmp_path, text), tmp_path / "new" / "routes.json"
    few = ("--iterations", 50, "--solver", solver)
    result = run(file, "--format", form, "--out", out, *few)
    assert result.exit_code == 0, result.output
    assert result.stdout == out.read_text()
    found = of(result)
    assert list(found) == [
        "instance",
        "feasible",
        "vehicles",
        "distance",
        "seconds",
        "iterations",
        "routes",
    ]
    assert found["instance"] == "little"
    assert found["feasible"] is True
    assert sorted(i for route in found["routes"] for i in route) == [1, 2, 3, 4]
    assert found["vehicles"] == len(found["routes"])


def test_distance_and_verdict_are_those_of_the_recheck(tmp_path: Path) -> None:
    file = write(tmp_path, DARP)
    found = of(run(file, "--format", "darp", "--iterations", 50))
    assert found["distance"] == recheck(read_darp(file), found["routes"]).distance


def test_the_same_seed_and_iterations_give_the_same_routes(tmp_path: Path) -> None:
    words = (write(tmp_path, DARP), "--format", "darp", "--iterations", 80, "--seed", 3)
    first, second = of(run(*words)), of(run(*words, "--threads", 1))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_threads_and_a_moment_are_enough_for_little(tmp_path: Path) -> None:
    file = write(tmp_path, LILIM)
    result = run(file, "--format", "lilim", "--seconds", 0.01, "--threads", 2)
    assert of(result)["vehicles"] == 1


def test_what_cannot_be_served_ends_with_1_and_says_who(tmp_path: Path) -> None:
    file = write(tmp_path, with_cell(DARP, 5, 6, "13"))
    result = run(file, "--format", "darp", "--iterations", 50)
    assert result.exit_code == 1
    found = of(result)
    assert found["feasible"] is False
    assert found["routes"] == [[2, 4]]
    assert "3 is not visited" in result.stderr


@pytest.mark.parametrize("solver", ["navette", "ortools"])
def test_where_nobody_can_be_served_there_are_no_routes(tmp_path: Path, solver: str) -> None:
    file = write(tmp_path, with_cell(LILIM, 1, 1, "0"))
    result = run(file, "--format", "lilim", "--iterations", 50, "--solver", solver)
    assert result.exit_code == 1
    assert (of(result)["routes"], of(result)["distance"]) == ([], 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "darp"), "line 1: has 3 numbers, and should have 5"),
        (("--format", "lilim", "--seconds", "nan"), "--seconds: nan is not a time"),
        (("--format", "lilim", "--out", "."), "cannot be written"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = run(write(tmp_path, LILIM), *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_an_output_is_tried_first_and_left_alone_until_there_is_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, new, old = write(tmp_path, LILIM), tmp_path / "new.json", tmp_path / "old.json"
    old.write_text("what was there")

    def broken(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.solver.solve_command.solver_named", broken)
    for out in (new, old):
        assert run(file, "--format", "lilim", "--out", out).exit_code == 130
    assert not new.exists()
    assert old.read_text() == "what was there"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing.txt", "--format", "lilim")
    assert result.exit_code == 2
    assert "nothing.txt: cannot be read" in result.stderr
