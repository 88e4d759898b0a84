"""Workers that are killed with -9 in the middle of a task, as real processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from service import background
from service.db import Database
from service.employers.models import Employer
from service.tasks import enqueue
from service.tasks.models import Task
from tests.service.tasks.slow_worker import LEASE_SECONDS, WORK_SECONDS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def own(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Database]:
    """A database that other processes use."""
    url = sqlite_url if request.param == "sqlite" else request.getfixturevalue("new_postgres_url")()
    opened = Database(url)
    yield opened
    opened.close()


@contextmanager
def worker(database: Database, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker process; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.tasks.slow_worker", database.url, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def began(process: subprocess.Popen[str]) -> None:
    """Wait until a task has begun."""
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"


@pytest.mark.costly
@pytest.mark.parametrize("kind", ["test.inside", "test.outside"])
def test_done_again_after_the_lease_and_once_in_effect(own: Database, tmp_path: Path, kind: str) -> None:
    with own.write_session() as session:
        number = enqueue(session, kind, {"n": 1})
    with worker(own, tmp_path) as first:
        began(first)
        first.kill()
        killed = time.monotonic()
    with worker(own, tmp_path) as second:
        began(second)
        while True:
            employers = select(func.count()).select_from(Employer).scalar_subquery()
            with own.read_session() as session:  # one statement: on PostgreSQL each sees a moment of its own
                state, written = session.execute(select(Task.state, employers).where(Task.task_id == number)).one()
            assert (written == 1) == (state == "done")  # never one without the other
            if state == "done":
                break
            assert time.monotonic() - killed < 90
            time.sleep(0.05)
    with own.read_session() as session:
        assert session.get_one(Task, number).tries == 2
    took = time.monotonic() - killed
    assert took < LEASE_SECONDS + WORK_SECONDS + 30, took  # the new process may be long in starting on a busy machine


@pytest.mark.costly
def test_stops_when_told_and_finishes_what_is_at_hand(own: Database, tmp_path: Path) -> None:
    """Without a signal handler of its own the slow worker dies of SIGTERM; the real process finishes and leaves with 0."""
    environment = {"DATABASE_URL": own.url, "DATA_DIR": str(tmp_path), "LOG_LEVEL": "info", "PATH": ""}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "service.background"], cwd=ROOT, env=environment, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while True:  # the pulse and the daily work of the clock are made and done
            with own.read_session() as session:
                done = set(session.scalars(select(Task.kind).where(Task.state == "done")))
            if done >= {"tasks.pulse", "idempotency.forget"}:
                break
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        assert psutil.Process(process.pid).memory_info().rss < 300 * 2**20  # words and tables of what comes in, no engine
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_every_feature_with_tasks_is_known_to_the_process() -> None:
    source = Path(background.__file__).read_text(encoding="utf-8")
    for module in sorted((ROOT / "service").glob("*/tasks.py")):
        assert f"import service.{module.parent.name}.tasks" in source, module


def test_the_process_loads_no_engine() -> None:
    asked = "import sys, service.background; print('numba' in sys.modules, 'flask_smorest' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
