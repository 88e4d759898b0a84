"""W3C Trace Context: one number for all that a request causes, also on machines of others.

What a caller sends is read strictly (https://www.w3.org/TR/trace-context/, level 1) and only passed on, never believed: it is cut
to the sizes of the standard and grants nothing. Whoever sends nothing, or nonsense, begins a trace of our own.
"""

from __future__ import annotations

import contextvars
import re
import secrets
from dataclasses import dataclass

_PARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")
_LONGEST_PARENT = 128
_STATE = re.compile(r"[ -~\t]{0,512}")
_MEMBERS_MOST = 32


@dataclass(frozen=True, slots=True)
class Trace:
    """Where we are: the trace, our own span in it, whether it is sampled (``flags``), and what other systems want passed on."""

    trace_id: str
    span_id: str
    flags: str = "00"
    state: str = ""


_DIGITS = re.compile(r"[0-9]{9}")

_current: contextvars.ContextVar[Trace | None] = contextvars.ContextVar("trace", default=None)


def number(size: int) -> str:
    """``size`` random bytes in hex, in which nothing looks like a phone number: logs mask what does."""
    while _DIGITS.search(made := secrets.token_hex(size)):
        pass
    return made


def begin(parent: str = "", state: str = "") -> Trace:
    """A new span of ours, in the trace of ``traceparent`` and ``tracestate`` where they can be read, else in a new one."""
    trace_id, flags, passed = number(16), "00", ""
    match = _PARENT.fullmatch(parent.strip()) if len(parent) <= _LONGEST_PARENT else None
    if match is not None and (match[1] != "00" or match[5] is None):  # version 00 has exactly four parts
        trace_id, flags = match[2], f"{int(match[4], 16) & 1:02x}"
        passed = state if _STATE.fullmatch(state) and state.count(",") < _MEMBERS_MOST else ""
    trace = Trace(trace_id, number(8), flags, passed)
    _current.set(trace)
    return trace


def current() -> Trace:
    """The trace of this request or task; begins one where there is none."""
    return _current.get() or begin()


def headers() -> dict[str, str]:
    """To be sent with every request of ours to another server."""
    trace = current()
    told = {"traceparent": f"00-{trace.trace_id}-{trace.span_id}-{trace.flags}"}
    if trace.state:
        told["tracestate"] = trace.state
    return told
