"""What a clerk needs between the upload and the jobs: every line tried before anything is written, corrections said only once,
the example of the template left out."""

from __future__ import annotations

from typing import Any

import flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.db import Database
from service.imports.models import SheetImport, SheetLine
from service.jobs.models import Job
from service.sheets.write import Page, write_book
from tests.service.conftest import People
from tests.service.imports.sheets import GOOD, HEADER, book, cells_of, lines, row, send, through, work

ODD = ("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸")
"""Headers that nobody can know."""
TOLD = {
    "sheets": [
        {
            "sheet": 1,
            "columns": [
                {"column": place, "meaning": meaning}
                for place, meaning in enumerate(
                    ("number", "title", "employer", "headcount", "wage", "age", "description", "address", "contact_name"), start=1
                )
            ],
        }
    ]
}
KNOWN = ("岗位名称", "联系电话")


def _jobs(database: Database) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def _odd(*rows: tuple[str, ...]) -> bytes:
    """A sheet of which only two headers are known."""
    return book(*rows, header=[ODD[0], KNOWN[0], *ODD[2:9], KNOWN[1]])


def _preview(client: FlaskClient, import_id: int, headers: dict[str, str], said: dict[str, Any]) -> Any:
    return client.post(f"/v1/imports/{import_id}/preview", json=said, headers=headers)


