"""A job that came in a sheet is its sender's own: changed, renewed and confirmed here, and its sender is reminded of its end."""

from __future__ import annotations

from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from service import clock
from service.accounts.create import create_account
from service.db import Database
from service.jobs.models import Job
from service.upkeep.models import JobReminder
from service.upkeep.remind import remind
from service.wechat.models import OutgoingMessage, WechatIdentity
from tests.service.conftest import People
from tests.service.imports.sheets import book, row, through

DAY = timedelta(days=1)


def _sent(app: flask.Flask, people: People, whose: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """A job of a sheet, who sent it, and somebody of his kind who did not."""
    station = whose == "station"
    path = f"/v1/stations/{people.station_id}/imports" if station else f"/v1/employers/{people.employer_id}/imports"
    who = people.staff if station else people.employer
    said = through(app, path, book(row(employer="演示钢构厂" if station else "")), who)
    assert said["counts"]["published"] == 1, said["reasons"]
    database: Database = app.extensions["database"]
    with database.read_session() as session:
        job = session.scalars(select(Job)).one()
        assert (job.kind, job.original_id is None) == ("public", False)
        return job.job_id, who, people.other_staff if station else people.other_employer


@pytest.mark.parametrize("whose", ["station", "employer"])
def test_it_is_changed_renewed_and_confirmed(app: flask.Flask, client: FlaskClient, people: People, whose: str) -> None:
    job_id, who, other = _sent(app, people, whose)
    path = f"/v1/jobs/{job_id}"
    tag = {"If-Match": client.get(path).headers["ETag"]}
    assert client.patch(path, json={"headcount": 8}, headers=other | tag).status_code == 403
    changed = client.patch(path, json={"headcount": 8}, headers=who | tag)
    assert (changed.status_code, client.get(path).get_json()["headcount"]) == (200, 8), changed.get_json()
    assert client.post(f"{path}/renew", json={}, headers=who | {"Idempotency-Key": "renew-00001"}).status_code == 200
    assert client.post(f"{path}/confirm", headers=who).status_code == 200
    assert client.post(f"{path}/confirm", headers=other).status_code == 403


@pytest.mark.parametrize("whose", ["station", "employer"])
def test_its_sender_is_reminded_of_its_end(
    app: flask.Flask, client: FlaskClient, people: People, database: Database, whose: str
) -> None:
    job_id, who, other = _sent(app, people, whose)
    now = clock.now()
    account_id = people.account_ids["staff" if whose == "station" else "employer"]
    with database.write_session() as session:
        session.execute(update(Job).values(valid_until=now + DAY / 2, created_at=now - 50 * DAY))
        identity = WechatIdentity(account_id=account_id, created_at=now, active_at=now)
        identity.openid = "openid-demo-1"
        session.add(identity)
    with database.write_session() as session:
        assert remind(session, now) is None
    with database.read_session() as session:
        assert session.scalars(select(JobReminder.messages)).all() == [1]
        assert session.scalars(select(OutgoingMessage.account_id)).all() == [account_id]
    (told,) = client.get("/v1/me/reminders", headers=who).get_json()["items"]
    assert (told["job_id"], told["what"]) == (job_id, "ends_soon")
    assert "renew" in told["advice"]
    assert client.get("/v1/me/reminders", headers=other).get_json()["items"] == []


def test_the_head_is_written_to_when_who_sent_it_has_gone(app: flask.Flask, people: People, database: Database) -> None:
    _sent(app, people, "station")
    now = clock.now()
    with database.write_session() as session:
        head = create_account(
            session, role="station_head", login="head", display_name="演示站长", now=now, station_id=people.station_id
        ).account_id
        session.execute(update(Job).values(valid_until=now + DAY / 2, created_at=now - 50 * DAY))
        identity = WechatIdentity(account_id=head, created_at=now, active_at=now)
        identity.openid = "openid-demo-2"
        session.add(identity)
    with database.write_session() as session:
        remind(session, now)
    with database.read_session() as session:
        assert session.scalars(select(OutgoingMessage.account_id)).all() == [head]
