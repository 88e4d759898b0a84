"""Logs: one JSON object a line on stderr, with ids and counts. Never a name, a phone number, or what somebody searched for.

Libraries say their lines through the same filter (``log_masks.py``) and in the same form.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
import time
from types import TracebackType
from typing import Any

import flask
import structlog

from service import tracing
from service.log_masks import kinds_of_exceptions, mask_line

log = structlog.get_logger(__name__)
_PROBES = ("/health", "/metrics", "/status")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LAST: list[Any] = [
    kinds_of_exceptions,
    mask_line,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
]


class Stderr(logging.Handler):
    """The lines of libraries, to the stderr of the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.contextvars.merge_contextvars,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                ],
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_LAST],
                keep_exc_info=False,  # the formatter behind it would write the words of the exception
                use_get_message=True,
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError, IndexError):  # its arguments do not fit its words
            line = '{"event": "unreadable_log_line"}'
        with contextlib.suppress(OSError, ValueError):  # nobody is there to read it any more
            sys.stderr.write(line + "\n")


def set_up_logs(level: str) -> None:
    """Once a process: structlog to stderr, from ``level`` upwards; libraries from warnings upwards, in the same form."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *_LAST,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),  # the stderr of the moment: tests replace and close it
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, Stderr) for handler in root.handlers):
        root.addHandler(Stderr())


def quiet_crashes() -> None:
    """In a process that nobody sits before: what ends it is logged by kind and place, without its words."""

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        log.critical("crashed", exc_info=error.with_traceback(trace))

    sys.excepthook = crashed
    threading.excepthook = lambda told: crashed(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)


def register_request_log(app: flask.Flask) -> None:
    """Number every request and log route, status and time; never the address, which may hold a person's words."""

    @app.before_request
    def begin() -> None:
        said = flask.request.headers.get("X-Request-Id", "")
        flask.g.request_id = said if _REQUEST_ID.fullmatch(said) else tracing.number(16)
        flask.g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        trace = tracing.begin(flask.request.headers.get("traceparent", ""), flask.request.headers.get("tracestate", ""))
        structlog.contextvars.bind_contextvars(request_id=flask.g.request_id, trace_id=trace.trace_id)

    @app.after_request
    def end(response: flask.Response) -> flask.Response:
        request_id = flask.g.get("request_id")
        if request_id is None:
            return response
        response.headers["X-Request-Id"] = request_id
        rule = flask.request.url_rule
        caller = flask.g.get("account")
        # Machines that look whether we live would fill the log: what they ask is worth a line only when it goes wrong.
        say = log.debug if flask.request.path in _PROBES and response.status_code < 400 else log.info
        say(
            "request",
            method=flask.request.method,
            route=rule.rule if rule is not None else None,
            status=response.status_code,
            ms=round((time.perf_counter() - flask.g.started) * 1000, 1),
            account_id=caller.account_id if caller is not None else None,
        )
        return response
