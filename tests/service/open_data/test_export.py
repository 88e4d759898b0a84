"""Sheets of an office's own territory: no formula, no telephone without a trace, no row of another's."""

from __future__ import annotations

import io
import tempfile
import tracemalloc
from dataclasses import replace
from typing import Any, cast

import flask
import psutil
import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import OperationalError

from service import audit, clock
from service.audit.models import AuditEvent
from service.config import OpenDataSettings
from service.db import Database
from service.jobs.models import Job
from service.open_data import export
from service.open_data.room import Room
from service.open_data.selection import Selection
from service.open_data.snapshot import in_blocks
from service.sheets.write import Page, book_pieces, write_book
from tests.service.conftest import GANZHOU, People
from tests.service.open_data.pool import NANCHANG, NANKANG, TRADES, ZHANGGONG, new_job
from tests.service.open_data.sheets import rows_of_csv, rows_of_xlsx

READERS = {"csv": rows_of_csv, "xlsx": rows_of_xlsx}
EVIL = ('=HYPERLINK("http://x","点我")', "+8613800000077", "-1+2", "@SUM(A1)", "\t=1", "＝1+1")
EACH = pytest.mark.parametrize("ending", ["csv", "xlsx"])


@pytest.fixture
def pool(app: flask.Flask) -> Database:
    """The database of the application."""
    database: Database = app.extensions["database"]
    return database


def rows(client: FlaskClient, who: dict[str, str], ending: str, query: str = "") -> list[dict[str, str]]:
    """The sheet, its rows by the names of the columns."""
    answer = client.get(f"/v1/exports/jobs.{ending}{query}", headers=who)
    assert answer.status_code == 200, answer.get_json()
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="jobs-20')
    header, *found = READERS[ending](answer.get_data())
    return [dict(zip(header, row, strict=True)) for row in found]


