"""Whoever gets round the triggers is found by the chain: changed, removed, put elsewhere, cut off at the end."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import flask
import pytest
from sqlalchemy import select, text

from service import clock
from service.audit import archive as archives
from service.audit.models import AuditArchive, AuditEvent
from service.audit.tasks import verify_trail
from service.audit.verify import Anchor, Verdict, verify
from service.crypto import keyring
from service.crypto.keyring import new_key
from service.db import Database
from service.errors import Conflict
from service.tasks.registry import Outside
from tests.service.audit.conftest import act
from tests.service.conftest import settings_for


def check(database: Database, *anchors: Anchor) -> Verdict:
    """What verify says now."""
    with database.read_session() as session:
        return verify(session, keyring.current(), anchors=anchors)


def force(database: Database, *statements: str) -> None:
    """As an administrator of the database who takes the triggers away and puts them back."""
    with database.write_session() as session:
        if database.is_sqlite:
            triggers = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for trigger in triggers:
                session.execute(text(f"DROP TRIGGER {trigger.name}"))
        else:
            session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))
        if database.is_sqlite:
            for trigger in triggers:
                session.execute(text(trigger.sql))


def test_an_untouched_trail_is_whole(database: Database) -> None:
    assert check(database).end == Anchor(0, "")
    act(database, 3, each=3)
    verdict = check(database)
    assert (verdict.rows, verdict.end.seq, verdict.problems) == (9, 9, [])


@pytest.mark.parametrize(
    "change",
    [
        "action = 'demo.other'", "account_id = NULL", "role = 'system'", "acting_for = 1", "worker_id = 1", "object_kind = 'x'",
        "object_id = 'x'", "region_code = ''", "details = '{}'", "request_id = 'x'", "prev_hash = 'x'",
        "hash = 'x'", "hash = prev_hash", "hash = hash || '0'",
    ],
)  # fmt: skip
def test_any_changed_column_is_found(database: Database, change: str) -> None:
    act(database, 6)
    force(database, f"UPDATE audit_event SET {change} WHERE seq = 4")  # noqa: S608  our own words above
    assert 4 in {problem.seq for problem in check(database).problems}


def test_a_changed_time_is_found(database: Database) -> None:
    act(database, 3)
    force(database, "UPDATE audit_event SET at = (SELECT at FROM audit_event WHERE seq = 1) WHERE seq = 2")
    assert {problem.seq for problem in check(database).problems} == {2}


@pytest.mark.parametrize(
    ("removed", "found", "said"),
    [
        ("seq = 1", 1, "第 1 条不见了"),
        ("seq = 3", 3, "第 3 条不见了"),
        ("seq in (3, 4)", 3, "第 3 到 4 条不见了"),
        ("seq = 6", 6, "结尾少了：应该有 6 条，只到第 5 条"),
        ("seq > 2", 3, "结尾少了：应该有 6 条，只到第 2 条"),
        ("seq > 0", 1, "结尾少了：应该有 6 条，只到第 0 条"),
    ],
)
def test_a_removed_row_is_found_wherever_it_stood(database: Database, removed: str, found: int, said: str) -> None:
    act(database, 6)
    force(database, f"DELETE FROM audit_event WHERE {removed}")  # noqa: S608  our own words above
    problems = check(database).problems
    assert (problems[0].seq, problems[0].said) == (found, said)


def test_rows_that_changed_places_are_found(database: Database) -> None:
    act(database, 6)
    swap = [
        "UPDATE audit_event SET seq = 99 WHERE seq = 3",
        "UPDATE audit_event SET seq = 3 WHERE seq = 4",
        "UPDATE audit_event SET seq = 4 WHERE seq = 99",
    ]
    force(database, *swap)
    assert {3, 4} <= {problem.seq for problem in check(database).problems}


def test_rows_that_were_made_up_are_found(database: Database) -> None:
    act(database, 2)
    with database.write_session() as session:
        last = session.get_one(AuditEvent, 2)
        values = {column.key: getattr(last, column.key) for column in AuditEvent.__table__.columns}
        session.add(AuditEvent(**{**values, "seq": 3, "prev_hash": last.hash}))
    problems = [problem.said for problem in check(database).problems]
    assert any("第 3 条" in said for said in problems)
    assert any("不是系统写的" in said for said in problems)


def test_an_end_that_was_cut_off_with_its_head_is_found_by_an_anchor(database: Database) -> None:
    act(database, 4)
    with database.read_session() as session:
        second = session.get_one(AuditEvent, 2).hash
    anchor = check(database).end
    force(
        database,
        "DELETE FROM audit_event WHERE seq > 2",
        f"UPDATE audit_head SET seq = 2, hash = '{second}'",  # noqa: S608  a hash
    )
    assert check(database).problems == [], "the database alone cannot know it"
    assert [problem.seq for problem in check(database, anchor).problems] == [3]
    # The chain went on from there: the anchor still shows it.
    act(database, 2)
    assert check(database).problems == []
    assert [problem.seq for problem in check(database, anchor).problems] == [4]


def test_a_head_that_was_removed_or_bent_is_found(database: Database) -> None:
    act(database, 3)
    force(database, "UPDATE audit_head SET hash = 'x'")
    assert [problem.seq for problem in check(database).problems] == [3]
    force(database, "DELETE FROM audit_head")
    assert [problem.said for problem in check(database).problems] == ["链头那一行不见了"]
    act(database, 1)  # the service goes on, and the rows are whole
    assert (check(database).problems, check(database).end.seq) == ([], 4)


def test_a_row_of_an_unknown_key_is_not_called_whole(database: Database) -> None:
    act(database, 2)
    with database.read_session() as session:
        ring = keyring.current()
        key = new_key("chain", "intl", clock.now())
        others = keyring.Keyring({**{k: v for k, v in ring.keys.items() if v.use != "chain"}, key.key_id: key}, ring.active)
        problems = verify(session, others).problems
    assert "密钥" in problems[0].said


def test_a_new_chain_key_goes_on_with_the_same_chain(database: Database) -> None:
    act(database, 2)
    file = keyring.current_file()
    ring = file.get()
    key = new_key("chain", "gm", clock.now())
    file.change({**ring.keys, key.key_id: key}, {**ring.active, "chain": key.key_id}, expected=ring)
    act(database, 2)
    assert (check(database).rows, check(database).problems) == (4, [])


def test_since_a_day(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    database: Database = app.extensions["database"]
    now = clock.now()
    for days in (3, 2, 1):
        monkeypatch.setattr(clock, "now", lambda days=days: now - timedelta(days=days))
        act(database, 2)
    monkeypatch.undo()
    with database.read_session() as session:
        assert verify(session, keyring.current(), since=now - timedelta(days=2, hours=1)).rows == 4
    runner = app.test_cli_runner()
    day = (now - timedelta(days=1)).astimezone(clock.BEIJING).date().isoformat()
    said = runner.invoke(args=["audit", "verify", "--since", day])
    assert said.exit_code == 0, said.output
    assert "查了 2 条，完整" in said.output


def test_the_commands(app: flask.Flask) -> None:
    database: Database = app.extensions["database"]
    runner = app.test_cli_runner()
    act(database, 4)
    said = runner.invoke(args=["audit", "verify"])
    assert (said.exit_code, said.output.startswith("查了 4 条，完整。链头：4 ")) == (0, True)
    head = runner.invoke(args=["audit", "head"]).output.strip()
    assert head == str(check(database).end)
    force(database, "UPDATE audit_event SET role = 'operator' WHERE seq = 2")
    said = runner.invoke(args=["audit", "verify"])
    assert said.exit_code == 1
    assert "第 2 条内容和校验码对不上" in said.output
    # Cut off behind row 1, with a head that fits: what earlier calls kept beside the database shows it.
    with database.read_session() as session:
        first = session.get_one(AuditEvent, 1).hash
    force(database, "DELETE FROM audit_event WHERE seq > 1", f"UPDATE audit_head SET seq = 1, hash = '{first}'")  # noqa: S608  a hash
    said = runner.invoke(args=["audit", "verify"])
    assert said.exit_code == 1
    assert "应该有 4 条，只到第 1 条" in said.output
    (Path(app.extensions["settings"].data_dir) / "audit-anchors").unlink()
    assert runner.invoke(args=["audit", "verify"]).exit_code == 0
    assert runner.invoke(args=["audit", "verify", "--anchor", head]).exit_code == 1
    assert runner.invoke(args=["audit", "verify", "--anchor", "nonsense"]).exit_code == 1


def test_the_time_limits_are_not_shorter_than_the_law() -> None:
    assert archives.kept_days(date(2018, 1, 1)) >= 183
    assert archives.kept_days(date(2026, 1, 1)) >= 3 * 365 + 1


@pytest.fixture
def old_trail(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Database]:
    """Some acts of long ago, then some of today."""

    def make(old: int, young: int) -> Database:
        database: Database = app.extensions["database"]
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(days=1100))
        act(database, old)
        monkeypatch.undo()
        act(database, young)
        return database

    return make


def test_only_what_is_old_enough_leaves_and_the_rest_hangs_on_it(
    app: flask.Flask, old_trail: Callable[[int, int], Database], tmp_path: Path
) -> None:
    database = old_trail(5, 2)
    runner = app.test_cli_runner()
    out = tmp_path / "out"
    said = runner.invoke(args=["audit", "archive", "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "第 1 到 5 条" in said.output
    with database.read_session() as session:
        assert session.scalars(select(AuditEvent.seq).order_by(AuditEvent.seq)).all() == [6, 7, 8]
        assert session.get_one(AuditEvent, 8).action == "audit.archive"
    assert check(database).problems == []
    (file,) = out.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert archives.read_archive(file, keyring.current()) == (5, [])
    assert runner.invoke(args=["audit", "verify", "--archive", str(file)]).output == "查了 5 条，完整。\n"
    assert "没有过期" in runner.invoke(args=["audit", "archive", "--out", str(out)]).output
    # The next beginning leaves in its turn, and hangs on the first.
    with database.write_session() as session:
        moved = archives.archive(session, out, clock.now() + timedelta(days=1200))
    assert moved is not None
    assert (moved.from_seq, moved.to_seq) == (6, 8)
    assert check(database).problems == []
    with pytest.raises(Exception, match="append-only"), database.write_session() as session:
        session.execute(text("DELETE FROM audit_event"))
    force(database, "UPDATE audit_archive SET last_hash = 'x' WHERE to_seq = 5")
    assert 1 in {problem.seq for problem in check(database).problems}


def test_a_changed_archive_file_is_found(app: flask.Flask, old_trail: Callable[[int, int], Database], tmp_path: Path) -> None:
    database = old_trail(4, 1)
    with database.write_session() as session:
        moved = archives.archive(session, tmp_path, clock.now())
    assert moved is not None
    lines = gzip.decompress(moved.file.read_bytes()).replace(b'"role":"bureau"', b'"role":"worker"', 1)
    moved.file.write_bytes(gzip.compress(lines))
    said = app.test_cli_runner().invoke(args=["audit", "verify", "--archive", str(moved.file)])
    assert (said.exit_code, "第 1 条" in said.output) == (1, True)
    moved.file.write_bytes(b"nonsense")
    assert app.test_cli_runner().invoke(args=["audit", "verify", "--archive", str(moved.file)]).exit_code == 1


def test_what_does_not_hold_is_not_put_away(app: flask.Flask, old_trail: Callable[[int, int], Database]) -> None:
    database = old_trail(4, 1)
    force(database, "UPDATE audit_event SET role = 'operator' WHERE seq = 2")
    said = app.test_cli_runner().invoke(args=["audit", "archive"])
    assert said.exit_code == 1
    assert "flask audit verify" in said.output
    with database.read_session() as session:
        assert len(session.scalars(select(AuditEvent.seq)).all()) == 5
        assert session.scalars(select(AuditArchive)).all() == []


def test_an_archive_that_cannot_be_written_moves_nothing(
    app: flask.Flask, old_trail: Callable[[int, int], Database], tmp_path: Path
) -> None:
    database = old_trail(2, 1)
    (tmp_path / "file").write_text("")
    said = app.test_cli_runner().invoke(args=["audit", "archive", "--out", str(tmp_path / "file" / "x")])
    assert (said.exit_code, "没有移走任何记录" in said.output) == (1, True)
    assert check(database).rows == 3


def test_the_nightly_check_remembers_the_end_and_cries_when_it_is_cut_off(database: Database, tmp_path: Path) -> None:
    outside = Outside(database, settings_for(database.url, tmp_path))
    act(database, 4)
    verify_trail(outside, {}, clock.now())
    verify_trail(outside, {}, clock.now())
    assert [line.split()[0] for line in (tmp_path / "audit-anchors").read_text().splitlines()] == ["4"]
    act(database, 1)
    end = "UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_event WHERE seq = 3)"
    force(database, "DELETE FROM audit_event WHERE seq > 3", end)
    with pytest.raises(Conflict, match="audit_trail_broken"):
        verify_trail(outside, {}, clock.now())
    assert len((tmp_path / "audit-anchors").read_text().splitlines()) == 1
