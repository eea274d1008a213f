"""Sub-commands that look after the topics, and after messages that nobody could read."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.commands import DATABASE, FILE, KAFKA, main
from services.wire.topics import Topic

if TYPE_CHECKING:
    from services.runtime.settings import KafkaSettings

_PLACE = click.argument("place", metavar="PARTITION-OFFSET")


def _settings(**given: Any) -> KafkaSettings:
    from services.runtime.settings import KafkaSettings, read_settings

    # What goes wrong is said once, by our own errors.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return read_settings(KafkaSettings, **given)


@main.command("topics", short_help="Create or check the topics on Kafka.")
@KAFKA
@click.option(
    "--partitions",
    type=click.IntRange(1, 10_000),
    help="Of each topic; never changed later.  [env: NAVETTE_PARTITIONS; default: 12]",
)
@click.option(
    "--replicas",
    "kafka_replicas",
    type=click.IntRange(1, 100),
    help="Copies of each partition.  [env: NAVETTE_KAFKA_REPLICAS; default: 1]",
)
@click.option("--check", is_flag=True, help="Create nothing; say what differs.")
@click.option(
    "--begin-anew",
    is_flag=True,
    help="Inputs were lost: have those read from their beginning that are others than before.",
)
@click.option(
    "--shard",
    "shards",
    type=click.IntRange(0),
    multiple=True,
    help="With --begin-anew: have both inputs of this shard read so, even if nothing shows.",
)
@DATABASE
def keep_topics(
    begin_anew: bool, shards: tuple[int, ...], check: bool, database: str | None, **given: Any
) -> None:
    """Create the topics that are missing, and check all of them.

    A topic that is not as it has to be is an error that says what differs and how to mend it; what
    is there is never changed.
    """
    from services.dispatcher import begin_anew as anew
    from services.runtime import topics_command
    from services.runtime.settings import ServeSettings, read_settings

    if shards and not begin_anew:
        raise click.UsageError("--shard goes with --begin-anew")
    settings = _settings(**given)
    topics_command.run(settings, check, click.echo)
    if begin_anew:
        url = read_settings(ServeSettings, database=database).database.get_secret_value()
        for topic, shard in (lost := anew.run(settings, url, shards)):
            click.echo(f"{topic}/{shard}: read from its beginning")
        if not lost:
            click.echo("All inputs are the ones that were read so far; they are read on.")


@main.group("dead-letters")
def dead_letters() -> None:
    """Look at messages that could not be read, and put them back.

    Encrypted ones need the key that they were put aside with (NAVETTE_DEAD_LETTER_KEY).
    """


@dead_letters.command("list", short_help="A line for each.")
@KAFKA
@click.option(
    "--topic", type=click.Choice([topic.value for topic in Topic]), help="Only those from here."
)
def list_dead_letters(kafka: str | None, topic: str | None) -> None:
    """List them, oldest first: their place, when and where they were, and what is wrong."""
    from services.runtime.dead_letters_command import list_letters

    list_letters(_settings(kafka=kafka), topic, click.echo)


@dead_letters.command("show", short_help="All about one, its bytes included.")
@_PLACE
@KAFKA
@click.option("--out", type=FILE, help="Write its bytes here instead of showing them.")
def show_dead_letter(place: str, kafka: str | None, out: Path | None) -> None:
    """Show one, by its place in the list; it may hold personal data."""
    from services.runtime.dead_letters_command import show_letter

    show_letter(_settings(kafka=kafka), place, out, click.echo)


@dead_letters.command("resubmit", short_help="Put some back on their topic and partition.")
@click.argument("places", metavar="PARTITION-OFFSET...", nargs=-1, required=True)
@KAFKA
@click.option("--force", is_flag=True, help="Also those that can still not be read.")
def resubmit_dead_letters(places: tuple[str, ...], kafka: str | None, force: bool) -> None:
    """Put them back, in the order given, as they came; that it was done is noted."""
    from services.runtime.dead_letters_command import resubmit_letters

    resubmit_letters(_settings(kafka=kafka), places, force, click.echo)
