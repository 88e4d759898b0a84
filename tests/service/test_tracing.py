"""W3C trace context: read strictly, passed on, never believed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from service import tracing

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


def test_a_task_has_one_too() -> None:
    assert tracing.current().trace_id == tracing.current().trace_id


def test_a_request_takes_it_up(client: FlaskClient) -> None:
    client.get("/health", headers={"traceparent": GOOD})
    response = client.get("/health", headers={"X-Request-Id": "演示"})
    assert len(response.headers["X-Request-Id"]) == 32
    assert client.get("/health", headers={"X-Request-Id": "abc-12345678"}).headers["X-Request-Id"] == "abc-12345678"
