"""A copy built from snapshot and stream while the pool changes all the time ends as the pool is, also when it is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
from sqlalchemy import select

from service import clock
from service.db import Database
from service.jobs.models import Job, JobHistory
from service.jobs.put import DUPLICATE
from service.open_data import routes, snapshot
from service.open_data.record import record
from service.open_data.room import Room
from tests.service.open_data.copyist import Copy, snapshot_lines
from tests.service.open_data.pool import EMPLOYERS, ZHANGGONG, Writers, change, new_job, served

ROOT = Path(__file__).resolve().parents[3]
PARTS = {"all": "", "part": f"region={ZHANGGONG}&kind=gig", "trade": "trade=6-25"}


@pytest.fixture
def address(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application behind a socket, with pages so small that everything is cut somewhere."""
    monkeypatch.setattr(snapshot, "PAGE", 7)
    monkeypatch.setattr(routes, "PART_SECONDS", 0.02)
    app.extensions["room"] = Room.of(16)
    app.extensions["settings"] = replace(app.extensions["settings"], rate_limit_factor=0)
    limit = app.extensions["rate_limit"]
    limit.factor, before = 0, limit.factor
    with served(app) as at:
        yield at
    limit.factor = before


def truth(address: str, query: str) -> dict[int, dict[str, Any]]:
    """The pool as it is now, by a snapshot that nothing changes meanwhile."""
    found, rest = {}, query
    while True:
        for line in snapshot_lines(address, rest):
            if line["type"] == "job":
                found[line["job_id"]] = line
        if line["type"] == "end":
            return found
        rest = line["next"].partition("?")[2]


def settle(address: str, copies: dict[str, Copy]) -> None:
    """After the writers: read to the end, past everything that is about to run out, and compare."""
    time.sleep(2.1)
    for name, copy in copies.items():
        while copy.step():
            pass
        expected = truth(address, PARTS[name])
        held = copy.jobs()
        assert held.keys() == expected.keys(), (name, held.keys() ^ expected.keys())
        assert held == expected
        assert expected, f"{name}: the pool is empty, which shows nothing"


def joined_and_freed(database: Database) -> tuple[int, int]:
    """How often a job became a copy of another, and how often one stood for itself again."""
    with database.read_session() as session:
        lines = session.scalars(select(JobHistory.changes).where(JobHistory.action == DUPLICATE))
        heads = [line["duplicate_of_id"] for line in lines if "duplicate_of_id" in line]
    return sum(head[0] is None for head in heads), sum(head[1] is None for head in heads)


def run(database: Database, address: str, directory: Path, seconds: float, seed: int) -> tuple[int, int, int]:
    """Three copies beside four writers. How many transactions there were, how many jobs became copies and stood alone again."""
    with database.write_session() as session:
        for number in range(40):
            new_job(session, clock.now(), employer_name=EMPLOYERS[number % len(EMPLOYERS)])
    writers = Writers(database.url, 4, seed)
    copies = {name: Copy(address, directory / f"{name}.db", query) for name, query in PARTS.items()}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for copy in copies.values():
            copy.step(limit=5)
    writers.stop()
    settle(address, copies)
    for copy in copies.values():
        copy.close()
        assert copy.began_anew == 0
    return writers.written, *joined_and_freed(database)


@pytest.mark.costly
def test_copies_end_as_the_pool_is(database: Database, address: str, tmp_path: Path) -> None:
    written, joined, _freed = run(database, address, tmp_path, 3, seed=1)
    assert written > 10
    assert joined > 0


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [11, 22, 33])
def test_copies_end_as_the_pool_is_at_length(database: Database, address: str, tmp_path: Path, seed: int) -> None:
    written, joined, freed = run(database, address, tmp_path, 30, seed)
    assert written > 100
    assert min(joined, freed) > 10


def killed_again_and_again(database: Database, address: str, directory: Path, times: int, seed: int = 7) -> None:
    """A follower in a process of its own, killed with -9 at odd moments, in the snapshot too."""
    with database.write_session() as session:
        for number in range(300):
            new_job(session, clock.now(), employer_name=EMPLOYERS[number % len(EMPLOYERS)])
    dice = random.Random(times + seed)
    writers = Writers(database.url, 3, seed)
    file = directory / "copy.db"
    for _ in range(times):
        follower = subprocess.Popen(
            [sys.executable, "-m", "tests.service.open_data.copyist", address, str(file)], cwd=ROOT, env=os.environ
        )
        time.sleep(0.4 + dice.random() * 0.7)
        follower.send_signal(signal.SIGKILL)
        follower.wait()
    deadline = time.monotonic() + 60
    while not min(joined_and_freed(database)) and time.monotonic() < deadline:  # the writers' dice decide when
        time.sleep(0.2)
    writers.stop()
    assert min(joined_and_freed(database)) > 0
    copy = Copy(address, file)
    settle(address, {"all": copy})
    copy.close()


@pytest.mark.costly
def test_a_follower_killed_and_started_again_ends_the_same(database: Database, address: str, tmp_path: Path) -> None:
    killed_again_and_again(database, address, tmp_path, 4)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [7, 22, 33])
def test_a_follower_killed_thirty_times(database: Database, address: str, tmp_path: Path, seed: int) -> None:
    killed_again_and_again(database, address, tmp_path, 30, seed)


def test_a_snapshot_that_was_cut_goes_on_behind_its_last_job(
    database: Database, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    with database.write_session() as session:
        ids = [new_job(session, now).job_id for _ in range(60)]
    copy = Copy(address, tmp_path / "copy.db")
    cut = iter(range(10**9))

    def breaks(row: Any) -> dict[str, Any]:
        if next(cut) == 45:
            raise RuntimeError("the power went")
        return record(row)

    monkeypatch.setattr(snapshot, "record", breaks)
    monkeypatch.setattr(routes, "PART_SECONDS", 60.0)
    monkeypatch.setattr(snapshot, "BLOCK", 1)
    with pytest.raises((EOFError, httpx.HTTPError)):
        copy.step()
    held = set(copy.jobs())
    assert held < set(ids)
    with database.write_session() as session:
        change(session, ids[0], now, status="closed")
        session.get_one(Job, ids[1]).title = "没有写进变动记录的改动"  # seen only by who fetched it again
    while copy.step():
        pass
    assert set(copy.jobs()) == set(ids[1:])
    if ids[1] in held:
        assert copy.jobs()[ids[1]]["title"] == "电子厂普工"
    copy.close()
