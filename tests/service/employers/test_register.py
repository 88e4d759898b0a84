"""Register an employer, change it, hand it on, and lose those who left."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from service import clock
from service.accounts.models import Account
from service.employers.models import Employer
from tests.service.conftest import draft
from tests.service.employers import made_up
from tests.service.employers.conftest import Door, said


def test_an_owner_registers_and_sees_himself_masked(door: Door) -> None:
    answer = door.send("POST", "/v1/employers", door.owner, said())
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/employers/{body['employer_id']}/record"
    assert (body["handler_name"], body["handler_id"]) == ("演**", f"999{'*' * 11}{made_up.id_number(1)[-4:]}")
    assert body["region_code"] == "360702000000"
    assert body["standing"]["outcome"] == "hold"
    assert [reason["code"] for reason in body["standing"]["reasons"]] == ["papers_unchecked"]
    me = door.client.get("/v1/me", headers=door.owner).get_json()
    assert me["employer_id"] == body["employer_id"]
    again = door.send("POST", "/v1/employers", door.owner, said(2))
    assert (again.status_code, again.get_json()["error"]) == (409, "has_employer")


def test_nothing_of_the_handler_lies_open(door: Door, employer_id: int) -> None:
    with door.database.read_session() as session:
        table = session.execute(text("select * from employer")).mappings().all()
        audit = session.execute(text("select * from audit_event")).mappings().all()
    for planted in (made_up.id_number(1), "演示经办人"):
        assert planted not in str(table)
        assert planted not in str(audit)
        assert planted not in door.client.get(f"/v1/employers/{employer_id}").get_data(as_text=True)
        assert planted not in door.client.get(f"/v1/employers/{employer_id}/record", headers=door.owner).get_data(as_text=True)


def test_the_handler_in_full_is_noted(door: Door, employer_id: int) -> None:
    address = f"/v1/employers/{employer_id}/handler"
    assert door.client.get(address, headers=door.far_reviewer).status_code == 404
    assert door.client.get(address, headers=door.operator).status_code == 403
    answer = door.client.get(address, headers=door.reviewer)
    assert answer.get_json() == {"name": "演示经办人", "id_number": made_up.id_number(1)}
    assert answer.headers["Cache-Control"] == "no-store"
    with door.database.read_session() as session:
        noted = session.execute(text("select count(*) from audit_event where action = 'employer.handler'")).scalar()
    assert noted == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credit_code": None}, "credit_code"),
        ({"credit_code": "91360702MA35000000"}, "credit_code"),
        ({"publisher_class": "household"}, "credit_code"),
        ({"publisher_class": "government"}, "publisher_class"),
        ({"handler_id": "999999198001010010"}, "handler_id"),
        ({"handler_id": made_up.id_number(1, "20101010")}, "handler_id"),
        ({"region": "天上人间"}, "region"),
        ({"region": "鼓楼区"}, "region"),
        ({"verified_at": "2026-01-01T00:00:00+08:00"}, "verified_at"),
        ({"suspended_at": None, "employer_id": 1}, "employer_id"),
        ({"name": "厂"}, "name"),
    ],
)
def test_what_is_refused(door: Door, changes: dict[str, Any], field: str) -> None:
    answer = door.send("POST", "/v1/employers", door.owner, said(**changes))
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    with door.database.read_session() as session:
        assert session.scalar(select(Employer.employer_id)) is None


def test_a_household_needs_no_code(door: Door) -> None:
    body = said(publisher_class="household", credit_code=None, name="演示养殖户")
    answer = door.send("POST", "/v1/employers", door.owner, body).get_json()
    assert answer["credit_code"] is None
    assert answer["papers_needed"] == []


def test_two_who_register_the_same_code_at_once(door: Door) -> None:
    _, other = door.account("employer_owner")
    answers = door.at_once(("POST", "/v1/employers", door.owner, said()), ("POST", "/v1/employers", other, said()))
    assert answers == [(201, ""), (201, "")]
    with door.database.read_session() as session:
        codes = session.execute(select(Employer.credit_code, Employer.claimed_code)).all()
    code = made_up.credit_code(1)
    assert sorted(codes, key=str) == [(code, None), (None, code)]


def test_one_owner_twice_at_once_with_two_codes(door: Door) -> None:
    answers = door.at_once(*(("POST", "/v1/employers", door.owner, said(number)) for number in (1, 2)))
    assert sorted(status for status, _ in answers) == [201, 409]


def test_the_desk_registers_for_others_in_its_territory(door: Door) -> None:
    assert door.send("POST", "/v1/employers", door.reviewer, said()).status_code == 201
    far = door.send("POST", "/v1/employers", door.far_reviewer, said(2))
    assert (far.status_code, far.get_json()["error"]) == (403, "outside_territory")


def test_an_edit_of_what_papers_prove_asks_for_them_again(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    approve = {"outcome": "approve", "reasons": ["papers_in_order"], "checked": ["code_and_name", "handler", "delegation"]}
    assert door.send("POST", f"/v1/verifications/{round_id}/decisions", door.reviewer, approve).status_code == 201
    job = door.send("POST", "/v1/jobs", door.owner, draft())
    assert job.get_json()["status"] == "open"
    address = f"/v1/employers/{employer_id}"
    harmless = door.send("PATCH", address, door.owner, {"about": "演示，人更多了"})
    assert harmless.get_json()["verified_at"] is not None
    same = door.send("PATCH", address, door.owner, {"name": "演示制衣厂"})
    assert same.get_json()["version"] == harmless.get_json()["version"]
    renamed = door.send("PATCH", address, door.owner, {"name": "演示新制衣厂"}).get_json()
    assert renamed["verified_at"] is None
    assert door.client.get(f"/v1/jobs/{job.get_json()['job_id']}").status_code == 404


def test_edits_know_their_version(door: Door, employer_id: int) -> None:
    address = f"/v1/employers/{employer_id}"
    tag = door.client.get(f"{address}/record", headers=door.owner).headers["ETag"]
    assert door.client.get(f"{address}/record", headers=door.owner | {"If-None-Match": tag}).status_code == 304
    assert door.send("PATCH", address, door.owner, {"about": "一"}, **{"If-Match": tag}).status_code == 200
    assert door.send("PATCH", address, door.owner, {"about": "二"}, **{"If-Match": tag}).status_code == 412
    assert door.client.patch(address, json={"about": "三"}, headers=door.owner).status_code == 428
    assert door.send("PATCH", address, door.far_reviewer, {"about": "四"}).status_code == 404


def test_staff_cannot_move_an_employer_out_of_their_territory(door: Door, employer_id: int) -> None:
    moved = door.send("PATCH", f"/v1/employers/{employer_id}", door.reviewer, {"region": "南昌市东湖区"})
    assert (moved.status_code, moved.get_json()["error"]) == (403, "outside_territory")


def test_a_code_of_a_verified_employer_is_refused_on_edit(door: Door, employer_id: int) -> None:
    _, other = door.account("employer_owner")
    there = door.send("POST", "/v1/employers", other, said(2)).get_json()["employer_id"]
    with door.database.write_session() as session:
        session.get_one(Employer, there).verified_at = clock.now()
    taken = door.send("PATCH", f"/v1/employers/{employer_id}", door.owner, {"credit_code": made_up.credit_code(2)})
    assert (taken.status_code, taken.get_json()["error"]) == (409, "employer_registered")


def test_two_recruiters_one_employer_and_one_leaves(door: Door, employer_id: int) -> None:
    first_id, first = door.account("employer_recruiter", employer_id=employer_id)
    _, second = door.account("employer_recruiter", employer_id=employer_id)
    job_id = door.send("POST", "/v1/jobs", first, draft()).get_json()["job_id"]
    assert door.send("PATCH", f"/v1/jobs/{job_id}", second, {"headcount": 3}).status_code == 200
    assert door.send("PATCH", f"/v1/employers/{employer_id}", first, {"about": "一"}).status_code == 403
    staff = f"/v1/employers/{employer_id}/staff"
    assert len(door.client.get(staff, headers=door.owner).get_json()["items"]) == 3
    assert door.client.get(staff, headers=first).status_code == 403
    assert door.send("DELETE", f"{staff}/{door.owner_id}", door.owner).status_code == 409
    assert door.send("DELETE", f"{staff}/999999", door.owner).status_code == 404
    assert door.send("DELETE", f"{staff}/{first_id}", door.owner).status_code == 204
    for method, address in (("GET", f"/v1/employers/{employer_id}/record"), ("PATCH", f"/v1/jobs/{job_id}")):
        assert door.send(method, address, first, {"headcount": 4} if method == "PATCH" else None).status_code == 401
    assert door.send("PATCH", f"/v1/jobs/{job_id}", second, {"headcount": 5}).status_code == 200


def test_the_owner_hands_on(door: Door, employer_id: int) -> None:
    heir_id, heir = door.account("employer_recruiter", employer_id=employer_id)
    stranger_id, _ = door.account("employer_owner")
    address = f"/v1/employers/{employer_id}/owner"
    assert door.send("POST", address, heir, {"account_id": heir_id}).status_code == 403
    assert door.send("POST", address, door.owner, {"account_id": stranger_id}).status_code == 422
    assert door.send("POST", address, door.owner, {"account_id": door.owner_id}).status_code == 409
    assert door.send("POST", address, door.owner, {"account_id": heir_id}).status_code == 200
    assert door.send("POST", address, door.owner, {"account_id": heir_id}).status_code == 403
    assert door.send("PATCH", f"/v1/employers/{employer_id}", heir, {"about": "新管理员"}).status_code == 200


def test_two_owners_who_remove_each_other_at_once_leave_one(door: Door, employer_id: int) -> None:
    other_id, other = door.account("employer_owner", employer_id=employer_id)
    answers = door.at_once(
        ("DELETE", f"/v1/employers/{employer_id}/staff/{other_id}", door.owner, None),
        ("DELETE", f"/v1/employers/{employer_id}/staff/{door.owner_id}", other, None),
    )
    assert (204, "") in answers
    with door.database.read_session() as session:
        left = session.scalars(select(Account).where(Account.employer_id == employer_id, Account.disabled_at.is_(None))).all()
    assert len(left) == 1


def test_what_nobody_has_checked_is_shown_to_nobody(door: Door, employer_id: int) -> None:
    address = f"/v1/employers/{employer_id}"
    assert door.client.get(address).status_code == 404
    assert door.client.get(address, headers=door.far_reviewer).status_code == 404
    assert door.client.get(address, headers=door.owner).status_code == 200
    assert door.client.get(address, headers=door.reviewer).get_json()["verified"] is False
