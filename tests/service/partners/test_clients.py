"""Client credentials: who issues them, what a token is good for, and that an ended client is out at once."""

from __future__ import annotations

from datetime import timedelta

import flask
from flask.testing import FlaskClient
from sqlalchemy import select

from service import clock
from service.accounts.models import AccessToken, Account
from service.partners.clients import grant
from service.partners.models import PartnerClient
from service.partners.terms import terms
from tests.service.conftest import People
from tests.service.partners.conftest import Partner, made


def test_the_secret_is_nowhere_in_the_tables(app: flask.Flask, partner: Partner) -> None:
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(PartnerClient)).one()
        assert row.client_id == partner.client_id
        assert partner.secret not in repr([getattr(row, column.name) for column in PartnerClient.__table__.columns])
        assert len(row.secret_hash) == 64


def test_a_token_is_short_and_good_for_jobs_only(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    with app.extensions["database"].read_session() as session:
        token = session.scalars(
            select(AccessToken).join(Account, Account.account_id == AccessToken.account_id).where(Account.role == "partner")
        ).one()
        assert token.expires_at - token.created_at == terms(clock.now()).token_life <= timedelta(hours=1)
        assert token.scopes == list(terms(clock.now()).scopes)
    assert client.get("/v1/sources/quality", headers=partner.headers).status_code == 200
    answer = client.get("/v1/me", headers=partner.headers)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "token_limited")


def test_whatever_is_wrong_the_answer_is_the_same(client: FlaskClient, people: People, partner: Partner) -> None:
    other = made(client, people.bureau, "partner-gz02", "演示别的平台")
    client.delete(f"/v1/partners/{other.partner_id}", headers=people.bureau)
    answers = [
        client.post("/v1/auth/client", json={"client_id": client_id, "client_secret": secret}).get_json()
        for client_id, secret in (
            (partner.client_id, "wrong"), (partner.client_id, other.secret), ("cn-unknown", partner.secret),
            (other.client_id, other.secret),
        )
    ]  # fmt: skip
    assert {answer["error"] for answer in answers} == {"client_wrong"}
    assert len({answer["message"] for answer in answers}) == 1


def test_an_ended_client_is_out_at_once_and_no_other(client: FlaskClient, people: People, partner: Partner) -> None:
    second = made(client, people.bureau)
    assert second.client_id != partner.client_id
    ended = client.delete(f"/v1/partners/{partner.partner_id}", headers=people.bureau).get_json()
    assert ended["ended_at"] is not None
    assert client.get("/v1/sources/quality", headers=partner.headers).status_code == 401
    assert client.get("/v1/sources/quality", headers=second.headers).status_code == 200
    again = client.delete(f"/v1/partners/{partner.partner_id}", headers=people.bureau)
    assert again.get_json()["ended_at"] == ended["ended_at"]


def test_a_source_has_one_name_and_one_office(client: FlaskClient, people: People, partner: Partner) -> None:
    for who, body, error in (
        (people.bureau, {"source_key": "partner-gz01", "name": "演示改名平台"}, "partner_name_differs"),
        (people.other_bureau, {"source_key": "partner-gz01", "name": "演示合作平台"}, "source_elsewhere"),
        (people.operator, {"source_key": "partner-gz01", "name": "演示合作平台"}, "source_elsewhere"),
    ):
        answer = client.post("/v1/partners", json=body, headers=who)
        assert (answer.status_code, answer.get_json()["error"]) == (409, error)
    for who in (people.employer, people.staff, people.worker, partner.headers):
        answer = client.post("/v1/partners", json={"source_key": "partner-xx", "name": "演示平台"}, headers=who)
        assert answer.status_code == 403
    wrong = client.post("/v1/partners", json={"source_key": "direct", "name": "演示平台"}, headers=people.bureau)
    assert wrong.status_code == 422


def test_an_office_sees_its_own(client: FlaskClient, people: People, partner: Partner) -> None:
    assert [row["name"] for row in client.get("/v1/partners", headers=people.bureau).get_json()["items"]] == ["演示合作平台"]
    assert client.get("/v1/partners", headers=people.other_bureau).get_json()["items"] == []
    assert len(client.get("/v1/partners", headers=people.operator).get_json()["items"]) == 1
    assert client.get(f"/v1/partners/{partner.partner_id}", headers=people.other_bureau).status_code == 404
    assert client.delete(f"/v1/partners/{partner.partner_id}", headers=people.other_bureau).status_code == 404


def test_the_commands_do_the_same(app: flask.Flask, client: FlaskClient, people: People) -> None:
    run = app.test_cli_runner()
    told = run.invoke(args=["partners", "issue", "partner-gz09", "--name", "演示口令平台", "--region", "赣州市"])
    assert told.exit_code == 0, told.output
    secret = told.output.strip().splitlines()[-1]
    with app.extensions["database"].write_session() as session:
        row = session.scalars(select(PartnerClient)).one()
        assert row.region_code == "360700000000"
        partner_id, client_id = row.partner_id, row.client_id
        assert grant(session, client_id, secret, clock.now()).token
    listed = run.invoke(args=["partners", "list"]).output
    assert client_id in listed
    assert secret not in listed
    assert run.invoke(args=["partners", "end", str(partner_id)]).exit_code == 0
    answer = client.post("/v1/auth/client", json={"client_id": client_id, "client_secret": secret})
    assert answer.status_code == 401
    assert "停用" in run.invoke(args=["partners", "list"]).output
    assert run.invoke(args=["partners", "end", "99999"]).exit_code == 1
    assert run.invoke(args=["partners", "issue", "gz", "--name", "演示"]).exit_code == 1
