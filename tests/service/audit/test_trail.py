"""What is recorded, when it is written, and what stays when a transaction goes back."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import threading
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service import audit, clock
from service.audit import trail
from service.audit.models import AuditArchive, AuditEvent, AuditHead
from service.audit.verify import verify
from service.crypto import keyring
from service.db import Database
from service.employers.models import Employer
from service.errors import Unavailable
from tests.service.audit.conftest import Somebody, act


def events(database: Database) -> list[AuditEvent]:
    """All rows, in order."""
    with database.read_session() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.seq)))


def test_a_row_says_who_what_which_where_and_for_whom(database: Database) -> None:
    before = clock.now()
    with database.write_session() as session:
        audit.record(
            session, Somebody(acting_for=3), "worker.edit", "worker", 12,
            region_code="360702000000", details={"fields": ["phone", "region"], "grant": 3}, for_worker=12,
        )  # fmt: skip
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0, "nothing before the end"
        audit.record(session, None, "task.run", "task", "backup")
    first, second = events(database)
    assert (first.seq, first.account_id, first.role, first.acting_for, first.worker_id) == (1, 7, "bureau", 3, 12)
    assert (first.action, first.object_kind, first.object_id, first.region_code) == (
        "worker.edit",
        "worker",
        "12",
        "360702000000",
    )
    assert first.details == {"fields": ["phone", "region"], "grant": 3}
    assert before <= first.at <= clock.now()
    assert (second.account_id, second.role, second.region_code, second.prev_hash) == (None, "system", "", first.hash)
    with database.read_session() as session:
        head = session.scalars(select(AuditHead)).one()
        assert (head.seq, head.hash) == (2, second.hash)


def test_without_a_territory_of_its_own_an_act_counts_to_the_actor(database: Database) -> None:
    act(database, 1)
    assert events(database)[0].region_code == "360700000000"


def test_what_goes_back_leaves_nothing_and_no_gap(database: Database) -> None:
    act(database, 1)
    with contextlib.suppress(ZeroDivisionError), database.write_session() as session:
        audit.record(session, None, "demo.fail", "demo", 1)
        raise ZeroDivisionError
    act(database, 1)
    assert [(event.seq, event.action) for event in events(database)] == [(1, "demo.act"), (2, "demo.act")]


def test_a_savepoint_that_goes_back_takes_its_acts_along(database: Database) -> None:
    with database.write_session() as session:
        audit.record(session, None, "demo.outside", "demo", 1)
        with session.begin_nested():
            audit.record(session, None, "demo.kept", "demo", 2)
        with contextlib.suppress(ZeroDivisionError), session.begin_nested():
            audit.record(session, None, "demo.lost", "demo", 3)
            with session.begin_nested():
                audit.record(session, None, "demo.lost_inside", "demo", 4)
            raise ZeroDivisionError
        audit.record(session, None, "demo.after", "demo", 5)
    assert [event.action for event in events(database)] == ["demo.outside", "demo.kept", "demo.after"]


def test_a_failing_commit_leaves_nothing(database: Database) -> None:
    act(database, 1)
    twice = [Employer(name="演示", credit_code="演示", created_at=clock.now()) for _ in range(2)]

    def fail() -> None:
        with database.write_session() as session:
            audit.record(session, None, "demo.fail", "demo", 1)
            session.add_all(twice)

    with pytest.raises(DBAPIError):
        fail()
    assert len(events(database)) == 1


def test_a_session_that_is_used_twice_writes_each_act_once(database: Database) -> None:
    with Session(database.write_engine) as session:
        audit.record(session, None, "demo.one", "demo", 1)
        session.commit()
        audit.record(session, None, "demo.two", "demo", 2)
        session.commit()
    assert [event.action for event in events(database)] == ["demo.one", "demo.two"]


@pytest.mark.parametrize(
    "details",
    [
        {"phone": "13800000001"},
        {"note": "演示"},
        {"fields": ["title", "张三"]},
        {"number": 13800000001},
        {"id": "999999196001011232"},
        {"wage": 22.5},
        {"long": "x" * 65},
        {"deep": [[[[[1]]]]]},
        {"13800000001": 1},
        {"mail": "a@b"},
    ],
)
def test_content_is_a_fault_of_the_program(database: Database, details: dict[str, Any]) -> None:
    with database.write_session() as session, pytest.raises(ValueError, match="not content"):
        audit.record(session, None, "demo.act", "demo", 1, details=details)
    with database.write_session() as session, pytest.raises(ValueError, match="not content"):
        audit.record(session, None, "demo.act", "demo", "演示")
    assert events(database) == []


@pytest.mark.parametrize("table", ["audit_event", "audit_archive"])
def test_the_database_refuses_to_change_or_remove(database: Database, table: str) -> None:
    act(database, 3)
    with database.write_session() as session:
        session.add(
            AuditArchive(to_seq=1, from_seq=1, last_hash="", file_name="", file_hash="", rows=1, at=clock.now(), proof="")
        )
    key = "seq" if table == "audit_event" else "to_seq"
    statements = [f"UPDATE {table} SET {key} = 99", f"DELETE FROM {table}"]  # noqa: S608  two names of our own
    if not database.is_sqlite:
        statements += [f"TRUNCATE {table}", f"DELETE FROM {table} WHERE {key} = {2 if table == 'audit_event' else 1}"]  # noqa: S608  as above
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), database.write_session() as session:
            session.execute(text(statement))
    assert len(events(database)) == 3


def test_a_clock_that_is_set_back_leaves_the_trail_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    act(database, 1)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=400))
    act(database, 1)
    monkeypatch.undo()
    first, second = events(database)
    assert first.at == second.at


def test_reads_of_personal_data_are_written_first_and_by_themselves(app: flask.Flask) -> None:
    with app.app_context():
        audit.read_personal(Somebody(), "worker", 5, fields={"phone", "id_number"}, for_worker=5)
    (event,) = events(app.extensions["database"])
    assert (event.action, event.details, event.worker_id) == ("personal.read", {"fields": ["id_number", "phone"]}, 5)


def test_what_cannot_be_noted_is_not_shown(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        session.execute(text("ALTER TABLE audit_head RENAME TO audit_head_away"))
    try:
        with app.app_context(), pytest.raises(Unavailable) as refused:
            audit.read_personal(Somebody(), "worker", 5, fields=["phone"])
    finally:
        with database.write_session() as session:
            session.execute(text("ALTER TABLE audit_head_away RENAME TO audit_head"))
    assert refused.value.error == "audit_unavailable"
    assert refused.value.headers == {"Retry-After": "10"}

    def no_keys() -> keyring.Keyring:
        raise keyring.KeysUnusable("没有")

    monkeypatch.setattr(keyring, "current", no_keys)
    with app.app_context(), pytest.raises(Unavailable):
        audit.read_personal(Somebody(), "worker", 5, fields=["phone"])
    assert events(database) == []


def test_the_request_is_named(app: flask.Flask) -> None:
    """What happens in one request can be found by its number, the one that the logs and the answer carry."""
    database: Database = app.extensions["database"]
    structlog.contextvars.bind_contextvars(request_id="or-any-0001")
    try:
        act(database, 1)
    finally:
        structlog.contextvars.clear_contextvars()
    assert events(database)[0].request_id == "or-any-0001"


def _process(url: str, threads: int, times: int) -> None:
    database = Database(url, pool_size=threads + 1)
    started = [threading.Thread(target=act, args=(database, times), kwargs={"each": 2}) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    database.close()


@pytest.mark.timeout(120)
def test_eight_threads_in_two_processes_make_one_whole_chain(database: Database) -> None:
    processes, threads, times = 2, 4, 12
    spawned = multiprocessing.get_context("spawn")
    started = [spawned.Process(target=_process, args=(database.url, threads, times)) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join(100)
        assert process.exitcode == 0
    with database.read_session() as session:
        verdict = verify(session, keyring.current())
    assert verdict.problems == []
    assert verdict.rows == verdict.end.seq == processes * threads * times * 2
    made = events(database)
    assert [event.seq for event in made] == list(range(1, len(made) + 1))
    assert all(earlier.at <= event.at for earlier, event in itertools.pairwise(made))
    # Two acts of one transaction stand beside each other.
    assert all(int(made[at].object_id) + 1 == int(made[at + 1].object_id) for at in range(0, len(made), 2))


def test_later_never_goes_back() -> None:
    now = clock.now()
    earlier: datetime = now - timedelta(seconds=1)
    assert trail.later(now, None) == now
    assert trail.later(now, earlier) == now
    assert trail.later(earlier, now) == now
