"""Taking back a run: the pool is as it was before it, however often it is broken off, and nothing is built on half of it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from service.audit.models import AuditEvent
from service.db import Database
from service.employers.models import Employer
from service.errors import Conflict, NotFound
from service.feeds import lease, rollback
from service.feeds.cli import feeds_cli
from service.feeds.ingest import pull
from service.feeds.models import FeedCursor, FeedRecord, FeedRun
from service.feeds.report import Report
from service.feeds.rollback import Undone, plan, roll_back
from service.feeds.source import FeedSource
from service.jobs.close import close
from service.jobs.models import Job, JobChange, JobHistory
from service.jobs.put import apply
from service.jobs.queries import any_state
from tests.service.feeds.conftest import NOW, MakeSource, Row, WriteCsv, row

LATER = NOW + timedelta(hours=1)
State = dict[str, tuple[Any, ...]]
Run = Callable[..., int]
_SHOWN: tuple[str, ...] = (
    "status",
    "closed_reason",
    "held_for",
    "title",
    "description",
    "headcount",
    "wage_text",
    "wage_min",
    "wage_max",
)
_SHOWN += ("wage_min_yuan_month", "education", "region_code", "lat", "point_source", "tags", "valid_until", "employer_name")


@pytest.fixture
def wide(make_source: MakeSource) -> FeedSource:
    """A source whose bounds let anything through."""
    return make_source(vanish_share=1.0)


@pytest.fixture
def pulled(feed_database: Database, write_csv: WriteCsv, wide: FeedSource) -> Run:
    """Pull these rows as the next file; the number of the run."""

    def run(rows: Sequence[Row], *, now: datetime = NOW, source: FeedSource = wide) -> int:
        report = pull(feed_database, source, now=now, path=write_csv("file.csv", rows), write=True)
        assert not report.stopped
        assert report.run_id is not None
        return report.run_id

    return run


def state(database: Database) -> State:
    """Every job as people see it."""
    with database.read_session() as session:
        jobs = session.scalars(select(Job)).all()
        return {str(job.original_id): tuple(str(getattr(job, name)) for name in _SHOWN) for job in jobs}


def job(database: Database, original_id: str) -> Job:
    with database.read_session() as session:
        return session.scalars(select(Job).where(Job.original_id == original_id)).one()


def record(database: Database, original_id: str) -> FeedRecord:
    with database.read_session() as session:
        return session.scalars(select(FeedRecord).where(FeedRecord.original_id == original_id)).one()


def told(database: Database, run_id: int) -> Undone:
    with database.read_session() as session:
        return plan(session, run_id, LATER)


def taken_back(database: Database, run_id: int, *, now: datetime = LATER) -> Undone:
    """Take back, after a trial has said exactly the same."""
    with database.read_session() as session:
        expected = plan(session, run_id, now)
    done = roll_back(database, run_id, account_id=None, now=now)
    assert done.as_json() == expected.as_json()
    assert sum(done.endings.values()) == done.jobs
    return done


class TestOneRun:
    def test_what_it_created_is_closed_and_may_come_again(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1), row(2)])
        done = taken_back(feed_database, first)
        assert done.endings == {"closed": 2}
        found = job(feed_database, "V1")
        assert (found.status, found.closed_reason, found.version) == ("closed", "gone", 2)
        waits = record(feed_database, "V1")
        assert (waits.outcome, waits.reason_code) == ("held", "rolled_back")
        with feed_database.read_session() as session:
            assert session.get_one(FeedRun, first).rolled_back_at == LATER
            lines = session.scalars(select(JobHistory.action).where(JobHistory.job_id == found.job_id)).all()
            assert lines == ["create", "rollback"]
            assert session.scalar(select(func.count()).where(JobChange.job_id == found.job_id)) == 2
            event = session.scalars(select(AuditEvent).where(AuditEvent.action == "feed.rolled_back")).one()
            assert (event.object_id, event.details["closed"]) == (str(first), 2)
        pulled([row(1), row(2)], now=LATER)
        assert job(feed_database, "V1").status == "open"
        assert record(feed_database, "V1").outcome == "published"

    def test_what_it_changed_goes_back_and_may_change_again(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1), row(2)])
        before = state(feed_database)
        wrong = [row(1, pay="50000-70000元/月", headcount="500"), row(2)]
        second = pulled(wrong, now=NOW + timedelta(minutes=5))
        assert job(feed_database, "V1").wage_min_yuan_month == 50_000
        assert taken_back(feed_database, second).endings == {"restored": 1}
        assert state(feed_database) == before
        pulled(wrong, now=LATER)
        assert job(feed_database, "V1").wage_min_yuan_month == 50_000

    def test_what_it_took_down_is_shown_again(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1), row(2)])
        before = state(feed_database)
        second = pulled([row(1)], now=NOW + timedelta(minutes=5))
        assert job(feed_database, "V2").status == "closed"
        assert taken_back(feed_database, second).endings == {"reopened": 1}
        assert state(feed_database) == before
        assert record(feed_database, "V2").vanished_at is None
        pulled([row(1)], now=LATER)  # it is still gone: the next whole list takes it down again
        assert job(feed_database, "V2").status == "closed"

    def test_what_has_run_out_meanwhile_stays_down(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1), row(2)])
        second = pulled([row(1)])
        done = taken_back(feed_database, second, now=job(feed_database, "V2").valid_until + timedelta(seconds=1))
        assert done.endings == {"expired": 1}
        assert job(feed_database, "V2").status == "closed"

    def test_what_somebody_closed_since_stays_closed(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1), row(2)])
        with feed_database.write_session() as session:
            found = any_state(session, job(feed_database, "V1").job_id, lock=True)
            assert found is not None
            close(session, found, "withdrawn", account_id=None, now=NOW)
        assert taken_back(feed_database, first).endings == {"kept": 1, "closed": 1}
        assert job(feed_database, "V1").closed_reason == "withdrawn"

    def test_a_field_that_was_changed_since_keeps_its_last_word(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1)])
        second = pulled([row(1, pay="50000-70000元/月", content="用平缝机缝制校服。")])
        with feed_database.write_session() as session:
            session.execute(update(Job).values(description="工作人员改过的话。"))
        assert taken_back(feed_database, second).endings == {"restored": 1}
        found = job(feed_database, "V1")
        assert (found.description, found.wage_text) == ("工作人员改过的话。", "5000-7000元/月")

    def test_what_was_edited_by_hand_since_stays_and_is_told(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1)])
        second = pulled([row(1, pay="50000-70000元/月", headcount="500"), row(2)])
        with feed_database.write_session() as session:
            for original_id, before in (("V1", "50000-70000元/月"), ("V2", "5000-7000元/月")):
                found = any_state(session, job(feed_database, original_id).job_id, lock=True)
                assert found is not None
                assert found.wage_text == before
                fields = {"wage_text": "6000元/月", "contact_phone": "13800000001"}
                apply(session, found, fields, action=rollback.EDIT, account_id=None, now=NOW)
        done = taken_back(feed_database, second)
        assert (done.endings, done.edited, done.contacts) == ({"restored": 1, "closed": 1}, 2, 0)
        assert any("2 个岗位后来有人改过" in line for line in rollback.lines_of(done))
        for original_id, status in (("V1", "open"), ("V2", "closed")):
            with feed_database.read_session() as session:
                found = any_state(session, job(feed_database, original_id).job_id)
                assert found is not None
                assert (found.status, found.wage_text, found.contact_phone) == (status, "6000元/月", "13800000001")
        # What nobody has touched is as it was before the run; the numbers of a wage stay with its text.
        assert (job(feed_database, "V1").headcount, job(feed_database, "V1").wage_min) == (5, 50_000)

    def test_of_an_employer_that_may_not_publish_any_more_it_waits(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1), row(2)])
        with feed_database.write_session() as session:
            employer = Employer(name="演示服装厂", verified_at=NOW, suspended_at=NOW, suspended_reason="other", created_at=NOW)
            session.add(employer)
            session.flush()
            session.execute(update(Job).values(employer_id=employer.employer_id))
        second = pulled([row(1)])
        assert taken_back(feed_database, second).endings == {"reopened": 1}
        found = job(feed_database, "V2")
        assert (found.status, found.held_for) == ("held", ["employer"])

    def test_the_next_pull_asks_for_everything(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1)])
        with feed_database.write_session() as session:
            session.merge(FeedCursor(source_key="demo_feed", since="17", updated_at=NOW))
        taken_back(feed_database, first)
        with feed_database.read_session() as session:
            assert session.get(FeedCursor, "demo_feed") is None


class TestSeveralRuns:
    def test_what_a_later_run_was_built_on_waits_for_that_one(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1)])
        before = state(feed_database)
        second = pulled([row(1, pay="6000-8000元/月")])
        third = pulled([row(1, pay="7000-9000元/月")])
        with pytest.raises(Conflict, match="feed_run_built_on") as refused:
            roll_back(feed_database, second, account_id=None, now=LATER)
        assert refused.value.details == {"runs": [third]}
        assert f"第 {third} 次" in refused.value.message
        taken_back(feed_database, third)
        assert job(feed_database, "V1").wage_text == "6000-8000元/月"
        taken_back(feed_database, second)
        assert state(feed_database) == before

    def test_a_later_run_that_found_nothing_new_is_no_obstacle(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1)])
        pulled([row(1)])
        assert taken_back(feed_database, first).endings == {"closed": 1}

    @pytest.mark.costly
    @pytest.mark.parametrize("seed", range(6))
    def test_back_step_by_step_through_any_history(self, feed_database: Database, pulled: Run, seed: int) -> None:
        chance = random.Random(seed)
        states, run_ids = [state(feed_database)], []
        for step in range(5):
            numbers = sorted(chance.sample(range(1, 9), chance.randint(1, 8)))
            pay = chance.choice(["5000-7000元/月", "6000-8000元/月", "30元/小时"])
            rows = [
                row(number, pay=pay if number % 2 else "5000-7000元/月", headcount=str(chance.randint(1, 2)))
                for number in numbers
            ]
            run_ids.append(pulled(rows, now=NOW + timedelta(minutes=step)))
            states.append(state(feed_database))
        for step in reversed(range(5)):
            with feed_database.read_session() as session:
                wrote = session.scalar(select(func.count()).where(JobHistory.feed_run_id == run_ids[step]))
            if not wrote:
                with pytest.raises(Conflict, match="feed_run_wrote_nothing"):
                    roll_back(feed_database, run_ids[step], account_id=None, now=LATER)
                continue
            taken_back(feed_database, run_ids[step])
            now_shown = state(feed_database)
            for original_id, shown in now_shown.items():
                # What was not there before is closed; everything else is word for word as it was.
                if original_id in states[step]:
                    assert shown == states[step][original_id], (step, original_id)
                else:
                    assert shown[:2] == ("closed", "gone"), (step, original_id)


class TestRefused:
    def test_what_is_not_there_or_wrote_nothing(self, feed_database: Database, pulled: Run) -> None:
        pulled([row(1)])
        idle = pulled([row(1)])
        with pytest.raises(NotFound, match="feed_run_unknown"):
            roll_back(feed_database, 999, account_id=None, now=LATER)
        with pytest.raises(Conflict, match="feed_run_wrote_nothing"):
            roll_back(feed_database, idle, account_id=None, now=LATER)

    def test_twice(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1)])
        taken_back(feed_database, first)
        before = state(feed_database)
        with pytest.raises(Conflict, match="feed_run_rolled_back"):
            roll_back(feed_database, first, account_id=None, now=LATER)
        with feed_database.read_session() as session:
            own = session.scalars(select(FeedRun.run_id).where(FeedRun.rolls_back_id == first)).one()
        with pytest.raises(Conflict, match="feed_run_is_rollback"):
            roll_back(feed_database, own, account_id=None, now=LATER)
        assert state(feed_database) == before

    def test_while_a_pull_goes_on(self, feed_database: Database, pulled: Run) -> None:
        first = pulled([row(1)])
        lease.take(feed_database, Report("demo_feed", "演示来源", "x.csv"))
        with pytest.raises(Conflict, match="feed_running"):
            roll_back(feed_database, first, account_id=None, now=LATER)
        assert job(feed_database, "V1").status == "open"


class TestBrokenOff:
    @pytest.fixture
    def ten(self, pulled: Run, monkeypatch: pytest.MonkeyPatch) -> int:
        """A run of ten jobs, taken back three at a time."""
        monkeypatch.setattr(rollback, "BATCH", 3)
        return pulled([row(number) for number in range(1, 11)])

    def shown(self, database: Database) -> int:
        return sum(one[0] == "open" for one in state(database).values())

    def kill_in_batch(self, database: Database, run_id: int, batch: int) -> None:
        """Kill a process in the middle of a batch: its jobs are written by then, and nothing of it is committed."""
        database.close()
        child = os.fork()
        if child == 0:  # the child never returns into pytest
            really, batches = rollback._mark_records, 0

            def mark(*arguments: Any) -> None:
                nonlocal batches
                batches += 1
                if batches == batch:
                    os.kill(os.getpid(), signal.SIGKILL)
                really(*arguments)

            vars(rollback)["_mark_records"] = mark  # only in the child
            try:
                roll_back(database, run_id, account_id=None, now=LATER)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL

    def test_the_next_one_goes_on_and_counts_the_whole(self, feed_database: Database, pulled: Run, ten: int) -> None:
        self.kill_in_batch(feed_database, ten, 3)
        assert self.shown(feed_database) == 4
        with pytest.raises(Conflict, match="feed_rollback_unfinished") as refused:
            pulled([row(1)])
        assert f"请先对第 {ten} 次再撤回一遍" in refused.value.message
        self.kill_in_batch(feed_database, ten, 1)
        assert self.shown(feed_database) == 4
        done = roll_back(feed_database, ten, account_id=None, now=LATER)
        assert (done.jobs, done.endings) == (10, {"closed": 10})
        assert self.shown(feed_database) == 0
        with feed_database.read_session() as session:
            assert session.scalar(select(func.count()).where(JobHistory.action == "rollback")) == 10
            runs = session.execute(select(FeedRun.status, FeedRun.action, FeedRun.report).order_by(FeedRun.run_id)).all()
        assert [(run.status, run.action) for run in runs] == [
            ("done", "pull"), ("abandoned", "rollback"), ("abandoned", "rollback"), ("done", "rollback"),
        ]  # fmt: skip
        assert runs[-1].report["closed"] == 10
        pulled([row(1)])
        assert self.shown(feed_database) == 1

    def test_a_fault_leaves_whole_batches_and_says_so(
        self, feed_database: Database, ten: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = 0

        really = vars(rollback)["apply"]

        def fall(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 5:
                raise RuntimeError("broken on purpose")
            return really(*arguments, **options)

        with monkeypatch.context() as broken:
            broken.setattr(rollback, "apply", fall)
            with pytest.raises(RuntimeError):
                roll_back(feed_database, ten, account_id=None, now=LATER)
        assert self.shown(feed_database) == 7
        with feed_database.read_session() as session:
            run = session.scalars(select(FeedRun).order_by(FeedRun.run_id.desc()).limit(1)).one()
        assert (run.status, run.message, run.running_key) == ("failed", "中断：程序出错或被停止，维护人员请看日志。", None)
        assert roll_back(feed_database, ten, account_id=None, now=LATER).endings == {"closed": 10}


class TestCommand:
    def test_a_trial_then_in_earnest(
        self, feed_database: Database, pulled: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", feed_database.url)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        first = pulled([row(1), row(2)])
        before = state(feed_database)
        trial = CliRunner().invoke(feeds_cli, ["rollback", str(first)])
        assert trial.exit_code == 0, trial.output
        assert "将撤回来源 demo_feed" in trial.output
        assert "关闭（这一次导入新增的） 2" in trial.output
        assert state(feed_database) == before
        real = CliRunner().invoke(feeds_cli, ["rollback", str(first), "--write"])
        assert real.exit_code == 0, real.output
        assert "已撤回" in real.output
        assert job(feed_database, "V1").status == "closed"
        again = CliRunner().invoke(feeds_cli, ["rollback", str(first), "--write"])
        assert again.exit_code == 1
        assert f"第 {first} 次导入已经撤回了" in again.output
        assert "Traceback" not in again.output
