"""Sub-commands for those who connect shuttles."""

from __future__ import annotations

import click

from services.cli.commands import main


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
