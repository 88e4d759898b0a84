"""Consents over HTTP: what is asked, what refusing everything leaves, and who got what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service import clock
from service.consents import record, texts
from service.db import Database
from service.indexing.follower import Follower
from service.jobs.models import Job
from service.wechat.models import OutgoingMessage, SubscriptionCredit
from service.workers.models import Worker
from tests.service.conftest import People, Publish, agree, draft
from tests.service.privacy.conftest import Somebody


def say(client: FlaskClient, people: People, purpose: str, **more: Any) -> Any:
    body = {"purpose": purpose, "version": texts.text_of(purpose, clock.now()).version, **more}
    return client.post("/v1/me/consents", json=body, headers=people.worker)


def test_anybody_reads_what_is_asked_and_how_long_what_is_kept(client: FlaskClient) -> None:
    body = client.get("/v1/privacy/current").get_json()
    assert {row["purpose"] for row in body["texts"]} == set(texts.purposes())
    assert all(row["article"] for row in body["texts"] + body["kept"])
    assert "DELETE /v1/me" in " ".join(body["rights"])


@pytest.fixture
def refuser(client: FlaskClient, people: People) -> dict[str, str]:
    """Somebody who says no to everything."""
    for purpose in texts.purposes():
        if purpose != texts.DISCLOSURE:
            assert say(client, people, purpose, agree=False).status_code == 201
    return people.worker


def test_with_everything_refused_what_needs_no_consent_works(
    client: FlaskClient, refuser: dict[str, str], publish: Publish, database: Database, people: People
) -> None:
    job_id = publish(draft())["job_id"]
    follower = Follower(database, client.application.extensions["settings"].index_dir)
    follower.step()
    follower.close()
    assert client.get("/v1/jobs?q=电子厂", headers=refuser).get_json()["total"] == 1
    assert client.post("/v1/match", json={"text": "电子厂普工", "age": 40}, headers=refuser).get_json()["total"] == 1
    assert client.get(f"/v1/jobs/{job_id}", headers=refuser).status_code == 200
    assert client.get(f"/v1/jobs/{job_id}/similar", headers=refuser).status_code == 200
    assert client.get("/v1/me/matches", headers=refuser).get_json()["total"] == 1
    for path in ("/v1/me", "/v1/me/profile", "/v1/me/consents", "/v1/me/disclosures", "/v1/me/export", "/v1/me/acts"):
        assert client.get(path, headers=refuser).status_code == 200, path
    proof = {"channel": "station_paper", "evidence": "QZ-1"}  # the station still helps at the counter
    body = {"proof": proof, "profile": {"wish": "看大门"}}
    helped = client.post(
        f"/v1/stations/{people.station_id}/workers", json=body, headers=people.staff | {"Idempotency-Key": "help-0001"}
    )
    assert helped.status_code == 201


def test_refusing_is_remembered_and_can_be_thought_over(client: FlaskClient, people: People) -> None:
    say(client, people, texts.MESSAGES, agree=False)
    say(client, people, texts.MESSAGES)
    body = client.get("/v1/me/consents", headers=people.worker).get_json()
    state = next(row for row in body["current"] if row["purpose"] == "messages")
    assert (state["holds"], state["ask_again"], state["last"]["action"]) == (True, False, "give")
    assert [row["action"] for row in body["history"]] == ["give", "refuse"]
    assert {row["channel"] for row in body["history"]} == {"web"}


def test_from_the_mini_program(client: FlaskClient, people: People) -> None:
    headers = people.worker | {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0"}
    body = {"purpose": "messages", "version": texts.text_of("messages", clock.now()).version}
    assert client.post("/v1/me/consents", json=body, headers=headers).get_json()["channel"] == "wechat"


def test_other_words_than_those_read_are_refused(client: FlaskClient, people: People) -> None:
    answer = client.post("/v1/me/consents", json={"purpose": "messages", "version": "2020-01"}, headers=people.worker)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "consent_text_changed")


def test_withdrawing_takes_what_rested_on_it(client: FlaskClient, people: People, somebody: Somebody, database: Database) -> None:
    body = client.get("/v1/me/consents", headers=people.worker).get_json()
    given = {row["purpose"]: row["consent_id"] for row in body["history"]}
    for purpose in ("exact_place", "health", "id_number", "hardship", "batch_match", "ranking", "basic"):
        for _ in range(2):
            assert client.delete(f"/v1/me/consents/{given[purpose]}", headers=people.worker).status_code == 200
    export = client.get("/v1/me/export", headers=people.worker).get_json()["tables"]
    assert {table["table"] for table in export}.isdisjoint({"hardship", "worker_match"})
    with database.read_session() as session:
        row = session.get_one(Worker, somebody.worker_id)
        assert (row.wish, row.lat, row.real_name, row.id_number, row.health_limits) == ("", None, "", "", "")
        assert not row.personal_ranking


def test_no_message_is_sent_after_the_no(client: FlaskClient, people: People, somebody: Somebody, database: Database) -> None:
    now = clock.now()
    with database.write_session() as session:
        letter = OutgoingMessage(
            account_id=somebody.account_id, message="case", message_key="k-1", queued_at=now, expires_at=now + timedelta(days=1)
        )
        credit = SubscriptionCredit(account_id=somebody.account_id, template_id="t", remaining=2, long_term=False, updated_at=now)
        session.add_all([letter, credit])
    assert say(client, people, texts.MESSAGES, agree=False).status_code == 201
    with database.read_session() as session:
        assert session.scalars(select(OutgoingMessage.state)).all() == ["expired"]
        assert session.scalars(select(SubscriptionCredit)).all() == []


class TestDisclosure:
    def test_one_job_named_by_its_employer(
        self, client: FlaskClient, people: People, publish: Publish, database: Database
    ) -> None:
        job_id = publish(draft())["job_id"]
        answer = say(client, people, "disclosure", job_id=job_id, fields=["phone"])
        assert answer.status_code == 201, answer.get_json()
        assert answer.get_json()["recipient_name"] == "演示电子厂"
        assert answer.get_json()["employer_id"] == people.employer_id
        body = client.get("/v1/me/consents", headers=people.worker).get_json()
        assert [(row["job_id"], row["fields"]) for row in body["disclosures"]] == [(job_id, ["phone"])]
        client.delete(f"/v1/me/consents/{answer.get_json()['consent_id']}", headers=people.worker)
        with database.read_session() as session:
            recipient = record.Recipient(people.employer_id, job_id, "")
            who = session.scalars(select(Worker.worker_id)).one()
            assert not record.has_consent(session, who, texts.DISCLOSURE, clock.now(), recipient=recipient)

    @pytest.mark.parametrize("more", [{}, {"job_id": 1}, {"fields": ["phone"]}, {"job_id": 1, "fields": ["id_number"]}])
    def test_never_in_general(self, client: FlaskClient, people: People, more: dict[str, Any]) -> None:
        assert say(client, people, "disclosure", **more).status_code == 422

    def test_not_for_a_job_that_is_not_there(self, client: FlaskClient, people: People) -> None:
        assert say(client, people, "disclosure", job_id=4711, fields=["phone"]).status_code == 404


def test_sixteen_and_seventeen_say_who_looks_after_them(client: FlaskClient, people: People, database: Database) -> None:
    with database.write_session() as session:
        row = session.scalars(select(Worker)).one()
        row.birth_month = clock.now().date().replace(year=clock.now().year - 17, month=1, day=1)
    assert say(client, people, texts.BATCH).status_code == 201
    assert say(client, people, texts.HEALTH).get_json()["error"] == "guardian_needed"
    assert say(client, people, texts.HEALTH, agree=False).status_code == 201
    assert say(client, people, texts.HEALTH, guardian="agreed").status_code == 201


def test_nobody_under_18_agrees_to_be_passed_on_for_work_closed_to_them(
    client: FlaskClient, people: People, publish: Publish, somebody: Somebody, database: Database
) -> None:
    job_id = publish(draft())["job_id"]
    with database.write_session() as session:
        session.get_one(Job, job_id).minors_barred = True
        today = clock.now().astimezone(clock.BEIJING).date()
        session.get_one(Worker, somebody.worker_id).birth_month = today.replace(year=today.year - 17, month=1, day=1)
    said = {"job_id": job_id, "fields": ["phone"], "guardian": "agreed"}
    assert say(client, people, texts.DISCLOSURE, **said).get_json()["error"] == "minor_barred"
    assert client.get(f"/v1/jobs/{job_id}/contact", headers=people.worker).get_json()["error"] == "minor_barred"
    assert say(client, people, texts.DISCLOSURE, agree=False, **said).status_code == 201
    with database.write_session() as session:
        session.get_one(Job, job_id).minors_barred = False
    assert say(client, people, texts.DISCLOSURE, **said).status_code == 201


def test_the_switch_is_heard_by_the_search(client: FlaskClient, people: People, publish: Publish, database: Database) -> None:
    near = publish(draft(lat=25.83, lng=114.93))["job_id"]
    far = publish(draft(lat=25.80, lng=114.70, wage="8000-9000元/月"))["job_id"]
    follower = Follower(database, client.application.extensions["settings"].index_dir)
    follower.step()
    follower.close()
    asked = "/v1/jobs?q=电子厂普工&lat=25.83&lng=114.93&fair=false"

    def parts() -> dict[int, int]:
        items = client.get(asked, headers=people.worker).get_json()["items"]
        return {item["job_id"]: item["parts"]["place"] for item in items}

    assert parts()[near] > 0
    with database.write_session() as session:
        session.scalars(select(Worker)).one().personal_ranking = False
    assert parts() == {near: 0, far: 0}
    with database.write_session() as session:
        agree(session, session.scalars(select(Worker.worker_id)).one(), texts.RANKING)
        session.scalars(select(Worker)).one().personal_ranking = True
    assert parts()[near] > 0
