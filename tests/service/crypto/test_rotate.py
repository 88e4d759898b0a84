"""New keys: at once for what is written, in the background for what is there, safe beside writers, and resumed after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from sqlalchemy import String, Text, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service import clock
from service.crypto import keyring, rotate
from service.crypto.blind import INDEX_LENGTH, candidates, index_key_of
from service.crypto.keyring import KeyringFile, new_key
from service.crypto.rotate import add_key, check_keys, reseal, retire, usage
from service.crypto.sealed import Sealed, SealedColumn, SealedRow, sealed_row
from service.db import Database
from service.errors import Conflict
from service.jobs.models import Job

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyringFile]:
    """Keys of the test's own."""
    before = keyring.current_file()
    yield keyring.use(KeyringFile(tmp_path / "own-keys.json", "intl"))
    keyring.use(before)


def fill(database: Database, count: int) -> None:
    """Jobs with contacts, written in bulk."""
    now = clock.now()
    plain = {
        "kind": "public", "title": "演示", "published_at": now, "valid_until": now, "created_at": now, "updated_at": now,
        "contact_name": "演示联系人",
    }  # fmt: skip
    rows = [sealed_row(Job, plain | {"contact_phone": phone(number)}) for number in range(count)]
    with database.write_session() as session:
        session.execute(insert(Job), rows)


def phone(number: int) -> str:
    """A made-up number."""
    return f"138{number:08d}"


def contacts(database: Database) -> dict[int, tuple[str, str]]:
    """What the rows say, opened."""
    with database.read_session() as session:
        return {job.job_id: (job.contact_name, job.contact_phone) for job in session.scalars(select(Job))}


def in_use(database: Database) -> dict[str, int]:
    """Texts by key, without those that hold none."""
    with database.read_session() as session:
        return {key_id: count for key_id, count in usage(session).items() if count}


def test_a_new_key_writes_at_once_and_the_old_one_still_reads(database: Database, keys: KeyringFile) -> None:
    fill(database, 3)
    old = keys.get().active["field"]
    new = add_key("field", clock.now()).key_id
    with database.write_session() as session:
        job = session.get_one(Job, 1)
        assert job.contact_phone == phone(0)
        job.contact_phone = "13900000009"
    assert in_use(database) == {old: 5, new: 1}
    done = {f"{one.table}.{one.column}": (one.changed, one.left, one.locked) for one in reseal(database, batch=2)}
    assert (done["job.contact_name"], done["job.contact_phone"]) == ((3, 0, 0), (2, 0, 0))
    assert in_use(database) == {new: 6}
    assert contacts(database) == {
        1: ("演示联系人", "13900000009"), 2: ("演示联系人", phone(1)), 3: ("演示联系人", phone(2)),
    }  # fmt: skip
    assert sum(one.changed for one in reseal(database)) == 0


def test_to_the_other_suite_and_back(database: Database, keys: KeyringFile) -> None:
    fill(database, 3)
    before = contacts(database)
    for suite in ("gm", "intl"):
        keys.suite = suite
        add_key("field", clock.now())
        reseal(database)
        with database.read_session() as session:
            assert all(f".{suite}." in (job.contact_phone_sealed or "") for job in session.scalars(select(Job)))
        assert contacts(database) == before


def test_what_older_versions_left_open_is_moved(database: Database, keys: KeyringFile) -> None:
    fill(database, 4)
    with database.write_session() as session:
        session.execute(
            text(
                "UPDATE job SET contact_phone = '13900000001', contact_name = '演示二',"
                " contact_phone_sealed = NULL, contact_name_sealed = NULL, row_key = NULL WHERE job_id = 1"
            )
        )
        session.execute(text("UPDATE job SET contact_phone = '13900000002' WHERE job_id = 2"))
        session.execute(
            text("UPDATE job SET contact_phone_sealed = NULL, contact_name_sealed = NULL, row_key = NULL WHERE job_id = 3")
        )
    with database.read_session() as session:
        assert usage(session)[""] == 3
    reseal(database, batch=3)
    with database.read_session() as session:
        assert usage(session)[""] == 0
        assert session.scalars(text("SELECT count(*) FROM job WHERE contact_phone <> '' OR contact_name <> ''")).one() == 0
        assert session.get_one(Job, 3).row_key is None
    assert contacts(database) == {
        1: ("演示二", "13900000001"), 2: ("演示联系人", "13900000002"), 3: ("", ""), 4: ("演示联系人", phone(3)),
    }  # fmt: skip


