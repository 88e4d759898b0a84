"""Whoever sent a sheet says what its columns mean, once, and he alone."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.db import Database
from service.imports.models import SheetImport
from service.tasks.models import Task
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    PHONE,
    book,
    confirm,
    jobs,
    row,
    send,
    through,
    work,
)


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
