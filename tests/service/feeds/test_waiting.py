"""Adverts of a feed that a person has to look at: they wait in the queue of reviews, and what is decided there holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from service.accounts.caller import Caller
from service.accounts.models import Account
from service.db import Database
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord
from service.feeds.replay import replay
from service.feeds.report import Report
from service.feeds.rollback import roll_back
from service.feeds.source import FeedSource
from service.jobs.models import Job, JobHistory, held_columns
from service.jobs.put import apply
from service.jobs.queries import whole
from service.jobs.reviews.models import JobReview
from service.jobs.reviews.queue import decide
from tests.service.feeds.conftest import NOW, MakeSource, Row, WriteCsv, row

TRAP = {"content": "晚上在KTV有偿陪唱陪酒，工资日结。"}
BAN = {"content": "缝制工作服，入职先交押金300元。"}
HOUR = timedelta(hours=1)
Pull = Callable[..., Report]


@pytest.fixture
def source(make_source: MakeSource) -> FeedSource:
    return make_source(vanish_share=0.9)


@pytest.fixture
def run(feed_database: Database, write_csv: WriteCsv, source: FeedSource) -> Pull:
    """Pull these rows as the next file."""

    def pulled(rows: Sequence[Row], *, now: datetime = NOW, of: FeedSource = source, write: bool = True) -> Report:
        return pull(feed_database, of, now=now, path=write_csv("file.csv", rows), write=write)

    return pulled


def job(database: Database, original_id: str = "V1") -> Job:
    with database.read_session() as session:
        return session.scalars(select(Job).where(Job.original_id == original_id)).one()


def record(database: Database, original_id: str = "V1") -> FeedRecord:
    with database.read_session() as session:
        return session.scalars(select(FeedRecord).where(FeedRecord.original_id == original_id)).one()


def reviews(database: Database) -> list[str]:
    with database.read_session() as session:
        return list(session.scalars(select(JobReview.state).order_by(JobReview.review_id)))


def say(database: Database, outcome: str, reason: str) -> None:
    """What a reviewer decides about the one advert that waits."""
    with database.write_session() as session:
        account = Account(
            login="demo-reviewer", role="bureau", display_name="演示工作人员", region_code="360700000000", created_at=NOW
        )
        session.add(account)
        session.flush()
        account_id = account.account_id
        review = session.scalars(select(JobReview).where(JobReview.open_key.is_not(None))).one()
        one = session.scalars(whole().where(Job.job_id == review.job_id)).unique().one()
        decide(session, review, one, outcome, reason, "", Caller(account_id, "bureau", "演示工作人员"), NOW)


def let_through(database: Database) -> None:
    say(database, "publish", "in_order")


def test_it_is_written_as_a_job_that_waits_and_stands_in_the_queue(feed_database: Database, run: Pull) -> None:
    trial = run([row(1, **TRAP), row(2)], write=False)
    report = run([row(1, **TRAP), row(2)])
    assert trial.outcomes == report.outcomes == {"held": 1, "published": 1}
    held = job(feed_database)
    assert (held.status, held.held_for, record(feed_database).job_id) == ("held", ["advert"], held.job_id)
    with feed_database.read_session() as session:
        review = session.scalars(select(JobReview)).one()
        assert (review.job_id, review.state, review.causes, review.employer_id) == (held.job_id, "waiting", ["advert"], None)
        assert review.findings[0]["rule"] == record(feed_database).reason_code == "D-07.ktv"
        assert review.region_code == "360703000000"
    assert run([row(1, **TRAP), row(2)], now=NOW + HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert (reviews(feed_database), record(feed_database).reason_code) == (["waiting"], "D-07.ktv")


def test_what_is_let_through_is_shown_and_stays_so(feed_database: Database, run: Pull, source: FeedSource) -> None:
    rows = [row(1, **TRAP), row(2)]
    run(rows)
    let_through(feed_database)
    assert job(feed_database).status == "open"
    for hours in (1, 2):
        assert run(rows, now=NOW + hours * HOUR).outcomes == {"unchanged": 2}
        assert (job(feed_database).status, record(feed_database).stopped_at) == ("open", "")
    assert replay(feed_database, source, step="checked", now=NOW + 3 * HOUR, write=True).outcomes == {"unchanged": 2}
    assert (job(feed_database).status, reviews(feed_database)) == ("open", ["decided"])
    # Other words of another trap are looked at anew, and what was let through before does not count for them.
    worse = {"content": f"{TRAP['content']}拉人头发展下线，发展一个下级提成500元。"}
    assert run([row(1, **worse), row(2)], now=NOW + 4 * HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert (job(feed_database).status, reviews(feed_database)) == ("held", ["decided", "waiting"])


def test_a_source_that_mends_it_leaves_the_queue(feed_database: Database, run: Pull) -> None:
    run([row(1, **TRAP), row(2)])
    assert run([row(1), row(2)], now=NOW + HOUR).outcomes == {"published": 1, "unchanged": 1}
    assert (job(feed_database).status, reviews(feed_database)) == ("open", ["mended"])


def test_what_is_to_be_mended_waits_until_somebody_has_seen_it_again(feed_database: Database, run: Pull) -> None:
    run([row(1, **TRAP), row(2)])
    say(feed_database, "mend", "details")
    assert run([row(1, **TRAP), row(2)], now=NOW + HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert reviews(feed_database) == ["decided"]
    assert run([row(1), row(2)], now=NOW + 2 * HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert (job(feed_database).status, reviews(feed_database)) == ("held", ["decided", "waiting"])


def test_what_was_taken_down_stays_down(feed_database: Database, run: Pull) -> None:
    run([row(1, **TRAP), row(2)])
    say(feed_database, "refuse", "fee_or_papers")
    assert run([row(1), row(2)], now=NOW + HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert (job(feed_database).status, record(feed_database).reason_code) == ("closed", "closed_by_person")


def test_what_a_rule_forbids_is_refused_and_taken_down(feed_database: Database, run: Pull) -> None:
    assert run([row(1), row(2, **TRAP), row(3, **BAN)]).outcomes == {"published": 1, "held": 1, "rejected": 1}
    assert (record(feed_database, "V3").job_id, record(feed_database, "V3").reason_code) == (None, "D-09.deposit")
    assert run([row(1, **BAN), row(2, **BAN)], now=NOW + HOUR).outcomes == {"rejected": 2}
    assert {job(feed_database, one).status for one in ("V1", "V2")} == {"closed"}
    assert reviews(feed_database) == ["mended"]


def test_of_a_doubted_source_a_person_looks_at_what_a_law_warns_about(
    feed_database: Database, run: Pull, source: FeedSource
) -> None:
    rows = [row(1, content="招女工，缝制工作服。")]
    doubted = replace(source, trust=0.4)
    assert run(rows, of=doubted).outcomes == {"held": 1}
    let_through(feed_database)
    assert run(rows, of=doubted, now=NOW + HOUR).outcomes == {"unchanged": 1}
    assert job(feed_database).status == "open"


def test_what_people_reported_is_not_freed_by_its_source(feed_database: Database, run: Pull) -> None:
    run([row(1), row(2)])
    with feed_database.write_session() as session:
        one = session.scalars(whole().where(Job.original_id == "V1")).unique().one()
        apply(session, one, held_columns({"advert"}), action="hold", account_id=None, now=NOW)
        session.add(
            JobReview(
                job_id=one.job_id,
                open_key=one.job_id,
                region_code="360703000000",
                causes=["report"],
                state="waiting",
                opened_at=NOW,
                due_at=NOW,
            )
        )
    assert run([row(1), row(2)], now=NOW + HOUR).outcomes == {"held": 1, "unchanged": 1}
    assert record(feed_database).reason_code == "held_by_check"
    run([row(1, pay="6000-7000元/月"), row(2)], now=NOW + 2 * HOUR)
    assert (job(feed_database).status, record(feed_database).reason_code) == ("held", "reported")


class TestVanished:
    def test_what_waits_is_closed_too_and_no_release_brings_it_back(self, feed_database: Database, run: Pull) -> None:
        run([row(1, **TRAP), row(2)])
        assert run([row(2)], now=NOW + HOUR, write=False).closed == 1
        assert run([row(2)], now=NOW + HOUR).closed == 1
        found = job(feed_database)
        assert (found.status, found.closed_reason, reviews(feed_database)) == ("closed", "gone", ["mended"])
        assert run([row(2)], now=NOW + 2 * HOUR).closed == 0
        run([row(1, **TRAP), row(2)], now=NOW + 3 * HOUR)
        assert (job(feed_database).status, reviews(feed_database)) == ("held", ["mended", "waiting"])

    def test_one_that_was_shown_after_it_had_vanished_is_closed(self, feed_database: Database, run: Pull) -> None:
        run([row(1), row(2), row(3)])
        with feed_database.write_session() as session:  # as an earlier version left it
            session.scalars(select(FeedRecord).where(FeedRecord.original_id == "V1")).one().vanished_at = NOW
        assert run([row(2), row(3)], now=NOW + HOUR).closed == 1
        assert job(feed_database).status == "closed"


def test_a_run_that_is_taken_back_takes_its_waiting_adverts_along(feed_database: Database, run: Pull) -> None:
    run([row(2)])
    report = run([row(1, **TRAP), row(2)], now=NOW + HOUR)
    roll_back(feed_database, report.run_id or 0, account_id=None, now=NOW + 2 * HOUR)
    assert (job(feed_database).status, reviews(feed_database)) == ("closed", ["mended"])
    run([row(1, **TRAP), row(2)], now=NOW + 3 * HOUR)
    assert (job(feed_database).status, reviews(feed_database)) == ("held", ["mended", "waiting"])


def test_a_waiting_job_that_outlived_its_record_is_found_again(feed_database: Database, run: Pull) -> None:
    run([row(1, **TRAP), row(2)])
    with feed_database.write_session() as session:
        session.execute(delete(FeedRecord))
        lines = session.scalar(select(func.count()).select_from(JobHistory))
    assert run([row(1, **TRAP), row(2)]).outcomes == {"held": 1, "unchanged": 1}
    with feed_database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(JobHistory)) == lines
    assert (record(feed_database).job_id, reviews(feed_database)) == (job(feed_database).job_id, ["waiting"])
