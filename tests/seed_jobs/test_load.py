"""Loading into real databases: everything once, a second time nothing, and what people did stays."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from seed_jobs import written
from seed_jobs.__main__ import main
from seed_jobs.load import FRESH, load_all, load_feed
from seed_jobs.summary import Summary
from service import clock
from service.accounts.models import Account
from service.db import Database
from service.employers.models import Employer
from service.feeds.source import Bounds, open_source
from service.jobs.models import GigTerms, Job, JobChange, LiveListing, LiveSession
from service.jobs.put import apply
from service.stations.models import Station
from service.welcome import LOGINS
from service.workers.models import Worker

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with everything loaded, to copy: loading takes seconds."""
    path = tmp_path_factory.mktemp("loaded") / "loaded.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    _load(database)
    database.close()  # the last connection moves the write-ahead log into the file
    return path


@pytest.fixture
def loaded(loaded_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A database with everything loaded at ``NOW``."""
    path = tmp_path / "loaded.db"
    shutil.copy(loaded_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def _load(database: Database, now: datetime = NOW) -> Summary:
    return load_all(database, now, feeds=False)


def _count(database: Database, model: type[Job | JobChange | Employer | Station | Worker | Account | LiveListing]) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.costly
def test_a_fresh_start_holds_everything_and_a_second_time_changes_nothing(database: Database) -> None:
    told: list[str] = []
    summary = load_all(database, NOW, told.append, feeds=False)
    assert len(told) == 3
    assert summary.counts["演示零工"] == Counter(created=200)
    assert summary.counts["演示直播岗位"] == Counter(created=100)
    assert _count(database, Job) == 300
    assert _count(database, LiveListing) == 100
    assert _count(database, Station) == 12
    assert _count(database, Worker) == 12
    assert _count(database, Employer) == len(written.rows("employers.csv"))
    with database.read_session() as session:
        jobs = session.scalars(select(Job)).all()
        assert {job.status for job in jobs} == {"open"}
        assert {job.source_class for job in jobs} == {"demo"}
        assert {job.label for job in jobs} == {"演示"}
        assert all(NOW - timedelta(days=4) < job.published_at <= NOW < job.valid_until for job in jobs)
        assert all(job.point_source == "given" and job.employer_id for job in jobs)
        stationed = session.scalar(select(func.count()).select_from(GigTerms).where(GigTerms.station_id.is_not(None)))
        assert stationed is not None
        assert stationed > 80
    changes = _count(database, JobChange)
    again = _load(database, NOW + timedelta(minutes=5))
    assert all(set(counts) == {"unchanged"} for counts in again.counts.values()), again.lines()
    assert _count(database, Job) == 300
    assert _count(database, JobChange) == changes
    assert _count(database, Account) == len(LOGINS)


def test_demo_logins_stand_for_somebody(loaded: Database) -> None:
    with loaded.read_session() as session:
        accounts = {account.login: account for account in session.scalars(select(Account))}
        assert set(accounts) == {login for login, _ in LOGINS}
        employer = session.get(Employer, accounts["demo-employer"].employer_id)
        station = session.get(Station, accounts["demo-staff"].station_id)
        worker = session.get(Worker, accounts["demo-worker"].worker_id)
    assert employer is not None
    assert employer.verified_at is not None
    assert employer.name == "演示电子厂（章贡）"
    assert station is not None
    assert worker is not None
    assert worker.display_name == "演示工友01"
    assert accounts["demo-bureau"].region_code == "360700000000"
    assert all(account.demo for account in accounts.values())


def test_what_is_over_gets_new_days_and_what_goes_on_keeps_its_own(loaded: Database) -> None:
    later = NOW + timedelta(days=10)
    counts = _load(loaded, later).counts["演示零工"]
    assert counts["changed"] > 20
    assert counts["unchanged"] > 50
    with loaded.read_session() as session:
        assert session.scalar(select(func.count()).select_from(GigTerms).where(GigTerms.ends_at <= later)) == 0
        assert session.scalar(select(func.count()).select_from(Job).where(Job.valid_until <= later)) == 0


def test_streams_come_again_when_nobody_can_answer_them_any_more(loaded: Database) -> None:
    soon = _load(loaded, NOW + timedelta(days=15))
    assert soon.counts["演示直播岗位"] == Counter(unchanged=100)
    later = NOW + timedelta(days=60)
    assert _load(loaded, later).counts["演示直播岗位"] == Counter(changed=100)
    with loaded.read_session() as session:
        assert all(stream.starts_at > later for stream in session.scalars(select(LiveSession)))


def test_what_people_changed_is_kept(loaded: Database) -> None:
    with loaded.write_session() as session:
        account = session.scalars(select(Account).where(Account.login == "demo-employer")).one()
        job = session.scalars(select(Job).where(Job.original_id == "G036")).one()
        job.gig = session.get(GigTerms, job.job_id)
        job.listing = None
        apply(session, job, {"title": "线圈绕制（已改）"}, action="edit", account_id=account.account_id, now=NOW)
        worker = session.scalars(select(Worker).where(Worker.display_name == "演示工友01")).one()
        worker.wish = "只想做白班"
    assert _load(loaded, NOW + timedelta(hours=1)).counts["演示零工"] == Counter(unchanged=199, kept=1)
    with loaded.read_session() as session:
        assert session.scalars(select(Job.title).where(Job.original_id == "G036")).one() == "线圈绕制（已改）"
        assert session.scalars(select(Worker.wish).where(Worker.display_name == "演示工友01")).one() == "只想做白班"


def test_a_database_without_tables_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    assert main(["--no-feeds"]) == 1
    assert "请先建好表" in capsys.readouterr().err


def test_a_wrong_setting_gets_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere/db")
    assert main(["--no-feeds"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err


def test_the_command_sums_up(loaded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", loaded.url)
    assert main(["--no-feeds"]) == 0
    said = capsys.readouterr()
    assert "演示账号：没有变化 7" in said.out
    assert "演示零工 200 条" in said.err
    assert _count(loaded, Job) == 300


def test_a_feed_is_pulled_once_and_again_when_its_adverts_grow_old(loaded: Database, tmp_path: Path) -> None:
    whole = open_source("job51_sample")
    path = tmp_path / "head.csv"
    path.write_bytes(b"".join(gzip.decompress(whole.file.read_bytes()).splitlines(keepends=True)[:6]))
    source = replace(whole, file=path, bounds=Bounds((1, 10), (1, 10), 1.0))
    told: list[str] = []
    now = clock.now()
    first = load_feed(loaded, source, now, told.append)
    assert "读到 5 行" in first
    assert told[-1].endswith("5/5")
    count = _count(loaded, Job)
    assert count > 300
    assert "文件没有变化" in load_feed(loaded, source, now, told.append)
    assert "读到 5 行" in load_feed(loaded, source, now + FRESH + timedelta(hours=1), told.append)
    assert _count(loaded, Job) == count


def test_a_feed_that_is_stopped_says_so(loaded: Database) -> None:
    source = replace(open_source("job51_sample"), bounds=Bounds((1, 2), (1, 2), 1.0))
    assert "已停止，什么都没有写入" in load_feed(loaded, source, clock.now(), lambda _line: None)
    assert _count(loaded, Job) == 300
