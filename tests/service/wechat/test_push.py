"""Pushes on their way in: verified, kept once, answered at once; and what is not WeChat's stays outside."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service import clock
from service.accounts.models import Account, AccountPhone
from service.accounts.phones import bind_phone
from service.accounts.tokens import issue_token
from service.config import Settings, WechatSettings
from service.db import Database
from service.tasks.models import Task
from service.tasks.worker import Worker
from service.wechat import keeping, media, outbox, subscriptions, tasks
from service.wechat.client import Identity
from service.wechat.identities import bind_identity
from service.wechat.loopback.push import Pusher
from service.wechat.models import MediaCheck, OutgoingMessage, SubscriptionCredit, WechatEvent, WechatIdentity
from service.wechat.push import LARGEST_PUSH
from service.wechat.template import read_templates
from tests.service.conftest import People
from tests.service.wechat.conftest import AES_KEY, APPID, PUSH_TOKEN, mini_program

NOWHERE = "http://127.0.0.1:1"
OPENID = "o-demo-worker-000000000000001"
ONCE = read_templates(None)["application_update"]
LONG = read_templates(None)["case_update"]
assert tasks.__name__ in sys.modules  # its handlers are registered
told: list[tuple[int, str]] = []
media.owner("licence-of-test")(lambda _session, number, said, _now: told.append((number, said)))


@pytest.fixture
def app(app: flask.Flask, settings: Settings) -> flask.Flask:
    """The application with a mini-program."""
    app.extensions["settings"] = dataclasses.replace(settings, wechat=mini_program(NOWHERE))
    return app


@pytest.fixture
def pusher() -> Iterator[Pusher]:
    """Makes pushes; they are sent with the test client."""
    made = Pusher("http://127.0.0.1:1/", PUSH_TOKEN, APPID, AES_KEY)
    yield made
    made.http.close()


@pytest.fixture
def account_id(app: flask.Flask, people: People) -> int:
    """The worker, who came by WeChat and let WeChat give his phone number."""
    found = people.account_ids["worker"]
    with app.extensions["database"].write_session() as session:
        bind_identity(session, found, Identity(OPENID, None), clock.now())
        bind_phone(session, found, "13800000001", proved_by="wechat", now=clock.now())
    return found


def event(name: str, **more: Any) -> dict[str, Any]:
    """A message of the worker."""
    plain = {"ToUserName": "gh_demo", "FromUserName": OPENID, "CreateTime": 1764000000, "MsgType": "event", "Event": name}
    return plain | more


def choice(template_id: str, said: str = "accept", **more: Any) -> dict[str, Any]:
    """The worker's answer to a question for one template."""
    row = {"TemplateId": template_id, "SubscribeStatusString": said, "PopupScene": "0"}
    return event("subscribe_msg_popup_event", List=[row], **more)


def push(client: FlaskClient, query: dict[str, str], content: bytes, kind: str = "application/json") -> TestResponse:
    """Send it as it is."""
    return client.post(f"/v1/wechat/push?{urlencode(query)}", data=content, content_type=kind)


def send(client: FlaskClient, pusher: Pusher, message: dict[str, Any]) -> TestResponse:
    """Send a message as WeChat does."""
    return push(client, *pusher.request(message))


def work(app: flask.Flask) -> int:
    """Work off all that waits; how many tasks."""
    worker = Worker(app.extensions["database"], app.extensions["settings"])
    done = 0
    while worker.step():
        done += 1
    return done


def count(app: flask.Flask, table: Any) -> int:
    """Rows of a table."""
    with app.extensions["database"].read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def left(app: flask.Flask, account_id: int, template_id: str = ONCE.template_id) -> int:
    """What the ledger says."""
    with app.extensions["database"].read_session() as session:
        return subscriptions.remaining(session, account_id, template_id)


