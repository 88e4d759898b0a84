"""Lines that were not taken come back with their reason; whoever takes the file is noted."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from service.audit import trail
from service.audit.models import AuditEvent
from service.db import Database
from service.sheets.write import Page, write_book
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    PHONE,
    book,
    cells_of,
    jobs,
    row,
    through,
)


class TestRejected:
    def test_rejected_lines_come_back_and_are_taken_when_mended(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        done = through(app, station, book(row(), row(number="=1+1", content="", title="帮忙的人")), people.staff)
        assert done["rejected_file"] == f"/v1/imports/{done['import_id']}/rejected.xlsx"
        answer = client.get(done["rejected_file"], headers=people.staff)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        grid = cells_of(answer.data)
        assert grid[0] == [*HEADER, "未采用原因"]
        assert grid[1][:3] == ["'=1+1", "帮忙的人", "演示钢构厂"]
        assert grid[1][9] == PHONE
        assert "做什么工作" in grid[1][10]
        grid[1][6] = "看大门，两班倒"
        again = through(app, station, write_book([Page("岗位", grid)]), people.staff)
        assert again["counts"] == {"published": 1, "unchanged": 0, "held": 0, "rejected": 0}
        assert [job.original_id for job in jobs(database)] == ["n-A-1", "n-=1+1"]
        assert client.get(f"/v1/imports/{again['import_id']}/rejected.xlsx", headers=people.staff).status_code == 404

    def test_who_takes_them_stands_in_the_trail(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database
    ) -> None:
        """They hold names and phones in bulk. Where there is nothing to take, nobody has taken it."""
        done = through(app, station, book(row(), row(number="A-2", content="", title="帮忙的人")), people.staff)
        path = done["rejected_file"]

        def noted() -> list[tuple[int | None, str, str, Any]]:
            with database.read_session() as session:
                found = session.scalars(select(AuditEvent).where(AuditEvent.action == "import.rejected").order_by(AuditEvent.seq))
                return [(one.account_id, one.object_kind, one.object_id, one.details) for one in found]

        assert client.get(path, headers=people.other_staff).status_code in {403, 404}
        assert noted() == []
        assert client.get(path, headers=people.staff).status_code == 200
        fields = {"fields": ["contact_name", "contact_phone"]}
        assert noted() == [(people.account_ids["staff"], "import", str(done["import_id"]), fields)]
        taken = through(app, station, book(row(number="A-3", title="保洁员")), people.staff)
        assert client.get(f"/v1/imports/{taken['import_id']}/rejected.xlsx", headers=people.staff).status_code == 404
        assert len(noted()) == 1

    def test_without_a_trail_nobody_takes_them(
        self, app: flask.Flask, client: FlaskClient, people: People, station: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = through(app, station, book(row(title="帮忙的人", content="")), people.staff)["rejected_file"]

        def broken(*_given: Any, **_named: Any) -> None:
            raise OperationalError("", {}, Exception())

        monkeypatch.setattr(trail, "record", broken)
        refused = client.get(path, headers=people.staff)
        assert (refused.status_code, refused.get_json()["error"]) == (503, "audit_unavailable")
