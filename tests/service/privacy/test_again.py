"""A backup brings back who left after it was made; the list that is kept outside erases them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from service import clock
from service.accounts.models import Account
from service.audit.verify import verify
from service.backup.make import make
from service.crypto import keyring
from service.crypto.models import KeyCheck
from service.db import Database
from service.privacy import erasure_list, tasks
from service.privacy.again import redo
from service.privacy.erasure_list import Line, written
from service.privacy.models import Erasure, LegalHold
from service.tasks import Outside
from service.workers.models import Worker
from tests.service.conftest import People
from tests.service.privacy.conftest import SECRETS, Somebody
from tests.service.privacy.test_leave import dump, leave_now


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to restore into, as the command takes it: nothing is there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "target")
    make_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    url = make_url()
    database = Database(url)
    with database.write_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()
    return url.replace("+psycopg", "")


def _opened(target: str) -> Database:
    if target.startswith("postgresql"):
        return Database(target.replace("postgresql://", "postgresql+psycopg://"))
    return Database(f"sqlite:///{target}/chengnuan.db")


def _erase(app: flask.Flask, erasure_id: int) -> None:
    """As the task worker does it."""
    database: Database = app.extensions["database"]
    finish = tasks.erase_person(Outside(database, app.extensions["settings"]), {"erasure_id": erasure_id}, clock.now())
    if finish is not None:
        with database.write_session() as session:
            finish(session)


def _lost(app: flask.Flask, client: FlaskClient, somebody: Somebody, tmp_path: Path) -> tuple[Path, Path]:
    """A backup, and then somebody who leaves; the backup and the list."""
    settings = app.extensions["settings"]
    folder, _ = make(app.extensions["database"], settings.data_dir, tmp_path / "backups", clock.now(), "0.0.test")
    _erase(app, leave_now(client, somebody))
    kept: Path = settings.erasures_file
    return folder, kept


@pytest.mark.costly
def test_restored_with_the_list_the_person_is_gone(
    app: flask.Flask, client: FlaskClient, somebody: Somebody, target: str, tmp_path: Path
) -> None:
    folder, kept = _lost(app, client, somebody, tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o600
    for secret in SECRETS:
        assert secret not in kept.read_text()
    home = tmp_path / "home"
    words = ["restore", str(folder), "--into", target, "--erasures", str(kept)]
    said = app.test_cli_runner().invoke(args=[*words, "--files-to", str(home)] if "://" in target else words)
    assert said.exit_code == 0, said.output
    assert "1 人再次清空" in said.output
    assert "警告" not in said.output
    database = _opened(target)
    kept_rows = dump(database)
    for secret in SECRETS:
        assert secret not in kept_rows, secret
    with database.read_session() as session:
        row = session.get_one(Worker, somebody.worker_id)
        assert row.left_at is not None
        assert row.erased_at is not None
        assert session.get_one(Account, somebody.account_id).disabled_at is not None
        assert session.scalars(select(Erasure)).one().done_at is not None
        assert verify(session, keyring.current()).problems == []
    database.close()
    # The new place has the list too: the same old backup may have to be restored once more.
    there = (home if "://" in target else Path(target)) / "erasures.jsonl"
    assert erasure_list.read(there) == erasure_list.read(kept)


def test_restored_without_the_list_it_warns_and_the_command_it_names_does_it(
    app: flask.Flask, client: FlaskClient, somebody: Somebody, tmp_path: Path
) -> None:
    folder, kept = _lost(app, client, somebody, tmp_path)
    apart = kept.rename(tmp_path / "apart.jsonl")
    run = app.test_cli_runner()
    said = run.invoke(args=["restore", str(folder), "--into", str(tmp_path / "target")])
    assert said.exit_code == 0
    assert "警告：没有找到注销名单" in said.output
    assert "flask erasures redo" in said.output
    database = _opened(str(tmp_path / "target"))
    assert SECRETS[0] in dump(database) or SECRETS[4] in dump(database)
    app.extensions["database"].close()
    app.extensions["database"] = database
    assert "1 人再次清空" in run.invoke(args=["erasures", "redo", str(apart)]).output
    after = dump(database)
    for secret in SECRETS:
        assert secret not in after, secret
    assert "0 人再次清空，1 人本来就已注销" in run.invoke(args=["erasures", "redo", str(apart)]).output
    assert kept.read_text() == apart.read_text()  # no line twice


def test_with_keys_of_another_database_nothing_is_done(app: flask.Flask, somebody: Somebody, tmp_path: Path) -> None:
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        session.add(KeyCheck(key_id="f00000000", proof="00", first_used_at=clock.now()))
        line = _line(session.get_one(Worker, somebody.worker_id))
    erasure_list.add(tmp_path / "list.jsonl", [line])
    said = app.test_cli_runner().invoke(args=["erasures", "redo", str(tmp_path / "list.jsonl")])
    assert said.exit_code == 1
    assert "缺少数据库要用的密钥" in said.output
    with database.read_session() as session:
        assert session.get_one(Worker, somebody.worker_id).left_at is None


def _line(row: Worker, *, held: bool = False, asked_at: str = "2026-11-01T00:00:00.000000+00:00") -> Line:
    return Line(asked_at, "own", row.worker_id, written(row.created_at), None, "", held)


def test_a_number_that_was_given_out_anew_is_somebody_else(database: Database, somebody: Somebody) -> None:
    with database.write_session() as session:
        row = session.get_one(Worker, somebody.worker_id)
        line = _line(row)
        row.created_at += timedelta(microseconds=1)
    with database.write_session() as session:
        done = redo(session, [line], clock.now())
        assert (done.erased, done.strangers) == (0, 1)
        assert session.get_one(Worker, somebody.worker_id).left_at is None


def test_a_hold_that_may_be_lost_keeps_the_data_but_nobody_in(database: Database, somebody: Somebody) -> None:
    with database.write_session() as session:
        line = _line(session.get_one(Worker, somebody.worker_id), held=True)
        assert redo(session, [line, line], clock.now()).held == 1
    with database.write_session() as session:
        row = session.get_one(Worker, somebody.worker_id)
        assert (row.left_at is not None, row.erased_at) == (True, None)
        # A later line says that the hold had ended.
        assert redo(session, [line, _line(row)], clock.now()).erased == 1


def test_the_line_says_that_a_hold_stands(
    app: flask.Flask, client: FlaskClient, people: People, database: Database, somebody: Somebody
) -> None:
    with database.write_session() as session:
        session.add(
            LegalHold(
                worker_id=somebody.worker_id, reason="演示", set_by_account_id=people.account_ids["bureau"], set_at=clock.now()
            )
        )
    erasure_id = leave_now(client, somebody)
    _erase(app, erasure_id)
    with database.write_session() as session:
        session.execute(update(LegalHold).values(lifted_at=clock.now()))
    _erase(app, erasure_id)
    lines, unreadable = erasure_list.read(app.extensions["settings"].erasures_file)
    assert ([line.held for line in lines], unreadable) == ([True, False], [])


def test_the_last_administrator_leaves_again_and_it_is_said(database: Database, people: People) -> None:
    with database.write_session() as session:
        row = session.get_one(Account, people.account_ids["employer"])
        line = Line(written(clock.now()), "own", None, "", row.account_id, written(row.created_at), held=False)
        done = redo(session, [line], clock.now())
    assert (done.erased, done.ownerless) == (1, [people.employer_id])


def test_a_disk_that_does_not_take_the_line_puts_the_erasing_off(
    app: flask.Flask, client: FlaskClient, database: Database, somebody: Somebody
) -> None:
    erasure_id = leave_now(client, somebody)
    app.extensions["settings"].erasures_file.mkdir()
    with pytest.raises(OSError, match="directory"):
        _erase(app, erasure_id)
    with database.read_session() as session:
        assert session.get_one(Erasure, erasure_id).done_at is None
    app.extensions["settings"].erasures_file.rmdir()
    _erase(app, erasure_id)
    with database.read_session() as session:
        assert session.get_one(Erasure, erasure_id).done_at is not None


def test_a_line_that_was_cut_short_takes_no_other_with_it(tmp_path: Path) -> None:
    kept = tmp_path / "list.jsonl"
    first = Line("2026-11-01T00:00:00.000000+00:00", "own", 1, "a", None, "", held=False)
    second = Line("2026-11-02T00:00:00.000000+00:00", "own", 2, "b", 3, "c", held=True)
    erasure_list.add(kept, [first])
    with kept.open("a") as opened:
        opened.write('{"asked_at":"2026-1')
    erasure_list.add(kept, [second])
    assert erasure_list.read(kept) == ([first, second], [2])


@pytest.mark.parametrize("junk", ["x", "[]", "{}", '"a"', "1"])
def test_what_is_no_list_is_refused(app: flask.Flask, people: People, tmp_path: Path, junk: str) -> None:
    assert people.employer_id
    (tmp_path / "junk").write_text(junk)
    said = app.test_cli_runner().invoke(args=["erasures", "redo", str(tmp_path / "junk")])
    assert (said.exit_code, "不是注销名单" in said.output) == (1, True)
    wrong = json.dumps({"asked_at": "2026-11-01", "cause": "own", "worker_id": "1"})
    (tmp_path / "junk").write_text(wrong)
    assert app.test_cli_runner().invoke(args=["erasures", "redo", str(tmp_path / "junk")]).exit_code == 1
