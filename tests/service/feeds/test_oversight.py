"""How sources stand beside their habit, and the digest of the night, over made-up runs of a source there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service import clock
from service.config import Settings
from service.db import Database
from service.feeds import digest
from service.feeds.cli import feeds_cli
from service.feeds.habits import policy
from service.feeds.models import FeedDigest, FeedRun
from service.feeds.oversight import Opened, SourceView, board, odd_things, opened, view_of
from service.feeds.source import open_source
from service.feeds.staff_tasks import DIGEST
from service.feeds.way import Timing
from service.tasks import registry
from service.tasks.registry import Outside
from tests.service.conftest import settings_for

KEY = "job51_sample"
NOW = datetime(2026, 11, 26, 23, 0, tzinfo=UTC)
"""07:00 in Beijing on the 27th: the digest of the 27th is there."""
DAY = date(2026, 11, 27)
Runs = Callable[..., int]


def source_daily() -> Opened:
    """A source that is to be pulled every day."""
    return Opened(KEY, replace(open_source(KEY), enabled=True, timing=Timing(every=timedelta(days=1))))


@pytest.fixture
def runs(database: Database) -> Runs:
    """Note a run of so many days ago (whole days before ``NOW``, two hours earlier)."""

    def add(days: float, *, status: str = "done", message: str = "", key: str = KEY, action: str = "pull", **said: Any) -> int:
        at = NOW - timedelta(days=days, hours=2)
        report = {
            "mode": "full",
            "read": 300,
            "published": 2,
            "unchanged": 290,
            "held": 3,
            "rejected": 5,
            "created": 2,
            "closed": 1,
        }
        report |= {"reasons": [{"outcome": "rejected", "code": "D-03", "count": 2, "example": ""}]} | said
        with database.write_session() as session:
            run = FeedRun(
                source_key=key, action=action, status=status, started_at=at, heartbeat_at=at, finished_at=at, message=message,
                report=report,
            )  # fmt: skip
            session.add(run)
            session.flush()
            return run.run_id

    return add


@pytest.fixture
def habit(runs: Runs) -> None:
    """Eight days of the same."""
    for days in range(8, 0, -1):
        runs(days)


def view(database: Database, now: datetime = NOW) -> SourceView:
    with database.read_session() as session:
        return view_of(session, source_daily(), now)


def odd(database: Database, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in view(database, now).oddities]


@pytest.mark.usefixtures("habit")
class TestView:
    def test_all_as_always(self, database: Database, runs: Runs) -> None:
        runs(0)
        seen = view(database)
        assert seen.oddities == []
        assert seen.counts["fit"] == 292
        assert (seen.usual["read"].median, seen.usual["read"].low) == (300, 270)

    def test_a_count_and_a_reason_out_of_habit(self, database: Database, runs: Runs) -> None:
        reasons = [{"outcome": "rejected", "code": "D-03", "count": 25, "example": ""}]
        runs(0, read=150, unchanged=100, rejected=30, reasons=reasons)
        assert odd(database) == [("count", "read"), ("count", "fit"), ("count", "rejected"), ("reason", "D-03")]

    def test_a_run_that_stopped_or_was_not_whole(self, database: Database, runs: Runs) -> None:
        runs(0, status="stopped", message="文件有 3 行，不在合理范围之内。")
        (first,) = view(database).oddities
        assert (first.kind, first.what) == ("broken", "stopped")
        assert "文件有 3 行" in first.sentence
        runs(0, gap="第 3 页没有取到", read=10)
        assert odd(database) == [("broken", "gap")]
        assert view(database).counts["read"] == 300  # half a list is no habit, and not compared with one

    def test_silence(self, database: Database) -> None:
        assert odd(database, NOW + timedelta(hours=20)) == []
        assert odd(database, NOW + timedelta(hours=24)) == [("silent", "silent")]

    def test_a_list_that_has_not_changed_is_no_silence_and_no_habit(self, database: Database, runs: Runs) -> None:
        runs(-1, mode="same", read=0, unchanged=0)
        assert odd(database, NOW + timedelta(days=2)) == []

    def test_what_was_taken_back_is_no_habit(self, database: Database, runs: Runs) -> None:
        with database.write_session() as session:
            session.execute(update(FeedRun).values(rolled_back_at=NOW))
        runs(0, read=20)
        assert odd(database) == []

    def test_a_source_that_is_not_set_up_is_not_silent(self, database: Database) -> None:
        one = source_daily()
        assert one.source is not None
        with database.read_session() as session:
            seen = view_of(session, Opened(KEY, replace(one.source, enabled=False)), NOW + timedelta(days=30))
        assert seen.oddities == []

    def test_one_run_as_it_was_then(self, database: Database, runs: Runs) -> None:
        bad = runs(0, read=150, unchanged=140)
        for days in range(1, 9):
            runs(-days, read=150, unchanged=140)
        with database.read_session() as session:
            found = odd_things(session, session.get_one(FeedRun, bad))
            assert [(one.what, one.usual) for one in found] == [("read", 300), ("fit", 292)]


def test_settings_that_cannot_be_read_hide_no_other_source(database: Database, tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.toml").write_text("[source]\nclass = 'no such class'\n", encoding="utf-8")
    with database.read_session() as session:
        views = board(session, opened(tmp_path), NOW)
    assert views[0].key == KEY
    assert (views[0].oddities[0].kind, views[0].oddities[0].what) == ("broken", "settings")
    assert {view.key for view in views} > {KEY, "shortage_lists"}


@pytest.mark.usefixtures("habit")
class TestDigest:
    def made(self, session: Session, now: datetime = NOW) -> digest.Digest:
        digest.make(session, [source_daily(), Opened("shortage_lists", open_source("shortage_lists"))], now)
        found = digest.read(session)
        assert found is not None
        return found

    def test_what_is_out_of_habit_comes_first(self, database: Database, runs: Runs) -> None:
        runs(0, read=150, created=7)
        with database.write_session() as session:
            found = self.made(session)
        assert found.day == DAY
        (line,) = found.out_of_habit
        assert (line.source_key, line.runs, line.counts["read"], line.counts["created"]) == (KEY, 1, 150, 7)
        assert [one["what"] for one in line.oddities] == ["read"]
        assert [one.source_key for one in found.in_habit] == ["shortage_lists"]

    def test_one_row_a_day_and_source_however_often_it_is_made(self, database: Database, runs: Runs) -> None:
        runs(0)
        for _ in range(3):
            with database.write_session() as session:
                self.made(session)
        with database.read_session() as session:
            assert session.scalar(select(func.count()).select_from(FeedDigest)) == 2

    def test_an_odd_run_of_the_night_is_not_hidden_by_a_good_one_after_it(self, database: Database, runs: Runs) -> None:
        bad = runs(0.2, read=20, unchanged=10)
        runs(0)
        with database.write_session() as session:
            (line,) = self.made(session).out_of_habit
        assert {one["what"] for one in line.oddities} == {"read", "fit"}
        assert all(one["sentence"].startswith(f"第 {bad} 次：") for one in line.oddities)
        assert (line.runs, line.counts["read"], line.counts["created"]) == (2, 300, 4)

    def test_before_its_hour_it_is_still_yesterday(self) -> None:
        assert digest.day_of(datetime(2026, 11, 26, 22, 39, tzinfo=UTC)) == date(2026, 11, 26)
        assert digest.day_of(datetime(2026, 11, 26, 22, 40, tzinfo=UTC)) == DAY

    def test_old_ones_go(self, database: Database) -> None:
        with database.write_session() as session:
            self.made(session, NOW - policy().kept - timedelta(days=1))
            self.made(session)
            days = set(session.scalars(select(FeedDigest.day)))
        assert days == {DAY}

    def test_the_task_makes_it(self, database: Database, tmp_path: Path) -> None:
        work = registry.known(DIGEST).outside
        assert work is not None
        settings: Settings = settings_for(database.url, tmp_path)
        work(Outside(database, settings), {}, NOW)
        with database.read_session() as session:
            found = digest.read(session, DAY)
        assert found is not None
        assert KEY in {line.source_key for line in (*found.out_of_habit, *found.in_habit)}
        assert registry.Timed(DIGEST, policy().made_at) in registry.timed()


class TestCommands:
    @pytest.fixture
    def feeds(self, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
        monkeypatch.setenv("DATABASE_URL", database.url)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setattr(clock, "now", lambda: NOW)
        return lambda *arguments: CliRunner().invoke(feeds_cli, arguments)

    @pytest.mark.usefixtures("habit")
    def test_status_is_a_table_and_says_what_is_the_matter(self, feeds: Callable[..., Result], runs: Runs) -> None:
        number = runs(0, status="failed", message="对方 13800000001 没有回答")
        shown = feeds("status")
        assert shown.exit_code == 0, shown.output
        lines = shown.output.splitlines()
        assert max(len(line) for line in lines) <= 150
        (row,) = [line for line in lines if line.strip().startswith(KEY) and "第" in line]
        assert re.search(rf"第 {number} 次 失败", row)
        assert "300" in row
        assert "(270–330)" in shown.output
        (told,) = [line for line in lines if line.startswith(f"! {KEY}")]
        assert "***0001 没有回答" in told
        assert "还没有导入过" in shown.output  # the other sources

    def test_digest(self, feeds: Callable[..., Result]) -> None:
        none = feeds("digest")
        assert none.exit_code == 1
        assert "--make" in none.output
        made = feeds("digest", "--make")
        assert made.exit_code == 0, made.output
        assert "夜间摘要" in made.output
        assert "没有和平常不一样的来源" in made.output
        assert KEY in feeds("digest").output
        assert feeds("digest", "--day", "2020-01-01").exit_code == 1

    @pytest.mark.usefixtures("habit")
    def test_a_row_is_of_one_run(self, feeds: Callable[..., Result], runs: Runs) -> None:
        number = runs(
            0, status="failed", message="对方没有回答（503）", read=0, published=0, unchanged=0, created=0, held=0, rejected=0
        )
        lines = feeds("status").output.splitlines()
        (row,) = [line for line in lines if line.strip().startswith(KEY) and "第" in line]
        cells = row.partition(f"第 {number} 次 失败")[2].split()
        assert cells[:4] == ["0"] * 4
        assert "292" not in row
        assert any("上一次完成的是第 8 次：读到 300，可展示 292" in line for line in lines)

    @pytest.mark.usefixtures("habit")
    def test_moments_are_told_as_people_write_them(self, feeds: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=2))  # long silent, which is said with a moment
        said = feeds("status").output + feeds("digest", "--make").output
        assert "上一次是 2026-11-26 05:00" in said
        assert not re.search(r"\d{2}T\d{2}:", said)
