"""The connections that a process keeps: no dead one is handed out, none is left in a bad state, and there are only so many."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import flask
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from service import db
from service.app import create_app
from service.db import Database
from tests.faults.own_servers import OwnPostgres
from tests.faults.proxy import Proxy
from tests.faults.test_away import is_503
from tests.service.conftest import People, settings_for

WAYS = ("answer_session", "write_session")
LONG = db.QUIET_SECONDS + 0.2
Opened = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def database(server: OwnPostgres) -> Iterator[Database]:
    """On the server, without a proxy."""
    made = Database(server.url("away"), pool_size=2, statement_seconds=2)
    yield made
    made.close()


def backend(opened: Opened) -> int:
    """The server's process behind the connection that is handed out."""
    with opened() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def asked(server: OwnPostgres, question: str, about: object) -> object:
    """What the server tells another client."""
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/away", autocommit=True) as connection:
        row = connection.execute(question.encode(), [about]).fetchone()
    return row and row[0]


STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("idle", [0.0, LONG])
def test_one_sent_away_while_idle_costs_no_request(database: Database, server: OwnPostgres, way: str, idle: float) -> None:
    """The server ended the connection: seen at the socket when it was used a moment ago, by asking when it was not."""
    opened: Opened = getattr(database, way)
    before = backend(opened)
    assert asked(server, "SELECT pg_terminate_backend(%s, 5000)", before)
    time.sleep(idle)
    assert backend(opened) not in {0, before}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("idle", [0.0, LONG])
def test_a_restart_between_two_uses_costs_no_request(database: Database, server: OwnPostgres, way: str, idle: float) -> None:
    opened: Opened = getattr(database, way)
    before = backend(opened)
    server.restart()
    time.sleep(idle)
    assert backend(opened) != before


@pytest.mark.parametrize("way", WAYS)
def test_a_backend_killed_with_9_is_only_ever_a_database_that_is_away(database: Database, server: OwnPostgres, way: str) -> None:
    """The server restarts itself then: until it has, every refusal is of the kind that is answered with 503."""
    opened: Opened = getattr(database, way)
    before = backend(opened)
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while True:
        try:
            assert backend(opened) != before
            break
        except OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("idle", [0.0, LONG])
def test_a_line_that_dies_without_a_word_is_given_up(
    server: OwnPostgres, line: Proxy, monkeypatch: pytest.MonkeyPatch, way: str, idle: float
) -> None:
    """Used a moment ago, the statement waits as long as one may; idle, the sign of life waits less, and no new line is had."""
    monkeypatch.setattr(db, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(db, "SIGN_SECONDS", 1)
    monkeypatch.setattr(db, "CONNECT_SECONDS", 2)  # libpq knows nothing shorter
    database = Database(server.url("away", line.port), statement_seconds=3)
    opened: Opened = getattr(database, way)
    try:
        backend(opened)
        line.hole()
        time.sleep(idle)
        began = time.monotonic()
        with pytest.raises(DBAPIError):
            backend(opened)
        took = time.monotonic() - began
        assert took < (1 + 2 + 2 if idle else 3 + 1 + 2), took
        line.heal()
        assert backend(opened) > 0
    finally:
        database.close()


def test_an_answer_begins_no_transaction_and_leaves_none_behind(database: Database, server: OwnPostgres) -> None:
    """Also after a statement that was refused or took too long: inside a transaction nothing more could be asked."""
    with database.answer_session() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert asked(server, STATE, pid) == "idle"
        with pytest.raises(OperationalError, match="statement timeout"):
            session.execute(text("SELECT pg_sleep(20)"))
        assert asked(server, STATE, pid) == "idle"
    assert backend(database.answer_session) == pid  # the same connection, as good as new
    with database.answer_session() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(text("CREATE TABLE left_behind (a int)"))
    assert backend(database.answer_session) == pid
    with database.read_session() as session:
        assert session.scalar(text("SELECT to_regclass('left_behind')")) is None


@pytest.mark.parametrize("way", WAYS)
def test_every_connection_of_the_web_has_its_limits(own_app: flask.Flask, way: str) -> None:
    with getattr(own_app.extensions["database"], way)() as session:
        shown = {name: session.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")}
    assert shown == {"statement_timeout": "20s", "lock_timeout": "15s"}


def test_answers_and_writes_do_not_take_each_others_connections(server: OwnPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "POOL_SECONDS", 0.2)
    database = Database(server.url("away"), pool_size=1)
    try:
        with ExitStack() as held:
            for _ in range(1 + db.MOST_OVER):
                held.enter_context(database.answer_session()).execute(text("SELECT 1"))
            with pytest.raises(PoolTimeout):
                backend(database.answer_session)
            assert backend(database.write_session) > 0
            assert backend(database.read_session) > 0
        assert backend(database.answer_session) > 0
    finally:
        database.close()


def test_a_server_without_room_for_one_more_is_503_and_passes(
    own_app: flask.Flask, own_people: People, server: OwnPostgres
) -> None:
    client = own_app.test_client()
    own_app.extensions["database"].close()
    with ExitStack() as guests:
        with suppress(psycopg.OperationalError):
            while True:
                guests.enter_context(psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/away"))
        assert is_503(client.get("/v1/me", headers=own_people.worker))
    assert client.get("/v1/me", headers=own_people.worker).status_code == 200


def test_a_web_process_keeps_no_more_connections_than_the_page_says(
    server: OwnPostgres, own_people: People, tmp_path: Path
) -> None:
    """Every thread reading and writing at once, again and again."""
    threads = 4
    app = create_app(settings_for(server.url("away") + "?application_name=counted", tmp_path, web_threads=threads))
    most = 0
    stopping = threading.Event()
    answers: Counter[int] = Counter()

    def visit() -> None:
        client = app.test_client()
        while not stopping.is_set():
            for path in ("/v1/me", "/v1/jobs/1", "/v1/me/sessions"):
                answers[client.get(path, headers=own_people.employer).status_code] += 1

    busy = [threading.Thread(target=visit) for _ in range(threads)]
    for thread in busy:
        thread.start()
    for _ in range(20):
        counted = asked(server, "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", "counted")
        most = max(most, int(str(counted)))
        time.sleep(0.05)
    stopping.set()
    for thread in busy:
        thread.join()
    app.extensions["database"].close()
    assert set(answers) == {200, 404}
    assert 2 <= most <= 2 * threads
