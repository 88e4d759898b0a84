"""A card says verified only while the verification stands; afterwards it says when it was, and that it is due again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from service import clock
from service.db import Database
from service.employers.models import Employer
from service.employers.standing import checked
from service.employers.tables import deadline
from service.indexing.follower import Follower
from service.jobs import queries
from tests.service.conftest import People, Publish, gig_draft

TERM = deadline("reverification", clock.now()).days


def _checked_ago(app: flask.Flask, employer_id: int, days: int, **changes: Any) -> str:
    """Move the verification back; the day it was made."""
    database: Database = app.extensions["database"]
    at = clock.now() - timedelta(days=days)
    with database.write_session() as session:
        row = session.get_one(Employer, employer_id)
        row.verified_at = at
        for name, value in changes.items():
            setattr(row, name, value)
    return clock.show(at)[:10]


def _found(app: flask.Flask, client: FlaskClient, kind: str = "public") -> dict[str, Any]:
    settings = app.extensions["settings"]
    follower = Follower(app.extensions["database"], settings.index_dir)
    follower.step()
    follower.close()
    (item,) = client.get(f"/v1/jobs?kind={kind}").get_json()["items"]
    line: dict[str, Any] = item["employer"]
    return line


def test_while_it_stands(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish()["job_id"]
    day = _checked_ago(app, people.employer_id, TERM - 1)
    said = {"name": "演示电子厂", "publisher_class": "employer", "verified": True, "verified_on": day, "verified_note": ""}
    assert _found(app, client) == said
    assert client.get(f"/v1/jobs/{job_id}").get_json()["employer"] == said
    card = client.get(f"/v1/employers/{people.employer_id}").get_json()
    assert (card["verified"], card["verified_note"]) == (True, "")


def test_when_it_is_due_again(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish()["job_id"]
    before = client.get(f"/v1/employers/{people.employer_id}").headers["ETag"]
    day = _checked_ago(app, people.employer_id, TERM)
    due = clock.show(clock.now())[:10]
    note = f"{day} 核验过，{due} 起应当重新核验，还没有重新核验。"
    said = {"name": "演示电子厂", "publisher_class": "employer", "verified": False, "verified_on": day, "verified_note": note}
    assert _found(app, client) == said  # the job itself goes on being found: the rule warns
    detail = client.get(f"/v1/jobs/{job_id}").get_json()
    assert (detail["employer"], detail["status"]) == (said, "open")
    answer = client.get(f"/v1/employers/{people.employer_id}", headers={"If-None-Match": before})
    assert answer.status_code == 200  # a card that somebody holds is not confirmed
    assert (answer.get_json()["verified"], answer.get_json()["verified_note"]) == (False, note)


def test_nobody_has_checked(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    publish(gig_draft(clock.now()), people.staff)
    line = _found(app, client, "gig")
    assert (line["verified"], line["verified_on"], line["verified_note"]) == (False, None, "")


def test_made_up_employers_do_not_lapse_and_a_licence_that_ran_out_does(app: flask.Flask, people: People) -> None:
    now = clock.now()
    database: Database = app.extensions["database"]
    _checked_ago(app, people.employer_id, TERM * 3, demo=True)
    day = _checked_ago(app, people.other_employer_id, 3, publisher_class="agency", agency_licence_no="演示")
    with database.read_session() as session:
        assert checked(session.get(Employer, people.employer_id), now).verified is True
        agency = checked(session.get(Employer, people.other_employer_id), now)
    assert (agency.verified, agency.note[:10]) == (False, day)
    assert "许可证" in agency.note
    assert checked(None, now) == (False, None, "")


@pytest.mark.parametrize("count", [1, 5])
def test_cards_are_one_statement(app: flask.Flask, people: People, publish: Publish, count: int) -> None:
    ids = [publish()["job_id"] for _ in range(count)]
    database: Database = app.extensions["database"]
    statements: list[str] = []
    with database.read_session() as session:
        session.connection()
        bind = session.get_bind()
        listen = lambda *told: statements.append(told[2])  # noqa: E731  the event's own signature
        event.listen(bind, "before_cursor_execute", listen)
        try:
            cards = queries.cards(session, ids, clock.now())
        finally:
            event.remove(bind, "before_cursor_execute", listen)
    assert len(cards) == count
    assert len(statements) == 1
    assert all(card.employer.verified for card in cards.values())
