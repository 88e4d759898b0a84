"""Papers from the upload to the decision: territory, four eyes, two at once, what is missing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from service import clock
from service.accounts.caller import Caller
from service.db import Database
from service.employers import papers, tasks
from service.employers.models import Paper, Verification
from service.employers.register import locked
from service.employers.scanner import ScannerAway
from service.employers.verify import suspend
from service.errors import Unavailable
from service.jobs import bodies
from service.jobs.models import Job
from service.jobs.publish import publish
from service.tasks import Outside
from tests.service.conftest import draft
from tests.service.employers import made_up
from tests.service.employers.conftest import APPROVE, Door, said
from tests.service.employers.scanner_server import scanner
from tests.service.employers.test_pictures import bomb, picture, with_place


def _decide(door: Door, round_id: int, who: dict[str, str], **changes: Any) -> Any:
    return door.send("POST", f"/v1/verifications/{round_id}/decisions", who, APPROVE | changes)


def test_from_registration_to_the_first_job_that_is_seen(door: Door, employer_id: int) -> None:
    job = door.send("POST", "/v1/jobs", door.owner, draft()).get_json()
    assert job["waits_for"] == ["employer"]
    early = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner)
    assert (early.status_code, early.get_json()["error"]) == (422, "verification_incomplete")
    assert len(early.get_json()["errors"]["papers"]) == 2
    for kind in ("business_licence", "delegation_letter"):
        assert door.upload(employer_id, kind, door.owner, with_place()).status_code == 201
    made = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner)
    assert made.status_code == 201
    assert made.get_json()["due_at"].endswith("18:00:00+08:00")
    again = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner)
    assert (again.status_code, again.get_json()["error"]) == (409, "verification_pending")
    queue = door.client.get("/v1/verifications", headers=door.reviewer).get_json()
    assert [line["employer_id"] for line in queue["items"]] == [employer_id]
    done = _decide(door, made.get_json()["verification_id"], door.reviewer)
    assert (done.status_code, done.get_json()["state"]) == (201, "approved")
    assert door.client.get(f"/v1/jobs/{job['job_id']}").status_code == 200
    assert door.client.get(f"/v1/employers/{employer_id}").get_json()["verified"] is True
    assert door.client.get("/v1/verifications", headers=door.reviewer).get_json()["items"] == []


def test_the_queue_is_of_the_territory(door: Door, handed_in: tuple[int, int]) -> None:
    _, round_id = handed_in
    for who, seen in (
        (door.reviewer, 1),
        (door.second_reviewer, 1),
        (door.far_reviewer, 0),
        (door.far_bureau, 0),
        (door.operator, 1),
    ):
        assert len(door.client.get("/v1/verifications", headers=who).get_json()["items"]) == seen
    assert _decide(door, round_id, door.far_reviewer).status_code == 404
    assert _decide(door, round_id, door.operator).status_code == 403
    assert _decide(door, round_id, door.owner).status_code == 403
    assert door.client.get("/v1/verifications", headers=door.owner).status_code == 403


def test_overdue_and_paging(door: Door) -> None:
    made = []
    for number in range(5):
        _, owner = door.account("employer_owner")
        body = said(number, publisher_class="household", credit_code=None, name=f"演示户{number}")
        employer_id = door.send("POST", "/v1/employers", owner, body).get_json()["employer_id"]
        made.append(door.send("POST", f"/v1/employers/{employer_id}/verification", owner).get_json()["verification_id"])
    with door.database.write_session() as session:
        late = clock.now() - timedelta(days=1)
        session.execute(update(Verification).where(Verification.verification_id == made[3]).values(due_at=late))
    only = door.client.get("/v1/verifications?overdue=true", headers=door.bureau).get_json()["items"]
    assert [(line["verification_id"], line["overdue"]) for line in only] == [(made[3], True)]
    seen: list[int] = []
    address = "/v1/verifications?limit=2"
    while True:
        page = door.client.get(address, headers=door.bureau).get_json()
        seen += [line["verification_id"] for line in page["items"]]
        if page["next"] is None:
            break
        address = f"/v1/verifications?limit=2&cursor={page['next']}"
    assert seen == [made[3], made[0], made[1], made[2], made[4]]
    for odd in ("x", "1_2_3", "99999999999_1", f"1_{10**18}"):
        assert door.client.get(f"/v1/verifications?cursor={odd}", headers=door.bureau).status_code in {200, 400}


def test_four_eyes(door: Door) -> None:
    employer_id = door.send("POST", "/v1/employers", door.reviewer, said()).get_json()["employer_id"]
    door.upload(employer_id, "business_licence", door.second_reviewer)
    door.upload(employer_id, "delegation_letter", door.second_reviewer)
    round_id = door.send("POST", f"/v1/employers/{employer_id}/verification", door.reviewer).get_json()["verification_id"]
    for who in (door.reviewer, door.second_reviewer):
        refused = _decide(door, round_id, who)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "own_submission")
    assert _decide(door, round_id, door.bureau).status_code == 201


def test_two_reviewers_at_once_make_one_decision(door: Door, handed_in: tuple[int, int]) -> None:
    _, round_id = handed_in
    address = f"/v1/verifications/{round_id}"
    seen = {"If-Match": door.client.get(address, headers=door.reviewer).headers["ETag"]}
    reject = {"outcome": "reject", "reasons": ["licence_unreadable"]}
    answers = door.at_once(
        ("POST", f"{address}/decisions", door.reviewer | seen, APPROVE),
        ("POST", f"{address}/decisions", door.second_reviewer | seen, reject),
    )
    assert sorted(answers) == [(201, ""), (409, "verification_decided")]
    with door.database.read_session() as session:
        assert session.execute(text("select count(*) from employer_decision")).scalar() == 1


def test_papers_changed_under_the_reviewers_eyes(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    tag = door.client.get(f"/v1/verifications/{round_id}", headers=door.reviewer).headers["ETag"]
    assert door.upload(employer_id, "business_licence", door.owner).status_code == 201
    address = f"/v1/verifications/{round_id}/decisions"
    assert door.send("POST", address, door.reviewer, APPROVE, **{"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"checked": ["handler"]}, "checks_missing"),
        ({"reasons": []}, "reason_needed"),
        ({"reasons": ["false_papers"]}, "reason_needed"),
        ({"outcome": "reject", "reasons": ["other"]}, "sentence_needed"),
        ({"outcome": "maybe"}, "invalid"),
        ({"checked": ["stars"]}, "invalid"),
    ],
)
def test_decisions_that_do_not_say_enough(door: Door, handed_in: tuple[int, int], changes: dict[str, Any], error: str) -> None:
    refused = _decide(door, handed_in[1], door.reviewer, **changes)
    assert refused.status_code == 422
    assert refused.get_json()["error"] == error


def test_asked_and_answered(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    asked = _decide(door, round_id, door.reviewer, outcome="ask", reasons=["retake_photo"], checked=[]).get_json()
    assert asked["state"] == "asked"
    assert asked["decisions"][0]["advice"] == ["证照照片看不清，请重拍一张。"]
    record = door.client.get(f"/v1/employers/{employer_id}/record", headers=door.owner).get_json()
    assert record["standing"]["reasons"][0]["code"] == "papers_asked"
    assert _decide(door, round_id, door.reviewer).status_code == 409
    again = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner).get_json()
    assert (again["verification_id"], again["state"]) == (round_id, "pending")
    assert _decide(door, round_id, door.reviewer).get_json()["state"] == "approved"


def test_rejected_and_begun_anew(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    _decide(door, round_id, door.reviewer, outcome="reject", reasons=["code_mismatch"], checked=[])
    record = door.client.get(f"/v1/employers/{employer_id}/record", headers=door.owner).get_json()
    assert record["standing"]["reasons"][0]["code"] == "papers_rejected"
    anew = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner).get_json()
    assert anew["verification_id"] != round_id


def test_a_decision_sent_twice_is_answered_the_same(door: Door, handed_in: tuple[int, int]) -> None:
    address = f"/v1/verifications/{handed_in[1]}/decisions"
    key = {"Idempotency-Key": "same-decision-1"}
    first = door.send("POST", address, door.reviewer, APPROVE, **key)
    second = door.send("POST", address, door.reviewer, APPROVE, **key)
    assert (second.status_code, second.get_json()) == (201, first.get_json())
    assert second.headers["Idempotency-Replayed"] == "true"


def test_pictures_are_seen_by_few_and_noted(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, _ = handed_in
    paper_id = door.client.get(f"/v1/employers/{employer_id}/record", headers=door.owner).get_json()["papers"][0]["paper_id"]
    address = f"/v1/employers/{employer_id}/papers/{paper_id}"
    assert door.client.get(address).status_code == 401
    for who, status in (
        (door.far_reviewer, 404),
        (door.far_bureau, 404),
        (door.operator, 403),
        (door.owner, 200),
        (door.reviewer, 200),
    ):
        assert door.client.get(address, headers=who).status_code == status
    seen = door.client.get(address, headers=door.reviewer)
    assert seen.data.startswith(b"\xff\xd8\xff")
    assert seen.headers["Content-Type"] == "image/jpeg"
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["Content-Disposition"].startswith("attachment")
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    with door.database.read_session() as session:
        noted = session.execute(text("select count(*) from audit_event where action = 'paper.read'")).scalar()
    assert noted == 3
    _, other = door.account("employer_owner")
    other_id = door.send("POST", "/v1/employers", other, said(2)).get_json()["employer_id"]
    assert door.client.get(f"/v1/employers/{other_id}/papers/{paper_id}", headers=other).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"", 422, "picture_empty"),
        (b"%PDF-1.7", 415, "picture_kind"),
        (picture() + bytes(11 * 1024 * 1024), 413, "picture_too_large"),
        (bomb(60_000, 60_000), 422, "picture_too_many_pixels"),
        (picture()[:300], 422, "picture_broken"),
    ],
    ids=["empty", "pdf", "11 MB", "bomb", "cut"],
)
def test_uploads_that_are_not_taken_leave_nothing(door: Door, employer_id: int, content: bytes, status: int, error: str) -> None:
    answer = door.upload(employer_id, "business_licence", door.owner, content)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert not list(door.app.extensions["settings"].files_dir.glob("*/*"))


def test_uploads_that_are_no_uploads(door: Door, employer_id: int) -> None:
    address = f"/v1/employers/{employer_id}/papers"
    headers = door.owner | {"Idempotency-Key": "no-upload-1"}
    for arguments, status in (
        ({"json": {}}, 415),
        ({"data": {"kind": "business_licence"}, "content_type": "multipart/form-data"}, 422),
        ({"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"}, 400),
        ({"data": b"nothing", "content_type": "multipart/form-data"}, 400),
        ({"data": b"Content-Disposition: form-data", "content_type": "multipart/form-data; boundary=\xff"}, 400),
    ):
        answer = door.client.post(address, headers=headers, **arguments)
        assert answer.status_code in {status, 422}, (arguments, answer.get_json())
    assert door.upload(employer_id, "love_letter", door.owner).status_code == 422


def test_an_upload_sent_twice_is_kept_once(door: Door, employer_id: int) -> None:
    key: dict[str, Any] = {"Idempotency-Key": "same-upload-1"}
    first = door.upload(employer_id, "business_licence", door.owner, **key)
    second = door.upload(employer_id, "business_licence", door.owner, **key)
    assert first.get_json() == second.get_json()
    other = door.upload(employer_id, "business_licence", door.owner, picture(colour="blue"), **key)
    assert other.status_code == 409
    folder = door.app.extensions["settings"].files_dir
    assert len(list(folder.glob("*/*"))) == 1
    with door.database.read_session() as session:
        row = session.scalars(select(Paper)).one()
    assert (folder / row.file_name).exists()


def test_a_paper_taken_away_opens_for_nobody(door: Door, employer_id: int) -> None:
    paper_id = door.upload(employer_id, "business_licence", door.owner).get_json()["paper_id"]
    address = f"/v1/employers/{employer_id}/papers/{paper_id}"
    assert door.send("DELETE", address, door.owner).status_code == 204
    assert door.send("DELETE", address, door.owner).status_code == 404
    assert door.client.get(address, headers=door.owner).status_code == 404
    settings = door.app.extensions["settings"]
    outside = Outside(door.database, settings)
    tasks.sweep_files(outside, {}, clock.now())
    assert len(list(settings.files_dir.glob("*/*"))) == 1  # younger than a day: an upload may be under way
    tasks.sweep_files(outside, {}, clock.now() + timedelta(days=2))
    assert not list(settings.files_dir.glob("*/*"))


def test_too_many_papers(door: Door, employer_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST", 2)
    codes = [door.upload(employer_id, "site_photo", door.owner).status_code for _ in range(3)]
    assert codes == [201, 201, 409]
    assert len(list(door.app.extensions["settings"].files_dir.glob("*/*"))) == 2


def _with_scanner(door: Door, url: str) -> None:
    door.app.extensions["settings"] = replace(door.app.extensions["settings"], scanner_url=url)


def test_an_infected_file_is_not_taken(door: Door, employer_id: int) -> None:
    with scanner() as server:
        _with_scanner(door, server.url)
        bad = door.upload(employer_id, "business_licence", door.owner, picture() + made_up.EICAR)
        assert (bad.status_code, bad.get_json()["error"]) == (422, "picture_infected")
        good = door.upload(employer_id, "business_licence", door.owner)
        assert good.get_json()["scan_state"] == "clean"


def test_while_the_scanner_is_away_nobody_sees_the_picture(door: Door, employer_id: int) -> None:
    with scanner() as server:
        url = server.url
    _with_scanner(door, url)  # nobody listens there any more
    papers_made = [
        door.upload(employer_id, kind, door.owner).get_json() for kind in ("business_licence", "delegation_letter", "site_photo")
    ]
    assert {paper["scan_state"] for paper in papers_made} == {"scan_pending"}
    address = f"/v1/employers/{employer_id}/papers/{papers_made[0]['paper_id']}"
    assert door.client.get(address, headers=door.owner).get_json()["error"] == "scan_pending"
    round_id = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner).get_json()["verification_id"]
    assert _decide(door, round_id, door.reviewer).get_json()["error"] == "scan_pending"
    payload = {"paper_id": papers_made[0]["paper_id"]}
    with pytest.raises(ScannerAway):
        tasks.scan_paper(Outside(door.database, door.app.extensions["settings"]), payload, clock.now())
    with scanner() as server:
        _with_scanner(door, server.url)
        outside = Outside(door.database, door.app.extensions["settings"])
        for paper in papers_made[:2]:
            _finish(door.database, tasks.scan_paper(outside, {"paper_id": paper["paper_id"]}, clock.now()))
        server.finds_all = True
        _finish(door.database, tasks.scan_paper(outside, {"paper_id": papers_made[2]["paper_id"]}, clock.now()))
        assert tasks.scan_paper(outside, payload, clock.now()) is None  # done once is done
    assert door.client.get(address, headers=door.owner).status_code == 200
    infected = f"/v1/employers/{employer_id}/papers/{papers_made[2]['paper_id']}"
    assert door.client.get(infected, headers=door.owner).status_code == 404
    assert _decide(door, round_id, door.reviewer).status_code == 201
    with door.database.read_session() as session:
        kinds = list(session.execute(text("select kind from task where kind = 'employers.scan'")).scalars())
    assert len(kinds) == 3


def _finish(database: Database, finish: Any) -> None:
    with database.write_session() as session:
        finish(session)


def test_a_disk_that_takes_nothing(door: Door, employer_id: int, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    door.app.extensions["settings"] = replace(door.app.extensions["settings"], data_dir=blocked)
    answer = door.upload(employer_id, "business_licence", door.owner)
    assert (answer.status_code, answer.get_json()["error"]) == (503, "files_unwritable")
    assert answer.headers["Retry-After"] == "60"


def test_suspended_by_the_office_of_the_territory_only(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    _decide(door, round_id, door.reviewer)
    job_id = door.send("POST", "/v1/jobs", door.owner, draft()).get_json()["job_id"]
    address = f"/v1/employers/{employer_id}/suspension"
    body = {"reason": "fees_or_deposit"}
    assert door.send("POST", address, door.far_bureau, body).status_code == 404
    assert door.send("POST", address, door.reviewer, body).status_code == 403
    assert door.send("POST", address, door.owner, body).status_code == 403
    assert door.send("POST", address, door.bureau, {"reason": "because"}).status_code == 422
    assert door.send("POST", address, door.bureau, body).get_json()["standing"]["outcome"] == "refuse"
    assert door.send("POST", address, door.bureau, body).status_code == 409
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert door.send("DELETE", address, door.bureau).status_code == 200
    assert door.send("DELETE", address, door.bureau).status_code == 409
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 200


def test_without_a_trail_nobody_looks(door: Door, handed_in: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise Unavailable("audit_unavailable", "演示")

    monkeypatch.setattr("service.audit.read_personal", broken)
    assert door.client.get(f"/v1/employers/{handed_in[0]}/handler", headers=door.reviewer).status_code == 503


def test_a_job_published_while_its_employer_is_suspended_is_held_too(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    _decide(door, round_id, door.reviewer)
    owner = Caller(account_id=door.owner_id, role="employer_owner", display_name="演示", employer_id=employer_id)
    answers: list[int] = []

    def stop() -> None:
        client = door.app.test_client()
        answer = client.post(f"/v1/employers/{employer_id}/suspension", json={"reason": "false_advert"}, headers=door.bureau)
        answers.append(answer.status_code)

    office = threading.Thread(target=stop)
    with door.database.write_session() as session:
        job, _ = publish(session, bodies.JobDraft().load(draft()), owner, clock.now())
        job_id = job.job_id
        assert job.status == "open"
        office.start()
        office.join(0.5)
        assert office.is_alive()  # it waits for what is being published
    office.join()
    assert answers == [200]
    with door.database.read_session() as session:
        assert session.get_one(Job, job_id).held_for == ["employer"]


def test_an_edit_that_waits_for_a_suspension_sees_it(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    _decide(door, round_id, door.reviewer)
    job_id = door.send("POST", "/v1/jobs", door.owner, draft()).get_json()["job_id"]
    answers: list[str] = []

    def edit() -> None:
        client = door.app.test_client()
        headers = door.owner | {"If-Match": "*"}
        answers.append(client.patch(f"/v1/jobs/{job_id}", json={"headcount": 7}, headers=headers).get_json()["status"])

    owner = threading.Thread(target=edit)
    with door.database.write_session() as session:
        employer = locked(session, employer_id)
        office = Caller(account_id=door.owner_id, role="bureau", display_name="演示", region_code="360700000000")
        suspend(session, employer, "false_advert", "", office, clock.now())
        owner.start()
        owner.join(0.5)
        assert owner.is_alive()
    owner.join()
    assert answers == ["held"]


def test_a_large_picture_comes_through(door: Door, employer_id: int) -> None:
    answer = door.upload(employer_id, "business_licence", door.owner, picture() + bytes(9 * 1024 * 1024))
    assert answer.status_code == 201
    assert answer.get_json()["size_bytes"] < 100_000