def test_the_address_is_verified(client: FlaskClient, pusher: Pusher) -> None:
    query = pusher.verification()
    response = client.get("/v1/wechat/push", query_string=query)
    assert response.status_code == 200
    assert response.get_data(as_text=True) == query["echostr"]
    assert response.mimetype == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    wrong = query | {"signature": "0" * 40}
    assert client.get("/v1/wechat/push", query_string=wrong).status_code == 403


@pytest.mark.parametrize("xml", [False, True])
@pytest.mark.parametrize("safe", [True, False])
def test_an_acceptance_counts_once(
    app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int, xml: bool, safe: bool
) -> None:
    pusher.xml = xml
    if not safe:
        pusher.aes_key = ""
        app.extensions["settings"] = dataclasses.replace(
            app.extensions["settings"], wechat=mini_program(NOWHERE, push_plain=True)
        )
    query, content = pusher.request(choice(ONCE.template_id))
    kind = "text/xml" if xml else "application/json"
    for _ in range(3):
        response = push(client, query, content, kind)
        assert (response.status_code, response.get_data()) == (200, b"success")
    # the same message once more, in an envelope of its own
    assert push(client, *pusher.request(choice(ONCE.template_id)), kind).status_code == 200
    assert count(app, WechatEvent) == 1
    assert left(app, account_id) == 0  # nothing is done while WeChat waits
    assert work(app) == 1
    assert left(app, account_id) == 1


def test_what_is_kept_of_a_push_cannot_be_read(app: flask.Flask, client: FlaskClient, pusher: Pusher) -> None:
    send(client, pusher, choice(ONCE.template_id))
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(WechatEvent)).one()
        stored = [str(getattr(row, column.key)) for column in WechatEvent.__table__.columns]
        assert not any(OPENID in value for value in stored)
        assert json.loads(row.body)["FromUserName"] == OPENID
        payload = session.scalars(select(Task)).one().payload
    assert payload == {"event_id": row.event_id}


def test_several_templates_in_one_question(app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int) -> None:
    rows = [
        {"TemplateId": ONCE.template_id, "SubscribeStatusString": "accept"},
        {"TemplateId": LONG.template_id, "SubscribeStatusString": "acceptWithAudio"},
        {"TemplateId": "demo-job-match", "SubscribeStatusString": "reject"},
        {"TemplateId": "of-another-account", "SubscribeStatusString": "accept"},
    ]
    send(client, pusher, event("subscribe_msg_popup_event", List=rows))
    send(client, pusher, event("subscribe_msg_popup_event", List=rows[1], CreateTime=1764000001))
    pusher.xml = True
    send(client, pusher, event("subscribe_msg_popup_event", List=rows[:2], CreateTime=1764000002))
    assert work(app) == 3
    assert left(app, account_id) == 2
    assert left(app, account_id, LONG.template_id) == 1
    assert count(app, SubscriptionCredit) == 2


def test_switching_a_template_off_clears_it(app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int) -> None:
    for second in range(3):
        send(client, pusher, choice(ONCE.template_id, CreateTime=1764000000 + second))
    off = event("subscribe_msg_change_event", List={"TemplateId": ONCE.template_id, "SubscribeStatusString": "reject"})
    send(client, pusher, off | {"CreateTime": 1764000010})
    assert work(app) == 4
    assert left(app, account_id) == 0


def test_a_stranger_s_push_changes_nothing(app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int) -> None:
    send(client, pusher, choice(ONCE.template_id, FromUserName="o-nobody"))
    send(client, pusher, event("something_new", Detail=1))
    send(client, pusher, event("subscribe_msg_popup_event", List="odd", CreateTime=1764000003))
    half = json.dumps(choice(ONCE.template_id, FromUserName="o-\ud800", Note="\udfff\u0000"))
    assert push(client, *pusher.sealed(half)).status_code == 200
    send(client, pusher, event("") | {"MsgType": "text", "Content": "你好", "MsgId": 12345})
    assert work(app) == 5
    assert count(app, SubscriptionCredit) == 0
    assert left(app, account_id) == 0


