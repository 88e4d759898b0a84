"""Signing in with WeChat, and what is bound to an account: against a server that behaves like WeChat's."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service import clock
from service.accounts.models import Account, AccountPhone
from service.accounts.phones import bind_phone
from service.config import Settings, WechatSettings
from service.consents import texts
from service.wechat.current import close_all
from service.wechat.loopback.server import Fault, Loopback
from service.wechat.models import WechatIdentity, WechatUsage
from service.workers.models import Worker
from tests.service.conftest import People, agree
from tests.service.wechat.conftest import make_loopback, mini_program

LOGIN, PHONE = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
NUMBER = "13800000001"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """WeChat's stand-in."""
    made = make_loopback()
    yield made
    made.stop()
    close_all()


@pytest.fixture
def app(app: flask.Flask, settings: Settings, loopback: Loopback) -> flask.Flask:
    """The application with a mini-program."""
    return use(app, settings, mini_program(loopback.url))


def use(app: flask.Flask, settings: Settings, wechat: WechatSettings) -> flask.Flask:
    """From now on the application has these settings of WeChat."""
    app.extensions["settings"] = dataclasses.replace(settings, wechat=wechat)
    return app


def come(client: FlaskClient, loopback: Loopback, person: str = "演示工友01") -> dict[str, str]:
    """Sign in as this person; the header of the new sign-in."""
    response = client.post("/v1/auth/wechat", json={"code": loopback.memory.log_in(person)})
    assert response.status_code == 200, response.get_json()
    return {"Authorization": f"Bearer {response.get_json()['access_token']}"}


def bind(client: FlaskClient, loopback: Loopback, who: dict[str, str], number: str = NUMBER, person: str = "x") -> TestResponse:
    """Tap the phone button and send its code."""
    return client.post("/v1/me/phone", json={"code": loopback.memory.tap_phone(person, number)}, headers=who)


def count(app: flask.Flask, table: Any) -> int:
    """Rows of a table."""
    with app.extensions["database"].read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_who_comes_first_gets_an_account_and_keeps_it(app: flask.Flask, client: FlaskClient, loopback: Loopback) -> None:
    response = client.post("/v1/auth/wechat", json={"code": loopback.memory.log_in("演示工友01"), "device_name": "演示手机"})
    assert response.status_code == 200
    tokens = response.get_json()
    assert tokens["second_factor"] == "not_needed"
    assert tokens["refresh_token"]
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = client.get("/v1/me", headers=who).get_json()
    assert me["role"] == "worker"
    assert me["worker_id"]
    again = client.get("/v1/me", headers=come(client, loopback)).get_json()
    assert again["account_id"] == me["account_id"]
    assert count(app, Worker) == count(app, Account) == 1
    assert client.get("/v1/me", headers=come(client, loopback, "演示工友02")).get_json()["account_id"] != me["account_id"]
    sessions = client.get("/v1/me/sessions", headers=who).get_json()["items"]
    assert {row["method"] for row in sessions} == {"wechat"}


def test_the_openid_cannot_be_read_in_the_table(app: flask.Flask, client: FlaskClient, loopback: Loopback) -> None:
    come(client, loopback)
    openid = loopback.memory.openid_of("演示工友01")
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(WechatIdentity)).one()
        assert row.openid == openid
        assert row.unionid == ""
        kept = [str(getattr(row, column.key)) for column in WechatIdentity.__table__.columns]
    assert not any(openid in value for value in kept)


