"""Refresh, reuse, time-outs, the list of sign-ins and their ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from service import clock
from service.accounts.models import Account
from service.accounts.tokens import revoke_all
from service.signin import login_sessions
from service.signin.models import RefreshToken, SignInSession
from service.signin.policy import policy
from tests.service.conftest import People
from tests.service.signin.conftest import ELSEWHERE, GOOD, Door


def _refresh(door: Door, token: str, address: str = "192.0.2.7") -> Any:
    return door.post("/v1/auth/refresh", {"refresh_token": token}, address=address)


def test_a_pair_is_changed_for_a_pair(door: Door) -> None:
    first = door.set_up("employer")
    door.hands.move(minutes=31)
    assert door.works(first["access_token"]) == 401, "an access token is short"
    second = _refresh(door, first["refresh_token"])
    assert second.status_code == 200
    body = second.get_json()
    assert body["session_id"] == first["session_id"]
    assert not {body["access_token"], body["refresh_token"]} & {first["access_token"], first["refresh_token"]}
    assert door.works(body["access_token"]) == 200
    assert _refresh(door, body["refresh_token"]).status_code == 200


def test_a_lost_answer_is_given_again_within_the_grace(door: Door) -> None:
    first = door.set_up("employer")
    once = _refresh(door, first["refresh_token"]).get_json()
    door.hands.move(seconds=9)
    twice = _refresh(door, first["refresh_token"])
    assert twice.status_code == 200
    assert twice.get_json() == once
    assert door.works(once["access_token"]) == 200


@pytest.mark.parametrize("late", [True, False])
def test_reuse_ends_the_whole_sign_in(door: Door, late: bool) -> None:
    first = door.set_up("employer")
    other = door.password("employer").get_json()
    second = _refresh(door, first["refresh_token"]).get_json()
    newest = second
    if late:
        door.hands.move(seconds=11)
    else:  # within the grace, but the successor is in use already
        newest = _refresh(door, second["refresh_token"]).get_json()
    stolen = _refresh(door, first["refresh_token"], ELSEWHERE)
    assert (stolen.status_code, stolen.get_json()["error"]) == (401, "sign_in_ended_for_safety")
    assert door.works(newest["access_token"]) == 401
    assert _refresh(door, newest["refresh_token"]).status_code == 401
    assert door.works(other["access_token"]) == 200, "another sign-in of the same person goes on"


def test_two_at_once_get_the_same_pair(door: Door) -> None:
    first = door.set_up("employer")
    database = door.app.extensions["database"]
    answers: list[login_sessions.Tokens] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait(10)
        with database.write_session() as session:
            pair = login_sessions.refresh(session, first["refresh_token"], "192.0.2.7", clock.now())
        assert isinstance(pair, login_sessions.Tokens)
        answers.append(pair)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len({(pair.access_token, pair.refresh_token) for pair in answers}) == 1
    assert door.works(answers[0].access_token) == 200


def test_the_table_alone_gives_no_token(door: Door) -> None:
    first = door.set_up("employer")
    second = _refresh(door, first["refresh_token"]).get_json()
    with door.app.extensions["database"].read_session() as session:
        rows = session.query(RefreshToken).all()
        kept = {row.token_hash for row in rows} | {row.salt for row in rows}
    for row in kept:
        assert row not in {first["refresh_token"], second["refresh_token"], second["access_token"]}
        if len(row) >= 20:
            assert _refresh(door, row).status_code == 401
            assert door.works(row) == 401


def test_idle_and_absolute_time_outs_of_staff(door: Door) -> None:
    pending = door.set_up("staff")
    tokens = door.enrol("staff", pending["access_token"])["tokens"]
    door.hands.move(minutes=29)
    tokens = _refresh(door, tokens["refresh_token"]).get_json()
    door.hands.move(minutes=31)
    idle = _refresh(door, tokens["refresh_token"])
    assert (idle.status_code, idle.get_json()["error"]) == (401, "sign_in_again")
    pending = door.password("staff").get_json()
    tokens = door.post("/v1/auth/second-factor", {"code": door.code("staff")}, pending["access_token"]).get_json()
    passed = 0
    while True:
        door.hands.move(minutes=25)
        passed += 25
        answer = _refresh(door, tokens["refresh_token"])
        if answer.status_code != 200:
            break
        tokens = answer.get_json()
    assert 12 * 60 <= passed <= 12 * 60 + 25


def test_the_list_and_ending_one(door: Door, people: People) -> None:
    body = {"code": door.set_up_code("employer"), "password": GOOD, "device_name": "前台"}
    mine = door.post("/v1/auth/set-up", body).get_json()
    other = door.password("employer", device_name="手机", address="2001:db8:5:6::9").get_json()
    foreign = door.set_up("other-employer")
    token = mine["access_token"]
    shown = door.call("GET", "/v1/me/sessions", token=token)
    assert shown.status_code == 200, shown.get_json()
    items = shown.get_json()["items"]
    assert {item["session_id"] for item in items} == {mine["session_id"], other["session_id"]}
    by_id = {item["session_id"]: item for item in items}
    assert by_id[mine["session_id"]]["current"]
    assert by_id[mine["session_id"]]["device_name"] == "前台"
    assert by_id[mine["session_id"]]["address"] == "192.0.2.0/24"
    assert by_id[other["session_id"]]["address"] == "2001:db8:5::/48"
    assert not by_id[other["session_id"]]["current"]
    assert by_id[other["session_id"]]["last_seen_at"].endswith("0:00+08:00")
    assert door.call("DELETE", f"/v1/me/sessions/{foreign['session_id']}", token=token).status_code == 404
    assert door.works(foreign["access_token"]) == 200
    assert door.call("DELETE", f"/v1/me/sessions/{other['session_id']}", token=token).status_code == 204
    assert door.works(other["access_token"]) == 401
    assert _refresh(door, other["refresh_token"]).status_code == 401
    assert door.call("DELETE", "/v1/me/sessions/999999", token=token).status_code == 404


def test_all_others_and_tokens_of_the_operator(door: Door, people: People) -> None:
    mine = door.set_up("employer")
    others = [door.password("employer").get_json() for _ in range(2)]
    answer = door.call("DELETE", "/v1/me/sessions", token=mine["access_token"])
    assert answer.get_json() == {"ended": 2}
    assert door.works(mine["access_token"]) == 200
    assert [door.works(other["access_token"]) for other in others] == [401, 401]
    demo = people.other_employer["Authorization"].removeprefix("Bearer ")
    assert door.works(demo) == 200
    assert door.call("DELETE", "/v1/me/sessions", token=demo).get_json() == {"ended": 0}
    assert door.works(demo) == 200, "the token that asks stays"


def test_logging_out_ends_the_sign_in(door: Door) -> None:
    mine = door.set_up("employer")
    assert door.post("/v1/auth/logout", token=mine["access_token"]).status_code == 204
    assert door.works(mine["access_token"]) == 401
    assert _refresh(door, mine["refresh_token"]).status_code == 401


def test_a_disabled_account_is_out_at_once(door: Door) -> None:
    mine = door.set_up("employer")
    with door.app.extensions["database"].write_session() as session:
        session.query(Account).filter_by(login="employer").one().disabled_at = door.hands.now()
    assert door.works(mine["access_token"]) == 401
    assert _refresh(door, mine["refresh_token"]).status_code == 401


@pytest.mark.parametrize("token", ["", "short", "x" * 20, "ü" * 30, "x" * 500, None, 5])
def test_odd_refresh_tokens_are_refused_clearly(door: Door, token: Any) -> None:
    answer = door.post("/v1/auth/refresh", {"refresh_token": token})
    assert answer.status_code in {401, 422}
    assert answer.get_json()["message"]


def test_old_rows_go(door: Door) -> None:
    first = door.set_up("employer")
    _refresh(door, first["refresh_token"])
    door.hands.at += policy().sessions_kept + policy().sessions["employer_owner"].absolute
    door.hands.move(hours=1)
    with door.app.extensions["database"].write_session() as session:
        assert login_sessions.forget_old(session, clock.now()) > 0
    with door.app.extensions["database"].read_session() as session:
        assert session.query(SignInSession).count() == 0
        assert session.query(RefreshToken).count() == 0


def test_taking_back_every_token_leaves_none_to_be_refreshed(door: Door) -> None:
    mine = door.set_up("employer")
    with door.app.extensions["database"].write_session() as session:
        revoke_all(session, door.account_id("employer"), now=clock.now())
    assert door.works(mine["access_token"]) == 401
    assert _refresh(door, mine["refresh_token"]).status_code == 401
    assert door.password("employer").status_code == 200
