"""A run compares what it has written with all there is, and keeps with each record what came of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.duplicates.mark import Marked, mark
from service.duplicates.tasks import mark_changed
from service.feeds import dedupe, ingest
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.replay import replay
from service.feeds.report import Report
from service.feeds.rollback import roll_back
from service.feeds.source import FeedSource
from service.jobs.marking import MARK
from service.jobs.models import Job, JobHistory
from service.tasks.models import Task
from tests.service.feeds.conftest import NOW, MakeSource, Row, WriteCsv, row

LATER = NOW + timedelta(hours=1)
FILE: list[Row] = [row(1), row(2, title="叉车工", content="在仓库里开叉车。", company="演示物流公司")]


@pytest.fixture
def one(make_source: MakeSource) -> FeedSource:
    """A source."""
    return make_source()


@pytest.fixture
def other(one: FeedSource) -> FeedSource:
    """Another source, which can bring the same."""
    return replace(one, key="demo_other", name="演示来源二")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs that runs have compared."""
    seen: list[int] = []

    def counting(session: Session, job_ids: Collection[int], now: datetime) -> Marked:
        seen.extend(job_ids)
        return mark(session, job_ids, now)

    monkeypatch.setattr(dedupe, "mark", counting)
    return seen


def pulled(database: Database, source: FeedSource, write_csv: WriteCsv, rows: Sequence[Row], now: datetime = NOW) -> Report:
    return pull(database, source, now=now, path=write_csv(f"{source.key}.csv", rows), write=True)


def jobs(database: Database, key: str) -> dict[str, Job]:
    with database.read_session() as session:
        return {str(job.original_id): job for job in session.scalars(select(Job).where(Job.source_key == key))}


def steps(database: Database, key: str) -> dict[str, list[str]]:
    """What the comparing made of each record of a source."""
    with database.read_session() as session:
        rows = session.scalars(select(FeedRecord).where(FeedRecord.source_key == key))
        return {row.original_id: (row.steps or {})["deduplicated"] for row in rows}


def queued(database: Database) -> list[dict[str, Any]]:
    with database.read_session() as session:
        return list(session.scalars(select(Task.payload).where(Task.kind == MARK).order_by(Task.task_id)))


def test_of_two_sources_that_bring_the_same_one_shows(
    feed_database: Database, one: FeedSource, other: FeedSource, write_csv: WriteCsv
) -> None:
    assert pulled(feed_database, one, write_csv, FILE).duplicates == 0
    report = pulled(feed_database, other, write_csv, [row(1, id="V7"), row(8, title="保洁员", content="打扫厂房。")])
    assert report.duplicates == 1
    assert "与别的岗位是同一个、并到一起显示的 1 条。" in report.lines()
    head, copy = jobs(feed_database, one.key)["V1"], jobs(feed_database, other.key)["V7"]
    assert (head.duplicate_of_id, copy.duplicate_of_id, copy.status) == (None, head.job_id, "open")
    assert head.also_from == [{"job_id": copy.job_id, "key": "demo_other", "name": "演示来源二", "url": copy.source_url}]
    said = steps(feed_database, other.key)
    assert said["V7"] == ["noted", "same_job", f"与 {head.job_id} 号岗位是同一个岗位，并到那一条里显示。"]
    assert said["V8"] == ["done"]
    with feed_database.read_session() as session:
        assert session.scalars(select(FeedRun.report).where(FeedRun.source_key == other.key)).one()["duplicates"] == 1
        order = session.scalars(select(FeedRecord.steps).where(FeedRecord.original_id == "V7")).one()
        assert list(order or {})[-2:] == ["deduplicated", "published"]


def test_only_what_is_new_or_changed_is_compared(
    feed_database: Database, one: FeedSource, write_csv: WriteCsv, compared: list[int]
) -> None:
    pulled(feed_database, one, write_csv, FILE)
    ids = {key: job.job_id for key, job in jobs(feed_database, one.key).items()}
    assert sorted(compared) == sorted(ids.values())
    compared.clear()
    pulled(feed_database, one, write_csv, FILE, LATER)
    assert compared == []
    pulled(feed_database, one, write_csv, [FILE[0], {**FILE[1], "pay": "8000元/月"}], LATER)
    assert compared == [ids["V2"]]
    assert set(map(tuple, steps(feed_database, one.key).values())) == {("done",)}


def test_a_trial_compares_nothing(feed_database: Database, one: FeedSource, write_csv: WriteCsv, compared: list[int]) -> None:
    assert pull(feed_database, one, now=NOW, path=write_csv("file.csv", FILE)).duplicates == 0
    assert compared == []


