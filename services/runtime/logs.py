"""One log line per unit of work: an event name and fields, no personal data."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

WITHHELD = frozenset(
    {
        *("lon", "lat", "point", "origin", "destination", "place", "address"),
        *("name", "phone", "email", "note", "contact"),
    }
)
"""Fields that could tell who somebody is or where they live; they are never written."""

TEXTS_MAX = 200
"""So many different texts of a library are remembered."""


CHATTY = ("aiokafka", "alembic", "asyncio")
"""Libraries of which only warnings are written."""


def withhold(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank fields that could hold personal data, in case one slips in."""
    for field in WITHHELD & event.keys():
        event[field] = "[withheld]"
    return event


class Sparing(logging.Filter):
    """Lets a library say the same only once in a while: how often it said so comes with the next.

    A Kafka client tries again many times a second while a broker is away, and says so each time.

    Parameters
    ----------
    library
        Name of its loggers.
    pause_s
        For how long the same is not said again.
    """

    def __init__(self, library: str, pause_s: float = 10.0) -> None:
        super().__init__()
        self._library = library
        self._pause_s = pause_s
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is let through."""
        if record.name.partition(".")[0] != self._library:
            return True
        text = str(record.msg)
        at_s, withheld = self._said.get(text, (-self._pause_s, 0))
        if record.created - at_s < self._pause_s:
            self._said[text] = at_s, withheld + 1
            return False
        if len(self._said) >= TEXTS_MAX:
            self._said.clear()
        self._said[text] = record.created, 0
        if withheld:
            record.msg = f"{text} (and {withheld} times since)"
        return True


def configure(
    log_format: Literal["console", "json"] = "console",
    level: str = "info",
    stream: TextIO | None = None,
) -> None:
    """Send our log lines, and those of libraries, to ``stream`` (standard error) in one format."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        withhold,
    ]
    renderer: Processor
    if log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        # The default would print the variables of every frame, places of riders among them.
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        # Ours go straight to the stream: by way of the standard library a line costs twice as much.
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(Sparing("aiokafka"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # In its debug lines aiokafka writes down whole messages, also those that nobody could read.
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
