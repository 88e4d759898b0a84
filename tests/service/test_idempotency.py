"""The same request twice is one job; a phone that lost the answer may always send again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from service import clock
from service.app import create_app
from service.background import forget_answers
from service.errors import Unavailable
from service.idempotency import KEPT, IdempotentAnswer, request_hash
from service.jobs.models import Job
from tests.service.conftest import People, draft, make_people, settings_for

KEY = {"Idempotency-Key": "phone-0001"}


def _jobs(app: flask.Flask) -> int:
    with app.extensions["database"].read_session() as session:
        return int(session.scalar(select(func.count()).select_from(Job)) or 0)


def test_again_is_the_same_answer(app: flask.Flask, client: FlaskClient, people: People) -> None:
    first = client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    again = client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    assert again.status_code == first.status_code == 201
    assert again.get_json() == first.get_json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _jobs(app) == 1


def test_another_request_with_the_key_is_refused(app: flask.Flask, client: FlaskClient, people: People) -> None:
    client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    other = client.post("/v1/jobs", json=draft(headcount=3), headers=people.employer | KEY)
    assert other.status_code == 409
    assert other.get_json()["error"] == "idempotency_key_reused"
    assert _jobs(app) == 1


def test_keys_of_two_accounts_do_not_meet(app: flask.Flask, client: FlaskClient, people: People) -> None:
    client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    assert client.post("/v1/jobs", json=draft(), headers=people.other_employer | KEY).status_code == 201
    assert _jobs(app) == 2


def test_a_refused_request_may_be_corrected_with_the_same_key(app: flask.Flask, client: FlaskClient, people: People) -> None:
    assert client.post("/v1/jobs", json=draft(wage=None), headers=people.employer | KEY).status_code == 422
    assert client.post("/v1/jobs", json=draft(), headers=people.employer | KEY).status_code == 201
    assert _jobs(app) == 1


def test_without_a_key(app: flask.Flask, client: FlaskClient, people: People) -> None:
    response = client.post("/v1/jobs", json=draft(), headers=people.employer)
    assert response.status_code == 428
    assert response.get_json()["error"] == "idempotency_key_required"
    assert _jobs(app) == 0


@pytest.mark.parametrize("key", ["short", "x" * 129, "has space in it", "中文中文中文中文".encode().decode("latin-1")])
def test_a_key_that_cannot_be_one(client: FlaskClient, people: People, key: str) -> None:
    response = client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.get_json()["error"] == "idempotency_key_invalid"


def test_an_old_key_is_forgotten(app: flask.Flask, client: FlaskClient, people: People) -> None:
    client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    with app.extensions["database"].write_session() as session:
        session.execute(update(IdempotentAnswer).values(created_at=clock.now() - KEPT - timedelta(minutes=1)))
    assert client.post("/v1/jobs", json=draft(headcount=3), headers=people.employer | KEY).status_code == 201
    assert _jobs(app) == 2


def test_old_answers_of_idle_accounts_are_forgotten_daily_but_not_by_a_clock_that_jumped(
    app: flask.Flask, client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    database = app.extensions["database"]
    with database.write_session() as session:
        session.execute(update(IdempotentAnswer).values(created_at=clock.now() - KEPT - timedelta(minutes=1)))
    monkeypatch.setattr("service.clock.jumped_seconds", lambda: 8 * 86400.0)
    with database.write_session() as session, pytest.raises(Unavailable):
        forget_answers(session, {}, clock.now())
    monkeypatch.undo()
    with database.write_session() as session:
        assert len(session.scalars(select(IdempotentAnswer)).all()) == 1
        forget_answers(session, {}, clock.now())
        assert session.scalars(select(IdempotentAnswer)).all() == []


def test_what_is_remembered_is_sealed(app: flask.Flask, client: FlaskClient, people: People) -> None:
    first = client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(IdempotentAnswer)).one()
        kept = f"{row.body} {row.answer_sealed} {row.headers} {row.request_hash}"
        assert "13800000001" not in kept
        assert "演示联系人" not in kept
        assert "138****0001" in row.answer
    again = client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == first.get_json()


def test_an_answer_that_an_older_version_remembered_is_given_again(app: flask.Flask, client: FlaskClient, people: People) -> None:
    client.post("/v1/jobs", json=draft(), headers=people.employer | KEY)
    with app.extensions["database"].write_session() as session:
        session.execute(update(IdempotentAnswer).values(body={"job_id": 1, "old": True}, answer_sealed=None))
    assert client.post("/v1/jobs", json=draft(), headers=people.employer | KEY).get_json() == {"job_id": 1, "old": True}


def test_spaces_do_not_make_another_request() -> None:
    assert request_hash("POST", "/v1/jobs", b'{"a": 1, "b": 2}') == request_hash("POST", "/v1/jobs", b'{"b":2,"a":1}')
    assert request_hash("POST", "/v1/jobs", b'{"a": 1}') != request_hash("POST", "/v1/jobs", b'{"a": 2}')


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_at_once_are_one_job(kind: str, sqlite_url: str, new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    url = sqlite_url if kind == "sqlite" else new_postgres_url()
    app = create_app(settings_for(url, tmp_path))
    with app.extensions["database"].write_session() as session:
        people = make_people(session, clock.now())
    start = threading.Barrier(4)
    answers: list[Any] = []

    def send() -> None:
        client = app.test_client()
        start.wait(10)
        answers.append(client.post("/v1/jobs", json=draft(), headers=people.employer | KEY))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.get_json()["job_id"] for answer in answers}) == 1
    assert _jobs(app) == 1
    app.extensions["database"].close()
