"""Sub-commands for what people may ask of those who keep their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from services.cli.commands import DATABASE, TERRITORIES, main, with_options

if TYPE_CHECKING:
    from services.runtime.settings import ServeSettings

_person = with_options(
    click.option("--phone", metavar="NUMBER", help="Who has this phone."),
    click.option("--ride", metavar="ID", help="Who asked for this ride."),
    click.option(
        "--calling-code",
        type=click.IntRange(1, 999),
        help="Country of a number that begins with a single 0.",
    ),
    DATABASE,
)


def _settings(database: str | None) -> ServeSettings:
    from services.runtime.settings import ServeSettings, read_settings

    return read_settings(ServeSettings, database=database)


@main.group("riders")
def riders() -> None:
    """Give people what is kept of them, and erase it.

    Needs the master key (NAVETTE_RIDERS_KEY). A person is who has a phone; in each zone they have a
    pseudonym of its own.
    """


@riders.command("export", short_help="All that is kept of a person, as JSON.")
@_person
@TERRITORIES
def export_person(database: str | None, territories: tuple[str, ...], **who: Any) -> None:
    """Print all that is kept of a person, with what became of their rides.

    With their territories, stops have names and times are dates.
    """
    from services.gateway.riders_command import Wanted, export_riders

    export_riders(_settings(database), Wanted(**who), territories, click.echo)


@riders.command("erase", short_help="Erase a person.")
@_person
@click.option("--force", is_flag=True, help="Also if a ride is not over.")
def erase_person(database: str | None, force: bool, **who: Any) -> None:
    """Destroy a person's key, and delete what is kept of them; their rides stay, nobody's."""
    from services.gateway.riders_command import Wanted, erase_riders

    erase_riders(_settings(database), Wanted(**who), force, click.echo)


@riders.command("tend", short_help="Erase what is kept for long enough.")
@TERRITORIES
@DATABASE
def tend_all(database: str | None, territories: tuple[str, ...]) -> None:
    """Erase contacts that are older than their territory keeps them.

    Riders' keys that are under another master key are brought under the first one. Gateways do
    all this by themselves, a few times a day.
    """
    from services.gateway.riders_command import tend_riders

    tend_riders(_settings(database), territories, click.echo)


@riders.command("new-key", short_help="Make a master key.")
def make_key() -> None:
    """Print a new master key, for NAVETTE_RIDERS_KEY."""
    from services.runtime.rider_keys import new_master_key

    click.echo(new_master_key())
