"""Nothing of a person and no secret reaches a log, whichever way somebody tries."""

from __future__ import annotations

import io
import json
import logging
import secrets
import sys
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from service.log_masks import LONGEST, mask_text, mask_value
from service.logs import Stderr, log, quiet_crashes, set_up_logs

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _id_number(body: str) -> str:
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def _card(body: str) -> str:
    digits = [int(digit) for digit in body]
    total = sum(digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[::-2]) + sum(digits[-2::-2])
    return body + str(-total % 10)


PHONES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
ID_NUMBERS = st.from_regex(r"999999(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True).map(_id_number)
CARDS = st.from_regex(r"62[0-9]{13,16}", fullmatch=True).map(_card)
TOKENS = st.integers(0, 2**32).map(lambda _seed: secrets.token_urlsafe(32)).filter(lambda text: any(c.isdigit() for c in text))
OPENIDS = st.from_regex(r"o[A-Za-z0-9_-]{27}", fullmatch=True)
SECRETS = st.one_of(PHONES, ID_NUMBERS, CARDS, TOKENS, OPENIDS)
AROUND = st.text(st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="-_", max_codepoint=0x9FFF), max_size=12)
BORDER = st.sampled_from([" ", "，", "：", "「", "\n", "/", "=", '"', "'", "(", "号码"])


@st.composite
def _planted(draw: st.DrawFn) -> tuple[str, str]:
    secret = draw(SECRETS)
    return secret, f"{draw(AROUND)}{draw(BORDER)}{secret}{draw(BORDER)}{draw(AROUND)}"


def _lines(level: str = "debug") -> tuple[io.StringIO, Any]:
    set_up_logs(level)
    return io.StringIO(), sys.stderr


@settings(max_examples=150, deadline=None)
@given(planted=_planted(), way=st.sampled_from(["event", "value", "list", "dict", "key", "bytes", "exception", "cause", "bound"]))
def test_a_planted_secret_never_comes_out(planted: tuple[str, str], way: str) -> None:
    secret, text = planted
    stream, before = _lines()
    sys.stderr = stream
    try:
        if way == "event":
            log.info(text)
        elif way == "value":
            log.info("x", value=text)
        elif way == "list":
            log.info("x", value=[1, (text, {text})])
        elif way == "dict":
            log.info("x", value={"a": {"b": [text]}})
        elif way == "key":
            log.info("x", value={text: 1})
        elif way == "bytes":
            log.info("x", value=text.encode())
        elif way == "bound":
            with structlog.contextvars.bound_contextvars(note=text):
                log.info("x")
        else:
            try:
                try:
                    int(f"{text}x")
                except ValueError as first:
                    if way == "cause":
                        raise RuntimeError(text) from first
                    raise
            except (ValueError, RuntimeError) as error:
                log.exception("x", error=error)
    finally:
        sys.stderr = before
        set_up_logs("error")
    line = json.loads(stream.getvalue())
    assert line["level"]
    assert secret not in stream.getvalue()
    if way in {"exception", "cause"}:
        assert line["exception"][-1] == "ValueError"
        assert line["where"]


@settings(max_examples=80, deadline=None)
@given(planted=_planted(), name=st.sampled_from(["gunicorn.error", "sqlalchemy.engine", "alembic.runtime", "made.up"]))
def test_what_libraries_say_goes_the_same_way(planted: tuple[str, str], name: str) -> None:
    secret, text = planted
    stream, before = _lines()
    sys.stderr = stream
    logger = logging.getLogger(name)
    handler = Stderr()
    try:
        for record in (
            logging.LogRecord(name, logging.ERROR, __file__, 1, "said %s", (text,), None),
            logging.LogRecord(name, logging.ERROR, __file__, 1, text.replace("%", ""), None, _error(text)),
            logging.LogRecord(name, logging.ERROR, __file__, 1, "two %s %s", (text,), None),
        ):
            handler.handle(record)
        assert logger.name == name
    finally:
        sys.stderr = before
        set_up_logs("error")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 3
    assert lines[1]["exception"] == ["KeyError"]
    assert lines[2] == {"event": "unreadable_log_line"}
    assert secret not in stream.getvalue()


def _error(text: str) -> Any:
    nothing: dict[str, str] = {}
    try:
        nothing[text]
    except KeyError:
        return sys.exc_info()


@pytest.mark.parametrize(
    "text",
    [
        "138 0000 0001", "138-0000-0001", "+8613800000001", "+86 138 0000 0001", "1３８00000001", "电话13800000001转2",
        "tel:13800000001", "999999 19900101 0012", "0797-8123456", "Bearer abcdef123456", "access_token=81_short",
        "Authorization: Basic dXNlcjpwYXNz",
        '{"session_key": "c2hvcnQ="}', "password=hunter2secret", "postgresql://boss:hunter2secret@db/x", "js_code=0a1Bc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ],
)  # fmt: skip
def test_many_ways_to_write_it(text: str) -> None:
    masked = mask_text(text)
    for secret in ("00000001", "0000-0001", "0000 0001", "19900101", "8123456", "abcdef123456", "dXNlcjpwYXNz", "81_short",
                   "c2hvcnQ", "hunter2secret", "0a1Bc", "eyJzdWIiOiIxIn0"):  # fmt: skip
        assert secret not in masked or secret not in text, masked


@pytest.mark.parametrize(
    "plain",
    [
        "2026-11-27T03:05:51.123456Z", "/v1/jobs/<int:job_id>", "index_rebuilt", "360702000000", "db.py:120", "1.1.0", "每日重建",
        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", "chengnuan_requests",
    ],
)  # fmt: skip
def test_what_may_stay_stays(plain: str) -> None:
    assert mask_text(plain) == plain
    assert mask_value(plain) == plain


def test_numbers_and_named_values() -> None:
    assert mask_value(13800000001) != 13800000001
    assert mask_value(360702) == 360702
    assert mask_value({"phone": "x", "token": "y", "count": 3, "ok": True, "rate": 0.5}) == {
        "phone": "***",
        "token": "***",
        "count": 3,
        "ok": True,
        "rate": 0.5,
    }
    assert len(mask_text("长" * 10_000)) == LONGEST + 1


def test_what_ends_a_process_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("threading.excepthook", sys.excepthook)
    set_up_logs("error")
    quiet_crashes()
    kind, error, trace = _error("演示工友的话")
    sys.excepthook(kind, error, trace)
    told = json.loads(capsys.readouterr().err)
    assert told["event"] == "crashed"
    assert told["exception"] == ["KeyError"]
    assert "演示" not in str(told)
