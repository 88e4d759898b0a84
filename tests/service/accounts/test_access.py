"""Signing in by token: whose it is, until when, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from service import clock
from service.accounts.access import allow
from service.accounts.create import STANDS_FOR, create_account
from service.accounts.models import AccessToken, Account
from service.accounts.tokens import caller_of, issue_token, revoke_all, token_hash
from service.db import Database
from service.errors import Conflict, Invalid
from tests.service.conftest import GANZHOU, People


def test_me(client: FlaskClient, people: People) -> None:
    body = client.get("/v1/me", headers=people.bureau).get_json()
    assert body["role"] == "bureau"
    assert body["region_code"] == GANZHOU
    assert body["employer_id"] is None


def test_logout_takes_this_token_back_at_once(client: FlaskClient, people: People) -> None:
    assert client.post("/v1/auth/logout", headers=people.worker).status_code == 204
    response = client.get("/v1/me", headers=people.worker)
    assert response.status_code == 401
    assert response.get_json()["error"] == "token_expired"
    assert client.get("/v1/me", headers=people.employer).status_code == 200


def test_a_token_runs_out(app: flask.Flask, client: FlaskClient, people: People) -> None:
    with app.extensions["database"].write_session() as session:
        session.execute(update(AccessToken).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert client.get("/v1/me", headers=people.worker).status_code == 401


def test_an_account_that_is_switched_off(app: flask.Flask, client: FlaskClient, people: People) -> None:
    with app.extensions["database"].write_session() as session:
        session.execute(update(Account).values(disabled_at=clock.now()))
    assert client.get("/v1/me", headers=people.worker).status_code == 401


def test_a_bad_token_does_not_close_open_routes(client: FlaskClient) -> None:
    assert client.get("/health", headers={"Authorization": "Bearer expired"}).status_code == 200


def test_only_the_hash_is_kept(database: Database) -> None:
    now = clock.now()
    with database.write_session() as session:
        account = create_account(session, role="operator", login="op", display_name="演示运营", now=now)
        token = issue_token(session, account.account_id, now)
    with database.read_session() as session:
        row = session.scalars(select(AccessToken)).one()
        assert row.token_hash == token_hash(token) != token
        found = caller_of(session, token, now=now)
        assert found is not None
        assert found.account_id == account.account_id
        assert caller_of(session, token, now=now + timedelta(days=31)) is None
    with database.write_session() as session:
        revoke_all(session, account.account_id, now=now)
    with database.read_session() as session:
        assert caller_of(session, token, now=now) is None


class TestCreateAccount:
    def test_a_login_is_taken_once(self, database: Database) -> None:
        with database.write_session() as session:
            create_account(session, role="operator", login="op", display_name="演示运营", now=clock.now())
            with pytest.raises(Conflict):
                create_account(session, role="bureau", login="op", display_name="演示", now=clock.now(), region_code=GANZHOU)

    @pytest.mark.parametrize("role", ["king", "employer", "staff", "visitor", "proxy", *STANDS_FOR])
    def test_what_it_must_stand_for(self, database: Database, role: str) -> None:
        with database.write_session() as session, pytest.raises(Invalid):
            create_account(session, role=role, login="x", display_name="演示", now=clock.now())

    def test_a_territory_is_a_division(self, database: Database) -> None:
        with database.write_session() as session:
            made = create_account(session, role="bureau", login="x", display_name="演示", now=clock.now(), region_code="360700")
            assert made.region_code == GANZHOU
            for wrong in (" ", "999999000000", "%", "36070200000"):
                with pytest.raises(Invalid):
                    create_account(session, role="bureau", login="y", display_name="演示", now=clock.now(), region_code=wrong)


def test_a_token_can_be_limited(client: FlaskClient, app: flask.Flask, people: People) -> None:
    with app.extensions["database"].write_session() as session:
        token = issue_token(session, people.account_ids["operator"], clock.now(), scopes=["session", "me.read"])
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/me", headers=headers).get_json()["role"] == "operator"
    assert client.get("/v1/tasks", headers=headers).get_json()["error"] == "token_limited"
    assert client.get("/v1/tasks", headers=people.worker).get_json()["error"] == "role_not_allowed"


def test_who_may_not_is_told_where_to_turn(client: FlaskClient, people: People) -> None:
    for headers, said in ((people.worker, "就业服务站"), (people.staff, "站长"), (people.bureau, "平台运营")):
        answer = client.get("/v1/tasks", headers=headers)
        assert (answer.status_code, answer.get_json()["error"]) == (403, "role_not_allowed")
        assert said in answer.get_json()["message"]


def test_a_permission_that_does_not_exist_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="king"):
        allow("king.crown")
    with pytest.raises(ValueError, match="open to anyone"):
        allow("job.search")
    with pytest.raises(ValueError, match="not open"):
        allow.anyone("job.edit")
