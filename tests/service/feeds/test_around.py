"""A feed's job belongs to the employer whose code it names, and is held against what its trade is paid around there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from service.db import Database
from service.employers.credit_code import check_digit, organisation_digit
from service.employers.models import Employer, ListEntry
from service.feeds import write
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord
from service.feeds.record import Parsed, Unusable
from service.feeds.report import Report
from service.feeds.source import FeedSource
from service.jobs.findings import Finding
from service.jobs.models import Job, held_columns
from service.jobs.origins import follows_its_source
from service.jobs.reviews.models import JobReview, TradeWage
from service.jobs.reviews.queue import follow
from service.jobs.reviews.usual_wages import usual_wages
from service.jobs.settle import settle_at_once
from tests.service.feeds.conftest import NOW, MakeSource, Row, WriteCsv, parse, row

LATER = NOW + timedelta(hours=1)
Pull = Callable[..., Report]


def code(number: int) -> str:
    """A right code in a division that cannot be."""
    organisation = f"MA{number:06d}"
    first = f"91999999{organisation}{organisation_digit(organisation)}"
    return first + check_digit(first)


CODE = code(1)


def named(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """A parser that finds the code behind the name: 演示甲服装厂#91…."""
    name, _, said = values["company"].partition("#")
    found = parse({**values, "company": name}, lookups)
    return replace(found, credit_code=said) if isinstance(found, Parsed) else found


@pytest.fixture
def source(make_source: MakeSource) -> FeedSource:
    """A source that gives credit codes."""
    return replace(make_source(), parse=named)


@pytest.fixture
def run(feed_database: Database, write_csv: WriteCsv, source: FeedSource) -> Pull:
    """Pull these rows."""

    def pulled(rows: Sequence[Row], *, now: datetime = NOW, of: FeedSource = source) -> Report:
        return pull(feed_database, of, now=now, path=write_csv("file.csv", rows), write=True)

    return pulled


def employer(database: Database, **said: Any) -> int:
    """An employer whose papers were checked, unless told otherwise."""
    whole = {
        "name": "赣州演示甲服装有限公司",
        "credit_code": CODE,
        "verified_at": NOW,
        "created_at": NOW,
        "about": "自己写的介绍",
    }
    with database.write_session() as session:
        made = Employer(**(whole | said))
        session.add(made)
        session.flush()
        return made.employer_id


def job(database: Database, original_id: str = "V1") -> Job:
    with database.read_session() as session:
        return session.scalars(select(Job).where(Job.original_id == original_id)).one()


def record(database: Database, original_id: str = "V1") -> FeedRecord:
    with database.read_session() as session:
        return session.scalars(select(FeedRecord).where(FeedRecord.original_id == original_id)).one()


FACTORY = row(1, company=f"演示甲服装厂#{CODE}")