def test_two_at_once_get_one_account(app: flask.Flask, loopback: Loopback) -> None:
    codes = [loopback.memory.log_in("演示工友01") for _ in range(4)]
    answers: list[int] = []
    begin = threading.Barrier(len(codes))

    def enter(code: str) -> None:
        client = app.test_client()
        begin.wait()
        answers.append(client.post("/v1/auth/wechat", json={"code": code}).status_code)

    threads = [threading.Thread(target=enter, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert count(app, Account) == count(app, Worker) == count(app, WechatIdentity) == 1


@pytest.mark.parametrize(
    ("errcode", "status", "error"),
    [
        (40029, 401, "wechat_code_spent"),
        (40163, 401, "wechat_code_spent"),
        (40226, 403, "wechat_account_at_risk"),
        (40125, 503, "wechat_unavailable"),
        (40013, 503, "wechat_unavailable"),
        (99999, 503, "wechat_unavailable"),
    ],
)
def test_what_people_are_told(client: FlaskClient, loopback: Loopback, errcode: int, status: int, error: str) -> None:
    loopback.fail(LOGIN, Fault(errcode=errcode))
    response = client.post("/v1/auth/wechat", json={"code": "x"})
    assert (response.status_code, response.get_json()["error"]) == (status, error)
    if status == 503:
        assert int(response.headers["Retry-After"]) > 0


def test_a_code_is_good_once(client: FlaskClient, loopback: Loopback) -> None:
    code = loopback.memory.log_in("演示工友01")
    assert client.post("/v1/auth/wechat", json={"code": code}).status_code == 200
    assert client.post("/v1/auth/wechat", json={"code": code}).status_code == 401
    for junk in ("", "码", "a b", "x" * 300, None, 5):
        assert client.post("/v1/auth/wechat", json={"code": junk}).status_code == 422


def test_wechat_away_is_a_503(client: FlaskClient, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST", "LONGEST"):
        monkeypatch.setattr(f"service.wechat.client.{name}_PAUSE_SECONDS", 20.0)  # no second try within the time
    code = loopback.memory.log_in("演示工友01")
    loopback.stop()
    response = client.post("/v1/auth/wechat", json={"code": code})
    assert (response.status_code, response.get_json()["error"]) == (503, "wechat_unavailable")
    loopback.start()
    assert client.post("/v1/auth/wechat", json={"code": code}).status_code == 200


def test_without_a_mini_program(app: flask.Flask, settings: Settings, client: FlaskClient, people: People) -> None:
    use(app, settings, WechatSettings())
    for path, who in (("/v1/auth/wechat", {}), ("/v1/me/phone", people.worker), ("/v1/me/wechat", people.worker)):
        response = client.post(path, json={"code": "x"}, headers=who)
        assert (response.status_code, response.get_json()["error"]) == (503, "wechat_not_configured"), path
    assert client.get("/v1/me/subscriptions", headers=people.worker).get_json() == {"items": []}


def test_a_switched_off_account_stays_out(app: flask.Flask, client: FlaskClient, loopback: Loopback) -> None:
    come(client, loopback)
    with app.extensions["database"].write_session() as session:
        session.scalars(select(Account)).one().disabled_at = clock.now()
    response = client.post("/v1/auth/wechat", json={"code": loopback.memory.log_in("演示工友01")})
    assert (response.status_code, response.get_json()["error"]) == (403, "account_disabled")
    assert count(app, Account) == 1


def test_the_phone_is_bound_late_and_shown_masked(app: flask.Flask, client: FlaskClient, loopback: Loopback) -> None:
    who = come(client, loopback)
    assert client.get("/v1/me/phone", headers=who).get_json()["error"] == "phone_not_bound"
    answer = bind(client, loopback, who)
    assert answer.status_code == 200
    assert answer.get_json()["phone"] == "138****0001"
    assert client.get("/v1/me/phone", headers=who).get_json() == answer.get_json()
    assert bind(client, loopback, who).status_code == 200  # the same again
    assert bind(client, loopback, who, "13800000002").get_json()["phone"] == "138****0002"
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(AccountPhone)).one()
        assert (row.phone, row.proved_by) == ("13800000002", "wechat")
        assert session.scalars(select(WechatUsage.calls)).one() == 3
        kept = [str(getattr(row, column.key)) for column in AccountPhone.__table__.columns]
    assert not any("0000002" in value for value in kept)


def test_a_phone_of_another_account_is_refused_and_stays_where_it_is(
    app: flask.Flask, client: FlaskClient, loopback: Loopback
) -> None:
    first, second = come(client, loopback, "演示工友01"), come(client, loopback, "演示工友02")
    assert bind(client, loopback, first).status_code == 200
    answer = bind(client, loopback, second)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "phone_taken")
    assert NUMBER not in answer.get_data(as_text=True)
    assert client.get("/v1/me/phone", headers=first).status_code == 200
    assert client.get("/v1/me/phone", headers=second).status_code == 404
    with app.extensions["database"].read_session() as session:
        assert session.scalars(select(WechatUsage.calls)).one() == 2  # it was paid for all the same


def test_two_who_bind_one_phone_at_once(app: flask.Flask, client: FlaskClient, loopback: Loopback) -> None:
    people = [come(client, loopback, f"演示工友0{number}") for number in range(1, 5)]
    answers: list[int] = []
    begin = threading.Barrier(len(people))

    def tap(who: dict[str, str]) -> None:
        own = app.test_client()
        begin.wait()
        answers.append(bind(own, loopback, who).status_code)

    threads = [threading.Thread(target=tap, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409]
    assert count(app, AccountPhone) == 1


def test_the_budget_for_phone_numbers(
    app: flask.Flask, settings: Settings, client: FlaskClient, loopback: Loopback, people: People
) -> None:
    use(app, settings, mini_program(loopback.url, phone_budget_day=1))
    assert bind(client, loopback, people.worker).status_code == 200
    refused = bind(client, loopback, people.worker)
    assert (refused.status_code, refused.get_json()["error"]) == (503, "phone_budget_spent")
    assert loopback.memory.calls[PHONE] == 1


def test_a_phone_code_that_is_spent(client: FlaskClient, loopback: Loopback, people: People) -> None:
    code = loopback.memory.tap_phone("x", NUMBER)
    assert client.post("/v1/me/phone", json={"code": code}, headers=people.worker).status_code == 200
    again = client.post("/v1/me/phone", json={"code": code}, headers=people.worker)
    assert (again.status_code, again.get_json()["error"]) == (401, "phone_code_spent")


def test_a_family_member_does_not_bind_his_own_phone_to_the_worker(client: FlaskClient, people: People) -> None:
    headers = people.worker | {"X-Acting-For": "999"}
    assert client.post("/v1/me/phone", json={"code": "x"}, headers=headers).status_code == 403


def link(client: FlaskClient, loopback: Loopback, who: dict[str, str], person: str) -> TestResponse:
    """Bind this person's WeChat to the account."""
    return client.post("/v1/me/wechat", json={"code": loopback.memory.log_in(person)}, headers=who)


def test_an_account_gets_a_second_way_in(client: FlaskClient, loopback: Loopback, people: People) -> None:
    assert link(client, loopback, people.staff, "演示站员").status_code == 204
    assert link(client, loopback, people.staff, "演示站员").status_code == 204
    response = client.post("/v1/auth/wechat", json={"code": loopback.memory.log_in("演示站员")})
    assert response.get_json()["second_factor"] == "enrol"  # staff give their second factor here, too
    assert link(client, loopback, people.staff, "演示别人").get_json()["error"] == "wechat_bound_already"


def test_who_came_by_wechat_first_moves_over(app: flask.Flask, client: FlaskClient, loopback: Loopback, people: People) -> None:
    before = come(client, loopback, "演示工友01")
    assert link(client, loopback, people.worker, "演示工友01").status_code == 204
    assert client.get("/v1/me", headers=before).status_code == 401
    me = client.get("/v1/me", headers=come(client, loopback, "演示工友01")).get_json()
    assert me["account_id"] == people.account_ids["worker"]


@pytest.mark.parametrize("mine", ["worker", "staff"])
def test_an_account_that_is_somebody_s_is_never_moved(
    app: flask.Flask, client: FlaskClient, loopback: Loopback, people: People, mine: str
) -> None:
    theirs = come(client, loopback, "演示工友01")
    if mine == "worker":
        assert bind(client, loopback, theirs).status_code == 200
    answer = link(client, loopback, getattr(people, mine), "演示工友01")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "wechat_taken")
    assert client.get("/v1/me", headers=theirs).status_code == 200
    assert count(app, WechatIdentity) == 1


def test_a_profile_is_not_left_behind_where_its_owner_cannot_sign_in(
    app: flask.Flask, client: FlaskClient, loopback: Loopback, people: People
) -> None:
    theirs = come(client, loopback, "演示工友01")
    worker_id = client.get("/v1/me", headers=theirs).get_json()["worker_id"]
    with app.extensions["database"].write_session() as session:
        agree(session, worker_id, texts.BASIC, texts.CANDIDATE_LIST)
    assert client.put("/v1/me/profile", json={"wish": "焊工"}, headers=theirs).status_code == 200
    answer = link(client, loopback, people.worker, "演示工友01")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "wechat_taken")
    assert client.get("/v1/me/profile", headers=theirs).status_code == 200


