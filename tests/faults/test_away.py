"""A database that is away, slow, silent or read-only; a Redis that dies: what people see, and that it passes by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from service import clock
from service.app import create_app
from service.db import Database
from tests.faults.own_servers import OwnPostgres, OwnValkey
from tests.faults.proxy import Proxy
from tests.service.conftest import People, draft, make_people, settings_for


def publish(client: FlaskClient, people: People, key: str) -> Any:
    """Publish; the answer."""
    return client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": f"away-{key}-0001"})


def is_503(answer: Any) -> bool:
    """Whether it is the clear refusal that passes."""
    body = answer.get_json()
    assert answer.status_code == 503, (answer.status_code, body)
    assert (body["error"], body["message"]) == ("unavailable", "系统正忙，请稍后再试。")
    return int(answer.headers["Retry-After"]) > 0


def test_a_server_that_is_restarted_costs_503s_and_no_restart(
    own_app: flask.Flask, own_people: People, server: OwnPostgres
) -> None:
    client = own_app.test_client()
    assert publish(client, own_people, "before").status_code == 201
    server.restart()
    assert publish(client, own_people, "after").status_code == 201  # not even one request: dead lines are noticed before use
    server.stop()
    try:
        assert is_503(publish(client, own_people, "away"))
        assert is_503(client.get("/v1/jobs/1"))
        assert client.get("/health").status_code == 200
        said = client.get("/status").get_json()
        assert not said["ok"]
        assert not said["database"]["ok"]
    finally:
        server.start()
    assert publish(client, own_people, "away").status_code == 201
    assert client.get("/v1/jobs/1").status_code == 200


def test_sent_away_in_the_middle_of_a_transaction(own_app: flask.Flask, own_people: People, server: OwnPostgres) -> None:
    """The administrator ends our connection while we write: 503, nothing written, and the next request is answered."""

    def ended(*_: Any) -> None:
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres", autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'")
        time.sleep(0.1)

    client = own_app.test_client()
    engine = own_app.extensions["database"].write_engine
    event.listen(engine, "commit", ended)
    try:
        assert is_503(publish(client, own_people, "middle"))
    finally:
        event.remove(engine, "commit", ended)
    assert publish(client, own_people, "middle").status_code == 201
    with own_app.extensions["database"].read_session() as session:
        assert session.scalar(text("SELECT count(*) FROM job")) == 1


def test_a_line_that_is_cut_and_refused(own_app: flask.Flask, own_people: People, line: Proxy) -> None:
    client = own_app.test_client()
    assert publish(client, own_people, "one").status_code == 201
    line.cut()
    assert publish(client, own_people, "two").status_code == 201
    line.cut(refuse=True)
    assert is_503(publish(client, own_people, "three"))
    line.heal()
    assert publish(client, own_people, "three").status_code == 201


def test_a_statement_without_end_is_ended_by_the_server(server: OwnPostgres) -> None:
    database = Database(server.url("away"), statement_seconds=1)
    began = time.monotonic()
    with database.read_session() as session, pytest.raises(OperationalError, match="statement timeout"):
        session.execute(text("SELECT pg_sleep(20)"))
    assert time.monotonic() - began < 5
    database.close()


def test_a_read_only_server_is_refused_clearly(own_app: flask.Flask, own_people: People, server: OwnPostgres) -> None:
    client = own_app.test_client()
    job_id = publish(client, own_people, "written").get_json()["job_id"]

    def stand_by(*, yes: bool) -> None:
        server.stop()
        signal = server.directory / "standby.signal"
        signal.touch() if yes else signal.unlink()
        server.start()

    stand_by(yes=True)  # as after a failover to the wrong side: it answers, and takes nothing
    try:
        assert is_503(publish(client, own_people, "refused"))
        assert client.get(f"/v1/jobs/{job_id}").status_code == 200
    finally:
        stand_by(yes=False)
    assert publish(client, own_people, "refused").status_code == 201


@pytest.mark.parametrize("how", ["killed", "silent", "cut"])
def test_redis_dying_costs_no_request(how: str, sqlite_url: str, tmp_path: Path) -> None:
    server = OwnValkey(f"dying-{os.getpid()}-{how}")
    server.start()
    with Proxy(("127.0.0.1", server.port)) as line:
        app = create_app(settings_for(sqlite_url, tmp_path, redis_url=server.url(line.port)))
        with app.extensions["database"].write_session() as session:
            people = make_people(session, clock.now())
        client = app.test_client()
        ways: dict[str, Callable[[], None]] = {
            "killed": server.kill,
            "silent": line.hole,
            "cut": lambda: line.cut(refuse=True),
        }
        for number in range(12):
            if number == 4:
                ways[how]()
            began = time.monotonic()
            assert publish(client, people, f"{how}{number:02d}").status_code == 201
            assert client.get("/v1/me", headers=people.employer).status_code == 200
            assert time.monotonic() - began < 3
        assert client.get("/status").get_json()["redis"] == {"state": "away"}
        line.heal()
        if how == "killed":
            server.start()
        assert client.get("/status").get_json()["redis"] == {"state": "ok"}
        app.extensions["database"].close()
    server.kill()


def test_without_redis_status_says_so(client: FlaskClient) -> None:
    assert client.get("/status").get_json()["redis"] == {"state": "off"}
