"""Errors as callers see them: problem details (RFC 9457), for everything that can go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.domain.errors import InvalidRequest, NavetteError, Unavailable

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:navette:problem:"
RETRY_AFTER_S = 1

log = structlog.get_logger()


class Problem(NavetteError):
    """An answer that says what is wrong.

    Parameters
    ----------
    status
        HTTP status.
    kind
        Which problem, in words joined by hyphens; the last part of its ``type``.
    detail
        What is wrong this time, in words for the caller's developer.
    errors
        Parts at fault: a JSON pointer and a reason each.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        super().__init__(f"{status.value} {kind}: {detail}")

    def response(self) -> Response:
        """Make the HTTP answer."""
        body: dict[str, Any] = {
            "type": f"{TYPE_PREFIX}{self.kind}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return Response(
            json.dumps(body, ensure_ascii=False),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=dict(self.headers),
        )


def invalid(field: str, reason: str) -> Problem:
    """Say which part of a body makes no sense; ``field`` is a path such as ``origin.lon``."""
    pointer = "#/" + field.replace(".", "/") if field else "#"
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-request",
        f"{field or 'body'}: {reason}",
        errors=[{"pointer": pointer, "detail": reason}],
    )


def busy(detail: str, retry_after_s: float = RETRY_AFTER_S) -> Problem:
    """Say that a later try may succeed."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        detail,
        headers={"Retry-After": str(ceil(retry_after_s))},
    )


def conflict(detail: str, kind: str = "not-possible-now") -> Problem:
    """Say that what is asked does not go with how things stand."""
    return Problem(HTTPStatus.CONFLICT, kind, detail)


def install(app: Starlette) -> None:
    """Make every error of an application a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(NavetteError, _navette_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _navette_error(_request: Request, error: Exception) -> Response:
    match error:
        case InvalidRequest(field=field, reason=reason):
            return invalid(field, reason).response()
        case Unavailable(what=what, reason=reason):
            if reason:
                log.warning("unavailable", what=what, reason=reason)
            return busy(what).response()
        case _:
            return _internal(error)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    kind = status.phrase.lower().replace(" ", "-")
    return Problem(
        status, kind, status.description or status.phrase, headers=error.headers
    ).response()


async def _bug(_request: Request, error: Exception) -> Response:
    return _internal(error)


def _internal(error: Exception) -> Response:
    log.error("request_failed", error=type(error).__name__, exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "something is wrong on our side"
    ).response()