def test_a_phone_proved_at_the_station_is_not_taken_over(
    app: flask.Flask, client: FlaskClient, loopback: Loopback, people: People
) -> None:
    with app.extensions["database"].write_session() as session:
        bind_phone(session, people.account_ids["worker"], "+86 138 0000 0001", proved_by="station", now=clock.now())
    who = come(client, loopback, "演示工友02")
    assert bind(client, loopback, who).get_json()["error"] == "phone_taken"
    assert client.get("/v1/me/phone", headers=people.worker).get_json()["proved_by"] == "station"


def report(client: FlaskClient, who: dict[str, str], key: str, *names: str) -> TestResponse:
    """Say which messages were accepted."""
    return client.post("/v1/me/subscriptions", json={"accepted": list(names)}, headers=who | {"Idempotency-Key": key})


def left(answer: TestResponse) -> dict[str, int]:
    """Message -> how many may come."""
    return {row["message"]: row["remaining"] for row in answer.get_json()["items"] if row["remaining"]}


def test_reports_of_the_mini_program_count_where_no_push_comes(
    app: flask.Flask, settings: Settings, client: FlaskClient, loopback: Loopback, people: People
) -> None:
    use(app, settings, mini_program(loopback.url, push_token=""))
    shown = client.get("/v1/me/subscriptions", headers=people.worker)
    assert left(shown) == {}
    assert {row["template_id"] for row in shown.get_json()["items"]} >= {"demo-job-match", "demo-case-update"}
    report(client, people.worker, "report-0001", "demo-job-match", "demo-case-update", "demo-nothing")
    assert left(report(client, people.worker, "report-0001", "demo-job-match", "demo-case-update", "demo-nothing")) == {
        "job_match": 1, "case_update": 1,
    }  # fmt: skip
    assert left(report(client, people.worker, "report-0002", "demo-job-match", "demo-case-update")) == {
        "job_match": 2, "case_update": 1,
    }  # fmt: skip
    assert left(client.get("/v1/me/subscriptions", headers=people.other_staff)) == {}
    many = ["demo-job-match"] * 4
    assert report(client, people.worker, "report-0003", *many).status_code == 422


def test_reports_do_not_count_twice_where_pushes_come(client: FlaskClient, people: People) -> None:
    assert left(report(client, people.worker, "report-0001", "demo-job-match")) == {}
