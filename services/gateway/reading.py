"""Reads what callers send: headers, bodies, and what makes sense in them."""

from __future__ import annotations

import asyncio
import re
import secrets
from http import HTTPStatus

from starlette.requests import Request as HttpRequest

from services.domain.errors import InvalidRequest
from services.domain.geo import Point
from services.domain.ids import CallerId, ride_id
from services.domain.ride import Party, Request
from services.domain.settings_part import DAY_S
from services.domain.territory import Promises
from services.gateway.bodies import RideIn
from services.gateway.problems import Problem
from services.network.reach import Reach
from services.runtime.clock import Clock
from services.wire.envelope import is_traceparent

CALLER = CallerId("public")
"""Until callers prove who they are, all are the same; their keys keep them apart."""

CANDIDATES = 6
"""Stops that are offered to the dispatcher at each end."""

PAST_S_MAX = 60
"""A departure may lie this far back, for slow networks and clocks that disagree."""

BODY_S_MAX = 10
"""Longest time that a body may take to come, so that slow callers do not pile up."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_EVENT_ID = re.compile(r"\d{1,18}", re.ASCII)


class RequestReader:
    """Turns a caller's wish into a request that the dispatcher understands.

    Parameters
    ----------
    reach
        Finds the stops near a place.
    promises
        How far ahead rides can be asked for.
    clock
        Tells what is past.
    """

    def __init__(self, reach: Reach, promises: Promises, clock: Clock) -> None:
        self._reach = reach
        self._promises = promises
        self._clock = clock

    def request(self, key: str, wish: RideIn) -> Request:
        """Turn places into stops and times into seconds.

        Raises
        ------
        InvalidRequest
            If a time is not one for which a ride can be asked.
        """
        now_s = self._clock.now_s()
        departure_s = self._departure_s(wish, now_s)
        arrive_by_s = None
        if wish.arrive_by is not None:
            arrive_by_s = self._clock.day.seconds(wish.arrive_by)
            if arrive_by_s <= departure_s:
                raise InvalidRequest("arrive_by", "not after the departure")
            if arrive_by_s > now_s + self._promises.book_ahead_s_max + DAY_S:
                raise InvalidRequest("arrive_by", "further ahead than rides can be booked")
        return Request(
            ride_id=ride_id(CALLER, key),
            party=Party(
                seats=wish.seats,
                wheelchairs=wish.wheelchairs,
                luggage=wish.luggage,
                companions=wish.companions,
            ),
            origins=self._reach.near(Point(wish.origin.lon, wish.origin.lat), CANDIDATES),
            destinations=self._reach.near(
                Point(wish.destination.lon, wish.destination.lat), CANDIDATES
            ),
            departure_s=departure_s,
            arrive_by_s=arrive_by_s,
        )

    def _departure_s(self, wish: RideIn, now_s: int) -> int:
        if wish.departure is None:
            return now_s
        departure_s = self._clock.day.seconds(wish.departure)
        if departure_s < now_s - PAST_S_MAX:
            raise InvalidRequest("departure", "in the past")
        ahead_s_max = self._promises.book_ahead_s_max
        if departure_s > now_s + ahead_s_max:
            raise InvalidRequest(
                "departure",
                f"more than {ahead_s_max // 3600} h ahead, which is how far one can book",
            )
        return max(departure_s, now_s)


def idempotency_key(http: HttpRequest) -> str:
    """Read the header ``Idempotency-Key``.

    Raises
    ------
    Problem
        If there is none, or there are several, or it is not 1 to 200 visible ASCII characters.
    """
    keys = http.headers.getlist("idempotency-key")
    key = keys[0] if len(keys) == 1 else ""
    if not _KEY.fullmatch(key):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "idempotency-key-needed",
            "one header Idempotency-Key is needed: 1 to 200 visible ASCII characters, "
            "new for each ride, the same when a request is sent again",
        )
    return key


def last_event_id(http: HttpRequest) -> int:
    """Read the header ``Last-Event-ID``: the last event that the caller knows, or -1."""
    text = http.headers.get("last-event-id", "")
    return int(text) if _EVENT_ID.fullmatch(text) else -1


def traceparent(http: HttpRequest) -> str:
    """Read the caller's trace context, or begin one."""
    given = http.headers.get("traceparent", "")
    if is_traceparent(given):
        return given
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


async def json_body(http: HttpRequest, bytes_max: int) -> bytes:
    """Read a JSON body, and no more of it than is allowed.

    Raises
    ------
    Problem
        If it is something else, too long, or too slow.
    """
    media_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (
        media_type != "application/json"
        or http.headers.get("content-encoding", "identity") != "identity"
    ):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "the body is to be sent as application/json, not compressed",
            headers={"Accept": "application/json"},
        )
    too_long = Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-long",
        f"the body is longer than {bytes_max} bytes",
        headers={"Connection": "close"},
    )
    announced = http.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > bytes_max:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in http.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise too_long
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            "too-slow",
            f"the body did not come within {BODY_S_MAX} s",
            headers={"Connection": "close"},
        ) from None
    return bytes(body)
