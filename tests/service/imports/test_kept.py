"""How long previews and cells are kept, and what is said of work that was given up."""

from __future__ import annotations

from datetime import timedelta

import flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from service import clock
from service.db import Database
from service.imports import keep
from service.imports.limits import bounds
from service.imports.models import SheetImport, SheetLine
from service.tasks.models import Task
from tests.service.conftest import People
from tests.service.imports.sheets import (
    book,
    confirm,
    lines,
    row,
    send,
    through,
)


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
