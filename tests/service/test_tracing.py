"""W3C trace context: read strictly, passed on, never believed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service import tracing
from service.app import create_app
from service.config import SignInSettings
from service.db import Database
from service.logs import set_up_logs
from service.tasks import enqueue, handler, registry
from service.tasks.worker import Worker
from service.wechat.current import close_all
from tests.service.conftest import settings_for
from tests.service.wechat.conftest import mini_program

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_goes_on() -> None:
    trace = tracing.begin(GOOD, "vendor=1,other=2")
    assert trace.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = tracing.headers()
    assert sent["traceparent"] == f"00-{trace.trace_id}-{trace.span_id}-01"
    assert trace.span_id != "00f067aa0ba902b7"
    assert sent["tracestate"] == "vendor=1,other=2"


def test_a_later_version_is_read_as_ours() -> None:
    assert tracing.begin("cc" + GOOD[2:] + "-what-ever").trace_id == GOOD[3:35]


@pytest.mark.parametrize(
    "parent",
    ["", "00", GOOD.upper(), GOOD + "-more", "ff" + GOOD[2:], GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
     GOOD.replace("00f067aa0ba902b7", "0" * 16), GOOD[:-1],
     "00-" + "4" * 31 + "g-00f067aa0ba902b7-01", "cc" + GOOD[2:] + "-" + "x" * 200],
)  # fmt: skip
def test_nonsense_begins_a_trace_of_our_own(parent: str) -> None:
    trace = tracing.begin(parent, "vendor=1")
    assert trace.trace_id != GOOD[3:35]
    assert len(trace.trace_id) == 32
    assert trace.state == ""


@given(parent=st.text(max_size=300), state=st.text(max_size=1000))
def test_whatever_comes_what_goes_out_is_small_and_right(parent: str, state: str) -> None:
    tracing.begin(parent, state)
    sent = tracing.headers()
    assert len(sent["traceparent"]) == 55
    assert len(sent.get("tracestate", "")) <= 512
    assert "\n" not in "".join(sent.values())


@pytest.mark.parametrize("state", ["x" * 513, ",".join("a=1" for _ in range(40)), "a=1\r\nX: y", "a=中"])
def test_too_much_state_is_dropped(state: str) -> None:
    assert tracing.begin(GOOD, state).state == ""


def test_every_task_has_one_of_its_own(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a task says and sends bears one number, and the next task has another."""
    structlog.contextvars.clear_contextvars()  # another test of this process may have left some
    monkeypatch.setattr(registry, "_kinds", {})
    seen: list[tuple[str, str]] = []

    @handler("test.traced")
    def traced(_session: Session, _payload: dict[str, Any], _now: datetime) -> None:
        seen.append((tracing.current().trace_id, structlog.contextvars.get_contextvars()["trace_id"]))

    with database.write_session() as session:
        for _ in range(2):
            enqueue(session, "test.traced")
    worker = Worker(database, settings_for(database.url, tmp_path))
    assert worker.step()
    assert worker.step()
    assert len({number for both in seen for number in both}) == 2
    assert all(sent == said for sent, said in seen)
    assert "trace_id" not in structlog.contextvars.get_contextvars()


class _Elsewhere(BaseHTTPRequestHandler):
    """Another server: it remembers the trace that it was called in, and does nothing."""

    seen: list[tuple[str, str]]

    def do_POST(self) -> None:
        self.seen.append((self.path.partition("?")[0], self.headers.get("traceparent", "")))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815  the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[ThreadingHTTPServer]:
    """Everybody whom we call."""
    handling = type("Handling", (_Elsewhere,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handling)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    close_all()


def test_a_request_takes_it_up_and_passes_it_on(
    sqlite_url: str, tmp_path: Path, elsewhere: ThreadingHTTPServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log line of the request, and every call of another server that it causes, bear the caller's number."""
    url = f"http://127.0.0.1:{elsewhere.server_address[1]}"
    sign_in = SignInSettings(
        sms_url=url, sms_key="x", oidc_issuer=url, oidc_client_id="demo", oidc_redirect_uri="https://console.example/back"
    )
    app = create_app(settings_for(sqlite_url, tmp_path, log_level="info", sign_in=sign_in, wechat=mini_program(url)))
    client = app.test_client()
    client.post("/v1/auth/sms/code", json={"phone": "13800000001"}, headers={"traceparent": GOOD})
    client.get("/v1/auth/oidc/start", headers={"traceparent": GOOD})
    client.post("/v1/auth/wechat", json={"code": "demo-code-0001"}, headers={"traceparent": GOOD})
    set_up_logs("error")
    app.extensions["database"].close()
    seen: list[tuple[str, str]] = elsewhere.RequestHandlerClass.seen  # type: ignore[attr-defined]
    assert {path for path, _ in seen} >= {"/v1/messages", "/.well-known/openid-configuration", "/sns/jscode2session"}
    for path, sent in seen:
        assert sent[3:35] == GOOD[3:35], path
        assert sent[36:52] != GOOD[36:52], path  # our own span
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    told = [line["trace_id"] for line in lines if line.get("event") == "request"]
    assert told == [GOOD[3:35]] * 3


def test_what_a_caller_names_a_request_is_taken_only_where_it_can_be(client: FlaskClient) -> None:
    response = client.get("/health", headers={"X-Request-Id": "演示"})
    assert len(response.headers["X-Request-Id"]) == 32
    assert client.get("/health", headers={"X-Request-Id": "abc-12345678"}).headers["X-Request-Id"] == "abc-12345678"
