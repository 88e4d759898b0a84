"""Two who give the same credit code: nobody is kept out by somebody who typed it first, and one of them ends up with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service import clock
from service.db import Database
from service.employers import tasks
from service.employers.claims import TELL
from service.employers.models import Employer
from service.tasks.models import Task
from service.wechat.models import OutgoingMessage
from tests.service.conftest import draft
from tests.service.employers import made_up
from tests.service.employers.conftest import APPROVE, Door, Headers, said

CODE = made_up.credit_code(1)


def _apply(door: Door, owner: Headers, name: str, number: int = 1) -> tuple[int, int]:
    """Register with the code of everybody here and hand in the papers; employer and round."""
    answer = door.send("POST", "/v1/employers", owner, said(number, credit_code=CODE, name=name))
    assert answer.status_code == 201, answer.get_json()
    employer_id = answer.get_json()["employer_id"]
    for kind in ("business_licence", "delegation_letter"):
        assert door.upload(employer_id, kind, owner).status_code == 201
    made = door.send("POST", f"/v1/employers/{employer_id}/verification", owner)
    assert made.status_code == 201, made.get_json()
    return employer_id, made.get_json()["verification_id"]


def _approve(door: Door, round_id: int, who: Headers) -> Any:
    return door.send("POST", f"/v1/verifications/{round_id}/decisions", who, APPROVE)


def _record(door: Door, employer_id: int, who: Headers) -> dict[str, Any]:
    body: dict[str, Any] = door.client.get(f"/v1/employers/{employer_id}/record", headers=who).get_json()
    return body


def _codes(database: Database) -> dict[int, tuple[str | None, str | None]]:
    with database.read_session() as session:
        rows = session.execute(select(Employer.employer_id, Employer.credit_code, Employer.claimed_code))
        return {employer_id: (held, claimed) for employer_id, held, claimed in rows}


def test_a_squatter_keeps_nobody_out_and_loses_the_code(door: Door) -> None:
    _, owner = door.account("employer_owner")
    squatter, squatters_round = _apply(door, door.owner, "演示占号公司")
    job = door.send("POST", "/v1/jobs", door.owner, draft()).get_json()
    company, round_id = _apply(door, owner, "演示真公司", 2)
    assert _record(door, company, owner)["credit_code"] == CODE
    queue = door.client.get("/v1/verifications", headers=door.reviewer).get_json()["items"]
    assert [(line["employer_id"], line["contested"]) for line in queue] == [(squatter, True), (company, True)]
    seen = door.client.get(f"/v1/verifications/{round_id}", headers=door.reviewer).get_json()["same_code"]
    assert [(line["employer_id"], line["name"], line["verification_id"], line["state"]) for line in seen] == [
        (squatter, "演示占号公司", squatters_round, "pending")
    ]
    # What is for the office is not for a rival.
    assert door.client.get(f"/v1/verifications/{round_id}", headers=owner).get_json()["same_code"] == []

    assert _approve(door, round_id, door.reviewer).status_code == 201
    assert _codes(door.database) == {squatter: (None, None), company: (CODE, None)}
    assert door.client.get(f"/v1/employers/{company}").get_json()["verified"] is True
    lost = _record(door, squatter, door.owner)
    assert (lost["credit_code"], lost["verified_at"], lost["verification"]["state"]) == (None, None, "rejected")
    assert lost["verification"]["decisions"][-1]["reasons"] == ["code_of_another"]
    assert "已由另一个登记凭证照核验通过" in lost["verification"]["decisions"][-1]["advice"][0]
    assert "已由另一个登记凭证照核验通过" in lost["notices"][0]
    assert door.client.get(f"/v1/jobs/{job['job_id']}").status_code == 404
    assert _approve(door, squatters_round, door.reviewer).get_json()["error"] == "verification_decided"
    # He cannot take it up again, and another code of his own ends the notice.
    address = f"/v1/employers/{squatter}"
    again = door.send("PATCH", address, door.owner, {"credit_code": CODE})
    assert (again.status_code, again.get_json()["error"]) == (409, "employer_registered")
    own = door.send("PATCH", address, door.owner, {"credit_code": made_up.credit_code(3)})
    assert (own.status_code, own.get_json()["notices"]) == (200, [])


def test_the_owner_of_a_lost_claim_is_told_once(door: Door) -> None:
    _, owner = door.account("employer_owner")
    squatter, _ = _apply(door, door.owner, "演示占号公司")
    _, round_id = _apply(door, owner, "演示真公司", 2)
    assert _approve(door, round_id, door.reviewer).status_code == 201
    with door.database.write_session() as session:
        payload = session.scalars(select(Task.payload).where(Task.kind == TELL)).one()
        assert payload == {"employer_id": squatter}
        for _ in range(2):
            tasks.tell_whose_claim_ended(session, payload, clock.now())
        assert session.scalars(select(OutgoingMessage.account_id)).all() == [door.owner_id]


def test_who_came_first_is_approved_and_the_later_claim_ends(door: Door) -> None:
    _, later = door.account("employer_owner")
    company, round_id = _apply(door, door.owner, "演示真公司")
    claimant, _ = _apply(door, later, "演示冒名公司", 2)
    assert _approve(door, round_id, door.reviewer).status_code == 201
    assert _codes(door.database) == {company: (CODE, None), claimant: (None, None)}
    _, third = door.account("employer_owner")
    answer = door.send("POST", "/v1/employers", third, said(3, credit_code=CODE))
    assert (answer.status_code, answer.get_json()["error"]) == (409, "employer_registered")


def test_a_claim_goes_on_when_the_holder_gives_another_code(door: Door) -> None:
    _, later = door.account("employer_owner")
    first, _ = _apply(door, door.owner, "演示填错公司")
    second, round_id = _apply(door, later, "演示真公司", 2)
    moved = door.send("PATCH", f"/v1/employers/{first}", door.owner, {"credit_code": made_up.credit_code(3)})
    assert moved.status_code == 200
    assert door.client.get(f"/v1/verifications/{round_id}", headers=door.reviewer).get_json()["same_code"] == []
    assert _approve(door, round_id, door.reviewer).status_code == 201
    assert _codes(door.database) == {first: (made_up.credit_code(3), None), second: (CODE, None)}


def test_two_approved_at_once_leave_one(door: Door) -> None:
    _, later = door.account("employer_owner")
    _, first = _apply(door, door.owner, "演示公司甲")
    _, second = _apply(door, later, "演示公司乙", 2)
    answers = door.at_once(
        ("POST", f"/v1/verifications/{first}/decisions", door.reviewer, APPROVE),
        ("POST", f"/v1/verifications/{second}/decisions", door.second_reviewer, APPROVE),
    )
    assert sorted(answers) == [(201, ""), (409, "verification_decided")]
    with door.database.read_session() as session:
        proven = session.scalars(select(Employer.credit_code).where(Employer.verified_at.is_not(None))).all()
    assert list(proven) == [CODE]


def test_lists_speak_about_whoever_gives_the_code(door: Door) -> None:
    _, later = door.account("employer_owner")
    _apply(door, door.owner, "演示公司甲")
    claimant, _ = _apply(door, later, "演示公司乙", 2)
    row = {"credit_code": CODE, "listed_on": "2026-01-05"}
    body = {"list": "breach", "source": "演示决定 1 号", "rows": [row]}
    taken = door.send("POST", "/v1/employer-lists/imports", door.bureau, body)
    assert (taken.status_code, taken.get_json()["employers"]) == (201, 2)
    codes = [reason["code"] for reason in _record(door, claimant, later)["standing"]["reasons"]]
    assert "list_breach" in codes


@pytest.mark.parametrize("field", ["name", "credit_code", "handler_name"])
def test_whoever_wrote_the_words_does_not_decide_about_them(door: Door, handed_in: tuple[int, int], field: str) -> None:
    """Two reviewers: one mends what the papers prove while the round waits, so the other one decides."""
    employer_id, round_id = handed_in
    changes = {"name": "演示改名厂", "credit_code": made_up.credit_code(7), "handler_name": "演示另一位"}
    assert door.send("PATCH", f"/v1/employers/{employer_id}", door.reviewer, {field: changes[field]}).status_code == 200
    refused = _approve(door, round_id, door.reviewer)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "own_words")
    assert _approve(door, round_id, door.second_reviewer).status_code == 201
    # What another one found in order is nobody's own word any more: the next round is open to both.
    assert door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner).status_code == 201
    next_round = _record(door, employer_id, door.owner)["verification"]["verification_id"]
    assert next_round != round_id
    assert _approve(door, next_round, door.reviewer).status_code == 201


def test_words_written_before_the_round_or_kept_through_a_refusal_count_too(door: Door) -> None:
    employer_id = door.send("POST", "/v1/employers", door.reviewer, said()).get_json()["employer_id"]
    _, owner = door.account("employer_owner", employer_id=employer_id)
    for kind in ("business_licence", "delegation_letter"):
        assert door.upload(employer_id, kind, owner).status_code == 201
    address = f"/v1/employers/{employer_id}/verification"
    first = door.send("POST", address, owner).get_json()["verification_id"]
    assert _approve(door, first, door.reviewer).get_json()["error"] == "own_words"
    rejected = {"outcome": "reject", "reasons": ["licence_unreadable"]}
    assert door.send("POST", f"/v1/verifications/{first}/decisions", door.second_reviewer, rejected).status_code == 201
    second = door.send("POST", address, owner).get_json()["verification_id"]
    assert _approve(door, second, door.reviewer).get_json()["error"] == "own_words"
    assert _approve(door, second, door.second_reviewer).status_code == 201


def test_a_harmless_edit_bars_nobody(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    assert door.send("PATCH", f"/v1/employers/{employer_id}", door.reviewer, {"about": "演示介绍"}).status_code == 200
    assert _approve(door, round_id, door.reviewer).status_code == 201
