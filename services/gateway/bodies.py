"""What callers send and get, as JSON."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from services.domain.ride import Constraint, Relaxation, Status
from services.gateway.problems import Problem, invalid

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _is_rfc3339(value: object) -> object:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError(
            "not an RFC 3339 date and time with its offset, as 2026-06-10T08:00:00+02:00"
        )
    return value


# Not strict: strictness would have a datetime object, which JSON does not have.
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_is_rfc3339)]
"""A date and time with its offset from UTC (RFC 3339)."""

_FINGERPRINTS = secrets.token_bytes(32)
"""Without it nobody can find a place or a phone by trying which one has a fingerprint."""

Number = Annotated[int, Field(ge=0, le=200)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PlaceIn(_Sent):
    """A place in WGS 84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180, repr=False, examples=[1.4871])]
    lat: Annotated[float, Field(ge=-90, le=90, repr=False, examples=[46.2386])]


def _is_plain(text: str) -> str:
    if not all(char.isprintable() or char in "\n\t" for char in text):
        raise ValueError("it holds control characters")
    return text.strip()


Words = Annotated[str, AfterValidator(_is_plain)]


class ContactIn(_Sent):
    """Who travels and how to reach them; only operators ever see it again."""

    name: Annotated[Words, Field(max_length=200)] = Field(default="", repr=False)
    phone: Annotated[Words, Field(max_length=40)] = Field(
        default="", repr=False, examples=["+33 6 12 34 56 78"]
    )
    note: Annotated[Words, Field(max_length=1000)] = Field(
        default="", repr=False, description="What staff has to know for this ride."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.name or self.phone or self.note):
            raise ValueError("it is empty; leave it out instead")
        return self


class RideIn(_Sent):
    """A ride that somebody asks for."""

    origin: PlaceIn
    destination: PlaceIn
    departure: Moment | None = Field(
        default=None, description="When the rider leaves the origin; absent: now."
    )
    arrive_by: Moment | None = Field(
        default=None, description="When the rider must be at the destination, walk included."
    )
    seats: Number = Field(default=1, description="Seats for the riders themselves.")
    wheelchairs: Number = Field(default=0, description="Riders who stay in their wheelchair.")
    luggage: Number = Field(default=0, description="Large pieces.")
    companions: Number = Field(default=0, description="Carers who travel along.")
    territory: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Id of the territory; absent: the one nearest to the origin."
    )
    contact: ContactIn | None = Field(
        default=None, repr=False, description="Who travels; it goes no further than the gateway."
    )

    @model_validator(mode="after")
    def _somebody_travels(self) -> Self:
        if self.seats + self.wheelchairs < 1:
            raise ValueError("a party has at least one rider")
        return self

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a body.

        Raises
        ------
        Problem
            If it is no such request; every part at fault is named, and none is quoted.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise _as_problem(error) from None

    def fingerprint(self) -> bytes:
        """Tell bodies apart, in this process, without keeping what is in them."""
        return blake2b(self.model_dump_json().encode(), digest_size=32, key=_FINGERPRINTS).digest()


def _as_problem(error: ValidationError) -> Problem:
    parts = [
        (".".join(map(str, part["loc"])), part["msg"].removeprefix("Value error, "))
        for part in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = invalid(*parts[0])
    errors = [one for field, reason in parts for one in invalid(field, reason).errors]
    return Problem(first.status, first.kind, first.detail, errors=errors)


class LendIn(_Sent):
    """A shuttle that is to be lent."""

    to: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="Name of the zone that gets it.", examples=["east"]
    )
    within_s: Annotated[int, Field(ge=60, le=86_400)] = Field(
        default=1800, description="If it is not empty by then, it stays."
    )

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a body.

        Raises
        ------
        Problem
            If it is no such order; every part at fault is named.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise _as_problem(error) from None


class StopOut(BaseModel):
    """A stop."""

    name: str
    lon: float
    lat: float


class OfferOut(BaseModel):
    """What the rider can rely on, once the offer is accepted."""

    pickup_stop: str = Field(description="Id of the stop.")
    dropoff_stop: str = Field(description="Id of the stop.")
    pickup_from: datetime = Field(description="Boarding ends no earlier than this ...")
    pickup_to: datetime = Field(description="... and no later than this.")
    arrival_by: datetime = Field(description="The shuttle is at the dropoff stop by then.")
    walk_to_m: int = Field(description="Walk from the origin to the pickup stop, in metres.")
    walk_from_m: int = Field(description="Walk from the dropoff stop on, in metres.")
    expires_at: datetime = Field(description="The offer is to be accepted by then.")
    pickup: StopOut
    dropoff: StopOut


class RemedyOut(BaseModel):
    """A change that would have made the ride possible."""

    relaxation: Relaxation = Field(description="What to change; the unit ends the name.")
    amount: int
    text: str


class RefusalOut(BaseModel):
    """Why there is no ride, and what would have worked."""

    reason: Constraint
    text: str = Field(description="The reason, in words.")
    remedy: str | None = Field(description="The smallest change that would work, in words.")
    remedies: list[RemedyOut]


class ExpectedOut(BaseModel):
    """What is expected now, if that was reported to differ from the promise."""

    pickup: datetime
    arrival: datetime
    promise_kept: bool


SHOWN = [status.value for status in Status if status is not Status.REFERRED]
"""Zones refer rides to one another; to its rider it is one ride."""


class RideOut(BaseModel):
    """A ride."""

    id: str
    status: Annotated[Status, WithJsonSchema({"type": "string", "enum": SHOWN})]
    offer: OfferOut | None
    refusal: RefusalOut | None
    shuttle: str | None
    expected: ExpectedOut | None = None
    failure: str | None = Field(default=None, description="Why a confirmed ride failed.")
    answer_by: datetime | None = Field(
        default=None, description="When a request that is collected with others gets its answer."
    )


class ContactOut(BaseModel):
    """Who travels and how to reach them."""

    name: str
    phone: str = Field(description="International (E.164), or empty.")
    note: str


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
