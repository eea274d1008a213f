"""The command ``navette`` itself, and what its sub-commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from services import __version__
from services.domain.errors import NavetteError

EXIT_FINDINGS = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

FILE = click.Path(path_type=Path)
DATABASE = click.option(
    "--database",
    metavar="URL",
    help="postgresql://user@host/name; a password is better in NAVETTE_DATABASE.",
)
KAFKA = click.option("--kafka", metavar="HOST:PORT,...", help="Brokers.  [env: NAVETTE_KAFKA]")
TERRITORIES = click.option(
    "--territory",
    "territories",
    multiple=True,
    metavar="[ID=]FOLDER",
    help="A territory that is served; may be given several times.  [env: NAVETTE_TERRITORIES]",
)
WEATHER = click.Choice(["dry", "rain", "snow"])


class _Commands(click.Group):
    """A group of commands that ends with one clear line, whatever happened."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NavetteError as error:
            click.echo(f"navette: {error}", err=True)
            sys.exit(EXIT_ERROR)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(EXIT_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="navette")
def main() -> None:
    """Dispatch on-demand autonomous shuttles in a rural territory."""


def with_options(
    *options: Callable[[Callable[..., None]], Callable[..., None]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command several options, in this order."""

    def give(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return give
