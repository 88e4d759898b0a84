"""Accounts in one's own scope: nobody makes a role above or outside himself, and who leaves is out at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service import clock
from service.accounts.create import create_account
from service.accounts.permissions import ROLES
from service.accounts.tokens import issue_token
from service.audit.models import AuditEvent
from service.employers.models import Employer
from service.signin.administer import LOOKS_AFTER
from service.stations.models import Station
from service.workers.models import Worker
from tests.service.conftest import GANZHOU, NANCHANG, ZHANGGONG, People
from tests.service.signin.conftest import GOOD, Door

DONGHU = "360102000000"


class Office:
    """Somebody of every inviting role, and what belongs to him."""

    def __init__(self, door: Door, people: People) -> None:
        self.door, self.people = door, people
        self.tokens = {"employer_owner": people.employer["Authorization"].removeprefix("Bearer ")}
        with door.app.extensions["database"].write_session() as session:
            now = clock.now()
            far = Employer(name="演示外地单位", region_code=DONGHU, verified_at=now, created_at=now)
            far_station = Station(code="ZD-99", name="演示外地驿站", level="street", region_code=DONGHU, created_at=now)
            gone = Employer(name="演示已关单位", region_code=ZHANGGONG, closed_at=now, created_at=now)
            session.add_all([far, far_station, gone])
            session.flush()
            self.far_employer, self.far_station, self.gone_employer = far.employer_id, far_station.station_id, gone.employer_id
            for role, stands_for in (
                ("station_head", {"station_id": people.station_id}),
                ("bureau", {"region_code": GANZHOU}),
                ("operator", {}),
                ("reviewer", {"region_code": GANZHOU}),
            ):
                made = create_account(
                    session,
                    role=role,
                    login=f"office-{role}",
                    display_name="演示",
                    now=now,
                    **stands_for,
                )
                self.tokens[role] = issue_token(session, made.account_id, now)

    def invite(self, by: str, role: str, login: str = "new-one", **more: Any) -> TestResponse:
        """Ask for an account."""
        return self.door.post("/v1/accounts", {"role": role, "login": login, "display_name": "演示新人", **more}, self.tokens[by])

    def act(self, by: str, what: str, account_id: int, body: Any = None) -> TestResponse:
        """Do something with an account."""
        return self.door.post(f"/v1/accounts/{account_id}/{what}", body, self.tokens[by])


@pytest.fixture
def office(door: Door, people: People) -> Office:
    """The people of a town who look after accounts."""
    return Office(door, people)


def test_a_recruiter_is_invited_works_and_is_out_at_once(office: Office, door: Door) -> None:
    answer = office.invite("employer_owner", "employer_recruiter")
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    assert body["account"]["employer_id"] == office.people.employer_id
    tokens = door.post("/v1/auth/set-up", {"code": body["set_up_code"], "password": GOOD}).get_json()
    assert door.works(tokens["access_token"]) == 200
    number = body["account"]["account_id"]
    off = office.act("employer_owner", "disable", number)
    assert off.status_code == 200
    assert off.get_json()["disabled_at"]
    assert door.works(tokens["access_token"]) == 401
    assert door.post("/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert door.password("new-one").status_code == 401
    assert office.act("employer_owner", "enable", number).status_code == 200
    assert door.works(tokens["access_token"]) == 401, "what was ended stays ended"
    assert door.password("new-one").status_code == 200


@pytest.mark.parametrize("by", ["employer_owner", "station_head", "bureau", "operator"])
def test_only_roles_below_and_only_inside(office: Office, by: str) -> None:
    inside: dict[str, dict[str, Any]] = {
        "employer_owner": {"employer_id": office.people.employer_id},
        "employer_recruiter": {"employer_id": office.people.employer_id},
        "station_staff": {"station_id": office.people.station_id},
        "station_head": {"station_id": office.people.station_id},
        "reviewer": {"region_code": ZHANGGONG},
        "bureau": {"region_code": ZHANGGONG},
        "auditor": {"region_code": ZHANGGONG},
        "operator": {"region_code": ZHANGGONG},
    }
    for number, role in enumerate(inside):
        answer = office.invite(by, role, f"new-{number}", **inside[role])
        assert answer.status_code == (201 if role in LOOKS_AFTER[by] else 403), (role, answer.get_json())
    for role in ("worker", "partner", "proxy", "root"):
        assert office.invite(by, role, "new-x").status_code == 422


@pytest.mark.parametrize(
    ("by", "role", "binding"),
    [
        ("employer_owner", "employer_recruiter", {"employer_id": "other"}),
        ("employer_owner", "employer_recruiter", {"employer_id": "far"}),
        ("employer_owner", "employer_recruiter", {"employer_id": 999_999}),
        ("station_head", "station_staff", {"station_id": "other"}),
        ("bureau", "station_staff", {"station_id": "far"}),
        ("bureau", "employer_recruiter", {"employer_id": "far"}),
        ("bureau", "employer_recruiter", {"employer_id": "gone"}),
        ("bureau", "employer_recruiter", {}),
        ("bureau", "bureau", {"region_code": NANCHANG}),
        ("bureau", "bureau", {"region_code": "360000000000"}),
        ("bureau", "reviewer", {"region_code": "999999000000"}),
        ("bureau", "bureau", {"region_code": ZHANGGONG, "employer_id": "own"}),
        ("operator", "employer_recruiter", {"employer_id": "own", "region_code": NANCHANG}),
    ],
)
def test_bindings_outside_are_refused(office: Office, by: str, role: str, binding: dict[str, Any]) -> None:
    people = office.people
    named = {
        "own": people.employer_id,
        "other": people.other_employer_id if role == "employer_recruiter" else people.other_station_id,
        "far": office.far_employer if role == "employer_recruiter" else office.far_station,
        "gone": office.gone_employer,
    }
    told = {name: named.get(value, value) for name, value in binding.items()}
    answer = office.invite(by, role, **told)
    assert answer.status_code in {403, 404, 422}, answer.get_json()


def test_an_owner_may_come_before_his_employer(office: Office) -> None:
    account = office.invite("bureau", "employer_owner", "boss-01").get_json()["account"]
    assert (account["employer_id"], account["region_code"]) == (None, GANZHOU)
    assert office.act("bureau", "disable", account["account_id"]).status_code == 200
    assert office.invite("bureau", "employer_owner", "boss-02", region_code=NANCHANG).status_code in {403, 404}


def test_a_bureau_with_a_county_cannot_make_itself_larger(office: Office, door: Door) -> None:
    county = office.invite("bureau", "bureau", "county-01", region_code=ZHANGGONG).get_json()
    with door.app.extensions["database"].write_session() as session:
        office.tokens["county"] = issue_token(session, county["account"]["account_id"], clock.now())
    assert office.invite("county", "bureau", "new-a", region_code=GANZHOU).status_code in {403, 404}
    assert office.invite("county", "bureau", "new-b").get_json()["account"]["region_code"] == ZHANGGONG
    head_of_city = door.account_id("office-bureau")
    assert office.act("county", "disable", head_of_city).status_code == 404


@pytest.mark.parametrize("login", ["13800000001", "Ab-1", "zd", "名字", "x" * 40, "a b c", "zd\n01"])
def test_odd_logins_are_refused(office: Office, login: str) -> None:
    assert office.invite("employer_owner", "employer_recruiter", login).status_code == 422


def test_a_login_is_given_once(office: Office) -> None:
    assert office.invite("employer_owner", "employer_recruiter").status_code == 201
    again = office.invite("employer_owner", "employer_recruiter")
    assert (again.status_code, again.get_json()["error"]) == (409, "login_taken")


def test_nobody_switches_himself_off_or_a_role_above(office: Office, door: Door) -> None:
    own = door.account_id("office-bureau")
    answer = office.act("bureau", "disable", own)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "not_yourself")
    operator = door.account_id("operator")
    assert office.act("bureau", "disable", operator).status_code == 404
    owner = door.account_id("employer")
    assert office.act("employer_owner", "set-up-code", owner, {}).status_code == 403


def test_a_worker_is_signed_out_by_the_bureau_and_not_switched_off(office: Office, door: Door, people: People) -> None:
    number = door.account_id("worker")
    with door.app.extensions["database"].write_session() as session:
        session.query(Worker).one().region_code = ZHANGGONG
    token = people.worker["Authorization"].removeprefix("Bearer ")
    assert door.works(token) == 200
    answer = door.call("DELETE", f"/v1/accounts/{number}/sessions", token=office.tokens["bureau"])
    assert answer.status_code == 200
    assert door.works(token) == 401
    assert office.act("bureau", "disable", number).status_code == 403
    assert office.act("bureau", "set-up-code", number, {}).status_code == 403


def test_a_lost_phone_of_a_clerk(office: Office, door: Door) -> None:
    first = door.set_up("staff")
    door.enrol("staff", first["access_token"])
    number = door.account_id("staff")
    made = office.act("station_head", "set-up-code", number, {"drops_second_factor": True})
    assert made.status_code == 201
    pending = door.password("staff").get_json()
    assert pending["second_factor"] == "required", "an issued code changes nothing before it is used"
    body = door.post("/v1/auth/set-up", {"code": made.get_json()["set_up_code"], "password": GOOD}).get_json()
    assert body["second_factor"] == "enrol"


def test_the_list_shows_whom_one_looks_after(office: Office, door: Door) -> None:
    office.invite("employer_owner", "employer_recruiter", "hr-02")
    office.invite("bureau", "reviewer", "rev-01", region_code=ZHANGGONG)
    office.invite("operator", "station_staff", "far-zd", station_id=office.far_station)

    def logins(by: str, query: str = "") -> set[str]:
        answer = door.call("GET", f"/v1/accounts{query}", token=office.tokens[by])
        assert answer.status_code == 200, answer.get_json()
        return {item["login"] for item in answer.get_json()["items"]}

    assert logins("employer_owner") == {"hr-02"}
    assert logins("station_head") == {"staff"}
    bureau = logins("bureau")
    assert {"hr-02", "rev-01", "staff", "other-staff", "employer", "office-bureau"} <= bureau
    assert not bureau & {"far-zd", "other-bureau", "operator", "worker"}
    assert logins("bureau", "?role=reviewer") == {"rev-01", "office-reviewer"}
    assert "far-zd" in logins("operator")
    assert logins("station_head", "?role=bureau") == set()
    assert door.call("GET", "/v1/accounts", token=office.tokens["reviewer"]).status_code == 403


def test_pages_of_the_list(office: Office, door: Door) -> None:
    with door.app.extensions["database"].write_session() as session:
        for number in range(120):
            create_account(
                session, role="station_staff", login=f"many-{number:03d}", display_name="演示", now=clock.now(),
                station_id=office.people.station_id,
            )  # fmt: skip
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        body = door.call("GET", f"/v1/accounts?after={after}", token=office.tokens["station_head"]).get_json()
        seen += [item["account_id"] for item in body["items"]]
        after = body["next"]
    assert len(seen) == len(set(seen)) == 121
    assert seen == sorted(seen)


def test_every_act_is_in_the_trail_with_who_did_it(office: Office, door: Door) -> None:
    number = office.invite("employer_owner", "employer_recruiter").get_json()["account"]["account_id"]
    office.act("employer_owner", "set-up-code", number, {})
    office.act("employer_owner", "disable", number)
    office.act("employer_owner", "enable", number)
    door.set_up("new-one")
    door.password("new-one", "wrong-" + GOOD)
    token = door.password("new-one").get_json()["access_token"]
    door.post("/v1/auth/logout", token=token)
    with door.app.extensions["database"].read_session() as session:
        rows = session.query(AuditEvent).filter_by(object_kind="account", object_id=str(number)).order_by(AuditEvent.seq).all()
    told = [row.action for row in rows]
    for action in ("invite", "reset", "disable", "enable"):
        assert f"account.{action}" in told
    assert told[-4:] == ["session.open", "sign_in.refuse", "session.open", "session.end"]
    assert rows[0].account_id == door.account_id("employer")
    assert rows[-1].account_id == number


def test_who_looks_after_whom_is_sound() -> None:
    for by, roles in LOOKS_AFTER.items():
        assert set(roles) <= set(ROLES)
        for role in roles:  # nobody reaches further through somebody he has made
            assert set(LOOKS_AFTER.get(role, ())) <= set(roles) | {by}, (by, role)
    assert "auditor" not in LOOKS_AFTER["bureau"]
    assert not {"worker", "partner"} & {role for roles in LOOKS_AFTER.values() for role in roles}


def test_who_is_switched_off_while_signing_in_has_no_sign_in_left(office: Office, door: Door) -> None:
    """Whatever comes first: when the account is on again, nothing of before opens."""
    number = office.invite("employer_owner", "employer_recruiter").get_json()["account"]["account_id"]
    door.set_up("new-one")
    answers: list[TestResponse] = []
    start = threading.Barrier(4)

    def sign_in(device: int) -> None:
        start.wait(10)
        client = door.app.test_client()
        body, where = {"login": "new-one", "password": GOOD}, {"REMOTE_ADDR": f"192.0.2.{device}"}
        answers.extend(client.post("/v1/auth/password", json=body, environ_base=where) for _ in range(3))

    def switch_off() -> None:
        start.wait(10)
        time.sleep(0.15)
        client = door.app.test_client()
        token = {"Authorization": f"Bearer {office.tokens['employer_owner']}"}
        assert client.post(f"/v1/accounts/{number}/disable", headers=token).status_code == 200

    threads = [threading.Thread(target=sign_in, args=(device,)) for device in range(3)] + [threading.Thread(target=switch_off)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 401, 429, 503}
    assert office.act("employer_owner", "enable", number).status_code == 200
    for answer in answers:
        if answer.status_code == 200:
            assert door.works(answer.get_json()["access_token"]) == 401
            refreshed = door.post("/v1/auth/refresh", {"refresh_token": answer.get_json()["refresh_token"]})
            assert refreshed.status_code == 401
