"""Logs: one JSON object a line, with ids and counts, and nothing a person wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import clock
from service.app import create_app
from service.logs import set_up_logs
from tests.service.conftest import draft, make_people, settings_for


def test_what_a_line_says(sqlite_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path, log_level="info"))
    with app.extensions["database"].write_session() as session:
        people = make_people(session, clock.now())
    client = app.test_client()
    client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": "log-00001"})
    client.get("/v1/jobs?q=13800000001")
    set_up_logs("error")
    app.extensions["database"].close()
    err = capfd.readouterr().err
    lines = [json.loads(line) for line in err.splitlines()]
    published = next(line for line in lines if line.get("method") == "POST")
    assert published["event"] == "request"
    assert published["route"] == "/v1/jobs"
    assert published["status"] == 201
    assert published["account_id"] == people.account_ids["employer"]
    assert published["ms"] >= 0
    assert len(published["request_id"]) == 32
    for private in ("13800000001", "演示联系人", "电子厂普工", people.employer["Authorization"].split()[1]):
        assert private not in err
