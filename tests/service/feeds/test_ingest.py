"""Pulling a source: what is published, what is not and why, and that nothing is lost, doubled or emptied."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from service.db import Database
from service.errors import Conflict, Invalid, Refusal
from service.feeds import write
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.report import Report
from service.feeds.source import FeedSource, open_source
from service.jobs.models import Job, JobChange, JobHistory
from tests.service.feeds.conftest import NOW, MakeSource, Row, WriteCsv, csv_bytes, row


def counts(database: Database) -> tuple[int, int, int, int]:
    """Jobs, open jobs, lines of the change log, feed records."""
    with database.read_session() as session:
        jobs = session.scalar(select(func.count()).select_from(Job)) or 0
        shown = session.scalar(select(func.count()).select_from(Job).where(Job.status == "open")) or 0
        changes = session.scalar(select(func.count()).select_from(JobChange)) or 0
        return jobs, shown, changes, session.scalar(select(func.count()).select_from(FeedRecord)) or 0


def job(database: Database, original_id: str) -> Job:
    with database.read_session() as session:
        return session.scalars(select(Job).where(Job.original_id == original_id)).one()


def record(database: Database, original_id: str, copy: int = 0) -> FeedRecord:
    with database.read_session() as session:
        return session.scalars(select(FeedRecord).where(FeedRecord.original_id == original_id, FeedRecord.copy == copy)).one()


Pull = Callable[..., Report]


@pytest.fixture
def pulled(feed_database: Database, write_csv: WriteCsv) -> Pull:
    """Pull these rows as the next file of the source."""

    def run(source: FeedSource, rows: Sequence[Row], *, write: bool = True, now: datetime = NOW) -> Report:
        report = pull(feed_database, source, now=now, path=write_csv("file.csv", rows), write=write)
        if not report.stopped:
            assert sum(report.outcomes.values()) == report.read == len(rows)
        return report

    return run


class TestVacancy:
    def test_a_whole_row_is_published_with_its_source(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        report = pulled(make_source(), [row(1)])
        assert report.outcomes == {"published": 1}
        found = job(feed_database, "V1")
        assert (found.status, found.source_key, found.source_class, found.missing) == ("open", "demo_feed", "vacancy", [])
        assert (found.wage_min, found.wage_unit, found.headcount) == (5000, "month", 5)
        assert found.region_code == "360703000000"
        assert found.valid_until.isoformat() == "2026-12-31T15:59:59+00:00"
        assert record(feed_database, "V1").job_id == found.job_id

    @pytest.mark.parametrize(
        ("field", "name"),
        [
            ("company", "用人单位"),
            ("headcount", "招聘人数"),
            ("conditions", "招聘条件"),
            ("content", "工作内容"),
            ("place", "工作地点"),
            ("pay", "基本劳动报酬"),
            ("until", "有效期"),
        ],
    )
    def test_a_row_without_a_legal_element_is_held(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull, field: str, name: str
    ) -> None:
        report = pulled(make_source(), [row(1), row(2, **{field: ""})])
        assert report.outcomes == {"published": 1, "held": 1}
        kept = record(feed_database, "V2")
        assert (kept.outcome, kept.reason_code) == ("held", "elements_missing")
        assert name in kept.reason
        assert kept.job_id is None

    def test_an_end_that_is_over_is_rejected(self, feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
        pulled(make_source(), [row(1), row(2, until="2026-11-01")])
        assert record(feed_database, "V2").reason_code == "expired"

    def test_a_place_nobody_knows_is_held(self, feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
        pulled(make_source(), [row(1), row(2, place="老地方")])
        kept = record(feed_database, "V2")
        assert kept.outcome == "held"
        assert kept.reason_code.startswith("region_")


class TestCatalogue:
    def test_what_is_missing_is_named_and_it_is_shown_with_its_label(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(source_class="catalogue"), [row(1, company="", headcount="", pay="", until="")])
        found = job(feed_database, "V1")
        assert (found.source_class, found.label) == ("catalogue", "需求目录")
        assert found.missing == ["employer", "headcount", "pay", "validity"]
        assert found.valid_until == NOW + timedelta(days=60)

    def test_it_is_renewed_when_half_of_its_time_is_over(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        source, rows = make_source(source_class="catalogue"), [row(1, until="")]
        pulled(source, rows)
        assert pulled(source, rows, now=NOW + timedelta(days=20)).outcomes == {"unchanged": 1}
        later = NOW + timedelta(days=70)
        assert pulled(source, rows, now=later).outcomes == {"published": 1}
        assert job(feed_database, "V1").valid_until == later + timedelta(days=60)


@pytest.mark.parametrize("source_class", ["vacancy", "catalogue"])
def test_what_the_law_forbids_is_refused_whatever_the_source(
    feed_database: Database, make_source: MakeSource, pulled: Pull, source_class: str
) -> None:
    report = pulled(make_source(source_class=source_class), [row(1), row(2, content="缝制工作服，入职先交押金300元。")])
    assert report.outcomes == {"published": 1, "rejected": 1}
    kept = record(feed_database, "V2")
    assert kept.reason_code.startswith("D-")
    assert "《" in kept.reason
    assert kept.job_id is None


class TestAgain:
    def test_the_second_pull_changes_nothing(self, feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
        rows = [row(1), row(2), row(3, pay=""), row(4, title="")]
        pulled(make_source(), rows)
        before = counts(feed_database)
        report = pulled(make_source(), rows)
        assert report.outcomes == {"unchanged": 2, "held": 1, "rejected": 1}
        assert counts(feed_database) == before

    def test_a_changed_row_changes_its_job_and_no_other(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(), [row(1), row(2)])
        _, _, changes, _ = counts(feed_database)
        report = pulled(make_source(), [row(1), row(2, pay="6000-8000元/月")])
        assert report.outcomes == {"unchanged": 1, "published": 1}
        assert report.created == 0
        assert job(feed_database, "V2").wage_min == 6000
        assert counts(feed_database)[2] == changes + 1

    def test_a_row_that_lost_an_element_is_taken_down_and_comes_back(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(), [row(1), row(2)])
        pulled(make_source(), [row(1), row(2, pay="")])
        assert (job(feed_database, "V2").status, record(feed_database, "V2").outcome) == ("closed", "held")
        pulled(make_source(), [row(1), row(2)])
        assert (job(feed_database, "V2").status, record(feed_database, "V2").outcome) == ("open", "published")
        assert counts(feed_database)[0] == 2

    def test_a_job_that_a_person_closed_stays_closed(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(), [row(1)])
        with feed_database.write_session() as session:
            found = session.scalars(select(Job)).one()
            found.status, found.closed_reason = "closed", "filled"
        report = pulled(make_source(), [row(1, pay="9000元/月")])
        assert report.reasons == Counter({("held", "closed_by_person"): 1})
        assert (job(feed_database, "V1").status, job(feed_database, "V1").wage_min) == ("closed", 5000)


class TestDuplicates:
    def test_the_first_is_published_the_others_name_it(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        rows = [row(1), row(2), row(1), row(1, pay="9000元/月")]
        report = pulled(make_source(), rows)
        assert report.outcomes == {"published": 2, "rejected": 2}
        assert record(feed_database, "V1", 1).reason == "与file.csv，第 2 行完全相同，只用那一行。"
        assert record(feed_database, "V1", 2).reason_code == "duplicate_id"
        assert counts(feed_database)[0] == 2
        assert pulled(make_source(), rows).outcomes == {"unchanged": 2, "rejected": 2}

    def test_rows_without_an_id_get_one_from_their_content(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        rows = [row(1, id=""), row(2, id=""), row(1, id="")]
        assert pulled(make_source(), rows).outcomes == {"published": 2, "rejected": 1}
        moved = [row(2, id=""), row(1, id=""), row(1, id="")]
        assert pulled(make_source(), moved).outcomes == {"unchanged": 2, "rejected": 1}
        assert counts(feed_database)[0] == 2


class TestVanished:
    def test_what_the_file_no_longer_has_is_closed_once(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(), [row(1), row(2), row(3)])
        report = pulled(make_source(), [row(1), row(3)])
        assert report.closed == 1
        assert (job(feed_database, "V2").status, job(feed_database, "V2").closed_reason) == ("closed", "gone")
        with feed_database.read_session() as session:
            actions = session.scalars(
                select(JobHistory.action)
                .where(JobHistory.job_id == job(feed_database, "V2").job_id)
                .order_by(JobHistory.history_id)
            ).all()
        assert actions == ["create", "close"]
        assert pulled(make_source(), [row(1), row(3)]).closed == 0

    def test_it_comes_back_when_the_file_has_it_again(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        pulled(make_source(), [row(1), row(2), row(3)])
        pulled(make_source(), [row(1), row(3)])
        pulled(make_source(), [row(1), row(2), row(3)])
        assert job(feed_database, "V2").status == "open"
        assert record(feed_database, "V2").vanished_at is None
        assert counts(feed_database)[:2] == (3, 3)


def test_a_job_that_outlived_its_record_is_found_again(feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
    pulled(make_source(), [row(1), row(2)])
    with feed_database.write_session() as session:
        session.execute(delete(FeedRecord))
    before = counts(feed_database)[:3]
    assert pulled(make_source(), [row(1), row(2)]).outcomes == {"unchanged": 2}
    assert counts(feed_database)[:3] == before
    assert record(feed_database, "V1").job_id == job(feed_database, "V1").job_id


class TestGuard:
    ROWS = tuple(row(number) for number in range(1, 9))

    @pytest.mark.parametrize("write", [False, True])
    def test_too_few_rows_stop_it_and_the_pool_stays(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull, write: bool
    ) -> None:
        source = make_source(rows=(6, 20))
        pulled(source, self.ROWS)
        before = counts(feed_database)
        report = pulled(source, self.ROWS[:5], write=write)
        assert "5 条" in report.stopped
        assert counts(feed_database) == before

    def test_too_many_rows_stop_it(self, make_source: MakeSource, pulled: Pull) -> None:
        assert "8 条" in pulled(make_source(rows=(1, 7)), self.ROWS).stopped

    def test_too_few_that_can_be_published_stop_it(self, feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
        source = make_source(publishable=(6, 20))
        pulled(source, self.ROWS)
        report = pulled(source, [*self.ROWS[:5], *(row(number, title="炸") for number in range(6, 9))])
        assert "能发布的有 5 条" in report.stopped
        assert counts(feed_database)[1] == 8

    def test_too_many_vanishing_stop_it(self, feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
        source = make_source(vanish_share=0.25)
        pulled(source, self.ROWS)
        report = pulled(source, self.ROWS[3:])
        assert "3 条在来源里不见了" in report.stopped
        assert counts(feed_database)[1] == 8
        with feed_database.read_session() as session:
            last = session.scalars(select(FeedRun).order_by(FeedRun.run_id.desc())).first()
        assert last is not None
        assert (last.status, last.running_key, last.message) == ("stopped", None, report.stopped)

    def test_one_row_that_breaks_the_parser_costs_only_itself(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull
    ) -> None:
        report = pulled(make_source(), [row(1), row(2, title="炸"), row(3)])
        assert report.reasons == Counter({("rejected", "parse_failed"): 1})
        assert counts(feed_database)[1] == 2

    def test_a_broken_file_writes_nothing_and_is_remembered(
        self, feed_database: Database, make_source: MakeSource, pulled: Pull, tmp_path: Path
    ) -> None:
        pulled(make_source(), self.ROWS)
        before = counts(feed_database)
        whole = csv_bytes(self.ROWS)
        half = tmp_path / "half.csv"
        half.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(Invalid) as caught:
            pull(feed_database, make_source(), now=NOW, path=half, write=True)
        assert caught.value.error == "feed_file_cut"
        assert counts(feed_database) == before
        with feed_database.read_session() as session:
            last = session.scalars(select(FeedRun).order_by(FeedRun.run_id.desc())).first()
        assert last is not None
        assert (last.status, last.running_key, last.message) == ("failed", None, caught.value.message)


def test_a_trial_run_tells_the_same_and_writes_nothing(feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
    source, rows = make_source(), [row(1), row(2, pay=""), row(3, place="老地方"), row(1)]
    trial = pulled(source, rows, write=False)
    assert counts(feed_database) == (0, 0, 0, 0)
    real = pulled(source, rows)
    assert (trial.outcomes, trial.reasons, trial.created) == (real.outcomes, real.reasons, real.created)
    assert "试运行" in trial.lines()[-1]
    pulled(source, [row(1), row(4)])
    assert pulled(source, [row(1)], write=False).closed == pulled(source, [row(1)]).closed == 1


def test_contacts_are_nowhere_kept(feed_database: Database, make_source: MakeSource, pulled: Pull) -> None:
    pulled(
        make_source(),
        [
            row(1, content="电话 138 0000 0000，微信：demo_0000，邮箱 someone@example.org，固话 0797-1234567。"),
            row(2, title="", content="找演示经理 13800000000"),
        ],
    )
    with feed_database.read_session() as session:
        kept = [
            *session.scalars(select(FeedRecord.raw)),
            *session.scalars(select(FeedRecord.parsed)),
            *session.scalars(select(Job.description)),
        ]
    text = str(kept)
    assert "联系方式略" in text
    for secret in ("0000", "example.org", "1234567"):
        assert secret not in text


class TestTwoAtOnce:
    def test_the_second_is_refused_and_the_first_goes_on(
        self, feed_database: Database, make_source: MakeSource, write_csv: WriteCsv
    ) -> None:
        source, path = make_source(), write_csv("file.csv", [row(1), row(2)])
        refusals: list[Conflict] = []

        def meanwhile(_done: int, _rows: int) -> None:
            with pytest.raises(Conflict) as caught:
                pull(feed_database, source, now=NOW, path=path, write=True)
            refusals.append(caught.value)

        report = pull(feed_database, source, now=NOW, path=path, write=True, progress=meanwhile)
        assert [refusal.error for refusal in refusals] == ["feed_running"]
        assert report.outcomes == {"published": 2}
        assert counts(feed_database)[0] == 2

    def test_one_taken_for_dead_writes_nothing_more(
        self, feed_database: Database, make_source: MakeSource, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(write, "BATCH", 2)
        source, path = make_source(), write_csv("file.csv", [row(number) for number in range(1, 6)])
        taken: list[Report] = []

        def meanwhile(done: int, _rows: int) -> None:
            if done == 2 and not taken:
                with feed_database.write_session() as session:
                    run = session.scalars(select(FeedRun)).one()
                    run.host, run.heartbeat_at = "another-machine", run.heartbeat_at - timedelta(minutes=10)
                taken.append(pull(feed_database, source, now=NOW, path=path, write=True))

        with pytest.raises(Conflict) as caught:
            pull(feed_database, source, now=NOW, path=path, write=True, progress=meanwhile)
        assert caught.value.error == "feed_taken_over"
        assert taken[0].outcomes == {"unchanged": 2, "published": 3}
        with feed_database.read_session() as session:
            states = session.scalars(select(FeedRun.status).order_by(FeedRun.run_id)).all()
        assert states == ["abandoned", "done"]
        assert counts(feed_database)[:3] == (5, 5, 5)


@pytest.mark.costly
def test_killed_in_the_middle_the_next_pull_completes_and_doubles_nothing(
    feed_database: Database, make_source: MakeSource, write_csv: WriteCsv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child process is killed with -9 in the middle of its second batch; nothing of that batch may be there."""
    monkeypatch.setattr(write, "BATCH", 4)
    source, path = make_source(), write_csv("file.csv", [row(number) for number in range(1, 10)])
    feed_database.close()
    child = os.fork()
    if child == 0:  # the child never returns into pytest
        really, rows = vars(write)["_row"], 0

        def row_of(*arguments: object, **options: object) -> object:
            nonlocal rows
            rows += 1
            if rows == 6:  # the jobs of the second batch are written by now, and nothing of it is committed
                os.kill(os.getpid(), signal.SIGKILL)
            answer: object = really(*arguments, **options)
            return answer

        vars(write)["_row"] = row_of  # only in the child
        try:
            pull(feed_database, source, now=NOW, path=path, write=True)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert counts(feed_database) == (4, 4, 4, 4)
    report = pull(feed_database, source, now=NOW, path=path, write=True)
    assert report.outcomes == {"unchanged": 4, "published": 5}
    assert counts(feed_database) == (9, 9, 9, 9)
    with feed_database.read_session() as session:
        states = session.scalars(select(FeedRun.status).order_by(FeedRun.run_id)).all()
    assert states == ["abandoned", "done"]


