"""How every feature registers its routes: arguments are strict everywhere, the query string included.

webargs leaves unknown query parameters alone unless told otherwise, and flask-smorest inherits that; a misspelt filter would then
be ignored without a word. Here they are refused in each location a client can misspell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import flask
import flask_smorest
from gunicorn.http.errors import ParseException
from marshmallow import RAISE, Schema
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import IntegerConverter

from service.errors import BadRequest, UnsupportedMedia
from service.fields import MAX_ID
from service.messages import printable

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Arguments(FlaskParser):
    """Reads arguments; whatever cannot be read is a clear 4xx, however odd the bytes are."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "querystring": RAISE, "form": RAISE}  # noqa: RUF012  webargs' own form

    def load_json(self, req: flask.Request, schema: Schema) -> Any:  # noqa: ARG002  webargs' signature
        """The body. Raises BadRequest for what is not JSON and UnsupportedMedia for another type."""
        try:
            body = req.get_data(cache=True)
        except (OSError, ParseException):  # a line that was cut; chunks that are none
            raise BadRequest("body_cut", "内容没有传完整，请再试一次。") from None
        if req.content_length is None and len(body) >= (req.max_content_length or MAX_ID):
            raise RequestEntityTooLarge  # sent in pieces: werkzeug cuts such a body at the limit and says nothing
        if not body:
            raise BadRequest("body_missing", "请求里没有内容，请用 JSON 提交。")
        if not req.is_json:
            raise UnsupportedMedia("not_json", "请用 JSON 提交（Content-Type: application/json）。")
        try:
            return core.parse_json(body)
        except (ValueError, RecursionError):
            # ValueError: also broken UTF-8 and numbers of thousands of digits; RecursionError: thousands of brackets.
            raise BadRequest("bad_json", "提交的内容不是正确的 JSON，请检查括号、引号和编码（UTF-8）。") from None


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's blueprint with our way of reading arguments, and with types for its decorators."""

    ARGUMENTS_PARSER = Arguments()

    def route(self, rule: str, **options: Any) -> Decorator:
        """Register a view."""
        return cast(Decorator, super().route(rule, **options))

    def arguments(self, schema: type[Schema] | Schema, **options: Any) -> Decorator:
        """What the view reads: ``location`` is ``json`` or ``query``.

        The schema is made once: webargs would copy every field of a class again for each request. It keeps nothing between two.
        """
        made = schema() if isinstance(schema, type) else schema
        return cast(Decorator, super().arguments(made, **options))

    def response(self, status_code: int, schema: type[Schema] | Schema | None = None, **options: Any) -> Decorator:
        """What the view answers."""
        return cast(Decorator, super().response(status_code, schema, **options))

    def alt_response(self, status_code: int, **options: Any) -> Decorator:
        """What it may answer instead."""
        return cast(Decorator, super().alt_response(status_code, **options))

    def doc(self, **options: Any) -> Decorator:
        """More for the document."""
        return cast(Decorator, super().doc(**options))


class IdConverter(IntegerConverter):
    """``<int:job_id>``: 1 to 2^53-1, so that no id overflows a column or a JavaScript number. Others are simply not found."""

    regex = r"\d{1,16}"

    def __init__(self, url_map: Any, *args: Any, **options: Any) -> None:
        options.setdefault("min", 1)
        options.setdefault("max", MAX_ID)
        super().__init__(url_map, *args, **options)


def register_query_check(app: flask.Flask) -> None:
    """Refuse query parameters on a route that reads none; routes with a query schema refuse by that schema."""
    strict: dict[str, bool] = {}

    @app.before_request
    def check() -> None:
        endpoint = flask.request.endpoint
        if endpoint is None or not flask.request.args:
            return
        if endpoint not in strict:
            strict[endpoint] = not reads_query(app.view_functions[endpoint])
        if strict[endpoint]:
            names = sorted(flask.request.args)[:20]
            errors = {printable(name): ["没有这个参数。"] for name in names}
            raise BadRequest("unknown_parameter", "网址里有不认识的参数，请检查拼写。", errors=errors)


def reads_query(view: Any) -> bool:
    """Whether a view declares a schema for its query string."""
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return any(parameter["in"] in {"query", "querystring"} for parameter in parameters)
