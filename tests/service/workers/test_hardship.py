"""Hardship: claimed with consent, certified against a register, for a time, seen by who must and by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from service import clock
from service.consents import texts
from service.db import Database
from service.workers import hardship
from service.workers.models import Hardship, Worker
from tests.service.conftest import ZHANGGONG, People, agree


@pytest.fixture
def claimed(client: FlaskClient, people: People, database: Database, worker_id: int) -> int:
    """A claim of somebody of the first station."""
    with database.write_session() as session:
        agree(session, worker_id, texts.HARDSHIP)
        row = session.get_one(Worker, worker_id)
        row.station_id, row.region_code = people.station_id, ZHANGGONG
    answer = client.post("/v1/me/hardships", json={"category": "disabled"}, headers=people.worker)
    assert answer.status_code == 201, answer.get_json()
    found: int = answer.get_json()["hardship_id"]
    return found


def test_it_waits_for_consent(client: FlaskClient, people: People, worker_id: int) -> None:
    answer = client.post("/v1/me/hardships", json={"category": "disabled"}, headers=people.worker)
    assert (answer.status_code, answer.get_json()["details"]["purpose"]) == (403, "hardship")


def test_claimed_once(client: FlaskClient, people: People, claimed: int) -> None:
    assert client.post("/v1/me/hardships", json={"category": "disabled"}, headers=people.worker).status_code == 409
    assert client.post("/v1/me/hardships", json={"category": "low_income"}, headers=people.worker).status_code == 201
    assert client.post("/v1/me/hardships", json={"category": "tired"}, headers=people.worker).status_code == 422


def test_who_sees_it(client: FlaskClient, people: People, claimed: int, worker_id: int) -> None:
    path = f"/v1/workers/{worker_id}/hardships"
    for who in (people.staff, people.bureau, people.worker):
        assert len(client.get(path, headers=who).get_json()["items"]) == 1
    for who in (people.other_staff, people.other_bureau):
        assert client.get(path, headers=who).status_code == 404
    for who in (people.employer, people.operator):
        assert client.get(path, headers=who).status_code == 403
    ledger = client.get("/v1/me/disclosures", headers=people.worker).get_json()["items"]
    assert [(row["reader_role"], row["fields"], row["basis"]) for row in ledger] == [
        ("bureau", ["hardship"], "duty"),
        ("station_staff", ["hardship"], "duty"),
    ]


def test_certified_with_a_reference_until_its_day(
    client: FlaskClient, people: People, claimed: int, worker_id: int, database: Database
) -> None:
    path = f"/v1/workers/{worker_id}/hardships/{claimed}/decision"
    bare = client.post(path, json={"certified": True}, headers=people.staff)
    assert bare.get_json()["error"] == "reference_needed"
    said = {"certified": True, "register": "残联名册", "reference": "演-001"}
    answer = client.post(path, json=said, headers=people.staff)
    assert (answer.status_code, answer.get_json()["state"]) == (200, "certified")
    assert client.post(path, json=said, headers=people.bureau).status_code == 409
    with database.read_session() as session:
        row = session.get_one(Hardship, claimed)
        assert hardship.in_force(row, clock.now())
        assert not hardship.in_force(row, clock.now() + timedelta(days=731))


def test_withdrawing_forgets_it(client: FlaskClient, people: People, claimed: int, worker_id: int) -> None:
    history = client.get("/v1/me/consents", headers=people.worker).get_json()["history"]
    given = next(row["consent_id"] for row in history if row["purpose"] == "hardship")
    client.delete(f"/v1/me/consents/{given}", headers=people.worker)
    assert client.get("/v1/me/hardships", headers=people.worker).get_json()["items"] == []


def test_one_row_can_be_dropped(client: FlaskClient, people: People, claimed: int) -> None:
    assert client.delete(f"/v1/me/hardships/{claimed}", headers=people.worker).status_code == 204
    assert client.delete(f"/v1/me/hardships/{claimed}", headers=people.worker).status_code == 404
