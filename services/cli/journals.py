"""Sub-commands that keep zones' journals, go through them again, and ask what else could be."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from services.cli.commands import EXIT_FINDINGS, FILE, WEATHER, main
from services.domain.day import Weather

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


@main.command("whatif", short_help="A lived day under another policy.")
@click.argument("folder", metavar="ARCHIVE", type=FILE)
@click.option(
    "--policy",
    type=FILE,
    required=True,
    help="Settings that replace those of territory.yaml, or a whole territory.",
)
@click.option("--territory", type=FILE, required=True, help="What was lived on.")
@click.option("--zone", metavar="ID", help="Which zone.  [default: the archive's only one]")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Which day.  [default: the archive's only one]",
)
@click.option(
    "--weather", type=WEATHER, default="dry", show_default=True, help="Of that day, for forecasts."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same day."
)
@click.option("--out", type=FILE, default=Path("runs/whatif"), show_default=True, help="Results.")
@click.option("--force", is_flag=True, help="Replace results that are there already.")
def simulate_whatif(
    folder: Path, out: Path, day: datetime | None, weather: str, **chosen: Any
) -> None:
    """Simulate a day of an archive under another policy, and compare it with what happened.

    Of the journal only what came from outside is taken: requests, what riders wanted, mishaps.
    """
    from services.simulator.whatif.command import Asked, whatif

    date = None if day is None else day.date()
    whatif(folder, out, Asked(day=date, weather=Weather(weather), **chosen))
