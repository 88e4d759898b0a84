"""The pages of the API: Swagger UI from the files of its package, so that they work in an office without internet."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import flask

from service.accounts.access import allow
from service.rate_classes import limited

_DIST = Path(str(files("flask_swagger_ui"))) / "dist"
_SERVED = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "favicon-32x32.png": "image/png"}
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>城暖 接口文档</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png" sizes="32x32">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/narrow.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = (
    'window.ui = SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, '
    "validatorUrl: null, docExpansion: 'list', presets: [SwaggerUIBundle.presets.apis]});\n"
)
_NARROW = """@media (max-width: 640px) {
.swagger-ui .wrapper { padding: 0 8px; }
.swagger-ui .opblock-tag { flex-wrap: wrap; }
.swagger-ui .opblock-tag small { flex-basis: 80%; overflow-wrap: anywhere; }
.swagger-ui .opblock .opblock-section-header { flex-wrap: wrap; row-gap: 12px; }
.swagger-ui .try-out.btn-group { flex-wrap: wrap; }
.swagger-ui .opblock-body, .swagger-ui .responses-inner { overflow-x: auto; }
.swagger-ui .table-container, .swagger-ui .model-box { overflow-x: auto; }
}
"""
"""Swagger UI is made for wide screens: on a phone its headings and buttons wrap, its tables scroll within themselves, and the
page does not move sideways."""

blueprint = flask.Blueprint("docs", __name__)


@blueprint.get("/docs")
@allow.anyone("document.read")
@limited("watch")
def page() -> flask.Response:
    """The page."""
    return flask.Response(_PAGE, mimetype="text/html")


@blueprint.get("/docs/<name>")
@allow.anyone("document.read")
@limited("watch")
def part(name: str) -> flask.Response:
    """A file of the page."""
    if name == "start.js":
        return flask.Response(_START, mimetype="text/javascript")
    if name == "narrow.css":
        return flask.Response(_NARROW, mimetype="text/css")
    if name not in _SERVED:
        flask.abort(404)
    response = flask.Response(_file(name), mimetype=_SERVED[name])
    response.cache_control.max_age = 86_400
    return response


@cache
def _file(name: str) -> bytes:
    return (_DIST / name).read_bytes()
