"""代办: who may act for whom, what a proxy can never do, and that the person ends it at once and sees everything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from service import clock
from service.accounts.create import create_account
from service.accounts.models import Account, ActingGrant
from service.accounts.tokens import issue_token
from service.consents import texts
from service.consents.models import ConsentRecord
from service.db import Database
from service.errors import Conflict
from service.signin.login_sessions import Device, open_session
from service.workers import grants
from service.workers.choices import acting
from service.workers.models import GrantInvitation, Worker
from tests.service.conftest import People
from tests.service.workers.conftest import Put

Headers = dict[str, str]
PROOF = {"channel": "station_paper", "evidence": "QZ-001"}


@pytest.fixture
def child(database: Database, people: People, worker_id: int) -> Headers:
    """The worker's grown-up child, who has an account of their own."""
    with database.write_session() as session:
        row = Worker(display_name="演示子女", created_at=clock.now())
        session.add(row)
        session.flush()
        made = create_account(
            session, role="worker", login="child", display_name="演示子女", now=clock.now(), worker_id=row.worker_id
        )
        return {"Authorization": f"Bearer {issue_token(session, made.account_id, clock.now())}"}


def version() -> str:
    return texts.text_of(texts.PROXY, clock.now()).version


def code_of(client: FlaskClient, people: People, **said: Any) -> str:
    answer = client.post("/v1/me/grants", json={"version": version(), **said}, headers=people.worker)
    assert answer.status_code == 201, answer.get_json()
    found: str = answer.get_json()["code"]
    return found


def granted(client: FlaskClient, people: People, child: Headers, **said: Any) -> Headers:
    answer = client.post("/v1/me/acting", json={"code": code_of(client, people, **said)}, headers=child)
    assert answer.status_code == 201, answer.get_json()
    return child | {"X-Acting-For": str(answer.get_json()["grant_id"])}


