"""A sheet all the way, on both databases: understood, confirmed, worked off."""

from __future__ import annotations

from typing import Any

import flask
from flask.testing import FlaskClient
from sqlalchemy import select

from service import clock
from service.db import Database
from service.duplicates.mark import mark
from service.jobs.models import Job
from service.jobs.reviews.models import JobReview
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    PHONE,
    book,
    confirm,
    jobs,
    lines,
    made,
    row,
    send,
    through,
    work,
)


def mark_all(database: Database) -> None:
    """Look for duplicates, as the worker does a moment later."""
    with database.write_session() as session:
        mark(session, list(session.scalars(select(Job.job_id))), clock.now())


class TestThrough:
    def test_lines_that_differ_are_jobs_of_their_own_and_the_report_says_what_was_joined(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        sheet = book(
            row(),
            row(number="A-2", wage="7200-9200元/月"),
            row(number="A-3", address="章贡区水南镇"),
            row(number="A-4", phone="13800000004"),
            row(number="A-5", headcount="1"),
            row(number="A-6"),
        )
        done = through(app, station, sheet, people.staff)
        assert done["counts"]["published"] == 6
        mark_all(database)
        told = client.get(f"/v1/imports/{done['import_id']}", headers=people.staff).get_json()
        assert told["joined"] == 1
        found = lines(client, done["import_id"], people.staff)
        first = found[0]["job_id"]
        assert [line["joined_to"] for line in found] == [None, None, None, None, None, first]
        assert all(job.confirmed_at == job.created_at for job in jobs(database)), "publishing says that it stands"

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