class TestPreview:
    def test_every_line_is_tried_with_the_corrections_and_nothing_is_written(
        self, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        many = [row(number=f"A-{n}", title=("电焊工", "保安", "缝纫工")[n % 3], employer=f"演示{n}厂") for n in range(230)]
        many[210] = row(number="A-210", content="焊接，押金500元")
        many[220] = row(number="A-220", wage="")
        sent = send(client, station, _odd(*many), people.staff).get_json()
        assert sent["foreseen"] is None
        blind = _preview(client, sent["import_id"], people.staff, {}).get_json()["foreseen"]
        assert blind["counts"]["published"] == 0
        answer = _preview(client, sent["import_id"], people.staff, TOLD)
        assert answer.status_code == 200, answer.get_json()
        seen = answer.get_json()
        assert (seen["state"], seen["sheets"][0]["columns"][2]["meaning"]) == ("preview", "employer")
        assert seen["sheets"][0]["samples"][0]["outcome"] == "published"
        foreseen = seen["foreseen"]
        assert (foreseen["rows"], foreseen["judged"]) == (230, 230)
        assert foreseen["counts"] == {"published": 228, "unchanged": 0, "held": 0, "rejected": 2}
        assert [one["line"] for one in foreseen["first"]] == ["第 212 行", "第 222 行"]
        assert "押金" in foreseen["first"][0]["reason"]
        assert {one["code"] for one in foreseen["reasons"]} >= {"D-07.pay"}
        assert _jobs(database) == 0
        with database.read_session() as session:
            kept = session.get_one(SheetImport, sent["import_id"])
            assert kept.layout[0]["columns"][2]["meaning"] == ""
            assert session.scalar(select(func.count()).select_from(SheetLine).where(SheetLine.outcome.is_not(None))) == 0

    def test_it_foresees_what_confirming_does(self, app: flask.Flask, client: FlaskClient, people: People, station: str) -> None:
        sheet = book(row(), row(number="A-2", wage=""), row(), row(number="A-4", content="只要男工，焊接"))
        sent = send(client, station, sheet, people.staff).get_json()
        foreseen = _preview(client, sent["import_id"], people.staff, {}).get_json()["foreseen"]
        client.post(
            f"/v1/imports/{sent['import_id']}/confirm", json={}, headers=people.staff | {"Idempotency-Key": "foreseen-0001"}
        )
        work(app)
        done = client.get(f"/v1/imports/{sent['import_id']}", headers=people.staff).get_json()
        assert done["counts"] == foreseen["counts"]
        assert sorted(one["code"] for one in done["reasons"]) == sorted(one["code"] for one in foreseen["reasons"])

    def test_a_sheet_that_is_left_out_is_not_tried_and_wrong_corrections_are_told(
        self, client: FlaskClient, people: People, station: str
    ) -> None:
        two = write_book([Page("一", [HEADER, GOOD]), Page("二", [HEADER, row(number="B-1", title="保安")])])
        sent = send(client, station, two, people.staff).get_json()
        out = _preview(client, sent["import_id"], people.staff, {"sheets": [{"sheet": 2, "skip": True}]}).get_json()
        assert out["foreseen"]["rows"] == 1
        wrong = _preview(client, sent["import_id"], people.staff, {"sheets": [{"sheet": 9, "skip": True}]})
        assert (wrong.status_code, wrong.get_json()["error"]) == (422, "sheet_unknown")
        assert _preview(client, sent["import_id"], people.staff, {}).get_json()["foreseen"]["rows"] == 2

    def test_only_what_waits_can_be_tried(self, app: flask.Flask, client: FlaskClient, people: People, station: str) -> None:
        done = through(app, station, book(row()), people.staff)
        answer = _preview(client, done["import_id"], people.staff, {})
        assert (answer.status_code, answer.get_json()["error"]) == (409, "import_not_waiting")


class TestRemembered:
    def test_the_lines_that_came_back_are_mended_and_sent_and_nothing_is_said_again(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str
    ) -> None:
        told = TOLD | {"region": "赣州市章贡区"}
        sheet = _odd(row(address="演示路1号"), row(number="A-2", wage="", title="保安", address="演示路2号"))
        done = through(app, station, sheet, people.staff, said=told)
        assert done["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 1}
        grid = cells_of(client.get(done["rejected_file"], headers=people.staff).data)
        grid[1][4] = "4000-5000元/月"
        again = through(app, station, write_book([Page("岗位", grid)]), people.staff, said={})
        assert again["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 0}, lines(
            client, again["import_id"], people.staff
        )
        columns = again["sheets"][0]["columns"]
        assert [(one["meaning"], one["sure"]) for one in columns][2:4] == [("employer", "before"), ("headcount", "before")]
        assert again["region_code"].startswith("360702")

    def test_what_was_said_last_counts_and_only_for_the_same_sender(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str
    ) -> None:
        through(app, station, _odd(row()), people.staff, said=TOLD)
        seen = send(client, station, _odd(row(number="A-9")), people.staff).get_json()
        assert seen["sheets"][0]["columns"][6]["meaning"] == "description"
        assert seen["sheets"][0]["columns"][6]["sure_text"] == "按您上次指定的"
        path = f"/v1/employers/{people.employer_id}/imports"
        other = send(client, path, _odd(row(number="A-9")), people.employer).get_json()
        assert other["sheets"][0]["columns"][6]["meaning"] == ""
        changed = {"sheets": [{"sheet": 1, "columns": [{"column": 7, "meaning": "remarks"}]}]}
        through(app, station, _odd(row(number="A-10")), people.staff, said=changed)
        last = send(client, station, _odd(row(number="A-11")), people.staff).get_json()
        assert last["sheets"][0]["columns"][6]["meaning"] == "remarks"


class TestTemplate:
    def test_the_template_as_it_is_makes_no_job(self, client: FlaskClient, people: People, station: str) -> None:
        template = client.get("/v1/imports/template.xlsx").data
        answer = send(client, station, template, people.staff)
        assert (answer.status_code, answer.get_json()["error"]) == (422, "sheet_file_no_rows")
        assert "示例" in answer.get_json()["message"]

    def test_the_example_is_left_out_and_told(self, app: flask.Flask, client: FlaskClient, people: People, station: str) -> None:
        grid = cells_of(client.get("/v1/imports/template.xlsx").data)
        own = [*grid[1]]
        own[0], own[1], own[2] = "7", "保安", "演示物业"
        done = through(app, station, write_book([Page("岗位", [*grid, own])]), people.staff)
        assert done["counts"]["published"] == done["rows"] == 1
        assert done["sheets"][0]["notes"] == ["第 2 行是模板里的示例，没有采用。"]
        assert [line["row"] for line in lines(client, done["import_id"], people.staff)] == [3]
