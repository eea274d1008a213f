"""Sub-commands that keep zones' journals, and go through them again."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import click

from services.cli.commands import EXIT_FINDINGS, FILE, main

_DATABASE = click.option(
    "--database",
    metavar="URL",
    help="The journal where it is written.  [env: NAVETTE_DATABASE]",
)
_KAFKA = click.option(
    "--kafka", metavar="HOST:PORT,...", help="Its copy on the topic zone-journal instead."
)


@main.command("archive", short_help="Keep zones' journals in Parquet files.")
@click.argument("out", type=FILE)
@click.option("--zone", "zones", multiple=True, metavar="ID", help="Which.  [default: all]")
@_DATABASE
@_KAFKA
def archive_journals(
    out: Path, zones: tuple[str, ...], database: str | None, kafka: str | None
) -> None:
    """Add what is new of zones' journals to their archives: OUT/ZONE, a file a day.

    Steps that are missing or were changed are an error; the archive then stays as it was.
    """
    from services.simulator.replay.archive_command import run

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    run(out, zones, database, kafka, click.echo)


@main.command("replay", short_help="Decide a journal again, and see that it is the same.")
@click.argument("folder", metavar="[ARCHIVE]", type=FILE, required=False)
@click.option(
    "--territory",
    "territories",
    type=FILE,
    multiple=True,
    required=True,
    help="What was lived on, as it was then; several if it changed.",
)
@click.option("--zone", metavar="ID", help="Which zone.  [default: the archive's only one]")
@click.option(
    "--from", "first", type=click.IntRange(1), metavar="STEP", help="Begin before this step."
)
@click.option("--to", "last", type=click.IntRange(1), metavar="STEP", help="End with this step.")
@_DATABASE
@_KAFKA
def replay_journal(folder: Path | None, **chosen: Any) -> None:
    """Decide all steps of an archive again, and compare every event byte for byte.

    Ends with 0 if all is the same, 1 if something differs, 2 if there is nothing to replay.
    """
    from services.simulator.replay.replay_command import Asked, replay

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(0 if replay(folder, Asked(**chosen)) else EXIT_FINDINGS)