@pytest.mark.parametrize("step", ["parsed", "published"])
def test_a_replay_of_another_step_keeps_what_was_found(
    feed_database: Database, one: FeedSource, other: FeedSource, write_csv: WriteCsv, compared: list[int], step: str
) -> None:
    pulled(feed_database, one, write_csv, FILE)
    pulled(feed_database, other, write_csv, FILE)
    before = steps(feed_database, other.key)
    assert {said[0] for said in before.values()} == {"noted"}
    compared.clear()
    report = replay(feed_database, other, step=step, now=LATER, write=True)
    assert (report.outcomes, report.duplicates, compared) == ({"unchanged": 2}, 2, [])
    assert steps(feed_database, other.key) == before


def test_a_replay_of_this_step_compares_all_again(
    feed_database: Database, one: FeedSource, other: FeedSource, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a rule of comparing has changed: the first time round nothing is found to be the same."""
    pulled(feed_database, one, write_csv, FILE)
    with monkeypatch.context() as blind:
        blind.setattr(dedupe, "mark", lambda *_: Marked(0, frozenset()))
        assert pulled(feed_database, other, write_csv, FILE).duplicates == 0
    assert replay(feed_database, other, step="deduplicated", now=LATER).duplicates == 0  # a trial
    assert {said[0] for said in steps(feed_database, other.key).values()} == {"done"}
    report = replay(feed_database, other, step="deduplicated", now=LATER, write=True)
    assert (report.outcomes, report.duplicates) == ({"unchanged": 2}, 2)
    assert {said[1] for said in steps(feed_database, other.key).values()} == {"same_job"}
    assert {job.duplicate_of_id for job in jobs(feed_database, other.key).values()} == {
        job.job_id for job in jobs(feed_database, one.key).values()
    }


def test_killed_between_writing_and_comparing_the_task_marks_and_the_next_pull_says_so(
    feed_database: Database, one: FeedSource, other: FeedSource, write_csv: WriteCsv, compared: list[int]
) -> None:
    pulled(feed_database, one, write_csv, FILE)
    asked = len(queued(feed_database))
    path = write_csv("other.csv", FILE)
    feed_database.close()
    child = os.fork()
    if child == 0:  # the child never returns into pytest
        vars(ingest)["mark_written"] = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        try:
            pull(feed_database, other, now=NOW, path=path, write=True)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    written = {job.job_id for job in jobs(feed_database, other.key).values()}
    assert len(written) == 2
    assert {job.duplicate_of_id for job in jobs(feed_database, other.key).values()} == {None}
    assert {said[1] for said in steps(feed_database, other.key).values()} == {"across_due"}
    # The task stands there since the moment the jobs do: a second later, and not only at night.
    left = queued(feed_database)[asked:]
    assert {job_id for payload in left for job_id in payload["job_ids"]} == written
    for payload in left:
        with feed_database.write_session() as session:
            mark_changed(session, payload, LATER)
    heads = {job.job_id for job in jobs(feed_database, one.key).values()}
    assert {job.duplicate_of_id for job in jobs(feed_database, other.key).values()} == heads
    compared.clear()
    report = pull(feed_database, other, now=LATER, path=path, write=True)
    assert (report.outcomes, report.duplicates, set(compared)) == ({"unchanged": 2}, 2, written)
    assert {said[1] for said in steps(feed_database, other.key).values()} == {"same_job"}
    compared.clear()
    pull(feed_database, other, now=LATER, path=path, write=True)
    assert compared == []


def test_what_somebody_holds_is_compared_in_the_next_run(
    feed_database: Database, one: FeedSource, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch, compared: list[int]
) -> None:
    """The task for it stands there as well; whichever comes first."""
    with monkeypatch.context() as busy:
        busy.setattr(dedupe, "mark", lambda _session, job_ids, _now: Marked(0, frozenset([min(job_ids)])))
        pulled(feed_database, one, write_csv, FILE)
    held = min(job.job_id for job in jobs(feed_database, one.key).values())
    assert steps(feed_database, one.key)["V1"][:2] == ["skipped", "busy"]
    assert queued(feed_database)[-1] == {"job_ids": [held]}
    pulled(feed_database, one, write_csv, FILE, LATER)
    assert compared == [held]
    assert steps(feed_database, one.key)["V1"] == ["done"]


def test_taking_a_run_back_is_not_hindered_and_frees_its_copies(
    feed_database: Database, one: FeedSource, other: FeedSource, write_csv: WriteCsv
) -> None:
    """What comparing writes on the jobs of another source is not the run's."""
    pulled(feed_database, one, write_csv, FILE)
    run_id = pulled(feed_database, other, write_csv, FILE).run_id
    assert run_id is not None
    with feed_database.read_session() as session:
        mine = set(session.scalars(select(JobHistory.job_id).where(JobHistory.feed_run_id == run_id)))
        assert mine == {job.job_id for job in jobs(feed_database, other.key).values()}
    told = roll_back(feed_database, run_id, account_id=None, now=LATER)
    assert (told.jobs, told.endings) == (2, {"closed": 2})
    for payload in queued(feed_database):
        with feed_database.write_session() as session:
            mark_changed(session, payload, LATER)
    assert {job.also_from is None for job in jobs(feed_database, one.key).values()} == {True}