def refusals(client: FlaskClient, pusher: Pusher) -> Iterator[tuple[str, TestResponse]]:
    """Everything that must be refused, with a name."""
    query, content = pusher.request(choice(ONCE.template_id))
    yield "wrong signature", push(client, query | {"msg_signature": "0" * 40}, content)
    yield "no signature", push(client, {key: said for key, said in query.items() if key != "msg_signature"}, content)
    yield "odd signature", push(client, query | {"msg_signature": "签名"}, content)
    yield "another nonce", push(client, query | {"nonce": "1"}, content)
    yield "nothing", push(client, {}, b"")
    yield "no envelope", push(client, query, b"{}")
    yield "a list", push(client, query, b"[]")
    yield "deep", push(client, query, b"[" * 40_000)
    yield "not json", push(client, query, b"\xff\xfe")
    yield "long query", push(client, query | {"nonce": "1" * 4000}, content)
    for stamp in ("", "soon", "-1", "١٢٣", "9" * 30, "0"):
        yield f"timestamp {stamp!r}", push(client, query | {"timestamp": stamp}, content)
    for skew in (-301, 301):
        pusher.skew = skew
        yield f"clock {skew}", push(client, *pusher.request(choice(ONCE.template_id)))
    pusher.skew = 0
    other = Pusher(pusher.url, PUSH_TOKEN, "wxanother", AES_KEY, http=pusher.http)
    yield "another app", push(client, *other.request(choice(ONCE.template_id)))
    plain = Pusher(pusher.url, PUSH_TOKEN, APPID, http=pusher.http)
    yield "plain", push(client, *plain.request(choice(ONCE.template_id)))
    cut = json.loads(content)
    cut["Encrypt"] = cut["Encrypt"][:40]
    yield "changed envelope", push(client, query, json.dumps(cut).encode())


