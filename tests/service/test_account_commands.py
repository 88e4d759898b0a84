"""Accounts made by the operator can do what their role may, until they are taken back."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient

from tests.service.conftest import draft


def run(app: flask.Flask, *words: str) -> str:
    """A command that must work; its last line."""
    done = app.test_cli_runner().invoke(args=["accounts", *words])
    assert done.exit_code == 0, done.output
    return done.output.strip().splitlines()[-1]


def publish(client: FlaskClient, token: str, key: str) -> int:
    """The status of publishing with a token."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return client.post("/v1/jobs", json=draft(), headers=headers).status_code


def test_an_employer_can_publish_until_the_account_is_disabled(app: flask.Flask, client: FlaskClient) -> None:
    token = run(app, "add", "employer_owner", "hr-01", "--name", "演示真单位", "--region", "赣州市章贡区")
    assert publish(client, token, "account-0001") == 201
    newer = run(app, "token", "hr-01")
    assert publish(client, token, "account-0002") == 401
    assert publish(client, newer, "account-0003") == 201
    run(app, "disable", "hr-01")
    assert publish(client, newer, "account-0004") == 401


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "station_staff", "zd-01", "--name", "演示驿站"), "地区"),
        (("add", "bureau", "js-01", "--name", "演示部门", "--region", "朝阳区"), "不止一个"),
        (("add", "auditor", "sj-01", "--name", "演示审计"), "地区"),
        (("add", "partner", "hz-01", "--name", "演示平台", "--source", "direct"), "来源代码"),
        (("add", "partner", "hz-01", "--name", "演示平台"), "来源代码"),
        (("token", "nobody"), "没有账号"),
    ],
)
def test_what_is_missing_is_said(app: flask.Flask, words: tuple[str, ...], said: str) -> None:
    done = app.test_cli_runner().invoke(args=["accounts", *words])
    assert done.exit_code == 1
    assert said in done.output


def test_a_login_is_given_once(app: flask.Flask) -> None:
    run(app, "add", "station_staff", "zd-01", "--name", "演示驿站", "--region", "赣州市章贡区")
    done = app.test_cli_runner().invoke(args=["accounts", "add", "operator", "zd-01", "--name", "演示"])
    assert done.exit_code == 1
    assert "已经有人用了" in done.output


def test_a_partner_publishes_under_its_own_source_only(app: flask.Flask, client: FlaskClient) -> None:
    run(app, "add", "partner", "hz-01", "--name", "演示合作平台", "--source", "partner-gz01")
    token = run(app, "token", "hz-01")
    headers = {"Authorization": f"Bearer {token}"}
    made = client.post("/v1/jobs", json=draft(employer_name="演示工厂"), headers=headers | {"Idempotency-Key": "partner-01"})
    assert made.status_code == 201, made.get_json()
    assert made.get_json()["source"]["key"] == "partner-gz01"
    changed = client.patch(made.headers["Location"], json={"headcount": 3}, headers=headers | {"If-Match": "*"})
    assert changed.status_code == 200
    run(app, "add", "partner", "hz-02", "--name", "演示别的平台", "--source", "partner-gz02")
    other = {"Authorization": f"Bearer {run(app, 'token', 'hz-02')}", "If-Match": "*"}
    assert client.patch(made.headers["Location"], json={"headcount": 4}, headers=other).status_code == 403


def test_the_operator_gives_a_code_with_which_the_password_is_set(app: flask.Flask, client: FlaskClient) -> None:
    run(app, "add", "employer_owner", "hr-01", "--name", "演示真单位", "--region", "赣州市章贡区")
    code = run(app, "set-up-code", "hr-01")
    answer = client.post("/v1/auth/set-up", json={"code": code, "password": "qingshi-banlu-heniu"})
    assert answer.status_code == 200, answer.get_json()
    token = answer.get_json()["access_token"]
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    run(app, "disable", "hr-01")
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    refused = client.post("/v1/auth/refresh", json={"refresh_token": answer.get_json()["refresh_token"]})
    assert refused.status_code == 401
