"""Whatever comes in, the answer is JSON of one shape with a sentence a person understands; never a 500, never half a write."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.app import LARGEST_BODY
from service.jobs.models import Job
from service.messages import by_field, in_chinese
from tests.service.conftest import People, draft

KEY = {"Idempotency-Key": "bad-input-1"}
DEEP = b"[" * 20_000 + b"]" * 20_000


def assert_shape(response: Any, status: int) -> dict[str, Any]:
    """The one shape of every error."""
    assert response.status_code == status, response.get_data(as_text=True)[:500]
    assert response.mimetype == "application/json"
    body: dict[str, Any] = response.get_json()
    assert {"code", "status", "error", "message", "errors"} <= set(body)
    assert body["code"] == status
    assert re.fullmatch(r"[a-z0-9_]+", body["error"])
    assert re.search(r"[\u4e00-\u9fff]", body["message"])
    for sentences in body["errors"].values():
        assert all(re.search(r"[\u4e00-\u9fff]", sentence) for sentence in sentences), body["errors"]
    return body


def test_unknown_address(client: FlaskClient) -> None:
    assert assert_shape(client.get("/v1/nothing/here"), 404)["error"] == "not_found"


def test_wrong_method(client: FlaskClient) -> None:
    response = client.delete("/v1/jobs/1")
    assert assert_shape(response, 405)["error"] == "method_not_allowed"
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "error"),
    [
        (b"", "application/json", 400, "body_missing"),
        (b"not json", "application/json", 400, "bad_json"),
        (b'{"kind": ', "application/json", 400, "bad_json"),
        (b"\xff\xfe\x00", "application/json", 400, "bad_json"),
        (b'{"headcount": ' + b"9" * 5000 + b"}", "application/json", 400, "bad_json"),
        (DEEP, "application/json", 400, "bad_json"),
        (b"kind=public", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"<xml/>", "application/xml", 415, "not_json"),
        (b"[]", "application/json", 422, "invalid"),
        (b'"text"', "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b"{}", "application/json", 422, "invalid"),
    ],
)
def test_bodies_that_are_none(
    client: FlaskClient, people: People, body: bytes, content_type: str, status: int, error: str
) -> None:
    response = client.post("/v1/jobs", data=body, headers=people.employer | KEY | {"Content-Type": content_type})
    assert assert_shape(response, status)["error"] == error


def test_too_large(client: FlaskClient, people: People) -> None:
    body = b'{"description": "' + b"x" * LARGEST_BODY + b'"}'
    response = client.post("/v1/jobs", data=body, headers=people.employer | KEY | {"Content-Type": "application/json"})
    assert assert_shape(response, 413)["error"] == "too_large"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"kind": "other"}, "kind"),
        ({"kind": None, "titel": "普工"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "工" * 129}, "title"),
        ({"title": "普工\x00"}, "title"),
        ({"title": "普工\ud800"}, "title"),
        ({"title": 5}, "title"),
        ({"title": ["普工"]}, "title"),
        ({"headcount": 0}, "headcount"),
        ({"headcount": -1}, "headcount"),
        ({"headcount": 1.5}, "headcount"),
        ({"headcount": True}, "headcount"),
        ({"headcount": "很多"}, "headcount"),
        ({"headcount": 10**30}, "headcount"),
        ({"lat": 200, "lng": 114}, "lat"),
        ({"lat": 25.8}, "lng"),
        ({"lat": float("nan"), "lng": 114}, "lat"),
        ({"lat": float("inf"), "lng": 114}, "lat"),
        ({"crs": "bd09"}, "crs"),
        ({"hours_per_day": 25}, "hours_per_day"),
        ({"valid_until": "明天"}, "valid_until"),
        ({"valid_until": "2026-12-01T00:00:00"}, "valid_until"),
        ({"valid_until": "9999-12-31T23:59:59+08:00"}, "valid_until"),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, "valid_until"),
        ({"contact_phone": "call me"}, "contact_phone"),
        ({"tags": "包吃"}, "tags"),
        ({"tags": ["包吃"] * 31}, "tags"),
        ({"gig": {"seats": 3}}, "gig.starts_at"),
        ({"gig": 5}, "gig"),
        ({"kind": "gig"}, "gig"),
        ({"live": {"session": "x", "listing_no": 1}}, "live"),
    ],
)
def test_fields_that_cannot_be(client: FlaskClient, app: flask.Flask, people: People, change: dict[str, Any], field: str) -> None:
    sent = json.dumps(draft(**change)).encode()
    response = client.post("/v1/jobs", data=sent, headers=people.employer | KEY | {"Content-Type": "application/json"})
    body = assert_shape(response, 422)
    assert field in body["errors"], body["errors"]
    with app.extensions["database"].read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.parametrize("path", ["/v1/me?debug=1", "/v1/jobs/1?colour=red", "/v1/jobs/1?view=big", "/health?x=%00&%ff=1"])
def test_unknown_parameters(client: FlaskClient, people: People, path: str) -> None:
    response = client.get(path, headers=people.employer)
    assert response.status_code in {400, 422}
    assert assert_shape(response, response.status_code)["errors"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer " + "x" * 5000, "bearer \u00ff\u00fe"])
def test_tokens_that_are_none(client: FlaskClient, header: str) -> None:
    assert_shape(client.get("/v1/me", headers={"Authorization": header}), 401)


@pytest.mark.parametrize("trouble", [OperationalError("select 1", {}, Exception("gone")), PoolTimeout("pool")])
def test_a_database_that_is_away(
    client: FlaskClient, app: flask.Flask, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def away() -> None:
        raise trouble

    monkeypatch.setattr(app.extensions["database"], "answer_session", away)
    response = client.get("/v1/jobs/1")
    assert assert_shape(response, 503)["error"] == "unavailable"
    assert response.headers["Retry-After"] == "5"


def test_a_fault_tells_nothing(
    client: FlaskClient, app: flask.Flask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("13800000001 secret")

    monkeypatch.setattr(app.extensions["database"], "answer_session", broken)
    response = client.get("/v1/jobs/1")
    assert assert_shape(response, 500)["error"] == "internal"
    assert "secret" not in response.get_data(as_text=True)
    assert "secret" not in capfd.readouterr().err


def test_every_answer_has_a_number_and_is_safe(client: FlaskClient) -> None:
    for response in (client.get("/health"), client.get("/nowhere")):
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-Id"])
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
    assert client.get("/health", headers={"X-Request-Id": "abc-12345678"}).headers["X-Request-Id"] == "abc-12345678"
    assert client.get("/health", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"] != "<script>"


class TestMessages:
    @pytest.mark.parametrize(
        ("english", "chinese"),
        [
            ("Missing data for required field.", "这一项必须填。"),
            ("Must be one of: a, b.", "只能填这些之一：a, b。"),
            ("Length must be between 2 and 5.", "长度要在 2 到 5 之间。"),
            ("Must be greater than or equal to 1 and less than or equal to 9.", "要在 1 到 9 之间。"),
            ("已经是中文。", "已经是中文。"),
            ("Something nobody has translated.", "这一项填得不对，请检查。"),
        ],
    )
    def test_translation(self, english: str, chinese: str) -> None:
        assert in_chinese(english) == chinese

    def test_nested_names(self) -> None:
        messages = {"json": {"gig": {"seats": ["Not a valid integer."]}, "tags": {0: ["Not a valid string."]}}}
        assert by_field(messages) == {"gig.seats": ["这一项要填整数。"], "tags.0": ["这一项要填文字。"]}

    def test_no_flood(self) -> None:
        assert len(by_field({"json": {f"f{number}": ["Unknown field."] for number in range(500)}})) == 50


@pytest.mark.parametrize("body", [{"skills": [0] * 80_000}, {"kinds": [0] * 80_000}, {"preferences": {"tags": [0] * 80_000}}])
def test_a_list_far_too_long_is_refused_by_its_length(client: FlaskClient, body: dict[str, Any]) -> None:
    began = time.perf_counter()
    answer = assert_shape(client.post("/v1/match", json=body), 422)
    assert time.perf_counter() - began < 0.5
    assert "项" in json.dumps(answer["errors"], ensure_ascii=False)


def test_broken_chunks_are_the_clients_fault(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise InvalidChunkSize(b"zz")

    monkeypatch.setattr(flask.Request, "get_data", broken)
    assert_shape(client.post("/v1/match", data=b"x", content_type="application/json"), 400)


def test_a_wrong_method_says_which_is_right(client: FlaskClient) -> None:
    answer = client.delete("/v1/jobs")
    assert answer.status_code == 405
    assert answer.get_json()["message"] == "这个地址不支持 DELETE，请改用 GET、POST。"
