"""Backups: one moment while others write, put back into either kind of database, nothing half, nothing damaged."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from sqlalchemy import func, select, text, update

from matching import open_index
from service import clock
from service.backup.archive import MANIFEST, PARTIAL, BackupUnusable, Manifest, _checksum, line_of, read_manifest, values_of
from service.backup.make import make
from service.backup.restore import restore, verify
from service.db import Database
from service.employers.models import Employer
from service.indexing.follower import Follower
from service.jobs.models import Job, JobChange
from service.migrations.run import heads, revision
from service.tasks import enqueue
from tests.service.conftest import make_people
from tests.service.indexing.conftest import post_to

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "0.0.test"


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with people, jobs, tasks, and texts that are awkward to write down."""
    with database.write_session() as session:
        make_people(session, clock.now())
        session.add(Employer(name='演示"引号"，逗号\n换行 😀 \\N', created_at=clock.now()))
        enqueue(session, "test.kept", {"worker_id": 7, "codes": ["a", "b"]})
    for number in range(30):
        post_to(database, number)
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A target without tables."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'target' / 'chengnuan.db'}")
    url = request.getfixturevalue("new_postgres_url")()
    opened = Database(url)
    with opened.write_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return opened


def backed_up(database: Database, tmp_path: Path) -> tuple[Path, Manifest]:
    """A backup of it, with a picture of a paper beside it."""
    data = tmp_path / "data"
    (data / "files" / "ab").mkdir(parents=True)
    (data / "files" / "ab" / "licence").write_bytes(b"sealed" * 100)
    (data / "keys.json").write_text("not to be copied")
    return make(database, data, tmp_path / "backups", clock.now(), PROGRAM)


@pytest.mark.costly
def test_put_back_into_either_kind_and_compared(filled: Database, empty: Database, tmp_path: Path) -> None:
    folder, manifest = backed_up(filled, tmp_path)
    assert {part.table for part in manifest.parts} >= {"job", "employer", "account", "task", "job_change"}
    assert not list(folder.rglob("keys*"))
    new_home = tmp_path / "new-home"
    restore(folder, empty, new_home, clock.now())
    assert (new_home / "files/ab/licence").read_bytes() == b"sealed" * 100
    assert revision(empty.url) == heads()[0]
    assert verify(manifest, empty) == ["job_change"]  # the one line that says it was put back
    with filled.read_session() as before, empty.read_session() as after:
        for column in (Job.job_id, Job.title, Job.published_at, Job.trade_codes, Job.tags, Job.lat, Employer.name):
            ordered = select(column).order_by(*column.class_.__table__.primary_key)
            assert before.scalars(ordered).all() == after.scalars(ordered).all()

    # New rows get new numbers, and the index is made from it.
    with empty.read_session() as session:
        highest = session.scalar(select(func.max(Job.job_id)))
    assert post_to(empty, 900) == (highest or 0) + 1
    follower = Follower(empty, tmp_path / "index")
    follower.step()
    assert follower.writer.jobs == 31
    follower.close()
    empty.close()


@pytest.mark.costly
def test_an_index_of_the_time_that_was_lost_is_not_believed(filled: Database, tmp_path: Path) -> None:
    """The index knows jobs that the backup does not: it is rebuilt, whichever way the numbers happen to lie."""
    folder, _ = make(filled, tmp_path / "data", tmp_path / "backups", clock.now(), PROGRAM)
    for number in range(100, 103):
        post_to(filled, number)
    follower = Follower(filled, tmp_path / "index")
    follower.step()
    assert follower.writer.jobs == 33
    follower.close()
    target = Database(f"sqlite:///{tmp_path / 'put-back' / 'chengnuan.db'}")
    restore(folder, target, tmp_path / "put-back", clock.now())
    for more in range(6):  # also when the log has grown to about where it was
        follower = Follower(target, tmp_path / "index")
        while follower.step():
            pass
        follower.close()
        index = open_index(tmp_path / "index")
        assert index.jobs == 30 + more
        index.close()
        post_to(target, 500 + more)
    target.close()


