"""Sub-commands that serve, and that look after what serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.cli.commands import FILE, WEATHER, main
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
        from services.runtime.settings import Settings

        need_installed()
        from services.runtime.real_stack import Wanted, up_real

        wanted = Wanted(
            territories=territory,
            data=chosen["data"],
            port=Settings().port if chosen["port"] is None else chosen["port"],
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
