"""Routes that FastAPI describes and has no part in serving.

Each route reads its own request, and makes its own response. What FastAPI does around that took
longer than the routes themselves.
"""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope


class Served(Route):
    """A described route, as it is served.

    Parameters
    ----------
    described
        It takes the request as ``http``, and the parts of its path by their names.
    """

    def __init__(self, described: BaseRoute) -> None:
        assert isinstance(described, APIRoute)
        endpoint = described.endpoint

        async def call(http: Request) -> Response:
            response = await endpoint(http=http, **http.path_params)
            assert isinstance(response, Response)
            return response

        super().__init__(described.path, call, name=described.name)
        self.methods = described.methods  # Starlette adds HEAD, which has no sense for streams

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this route is meant, and leave word in the scope that it is."""
        match, child = super().matches(scope)
        child["route"] = self
        return match, child
