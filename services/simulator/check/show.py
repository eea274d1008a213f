"""Prints a verdict for people or for programs."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.simulator.check.verdict import ABOUT, Rule, Verdict


def print_verdict(verdict: Verdict, *, as_json: bool = False) -> None:
    """Write the rules with what was checked and found, then the findings themselves."""
    console = Console()
    if as_json:
        console.file.write(json.dumps(verdict.as_json(), indent=2) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("rule")
    table.add_column("what it says")
    table.add_column("checked", justify="right")
    table.add_column("found", justify="right")
    for rule in Rule:
        found = verdict.found[rule]
        style = "bold red" if found else ""
        table.add_row(
            Text(rule, style=style),
            Text(ABOUT[rule]),
            f"{verdict.checked[rule]:,}",
            Text(f"{found:,}", style=style),
        )
    console.print(table)
    for finding in verdict.findings:
        # As plain text, so that an id out of a file can neither colour nor steer the terminal.
        line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(finding))
        console.print(Text(line), soft_wrap=True)
    total, shown = sum(verdict.found.values()), len(verdict.findings)
    if total > shown:
        console.print(f"... and {total - shown:,} more")
    console.print("clean" if verdict.clean else f"{total:,} findings")
