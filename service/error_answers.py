"""The one place where a refusal or a fault becomes JSON: ``{code, status, error, message, errors}``, for every error."""

from __future__ import annotations

import json

import flask
import psycopg
import structlog
from marshmallow import fields
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from service.errors import Refusal
from service.fields import Out
from service.log_masks import mask_text
from service.messages import by_field

log = structlog.get_logger(__name__)

_SENTENCES: dict[int, tuple[str, str]] = {
    400: ("bad_request", "请求的写法不对，请检查后再试。"),
    401: ("not_signed_in", "请先登录再操作。"),
    403: ("forbidden", "您没有权限做这个操作。"),
    404: ("not_found", "没有找到这个地址，请检查网址。"),
    405: ("method_not_allowed", "这个地址不支持这种操作。"),
    408: ("too_slow", "网络太慢，请求没有收全，请再试一次。"),
    413: ("too_large", "提交的内容太大了，请精简后再试。"),
    414: ("address_too_long", "网址太长了，请缩短搜索内容。"),
    415: ("not_json", "请用 JSON 提交（Content-Type: application/json）。"),
    422: ("invalid", "有几项填得不对，请按提示修改。"),
    429: ("too_many_requests", "操作太频繁了，请稍等再试。"),
    431: ("headers_too_large", "请求头太大了。"),
    503: ("unavailable", "系统正忙，请稍后再试。"),
}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_READ_ONLY = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.FeatureNotSupported)
"""A server that takes nothing; the second is how a standby refuses to begin a transaction that writes."""
_FAULT = ("internal", "系统出了点问题，我们会尽快处理，请稍后再试。")


class ErrorAnswer(Out):
    """Every error looks like this. ``error`` is stable and for programs, ``message`` is for people, ``errors`` names fields."""

    code = fields.Integer(required=True, metadata={"description": "HTTP 状态码"})
    status = fields.String(required=True, metadata={"description": "HTTP 状态名称"})
    error = fields.String(required=True, metadata={"description": "固定的机器代码"})
    message = fields.String(required=True, metadata={"description": "一句说明该怎么办的话"})
    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), required=True, metadata={"description": "字段名到说明的列表"}
    )
    details = fields.Dict(keys=fields.String(), metadata={"description": "个别错误附带的内容，例如检查结果"})


def register_error_answers(app: flask.Flask) -> None:
    """Answer refusals, HTTP errors and faults of the program in one shape."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _away)
    app.register_error_handler(Exception, _fault)


def answer(
    code: int, error: str, message: str, errors: dict[str, list[str]] | None = None, details: dict[str, object] | None = None
) -> flask.Response:
    """The JSON of an error."""
    body: dict[str, object] = {
        "code": code,
        "status": HTTP_STATUS_CODES.get(code, "Error"),
        "error": error,
        # Some sentences quote what was asked for; a number of a person is not given back even to who typed it, since answers
        # are kept by proxies and shown to others over the shoulder.
        "message": mask_text(message),
        "errors": {mask_text(name): [mask_text(sentence) for sentence in said] for name, said in (errors or {}).items()},
    }
    if details:
        body["details"] = details
    response = flask.jsonify(body)
    response.status_code = code
    return response


def bare(code: int) -> bytes:
    """The JSON of an HTTP error that is answered before there is an application: what came was no HTTP, or too long."""
    name, sentence = _SENTENCES.get(code, _FAULT if code >= 500 else _SENTENCES[400])
    body = {"code": code, "status": HTTP_STATUS_CODES.get(code, "Error"), "error": name, "message": sentence, "errors": {}}
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def _refused(refusal: Refusal) -> flask.Response:
    response = answer(refusal.status, refusal.error, refusal.message, refusal.errors, refusal.details)
    response.headers.update(refusal.headers)
    return response


def _http(error: HTTPException) -> flask.Response:
    code = error.code or 500
    if code < 400 and error.response is not None:
        return flask.make_response(error.get_response())  # a redirect is no error
    name, sentence = _SENTENCES.get(code, _FAULT if code >= 500 else _SENTENCES[400])
    data = getattr(error, "data", None) or {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        allowed = "、".join(sorted(set(error.valid_methods) - {"OPTIONS", "HEAD"}))
        sentence = (
            f"这个地址不支持 {flask.request.method if flask.request.method in _METHODS else '这种操作'}，请改用 {allowed}。"
        )
    response = answer(code, name, sentence, by_field(data["messages"]) if "messages" in data else None)
    for header, value in error.get_headers():
        if header.lower() in {"allow", "retry-after"}:
            response.headers[header] = value
    return response


def _database(error: DBAPIError) -> flask.Response:
    """What passes by itself is 503: a server that restarts, a line that broke, a disk that is full or read-only, a lock held too
    long. What the program did wrong (a rule of the tables broken) is a fault."""
    passes = isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated
    return _away(error) if passes or isinstance(error.orig, _READ_ONLY) else _fault(error)


def _away(error: DBAPIError | PoolTimeout) -> flask.Response:
    orig = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    log.error("database_unavailable", kind=type(orig).__name__, state=state)
    response = answer(503, *_SENTENCES[503])
    response.headers["Retry-After"] = "5"
    return response


def _fault(error: Exception) -> flask.Response:
    # The kind and the place, not the message: it may quote what a person wrote.
    log.error("fault", kind=type(error).__name__, where=_where(error))
    return answer(500, *_FAULT)


def _where(error: Exception) -> list[str]:
    trace = error.__traceback__
    lines: list[str] = []
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return lines[-6:]
