"""The second factor: who must have one, what is closed before it, and that no code is good twice."""

from __future__ import annotations

import pytest

from service.signin.models import RecoveryCode, SecondFactor
from tests.service.conftest import People, gig_draft
from tests.service.signin.conftest import ELSEWHERE, GOOD, Door


@pytest.fixture
def staff(door: Door) -> dict[str, object]:
    """A clerk of a station with password and app; his tokens and recovery codes."""
    first = door.set_up("staff")
    assert first["second_factor"] == "enrol"
    return door.enrol("staff", first["access_token"])


def test_before_it_is_set_up_nothing_else_is_open(door: Door) -> None:
    pending = door.set_up("staff")
    assert pending["refresh_token"] is None
    token = pending["access_token"]
    assert door.works(token) == 200, "who am I"
    for method, path in (("POST", "/v1/jobs/check"), ("GET", "/v1/me/nothing"), ("POST", "/v1/me/password")):
        answer = door.call(method, path, {} if method == "POST" else None, token)
        assert answer.status_code in {403, 404}, path
    refused = door.post("/v1/jobs/check", {}, token)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "second_factor_required")
    for method in ("GET", "DELETE"):
        assert door.call(method, "/v1/me/sessions", token=token).status_code == 403, "the password alone ends nobody's sign-in"
    confirmed = door.enrol("staff", token)
    assert len(set(confirmed["recovery_codes"])) == 10
    full = confirmed["tokens"]
    assert full["second_factor"] == "done"
    assert door.post("/v1/jobs/check", gig_draft(door.hands.now()), full["access_token"]).status_code == 200
    assert door.works(token) == 401, "the pending token is taken back"


def test_it_is_asked_at_every_sign_in(door: Door, staff: dict[str, object]) -> None:
    door.hands.move(seconds=31)
    pending = door.password("staff").get_json()
    assert pending["second_factor"] == "required"
    assert pending["refresh_token"] is None
    assert pending["device_token"] is None
    enrol = door.post("/v1/me/second-factor", token=pending["access_token"])
    assert (enrol.status_code, enrol.get_json()["error"]) == (409, "second_factor_exists")
    code = door.code("staff")
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert door.post("/v1/auth/second-factor", {"code": wrong}, pending["access_token"]).status_code == 401
    done = door.post("/v1/auth/second-factor", {"code": f"{code[:3]} {code[3:]}"}, pending["access_token"])
    assert done.status_code == 200
    assert done.get_json()["refresh_token"]
    assert done.get_json()["device_token"]
    assert door.works(done.get_json()["access_token"]) == 200


def test_a_used_code_is_refused_even_inside_its_step(door: Door, staff: dict[str, object]) -> None:
    used = door.code("staff")  # used a moment ago to confirm
    pending = door.password("staff").get_json()["access_token"]
    refused = door.post("/v1/auth/second-factor", {"code": used}, pending)
    assert (refused.status_code, refused.get_json()["error"]) == (401, "second_factor_wrong")
    door.hands.move(seconds=30)
    assert door.post("/v1/auth/second-factor", {"code": used}, pending).status_code == 401
    assert door.post("/v1/auth/second-factor", {"code": door.code("staff")}, pending).status_code == 200


def test_a_recovery_code_is_good_once(door: Door, staff: dict[str, object]) -> None:
    codes = staff["recovery_codes"]
    assert isinstance(codes, list)
    for code, status in ((codes[0].lower(), 200), (codes[0], 401), (codes[1].replace("-", ""), 200)):
        pending = door.password("staff").get_json()["access_token"]
        assert door.post("/v1/auth/second-factor", {"code": code}, pending).status_code == status


def test_guessing_codes_is_slow(door: Door, staff: dict[str, object]) -> None:
    door.hands.move(minutes=2)
    pending = door.password("staff", address=ELSEWHERE).get_json()["access_token"]
    right = int(door.code("staff"))
    guesses = [f"{(right + 7 + n) % 10**6:06d}" for n in range(8)]
    statuses = [door.post("/v1/auth/second-factor", {"code": guess}, pending, ELSEWHERE).status_code for guess in guesses]
    assert statuses == [401] * 5 + [429] * 3
    assert door.post("/v1/auth/second-factor", {"code": f"{right:06d}"}, pending, ELSEWHERE).status_code == 429


