"""Signing in through an identity service: what is right opens the linked account, everything spoilt opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from service.accounts.models import Account
from service.config import SignInSettings
from service.signin import oidc
from tests.service.conftest import People
from tests.service.signin.conftest import Door
from tests.service.signin.issuer import LoopbackIssuer, signed_with_the_public_key, unsigned

SUBJECT = "person-0001"


@pytest.fixture
def issuer(door: Door) -> Iterator[LoopbackIssuer]:
    """The service, and an application that trusts it."""
    made = LoopbackIssuer().start()
    chosen = SignInSettings(
        oidc_issuer=made.url, oidc_client_id=made.client_id, oidc_client_secret=made.client_secret,
        oidc_redirect_uri="https://console.example.invalid/signed-in",
    )  # fmt: skip
    door.app.extensions["settings"] = replace(door.app.extensions["settings"], sign_in=chosen)
    yield made
    made.stop()


def _link(door: Door, people: People, subject: str | None, login: str = "staff") -> TestResponse:
    token = people.operator["Authorization"].removeprefix("Bearer ")
    return door.call("PUT", f"/v1/accounts/{door.account_id(login)}/identity", {"subject": subject}, token)


def _begin(door: Door) -> dict[str, Any]:
    answer = door.call("GET", "/v1/auth/oidc/start")
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def _sign_in(door: Door, issuer: LoopbackIssuer, **changes: str) -> TestResponse:
    begun = _begin(door)
    brought = issuer.visit(begun["authorization_url"], SUBJECT)
    return door.post("/v1/auth/oidc/callback", brought | {"browser_key": begun["browser_key"]} | changes)


def test_a_linked_person_signs_in_and_still_gives_the_second_factor(door: Door, issuer: LoopbackIssuer, people: People) -> None:
    refused = _sign_in(door, issuer)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "identity_not_linked")
    assert _link(door, people, SUBJECT).status_code == 200
    answer = _sign_in(door, issuer)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["second_factor"] == "enrol"
    door.enrol("staff", answer.get_json()["access_token"])
    assert _link(door, people, SUBJECT, "employer").get_json()["error"] == "identity_linked_elsewhere"
    assert _link(door, people, None).status_code == 200
    assert _sign_in(door, issuer).status_code == 403
    assert _link(door, people, SUBJECT, "employer").status_code == 200
    assert _sign_in(door, issuer).get_json()["second_factor"] == "not_needed"


def test_a_disabled_account_stays_closed(door: Door, issuer: LoopbackIssuer, people: People) -> None:
    _link(door, people, SUBJECT)
    with door.app.extensions["database"].write_session() as session:
        session.query(Account).filter_by(login="staff").one().disabled_at = door.hands.now()
    assert _sign_in(door, issuer).status_code == 403


SPOILT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "wrong nonce": ({}, {"nonce": "another"}),
    "no nonce": ({}, {"nonce": None}),
    "wrong aud": ({}, {"aud": "another-client"}),
    "several aud, no azp": ({}, {"aud": ["chengnuan", "another"]}),
    "wrong azp": ({}, {"azp": "another"}),
    "wrong iss": ({}, {"iss": "https://elsewhere.example.invalid"}),
    "expired": ({}, {"exp": 1_700_000_000}),
    "no exp": ({}, {"exp": None}),
    "exp as text": ({}, {"exp": "9999999999"}),
    "from the future": ({}, {"iat": 4_000_000_000}),
    "not yet": ({}, {"nbf": 4_000_000_000}),
    "no sub": ({}, {"sub": None}),
    "sub is a number": ({}, {"sub": 5}),
    "unknown kid": ({"kid": "another"}, {}),
}
"""What is changed in the header and the claims; None takes a claim out."""


@pytest.mark.parametrize("name", list(SPOILT))
def test_a_spoilt_token_opens_nothing(door: Door, issuer: LoopbackIssuer, people: People, name: str) -> None:
    _link(door, people, SUBJECT)
    issuer.header, issuer.claims = SPOILT[name]
    answer = _sign_in(door, issuer)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "oidc_refused"), name
    issuer.header, issuer.claims = {}, {}
    assert _sign_in(door, issuer).status_code == 200


def test_signatures_that_are_none(door: Door, issuer: LoopbackIssuer, people: People) -> None:
    _link(door, people, SUBJECT)
    for raw in (unsigned, signed_with_the_public_key(issuer), lambda _: "not.a.token", lambda _: ""):
        issuer.raw = raw
        assert _sign_in(door, issuer).status_code == 401
    issuer.raw = None
    trusted, issuer.key = issuer.key, RSAKey.generate_key(2048, {"kid": "first"})  # the name of the key, another key
    assert _sign_in(door, issuer).status_code == 401
    issuer.key = trusted
    assert _sign_in(door, issuer).status_code == 200


def test_new_keys_are_fetched_once_and_not_for_every_forgery(
    door: Door, issuer: LoopbackIssuer, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    _link(door, people, SUBJECT)
    assert _sign_in(door, issuer).status_code == 200
    issuer.rotate()
    assert _sign_in(door, issuer).status_code == 401, "keys were fetched a moment ago: not again for every token"
    fetched = issuer.asked.count("/realm/keys")
    monkeypatch.setattr(oidc, "REFETCH_SECONDS", 0.0)
    assert _sign_in(door, issuer).status_code == 200
    assert issuer.asked.count("/realm/keys") == fetched + 1


def test_the_way_back_belongs_to_the_browser_that_began(door: Door, issuer: LoopbackIssuer, people: People) -> None:
    _link(door, people, SUBJECT)
    mine, theirs = _begin(door), _begin(door)
    assert mine["browser_key"] != theirs["browser_key"]
    brought = issuer.visit(theirs["authorization_url"], SUBJECT)
    assert door.post("/v1/auth/oidc/callback", brought | {"browser_key": mine["browser_key"]}).status_code == 401
    crossed = brought | {"state": parse_qs(urlsplit(mine["authorization_url"]).query)["state"][0]}
    assert door.post("/v1/auth/oidc/callback", crossed | {"browser_key": mine["browser_key"]}).status_code == 401
    again = issuer.visit(theirs["authorization_url"], SUBJECT) | {"browser_key": theirs["browser_key"]}
    assert door.post("/v1/auth/oidc/callback", again).status_code == 200
    assert door.post("/v1/auth/oidc/callback", again).status_code == 401, "a code is good once"


def test_the_way_there_and_back_is_short(door: Door, issuer: LoopbackIssuer, people: People) -> None:
    _link(door, people, SUBJECT)
    begun = _begin(door)
    brought = issuer.visit(begun["authorization_url"], SUBJECT) | {"browser_key": begun["browser_key"]}
    door.hands.move(minutes=11)
    assert door.post("/v1/auth/oidc/callback", brought).status_code == 401


@pytest.mark.parametrize("state", ["", "x", "..", "9999999999.a.b", "９.a.b", "-1.a.b", "1" * 500])
def test_odd_states_are_refused(door: Door, issuer: LoopbackIssuer, state: str) -> None:
    body = {"code": "x", "state": state, "browser_key": "k" * 43}
    assert door.post("/v1/auth/oidc/callback", body).status_code in {400, 401, 422}


@pytest.mark.parametrize("failing", ["away", "huge", "document", "stopped"])
def test_a_service_that_fails_is_a_clear_503(door: Door, issuer: LoopbackIssuer, failing: str) -> None:
    if failing == "document":
        issuer.document = {"issuer": "https://elsewhere.example.invalid"}
    elif failing == "stopped":
        issuer.stop()
    else:
        issuer.failing = failing
    answer = door.call("GET", "/v1/auth/oidc/start")
    assert (answer.status_code, answer.get_json()["error"]) == (503, "oidc_unavailable")
    assert answer.headers["Retry-After"]


def test_without_a_service_it_is_off(door: Door, people: People) -> None:
    answer = door.call("GET", "/v1/auth/oidc/start")
    assert (answer.status_code, answer.get_json()["error"]) == (404, "oidc_off")
    assert _link(door, people, SUBJECT).get_json()["error"] == "oidc_off"
