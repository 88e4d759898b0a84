"""The nightly batch: everybody gets what they would find, once, whatever happens in between."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import flask
import numpy as np
import psutil
import pytest
from sqlalchemy import select

from matching import Query, open_index, search
from seed_jobs import synthesize
from service import clock
from service.config import Settings
from service.consents import texts
from service.db import Database
from service.matches import plan as plans
from service.matches import results, wishes
from service.matches.batch import Done, Order, Wanted, begun
from service.matches.models import WorkerMatch
from service.matches.run import run
from service.workers import ages
from service.workers.models import Worker
from tests.service.conftest import agree
from tests.service.matches.conftest import Command, Row, parts

ROOT = Path(__file__).resolve().parents[3]


def today() -> date:
    return clock.now().astimezone(clock.BEIJING).date()


def rows(database: Database, day: date | None = None) -> list[Row]:
    """What the table holds of a day, today."""
    columns = (WorkerMatch.worker_id, WorkerMatch.rank, WorkerMatch.job_id, WorkerMatch.score)
    with database.read_session() as session:
        found = session.execute(select(*columns).where(WorkerMatch.day == (day or today())).order_by(*columns[:2]))
        return [(worker, rank, job, score) for worker, rank, job, score in found]


@pytest.fixture
def database(app: flask.Flask) -> Database:
    opened: Database = app.extensions["database"]
    return opened


def test_everybody_gets_what_they_would_find(
    settings: Settings, database: Database, jobs: None, workers: list[int], match_all: Command
) -> None:
    result = match_all("--limit", 5, "--piece", 7)
    assert result.exit_code == 0, result.output
    assert f"匹配了 {len(workers)} 人" in result.output
    found = rows(database)
    assert len({worker for worker, *_ in found}) > len(workers) // 2
    held = plans.read(plans.folder_of(settings.data_dir / "matches", today()))
    assert held is not None
    index = open_index(settings.index_dir)
    with database.read_session() as session:
        whole = wishes.Piece(workers[0], workers[-1], len(workers))
        ids, queries = wishes.workers(session, whole, held.now, 5, by_turns=True)
    expected = [
        (worker, rank, hit.job_id, hit.score)
        for worker, query in zip(ids, queries, strict=True)
        for rank, hit in enumerate(search(index, query), 1)
    ]
    index.close()
    assert found == expected
    assert parts(settings.data_dir / "matches") == expected

    again = match_all("--limit", 5)
    assert again.exit_code == 0
    assert "没有要做的" in again.output
    assert rows(database) == expected


@pytest.mark.costly
def test_two_processes_find_what_one_finds(
    settings: Settings, database: Database, jobs: None, workers: list[int], match_all: Command, tmp_path: Path
) -> None:
    with begun(settings, tmp_path / "one", _wanted()) as order:
        run(order, 1, lambda _: None)
    alone = rows(database)
    with begun(settings, tmp_path / "two", _wanted()) as order:
        assert rows(database) == []
        people, matches = run(order, 2, lambda _: None)
    assert people == len(workers)
    assert matches == len(alone)
    assert rows(database) == alone
    assert parts(tmp_path / "two") == alone


def _wanted(now: int | None = None, day: date | None = None, *, fresh: bool = False) -> Wanted:
    return Wanted(day or today(), now or clock.seconds(datetime(2026, 1, 1, tzinfo=UTC)), 5, 3, None, fresh)


def _hears_ctrl_c() -> None:
    """A test run in the background of a shell hands on that SIGINT is ignored; at a terminal it is not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Batch:
    """``flask jobs match-all`` as a process of its own. Who goes on with one names its ``day``: midnight may have passed."""

    def __init__(self, settings: Settings, *arguments: str, day: date | None = None) -> None:
        self.day = day or today()
        environment = os.environ | {"DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir)}
        self.folder = plans.folder_of(settings.data_dir / "matches", self.day)
        arguments = ("--limit", "5", "--piece", "1", "--day", self.day.isoformat(), *arguments)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi.py", "jobs", "match-all", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_hears_ctrl_c,  # noqa: PLW1509 - nothing of the child is Python yet but this one call
        )

    def wait_for_parts(self, number: int) -> None:
        deadline = time.monotonic() + 60
        while len(list(self.folder.glob("part-*"))) < number:
            assert time.monotonic() < deadline
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.002)

    def end(self) -> str:
        return self.process.communicate(timeout=90)[0]


