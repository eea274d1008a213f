"""How a client finds its way to Apache Kafka: addresses, TLS, log-in."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.domain.errors import NavetteError, Unavailable
from services.runtime.settings import InvalidSetting, KafkaSettings
from services.wire.codec import SIZE_MAX
from services.wire.topics import Topic

RECORD_BYTES_MAX = SIZE_MAX + (64 << 10)
"""The longest message, its key, and what the log adds."""

LETTER_BYTES_MAX = RECORD_BYTES_MAX + (64 << 10)
"""The same as a dead letter: with the place and reason, and encrypted."""

TRY_S_MAX = 2.0
"""For so long a broker is tried, to find out why it cannot be reached."""


class WrongTopics(NavetteError):
    """Topics on the broker are not as they have to be; what differs, one a line."""

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n  ".join(["topics are not as they have to be:", *findings]))


@dataclass(frozen=True, slots=True)
class Connection:
    """What every client of ours is given.

    Parameters
    ----------
    options
        Keyword arguments of aiokafka's clients.
    deadline_s
        After so many seconds without an answer, a call fails.
    prefix
        Goes before the names of topics and groups.
    """

    options: dict[str, Any]
    deadline_s: float
    prefix: str

    @property
    def servers(self) -> list[str]:
        """Brokers to ask first."""
        servers: list[str] = self.options["bootstrap_servers"]
        return servers

    def name(self, topic: Topic) -> str:
        """Return a topic's name on the broker."""
        return self.prefix + topic.value

    async def failure(self, error: BaseException) -> NavetteError:
        """Find out why no broker could be reached, after a client said that it could not."""
        found = await asyncio.gather(*(self._try(server) for server in self.servers))
        reasons = [reason for reason in found if reason]
        return Unavailable("Kafka cannot be reached", "; ".join(reasons) or _reason(error))

    async def _try(self, server: str) -> str:
        """Connect to a broker, and return what keeps us from that."""
        host, port = server.rsplit(":", 1)
        options = {k: v for k, v in self.options.items() if k != "bootstrap_servers"}
        try:
            async with asyncio.timeout(min(self.deadline_s, TRY_S_MAX)):
                connection = await create_conn(host.strip("[]"), int(port), **options)
            connection.close()
        except (KafkaError, OSError, TimeoutError) as error:
            return f"{server}: {_reason(error)}"
        return ""


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer"
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        text = os.strerror(error.errno)
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({text}); see NAVETTE_KAFKA_SECURITY, _CA, _CERT and _KEY"
    if "Authentication" in type(error).__name__ or "Sasl" in type(error).__name__:
        return f"log-in failed ({text}); see NAVETTE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD"
    if isinstance(error, KafkaConnectionError) and "closed" in text:
        return (
            "it hung up: it may want TLS or not, or a certificate that it knows; see "
            "NAVETTE_KAFKA_SECURITY, _CERT and _KEY"
        )
    return text


def connection(settings: KafkaSettings) -> Connection:
    """Turn settings into what clients need.

    Raises
    ------
    InvalidSetting
        If one of them is missing or wrong.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": _servers(settings.kafka),
        "security_protocol": settings.kafka_security,
        "request_timeout_ms": round(settings.kafka_deadline_s * 1000),
    }
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = _ssl_context(settings)
    else:
        for name in ("kafka_ca", "kafka_cert", "kafka_key"):
            if getattr(settings, name) is not None:
                raise InvalidSetting(name, "needs NAVETTE_KAFKA_SECURITY to be SSL or SASL_SSL")
    if settings.kafka_security.startswith("SASL"):
        if not settings.kafka_sasl_username:
            raise InvalidSetting("kafka_sasl_username", "missing, to log in")
        if not settings.kafka_sasl_password.get_secret_value():
            raise InvalidSetting("kafka_sasl_password", "missing, to log in")
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    elif settings.kafka_sasl_username:
        raise InvalidSetting(
            "kafka_sasl_username", "needs NAVETTE_KAFKA_SECURITY to be SASL_SSL or SASL_PLAINTEXT"
        )
    return Connection(options, settings.kafka_deadline_s, settings.kafka_prefix)


def _servers(text: str) -> list[str]:
    servers = [server.strip() for server in text.split(",") if server.strip()]
    if not servers:
        raise InvalidSetting("kafka", "missing: the brokers, as HOST:PORT[,HOST:PORT...]")
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
            raise InvalidSetting("kafka", f"'{server}' is not HOST:PORT")
    return servers


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    ca, cert, key = settings.kafka_ca, settings.kafka_cert, settings.kafka_key
    for name, file in (("kafka_ca", ca), ("kafka_cert", cert), ("kafka_key", key)):
        _need_file(name, file)
    try:
        context = ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise InvalidSetting("kafka_ca", f"{ca} is no file of certificates: {error}") from None
    if key is not None and cert is None:
        raise InvalidSetting("kafka_cert", "missing, and NAVETTE_KAFKA_KEY is given")
    if cert is not None:
        try:
            context.load_cert_chain(cert, key, password=lambda: "")
        except (ssl.SSLError, OSError) as error:
            raise InvalidSetting(
                "kafka_cert" if key is None else "kafka_key",
                f"{cert} and {key or 'the key in it'} do not belong together or cannot be read: "
                f"{error}",
            ) from None
    return context


def _need_file(name: str, file: Path | None) -> None:
    if file is None:
        return
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise InvalidSetting(name, f"{file}: {error.strerror}") from None
