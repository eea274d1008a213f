"""Nothing in the project depends on the machine that it was written on."""

from __future__ import annotations

import re

from tests.tidy.tree import name_of, tracked_files

# Each pattern is written so that it does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:hom[e]|roo[t]|wor[k]|User[s]|opt|tm[p]/venv)/[\w.]")
REGISTRY_HOST = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|crates[.]io|proxy\.golan[g]\.org"
    r"|repo1?\.mave[n]|deb\.debia[n]\.org|security\.debia[n]\.org"
)


CONFLICT = re.compile(r"^(?:<{7} |>{7} |={7}$)")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if match := pattern.search(line):
                found.append(f"{name_of(path)}:{number} {match[0]}")
    return found


def test_no_file_names_a_place_on_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert lines_with(REGISTRY_HOST) == []


def test_no_merge_was_left_half_done() -> None:
    assert lines_with(CONFLICT) == []