class TestFamily:
    def test_what_the_grant_leaves_out_is_not_mistaken_for_a_missing_second_factor(
        self, client: FlaskClient, people: People, database: Database, child: Headers
    ) -> None:
        acting_headers = granted(client, people, child)
        with database.write_session() as session:
            account = session.scalars(select(Account).where(Account.login == "child")).one()
            opened = open_session(session, account, method="sms", device=Device("", "127.0.0.1"), now=clock.now())
        signed_in = acting_headers | {"Authorization": f"Bearer {opened.access_token}"}
        answer = client.get("/v1/me/export", headers=signed_in)
        assert (answer.status_code, answer.get_json()["error"]) == (403, "not_granted")

    def test_a_child_fills_in_the_profile_and_the_parent_sees_it(
        self, client: FlaskClient, people: People, put: Put, child: Headers, worker_id: int
    ) -> None:
        acting_headers = granted(client, people, child)
        answer = put(acting_headers, wish="想在家附近做保洁")
        assert answer.status_code == 200, answer.get_json()
        assert answer.get_json()["worker_id"] == worker_id
        assert client.get("/v1/me/profile", headers=acting_headers).status_code == 200
        assert client.get("/v1/me/profile", headers=people.worker).get_json()["wish"] == "想在家附近做保洁"
        assert client.get("/v1/me/profile", headers=child).get_json()["wish"] == ""
        acts = client.get("/v1/me/acts", headers=people.worker).get_json()["items"]
        assert [act["title"] for act in acts] == ["看了个人信息", "改了求职档案", "接受代办"]
        assert {act["grant_id"] for act in acts[:2]} == {int(acting_headers["X-Acting-For"])}

    def test_ended_at_once(self, client: FlaskClient, people: People, put: Put, child: Headers) -> None:
        acting_headers = granted(client, people, child)
        grant_id = acting_headers["X-Acting-For"]
        assert client.delete(f"/v1/me/grants/{grant_id}", headers=people.worker).status_code == 204
        assert client.delete(f"/v1/me/grants/{grant_id}", headers=people.worker).status_code == 204  # twice
        answer = put(acting_headers)
        assert (answer.status_code, answer.get_json()["error"]) == (403, "grant_ended")
        assert client.get("/v1/me/acting", headers=child).get_json()["items"] == []

    def test_withdrawing_the_consent_ends_it_too(self, client: FlaskClient, people: People, put: Put, child: Headers) -> None:
        acting_headers = granted(client, people, child)
        history = client.get("/v1/me/consents", headers=people.worker).get_json()["history"]
        proxy = next(row for row in history if row["purpose"] == "proxy")
        assert client.delete(f"/v1/me/consents/{proxy['consent_id']}", headers=people.worker).status_code == 200
        assert put(acting_headers).status_code == 403

    def test_a_code_is_good_once(self, client: FlaskClient, people: People, child: Headers) -> None:
        code = code_of(client, people)
        assert client.post("/v1/me/acting", json={"code": code.lower().replace("-", " ")}, headers=child).status_code == 201
        for wrong in (code, "AAAA-AAAA-AAAA", "ＡＡＡＡ－ＡＡＡＡ"):
            answer = client.post("/v1/me/acting", json={"code": wrong}, headers=child)
            assert (answer.status_code, answer.get_json()["error"]) == (404, "invitation_gone")

    def test_two_at_once_make_one_grant(self, app: flask.Flask, client: FlaskClient, people: People, child: Headers) -> None:
        code = code_of(client, people)

        def take(_: int) -> int:
            return app.test_client().post("/v1/me/acting", json={"code": code}, headers=child).status_code

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(take, range(4))) == [201, 404, 404, 404]

    def test_a_new_code_ends_the_one_before_and_old_ones_run_out(
        self, client: FlaskClient, people: People, child: Headers, database: Database
    ) -> None:
        first, second = code_of(client, people), code_of(client, people)
        assert client.post("/v1/me/acting", json={"code": first}, headers=child).status_code == 404
        with database.write_session() as session:
            session.execute(update(GrantInvitation).values(expires_at=clock.now() - timedelta(seconds=1)))
        assert client.post("/v1/me/acting", json={"code": second}, headers=child).status_code == 404

    @pytest.mark.usefixtures("worker_id")
    def test_not_for_oneself(self, client: FlaskClient, people: People) -> None:
        answer = client.post("/v1/me/acting", json={"code": code_of(client, people)}, headers=people.worker)
        assert answer.get_json()["error"] == "invitation_own"

    def test_only_what_was_granted(self, client: FlaskClient, people: People, put: Put, child: Headers) -> None:
        acting_headers = granted(client, people, child, scopes=["match"])
        assert put(acting_headers).get_json()["error"] == "not_granted"
        answer = client.post("/v1/me/grants", json={"version": version(), "scopes": ["everything"]}, headers=people.worker)
        assert answer.get_json()["error"] == "scope_unknown"

    @pytest.mark.usefixtures("child")
    def test_who_signed_in_himself_is_told_of_the_grant_and_not_of_a_second_factor(
        self, client: FlaskClient, people: People, database: Database
    ) -> None:
        with database.write_session() as session:
            account_id = session.scalars(select(Account.account_id).where(Account.login == "child")).one()
            token = issue_token(session, account_id, clock.now(), session_id=1)
        acting_headers = granted(client, people, {"Authorization": f"Bearer {token}"}, scopes=["hardship"])
        assert client.get("/v1/me/profile", headers=acting_headers).get_json()["error"] == "not_granted"

    def test_another_s_grant_cannot_be_told_from_none(self, client: FlaskClient, people: People, child: Headers) -> None:
        grant_id = granted(client, people, child)["X-Acting-For"]
        said = [client.delete(f"/v1/me/grants/{number}", headers=child).get_json() for number in (grant_id, 999)]
        assert said[0] == said[1]

    def test_not_more_than_a_few(self, database: Database, people: People, worker_id: int) -> None:
        with database.write_session() as session:
            for number in range(acting().grants_most):
                holder = create_account(session, role="operator", login=f"holder-{number}", display_name="演示", now=clock.now())
                grants._grant(session, worker_id, "family", clock.now(), scopes=[], consent_id=1, holder=holder.account_id)
            with pytest.raises(Conflict):
                grants._grant(
                    session, worker_id, "family", clock.now(), scopes=[], consent_id=1, holder=people.account_ids["staff"]
                )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/v1/me?confirm=true", None),
        ("GET", "/v1/me/export", None),
        ("POST", "/v1/me/grants", {"version": "2026-11"}),
        ("GET", "/v1/me/grants", None),
        ("GET", "/v1/me/acts", None),
    ],
)
def test_what_no_proxy_can_do(
    client: FlaskClient, people: People, child: Headers, worker_id: int, method: str, path: str, body: Any
) -> None:
    acting_headers = granted(client, people, child)
    answer = client.open(path, method=method, json=body, headers=acting_headers)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "not_granted")


