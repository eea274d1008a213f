"""The API's description and its page, served from here: they work without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import swagger_ui_bundle
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

import services
from services.gateway.bodies import LendIn, RideIn

_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_FOLDER = Path(str(swagger_ui_bundle.swagger_ui_path))

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Navette: API</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="icon" href="docs/assets/favicon-32x32.png">
</head>
<body>
<div id="ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
"""

# The page would otherwise send the description to a validator elsewhere.
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#ui",
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0
});
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'"
)


async def _page(_http: Request) -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


async def _asset(http: Request) -> Response:
    name: str = http.path_params["name"]
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _FILES:
        raise HTTPException(404)
    return Response(
        (_FOLDER / name).read_bytes(),
        media_type=_FILES[name],
        headers={"Cache-Control": "max-age=86400"},
    )


def pages(described: Sequence[BaseRoute]) -> list[Route]:
    """Return the routes of the API's description and of the page that shows it."""

    async def description(_http: Request) -> Response:
        return JSONResponse(describe(described))

    return [
        Route("/openapi.json", description),
        Route("/docs", _page),
        Route("/docs/assets/{name}", _asset),
    ]


def describe(described: Sequence[BaseRoute]) -> dict[str, Any]:
    """Describe the API in OpenAPI 3.0, the newest that the page can show."""
    schema = get_openapi(
        title="Navette",
        version=services.__version__,
        openapi_version="3.0.3",
        summary=None,
        description="Rides with shared shuttles: ask, get an offer, accept it, follow it.",
        routes=described,
    )
    # Bodies are read by hand, within their bound, so FastAPI does not know their shape.
    for body in (RideIn, LendIn):
        shape = body.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= shape.pop("$defs", {}) | {body.__name__: shape}
    schema["components"]["securitySchemes"] = {"operator": {"type": "http", "scheme": "bearer"}}
    older: dict[str, Any] = _as_3_0(schema)
    return older


def _as_3_0(node: Any) -> Any:
    """Say in OpenAPI 3.0 what pydantic says in JSON Schema 2020."""
    if isinstance(node, list):
        return [_as_3_0(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_3_0(value) for key, value in node.items()}
    if isinstance(node.get("anyOf"), list):
        others = [one for one in node["anyOf"] if one != {"type": "null"}]
        if len(others) < len(node["anyOf"]):
            rest = {key: value for key, value in node.items() if key != "anyOf"}
            inner = {"allOf": others} if "$ref" in others[0] else others[0]
            return rest | inner | {"nullable": True}
    if isinstance(node.get("examples"), list) and "type" in node:
        node["example"] = node.pop("examples")[0]
    return node
