"""The only way a phone leaves: a consent for this employer and this job, and a line in the person's ledger."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.accounts.caller import Caller
from service.accounts.models import AccountPhone
from service.consents import record, texts
from service.consents.models import Disclosure
from service.consents.record import Recipient, Said
from service.db import Database
from service.errors import Forbidden, NotFound
from service.workers.contact import release_contact
from service.workers.models import Worker
from tests.service.conftest import People

PHONE = "13800000007"


@pytest.fixture
def caller(people: People) -> Caller:
    """The recruiter who accepts."""
    return Caller(people.account_ids["employer"], "employer_owner", "演示", employer_id=people.employer_id)


@pytest.fixture
def phone(database: Database, people: People, worker_id: int) -> None:
    """The worker's phone and name."""
    with database.write_session() as session:
        row = AccountPhone(account_id=people.account_ids["worker"], proved_by="sms", bound_at=clock.now())
        row.phone = PHONE
        session.add(row)
        session.get_one(Worker, worker_id).real_name = "演示张三"


def give(database: Database, worker_id: int, people: People, *fields: str, job_id: int = 7) -> None:
    recipient = Recipient(people.employer_id, job_id, "演示电子厂")
    with database.write_session() as session:
        record.give(session, worker_id, texts.DISCLOSURE, Said("web", None), clock.now(), recipient=recipient, fields=fields)


def test_with_consent_once_and_in_the_ledger(
    database: Database, client: FlaskClient, people: People, caller: Caller, worker_id: int, phone: None
) -> None:
    give(database, worker_id, people, "display_name", "phone")
    with database.write_session() as session:
        contact = release_contact(session, caller, worker_id, people.employer_id, 7, clock.now())
    assert (contact.phone, contact.name) == (PHONE, "演**")
    ledger = client.get("/v1/me/disclosures", headers=people.worker).get_json()["items"]
    assert [(row["recipient_name"], row["fields"], row["job_id"], row["basis"]) for row in ledger] == [
        ("演示电子厂", ["display_name", "phone"], 7, "consent")
    ]


def test_the_name_only_when_it_was_agreed_to(
    database: Database, people: People, caller: Caller, worker_id: int, phone: None
) -> None:
    give(database, worker_id, people, "name")
    with database.write_session() as session:
        contact = release_contact(session, caller, worker_id, people.employer_id, 7, clock.now())
    assert (contact.name, contact.phone) == ("演示张三", "")


def test_not_without_and_not_for_another_job(
    database: Database, people: People, caller: Caller, worker_id: int, phone: None
) -> None:
    give(database, worker_id, people, "phone", job_id=8)
    for employer_id, job_id in ((people.employer_id, 7), (people.other_employer_id, 8)):
        with database.write_session() as session, pytest.raises(Forbidden):
            release_contact(session, caller, worker_id, employer_id, job_id, clock.now())
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Disclosure)) == 0


def test_not_after_it_was_taken_back_and_not_of_who_left(
    database: Database, people: People, caller: Caller, worker_id: int, phone: None
) -> None:
    give(database, worker_id, people, "phone")
    recipient = Recipient(people.employer_id, 7, "演示电子厂")
    with database.write_session() as session:
        record.withdraw(session, worker_id, texts.DISCLOSURE, Said("web", None), clock.now(), recipient=recipient)
    with database.write_session() as session, pytest.raises(Forbidden):
        release_contact(session, caller, worker_id, people.employer_id, 7, clock.now())
    give(database, worker_id, people, "phone")
    with database.write_session() as session:
        session.get_one(Worker, worker_id).left_at = clock.now()
    with database.write_session() as session, pytest.raises(NotFound):
        release_contact(session, caller, worker_id, people.employer_id, 7, clock.now())
