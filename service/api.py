"""The registry of the API and its OpenAPI document, generated from the schemas and routes and served at ``/openapi.json``."""

from __future__ import annotations

import json
from typing import Any

import flask
import flask_smorest
from apispec import APISpec

from service.accounts.access import allow, declared
from service.blueprint import IdConverter
from service.error_answers import ErrorAnswer
from service.fields import Moment, Money, Text, Whole
from service.rate_classes import limited

VERSION = "1.1.0"
"""Of the API, not of the program: see api_spec/README.md for when which part is raised."""
_ABOUT = """城暖：农民工找活的一张单子。公共招聘、零工、直播带岗在同一张按合适程度排好的单子里，每条都说明为什么合适。

- 找工作、看岗位不用登录，全部免费，没有付费排名。
- 时间是 ISO 8601 带时区（+08:00）；坐标是 GCJ-02（`wx.getLocation` 给的就是），`crs=wgs84` 会自动换算。
- 工资按原话显示；`*_yuan_month` 是折合每月的数，只用来比较，不是承诺。
- 出错时总是 `{code, status, error, message, errors}`：`error` 给程序看，固定不变；`message` 给人看，说明下一步怎么做。
- 创建类 POST 要带 `Idempotency-Key`，网络断了可以放心重发；修改要带 `If-Match`。
- 替人办事：请求头 `X-Acting-For` 填代办授权的编号，这次请求就只按那份授权办。
- 每个操作的 `x-permission` 和 `x-allowed-roles` 说明谁能做。
- 请求太频繁时回 429，`Retry-After` 说明等几秒。
"""


_RENAMED = (("UNPROCESSABLE_CONTENT", "UNPROCESSABLE_ENTITY"), ("Unprocessable Content", "Unprocessable Entity"))
"""Python 3.13 renamed 422 in ``http.HTTPStatus``, whose words the document takes: it must not depend on who prints it."""


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's registry with our error shape; error answers are made in ``error_answers.py``."""

    ERROR_SCHEMA = ErrorAnswer

    def _register_error_handlers(self) -> None:
        """None of its own: one handler answers for all."""


def settings_for_spec() -> dict[str, Any]:
    """What flask-smorest reads from the configuration of the application."""
    return {
        "API_TITLE": "城暖 Chengnuan",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "info": {"description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "security": [],
        },
    }


def register_api(app: flask.Flask) -> Api:
    """The registry of blueprints, with our field types known to the document."""
    api = Api(app)
    api.register_field(Moment, "string", "date-time")
    api.register_field(Text, "string", None)
    api.register_field(Whole, "integer", None)
    api.register_field(Money, "number", None)
    api.register_converter(IdConverter, lambda converter: {"type": "integer", "minimum": converter.min, "maximum": converter.max})
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "description": "登录后得到的令牌"})
    return api


def finish(app: flask.Flask, api: Api) -> None:
    """After all routes: say in the document who may call what, and serve it."""
    _tell_access(app, api.spec)
    document = json.dumps(api.spec.to_dict(), ensure_ascii=False, indent=2) + "\n"
    for newer, name in _RENAMED:
        document = document.replace(newer, name)

    @app.get("/openapi.json")
    @allow.anyone("document.read")
    @limited("watch")
    def openapi_json() -> flask.Response:
        return flask.Response(document, mimetype="application/json")

    app.extensions["openapi"] = document


def _tell_access(app: flask.Flask, spec: APISpec) -> None:
    paths = spec.to_dict()["paths"]
    for rule in app.url_map.iter_rules():
        row = declared(app.view_functions[rule.endpoint])
        path = "".join(part if not is_argument else f"{{{part}}}" for is_argument, part in _parts(rule.rule))
        if row is None or path not in paths:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = paths[path].get(method.lower())
            if operation is None:
                continue
            operation["x-permission"] = row.name
            if not row.open:
                operation["security"] = [{"token": []}]
                operation["x-allowed-roles"] = sorted(row.roles())


def _parts(rule: str) -> list[tuple[bool, str]]:
    """A rule taken apart: (is an argument, text or name)."""
    found: list[tuple[bool, str]] = []
    rest = rule
    while "<" in rest:
        before, _, inner = rest.partition("<")
        argument, _, rest = inner.partition(">")
        found += [(False, before), (True, argument.rsplit(":", 1)[-1])]
    return [*found, (False, rest)]