@EACH
def test_an_office_gets_its_territory(app: flask.Flask, client: FlaskClient, people: People, pool: Database, ending: str) -> None:
    now = clock.now()
    with pool.write_session() as session:
        here = new_job(session, now, headcount=7, wage_min=22.5, wage_unit="hour").job_id
        there = new_job(session, now, kind="gig", region_code=NANKANG, trade_codes=[TRADES[1]]).job_id
        new_job(session, now, region_code=NANCHANG)
        new_job(session, now, status="held")
    found = rows(client, people.bureau, ending)
    assert [row["岗位编号"] for row in found] == [str(here), str(there)]
    first = found[0]
    assert (first["类型"], first["招工人数"], first["工资最低"], first["计薪单位"]) == ("公共招聘", "7", "22.5", "元/小时")
    assert first["地区"] == "江西省赣州市章贡区"
    assert first["使用许可"] == "尚未确定"
    chosen = OpenDataSettings("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
    app.extensions["settings"] = replace(app.extensions["settings"], open_data=chosen)
    assert rows(client, people.bureau, ending)[0]["使用许可"] == "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"
    assert "联系电话" not in first
    assert [row["岗位编号"] for row in rows(client, people.bureau, ending, "?kind=gig")] == [str(there)]
    assert [row["岗位编号"] for row in rows(client, people.bureau, ending, f"?region={ZHANGGONG}")] == [str(here)]
    assert [row["岗位编号"] for row in rows(client, people.bureau, ending, f"?trade={TRADES[1]}")] == [str(there)]
    assert len(rows(client, people.operator, ending)) == 3


@EACH
def test_nothing_is_a_formula(client: FlaskClient, people: People, pool: Database, ending: str) -> None:
    with pool.write_session() as session:
        for text in EVIL:
            new_job(session, clock.now(), title=text, employer_name=text, address=text)
    found = rows(client, people.bureau, ending)
    assert len(found) == len(EVIL)
    for row in found:
        for cell in row.values():
            assert not cell or cell[0] not in "=+-@＝＋－＠\t\r", cell


@EACH
def test_telephones_only_for_who_may_and_never_without_a_trace(
    client: FlaskClient, people: People, pool: Database, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.write_session() as session:
        new_job(session, clock.now())
    path = f"/v1/exports/jobs.{ending}?phones=true"
    refused = client.get(path, headers=people.operator)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "phones_not_yours")
    assert client.get(path, headers=people.employer).status_code == 403
    assert client.get(path).status_code == 401

    def events() -> list[AuditEvent]:
        with pool.read_session() as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.action == "job.export_phones")))

    assert events() == []
    assert rows(client, people.bureau, ending, "?phones=true")[0]["联系电话"] == "13800000001"
    (event,) = events()
    assert (event.object_kind, event.object_id, event.region_code) == ("region", GANZHOU, GANZHOU)
    assert event.details == {"fields": ["contact_name", "contact_phone"]}
    assert event.account_id == people.account_ids["bureau"]

    def full(*_a: Any, **_o: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(audit.trail, "append", full)
    unseen = client.get(path, headers=people.bureau)
    assert (unseen.status_code, unseen.get_json()["error"]) == (503, "audit_unavailable")
    assert b"13800000001" not in unseen.get_data()


@EACH
def test_no_sheet_without_a_trace(
    client: FlaskClient, people: People, pool: Database, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.write_session() as session:
        new_job(session, clock.now())
    rows(client, people.bureau, ending)
    rows(client, people.operator, ending, f"?region={NANCHANG}")
    rows(client, people.operator, ending)
    with pool.read_session() as session:
        events = list(session.scalars(select(AuditEvent).where(AuditEvent.action == "job.export").order_by(AuditEvent.seq)))
    assert [(event.role, event.object_id, event.details) for event in events] == [
        ("bureau", GANZHOU, {"fields": []}), ("operator", NANCHANG, {"fields": []}), ("operator", "000000000000", {"fields": []}),
    ]  # fmt: skip

    def full(*_a: Any, **_o: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(audit.trail, "append", full)
    answer = client.get(f"/v1/exports/jobs.{ending}", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (503, "audit_unavailable")


@pytest.mark.long
@pytest.mark.timeout(300)
@EACH
def test_a_hundred_thousand_rows_pass_through_little_memory(pool: Database, ending: str) -> None:
    """The most that a sheet takes, from the database to the last byte."""
    now, table = clock.now(), cast(Table, Job.__table__)
    with pool.write_session() as session:
        new_job(session, now)
        row = {name: value for name, value in session.execute(select(table)).mappings().one().items() if name != "job_id"}
        for size in [10_000] * 9 + [9_999]:
            session.execute(insert(table), [row] * size)
    sheet = export.Sheet(Selection(region=GANZHOU), phones=False, licence="演示许可")
    with pool.read_session() as session:
        export.require_few(session, sheet, now)
    pieces = export.csv_pieces if ending == "csv" else export.xlsx_pieces
    with tempfile.TemporaryFile() as file:
        process = psutil.Process()
        before, most = process.memory_info().rss, 0
        for piece in in_blocks(pieces(pool, sheet, now), gzip=False):
            file.write(piece)
            most = max(most, process.memory_info().rss)
        file.seek(0)
        assert len(READERS[ending](file.read())) == export.ROWS_MOST + 1
    assert most - before < 48_000_000


def test_a_csv_opens_in_a_spreadsheet_as_utf_8(client: FlaskClient, people: People, pool: Database) -> None:
    with pool.write_session() as session:
        new_job(session, clock.now(), title='引号"和,逗号\n换行')
    content = client.get("/v1/exports/jobs.csv", headers=people.bureau).get_data()
    assert content.startswith(b"\xef\xbb\xbf\xe5")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert rows_of_csv(content)[1][2] == '引号"和,逗号\n换行'


def test_another_territory_is_refused(client: FlaskClient, people: People) -> None:
    answer = client.get(f"/v1/exports/jobs.csv?region={NANCHANG}", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "not_your_territory")
    assert client.get("/v1/exports/jobs.csv", headers=people.worker).status_code == 403


def test_too_many_rows_are_refused_before_anything_is_sent(
    client: FlaskClient, people: People, pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_MOST", 2)
    with pool.write_session() as session:
        for _ in range(3):
            new_job(session, clock.now())
    answer = client.get("/v1/exports/jobs.csv", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "export_too_big")


def test_batches_are_whole(client: FlaskClient, people: People, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    with pool.write_session() as session:
        ids = [str(new_job(session, clock.now()).job_id) for _ in range(9)]
    assert [row["岗位编号"] for row in rows(client, people.bureau, "csv")] == ids


def test_a_long_book_passes_through_little_memory() -> None:
    def long() -> Any:
        yield ("编号", "说明")
        for number in range(30_000):
            yield (str(number), f"第{number}行，{number * 7919 % 10_007}")

    tracemalloc.start()
    pieces = [len(piece) for piece in book_pieces([Page("岗位", long())])]
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pieces) > 3
    assert most < 4_000_000


def test_in_pieces_it_is_the_same_book() -> None:
    pages = [Page("一", [("甲", "乙"), ("=1", "2")]), Page("二", [("丙",)])]
    assert rows_of_xlsx(b"".join(book_pieces(pages))) == rows_of_xlsx(write_book(pages)) == [["甲", "乙"], ["'=1", "2"]]


def test_numbers_are_numbers_and_what_is_no_vacancy_is_not_called_one(
    app: flask.Flask, client: FlaskClient, people: People
) -> None:
    with app.extensions["database"].write_session() as session:
        new_job(session, clock.now(), title="演示普工", headcount=5, wage_min=4500, wage_max=6000, wage_unit="month")
        new_job(session, clock.now(), title="演示目录", source_class="catalogue")
    answer = client.get("/v1/exports/jobs.xlsx", headers=people.bureau)
    header, *found = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    by_title = {row[header.index("岗位名称")]: dict(zip(header, row, strict=True)) for row in found}
    row = by_title["演示普工"]
    assert (row["招工人数"], row["工资最低"], row["工资最高"]) == (5, 4500, 6000)
    assert (row["类型"], by_title["演示目录"]["类型"]) == ("公共招聘", "目录（不计入岗位数）")


def test_slow_strangers_keep_no_office_from_its_sheet(
    app: flask.Flask, client: FlaskClient, people: People, pool: Database
) -> None:
    app.extensions["room"] = room = Room.of(4)
    held = client.get("/v1/snapshot/jobs", buffered=False)
    assert client.get("/v1/snapshot/jobs").status_code == 503
    assert client.get("/v1/exports/jobs.csv", headers=people.bureau).status_code == 200
    held.close()
    assert room.sheets.acquire(blocking=False)  # given back above; now taken
    before = _traces(app)
    assert client.get("/v1/exports/jobs.csv", headers=people.bureau).status_code == 503
    assert _traces(app) == before  # a sheet that nobody got is not in the trail


def _traces(app: flask.Flask) -> int:
    with app.extensions["database"].read_session() as session:
        query = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "job.export")
        return session.scalar(query) or 0
