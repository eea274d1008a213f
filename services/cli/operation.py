"""Sub-commands that serve, and that look after what serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.cli.commands import DATABASE, FILE, KAFKA, TERRITORIES, WEATHER, main, with_options
from services.domain.day import Weather


@main.command("up", short_help="Serve a territory: HTTP, dispatcher and simulated shuttles.")
@click.argument("territory", nargs=-1, required=True, metavar="TERRITORY...")
@click.option("--port", type=click.IntRange(0, 65_535), help="HTTP port; 0: any.  [default: 8080]")
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="Seconds that pass there in a second.",
)
@click.option(
    "--at",
    type=click.DateTime(["%H:%M"]),
    metavar="HH:MM",
    help="Begin at this time of day.  [default: now]",
)
@click.option(
    "--weather", type=WEATHER, default="dry", show_default=True, help="The day's weather."
)
@click.option("--real", is_flag=True, help="On a real Kafka and PostgreSQL, each part a process.")
@click.option(
    "--dispatchers",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="With --real: how many share the zones.",
)
@click.option(
    "--data",
    type=FILE,
    default=Path("runs/real"),
    show_default=True,
    help="With --real: where everything is kept, from run to run.",
)
def serve_territory(territory: tuple[str, ...], real: bool, **chosen: Any) -> None:
    """Take live ride requests over HTTP until Ctrl-C; shuttles are simulated.

    With --real, TERRITORY may be several, each as [ID=]FOLDER.
    """
    begins = chosen["at"].time() if chosen["at"] else None
    sky = Weather(chosen["weather"])
    if real:
        from services.runtime.local_server import need_installed
        from services.runtime.settings import Settings, read_settings

        need_installed()
        from services.runtime.real_stack import Wanted, up_real

        wanted = Wanted(
            territories=territory,
            data=chosen["data"],
            port=read_settings(Settings, port=chosen["port"]).port,
            dispatchers=chosen["dispatchers"],
            at=begins,
            speed=chosen["speed"],
            weather=sky,
        )
        up_real(wanted, click.echo)
        return
    if len(territory) > 1:
        raise click.UsageError("several territories at once need --real")
    from services.simulator.live import up

    folder = Path(territory[0])
    up(folder, port=chosen["port"], speed=chosen["speed"], at=begins, weather=sky, say=click.echo)


@main.group("serve")
def serve() -> None:
    """Play one role of a real service, on Apache Kafka and PostgreSQL.

    Each option is also an environment variable (NAVETTE_KAFKA and so on); docs/operation.md has
    them all, TLS and SASL included.
    """


_PORT = click.option("--port", type=click.IntRange(0, 65_535), help="HTTP port.  [default: 8080]")
_served = with_options(TERRITORIES, KAFKA, DATABASE, _PORT)


def _play(make: Any, territories: tuple[str, ...], port: int | None, **given: str | None) -> None:
    from services.runtime.serving import serve as play

    play(territories, port, make, given)


@serve.command("gateway", short_help="HTTP for riders.")
@_served
def serve_gateway(**chosen: Any) -> None:
    """Take ride requests over HTTP and tell riders what becomes of them."""
    from services.gateway.role import gateway

    _play(gateway, **chosen)


@serve.command("dispatcher", short_help="Dispatches the zones of its shards.")
@click.option(
    "--name", required=True, help="Its own among all dispatchers, the same at each start."
)
@_served
def serve_dispatcher(name: str, **chosen: Any) -> None:
    """Dispatch: share the zones with all other dispatchers, and take over from those that die."""
    from services.dispatcher.serving import serving

    _play(serving(name), **chosen)


@serve.command("shuttles", short_help="Simulated shuttles that drive by the clock.")
@_served
@click.option(
    "--link",
    metavar="ws://HOST:PORT",
    help="Over the shuttles' link on a gateway, with NAVETTE_SHUTTLE_KEY; no Kafka, no database.",
)
def serve_shuttles(link: str | None, **chosen: Any) -> None:
    """Drive simulated shuttles of all territories, and the people who get on and off."""
    if link is not None:
        from services.simulator.link_serving import drive

        drive(chosen["territories"], chosen["port"], link)
        return
    from services.simulator.serving import serving

    _play(serving, **chosen)


@main.command("migrate", short_help="Bring the database to this version's tables.")
@DATABASE
@click.option(
    "--journal-days",
    type=click.IntRange(1, 3660),
    default=90,
    show_default=True,
    help="Days of the journal that are kept.",
)
def migrate_database(database: str | None, journal_days: int) -> None:
    """Make or change tables, and drop days of the journal that are too old; do it daily."""
    from services.runtime.migrate import run
    from services.runtime.settings import ServeSettings, read_settings

    settings = read_settings(ServeSettings, database=database)
    run(settings.database.get_secret_value(), journal_days)
