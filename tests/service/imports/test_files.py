"""What cannot be used is said; what is kept of a file holds no contact that could be read."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from service import clock
from service.db import Database
from service.imports.limits import bounds
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    PHONE,
    book,
    confirm,
    jobs,
    row,
    send,
    work,
)


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
