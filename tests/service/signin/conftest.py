"""Made-up people with passwords, authenticator apps and a clock that can be moved."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import clock
from service.accounts.models import Account
from service.signin import routes, set_up, totp
from service.signin.passwords import Hasher
from service.signin.policy import policy
from tests.service.conftest import People

GOOD = "qingshi-banlu-heniu"
BETTER = "xiaochuan-guo-shitan"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@dataclass
class Hands:
    """The clock of a test: it stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        """The moment it shows."""
        return self.at

    def move(self, **by: float) -> None:
        """Move it: ``seconds``, ``minutes``, ``hours``, ``days``."""
        self.at += timedelta(**by)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The one clock, held still."""
    held = Hands()
    monkeypatch.setattr(clock, "now", held.now)
    return held


@dataclass
class Door:
    """Somebody who knocks: what he sends, and from where."""

    app: flask.Flask
    client: FlaskClient
    hands: Hands
    apps: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: dict[str, Any] | None = None, token: str = "", address: str = HERE) -> TestResponse:
        """A POST, signed in with ``token`` when there is one."""
        return self.call("POST", path, body, token, address)

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str = "", address: str = HERE
    ) -> TestResponse:
        """Any request from an address."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.open(path, method=method, json=body, headers=headers, environ_base={"REMOTE_ADDR": address})

    def account_id(self, login: str) -> int:
        """The account of a login."""
        with self.app.extensions["database"].read_session() as session:
            found: int = session.query(Account).filter_by(login=login).one().account_id
            return found

    def set_up_code(self, login: str, **options: Any) -> str:
        """A set-up code, as an administrator would make it."""
        with self.app.extensions["database"].write_session() as session:
            account = session.query(Account).filter_by(login=login).one()
            return set_up.issue(session, account.account_id, clock.now(), created_by=None, **options)[0]

    def set_up(self, login: str, password: str = GOOD) -> dict[str, Any]:
        """Give a login a password; the answer's body."""
        answer = self.post("/v1/auth/set-up", {"code": self.set_up_code(login), "password": password})
        assert answer.status_code == 200, answer.get_json()
        body: dict[str, Any] = answer.get_json()
        return body

    def password(self, login: str, password: str = GOOD, address: str = HERE, **more: Any) -> TestResponse:
        """Try a password."""
        return self.post("/v1/auth/password", {"login": login, "password": password, **more}, address=address)

    def code(self, login: str) -> str:
        """What the authenticator app of a login shows now."""
        secret = self.apps[login]
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        return totp.hotp(key, totp.step_of(clock.now()))

    def enrol(self, login: str, token: str) -> dict[str, Any]:
        """Bind an app; the answer to its first code."""
        begun = self.post("/v1/me/second-factor", token=token)
        assert begun.status_code == 200, begun.get_json()
        self.apps[login] = begun.get_json()["secret"]
        done = self.post("/v1/me/second-factor/confirm", {"code": self.code(login)}, token)
        assert done.status_code == 200, done.get_json()
        body: dict[str, Any] = done.get_json()
        return body

    def works(self, token: str) -> int:
        """The status of asking who one is."""
        return self.call("GET", "/v1/me", token=token).status_code


@pytest.fixture
def door(app: flask.Flask, client: FlaskClient, people: People, hands: Hands) -> Door:
    """The application's door, and the people of every test."""
    return Door(app, client, hands)


Metric = Callable[[str], float]


@pytest.fixture(autouse=True)
def cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed at the least cost there is, but where the cost is what is tested: it is most of a sign-in."""
    if request.module.__name__.rpartition(".")[2] not in {"test_password_sign_in", "test_passwords"}:
        monkeypatch.setattr(routes, "hasher", _cheap_hasher)


@cache
def _cheap_hasher() -> Hasher:
    return Hasher(replace(policy().password, time_cost=1, memory_kib=8))
