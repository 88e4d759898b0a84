"""How a route that writes answers: once for its ``Idempotency-Key``, with its version as ETag."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import clock, idempotency
from service.accounts.caller import Caller
from service.headers import etag
from service.idempotency import Answer
from service.sessions import write_session

Work = Callable[[Session, datetime], Answer]
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "自己生成的不重复编号，8 到 128 个字符；同一编号重发得到同一结果",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]*$"},
}
"""For the document of a POST that creates."""
MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "读取时得到的 ETag",
    "schema": {"type": "string", "minLength": 1},
}
"""For the document of an edit."""


def versioned(body: dict[str, Any], version: int, *, status: int = 200, location: str = "") -> Answer:
    """An answer with the ETag that the next edit must bring."""
    headers = {"ETag": f'"{etag(version, flask.jsonify(body).get_data())}"'}
    if location:
        headers["Location"] = location
    return Answer(status, body, headers)


def once(caller: Caller, work: Work, *, content: bytes | None = None) -> flask.Response:
    """Run a creating action once for its ``Idempotency-Key``, in one transaction with it. ``content`` stands for the body where
    that was read already (an upload)."""
    key = idempotency.required_key(flask.request.headers.get("Idempotency-Key"))
    # The same words for another person are another request.
    path = flask.request.path if caller.acting_for is None else f"{flask.request.path} for grant {caller.acting_for}"
    request = idempotency.request_hash(flask.request.method, path, flask.request.get_data() if content is None else content)
    now = clock.now()
    with write_session() as session:
        answer = idempotency.once(
            session, account_id=caller.account_id, key=key, request=request, now=now, work=lambda: work(session, now)
        )
    return respond(answer)


def respond(answer: Answer) -> flask.Response:
    """The answer on the wire."""
    response = flask.jsonify(answer.body)
    response.status_code = answer.status
    response.headers.update(answer.headers)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
