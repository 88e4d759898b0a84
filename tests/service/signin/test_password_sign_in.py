"""Signing in with a password: what comes of it, what is refused, and that a stranger learns nothing."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import pytest

from service.accounts.models import Account
from service.accounts.tokens import token_hash
from service.signin import password as password_action
from service.signin.models import KnownDevice, PasswordLogin, SetUpCode
from service.signin.passwords import Hasher, Place, hasher
from service.signin.policy import policy
from tests.service.signin.conftest import BETTER, ELSEWHERE, GOOD, Door


def test_an_employer_sets_a_password_and_signs_in(door: Door) -> None:
    first = door.set_up("employer")
    assert first["second_factor"] == "not_needed"
    assert door.works(first["access_token"]) == 200
    again = door.password("employer", device_name="前台电脑")
    assert again.status_code == 200
    body = again.get_json()
    assert door.works(body["access_token"]) == 200
    assert body["refresh_token"]
    assert body["device_token"]
    assert again.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in again.headers


def test_a_wrong_password_an_unknown_login_and_a_disabled_account_are_answered_alike(door: Door) -> None:
    door.set_up("employer")
    door.set_up("other-employer")
    with door.app.extensions["database"].write_session() as session:
        session.query(Account).filter_by(login="other-employer").one().disabled_at = door.hands.now()
    answers = [
        door.password("employer", BETTER),
        door.password("nobody-at-all"),
        door.password("worker"),  # an account without a password
        door.password("other-employer"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    bodies = [answer.get_json() for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["error"] == "sign_in_wrong"


@pytest.mark.costly
def test_an_unknown_login_takes_as_long_as_a_known_one(door: Door) -> None:
    door.set_up("employer")

    def taken(login: str) -> float:
        began = time.perf_counter()
        door.password(login, BETTER)
        return time.perf_counter() - began

    known = statistics.median(taken("employer") for _ in range(4))
    unknown = statistics.median(taken(f"nobody-{number}") for number in range(4))
    assert unknown > known / 3, "an unknown login is answered without computing a hash"
    assert known > unknown / 3


def test_a_set_up_code_is_good_once_and_ends_what_was_before(door: Door) -> None:
    before = door.set_up("employer")
    code = door.set_up_code("employer")
    assert door.works(before["access_token"]) == 200, "an issued code changes nothing before it is used"
    weak = door.post("/v1/auth/set-up", {"code": code, "password": "password123"})
    assert (weak.status_code, weak.get_json()["error"]) == (422, "password_weak")
    spelt = code.lower().replace("-", " ")
    assert door.post("/v1/auth/set-up", {"code": spelt, "password": BETTER}).status_code == 200
    assert door.works(before["access_token"]) == 401
    assert door.post("/v1/auth/set-up", {"code": code, "password": BETTER}).status_code == 401
    assert door.password("employer", GOOD).status_code == 401
    assert door.password("employer", BETTER).status_code == 200


def test_a_set_up_code_runs_out_and_a_newer_one_voids_it(door: Door) -> None:
    older, newer = door.set_up_code("employer"), door.set_up_code("employer")
    assert door.post("/v1/auth/set-up", {"code": older, "password": GOOD}).status_code == 401
    door.hands.move(days=4)
    refused = door.post("/v1/auth/set-up", {"code": newer, "password": GOOD})
    assert (refused.status_code, refused.get_json()["error"]) == (401, "set_up_code_invalid")


def test_a_changed_password_needs_the_old_one_and_ends_other_sign_ins(door: Door) -> None:
    other = door.set_up("employer")
    mine = door.password("employer").get_json()
    path, token = "/v1/me/password", mine["access_token"]
    wrong = door.post(path, {"old_password": "wrong-" + GOOD, "new_password": BETTER}, token)
    assert (wrong.status_code, wrong.get_json()["error"]) == (403, "password_wrong")
    same = door.post(path, {"old_password": GOOD, "new_password": GOOD}, token)
    assert (same.status_code, same.get_json()["error"]) == (422, "password_same")
    assert door.post(path, {"old_password": GOOD, "new_password": "ganzhou2026."}, token).status_code == 422
    assert door.post(path, {"old_password": GOOD, "new_password": BETTER}, token).status_code == 204
    assert door.works(token) == 200
    assert door.works(other["access_token"]) == 401
    refused = door.post("/v1/auth/refresh", {"refresh_token": other["refresh_token"]})
    assert refused.status_code == 401
    assert door.password("employer", BETTER).status_code == 200


def test_the_old_password_cannot_be_guessed_with_a_stolen_token(door: Door) -> None:
    door.set_up("employer")
    token = door.password("employer").get_json()["access_token"]
    statuses = [
        door.post("/v1/me/password", {"old_password": f"wrong-{n}-{GOOD}", "new_password": BETTER}, token).status_code
        for n in range(7)
    ]
    assert statuses == [403] * 5 + [429] * 2
    assert door.password("employer").status_code == 200, "the sign-in itself does not wait for that"


def test_nothing_that_opens_a_door_is_kept_as_it_is(door: Door) -> None:
    code = door.set_up_code("employer")
    body = door.post("/v1/auth/set-up", {"code": code, "password": GOOD}).get_json()
    with door.app.extensions["database"].read_session() as session:
        kept = [row.password_hash for row in session.query(PasswordLogin)]
        assert all(value.startswith("$argon2id$") for value in kept)
        assert session.get(KnownDevice, token_hash(body["device_token"])) is not None
        assert {row.code_hash for row in session.query(SetUpCode)} == {token_hash(code.replace("-", ""))}


def test_a_hash_of_an_older_cost_is_made_anew_at_the_next_sign_in(door: Door) -> None:
    with Hasher(replace(policy().password, time_cost=1, memory_kib=64)).place() as cheap:
        made = cheap.hash(GOOD)
    door.set_up("employer")
    account_id = door.account_id("employer")
    database = door.app.extensions["database"]
    with database.write_session() as session:
        session.get_one(PasswordLogin, account_id).password_hash = made
    assert door.password("employer", BETTER).status_code == 401
    with database.read_session() as session:
        assert session.get_one(PasswordLogin, account_id).password_hash == made
    assert door.password("employer").status_code == 200
    with database.read_session() as session:
        kept = session.get_one(PasswordLogin, account_id).password_hash
    with hasher().place() as place:
        assert place.is_outdated(made)
        assert not place.is_outdated(kept)
    assert door.password("employer").status_code == 200


def test_a_password_changed_while_it_is_being_compared_opens_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.set_up("employer")
    original = password_action.Attempt.check

    def meanwhile(self: password_action.Attempt, given: str, place: Place) -> password_action.Checked:
        checked = original(self, given, place)
        with door.app.extensions["database"].write_session() as session:
            session.get_one(PasswordLogin, self.account_id).password_hash = place.hash(BETTER)
        return checked

    with monkeypatch.context() as patch:
        patch.setattr(password_action.Attempt, "check", meanwhile)
        assert door.password("employer").status_code == 401
    assert door.password("employer", BETTER, ELSEWHERE).status_code == 200


@pytest.mark.costly
def test_a_sign_in_that_finds_no_place_is_not_counted_as_a_failure(door: Door) -> None:
    device = door.set_up("employer")["device_token"]
    with hasher().place():
        busy = [door.password("employer", BETTER) for _ in range(2)]
        assert [answer.status_code for answer in busy] == [503, 503]
        assert busy[0].get_json()["error"] == "sign_in_busy"
        assert door.password("employer", device_token=device).status_code == 200, "the known device has a place of its own"
    assert [door.password("employer", BETTER).status_code for _ in range(6)] == [401] * 5 + [429]
