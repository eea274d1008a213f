"""What only operators may see, such as an agent's desk."""

from __future__ import annotations

import hashlib
import hmac
from http import HTTPStatus

from pydantic import SecretStr
from starlette.requests import Request as HttpRequest

from services.gateway.problems import Problem


def need_operator(http: HttpRequest, token: SecretStr | None) -> None:
    """Let only those go on who send the operators' token (``Authorization: Bearer ...``).

    Raises
    ------
    Problem
        If they do not, or if there is no such token.
    """
    if token is None:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "no-operators",
            "nobody may read this here: NAVETTE_OPERATOR_TOKEN is not set",
        )
    scheme, _, given = http.headers.get("authorization", "").partition(" ")
    # Hashes are of one length, so that the time it takes tells nothing.
    same = hmac.compare_digest(_hash(given.strip()), _hash(token.get_secret_value()))
    if scheme.lower() != "bearer" or not same:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "operators-only",
            "this needs the operators' token",
            headers={"WWW-Authenticate": 'Bearer realm="navette"'},
        )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