class TestEmployers:
    def test_the_job_belongs_to_the_employer_and_says_its_source(self, feed_database: Database, run: Pull) -> None:
        employer_id = employer(feed_database)
        with feed_database.read_session() as session:
            before = {
                column.name: getattr(session.get_one(Employer, employer_id), column.name) for column in Employer.__table__.columns
            }
        run([row(1, company=f"演示甲服装厂#{CODE.lower()[:8]} {CODE[8:]}"), row(2)])
        found = job(feed_database)
        assert (found.employer_id, found.employer_name, found.status) == (employer_id, "演示甲服装厂", "open")
        assert (found.source_key, found.source_name, found.created_by) == ("demo_feed", "演示来源", None)
        assert follows_its_source(found.source_key, found.original_id)  # the employer itself cannot rewrite it
        assert job(feed_database, "V2").employer_id is None
        with feed_database.read_session() as session:
            after = session.scalars(select(Employer)).one()  # and none was made
            assert {name: getattr(after, name) for name in before} == before

    @pytest.mark.parametrize(
        "said",
        [
            {"verified_at": None},  # anybody can write anybody's code
            {"credit_code": None, "claimed_code": CODE, "verified_at": None},
            {"closed_at": NOW},
            {"credit_code": code(2)},
        ],
    )
    def test_only_to_one_whose_papers_were_checked(self, feed_database: Database, run: Pull, said: dict[str, Any]) -> None:
        employer(feed_database, **said)
        run([FACTORY])
        assert (job(feed_database).employer_id, job(feed_database).status) == (None, "open")

    def test_not_under_another_name(self, feed_database: Database, run: Pull) -> None:
        employer(feed_database, name="赣州演示乙物流有限公司")
        run([FACTORY])
        assert job(feed_database).employer_id is None
        step = (record(feed_database).steps or {})["checked"]
        assert step[:2] == ["noted", "employer_other_name"]
        assert "赣州演示乙物流有限公司" in step[2]

    def test_not_from_a_source_that_is_doubted_nor_by_a_code_that_is_none(
        self, feed_database: Database, run: Pull, source: FeedSource
    ) -> None:
        employer(feed_database)
        run([row(2, company=f"演示甲服装厂#{CODE[:17]}?")])
        assert job(feed_database, "V2").employer_id is None
        run([FACTORY], of=replace(source, key="demo_other", trust=0.4))
        assert job(feed_database).employer_id is None

    def test_it_is_joined_when_the_employer_comes_and_stays(self, feed_database: Database, run: Pull) -> None:
        run([FACTORY])
        assert job(feed_database).employer_id is None
        employer_id = employer(feed_database)
        assert run([FACTORY], now=LATER).outcomes == {"published": 1}
        assert job(feed_database).employer_id == employer_id
        assert run([FACTORY], now=LATER).outcomes == {"unchanged": 1}

    def test_of_one_that_may_not_publish_it_waits(self, feed_database: Database, run: Pull) -> None:
        employer_id = employer(feed_database, suspended_at=NOW, suspended_reason="other")
        run([FACTORY, row(2)])
        assert (record(feed_database).outcome, record(feed_database).reason_code) == ("rejected", "employer.suspended")
        with feed_database.write_session() as session:
            session.get_one(Employer, employer_id).suspended_at = None
        run([FACTORY, row(2)], now=LATER)
        assert (job(feed_database).status, job(feed_database).employer_id) == ("open", employer_id)
        with feed_database.write_session() as session:
            session.get_one(Employer, employer_id).suspended_at = LATER
            settle_at_once(session, employer_id, LATER)
        assert job(feed_database).status == "held"
        run([FACTORY, row(2)], now=LATER)
        assert (job(feed_database).status, record(feed_database).reason_code) == ("held", "held_by_check")

    def test_one_on_a_list_of_an_authority_is_told_whether_it_is_registered_or_not(
        self, feed_database: Database, run: Pull
    ) -> None:
        with feed_database.write_session() as session:
            session.add(
                ListEntry(
                    list_kind="arrears",
                    credit_code=CODE,
                    name="演示甲服装厂",
                    region_code="360700000000",
                    source="演示名单",
                    listed_on=date(2026, 1, 1),
                    imported_at=NOW,
                )
            )
        run([FACTORY, row(2)])
        said = record(feed_database)
        step = (said.steps or {})["checked"]
        assert "employer.list_arrears" in (said.reason_code, step[1])
        assert (record(feed_database, "V2").steps or {})["checked"] == ["done"]

    def test_what_a_source_says_is_not_counted_against_the_employer(self, feed_database: Database, run: Pull) -> None:
        employer(feed_database)
        run([FACTORY])
        with feed_database.write_session() as session:
            found = session.scalars(select(Job)).one()
            for name, value in held_columns({"advert"}).items():
                setattr(found, name, value)
            follow(session, found, (Finding("demo", "title", "", "请核对。", "hold"),), NOW)
            assert session.scalars(select(JobReview.employer_id)).all() == [None]


class TestUsualPay:
    def put_down(self, database: Database, *, trade: str, region: str = "360700000000", median: int = 3_000) -> None:
        with database.write_session() as session:
            session.add(
                TradeWage(
                    trade_code=trade,
                    region_code=region,
                    jobs=40,
                    employers=12,
                    median_yuan_month=median,
                    computed_on=date(2026, 11, 21),
                )
            )

    def test_pay_far_above_the_median_waits(self, feed_database: Database, run: Pull) -> None:
        run([row(2)])
        trade = job(feed_database, "V2").trade_codes[0]
        self.put_down(feed_database, trade=trade)
        run([row(1, pay="15000-20000元/月"), row(2), row(3, pay="7000元/月")], now=LATER)
        bait = record(feed_database)
        assert (bait.outcome, bait.reason_code) == ("held", "D-09.bait_pay")
        assert "3000 元/月" in bait.reason
        high = (record(feed_database, "V3").steps or {})["checked"]
        assert high[:2] == ["noted", "D-09.high_pay"]
        assert (record(feed_database, "V2").steps or {})["checked"] == ["done"]

    def test_the_table_is_read_once_a_run(self, feed_database: Database, run: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
            asked.append(statement)

        event.listen(feed_database.read_engine, "before_cursor_execute", note)
        monkeypatch.setattr(write, "BATCH", 10)
        run([row(number, id=f"W{number}") for number in range(60)])
        assert len([statement for statement in asked if "FROM feed_record" in statement]) >= 6  # so many batches
        assert len([statement for statement in asked if "FROM trade_wage" in statement]) == 1

    def test_a_part_of_the_table_says_what_the_whole_says(self, feed_database: Database) -> None:
        self.put_down(feed_database, trade="1-01", median=3_000)
        self.put_down(feed_database, trade="1-01", region="360000000000", median=4_000)
        self.put_down(feed_database, trade="1-02", region="440000000000", median=5_000)
        with feed_database.read_session() as session:
            held = usual_wages(session)
            for trades in ((), ("1-01",), ("1-02", "1-01"), ("1-03",)):
                for place in ("", "360703000000", "360100000000", "440300000000", "110000000000"):
                    part = usual_wages(session, {(trade, place) for trade in trades[:1]})
                    assert held.of(trades, place) == part.of(trades, place)
            found = held.of(("1-01",), "360703000000")
            assert found is not None
            assert found.median_yuan_month == 3_000