def _undisturbed(settings: Settings, out: Path, held: plans.Plan) -> list[Row]:
    with begun(settings, out, _wanted(held.now, held.day)) as order:
        run(order, 1, lambda _: None)
    return parts(out)


@pytest.mark.long
@pytest.mark.parametrize(("database_url", "processes"), [("sqlite", "1"), ("postgresql", "2")], indirect=["database_url"])
def test_a_batch_that_is_killed_goes_on_where_it_was(
    settings: Settings, database: Database, jobs: None, workers: list[int], tmp_path: Path, processes: str
) -> None:
    batch = Batch(settings, "--processes", processes)
    batch.wait_for_parts(4)
    hands = psutil.Process(batch.process.pid).children(recursive=True)
    batch.process.kill()
    batch.end()
    done = len(list(batch.folder.glob("part-*")))
    assert done < len(workers)
    resumed = Batch(settings, "--processes", processes, day=batch.day)
    said = resumed.end()
    assert resumed.process.returncode == 0, said
    assert "接着上次的" in said
    _, alive = psutil.wait_procs(hands, timeout=30)
    assert alive == []

    found = rows(database, batch.day)
    held = plans.read(batch.folder)
    assert held is not None
    assert parts(settings.data_dir / "matches") == found
    assert found == _undisturbed(settings, tmp_path / "whole", held)


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_process_that_dies_stops_the_batch_and_loses_nothing(
    settings: Settings, database: Database, jobs: None, workers: list[int], tmp_path: Path
) -> None:
    batch = Batch(settings, "--processes", "2")
    batch.wait_for_parts(2)
    hands = [child for child in psutil.Process(batch.process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    hands[0].kill()
    said = batch.end()
    assert batch.process.returncode == 1, said
    assert "意外结束" in said
    assert "再执行一次就接着做" in said
    resumed = Batch(settings, day=batch.day)
    said = resumed.end()
    assert resumed.process.returncode == 0, said
    held = plans.read(batch.folder)
    assert held is not None
    assert rows(database, batch.day) == _undisturbed(settings, tmp_path / "whole", held)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ctrl_c_stops_and_says_how_to_go_on(settings: Settings, jobs: None, workers: list[int]) -> None:
    batch = Batch(settings)
    batch.wait_for_parts(2)
    batch.process.send_signal(signal.SIGINT)
    said = batch.end()
    assert batch.process.returncode == 130, said
    assert "再执行一次就接着做" in said
    assert "Traceback" not in said


def test_ctrl_c_is_heard_while_python_tidies_up(settings: Settings, jobs: None, workers: list[int], match_all: Command) -> None:
    class Passing:
        pass

    def pressed(_gone: object) -> None:
        signal.raise_signal(signal.SIGINT)

    def run_and_tidy(order: Order, processes: int, report: Callable[[Done], None]) -> Done:
        def said(done: Done) -> None:
            passing = Passing()
            watch = weakref.ref(passing, pressed)
            del passing
            assert watch() is None
            report(done)

        return run(order, processes, said)

    before = signal.getsignal(signal.SIGINT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.matches.run.run", run_and_tidy)
        result = match_all()
    assert (result.exit_code, "再执行一次就接着做" in result.output) == (130, True)
    assert signal.getsignal(signal.SIGINT) is before


def test_without_an_index_nothing_begins(settings: Settings, workers: list[int], match_all: Command) -> None:
    result = match_all()
    assert result.exit_code == 1
    assert "还没有岗位索引" in result.output
    assert not (settings.data_dir / "matches").exists()


def test_nobody_to_match(jobs: None, match_all: Command) -> None:
    result = match_all()
    assert result.exit_code == 0
    assert "没有要匹配的人" in result.output


def test_other_conditions_are_refused_and_fresh_begins_anew(
    app: flask.Flask, database: Database, jobs: None, workers: list[int], match_all: Command
) -> None:
    assert match_all("--limit", 5).exit_code == 0
    refused = match_all("--limit", 6)
    assert refused.exit_code == 1
    assert "--fresh" in refused.output
    assert len(rows(database)) > 0
    with database.write_session() as session:
        session.get_one(Worker, workers[1]).left_at = clock.now()
    again = match_all("--limit", 1, "--fresh")
    assert again.exit_code == 0
    assert f"匹配了 {len(workers) - 1} 人" in again.output
    assert {rank for _, rank, *_ in rows(database)} == {1}
    assert workers[1] not in {worker for worker, *_ in rows(database)}  # who has left is not matched


def test_one_batch_at_a_time(settings: Settings, jobs: None, workers: list[int], match_all: Command) -> None:
    with plans.alone(plans.folder_of(settings.data_dir / "matches", today())):
        result = match_all()
    assert result.exit_code == 1
    assert "正在进行" in result.output


def test_wishes_from_a_file_become_parquet_only(
    settings: Settings, database: Database, jobs: None, workers: list[int], match_all: Command, tmp_path: Path
) -> None:
    asked = synthesize.queries(30, seed=3, now=clock.seconds(clock.now()))
    file = tmp_path / "wishes.jsonl"
    file.write_text("".join(f"{_line(query)}\n" for query in asked), encoding="utf-8")
    result = match_all("--workers-from", file, "--piece", 7, "--limit", 3)
    assert result.exit_code == 0, result.output
    assert rows(database) == []
    index = open_index(settings.index_dir)
    expected = [
        (line, rank, hit.job_id, hit.score)
        for line, query in enumerate(asked, 1)
        for rank, hit in enumerate(search(index, query)[:3], 1)
    ]
    index.close()
    assert expected
    assert parts(settings.data_dir / "matches") == expected
    file.write_text("".join(f"{_line(query)}\n" for query in asked[1:]), encoding="utf-8")
    assert match_all("--workers-from", file, "--limit", 3).exit_code == 1  # not the file that the batch began with


def _line(query: Query) -> str:
    return json.dumps(asdict(query), ensure_ascii=False, default=sorted)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "焊工",
        "[]",
        "[" * 9_000,
        '{"wish": "焊工"}',
        '{"now": 1, "kinds": 5}',
        '{"now": 1, "kinds": ["none"]}',
        '{"now": 1, "lat": 99, "lng": 114}',
        '{"now": 1, "lat": "25", "lng": "114"}',
        '{"now": 1, "sort": "best"}',
        '{"now": 1, "text": 5}',
        '{"now": 1, "age": "18"}',
        '{"now": 1, "age": 1180591620717411303424}',
        '{"now": 1, "tags_all": [["包吃"]]}',
        '{"now": 1, "regions": ["赣州"]}',
    ],
)
def test_a_line_that_is_no_wish_is_named(jobs: None, match_all: Command, tmp_path: Path, line: str) -> None:
    file = tmp_path / "wishes.jsonl"
    file.write_text(f'{{"now": 1, "text": "焊工"}}\n{line}\n', encoding="utf-8")
    result = match_all("--workers-from", file)
    assert result.exit_code == 1
    assert "第 2 行" in result.output


def test_rows_of_long_ago_go_when_a_batch_begins(database: Database, jobs: None, workers: list[int], match_all: Command) -> None:
    days = [today() - timedelta(days=ago) for ago in (1, 8)]
    with database.write_session() as session:
        session.add_all(WorkerMatch(worker_id=workers[0], day=day, rank=1, job_id=1, score=1) for day in days)
    match_all()
    with database.read_session() as session:
        assert set(session.scalars(select(WorkerMatch.day))) == {days[0], today()}


@pytest.mark.parametrize("ahead", [-30, 400])
def test_a_batch_of_another_day_leaves_the_days_of_this_week(
    settings: Settings, database: Database, jobs: None, workers: list[int], match_all: Command, ahead: int
) -> None:
    """A mistyped year must not empty the table."""
    days = [today() - timedelta(days=ago) for ago in (0, 7)]
    with database.write_session() as session:
        session.add_all(WorkerMatch(worker_id=workers[0], day=day, rank=1, job_id=1, score=1) for day in days)
    other = today() + timedelta(days=ahead)
    assert match_all("--day", other.isoformat()).exit_code == 0
    with database.read_session() as session:
        assert set(session.scalars(select(WorkerMatch.day))) == {*days, other}


def test_folders_of_long_ago_go_when_a_batch_begins(
    settings: Settings, jobs: None, workers: list[int], match_all: Command
) -> None:
    out = settings.data_dir / "matches"
    recent, old, running, foreign = (today() - timedelta(days=ago) for ago in (7, 8, 9, 10))
    for day in (recent, old, running, foreign):
        plans.folder_of(out, day).mkdir(parents=True)
        if day != foreign:
            plans.write(plans.folder_of(out, day), plans.Plan(day, 1, 5, "", ()))
    with plans.alone(plans.folder_of(out, running)):
        assert match_all().exit_code == 0
    left = {folder.name for folder in out.iterdir()}
    assert left == {plans.folder_of(out, day).name for day in (today(), recent, running, foreign)}


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    settings: Settings, jobs: None, workers: list[int], match_all: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "part")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        patched.setattr(plans, "put", lambda path, content: path.write_bytes(content))
        stopped = match_all()
    assert stopped.exit_code == 1
    assert "文件读写不了" in stopped.output
    assert "再执行一次就接着做" in stopped.output
    folder = plans.folder_of(settings.data_dir / "matches", today())
    assert {file.name for file in folder.iterdir()} == {"_plan.json", "_lock"}
    assert match_all().exit_code == 0


