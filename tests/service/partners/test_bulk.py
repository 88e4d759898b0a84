"""Adverts of partners: by their own number, as often as they like, never what an employer has published itself."""

from __future__ import annotations

import json
import threading
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import undefer_group

from service import clock
from service.jobs.models import CONTACT, Job, JobChange, JobHistory
from service.partners.models import PartnerClient, PartnerConflict
from tests.service.conftest import People, Publish, draft, gig_draft
from tests.service.partners.conftest import Partner, made
from tests.service.test_mass_assignment import PRIVILEGED


def advert(**changes: Any) -> dict[str, Any]:
    """An advert as a partner sends it."""
    return draft(**{"title": "缝纫工", "employer_name": "演示制衣厂", "url": "https://partner.example/jobs/1"} | changes)


def _put(client: FlaskClient, partner: Partner, their_id: str, **changes: Any) -> Any:
    return client.put(f"/v1/partners/jobs/{their_id}", json=advert(**changes), headers=partner.headers)


def _bulk(client: FlaskClient, partner: Partner, items: Any) -> dict[str, Any]:
    answer = client.post("/v1/partners/jobs:bulk", json=items, headers=partner.headers)
    assert answer.status_code == 200, answer.get_json()
    said: dict[str, Any] = answer.get_json()
    return said


def _rows(app: flask.Flask) -> tuple[int, ...]:
    with app.extensions["database"].read_session() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Job, JobHistory, JobChange))


