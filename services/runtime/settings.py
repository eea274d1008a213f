"""What can be set from outside: environment variables that begin with ``NAVETTE_``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    partitions
        Partitions of each topic; never changed once there are messages.
    log_bound
        Most records that a partition of the embedded log holds.
    """

    model_config = SettingsConfigDict(env_prefix="NAVETTE_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    answer_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    in_flight_max: Annotated[int, Field(ge=1, le=100_000)] = 200
    streams_max: Annotated[int, Field(ge=1, le=100_000)] = 1000
    heartbeat_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    body_bytes_max: Annotated[int, Field(ge=256, le=1 << 20)] = 16 * 1024
    rides_max: Annotated[int, Field(ge=1)] = 100_000
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 1
    log_bound: Annotated[int, Field(ge=1)] = 100_000
