"""Logs: one JSON object a line on stderr, with ids and counts. Never a name, a phone number, or what somebody searched for."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid

import flask
import structlog

log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def set_up_logs(level: str) -> None:
    """Once a process: structlog to stderr, from ``level`` upwards."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),  # the stderr of the moment: tests replace and close it
        cache_logger_on_first_use=False,
    )


def register_request_log(app: flask.Flask) -> None:
    """Number every request and log route, status and time; never the address, which may hold a person's words."""

    @app.before_request
    def begin() -> None:
        said = flask.request.headers.get("X-Request-Id", "")
        flask.g.request_id = said if _REQUEST_ID.fullmatch(said) else uuid.uuid4().hex
        flask.g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=flask.g.request_id)

    @app.after_request
    def end(response: flask.Response) -> flask.Response:
        request_id = flask.g.get("request_id")
        if request_id is None:
            return response
        response.headers["X-Request-Id"] = request_id
        rule = flask.request.url_rule
        caller = flask.g.get("account")
        log.info(
            "request",
            method=flask.request.method,
            route=rule.rule if rule is not None else None,
            status=response.status_code,
            ms=round((time.perf_counter() - flask.g.started) * 1000, 1),
            account_id=caller.account_id if caller is not None else None,
        )
        return response
