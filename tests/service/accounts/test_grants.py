"""``X-Acting-For``: acting for a worker, as long as the grant lives, and never quietly as oneself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.accounts.create import create_account
from service.accounts.models import Account, ActingGrant
from service.answering import once
from service.employers.models import Employer
from service.errors import Conflict
from service.idempotency import Answer
from service.stations.models import Station
from tests.service.conftest import People


def grant(app: flask.Flask, people: People, **changes: Any) -> int:
    """A live grant of the worker to the station's clerk."""
    now = clock.now()
    said: dict[str, Any] = {
        "kind": "station",
        "holder_account_id": people.account_ids["staff"],
        "station_id": people.station_id,
        "scopes": ["me"],
        "starts_at": now - timedelta(minutes=1),
        "expires_at": now + timedelta(days=1),
        **changes,
    }
    with app.extensions["database"].write_session() as session:
        worker_id = session.get_one(Account, people.account_ids["worker"]).worker_id
        row = ActingGrant(worker_id=worker_id, created_at=now, **said)
        session.add(row)
        session.flush()
        return row.grant_id


def me(client: FlaskClient, who: dict[str, str], grant_id: object) -> Any:
    return client.get("/v1/me", headers=who | {"X-Acting-For": str(grant_id)})


def test_under_a_grant_one_is_the_proxy_of_the_worker(app: flask.Flask, client: FlaskClient, people: People) -> None:
    worker_id = client.get("/v1/me", headers=people.worker).get_json()["worker_id"]
    grant_id = grant(app, people)
    body = me(client, people.staff, grant_id).get_json()
    assert (body["role"], body["worker_id"], body["acting_for"]) == ("proxy", worker_id, grant_id)
    assert body["employer_id"] is None
    assert "job.publish" not in body["permissions"]
    assert client.get("/v1/me", headers=people.staff).get_json()["role"] == "station_staff"


def test_what_the_grant_does_not_say_is_refused(app: flask.Flask, client: FlaskClient, people: People) -> None:
    answer = me(client, people.staff, grant(app, people, scopes=[]))
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "not_granted"
    assert client.post("/v1/auth/logout", headers=people.staff | {"X-Acting-For": "1"}).status_code == 403


def test_the_same_words_for_two_people_are_two_requests(app: flask.Flask) -> None:
    caller = Caller(account_id=1, role="proxy", display_name="演示", acting_for=1)
    done: list[int] = []

    def work(_session: Session, _now: datetime) -> Answer:
        done.append(1)
        return Answer(200, {"for": len(done)}, {})

    with app.extensions["database"].write_session() as session:
        create_account(session, role="operator", login="op-1", display_name="演示", now=clock.now())
    with app.test_request_context("/v1/demo", method="POST", json={}, headers={"Idempotency-Key": "for-two-people"}):
        assert once(caller, work).get_json() == {"for": 1}
        assert once(caller, work).headers["Idempotency-Replayed"] == "true"
        with pytest.raises(Conflict):
            once(replace(caller, acting_for=2), work)


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": clock.now()},
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"starts_at": clock.now() + timedelta(hours=1)},
    ],
)
def test_a_grant_that_does_not_live(app: flask.Flask, client: FlaskClient, people: People, changes: dict[str, Any]) -> None:
    answer = me(client, people.staff, grant(app, people, **changes))
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "grant_ended"


def test_a_grant_is_for_its_holder(app: flask.Flask, client: FlaskClient, people: People) -> None:
    own = grant(app, people)
    assert me(client, people.other_staff, own).status_code == 403
    assert me(client, people.employer, own).status_code == 403
    whole_station = grant(app, people, holder_account_id=None)
    assert me(client, people.staff, whole_station).status_code == 200
    assert me(client, people.other_staff, whole_station).status_code == 403
    family = grant(app, people, kind="family", holder_account_id=people.account_ids["employer"], station_id=None)
    assert me(client, people.employer, family).status_code == 200
    assert me(client, people.staff, family).status_code == 403


def test_who_leaves_the_station_leaves_its_grants(app: flask.Flask, client: FlaskClient, people: People) -> None:
    grant_id = grant(app, people)
    with app.extensions["database"].write_session() as session:
        session.execute(
            update(Account).where(Account.account_id == people.account_ids["staff"]).values(station_id=people.other_station_id)
        )
    assert me(client, people.staff, grant_id).get_json()["error"] == "grant_ended"


@pytest.mark.parametrize("said", ["", "0", "-1", "x", "1 or 1=1", "99999999999999999999", "９"])
def test_a_header_that_is_no_number(client: FlaskClient, people: People, said: str) -> None:
    answer = client.get("/v1/me", headers=people.staff | {"X-Acting-For": said.encode().decode("latin-1")})
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "acting_for_invalid"


def test_open_routes_too_do_not_answer_under_a_dead_grant(client: FlaskClient, people: People) -> None:
    assert client.get("/health", headers=people.staff | {"X-Acting-For": "77"}).status_code == 403
    assert client.get("/health", headers={"X-Acting-For": "77"}).status_code == 200


@pytest.mark.parametrize(("table", "who"), [(Employer, "employer"), (Station, "staff")])
def test_a_closed_employer_or_station_shuts_its_people_out_at_once(
    app: flask.Flask, client: FlaskClient, people: People, table: Any, who: str
) -> None:
    with app.extensions["database"].write_session() as session:
        session.execute(update(table).values(closed_at=clock.now()))
    assert client.get("/v1/me", headers=getattr(people, who)).status_code == 401
    assert client.get("/v1/me", headers=people.worker).status_code == 200


def test_a_role_nobody_knows_is_nobody(app: flask.Flask, client: FlaskClient, people: People) -> None:
    for role, status in (("king", 401), ("proxy", 401), ("visitor", 401), ("employer", 200)):
        with app.extensions["database"].write_session() as session:
            session.execute(update(Account).where(Account.login == "employer").values(role=role))
        assert client.get("/v1/me", headers=people.employer).status_code == status, role


def test_finding_out_who_calls_costs_one_select(app: flask.Flask, client: FlaskClient, people: People) -> None:
    grant_id = grant(app, people)
    seen: list[str] = []
    engine = app.extensions["database"].answer_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: seen.append(statement))
    assert me(client, people.staff, grant_id).status_code == 200
    assert client.get("/v1/me", headers=people.employer).status_code == 200
    assert [statement.split()[0] for statement in seen if statement != "BEGIN"] == ["SELECT", "SELECT"]
