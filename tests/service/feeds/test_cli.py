"""`flask feeds` as an operator types it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from service.db import Database
from service.feeds.cli import feeds_cli
from service.feeds.source import open_source
from service.jobs.models import Job

Feeds = Callable[..., Result]

HEADER = "title,company,location,wage,experience,education,headcount,tags,company_info,posted\n"


@pytest.fixture
def feeds(feed_database: Database, monkeypatch: pytest.MonkeyPatch) -> Feeds:
    """Run `flask feeds …` on the database of the test."""
    monkeypatch.setenv("DATABASE_URL", feed_database.url)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(feeds_cli, arguments)

    return run


def file_of(tmp_path: Path, rows: Sequence[str]) -> str:
    path = tmp_path / "sample.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in rows), encoding="gb18030")
    return str(path)


def jobs(database: Database) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_an_unknown_source_names_those_there_are(feeds: Feeds) -> None:
    result = feeds("pull", "nobody")
    assert result.exit_code == 1
    assert "county_sheets、job51_sample、partner_postings、province_jobs、shortage_lists" in result.output


def test_a_file_of_another_size_stops_with_one_line_and_writes_nothing(
    feeds: Feeds, feed_database: Database, tmp_path: Path
) -> None:
    path = file_of(tmp_path, ["焊工,演示厂,湖北省大冶,6-8千,1年,高中,,,民营|,2023-12-01"])
    result = feeds("pull", "job51_sample", "--write", "--file", path)
    assert result.exit_code == 1
    assert "已停止" in result.output
    assert jobs(feed_database) == 0
    status = feeds("status").output
    assert "job51_sample" in status
    assert "已停止" in status
    assert "还没有导入过" in status


def test_a_file_without_a_header_is_one_line(feeds: Feeds, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("焊工,演示厂\n", encoding="utf-8")
    result = feeds("pull", "shortage_lists", "--file", str(path))
    assert result.exit_code == 1
    assert "没有找到表头" in result.output
    assert "Traceback" not in result.output


def test_a_database_without_tables_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bare.db'}")
    result = CliRunner().invoke(feeds_cli, ["status"])
    assert result.exit_code == 1
    assert "make run" in result.output


def test_a_wrong_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://nobody")
    result = CliRunner().invoke(feeds_cli, ["status"])
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.output


@pytest.mark.long
@pytest.mark.timeout(600)
def test_both_real_sources_are_pulled_twice(feeds: Feeds, feed_database: Database) -> None:
    shown = 0
    for key, read in (("job51_sample", 4_316), ("shortage_lists", 19_623)):
        assert "试运行" in feeds("pull", key).output
        assert jobs(feed_database) == shown
        first = feeds("pull", key, "--write").output
        assert f"读到 {read} 行" in first
        shown = jobs(feed_database)
        again = feeds("pull", key, "--write").output
        assert "发布 0（其中新增 0）" in again
        assert jobs(feed_database) == shown
        low, high = open_source(key).bounds.publishable
        assert key in feeds("status").output
        assert "occupation_too_general" in feeds("rejected", key).output
        lines = feeds("rejected", key, "--reason", "occupation_too_general", "--limit", "3").output.splitlines()
        assert len(lines) == 3
        assert all("，第 " in line.partition(" 未采用")[0] for line in lines)
        with feed_database.read_session() as session:
            mine = session.scalar(select(func.count()).select_from(Job).where(Job.source_key == key)) or 0
        assert low <= mine <= high


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["replay", "job51_sample", "--from", "检查"], "--from 只能写 parsed、normalised"),
        (["replay", "job51_sample"], "缺少 --from"),
        (["replay"], "缺少 SOURCE"),
        (["pul"], "没有“pul”这个命令，可以用：digest、pull"),
        (["pull", "job51_sample", "--wirte"], "没有 --wirte 这个选项"),
        (["pull", "job51_sample", "--file"], "--file 后面要写"),
        (["rejected", "job51_sample", "--limit", "多"], "--limit 的值写法不对"),
        (["rollback", "0"], "RUN 的值写法不对"),
        (["digest", "--day", "昨天"], "--day 要写成 2026-01-31"),
        (["status", "job51_sample"], "多写了：job51_sample"),
    ],
)
def test_slips_are_told_in_chinese(feeds: Feeds, typed: list[str], said: str) -> None:
    result = feeds(*typed)
    assert result.exit_code == 2
    assert said in result.output
    assert not re.search(r"Error|Usage|Invalid|Missing|No such|Try", result.output)
    assert "--help" in result.output


def test_a_refusal_begins_in_chinese(feeds: Feeds) -> None:
    assert feeds("pull", "nobody").output.startswith("错误：没有叫")
