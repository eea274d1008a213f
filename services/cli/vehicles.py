"""Sub-commands for those who connect shuttles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from services.cli.commands import EXIT_FINDINGS, FILE, main


@main.group("shuttles")
def vehicles() -> None:
    """Connect shuttles over the link of a gateway (docs/shuttle-link.md)."""


@vehicles.command("token", short_help="By which a shuttle proves who it is.")
@click.argument("shuttle")
@click.option("--zone", default="main", show_default=True, metavar="ID", help="Its territory.")
def show_token(shuttle: str, zone: str) -> None:
    """Print the token of a SHUTTLE, made from the secret in NAVETTE_SHUTTLE_KEY."""
    from services.domain.ids import ShuttleId, ZoneId
    from services.runtime.settings import InvalidSetting, Settings, read_settings
    from services.runtime.shuttle_tokens import shuttle_token

    key = read_settings(Settings).shuttle_key
    if key is None:
        raise InvalidSetting("shuttle_key", "tokens are made from it: 16 characters or more")
    click.echo(shuttle_token(key.get_secret_value(), ZoneId(zone), ShuttleId(shuttle)))


@vehicles.command("conform", short_help="Try whether a shuttle speaks the link well.")
@click.option("--port", type=click.IntRange(0, 65_535), required=True, help="0: any.")
@click.option(
    "--territory",
    type=FILE,
    default=Path("territories/la-souterraine"),
    show_default=True,
    help="Whose stops and shuttles are meant.",
)
@click.option("--zone", default="main", show_default=True, metavar="ID", help="What it is called.")
@click.option("--shuttle", metavar="ID", help="Which one is awaited.  [default: the first]")
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="Seconds that pass there in a second, for vehicles that are simulated.",
)
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(0, 600, min_open=True),
    default=10.0,
    show_default=True,
    help="Seconds within which it answers.",
)
def judge_shuttle(**chosen: Any) -> None:
    """Play gateway and dispatcher for one shuttle, and judge what it does.

    Ends with 0 if it conforms, 1 if not. With NAVETTE_SHUTTLE_KEY its token is checked.
    """
    from services.simulator.conform.command import Asked, conform

    sys.exit(0 if conform(Asked(**chosen), click.echo) else EXIT_FINDINGS)
