"""What the pages say can be clicked, typed and found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from services import __version__
from services.cli import main
from tests.tidy.tree import PROJECT, name_of, pages

LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def anchors(page: Path) -> set[str]:
    """The names that a reader's browser gives to the headings of a page."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#{1,6}\s+(.*?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(page: Path) -> Iterator[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        linked = page.parent / name if name else page
        if not linked.exists():
            yield f"{target}: there is no such file"
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked):
            yield f"{target}: there is no such heading"


def command_lines(page: Path) -> Iterator[str]:
    """Every line of code on a page that calls `navette`."""
    for block, span in CODE.findall(page.read_text(encoding="utf-8")):
        for line in (block or span).replace("\\\n", " ").splitlines():
            call = re.match(r"\s*(?:\$ )?(?:\S*/)?navette\s+([a-z-].*)$", line)
            if call:
                yield re.split(r"\s(?:#|&&|\|\||[|;&>])\s|\s&$", call[1])[0]


def unknown_words(line: str) -> list[str]:
    """The sub-commands and options of a command line that `navette` does not have."""
    command: click.Command = main
    words = line.split()
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    known = {"--help", *(option for parameter in command.params for option in parameter.opts)}
    known |= {option for parameter in command.params for option in parameter.secondary_opts}
    if command is main:
        known.add("--version")
    return [option for option in OPTION.findall(" ".join(words)) if option not in known]


def test_links_between_pages_lead_somewhere() -> None:
    dead = {name_of(page): found for page in pages() if (found := list(dead_links(page)))}
    assert dead == {}


@pytest.mark.parametrize("page", [name_of(page) for page in pages()])
def test_every_command_on_a_page_exists(page: str) -> None:
    wrong = {
        f"navette {line}": unknown
        for line in command_lines(PROJECT / page)
        if (unknown := unknown_words(line))
    }
    assert wrong == {}


def test_every_command_has_its_help() -> None:
    def without_help(command: click.Command, name: str) -> Iterator[str]:
        if not command.help:
            yield name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.help:
                yield f"{name} {parameter.opts[0]}"
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield from without_help(child, f"{name} {child.name}")

    assert list(without_help(main, "navette")) == []


def test_every_page_of_docs_is_linked_from_an_index() -> None:
    docs = PROJECT / "docs"
    indexes = [docs / "index.md", docs / "decisions" / "index.md"]
    linked = {
        (index.parent / target.partition("#")[0]).resolve()
        for index in indexes
        for target in LINK.findall(index.read_text(encoding="utf-8"))
    }
    lost = [name_of(page) for page in pages() if docs in page.parents and page not in linked]
    assert [page for page in lost if page != "docs/index.md"] == []


def test_the_changelog_has_an_entry_for_this_version() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changelog, re.MULTILINE)


def test_every_metric_is_on_its_page_and_no_other() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (PROJECT / "services").rglob("*.py")
    )
    made = set(re.findall(r'"(navette_[a-z_]+)",', code))
    page = (PROJECT / "docs/metrics.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(navette_[a-z_]+)` \|", page, re.MULTILINE))
    assert listed == made