@pytest.mark.costly
def test_one_moment_while_others_write(filled: Database, tmp_path: Path) -> None:
    """Each writer's transaction writes a pair: a backup holds both or none of them, and nobody is held up."""
    stopping = threading.Event()
    written: list[int] = []

    def write(name: str) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            with filled.write_session() as session:
                session.add(Employer(name=f"成对{name}{number}左", created_at=clock.now()))
                session.flush()
                session.add(Employer(name=f"成对{name}{number}右", created_at=clock.now()))
            written.append(number)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    try:
        made: list[Path] = []
        for _ in range(3):
            while len(written) < 10 * (len(made) + 1):
                time.sleep(0.01)
            made.append(make(filled, tmp_path / "data", tmp_path / f"backups{len(made)}", clock.now(), PROGRAM)[0])
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    for number, folder in enumerate(made):
        target = Database(f"sqlite:///{tmp_path / f'target{number}' / 'chengnuan.db'}")
        restore(folder, target, tmp_path / f"target{number}", clock.now())
        with target.read_session() as session:
            names = set(session.scalars(select(Employer.name).where(Employer.name.like("成对%"))))
        assert len(names) >= 10
        for name in names:
            assert name[:-1] + ("右" if name.endswith("左") else "左") in names
        target.close()


def test_a_target_with_anything_in_it_is_refused(filled: Database, tmp_path: Path) -> None:
    folder, _ = make(filled, tmp_path / "data", tmp_path / "backups", clock.now(), PROGRAM)
    with pytest.raises(BackupUnusable, match="不是空的"):
        restore(folder, filled, tmp_path, clock.now())
    with filled.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 30


def damage_middle(path: Path) -> None:
    """Change one byte."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def one_row_less(path: Path) -> None:
    """A file that is well formed and lacks a row."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[1:])))


@pytest.mark.parametrize("harm", [damage_middle, one_row_less, Path.unlink], ids=["byte", "row", "file"])
@pytest.mark.parametrize("which", ["tables/job.jsonl.gz", "files/files/ab/licence", MANIFEST])
def test_what_is_damaged_is_refused_before_anything_is_touched(
    sqlite_url: str, tmp_path: Path, harm: Callable[[Path], None], which: str
) -> None:
    database = Database(sqlite_url)
    post_to(database, 1)
    folder, _ = backed_up(database, tmp_path)
    database.close()
    if harm is one_row_less and not which.endswith(".gz"):
        (folder / which).write_text("{}")
    else:
        harm(folder / which)
    target = Database(f"sqlite:///{tmp_path / 'target' / 'chengnuan.db'}")
    with pytest.raises(BackupUnusable):
        restore(folder, target, tmp_path / "target", clock.now())
    with target.read_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_schema")).scalar() == 0
    target.close()


def test_a_path_that_leads_out_of_the_data_directory_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    folder, _ = backed_up(database, tmp_path)
    database.close()
    said = json.loads((folder / MANIFEST).read_bytes())
    said["files"] = {"../outside": next(iter(said["files"].values()))}
    (folder / "files").rename(folder / "moved")
    (folder / "files").mkdir()
    (folder / "outside").write_bytes(b"sealed" * 100)
    del said["checksum"]
    (folder / MANIFEST).write_text(json.dumps(said | {"checksum": _checksum(said)}))
    target = Database(f"sqlite:///{tmp_path / 'target' / 'chengnuan.db'}")
    with pytest.raises(BackupUnusable):
        restore(folder, target, tmp_path / "target", clock.now())
    assert not (tmp_path / "outside").exists()
    target.close()