def test_what_duckdb_cannot_write_is_an_error_of_the_disk(tmp_path: Path) -> None:
    nothing = np.zeros(0, np.int64)
    with pytest.raises(OSError, match="part"):
        results.save_part(tmp_path / "gone" / "part", results.Found(nothing, nothing, nothing, nothing.astype(np.int16)))


def test_values_beyond_32_bits_are_kept(tmp_path: Path) -> None:
    """Seconds since 1970, by which the newest are sorted, pass 2**31 in 2038."""
    one = np.ones(1, np.int64)
    results.save_part(tmp_path / "part-0.parquet", results.Found(one, one, one << 32, one.astype(np.int16)))
    assert duckdb.read_parquet(str(tmp_path / "part-0.parquet")).project("score").fetchall() == [(2**32,)]


def test_rows_written_twice_are_there_once_and_only_of_who_is_still_there(database: Database, workers: list[int]) -> None:
    piece = wishes.Piece(workers[0], workers[-1] + 5, 3)
    gone = workers[-1] + 5
    found = results.Found(
        np.array([workers[0], workers[0], gone]),
        np.array([7, 8, 9]),
        np.array([50, 40, 30]),
        np.array([1, 2, 1], np.int16),
    )
    for _ in range(2):
        with database.write_session() as session:
            results.save_rows(session, today(), piece, found, clock.seconds(clock.now()))
    assert rows(database) == [(workers[0], 1, 7, 50), (workers[0], 2, 8, 40)]


