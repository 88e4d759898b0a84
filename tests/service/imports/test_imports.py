"""A sheet all the way, on both databases: understood, confirmed, worked off, given back, mended and sent again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, inspect, select, text, update

from service import clock
from service.db import Database
from service.employers.models import Employer
from service.imports import judge, keep, settle
from service.imports import run as running
from service.imports.limits import bounds
from service.imports.models import SheetImport, SheetJob, SheetLine
from service.imports.run import run
from service.jobs.models import Job, JobChange, JobHistory
from service.jobs.reviews.models import JobReview
from service.sheets.write import Page, write_book
from service.stations.models import Station
from service.tasks.models import Task
from tests.service.conftest import People
from tests.service.imports.sheets import HEADER, book, cells_of, confirm, lines, made, row, send, through, work

PHONE = "13800000001"


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of this test."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def station(people: People) -> str:
    """Where the station's sheets go."""
    return f"/v1/stations/{people.station_id}/imports"


@pytest.fixture
def employer(people: People) -> str:
    """Where the employer's sheets go."""
    return f"/v1/employers/{people.employer_id}/imports"


def jobs(database: Database) -> list[Job]:
    with database.read_session() as session:
        return list(session.scalars(select(Job).order_by(Job.job_id)))


def everything_written(database: Database) -> list[int]:
    """How much of jobs and their stories there is, and their versions."""
    with database.read_session() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Job, JobHistory, JobChange, SheetJob)
        ]
        return [*counts, session.scalar(select(func.sum(Job.version))) or 0]


