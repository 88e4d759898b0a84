"""The trail as auditors and bureaus see it: their own territory, every condition, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service import audit, clock
from service.accounts.create import create_account
from service.accounts.models import Account
from service.accounts.tokens import issue_token
from service.audit.models import AuditEvent
from service.db import Database
from service.workers.models import Worker
from tests.service.audit.conftest import Somebody
from tests.service.conftest import GANZHOU, NANCHANG, ZHANGGONG, People


@pytest.fixture
def auditor(app: flask.Flask) -> dict[str, str]:
    """An auditor of the city."""
    with app.extensions["database"].write_session() as session:
        made = create_account(session, role="auditor", login="auditor", display_name="演示", now=clock.now(), region_code=GANZHOU)
        return {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now())}"}


@pytest.fixture
def trail(app: flask.Flask) -> Database:
    """Acts of three territories and of the system."""
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        for number in range(3):
            audit.record(
                session, Somebody(account_id=11), "worker.edit", "worker", number, region_code=ZHANGGONG, for_worker=number
            )
        audit.record(session, Somebody(account_id=12), "job.close", "job", 5, region_code=GANZHOU)
        audit.record(session, Somebody(account_id=13), "job.close", "job", 6, region_code=NANCHANG)
        audit.record(session, None, "audit.archive", "audit_archive", 1)
    return database


def listed(client: FlaskClient, headers: dict[str, str], **query: Any) -> list[tuple[str, str]]:
    """(action, object) of the first page, without the reading of the trail itself."""
    answer = client.get("/v1/audit", headers=headers, query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return [(item["action"], item["object_id"]) for item in answer.get_json()["items"] if item["action"] != "audit.read"]


def test_each_sees_the_territory_and_nothing_else(
    client: FlaskClient, trail: Database, people: People, auditor: dict[str, str]
) -> None:
    here = [("job.close", "5"), ("worker.edit", "2"), ("worker.edit", "1"), ("worker.edit", "0")]
    assert listed(client, people.bureau) == here
    assert listed(client, people.other_bureau) == [("job.close", "6")]
    assert listed(client, auditor) == [("audit.archive", "1"), *here]
    for headers in (people.worker, people.employer, people.staff, people.operator):
        assert client.get("/v1/audit", headers=headers).status_code == 403
    assert client.get("/v1/audit").status_code == 401


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"account_id": 11}, 3), ({"worker_id": 1}, 1), ({"action": "job.close"}, 1), ({"object_kind": "worker"}, 3),
        ({"object_kind": "job", "object_id": "5"}, 1), ({"account_id": 13}, 0), ({"since": "2100-01-01T00:00:00+08:00"}, 0),
        ({"until": "2020-01-01T00:00:00+08:00"}, 0), ({"since": "2020-01-01T00:00:00+08:00"}, 4),
    ],
)  # fmt: skip
def test_conditions(client: FlaskClient, trail: Database, people: People, query: dict[str, Any], count: int) -> None:
    assert len(listed(client, people.bureau, **query)) == count


@pytest.mark.parametrize(
    "query",
    [
        {"action": "演示"},
        {"account_id": 0},
        {"limit": 0},
        {"limit": 201},
        {"since": "yesterday"},
        {"object_id": "13800000001 or 1"},
    ],
)
def test_what_is_no_condition_is_refused(client: FlaskClient, people: People, query: dict[str, Any]) -> None:
    assert client.get("/v1/audit", headers=people.bureau, query_string=query).status_code == 422


def test_pages_hold_each_act_once(client: FlaskClient, trail: Database, people: People) -> None:
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2, "object_kind": "worker"}
    while True:
        page = client.get("/v1/audit", headers=people.bureau, query_string=query).get_json()
        seen += [item["seq"] for item in page["items"]]
        if page["next_before"] is None:
            break
        query["before"] = page["next_before"]
    assert seen == [3, 2, 1]


def test_looking_is_noted_as_well(client: FlaskClient, trail: Database, people: People) -> None:
    client.get("/v1/audit", headers=people.bureau, query_string={"worker_id": 1})
    with trail.read_session() as session:
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
    assert (last.action, last.account_id, last.details) == ("audit.read", people.account_ids["bureau"], {"fields": ["worker_id"]})
    assert clock.now() - last.at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("said", "noted", "city", "elsewhere"),
    [(ZHANGGONG[:6] + "001000", ZHANGGONG, True, False), (GANZHOU, GANZHOU, True, False), (NANCHANG, NANCHANG, False, True),
     ("", None, False, False)],
)  # fmt: skip
def test_what_people_do_with_their_own_records_is_found_in_their_county(
    client: FlaskClient, app: flask.Flask, people: People, said: str, noted: str | None, city: bool, elsewhere: bool
) -> None:
    account_id = people.account_ids["worker"]
    with app.extensions["database"].write_session() as session:
        worker = session.get_one(Worker, session.get_one(Account, account_id).worker_id)
        worker.region_code = said
    assert client.get("/v1/me/export", headers=people.worker).status_code == 200
    with app.extensions["database"].read_session() as session:
        act = session.scalars(select(AuditEvent).where(AuditEvent.action == "me.export")).one()
    assert (act.account_id, act.worker_id, act.region_code or None) == (account_id, worker.worker_id, noted)
    for headers, found in ((people.bureau, city), (people.other_bureau, elsewhere)):
        assert listed(client, headers, action="me.export") == [("me.export", str(account_id))] * found


def test_what_a_place_says_at_the_end_of_the_act_counts(client: FlaskClient, app: flask.Flask, people: People) -> None:
    """Who moves does it in the new county; what was written before stays where it was."""
    with app.extensions["database"].write_session() as session:
        worker = session.get_one(Worker, session.get_one(Account, people.account_ids["worker"]).worker_id)
        me = Somebody(people.account_ids["worker"], role="worker", region_code="")
        worker.region_code = NANCHANG
        audit.record(session, me, "profile.edit", "worker", worker.worker_id, for_worker=worker.worker_id)
        worker.region_code = ZHANGGONG
    with app.extensions["database"].write_session() as session:
        session.get_one(Worker, worker.worker_id).region_code = ""
    own = ("profile.edit", str(worker.worker_id))
    assert own in listed(client, people.bureau)
    assert own not in listed(client, people.other_bureau)