def test_created_changed_unchanged(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    first = _put(client, partner, "A-1")
    assert (first.status_code, first.get_json()["outcome"], first.get_json()["status"]) == (201, "created", "open")
    job_id = first.get_json()["job_id"]
    assert first.headers["Location"] == f"/v1/jobs/{job_id}"
    before = _rows(app)
    again = _put(client, partner, "A-1")
    assert (again.status_code, again.get_json()["outcome"], again.get_json()["job_id"]) == (200, "unchanged", job_id)
    assert _rows(app) == before
    changed = _put(client, partner, "A-1", wage="7000-9000元/月")
    assert (changed.status_code, changed.get_json()["outcome"], changed.get_json()["job_id"]) == (200, "changed", job_id)
    assert client.get(f"/v1/jobs/{job_id}").get_json()["wage"]["text"] == "7000-9000元/月"


def test_what_readers_are_told(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    job_id = _put(client, partner, "A-2", description="联系电话 13800000002，流水线做衣服，包吃住。").get_json()["job_id"]
    shown = client.get(f"/v1/jobs/{job_id}").get_json()
    assert shown["source"]["name"] == "演示合作平台"
    assert shown["source"]["key"] == "partner-gz01"
    assert shown["source"]["label"] == "合作平台提供，单位未经我们核验"
    assert shown["source"]["url"] == "https://partner.example/jobs/1"
    assert shown["employer"]["verified"] is False
    assert shown["publisher"]["publisher_class"] == "agency"
    assert "13800000002" not in json.dumps(shown)
    with app.extensions["database"].read_session() as session:
        row = session.scalars(select(Job).where(Job.job_id == job_id).options(undefer_group(CONTACT))).one()
        assert row.contact_phone_open == ""
        assert row.contact_phone_sealed is not None
        assert "13800000001" not in row.contact_phone_sealed
        assert row.contact_phone == "13800000001"


def test_what_the_employer_has_published_is_not_taken_again(
    app: flask.Flask, client: FlaskClient, people: People, partner: Partner, publish: Publish
) -> None:
    own = publish(draft(title="缝纫工"))["job_id"]
    for attempt in (1, 2):
        answer = _put(client, partner, "B-1", employer_name="演示电子厂", title="缝纫工！")
        assert (answer.status_code, answer.get_json()["error"]) == (409, "job_conflict")
        assert answer.get_json()["errors"] == {"conflict": [f"/v1/jobs/{own}"]}
        assert answer.headers["Link"] == f'</v1/jobs/{own}>; rel="duplicate"'
        with app.extensions["database"].read_session() as session:
            assert session.scalars(select(PartnerConflict.attempts)).one() == attempt
            assert session.scalars(select(PartnerClient.conflicts)).one() == attempt
    listed = client.get(f"/v1/partners/{partner.partner_id}", headers=people.bureau).get_json()
    assert listed["conflicts"] == 2
    assert [(row["their_id"], row["job_id"], row["attempts"]) for row in listed["latest_conflicts"]] == [("B-1", own, 2)]
    # Another place, trade or title is another job; and the employer's own is no obstacle any more once it is closed.
    assert _put(client, partner, "B-2", employer_name="演示电子厂", title="缝纫工", region="赣州市南康区").status_code == 201
    assert _put(client, partner, "B-3", employer_name="演示电子厂", title="保安").status_code == 201
    client.post(f"/v1/jobs/{own}/close", json={"reason": "filled"}, headers=people.employer)
    assert _put(client, partner, "B-1", employer_name="演示电子厂").status_code == 201


def test_two_partners_may_bring_the_same(client: FlaskClient, people: People, partner: Partner) -> None:
    other = made(client, people.bureau, "partner-gz02", "演示别的平台")
    assert _put(client, partner, "C-1").status_code == 201
    second = _put(client, other, "C-1")
    assert second.status_code == 201
    assert client.delete("/v1/partners/jobs/C-1", headers=other.headers).get_json()["job_id"] == second.get_json()["job_id"]
    assert client.delete("/v1/partners/jobs/C-2", headers=other.headers).status_code == 404


def test_withdrawn_and_back(client: FlaskClient, people: People, partner: Partner) -> None:
    job_id = _put(client, partner, "D-1").get_json()["job_id"]
    gone = client.delete("/v1/partners/jobs/D-1", headers=partner.headers)
    assert (gone.status_code, gone.get_json()["outcome"], gone.get_json()["status"]) == (200, "withdrawn", "closed")
    assert client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert client.delete("/v1/partners/jobs/D-1", headers=partner.headers).get_json()["outcome"] == "unchanged"
    back = _put(client, partner, "D-1").get_json()
    assert (back["outcome"], back["job_id"], back["status"]) == ("changed", job_id, "open")
    # What a person has closed, only a person opens.
    client.post(f"/v1/jobs/{job_id}/close", json={"reason": "other"}, headers=people.bureau)
    answer = _put(client, partner, "D-1")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "closed_by_person")


def test_what_the_law_forbids_is_refused(client: FlaskClient, partner: Partner) -> None:
    answer = _put(client, partner, "E-1", description="入职先交押金500元，流水线做衣服。")
    assert (answer.status_code, answer.get_json()["error"]) == (422, "advert_refused")
    assert _put(client, partner, "bad id").status_code == 422
    assert _put(client, partner, "E-2", url="javascript:alert(1)").status_code == 422
    live = {"session": "ZB-1", "listing_no": 1}
    assert _put(client, partner, "E-3", kind="live", live=live).status_code == 422


def test_each_of_many_has_its_own_result(app: flask.Flask, client: FlaskClient, partner: Partner, publish: Publish) -> None:
    own = publish(draft(title="缝纫工"))["job_id"]
    _put(client, partner, "F-0")
    _put(client, partner, "F-9")
    items: list[Any] = [
        advert(their_id="F-0"),
        advert(their_id="F-1", title="裁剪工"),
        advert(their_id="F-2", employer_name="演示电子厂"),
        advert(their_id="F-3", description="先交押金300元才能上岗。"),
        advert(their_id="F-1", title="裁剪工"),
        {"their_id": "F-9", "withdrawn": True},
        {"their_id": "F-8", "withdrawn": True},
        {"their_id": "F-7", "title": "缺很多"},
        "no object",
    ]
    said = _bulk(client, partner, items)
    assert [row["outcome"] for row in said["items"]] == [
        "unchanged", "created", "conflict", "refused", "refused", "withdrawn", "refused", "refused", "refused",
    ]  # fmt: skip
    assert said["counts"] == {"conflict": 1, "created": 1, "refused": 5, "unchanged": 1, "withdrawn": 1}
    assert [row["line"] for row in said["items"]] == list(range(1, 10))
    assert said["items"][2]["job_id"] == own
    errors = [row["refusal"]["error"] for row in said["items"] if row["refusal"]]
    assert errors == ["job_conflict", "advert_refused", "their_id_twice", "job_not_found", "invalid", "bad_json"]
    assert "kind" in said["items"][7]["refusal"]["errors"]
    with app.extensions["database"].read_session() as session:
        assert session.scalars(select(PartnerClient.conflicts)).one() == 1


def test_lines_of_json(client: FlaskClient, partner: Partner) -> None:
    body = "\n".join((json.dumps(advert(their_id="G-1")), "{broken", "", json.dumps(advert(their_id="G-2", title="裁剪工"))))
    answer = client.post(
        "/v1/partners/jobs:bulk", data=body.encode(), content_type="application/x-ndjson", headers=partner.headers
    )
    rows = answer.get_json()["items"]
    assert [row["outcome"] for row in rows] == ["created", "refused", "created"]
    assert rows[1]["refusal"]["error"] == "bad_json"


@pytest.mark.parametrize(
    ("body", "kind", "status", "error"),
    [
        (b"[]", "application/json", 422, "bulk_empty"),
        (b"{}", "application/json", 422, "bulk_empty"),
        (b"[" + b",".join([b"{}"] * 501) + b"]", "application/json", 422, "bulk_too_many"),
        (b"\n".join([b"{}"] * 501), "application/x-ndjson", 422, "bulk_too_many"),
        (b"[" * 50_000, "application/json", 400, "bad_json"),
        (b"\xff\xfe", "application/x-ndjson", 400, "bad_json"),
        (b" " * (4 * 2**20 + 1), "application/x-ndjson", 413, "too_large"),
        (b"x", "text/plain", 415, "not_json"),
    ],
)
def test_what_is_no_list_is_refused_whole(
    client: FlaskClient, partner: Partner, body: bytes, kind: str, status: int, error: str
) -> None:
    answer = client.post("/v1/partners/jobs:bulk", data=body, content_type=kind, headers=partner.headers)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)