def test_a_source_can_be_looked_at_before_it_is_enabled(feed_database: Database, tmp_path: Path) -> None:
    sheets = tmp_path / "county_sheets"
    sheets.mkdir()
    sheet = sheets / "唐江镇岗位表2026-11-20.csv"
    sheet.write_text(
        "单位名称,岗位名称,招聘人数,月薪,工作地点\n演示服装厂,缝纫工,5,5000-7000元,江西省赣州市南康区唐江镇\n", encoding="utf-8"
    )
    os.utime(sheet, (1_700_000_000, 1_700_000_000))
    source = open_source("county_sheets", tmp_path)
    assert not source.enabled
    assert pull(feed_database, source, now=NOW).read == 1
    with pytest.raises(Refusal, match="enabled = true") as refused:
        pull(feed_database, source, now=NOW, write=True)
    assert refused.value.error == "feed_not_set_up"
    with pytest.raises(Refusal, match="地址"):
        pull(feed_database, open_source("province_jobs", tmp_path), now=NOW)


def test_an_address_that_was_given_is_asked_although_not_enabled(tmp_path: Path) -> None:
    (tmp_path / "province_jobs.toml").write_text(
        '[fetch]\nurl = "https://jobs.demo.example/a"\nallow = ["https://jobs.demo.example:443"]\n', encoding="utf-8"
    )
    assert open_source("province_jobs", tmp_path).way.url == "https://jobs.demo.example/a"
    assert open_source("partner_postings", tmp_path).way.url == ""