def test_a_worker_asks_what_the_person_would_ask(database: Database) -> None:
    now = clock.seconds(datetime(2026, 11, 26, 4, tzinfo=UTC))
    with database.write_session() as session:
        placed = Worker(
            display_name="演示", wish="想找包住的焊工活", birth_month=date(1974, 11, 1), region_code="360702000000",
            lat=25.83, lng=114.93, radius_km=30.0, wage_min_yuan_month=5000, sex="male", created_at=clock.now(),
        )  # fmt: skip
        unplaced = Worker(display_name="演示", region_code="360702000000", created_at=clock.now())
        session.add_all([placed, unplaced])
        session.flush()
        for who in (placed, unplaced):
            agree(session, who.worker_id, texts.RANKING, texts.BATCH)
        piece = wishes.Piece(placed.worker_id, unplaced.worker_id, 2)
    with database.read_session() as session:
        _, (first, second) = wishes.workers(session, piece, now, 7, by_turns=False)
    assert (first.lat, first.radius_km, first.regions, first.age, first.limit) == (25.83, 30.0, (), 51, 7)
    assert "焊工" in first.text
    assert first.tags_wanted == {"包住"}
    assert first.wage_min_yuan_month == 5000
    assert first.wage_floor_yuan_month is None
    assert second.regions == ("360702000000",)
    assert (second.age, second.text, second.fair_seed) == (None, "", None)


def test_nobody_is_older_than_is_sure() -> None:
    assert ages.age_on(date(2026, 11, 30), date(2010, 11, 1)) == 15
    assert ages.age_on(date(2026, 12, 1), date(2010, 11, 1)) == 16
    assert ages.age_on(date(2026, 1, 1), date(1976, 12, 1)) == 49
