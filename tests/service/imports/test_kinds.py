"""Which kind a line is, whose, where it lies and until when."""

from __future__ import annotations

from datetime import date, timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from service import clock
from service.db import Database
from service.employers.models import Employer
from service.jobs.models import Job
from tests.service.conftest import People
from tests.service.imports.sheets import (
    HEADER,
    book,
    confirm,
    jobs,
    row,
    send,
    through,
)


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