class TestConsentsByProxy:
    def test_the_family_says_no_for_everything_and_yes_to_little(
        self, client: FlaskClient, people: People, child: Headers
    ) -> None:
        acting_headers = granted(client, people, child)

        def say(purpose: str, **more: Any) -> Any:
            return client.post("/v1/me/consents", json={"purpose": purpose, "version": "2026-11", **more}, headers=acting_headers)

        assert say("batch_match").status_code == 201
        assert say("health", agree=False).status_code == 201
        for purpose in ("health", "hardship", "exact_place", "candidate_list", "id_number"):
            assert say(purpose).get_json()["error"] == "consent_in_person", purpose
            paper = say(purpose, channel="station_paper", evidence="QZ-001")
            assert paper.get_json()["error"] == "consent_in_person", "a family has no station's paper"
        assert say("proxy").get_json()["error"] == "only_in_person"
        given = client.get("/v1/me/consents", headers=people.worker).get_json()["history"]
        batch = next(row for row in given if row["purpose"] == "batch_match")
        assert batch["grant_id"] == int(acting_headers["X-Acting-For"])


class TestStation:
    def register(self, client: FlaskClient, people: People, key: str = "station-0001", **profile: Any) -> Any:
        return client.post(
            f"/v1/stations/{people.station_id}/workers",
            json={"proof": PROOF, "profile": {"wish": "看大门", **profile}, "purposes": ["ranking", "batch_match"]},
            headers=people.staff | {"Idempotency-Key": key},
        )

    def test_a_record_on_the_spot(self, client: FlaskClient, people: People, database: Database) -> None:
        answer = self.register(client, people)
        assert answer.status_code == 201, answer.get_json()
        body = answer.get_json()
        assert self.register(client, people).get_json() == body  # the line was cut and it was sent again
        with database.read_session() as session:
            rows = list(session.scalars(select(ConsentRecord).where(ConsentRecord.worker_id == body["worker_id"])))
            assert {row.purpose for row in rows} == {"basic", "proxy", "ranking", "batch_match"}
            assert {(row.channel, row.evidence, row.station_id) for row in rows} == {
                ("station_paper", "QZ-001", people.station_id)
            }
            assert session.get_one(Worker, body["worker_id"]).region_code.startswith("360702")
        acting_headers = people.staff | {"X-Acting-For": str(body["grant"]["grant_id"]), "If-Match": "*"}
        assert client.patch("/v1/me/profile", json={"hours_max": 8}, headers=acting_headers).status_code == 200
        health = {"purpose": "health", "version": "2026-11", "channel": "phone", "evidence": "LY-7"}
        assert client.post("/v1/me/consents", json=health, headers=acting_headers).status_code == 201

    def test_no_child_is_registered(self, client: FlaskClient, people: People, database: Database) -> None:
        answer = self.register(client, people, birth_month=f"{clock.now().year - 14}-01")
        assert answer.get_json()["error"] == "under_16"
        with database.read_session() as session:
            assert session.scalar(select(Worker).where(Worker.station_id == people.station_id)) is None

    def test_it_dies_with_the_account_of_the_staff(self, client: FlaskClient, people: People, database: Database) -> None:
        grant = self.register(client, people).get_json()["grant"]
        other = client.get("/v1/me/profile", headers=people.other_staff | {"X-Acting-For": str(grant["grant_id"])})
        assert other.get_json()["error"] == "grant_ended"
        with database.write_session() as session:
            session.get_one(Account, people.account_ids["staff"]).disabled_at = clock.now()
        mine = people.staff | {"X-Acting-For": str(grant["grant_id"])}
        assert client.get("/v1/me/profile", headers=mine).status_code == 401

    def test_an_account_that_comes_back_starts_without_it(self, client: FlaskClient, people: People, database: Database) -> None:
        grant_id = self.register(client, people).get_json()["grant"]["grant_id"]
        staff = people.account_ids["staff"]
        for verb in ("disable", "enable"):
            assert client.post(f"/v1/accounts/{staff}/{verb}", headers=people.bureau).status_code in {200, 204}, verb
        with database.write_session() as session:
            assert session.get_one(ActingGrant, grant_id).ended_at is not None

    def test_it_is_asked_for_again_after_a_year(self, client: FlaskClient, people: People, database: Database) -> None:
        body = self.register(client, people).get_json()
        with database.write_session() as session:
            session.execute(update(ActingGrant).values(expires_at=clock.now() - timedelta(seconds=1)))
        acting_headers = people.staff | {"X-Acting-For": str(body["grant"]["grant_id"])}
        assert client.get("/v1/me/profile", headers=acting_headers).status_code == 403
        again = client.post(
            f"/v1/stations/{people.station_id}/workers/{body['worker_id']}/grants",
            json={"proof": {"channel": "phone", "evidence": "LY-9"}},
            headers=people.staff | {"Idempotency-Key": "station-0002"},
        )
        assert again.status_code == 201
        acting_headers["X-Acting-For"] = str(again.get_json()["grant_id"])
        assert client.get("/v1/me/profile", headers=acting_headers).status_code == 200

    def test_at_his_word_it_is_ended(self, client: FlaskClient, people: People) -> None:
        grant_id = self.register(client, people).get_json()["grant"]["grant_id"]
        for who, status in ((people.other_staff, 404), (people.other_bureau, 404), (people.bureau, 200)):
            answer = client.post(f"/v1/grants/{grant_id}/end", json={"evidence": "QZ-2"}, headers=who)
            assert answer.status_code == status, answer.get_json()
        assert client.get("/v1/me/profile", headers=people.staff | {"X-Acting-For": str(grant_id)}).status_code == 403

    def test_a_phone_is_no_number_of_a_paper(self, client: FlaskClient, people: People) -> None:
        body = {"proof": {"channel": "phone", "evidence": "13800000001"}, "profile": {"wish": "看大门"}}
        headers = people.staff | {"Idempotency-Key": "station-0003"}
        assert client.post(f"/v1/stations/{people.station_id}/workers", json=body, headers=headers).status_code == 422

    def test_leaving_without_a_phone(self, client: FlaskClient, people: People) -> None:
        worker = self.register(client, people).get_json()["worker_id"]
        path = f"/v1/stations/{people.station_id}/workers/{worker}/leave"
        assert client.post(path, json=PROOF, headers=people.other_staff).status_code == 404
        assert client.post(path, json=PROOF, headers=people.staff).status_code == 202


def test_whoever_has_a_phone_leaves_in_person(client: FlaskClient, people: People, database: Database, worker_id: int) -> None:
    with database.write_session() as session:
        session.get_one(Worker, worker_id).station_id = people.station_id
    path = f"/v1/stations/{people.station_id}/workers/{worker_id}/leave"
    assert client.post(path, json=PROOF, headers=people.staff).get_json()["error"] == "has_account"


def test_the_words_must_be_those_in_force(client: FlaskClient, people: People, worker_id: int) -> None:
    answer = client.post("/v1/me/grants", json={"version": "1999-01"}, headers=people.worker)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "consent_text_changed")
    assert texts.text_of(texts.PROXY, clock.now()).lasts_days == acting().family.days
