"""Signing in by SMS through a real gateway on loopback: single use, few tries, limits, nothing that tells who has an account."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.accounts.models import Account, AccountPhone
from service.accounts.phones import bind_phone
from service.config import SignInSettings
from service.signin import sms_gateway
from service.signin.loopback_sms import LoopbackSms
from service.signin.models import SmsCode
from service.signin.policy import policy
from service.workers.models import Worker
from tests.service.signin.conftest import ELSEWHERE, HERE, Door

PHONE, OTHER = "13800000001", "13800000002"


@pytest.fixture
def gateway(door: Door) -> Iterator[LoopbackSms]:
    """The gateway, and an application that uses it."""
    made = LoopbackSms(key="a key of the test").start()
    chosen = SignInSettings(sms_url=made.url, sms_key=made.key)
    door.app.extensions["settings"] = replace(door.app.extensions["settings"], sign_in=chosen)
    yield made
    made.stop()


def _ask(door: Door, phone: str = PHONE, address: str = HERE) -> TestResponse:
    return door.post("/v1/auth/sms/code", {"phone": phone}, address=address)


def _give(door: Door, code: str, phone: str = PHONE, address: str = HERE) -> TestResponse:
    return door.post("/v1/auth/sms", {"phone": phone, "code": code}, address=address)


def _wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06d}"


def test_a_new_phone_becomes_a_worker_and_comes_back_to_the_same_account(door: Door, gateway: LoopbackSms) -> None:
    assert _ask(door).status_code == 202
    first = _give(door, gateway.code_for(PHONE))
    assert first.status_code == 200, first.get_json()
    body = first.get_json()
    assert body["second_factor"] == "not_needed"
    me = door.call("GET", "/v1/me", token=body["access_token"]).get_json()
    assert me["role"] == "worker"
    door.hands.move(minutes=2)
    _ask(door, "+86 138-0000-0001")
    again = _give(door, gateway.code_for(PHONE), "138 0000 0001").get_json()
    assert door.call("GET", "/v1/me", token=again["access_token"]).get_json()["account_id"] == me["account_id"]
    with door.app.extensions["database"].read_session() as session:
        row = session.get_one(AccountPhone, me["account_id"])
        assert row.phone == PHONE
        assert row.proved_by == "sms"
        account = session.get_one(Account, me["account_id"])
        assert PHONE not in f"{account.login}{account.display_name}{row.phone_sealed}{row.phone_index}"


def test_a_known_and_an_unknown_phone_are_answered_alike(door: Door, gateway: LoopbackSms) -> None:
    with door.app.extensions["database"].write_session() as session:
        bind_phone(session, door.account_id("worker"), PHONE, proved_by="station", now=door.hands.now())
    known, unknown = _ask(door), _ask(door, OTHER)
    assert known.status_code == unknown.status_code == 202
    assert known.get_json() == unknown.get_json()
    wrong = [_give(door, _wrong(gateway.code_for(phone)), phone) for phone in (PHONE, OTHER)]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].get_json() == wrong[1].get_json() == _give(door, "000000", "13800000009").get_json()
    right = _give(door, gateway.code_for(PHONE)).get_json()
    me = door.call("GET", "/v1/me", token=right["access_token"]).get_json()
    assert me["account_id"] == door.account_id("worker")


def test_a_code_is_good_once_for_five_minutes_and_for_its_phone(door: Door, gateway: LoopbackSms) -> None:
    _ask(door)
    code = gateway.code_for(PHONE)
    assert _give(door, code, OTHER).status_code == 401
    assert _give(door, code).status_code == 200
    assert _give(door, code).status_code == 401
    door.hands.move(minutes=2)
    _ask(door)
    door.hands.move(minutes=5, seconds=1)
    assert _give(door, gateway.code_for(PHONE)).status_code == 401


def test_a_newer_code_voids_the_one_before(door: Door, gateway: LoopbackSms) -> None:
    _ask(door)
    older = gateway.code_for(PHONE)
    door.hands.move(minutes=1)
    _ask(door)
    newer = gateway.code_for(PHONE)
    if older != newer:
        assert _give(door, older).status_code == 401
    assert _give(door, newer).status_code == 200


def test_five_tries_and_no_more(door: Door, gateway: LoopbackSms) -> None:
    _ask(door)
    code = gateway.code_for(PHONE)
    for by in range(1, policy().sms.tries + 1):
        assert _give(door, _wrong(code, by)).status_code == 401
    assert _give(door, code).status_code == 401, "the right code after five wrong ones"


@pytest.mark.costly
def test_limits_of_a_phone(door: Door, gateway: LoopbackSms) -> None:
    assert _ask(door).status_code == 202
    again = _ask(door, address=ELSEWHERE)
    assert again.status_code == 429
    assert 1 <= int(again.headers["Retry-After"]) <= 61
    sent = 1
    for _ in range(200):
        door.hands.move(minutes=2)
        sent += _ask(door, address=f"203.0.113.{sent + 1}").status_code == 202
    bucket = policy().buckets["sms_phone"]
    hours = 200 * 2 / 60
    assert sent <= bucket.burst + bucket.per_day * hours / 24 + 1
    assert len(gateway.messages) == sent


@pytest.mark.costly
def test_limits_of_an_address(door: Door, gateway: LoopbackSms) -> None:
    statuses = [_ask(door, f"1380000{number:04d}").status_code for number in range(1, 30)]
    assert statuses.count(202) == policy().buckets["sms_address"].burst
    assert _ask(door, "13800009999", ELSEWHERE).status_code == 202


def test_guessing_at_many_phones_from_one_address_is_bounded(door: Door, gateway: LoopbackSms) -> None:
    statuses = [_give(door, "000000", f"1380000{number:04d}").status_code for number in range(1, 80)]
    assert statuses.count(401) == policy().buckets["address"].burst
    assert statuses[-1] == 429


@pytest.mark.parametrize("failing", ["refuse", "cut", "stopped", "key"])
def test_a_gateway_that_fails_is_a_clear_503_and_costs_the_person_nothing(
    door: Door, gateway: LoopbackSms, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if failing == "stopped":
        gateway.stop()
    elif failing == "key":
        gateway.key = "another"
    else:
        gateway.failing = failing
    for _ in range(policy().buckets["sms_phone"].burst + 3):
        answer = _ask(door)
        assert (answer.status_code, answer.get_json()["error"]) == (503, "sms_unavailable")
        assert answer.headers["Retry-After"]
    if failing != "stopped":
        gateway.failing, gateway.key = "", "a key of the test"
        monkeypatch.setattr(sms_gateway, "_away_until", {})
        assert _ask(door).status_code == 202


def test_a_slow_gateway_is_not_waited_for(door: Door, gateway: LoopbackSms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "service.signin.sms_gateway.policy", lambda: replace(policy(), sms=replace(policy().sms, longest_seconds=1.0))
    )
    gateway.failing, gateway.slow_seconds = "slow", 3.0
    began = time.perf_counter()
    assert [_ask(door, f"1380000000{n}").status_code for n in range(5)] == [503] * 5
    assert time.perf_counter() - began < 4.0, "only the first waits"


def test_without_a_gateway_it_is_off(door: Door) -> None:
    answer = _ask(door)
    assert (answer.status_code, answer.get_json()["error"]) == (503, "sms_off")


@pytest.mark.parametrize("phone", ["", "12345", "12800000001", "1380000000", "138000000011", "+1 202 555 0100", "电话"])
def test_what_is_no_mobile_number(door: Door, gateway: LoopbackSms, phone: str) -> None:
    assert _ask(door, phone).status_code == 422
    assert _give(door, "000000", phone).status_code == 422
    assert not gateway.messages


def test_a_switched_off_account_stays_closed(door: Door, gateway: LoopbackSms) -> None:
    _ask(door)
    body = _give(door, gateway.code_for(PHONE)).get_json()
    with door.app.extensions["database"].write_session() as session:
        account = session.get_one(Account, door.call("GET", "/v1/me", token=body["access_token"]).get_json()["account_id"])
        account.disabled_at = door.hands.now()
    door.hands.move(minutes=2)
    _ask(door)
    assert _give(door, gateway.code_for(PHONE)).status_code == 403
    with door.app.extensions["database"].read_session() as session:
        assert session.query(Worker).count() == 2, "no second account is made in its place"


def test_neither_phone_nor_code_is_kept_open(door: Door, gateway: LoopbackSms, capsys: pytest.CaptureFixture[str]) -> None:
    _ask(door)
    code = gateway.code_for(PHONE)
    with door.app.extensions["database"].read_session() as session:
        row = session.query(SmsCode).one()
    assert PHONE not in row.phone_index
    assert row.code_mac not in {code, hashlib.sha256(code.encode()).hexdigest()}
    printed = capsys.readouterr()
    assert PHONE not in printed.out + printed.err
    assert code not in printed.out + printed.err


def test_the_inbox_is_read_on_this_machine(door: Door, gateway: LoopbackSms) -> None:
    _ask(door)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{gateway.url}/inbox?phone={PHONE}", timeout=5) as answer:
        shown: dict[str, Any] = json.load(answer)
    assert [message["values"]["code"] for message in shown["messages"]] == [gateway.code_for(PHONE)]
    assert _give(door, shown["messages"][0]["values"]["code"]).status_code == 200