def test_what_does_not_open_is_counted_left_and_stops_nothing(database: Database, keys: KeyringFile) -> None:
    fill(database, 5)
    with database.write_session() as session:
        other = session.scalar(select(Job.contact_phone_sealed).where(Job.job_id == 5))
        session.execute(update(Job).where(Job.job_id == 2).values(contact_phone_sealed=other))
        session.execute(update(Job).where(Job.job_id == 3).values(contact_phone_sealed="v1.f00000000.intl.AAAA"))
        session.execute(update(Job).where(Job.job_id == 4).values(contact_phone_sealed="nonsense"))
    add_key("field", clock.now())
    done = {f"{one.table}.{one.column}": one for one in reseal(database, batch=1)}
    assert (done["job.contact_phone"].changed, done["job.contact_phone"].locked) == (2, 3)
    with database.read_session() as session:
        assert session.get_one(Job, 2).contact_phone_sealed == other


def test_beside_writers_the_last_word_is_theirs(database: Database, keys: KeyringFile) -> None:
    fill(database, 120)
    said: dict[int, str] = {}
    stop = threading.Event()

    def write(numbers: range) -> None:
        turn = 0
        while not stop.is_set():
            for number in numbers:
                turn += 1
                value = f"139{number:04d}{turn:04d}"
                with database.write_session() as session:
                    session.get_one(Job, number, with_for_update=True).contact_phone = value
                said[number] = value
                stop.wait(0.002)

    writers = [threading.Thread(target=write, args=(numbers,)) for numbers in (range(1, 20), range(60, 80))]
    for writer in writers:
        writer.start()
    for _ in range(3):
        add_key("field", clock.now())
        reseal(database, batch=30)
    stop.set()
    for writer in writers:
        writer.join()
    reseal(database)
    after = contacts(database)
    assert len(said) >= 20
    assert {number: after[number][1] for number in said} == said
    assert all(after[number] == ("演示联系人", phone(number - 1)) for number in after if number not in said)
    assert set(in_use(database)) == {keys.get().active["field"]}


