"""What can be set from outside: environment variables that begin with ``NAVETTE_``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.domain.errors import NavetteError

PREFIX = "NAVETTE_"

S = TypeVar("S", bound=BaseSettings)


class InvalidSetting(NavetteError):
    """A setting that cannot be used, and what is wrong with it."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = f"{PREFIX}{name.upper()}"
        super().__init__(f"{self.name}: {reason}")


def read_settings(kind: type[S], **given: Any) -> S:
    """Read settings from the environment; those that are given go before.

    Raises
    ------
    InvalidSetting
        For the first one that cannot be used.
    """
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = first["msg"]
        if first["type"] == "too_short":  # pydantic counts the items of a secret
            reason = f"shorter than {first['ctx']['min_length']} characters"
        raise InvalidSetting(str(first["loc"][0]), reason) from None


class Settings(BaseSettings):
    """Settings of a process that serves.

    Parameters
    ----------
    host, port
        Where HTTP is served; on the loopback interface unless told otherwise.
    log_format, log_level
        How log lines look, and which are written.
    answer_s
        How long a caller waits for the dispatcher before it is told to ask again later.
    useful_s
        A request that is taken up later than this expires: nobody waits for its answer any more.
    in_flight_max
        Callers that may wait at the same time.
    streams_max
        Streams of ride events that may be open at the same time.
    heartbeat_s
        A silent stream sends a sign of life this often.
    body_bytes_max
        Longest body of a request.
    rides_max
        Rides that a gateway remembers; beyond that, the oldest that came to their end are dropped.
    follow_s
        A gateway that starts reads the rides' events of so many seconds; the store has the rest.
    riders_key
        Master key (32 bytes in URL-safe base64) under which names, phones and notes are kept; if
        there are several, separated by commas, the first encrypts and all decrypt. Absent: nothing
        is kept of riders.
    operator_token
        Who sends it may read how a ride's rider is reached; absent: nobody.
    partitions
        Partitions of each topic; never changed once there are messages.
    log_bound
        Most records that a partition of the embedded log holds.
    shuttle_key
        Secret from which shuttles' tokens are made; absent: no shuttle may connect by a link.
    links_max
        Shuttles that may be connected at the same time.
    link_heartbeat_s
        Each side of a link says something at least this often; see ``docs/shuttle-link.md``.
    link_in_flight_max
        Reports that a shuttle may send beyond the last one that is safe.
    link_reports_per_s
        No more reports of a shuttle are read in a second, on average.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    answer_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    useful_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    in_flight_max: Annotated[int, Field(ge=1, le=100_000)] = 200
    streams_max: Annotated[int, Field(ge=1, le=100_000)] = 1000
    heartbeat_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    body_bytes_max: Annotated[int, Field(ge=256, le=1 << 20)] = 16 * 1024
    rides_max: Annotated[int, Field(ge=1)] = 100_000
    follow_s: Annotated[int, Field(ge=1, le=30 * 86_400)] = 600
    riders_key: SecretStr | None = None
    operator_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 1
    log_bound: Annotated[int, Field(ge=1)] = 100_000
    shuttle_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    links_max: Annotated[int, Field(ge=1, le=100_000)] = 1000
    link_heartbeat_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    link_in_flight_max: Annotated[int, Field(ge=1, le=10_000)] = 100
    link_reports_per_s: Annotated[float, Field(gt=0, le=10_000)] = 100.0


class KafkaSettings(BaseSettings):
    """How to reach Apache Kafka, and how topics are kept there.

    Parameters
    ----------
    kafka
        Brokers to ask first, as ``HOST:PORT``, separated by commas.
    kafka_security
        Whether connections are encrypted (``SSL``), and whether we log in (``SASL``).
    kafka_sasl_mechanism, kafka_sasl_username, kafka_sasl_password
        How and as whom we log in.
    kafka_ca
        File of the authorities (PEM) that vouch for the brokers; those of the system if absent.
    kafka_cert, kafka_key
        Files (PEM) by which we prove who we are, where brokers ask for it.
    kafka_prefix
        Goes before the name of each topic and group, so that installations can share a cluster.
    kafka_replicas
        Copies of each partition; all but one of them have to confirm a message.
    kafka_deadline_s
        After so many seconds without an answer, a call fails.
    kafka_session_s
        A dispatcher that was silent for so long is taken for lost; not less than the brokers'
        ``group.min.session.timeout.ms``.
    partitions
        Partitions of each topic; never changed once there are messages.
    dead_letter_key
        Key (Fernet) under which the bytes of dead letters are kept; in the clear if absent. If
        there are several, separated by commas, the first encrypts and all decrypt.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    kafka: str = ""
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ca: Path | None = None
    kafka_cert: Path | None = None
    kafka_key: Path | None = None
    kafka_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    kafka_replicas: Annotated[int, Field(ge=1, le=100)] = 1
    kafka_deadline_s: Annotated[float, Field(ge=0.5, le=60)] = 5.0
    kafka_session_s: Annotated[float, Field(ge=1, le=300)] = 4.0
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 12
    dead_letter_key: SecretStr | None = None


class ServeSettings(BaseSettings):
    """What a process of ``navette serve`` is told beside.

    Parameters
    ----------
    database
        ``postgresql://user:password@host:port/name``.
    territories
        ``[ID=]FOLDER``, several separated by commas.
    clock
        A clock that processes share, as ``SHOWN,REAL,SPEED``; absent: the real time.
    weather
        The day's, for the forecast.
    readiness_file
        Where a supervisor says which parts are ready.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database: SecretStr = SecretStr("")
    territories: str = ""
    clock: str = ""
    weather: Literal["dry", "rain", "snow"] = "dry"
    readiness_file: Path | None = None
