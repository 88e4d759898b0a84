"""Texts at the door: refused, held for a person, or through; and without WeChat nothing stands still."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient

from service import clock
from service.accounts.models import Account
from service.config import Settings
from service.consents import texts
from service.wechat.client import Identity
from service.wechat.current import close_all
from service.wechat.identities import bind_identity
from service.wechat.loopback.server import Fault, Loopback
from tests.service.conftest import People, agree, draft
from tests.service.wechat.conftest import mini_program

TEXT = "/wxa/msg_sec_check"


@pytest.fixture
def app(app: flask.Flask, settings: Settings, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Iterator[flask.Flask]:
    """The application with a mini-program whose patience is short."""
    monkeypatch.setattr("service.wechat.client.LONGEST_PAUSE_SECONDS", 20.0)
    monkeypatch.setattr("service.wechat.client.FIRST_PAUSE_SECONDS", 20.0)
    app.extensions["settings"] = dataclasses.replace(settings, wechat=mini_program(loopback.url))
    yield app
    close_all()


@pytest.fixture
def here(app: flask.Flask, people: People, loopback: Loopback) -> People:
    """The same people; employer and worker have come by WeChat just now."""
    with app.extensions["database"].write_session() as session:
        for login in ("employer", "worker"):
            loopback.memory.log_in(login)
            who = Identity(loopback.memory.openid_of(login), None)
            bind_identity(session, people.account_ids[login], who, clock.now())
        worker_id = session.get_one(Account, people.account_ids["worker"]).worker_id
        assert worker_id is not None
        agree(session, worker_id, texts.BASIC)
    return people


def publish(client: FlaskClient, who: dict[str, str], description: str, key: str = "publish-00001") -> tuple[int, str, str]:
    """Publish with these words: status, state of the job or the error, and what is said of the words."""
    answer = client.post("/v1/jobs", json=draft(description=description), headers=who | {"Idempotency-Key": key})
    body = answer.get_json()
    told = [finding["rule"] for finding in body.get("findings", []) if finding["rule"].startswith("text_")]
    return answer.status_code, body.get("status", "") if answer.status_code == 201 else body["error"], ",".join(told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("流水线组装，包吃住。", (201, "open", "")),
        ("流水线组装，包吃住。演示待审", (201, "held", "text_review")),
        ("流水线组装，包吃住。演示违规", (422, "advert_refused", "")),
        ("流水线组装，提供裸聊。", (422, "advert_refused", "")),
        ("流水线组装，严禁赌博。", (201, "open", "text_doubtful")),
    ],
)
def test_adverts_of_somebody_who_is_here(client: FlaskClient, here: People, words: str, said: tuple[int, str, str]) -> None:
    assert publish(client, here.employer, words) == said


def test_while_wechat_is_down_his_advert_waits(client: FlaskClient, here: People, loopback: Loopback) -> None:
    loopback.fail(TEXT, Fault(status=500), times=3)
    assert publish(client, here.employer, "流水线组装，包吃住。") == (201, "held", "text_review")


def test_adverts_typed_on_the_web_do_not_hang_on_wechat(client: FlaskClient, here: People, loopback: Loopback) -> None:
    loopback.stop()
    assert publish(client, here.other_employer, "流水线组装，包吃住。") == (201, "open", "")
    assert publish(client, here.other_employer, "严禁赌博。", "publish-00002") == (201, "open", "text_doubtful")
    assert publish(client, here.other_employer, "提供裸聊。", "publish-00003")[:2] == (422, "advert_refused")


def test_who_was_here_hours_ago_is_not_asked_about(
    client: FlaskClient, here: People, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.wechat.identities.ACTIVE", clock.now() - clock.now())
    assert publish(client, here.employer, "流水线组装，演示违规。") == (201, "open", "")
    assert loopback.memory.calls[TEXT] == 0


def test_an_edit_is_looked_at_too(client: FlaskClient, here: People) -> None:
    job = client.post("/v1/jobs", json=draft(), headers=here.employer | {"Idempotency-Key": "publish-00001"}).get_json()
    path, headers = f"/v1/jobs/{job['job_id']}", here.employer | {"If-Match": "*"}
    refused = client.patch(path, json={"description": "演示违规"}, headers=headers)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "advert_refused")
    held = client.patch(path, json={"description": "演示待审"}, headers=headers).get_json()
    assert held["status"] == "held"
    # the office has looked: its edit shows the job again
    seen = client.patch(path, json={"description": "流水线组装。"}, headers=here.bureau | {"If-Match": "*"}).get_json()
    assert seen["status"] == "open"


def test_a_profile_with_words_that_no_page_shows(client: FlaskClient, here: People) -> None:
    for wish, status in (("想找电子厂", 200), ("演示待审", 200), ("演示违规", 422), ("裸 聊", 422)):
        answer = client.put("/v1/me/profile", json={"wish": wish}, headers=here.worker | {"If-Match": "*"})
        assert answer.status_code == status, (wish, answer.get_json())
    assert answer.get_json()["error"] == "text_unfit"
    assert list(answer.get_json()["errors"]) == ["wish"]