def test_rows_that_somebody_holds_are_passed_over_and_told(
    database: Database, keys: KeyringFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer: nobody holds a single row")
    fill(database, 3)
    add_key("field", clock.now())
    monkeypatch.setattr(rotate, "PASSES_MOST", 2)
    with database.write_session() as holder:
        holder.get_one(Job, 2, with_for_update=True)
        done = {f"{one.table}.{one.column}": one for one in reseal(database)}
        assert (done["job.contact_phone"].changed, done["job.contact_phone"].left) == (2, 1)
    assert sum(one.changed for one in reseal(database)) == 2


@pytest.mark.costly
@pytest.mark.timeout(200)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_in_the_middle_and_resumed(kind: str, request: pytest.FixtureRequest, keys: KeyringFile, tmp_path: Path) -> None:
    url = request.getfixturevalue("sqlite_url") if kind == "sqlite" else request.getfixturevalue("new_postgres_url")()
    database = Database(url)
    try:
        fill(database, 1000)
        old = keys.get().active["field"]
        before = contacts(database)
        new = add_key("field", clock.now()).key_id
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "KEYS_FILE": str(keys.path)}
        command = [sys.executable, "-m", "flask", "--app", "wsgi.py", "keys", "reseal", "--batch", "10"]
        running = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGKILL)
        running.wait(20)
        running.stdout.close()
        half = in_use(database)
        assert half[old] > 0
        assert half[new] > 0
        assert half[old] + half[new] == 2000
        assert contacts(database) == before, "everything can be read at any moment"
        done = subprocess.run(
            [*command[:-1], "500"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=100, check=True
        )
        assert f"重新加密了 {half[old]} 处" in done.stdout
        assert in_use(database) == {new: 2000}
        assert contacts(database) == before
    finally:
        database.close()


def test_an_old_key_leaves_only_when_nothing_needs_it(database: Database, keys: KeyringFile) -> None:
    fill(database, 2)
    now = clock.now()
    with database.write_session() as session:
        assert check_keys(session, now) is None
    old = keys.get().active["field"]
    with pytest.raises(Conflict) as refused:
        retire(database, old, now)
    assert refused.value.error == "key_active"
    new = add_key("field", now).key_id
    later = now + timedelta(hours=2)
    for moment, error in ((now, "key_young"), (later, "key_needed")):
        with pytest.raises(Conflict) as refused:
            retire(database, old, moment)
        assert refused.value.error == error
    reseal(database)
    retire(database, old, later)
    assert old not in keys.get().keys
    assert {job[1] for job in contacts(database).values()} == {phone(0), phone(1)}
    with database.write_session() as session:
        assert check_keys(session, now) is None
    chain = keys.get().active["chain"]
    for key_id, error in ((chain, "key_needed"), ("f00000000", "key_unknown"), (new, "key_active")):
        with pytest.raises(Conflict) as refused:
            retire(database, key_id, later)
        assert refused.value.error == error


def test_other_keys_are_noticed_before_anything_is_written(database: Database, keys: KeyringFile, tmp_path: Path) -> None:
    with database.write_session() as session:
        assert check_keys(session, clock.now()) is None
    add_key("field", clock.now())
    add_key("index", clock.now())
    with database.write_session() as session:
        assert check_keys(session, clock.now()) is None
        assert check_keys(session, clock.now()) is None
    good = keys.get()
    others = keyring.use(KeyringFile(tmp_path / "new.json", "intl"))
    with database.write_session() as session:
        said = check_keys(session, clock.now())
    assert said is not None
    assert "不见了" in said
    assert not others.path.exists()
    others.get()
    with database.write_session() as session:
        said = check_keys(session, clock.now())
    assert said is not None
    assert "缺少" in said
    for key in good.keys.values():
        keyring.use(keys)
        false = type(key)(key.key_id, key.use, key.suite, key.made_at, new_key(key.use, "intl", clock.now()).secret)
        wrong = keys.change({**good.keys, key.key_id: false}, good.active, expected=good)
        with database.write_session() as session:
            said = check_keys(session, clock.now())
        assert said is not None
        assert f"{key.key_id} 和数据库对不上" in said
        keys.change(good.keys, good.active, expected=wrong)


def test_the_commands(app: flask.Flask, keys: KeyringFile) -> None:
    database: Database = app.extensions["database"]
    fill(database, 2)
    runner = app.test_cli_runner()
    old = keys.get().active["field"]

    def run(*words: str) -> tuple[int, str]:
        done = runner.invoke(args=["keys", *words])
        return done.exit_code, done.output

    code, said = run("status")
    assert code == 0
    assert f"{old} 加密内容 intl" in said
    assert "4 处在用" in said
    keys.suite = "gm"
    assert "CRYPTO_SUITE=gm 还没有生效" in run("status")[1]
    assert run("rotate")[0] == 0
    assert "重新加密了 4 处" in run("reseal")[1]
    assert "CRYPTO_SUITE" not in run("status")[1]
    code, said = run("retire", old)
    assert (code, "还不到一小时" in said) == (1, True)
    with database.write_session() as session:
        session.execute(update(Job).where(Job.job_id == 1).values(contact_phone_sealed="v1.f00000000.intl.AAAA"))
    code, said = run("status")
    assert (code, "f00000000 不在密钥文件里" in said) == (1, True)
    code, said = run("reseal")
    assert (code, "有 1 处打不开" in said) == (1, True)
    keys.path.chmod(0o644)
    keys._held = None
    for words in (("status",), ("rotate",), ("reseal",), ("retire", old)):
        code, said = run(*words)
        assert (code, "chmod 600" in said) == (1, True), words
    assert "Traceback" not in said


class OwnBase(DeclarativeBase):
    """A table of this test only."""


class Person(SealedRow, OwnBase):
    """A made-up model whose text is looked up by an index, under a primary key of two columns."""

    __tablename__ = "made_up_person"

    part: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[str | None] = mapped_column(String(INDEX_LENGTH))
    phone = Sealed("phone", index="phone")


def test_index_keys_turn_over_as_well(database: Database, keys: KeyringFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is found under either key meanwhile, and under the new one alone afterwards."""
    monkeypatch.setattr(rotate, "sealed_columns", lambda: [SealedColumn(Person, Person.phone)])
    with database.write_session() as session:
        OwnBase.metadata.create_all(session.connection())
        session.add_all(Person(part=part, number=number, phone=phone(number)) for part in (1, 2) for number in range(3))
        session.add(Person(part=3, number=0))
    try:
        new = add_key("index", clock.now()).key_id

        def found() -> int:
            with database.read_session() as session:
                return len(session.scalars(select(Person).where(Person.phone_index.in_(candidates(phone(1), "phone")))).all())

        assert found() == 2
        with database.write_session() as session:
            session.get_one(Person, (1, 0)).phone = "13900000000"
        (done,) = reseal(database, batch=2)
        assert (done.changed, done.left, done.locked) == (5, 0, 0)
        assert found() == 2
        with database.read_session() as session:
            people = session.scalars(select(Person).order_by(Person.part, Person.number)).all()
            assert [person.phone for person in people] == ["13900000000", *(phone(n) for n in (1, 2, 0, 1, 2)), ""]
            assert [index_key_of(person.phone_index or "") for person in people] == [new] * 6 + [""]
    finally:
        with database.write_session() as session:
            OwnBase.metadata.drop_all(session.connection())


def test_texts_sealed_without_an_index_get_one(database: Database, keys: KeyringFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that gets an index later is filled by the same command."""
    monkeypatch.setattr(rotate, "sealed_columns", lambda: [SealedColumn(Person, Person.phone)])
    with database.write_session() as session:
        OwnBase.metadata.create_all(session.connection())
        session.add(Person(part=1, number=1, phone=phone(1)))
        session.flush()
        session.execute(update(Person).values(phone_index=None))
    try:
        assert [one.changed for one in reseal(database)] == [1]
        with database.read_session() as session:
            assert session.get_one(Person, (1, 1)).phone_index == candidates(phone(1), "phone")[0]
    finally:
        with database.write_session() as session:
            OwnBase.metadata.drop_all(session.connection())
