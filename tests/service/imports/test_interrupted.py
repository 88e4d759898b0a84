"""Work that stops, goes on, or meets a change of its owner meanwhile."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.db import Database
from service.employers.models import Employer
from service.imports import judge, settle
from service.imports import run as running
from service.imports.models import SheetImport, SheetLine
from service.imports.run import run
from service.jobs.models import JobHistory
from service.stations.models import Station
from tests.service.conftest import People
from tests.service.imports.sheets import (
    book,
    confirm,
    jobs,
    row,
    send,
    through,
    work,
)


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