def test_what_is_not_wechat_s_is_refused(
    app: flask.Flask, client: FlaskClient, pusher: Pusher, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, response in refusals(client, pusher):
        assert response.status_code == 403, (name, response.status_code)
        assert response.get_json()["error"] == "push_not_genuine", name
    assert count(app, WechatEvent) == 0
    assert count(app, Task) == 0
    assert OPENID not in capsys.readouterr().err


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>"""
OUTSIDE = b"""<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Encrypt>&x;</Encrypt></xml>"""


@pytest.mark.parametrize("content", [BILLION_LAUGHS, OUTSIDE, b"<a>" * 9 + b"</a>" * 9, b"<xml>", b"<xml><Encrypt/></xml>"])
def test_xml_that_means_harm(client: FlaskClient, pusher: Pusher, content: bytes) -> None:
    query, _ = pusher.request(choice(ONCE.template_id))
    assert push(client, query, content, "text/xml").status_code == 403


def test_a_push_that_is_too_large(app: flask.Flask, client: FlaskClient, pusher: Pusher) -> None:
    query, _ = pusher.request(choice(ONCE.template_id))
    assert push(client, query, b" " * (LARGEST_PUSH + 1)).status_code == 413
    assert count(app, WechatEvent) == 0


def test_without_a_mini_program_there_is_no_push(app: flask.Flask, client: FlaskClient, pusher: Pusher) -> None:
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], wechat=WechatSettings())
    assert send(client, pusher, choice(ONCE.template_id)).get_json()["error"] == "wechat_not_configured"
    assert client.get("/v1/wechat/push", query_string=pusher.verification()).status_code == 503


def verdict(trace: str, suggest: str, **more: Any) -> dict[str, Any]:
    """What WeChat thinks of a picture."""
    return event("wxa_media_check", trace_id=trace, appid=APPID, result={"suggest": suggest, "label": 100}, errcode=0) | more


def test_verdicts_on_pictures(app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int) -> None:
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        for number in range(1, 6):
            media.note(session, account_id, "licence", number, f"trace-{number}", clock.now())
        media.note(session, account_id, "licence", 6, None, clock.now())
    send(client, pusher, verdict("trace-1", "pass"))
    send(client, pusher, verdict("trace-2", "risky"))
    send(client, pusher, verdict("trace-2", "pass", CreateTime=1764000009))  # the first verdict stands
    send(client, pusher, verdict("trace-3", "pass", errcode=-1008))
    send(client, pusher, verdict("trace-4", "splendid"))
    send(client, pusher, verdict("trace-of-nobody", "pass"))
    work(app)
    with database.read_session() as session:
        states = [media.state_of(session, "licence", number) for number in range(1, 8)]
    assert states == ["pass", "risky", "review", "review", "waiting", "review", None]


def test_a_picture_without_a_verdict_goes_to_a_person(app: flask.Flask, account_id: int) -> None:
    now = clock.now()
    with app.extensions["database"].write_session() as session:
        media.note(session, account_id, "licence", 1, "trace-1", now - media.LONGEST_WAIT)
        media.note(session, account_id, "licence", 2, "trace-2", now)
        told.clear()
        media.note(session, account_id, "licence-of-test", 3, "trace-3", now - media.LONGEST_WAIT)
        assert media.overdue(session, now + (media.LONGEST_WAIT / 100)) == 2
        assert [media.state_of(session, "licence", number) for number in (1, 2)] == ["review", "waiting"]
        assert media.decide(session, "trace-1", "pass", now) is False
    assert told == [(3, "review")]
    with app.extensions["database"].read_session() as session:
        assert session.scalar(select(MediaCheck.reason).where(MediaCheck.object_id == 1)) == "no_answer"


def test_a_phone_number_taken_back_is_gone(app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int) -> None:
    send(client, pusher, event("user_authorization_revoke", FromUserName="o-wechat", OpenID=OPENID, RevokeInfo="7"))
    work(app)
    assert count(app, AccountPhone) == 1
    send(client, pusher, event("user_authorization_revoke", FromUserName="o-wechat", OpenID=OPENID, RevokeInfo="8", CreateTime=1))
    work(app)
    assert count(app, AccountPhone) == 0
    assert count(app, WechatIdentity) == 1


def test_pushes_and_messages_are_not_kept_for_ever(
    app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int
) -> None:
    send(client, pusher, choice(ONCE.template_id))
    now = clock.now()
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        for number, state in enumerate(("sent", "queued")):
            outbox.post(session, account_id, "application_update", {}, key=f"m-{number}", now=now)
            session.scalars(select(OutgoingMessage).where(OutgoingMessage.message_key == f"m-{number}")).one().state = state
    for later, pushes, messages in ((0, 1, 2), (8, 0, 2), (181, 0, 1)):
        with database.write_session() as session:
            keeping.forget(session, now + timedelta(days=later))
        assert (count(app, WechatEvent), count(app, OutgoingMessage)) == (pushes, messages)


@pytest.mark.parametrize("other_way_in", [True, False])
def test_a_closed_wechat_account(
    app: flask.Flask, client: FlaskClient, pusher: Pusher, account_id: int, people: People, other_way_in: bool
) -> None:
    with app.extensions["database"].write_session() as session:
        if not other_way_in:
            session.delete(session.get_one(AccountPhone, account_id))
        issue_token(session, account_id, clock.now())
    send(client, pusher, choice(ONCE.template_id))
    send(client, pusher, event("user_authorization_cancellation", FromUserName="o-wechat", OpenID=OPENID))
    work(app)
    assert count(app, WechatIdentity) == count(app, SubscriptionCredit) == 0
    assert client.get("/v1/me", headers=people.worker).status_code == 401
    with app.extensions["database"].read_session() as session:
        assert (session.get_one(Account, account_id).disabled_at is None) is other_way_in
