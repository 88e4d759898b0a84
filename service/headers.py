"""Headers of every answer, and ETags: an answer that has not changed is not sent again over a slow line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import flask

from service.errors import PreconditionFailed, PreconditionRequired

_NOWHERE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_DATA_POLICY = f"default-src 'none'; {_NOWHERE}"
_PAGE_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; {_NOWHERE}"
"""Our own pages have no script; their style stands in them."""
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    f"{_NOWHERE}"
)
"""Swagger UI: its script from here, and it writes styles into elements."""
HSTS = "max-age=31536000"
"""A year (OWASP ASVS 5.0, 3.4.1). Subdomains are not ours to decide about."""
_MAY_BE_SENT = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Acting-For, X-Device-Id, X-Request-Id, "
    "traceparent, tracestate"
)
_MAY_BE_READ = "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_PREFLIGHT_SECONDS = "600"


def register_headers(app: flask.Flask, *, origins: frozenset[str] = frozenset(), is_open: Callable[[Any], bool]) -> None:
    """Security headers; what depends on who asks is kept by nobody; pages of other origins only where the operator names them.

    ``is_open(view)``: whether anybody may call it, so that its answer is nobody's own.
    """

    @app.after_request
    def add(response: flask.Response) -> flask.Response:
        request, headers = flask.request, response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Content-Security-Policy", _policy(request, response))
        headers.setdefault("Cache-Control", _kept(request, is_open))
        if response.mimetype == "text/html":
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", HSTS)
        response.vary.update(("Accept", "Authorization", "X-Acting-For"))
        if origins:
            _tell_origins(request, response, origins)
        return response


def _policy(request: flask.Request, response: flask.Response) -> str:
    if request.path == "/docs" or request.path.startswith("/docs/"):
        return _DOCS_POLICY
    return _PAGE_POLICY if response.mimetype == "text/html" else _DATA_POLICY


def _kept(request: flask.Request, is_open: Callable[[Any], bool]) -> str:
    """Who may keep an answer: nobody what is somebody's own, else the phone that asked, and it asks again before using it."""
    if request.method not in {"GET", "HEAD"}:
        return "no-store"
    endpoint = request.endpoint
    if endpoint is not None and not is_open(flask.current_app.view_functions[endpoint]):
        return "no-store"
    return "private, no-cache" if "Authorization" in request.headers else "no-cache"


def _tell_origins(request: flask.Request, response: flask.Response, origins: frozenset[str]) -> None:
    """CORS for the origins that the operator names, exactly. No credentials: there is no cookie that a browser could add."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _MAY_BE_READ
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _MAY_BE_SENT
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS


def etag(version: int | str, body: bytes) -> str:
    """An entity tag: the version for ``If-Match``, and a hash of this very representation for ``If-None-Match``."""
    return f"{version}-{hashlib.sha256(body).hexdigest()[:16]}"


def unless_known(response: flask.Response, version: int | str) -> flask.Response:
    """Set the ETag of an answer; 304 without a body when the client holds it already."""
    response.set_etag(etag(version, response.get_data()))
    response.make_conditional(flask.request)
    return response


def require_match(version: int) -> None:
    """Compare ``If-Match`` with the version of the thing: 428 when the header is missing, 412 when somebody else was faster."""
    given = flask.request.headers.get("If-Match")
    if given is None or not given.strip():
        raise PreconditionRequired("if_match_required", "修改前请先读取最新内容，并在 If-Match 里带上它的 ETag。")
    tags = flask.request.if_match
    if tags.star_tag or any(tag.partition("-")[0] == str(version) for tag in tags.as_set()):
        return
    raise PreconditionFailed("changed_meanwhile", "这条信息刚刚被别人改过，请刷新后再改。")