def test_killed_in_the_middle_leaves_nothing_that_looks_whole(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    for number in range(5):
        post_to(database, number)
    database.close()
    paths = f"pathlib.Path({str(tmp_path)!r}), pathlib.Path({str(tmp_path / 'backups')!r})"
    program = (
        "import sys, time, pathlib\n"
        "from service import clock\n"
        "from service.backup import make as m\n"
        "from service.db import Database\n"
        "real = m._copy\n"
        "def slow(*a):\n    done = real(*a)\n    time.sleep(0.2)\n    return done\n"
        "m._copy = slow\n"
        f"m.make(Database({sqlite_url!r}), {paths}, clock.now(), 'x')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "backups").rglob("*.gz"))) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (left,) = (tmp_path / "backups").iterdir()
    assert left.name.endswith(PARTIAL)
    with pytest.raises(BackupUnusable, match="不是一份完整的备份"):
        read_manifest(left)
    left.rename(left.with_suffix(""))  # whoever renames it by hand
    with pytest.raises(BackupUnusable, match="不是一份完整的备份"):
        read_manifest(left.with_suffix(""))


def test_no_room_leaves_nothing(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(sqlite_url)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("service.backup.make.write_manifest", full)
    with pytest.raises(OSError, match="No space"):
        make(database, tmp_path / "data", tmp_path / "backups", clock.now(), PROGRAM)
    assert list((tmp_path / "backups").iterdir()) == []
    database.close()


def test_verify_finds_one_changed_value(filled: Database, tmp_path: Path) -> None:
    _, manifest = make(filled, tmp_path / "data", tmp_path / "backups", clock.now(), PROGRAM)
    assert verify(manifest, filled) == []
    with filled.write_session() as session:
        session.execute(update(Employer).where(Employer.employer_id == 1).values(name="演示改过"))
    assert verify(manifest, filled) == ["employer"]


def test_lines_are_read_as_they_were_written() -> None:
    values: list[Any] = [1, None, "行\n", True, 1.5, clock.now(), {"b": [1, None], "a": "x"}, [], b"\x00\xff"]
    kinds = [False] * 6 + [True, True, False]
    assert values_of(line_of(values, kinds)) == values
    with pytest.raises(ValueError, match="unknown kind"):
        values_of(b'[["code", "x"]]')


@pytest.mark.costly
def test_the_log_of_a_restored_database_counts_on(filled: Database, empty: Database, tmp_path: Path) -> None:
    folder, _ = make(filled, tmp_path / "data", tmp_path / "backups", clock.now(), PROGRAM)
    restore(folder, empty, tmp_path / "target", clock.now())
    with empty.write_session() as session:
        line = JobChange(job_id=1, at=clock.now())
        session.add(line)
        session.flush()
        assert line.change_id > 10_000_000
    empty.close()


def test_the_commands(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    post_to(database, 1)
    database.close()
    environment = os.environ | {"DATABASE_URL": sqlite_url, "DATA_DIR": str(tmp_path / "data")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", "--app", "wsgi.py", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)

    made = run("backup", "--to", str(tmp_path / "backups"))
    assert made.returncode == 0, made.stderr
    assert "备份完成" in made.stdout
    assert "密钥文件不在备份里" in made.stdout
    (folder,) = (tmp_path / "backups").iterdir()
    done = run("restore", str(folder), "--into", str(tmp_path / "t"))
    assert (done.returncode, "逐行核对" in done.stdout) == (0, True), done.stderr
    again = run("restore", str(folder), "--into", str(tmp_path / "t"))
    assert again.returncode == 1
    assert "不是空的" in again.stderr


def test_the_check_of_the_command(app: flask.Flask, tmp_path: Path) -> None:
    folder, _ = backed_up(app.extensions["database"], tmp_path)
    run = app.test_cli_runner()
    assert "完好" in run.invoke(args=["restore", str(folder), "--into", str(tmp_path / "t"), "--check"]).output
    damage_middle(folder / "tables/job.jsonl.gz")
    said = run.invoke(args=["restore", str(folder), "--into", str(tmp_path / "t"), "--check"])
    assert said.exit_code == 1
    assert "缺失或损坏" in said.output