class TestThrough:
    def test_preview_then_jobs(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        sheet = book(row(), row(number="A-2", title="保安", wage="4000-5000元/月"), row(number="A-3", content="押金500元，焊接"))
        sent = send(client, station, sheet, people.staff)
        assert sent.status_code == 201, sent.get_json()
        assert sent.headers["Location"] == f"/v1/imports/{sent.get_json()['import_id']}"
        seen = sent.get_json()
        assert (seen["state"], seen["rows"], seen["done"]) == ("preview", 3, 0)
        assert [column["meaning"] for column in seen["sheets"][0]["columns"]] == [
            "number", "title", "employer", "headcount", "wage", "age", "description", "address", "contact_name", "contact_phone",
        ]  # fmt: skip
        sample = seen["sheets"][0]["samples"][0]
        assert sample["outcome"] == "published"
        assert sample["understood"]["wage"]["min"] == 7000
        assert sample["understood"]["place"]["region_code"].startswith("360702")
        assert sample["contact_phone"] == "138****0001"
        assert jobs(database) == []

        begun = confirm(client, seen["import_id"], people.staff)
        assert begun.status_code == 202, begun.get_json()
        assert begun.get_json()["state"] == "running"
        work(app)
        done = client.get(f"/v1/imports/{seen['import_id']}", headers=people.staff).get_json()
        assert (done["state"], done["done"]) == ("done", 3)
        assert done["counts"] == {"published": 2, "unchanged": 0, "held": 0, "rejected": 1}
        assert done["reasons"][0]["count"] == 1
        assert "押金" in done["reasons"][0]["example"]

        first, second = jobs(database)
        assert (first.title, first.status, first.headcount, first.employer_name) == ("电焊工", "open", 5, "演示钢构厂")
        assert (first.source_key, first.original_id) == (f"station-{people.station_id}", "n-A-1")
        assert first.legal_basis == "公共就业服务机构受托发布"
        assert first.region_code.startswith("360702")
        assert second.title == "保安"
        with database.read_session() as session:
            assert session.get_one(Job, first.job_id).contact_phone == PHONE

    def test_every_line_has_its_outcome_and_reason(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str
    ) -> None:
        done = through(
            app,
            station,
            book(
                row(),
                row(number="A-2", title=""),
                row(number="A-3", wage=""),
                row(number="A-1"),
                row(number="A-1", wage="5000元/月"),
            ),
            people.staff,
        )
        found = lines(client, done["import_id"], people.staff)
        assert [(line["row"], line["outcome"], line["reason_code"]) for line in found] == [
            (2, "published", ""),
            (3, "rejected", "title_missing"),
            (4, "rejected", "D-07.pay"),
            (5, "rejected", "duplicate"),
            (6, "rejected", "duplicate_number"),
        ]
        assert all(line["reason"].endswith("。") for line in found[1:])
        assert found[0]["job_id"] is not None
        only = client.get(f"/v1/imports/{done['import_id']}/lines?outcome=published&limit=1", headers=people.staff).get_json()
        assert [line["row"] for line in only["items"]] == [2]
        after = client.get(f"/v1/imports/{done['import_id']}/lines?after={only['next_after']}", headers=people.staff).get_json()
        assert [line["row"] for line in after["items"]] == [3, 4, 5, 6]

    def test_rejected_lines_come_back_and_are_taken_when_mended(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        done = through(app, station, book(row(), row(number="=1+1", content="", title="保安")), people.staff)
        assert done["rejected_file"] == f"/v1/imports/{done['import_id']}/rejected.xlsx"
        answer = client.get(done["rejected_file"], headers=people.staff)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        grid = cells_of(answer.data)
        assert grid[0] == [*HEADER, "未采用原因"]
        assert grid[1][:3] == ["'=1+1", "保安", "演示钢构厂"]
        assert grid[1][9] == PHONE
        assert "做什么工作" in grid[1][10]
        grid[1][6] = "看大门，两班倒"
        again = through(app, station, write_book([Page("岗位", grid)]), people.staff)
        assert again["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 0}
        assert [job.original_id for job in jobs(database)] == ["n-A-1", "n-=1+1"]
        assert client.get(f"/v1/imports/{again['import_id']}/rejected.xlsx", headers=people.staff).status_code == 404

    @pytest.mark.parametrize("numbered", [True, False])
    def test_the_same_sheet_twice_changes_nothing(
        self, app: flask.Flask, people: People, station: str, database: Database, *, numbered: bool
    ) -> None:
        sheet = [row(number=f"A-{n}" if numbered else "", title=title) for n, title in enumerate(("焊工", "保安", "保洁员"))]
        first = through(app, station, book(*sheet), people.staff)
        assert first["counts"]["published"] == 3
        before = everything_written(database)
        turned = [cells[::-1] for cells in (HEADER, *reversed(sheet))]
        for again in (book(*sheet), book(*turned[1:], header=turned[0])):
            done = through(app, station, again, people.staff)
            assert done["counts"] == {"published": 0, "unchanged": 3, "held": 0, "rejected": 0}
            assert everything_written(database) == before

    def test_a_changed_line_changes_its_job(self, app: flask.Flask, people: People, station: str, database: Database) -> None:
        through(app, station, book(row(), row(number="", title="保安")), people.staff)
        changed = book(row(wage="8000-9500元/月", phone="13900000002"), row(number="", title="保安", headcount="9"))
        done = through(app, station, changed, people.staff)
        assert done["counts"]["published"] == 2
        first, second = jobs(database)
        assert (first.wage_min, first.version, second.headcount, second.version) == (8000, 2, 9, 2)
        with database.read_session() as session:
            assert session.get_one(Job, first.job_id).contact_phone == "13900000002"

    def test_a_csv_of_an_old_computer(self, app: flask.Flask, people: People, station: str, database: Database) -> None:
        text = "\r\n".join(",".join(cells) for cells in (HEADER, row())).encode("gb18030")
        done = through(app, station, text, people.staff, name="导出.xls")
        assert (done["form"], done["counts"]["published"]) == ("gb18030", 1)
        assert jobs(database)[0].title == "电焊工"

    def test_several_sheets_merged_cells_two_header_rows(
        self, app: flask.Flask, people: People, station: str, database: Database
    ) -> None:
        def fill(made_book: Any, page: Any) -> None:
            page.merge_range("A1:H1", "演示街道招聘岗位汇总表")
            for column, name in enumerate(("单位名称", "岗位", "人数", None, None, "工作内容", "地址", "联系方式")):
                if name:
                    page.merge_range(1, column, 2, column, name)
            page.merge_range("D2:E2", "薪资待遇（元/月）")
            page.write_row("D3", ["最低", "最高"])
            page.merge_range("A4:A5", "演示电子厂")
            page.write_row("B4", ["普工", 20, 5000, 7000, "组装，包吃住", "赣州市章贡区沙河", f"演示王{PHONE}"])
            page.write_row("B5", ["焊工", 5, 7000, 9000, "焊接", "赣州市章贡区沙河", f"演示王{PHONE}"])
            page.write("A6", "注：长期招聘")
            second = made_book.add_worksheet("餐饮")
            second.write_row("A1", ["薪酬", "职位", "企业", "需求人数", "岗位要求", "工作地点", "电话"])
            second.write_row("A2", ["4000-5000元/月", "服务员", "演示餐馆", 3, "端菜、收台", "赣州市章贡区", PHONE])
            made_book.add_worksheet("填表说明").write("A1", "请如实填写")

        done = through(app, station, made(fill), people.staff)
        assert done["counts"] == {"published": 3, "unchanged": 0, "held": 0, "rejected": 0}
        found = jobs(database)
        assert [(job.employer_name, job.title, job.headcount, job.wage_min, job.wage_max) for job in found] == [
            ("演示电子厂", "普工", 20, 5000, 7000),
            ("演示电子厂", "焊工", 5, 7000, 9000),
            ("演示餐馆", "服务员", 3, 4000, 5000),
        ]
        assert done["sheets"][0]["notes"] == ["注：长期招聘"]
        assert "表头" in done["sheets"][2]["skipped"]

    def test_the_template_goes_through(self, app: flask.Flask, client: FlaskClient, people: People, station: str) -> None:
        template = client.get("/v1/imports/template.xlsx")
        assert template.status_code == 200
        done = through(app, station, template.data, people.staff)
        assert done["counts"]["published"] == 1, done["reasons"]


class TestKinds:
    def test_a_line_with_times_is_a_gig_of_the_station(
        self, app: flask.Flask, people: People, station: str, database: Database
    ) -> None:
        day = (clock.now() + timedelta(days=2)).astimezone(clock.BEIJING).strftime("%Y-%m-%d")
        header = [*HEADER, "开工时间", "完工时间", "保险"]
        sheet = [
            [*row(title="装卸工", wage="230元/天"), f"{day} 8:00", f"{day} 18:00", "意外险，雇主买"],
            [*row(number="A-2", title="装卸工", wage="230元/天"), "明天一早", f"{day} 18:00", ""],
        ]
        done = through(app, station, book(*sheet, header=header), people.staff)
        assert done["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 1}
        assert done["reasons"][0]["code"] == "gig_time_unread"
        with database.read_session() as session:
            job = session.scalars(select(Job)).one()
            station_id, seats = session.execute(text("SELECT station_id, seats FROM gig_terms")).one()
        assert (job.kind, job.headcount, station_id, seats) == ("gig", 5, people.station_id, 5)
        again = through(app, station, book(*sheet, header=header), people.staff)
        assert again["counts"]["unchanged"] == 1

    def test_an_unverified_employer_is_held_and_shown_when_it_is_verified(
        self, app: flask.Flask, people: People, database: Database
    ) -> None:
        path = f"/v1/employers/{people.unverified_employer_id}/imports"
        done = through(app, path, book(row(employer="")), people.unverified_employer)
        assert done["counts"] == {"published": 0, "unchanged": 0, "held": 1, "rejected": 0}
        job = jobs(database)[0]
        assert (job.status, job.held_for, job.employer_id) == ("held", ["employer"], people.unverified_employer_id)
        assert done["reasons"][0]["code"] == "employer_waits"
        again = through(app, path, book(row(employer="")), people.unverified_employer)
        assert again["counts"]["unchanged"] == 1
        with database.write_session() as session:
            session.get_one(Employer, people.unverified_employer_id).verified_at = clock.now()
        mended = through(app, path, book(row(employer="", headcount="6")), people.unverified_employer)
        assert mended["counts"]["published"] == 1
        assert jobs(database)[0].status == "open"

    def test_a_suspended_employer_may_not_even_send(
        self, client: FlaskClient, people: People, employer: str, database: Database
    ) -> None:
        sent = send(client, employer, book(row(employer="")), people.employer)
        with database.write_session() as session:
            session.get_one(Employer, people.employer_id).suspended_at = clock.now()
        refused = confirm(client, sent.get_json()["import_id"], people.employer)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "employer_refused")

    def test_an_employer_writes_for_itself_only(
        self, app: flask.Flask, people: People, employer: str, database: Database
    ) -> None:
        done = through(app, employer, book(row(employer="演示电子厂有限公司"), row(number="A-2")), people.employer)
        assert done["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 1}
        assert done["reasons"][0]["code"] == "another_employer"
        assert (jobs(database)[0].employer_name, jobs(database)[0].employer_id) == ("演示电子厂", people.employer_id)

    def test_a_place_that_is_not_clear_is_told_as_such_and_a_default_helps(
        self, app: flask.Flask, people: People, station: str, database: Database
    ) -> None:
        done = through(app, station, book(row(address="朝阳区")), people.staff)
        assert (done["counts"]["rejected"], done["reasons"][0]["code"]) == (1, "region_ambiguous")
        assert "朝阳区" in done["reasons"][0]["example"]
        helped = through(app, station, book(row(address="演示路8号")), people.staff, said={"region": "赣州市章贡区"})
        assert helped["counts"]["published"] == 1
        assert jobs(database)[-1].region_code.startswith("360702")

    def test_what_a_person_closed_stays_closed(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        through(app, station, book(row()), people.staff)
        job_id = jobs(database)[0].job_id
        other = client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.other_staff)
        assert other.status_code == 403
        closed = client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.staff)
        assert closed.status_code == 200, closed.get_json()
        done = through(app, station, book(row()), people.staff)
        assert done["reasons"][0]["code"] == "closed_by_person"
        assert jobs(database)[0].status == "closed"

    def test_a_change_by_hand_survives_the_same_sheet(
        self, app: flask.Flask, client: FlaskClient, people: People, employer: str, database: Database
    ) -> None:
        through(app, employer, book(row(employer="")), people.employer)
        job = jobs(database)[0]
        edited = client.patch(f"/v1/jobs/{job.job_id}", json={"headcount": 8}, headers=people.employer | {"If-Match": "*"})
        assert edited.status_code == 200, edited.get_json()
        through(app, employer, book(row(employer="")), people.employer)
        assert jobs(database)[0].headcount == 8


class TestConfirm:
    def test_columns_can_be_corrected(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        header = ["甲", "乙", "丙", "丁", "岗位要求", "工作地点", "电话"]
        sheet = book(["普工", "演示厂", "9", "6000元/月", "组装", "赣州市章贡区", PHONE], header=["岗位名称", *header[1:]])
        sent = send(client, station, sheet, people.staff).get_json()
        assert [column["meaning"] for column in sent["sheets"][0]["columns"]][:4] == ["title", "", "", "wage"]
        said = {
            "sheets": [{"sheet": 1, "columns": [{"column": 2, "meaning": "employer"}, {"column": 3, "meaning": "headcount"}]}]
        }
        assert confirm(client, sent["import_id"], people.staff, said).status_code == 202
        work(app)
        job = jobs(database)[0]
        assert (job.employer_name, job.headcount) == ("演示厂", 9)

    def test_a_meaning_that_is_given_away_is_taken_from_the_other_column(
        self, app: flask.Flask, people: People, station: str, database: Database
    ) -> None:
        sheet = book([*row(), "装配工"], header=[*HEADER, "真正的"])
        said = {"sheets": [{"sheet": 1, "columns": [{"column": 11, "meaning": "title"}]}]}
        through(app, station, sheet, people.staff, said=said)
        assert jobs(database)[0].title == "装配工"

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({"sheets": [{"sheet": 2}]}, "sheet_unknown"),
            ({"sheets": [{"sheet": 1, "columns": [{"column": 99, "meaning": "wage"}]}]}, "column_unknown"),
            ({"sheets": [{"sheet": 1, "columns": [{"column": 2, "meaning": ""}]}]}, "title_column_missing"),
            (
                {"sheets": [{"sheet": 1, "columns": [{"column": 1, "meaning": "wage"}, {"column": 2, "meaning": "wage"}]}]},
                "columns_twice",
            ),
            ({"sheets": [{"sheet": 1, "skip": True}]}, "nothing_left"),
            ({"sheets": [{"sheet": 1, "columns": [{"column": 1, "meaning": "nonsense"}]}]}, "invalid"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_nothing_begins(
        self, client: FlaskClient, people: People, station: str, database: Database, said: dict[str, Any], error: str
    ) -> None:
        import_id = send(client, station, book(row()), people.staff).get_json()["import_id"]
        refused = confirm(client, import_id, people.staff, said)
        assert (refused.status_code, refused.get_json()["error"]) == (422, error)
        with database.read_session() as session:
            assert session.get_one(SheetImport, import_id).state == "preview"
            assert session.scalar(select(func.count()).select_from(Task)) == 0

    def test_only_once_and_one_at_a_time(self, app: flask.Flask, client: FlaskClient, people: People, station: str) -> None:
        first = send(client, station, book(row()), people.staff).get_json()["import_id"]
        second = send(client, station, book(row(number="A-2")), people.staff).get_json()["import_id"]
        assert confirm(client, first, people.staff).status_code == 202
        again = confirm(client, first, people.staff)
        assert (again.status_code, again.get_json()["error"]) == (409, "import_not_waiting")
        busy = confirm(client, second, people.staff)
        assert (busy.status_code, busy.get_json()["error"]) == (409, "import_running")
        assert busy.headers["Location"] == f"/v1/imports/{first}"
        work(app)
        assert confirm(client, second, people.staff).status_code == 202

    def test_one_file_at_a_time_and_an_answer_that_was_lost(self, client: FlaskClient, people: People, station: str) -> None:
        content = book(row(number="A-9"))
        one = send(client, station, content, people.staff, key="lost-answer-2")
        same = send(client, station, content, people.staff, key="lost-answer-2")
        assert (same.status_code, same.get_json()) == (201, one.get_json())
        assert same.headers["Idempotency-Replayed"] == "true"
        other = send(client, station, content, people.staff, key="lost-answer-3")
        assert (other.status_code, other.get_json()["error"]) == (409, "import_waiting")
        assert other.headers["Location"] == f"/v1/imports/{one.get_json()['import_id']}"

    def test_nobody_else_sees_it(self, client: FlaskClient, people: People, station: str) -> None:
        import_id = send(client, station, book(row()), people.staff).get_json()["import_id"]
        for who in (people.other_staff, people.employer, people.bureau):
            assert client.get(f"/v1/imports/{import_id}", headers=who).status_code in {403, 404}
            assert confirm(client, import_id, who).status_code in {403, 404}
        assert send(client, station, book(row()), people.other_staff).status_code == 403
        assert send(client, station, book(row()), people.worker).status_code == 403


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "status", "error"),
        [
            (b"", 422, "sheet_file_empty"),
            (b"\x00\x01\x02\x03" * 64, 422, "sheet_file_encoding"),
            (b"PK\x03\x04broken", 422, "sheet_file_cut"),
            ("说明\n请填写\n".encode(), 422, "sheet_file_no_rows"),
            ("岗位,人数\n".encode(), 422, "sheet_file_no_rows"),
            (b"x" * (10 * 2**20 + 64 * 1024), 413, "sheet_file_too_big"),
        ],
    )
    def test_what_cannot_be_used(
        self, client: FlaskClient, people: People, station: str, content: bytes, status: int, error: str
    ) -> None:
        refused = send(client, station, content, people.staff)
        assert (refused.status_code, refused.get_json()["error"]) == (status, error)

    def test_too_many_rows(self, client: FlaskClient, people: People, station: str) -> None:
        most = bounds(clock.now()).rows
        refused = send(client, station, ("岗位,人数\n" + "普工,1\n" * (most + 1)).encode(), people.staff)
        assert (refused.status_code, refused.get_json()["error"]) == (422, "sheet_file_too_big")

    def test_no_form_no_file(self, client: FlaskClient, people: People, station: str) -> None:
        headers = people.staff | {"Idempotency-Key": "no-form-0001"}
        assert client.post(station, data=b"x", headers=headers).status_code == 415
        assert client.post(station, data={"other": "x"}, content_type="multipart/form-data", headers=headers).status_code == 422

    def test_contacts_are_sealed_and_in_no_other_place(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        hidden = "13811110099"
        header = [*HEADER[:-1], f"联系电话 有问题打{hidden}"]
        sheet = book(row(content=f"焊接，电话{hidden}", title=f"电焊工{hidden}"), row(number="A-2", title=""), header=header)
        sent = send(client, station, sheet, people.staff, name=f"演示{hidden}.xlsx")
        assert hidden not in sent.get_data(as_text=True)
        confirm(client, sent.get_json()["import_id"], people.staff)
        work(app)
        answer = client.get(f"/v1/imports/{sent.get_json()['import_id']}", headers=people.staff)
        assert hidden not in answer.get_data(as_text=True)
        with database.read_session() as session:
            assert jobs(database)[0].title == "电焊工（联系方式略）"
            tables = inspect(database.read_engine).get_table_names()
            for table in tables:
                kept = session.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  names of our own tables
                assert hidden not in str(kept), table
                assert PHONE not in str(kept), table


class TestKept:
    def test_old_previews_and_old_cells_go(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        done = through(app, station, book(row(), row(number="A-2", title="")), people.staff)
        waiting = send(client, station, book(row(number="A-5")), people.staff).get_json()["import_id"]
        now = clock.now()
        with database.write_session() as session:
            assert keep.drop_previews(session, now + timedelta(hours=23)) == 0
            assert keep.drop_previews(session, now + timedelta(hours=25)) == 1
            assert keep.drop_cells(session, now + timedelta(days=29)) == 0
            assert keep.drop_cells(session, now + timedelta(days=31)) == 1
            assert keep.drop_cells(session, now + timedelta(days=31)) == 0
            assert session.scalar(select(func.count()).where(SheetLine.cells_sealed.is_not(None))) == 0
        seen = client.get(f"/v1/imports/{waiting}", headers=people.staff).get_json()
        assert (seen["state"], seen["sheets"]) == ("dropped", [])
        assert confirm(client, waiting, people.staff).get_json()["error"] == "import_not_waiting"
        gone = client.get(f"/v1/imports/{done['import_id']}/rejected.xlsx", headers=people.staff)
        assert (gone.status_code, gone.get_json()["error"]) == (409, "cells_dropped")
        assert [line["reason_code"] for line in lines(client, done["import_id"], people.staff)] == ["", "title_missing"]

    def test_few_previews_of_one_owner(self, client: FlaskClient, people: People, station: str, database: Database) -> None:
        for number in range(bounds(clock.now()).previews + 1):
            assert send(client, station, book(row(number=f"A-{number}")), people.staff).status_code == 201
        with database.read_session() as session:
            states = session.scalars(select(SheetImport.state).order_by(SheetImport.import_id)).all()
        assert states == ["dropped", *["preview"] * bounds(clock.now()).previews]

    def test_work_that_was_given_up_is_said_to_have_failed(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        import_id = send(client, station, book(row()), people.staff).get_json()["import_id"]
        confirm(client, import_id, people.staff)
        with database.write_session() as session:
            assert keep.give_up(session, clock.now()) == 0
            session.execute(update(Task).where(Task.kind == "imports.run").values(state="dead"))
            assert keep.give_up(session, clock.now()) == 1
        assert client.get(f"/v1/imports/{import_id}", headers=people.staff).get_json()["state"] == "failed"
        again = through(app, station, book(row()), people.staff)
        assert again["counts"]["published"] == 1


class TestInterrupted:
    @pytest.fixture
    def begun(self, client: FlaskClient, people: People, station: str, monkeypatch: pytest.MonkeyPatch) -> int:
        """An import of five lines that is worked off two at a time; its number."""
        monkeypatch.setattr(running, "BATCH", 2)
        sheet = [row(number=f"A-{n}", title=title) for n, title in enumerate(("焊工", "保安", "保洁员", "普工", "叉车工"))]
        import_id: int = send(client, station, book(*sheet), people.staff).get_json()["import_id"]
        assert confirm(client, import_id, people.staff).status_code == 202
        return import_id

    def test_it_goes_on_where_it_stopped(self, begun: int, database: Database) -> None:
        def kill(_done: int) -> None:
            raise KeyboardInterrupt

        for left in (2, 4):
            with pytest.raises(KeyboardInterrupt):
                run(database, begun, after_batch=kill)
            assert len(jobs(database)) == left
        run(database, begun)
        with database.read_session() as session:
            done = session.get_one(SheetImport, begun)
            assert (done.state, done.done, done.counts, done.running_key) == ("done", 5, {"published": 5}, None)
            assert session.scalar(select(func.count()).select_from(JobHistory)) == 5
        run(database, begun)
        assert len(jobs(database)) == 5

    def test_of_two_workers_only_one_writes_each_line(self, begun: int, database: Database) -> None:
        def other(done: int) -> None:
            if done == 2:
                run(database, begun)

        run(database, begun, after_batch=other)
        with database.read_session() as session:
            done = session.get_one(SheetImport, begun)
            assert (done.state, done.done, done.counts) == ("done", 5, {"published": 5})
            assert session.scalar(select(func.count()).select_from(JobHistory)) == 5

    @pytest.mark.usefixtures("begun")
    def test_a_station_that_closes_meanwhile(self, people: People, app: flask.Flask, database: Database) -> None:
        with database.write_session() as session:
            session.get_one(Station, people.station_id).closed_at = clock.now()
        work(app)
        assert jobs(database) == []


def test_a_standing_that_changes_meanwhile_counts_from_then_on(
    client: FlaskClient, people: People, employer: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 1)
    import_id = send(client, employer, book(row(employer=""), row(employer="", number="A-2")), people.employer).get_json()[
        "import_id"
    ]
    confirm(client, import_id, people.employer)

    def suspend(_done: int) -> None:
        with database.write_session() as session:
            session.get_one(Employer, people.employer_id).suspended_at = clock.now()

    run(database, import_id, after_batch=suspend)
    with database.read_session() as session:
        outcomes = session.execute(select(SheetLine.outcome, SheetLine.reason_code).order_by(SheetLine.line_no)).all()
    assert [tuple(line) for line in outcomes] == [("published", ""), ("rejected", "employer_refused")]


def test_one_line_at_which_the_program_fails_costs_no_other(
    app: flask.Flask, people: People, station: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    def drafted(said: Any, *rest: Any) -> Any:
        if said.number == "A-2":
            raise ZeroDivisionError
        return judge.drafted(said, *rest)

    monkeypatch.setattr(settle, "drafted", drafted)
    done = through(app, station, book(row(), row(number="A-2"), row(number="A-3")), people.staff)
    assert done["counts"] == {"published": 2, "unchanged": 0, "held": 0, "rejected": 1}
    assert done["reasons"][0]["code"] == "row_failed"


def test_what_has_to_be_looked_at_stands_in_the_queue_like_an_advert_published_by_itself(
    app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
) -> None:
    doubtful = row(number="A-4", content="钢结构焊接，表现好的可以去日本打工")
    done = through(app, station, book(row(), doubtful, row(number="A-5", content="焊接，去迪拜工作")), people.staff)
    with database.read_session() as session:
        held = {job.original_id: job for job in session.scalars(select(Job).where(Job.status == "held"))}
        reviews = {review.job_id: review for review in session.scalars(select(JobReview))}
    assert done["counts"]["held"] == len(held) == 2
    assert {job.job_id for job in held.values()} == set(reviews)
    one = held["n-A-4"]
    assert one.held_for == ["advert"]
    review = reviews[one.job_id]
    assert (review.state, review.causes, review.version, review.open_key) == ("waiting", ["advert"], 1, one.job_id)
    assert review.findings[0]["rule"] == "D-07.overseas_licence"
    mended = through(app, station, book(row(number="A-4")), people.staff)
    assert mended["counts"]["published"] == 1
    with database.read_session() as session:
        review = session.scalars(select(JobReview).where(JobReview.job_id == one.job_id)).one()
        assert (review.state, review.open_key) == ("mended", None)
    held_again = through(app, station, book(doubtful), people.staff)
    assert held_again["counts"]["held"] == 1
    with database.read_session() as session:
        states = session.scalars(select(JobReview.state).where(JobReview.job_id == one.job_id).order_by(JobReview.review_id))
        assert list(states) == ["mended", "waiting"]


def test_the_same_sheet_again_makes_its_jobs_fresh_and_is_no_change(
    app: flask.Flask, people: People, station: str, database: Database
) -> None:
    sheet = book(row(), row(number="A-2", title="保安"))
    through(app, station, sheet, people.staff)
    long_ago = clock.now() - timedelta(days=40)
    with database.write_session() as session:
        session.execute(update(Job).values(confirmed_at=long_ago))
    before = everything_written(database)
    assert through(app, station, sheet, people.staff)["counts"]["unchanged"] == 2
    assert everything_written(database) == before
    assert all(job.confirmed_at is not None and clock.now() - job.confirmed_at < timedelta(minutes=5) for job in jobs(database))
    with database.write_session() as session:
        session.execute(update(Job).where(Job.original_id == "n-A-2").values(confirmed_at=long_ago, stale_at=long_ago))
    through(app, station, sheet, people.staff)
    first, second = jobs(database)
    assert (first.version, second.version, second.stale_at) == (1, 2, None)  # that it is back is a change
    with database.read_session() as session:
        actions = session.scalars(
            select(JobHistory.action).where(JobHistory.job_id == second.job_id).order_by(JobHistory.history_id)
        )
        assert list(actions) == ["create", "confirm"]


@pytest.mark.parametrize(
    ("words", "kind", "outcome"),
    [
        ({"wage": "6000-7000元/月"}, "public", "published"),
        ({"wage": "20元/小时"}, "public", "published"),
        ({"wage": "230元/天", "content": "卸货，日结"}, "gig", "rejected"),
        ({"wage": "230元/天", "content": "卸货，当天结算"}, "gig", "rejected"),
        ({"title": "搬运临时工", "wage": "230元/天"}, "gig", "rejected"),
        ({"wage": "230元/天", "content": "长期日结，包吃住"}, "public", "published"),
        ({"wage": "6000元/月", "content": "焊接，不招临时工"}, "public", "published"),
        ({"wage": "6000元/月", "content": "焊接，当天面试当天入职"}, "public", "published"),
    ],
)
def test_which_kind_a_line_of_a_station_is(
    app: flask.Flask, client: FlaskClient, people: People, station: str, words: dict[str, str], kind: str, outcome: str
) -> None:
    sheet = book(row(**words))
    sample = send(client, station, sheet, people.staff).get_json()["sheets"][0]["samples"][0]
    assert (sample["kind"], sample["outcome"]) == (kind, outcome)
    assert sample["kind_text"] == {"public": "岗位", "gig": "零工"}[kind]
    if kind == "gig":
        assert "开工、完工时间" in sample["reason"]


def test_an_end_is_read_also_as_a_bare_number_and_kept_as_words_when_it_is_none(
    app: flask.Flask, people: People, station: str, database: Database
) -> None:
    day = (clock.now() + timedelta(days=20)).astimezone(clock.BEIJING).date()
    number = str((day - date(1899, 12, 30)).days)
    sheet = [[*row(), number], [*row(number="A-2", title="保安"), "月底前"]]
    through(app, station, book(*sheet, header=[*HEADER, "有效期"]), people.staff)
    first, second = jobs(database)
    assert first.valid_until.astimezone(clock.BEIJING).date() == day
    assert "有效期：月底前" in second.description
    assert number not in first.description
