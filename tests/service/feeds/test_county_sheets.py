"""A county's folder of sheets: which of them count, and that one that cannot be read closes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from service.db import Database
from service.errors import Refusal
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord
from service.feeds.replay import replay
from service.feeds.report import Report
from service.feeds.source import FeedSource, open_source
from service.feeds.trail import place_of
from service.jobs.models import Job
from tests.service.feeds.conftest import NOW

HEADER = (
    "序号",
    "企业名称",
    "工种",
    "人数",
    "技能要求",
    "薪资待遇（元）",
    "工作地点",
    "工作内容",
    "有效期至",
    "联系人",
    "联系电话",
)
Run = Callable[[], Report]


def line(company: str, trade: str, **changed: str) -> list[str]:
    said = {"count": "5人", "ask": "会用电脑平车", "pay": "5000-7000", "place": "唐江镇演示路", "until": "2026/12/31"} | changed
    return [
        "1",
        company,
        trade,
        said["count"],
        said["ask"],
        said["pay"],
        said["place"],
        "做工作服",
        said["until"],
        "演示女士",
        "13800000003",
    ]


def put(folder: Path, name: str, rows: Sequence[Sequence[str]], *, age: float = 3600) -> Path:
    """A sheet as offices make them: a title over the whole width, a note under the table."""
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, len(HEADER) - 1, "南康区企业用工需求表")
        sheet.write_row(1, 0, HEADER)
        for at, row in enumerate(rows, start=2):
            sheet.write_row(at, 0, row)
        sheet.merge_range(len(rows) + 2, 0, len(rows) + 2, len(HEADER) - 1, "备注：以上岗位长期有效，请到窗口咨询。")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "county_sheets"
    made.mkdir()
    (tmp_path / "county_sheets.toml").write_text("[source]\nenabled = true\n", encoding="utf-8")
    return made


@pytest.fixture
def source(folder: Path) -> FeedSource:
    return open_source("county_sheets", folder.parent)


@pytest.fixture
def run(feed_database: Database, source: FeedSource) -> Run:
    return lambda: pull(feed_database, source, now=NOW, write=True)


def shown(database: Database) -> set[tuple[str, str]]:
    with database.read_session() as session:
        rows = session.execute(select(Job.employer_name, Job.title).where(Job.status == "open"))
        return {(row[0], row[1]) for row in rows}


def test_the_sheets_of_all_offices_are_the_list(feed_database: Database, folder: Path, run: Run) -> None:
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工"), line("演示家具厂", "木工")])
    put(folder, "龙岭镇岗位表2026-11-21.xlsx", [line("演示电子厂", "普工", place="龙岭镇")])
    report = run()
    assert (report.read, report.outcomes) == (5, {"published": 3, "rejected": 2})
    assert shown(feed_database) == {("演示服装厂", "缝纫工"), ("演示家具厂", "木工"), ("演示电子厂", "普工")}
    with feed_database.read_session() as session:
        job = session.scalars(select(Job).where(Job.title == "缝纫工")).one()
        assert (job.wage_min, job.wage_unit, job.headcount, job.region_code[:6]) == (5000, "month", 5, "360703")
        assert (job.contact_name, job.contact_phone) == ("演示女士", "13800000003")
        notes = session.scalars(select(FeedRecord.reason_code).where(FeedRecord.outcome == "rejected"))
        assert set(notes) == {"not_a_job"}


def test_a_newer_sheet_takes_the_place_of_the_older_of_the_same_office(feed_database: Database, folder: Path, run: Run) -> None:
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工"), line("演示家具厂", "木工")])
    run()
    # Copied later than the newer one was: the date in the name counts, not when it was copied.
    put(folder, "唐江镇岗位表2026-11-13.xlsx", [line("演示旧厂", "普工")], age=60)
    put(folder, "唐江镇岗位表2026-11-27.xlsx", [line("演示服装厂", "缝纫工"), line("演示服装厂", "裁剪工")], age=7200)
    report = run()
    assert shown(feed_database) == {("演示服装厂", "缝纫工"), ("演示服装厂", "裁剪工")}
    assert report.closed == 1
    assert report.outcomes["unchanged"] == 1


def test_one_sheet_that_cannot_be_read_closes_nothing(feed_database: Database, folder: Path, run: Run) -> None:
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工")])
    other = put(folder, "龙岭镇岗位表2026-11-21.xlsx", [line("演示电子厂", "普工")])
    run()
    other.write_bytes(other.read_bytes()[:2000])
    os.utime(other, (time.time() - 3600, time.time() - 3600))
    report = run()
    assert "1 个表格没有读成" in report.gap
    assert (report.closed, len(shown(feed_database))) == (0, 2)
    other.unlink()
    put(folder, "龙岭镇岗位表2026-11-22.xlsx", [line("演示电子厂", "普工")], age=1)  # still on its way
    report = run()
    assert "还没有复制完" in report.gap
    assert len(shown(feed_database)) == 2


def test_what_does_not_count(feed_database: Database, folder: Path, run: Run, tmp_path: Path) -> None:
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工")])
    (folder / "~$唐江镇岗位表2026-11-20.xlsx").write_bytes(b"open in an editor")
    (folder / ".hidden.xlsx").write_bytes(b"hidden")
    elsewhere = put(tmp_path, "elsewhere.xlsx", [line("演示别处", "普工")])
    (folder / "link.xlsx").symlink_to(elsewhere)
    assert not run().gap
    assert shown(feed_database) == {("演示服装厂", "缝纫工")}


def test_an_empty_or_missing_folder_is_said_so(feed_database: Database, folder: Path, run: Run) -> None:
    with pytest.raises(Refusal) as caught:
        run()
    assert caught.value.error == "feed_folder_empty"
    folder.rmdir()
    with pytest.raises(Refusal) as caught:
        run()
    assert caught.value.error == "feed_folder_missing"


def numbered(folder: Path, name: str, **sheets: Sequence[Sequence[str]]) -> None:
    """A file whose rows have numbers of their own, in one sheet or several."""
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, ("编号", *HEADER[1:]))
            for at, row in enumerate(rows, start=1):
                sheet.write_row(at, 0, row)
            if title == "旧表":
                sheet.hide()
    os.utime(path, (time.time() - 3600, time.time() - 3600))


def test_every_office_counts_from_one(feed_database: Database, folder: Path, run: Run) -> None:
    numbered(folder, "唐江镇岗位表2026-11-20.xlsx", 厂=[line("演示服装厂", "缝纫工")], 店=[line("演示饭店", "服务员")])
    numbered(folder, "龙岭镇岗位表2026-11-21.xlsx", 厂=[line("演示电子厂", "普工")], 旧表=[line("演示旧厂", "木工")])
    assert run().outcomes == {"published": 3}
    assert shown(feed_database) == {("演示服装厂", "缝纫工"), ("演示饭店", "服务员"), ("演示电子厂", "普工")}
    with feed_database.read_session() as session:
        ids = set(session.scalars(select(FeedRecord.original_id)))
    assert ids == {"唐江镇:1", "唐江镇/店:1", "龙岭镇:1"}
    # The next sheet of an office is about the same jobs, and one number twice in a sheet is a mistake in it.
    numbered(folder, "唐江镇岗位表2026-11-27.xlsx", 厂=[line("演示服装厂", "缝纫工"), line("演示服装厂", "裁剪工")])
    assert run().outcomes == {"unchanged": 2, "rejected": 1}
    with feed_database.read_session() as session:
        said = session.scalars(select(FeedRecord.reason).where(FeedRecord.reason_code == "duplicate_id")).one()
    assert said == "编号 唐江镇:1 与唐江镇岗位表2026-11-27.xlsx，工作表“厂”，第 2 行重复而内容不同，只用那一行。"


def test_each_record_says_where_it_stands(feed_database: Database, folder: Path, source: FeedSource, run: Run) -> None:
    def places() -> dict[str, str]:
        with feed_database.read_session() as session:
            rows = session.scalars(select(FeedRecord).where(FeedRecord.outcome != "rejected"))
            return {(row.parsed or {})["title"]: place_of(row.steps) for row in rows}

    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工")])
    put(folder, "龙岭镇岗位表2026-11-21.xlsx", [line("演示电子厂", "普工", until="")])
    run()
    assert places() == {
        "缝纫工": "唐江镇岗位表2026-11-20.xlsx，工作表“Sheet1”，第 3 行",
        "普工": "龙岭镇岗位表2026-11-21.xlsx，工作表“Sheet1”，第 3 行",
    }
    # Where it stands is told anew although nothing about the job has changed, and a replay keeps it.
    put(folder, "唐江镇岗位表2026-11-27.xlsx", [line("演示饭店", "服务员"), line("演示服装厂", "缝纫工")])
    assert run().outcomes["unchanged"] == 1
    assert places()["缝纫工"] == "唐江镇岗位表2026-11-27.xlsx，工作表“Sheet1”，第 4 行"
    before = places()
    replay(feed_database, source, step="parsed", now=NOW, write=True)
    assert places() == before


def test_who_has_not_changed_his_number_is_not_sealed_anew(feed_database: Database, folder: Path, run: Run) -> None:
    def sealed() -> list[tuple[str | None, str | None]]:
        with feed_database.read_session() as session:
            rows = session.execute(select(FeedRecord.contact_sealed, FeedRecord.row_key).where(FeedRecord.outcome != "rejected"))
            return [(row[0], row[1]) for row in rows]

    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工")])
    run()
    before = sealed()
    assert before[0][0]
    run()
    assert sealed() == before
    other = line("演示服装厂", "缝纫工")
    other[-1] = "13800000009"
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [other])
    run()
    assert sealed() != before
    with feed_database.read_session() as session:
        assert session.scalars(select(Job)).one().contact_phone == "13800000009"
