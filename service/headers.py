"""Headers of every answer, and ETags: an answer that has not changed is not sent again over a slow line."""

from __future__ import annotations

import hashlib

import flask

from service.errors import PreconditionFailed, PreconditionRequired

_PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"


def register_headers(app: flask.Flask) -> None:
    """Security headers, and no shared cache for what depends on who asks."""

    @app.after_request
    def add(response: flask.Response) -> flask.Response:
        page = response.mimetype == "text/html" or flask.request.path.startswith("/docs")
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Content-Security-Policy", _PAGE_POLICY if page else _DATA_POLICY)
        headers.setdefault("Cache-Control", "no-cache" if flask.request.method in {"GET", "HEAD"} else "no-store")
        response.vary.update(("Accept", "Authorization"))
        return response


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