def test_a_line_gives_itself_nothing(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    before = _rows(app)
    said = _bulk(client, partner, [advert(their_id="H-1") | dict.fromkeys(PRIVILEGED, 1)])
    (row,) = said["items"]
    assert row["outcome"] == "refused"
    assert set(PRIVILEGED) <= set(row["refusal"]["errors"])
    assert _rows(app) == before


@pytest.mark.parametrize("most", [60, pytest.param(500, marks=pytest.mark.long)])
def test_many_at_once_and_again(app: flask.Flask, client: FlaskClient, partner: Partner, most: int) -> None:
    items = [advert(their_id=f"I-{number}", title=f"缝纫工{number}组") for number in range(most)]
    assert _bulk(client, partner, items)["counts"] == {"created": most}
    before = _rows(app)
    assert _bulk(client, partner, items)["counts"] == {"unchanged": most}
    assert _rows(app) == before


def test_an_account_without_a_client_is_sent_to_get_one(app: flask.Flask, client: FlaskClient, people: People) -> None:
    run = app.test_cli_runner()
    told = run.invoke(args=["accounts", "add", "partner", "p-old", "--name", "演示老平台", "--source", "partner-old"])
    headers = {"Authorization": f"Bearer {told.output.strip().splitlines()[-1]}"}
    answer = client.put("/v1/partners/jobs/Z-1", json=advert(), headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "no_client")


def test_the_same_request_twice_at_once_writes_once(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    items = [advert(their_id=f"J-{number}", title=f"缝纫工{number}组") for number in range(120)]
    answers: list[dict[str, Any]] = []
    gate = threading.Barrier(3)

    def send() -> None:
        mine = app.test_client()
        gate.wait()
        answers.append(_bulk(mine, partner, items))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 3
    for number in range(120):
        rows = [answer["items"][number] for answer in answers]
        assert sorted(row["outcome"] for row in rows) == ["created", "unchanged", "unchanged"]
        assert len({row["job_id"] for row in rows}) == 1
    assert _rows(app) == (120, 120, 120)


def test_held_and_gig_and_changed_in_one_request(client: FlaskClient, people: People, partner: Partner) -> None:
    """What needs a look waits in the queue of staff; a gig is written with its terms; each says how it stands."""
    gig = {name: value for name, value in gig_draft(clock.now()).items() if name != "employer_name"}
    items = [
        advert(their_id="K-1", region="朝阳区"),
        advert(their_id="K-2", **gig),
        advert(their_id="K-3", title="裁剪工"),
    ]
    first = _bulk(client, partner, items)["items"]
    assert [(row["outcome"], row["status"]) for row in first][1:] == [("created", "open"), ("created", "open")]
    assert client.get(f"/v1/jobs/{first[1]['job_id']}").get_json()["gig"]["seats"] == 5
    items[1]["gig"] = gig["gig"] | {"seats": 6}
    items[2]["title"] = "裁剪工组长"
    again = _bulk(client, partner, items)["items"]
    assert [row["outcome"] for row in again[1:]] == ["changed", "changed"]
    assert [row["job_id"] for row in again[1:]] == [row["job_id"] for row in first[1:]]
