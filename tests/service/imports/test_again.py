"""The same sheet again, a changed one, and one after somebody changed its jobs by hand."""

from __future__ import annotations

from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from service import clock
from service.db import Database
from service.jobs.models import Job, JobHistory
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    book,
    everything_written,
    jobs,
    row,
    through,
)


class TestAgain:
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