def test_guessing_codes_elsewhere_does_not_stop_the_known_device(door: Door, staff: dict[str, object]) -> None:
    tokens = staff["tokens"]
    assert isinstance(tokens, dict)
    door.hands.move(minutes=2)
    for n in range(4):  # somebody has the password and several addresses
        where = f"203.0.113.{n + 1}"
        pending = door.password("staff", address=where).get_json()["access_token"]
        for guess in range(5):
            door.post("/v1/auth/second-factor", {"code": f"{guess:06d}"}, pending, where)
    stranger = door.password("staff").get_json()["access_token"]
    assert door.post("/v1/auth/second-factor", {"code": door.code("staff")}, stranger).status_code == 429
    mine = door.password("staff", device_token=tokens["device_token"]).get_json()["access_token"]
    assert door.post("/v1/auth/second-factor", {"code": door.code("staff")}, mine).status_code == 200


def test_a_pending_sign_in_runs_out(door: Door, staff: dict[str, object]) -> None:
    door.hands.move(minutes=1)
    pending = door.password("staff").get_json()["access_token"]
    door.hands.move(minutes=11)
    assert door.post("/v1/auth/second-factor", {"code": door.code("staff")}, pending).status_code == 401


def test_another_phone(door: Door, staff: dict[str, object]) -> None:
    tokens = staff["tokens"]
    assert isinstance(tokens, dict)
    token = tokens["access_token"]
    assert door.post("/v1/me/second-factor/remove", {"code": "000000"}, token).status_code in {401, 204}
    door.hands.move(seconds=60)
    assert door.post("/v1/me/second-factor/remove", {"code": door.code("staff")}, token).status_code == 204
    assert door.works(token) == 401
    pending = door.password("staff").get_json()
    assert pending["second_factor"] == "enrol"
    door.hands.move(seconds=60)
    door.enrol("staff", pending["access_token"])


def test_a_lost_phone_with_its_recovery_codes_is_reset_by_a_code(door: Door, staff: dict[str, object]) -> None:
    code = door.set_up_code("staff", drops_second_factor=True)
    body = door.post("/v1/auth/set-up", {"code": code, "password": GOOD}).get_json()
    assert body["second_factor"] == "enrol"
    with door.app.extensions["database"].read_session() as session:
        assert session.query(SecondFactor).count() == 0
        assert session.query(RecoveryCode).count() == 0


def test_a_forgotten_password_alone_does_not_take_the_factor_away(door: Door, staff: dict[str, object]) -> None:
    body = door.post("/v1/auth/set-up", {"code": door.set_up_code("staff"), "password": GOOD}).get_json()
    assert body["second_factor"] == "required"


def test_an_employer_may_have_one(door: Door) -> None:
    first = door.set_up("employer")
    other = door.password("employer").get_json()
    answer = door.enrol("employer", first["access_token"])
    assert answer["tokens"]["second_factor"] == "done"
    assert door.works(other["access_token"]) == 401, "sign-ins without it end when it comes"
    assert door.post("/v1/auth/refresh", {"refresh_token": other["refresh_token"]}).status_code == 401
    assert door.password("employer").get_json()["second_factor"] == "required"


def test_the_secret_is_sealed_and_the_codes_are_hashes(door: Door, staff: dict[str, object]) -> None:
    secret = door.apps["staff"]
    codes = staff["recovery_codes"]
    assert isinstance(codes, list)
    with door.app.extensions["database"].read_session() as session:
        row = session.query(SecondFactor).one()
        assert row.secret == secret
        assert secret not in (row.secret_sealed or "")
        assert not {row.code_hash for row in session.query(RecoveryCode)} & {code.replace("-", "") for code in codes}


def test_demo_tokens_go_on_and_can_enrol(door: Door, people: People) -> None:
    token = people.staff["Authorization"].removeprefix("Bearer ")
    answer = door.post("/v1/jobs/check", gig_draft(door.hands.now()), token)
    assert answer.status_code == 200, answer.get_json()
    assert door.enrol("staff", token)["tokens"] is None


def test_a_pending_sign_in_can_be_left(door: Door) -> None:
    pending = door.set_up("staff")["access_token"]
    assert door.post("/v1/auth/logout", token=pending).status_code == 204
    assert door.works(pending) == 401
