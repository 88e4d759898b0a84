"""Lists of authorities: taken in row by row, acting at once, left again and never forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service import clock
from service.employers import lists
from service.employers import tasks as employer_tasks
from service.jobs import settle as settling
from service.jobs import tasks as job_tasks
from service.jobs.models import Job
from service.tasks.models import Task
from tests.service.conftest import draft
from tests.service.employers import made_up
from tests.service.employers.conftest import APPROVE, Door, said

ADDRESS = "/v1/employer-lists"


@pytest.fixture
def job_id(door: Door, handed_in: tuple[int, int]) -> int:
    """A job of a checked employer."""
    door.send("POST", f"/v1/verifications/{handed_in[1]}/decisions", door.reviewer, APPROVE)
    made: int = door.send("POST", "/v1/jobs", door.owner, draft()).get_json()["job_id"]
    return made


def _list(kind: str = "breach", **changes: Any) -> dict[str, Any]:
    rows = [{"credit_code": made_up.credit_code(1), "name": "演示制衣厂", "listed_on": "2026-01-31"}]
    return {"list": kind, "source": "演示人社监字〔2026〕1号", "source_url": "https://example.org/list", "rows": rows} | changes


def test_listed_held_and_back(door: Door, job_id: int) -> None:
    taken = door.send("POST", f"{ADDRESS}/imports", door.bureau, _list()).get_json()
    assert taken == {"new": 1, "known": 0, "employers": 1, "refused": []}
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert door.send("POST", f"{ADDRESS}/imports", door.bureau, _list()).get_json()["known"] == 1
    entry = door.client.get(f"{ADDRESS}/entries?list=breach", headers=door.reviewer).get_json()["items"][0]
    address = f"{ADDRESS}/entries/{entry['entry_id']}"
    body = {"removed_on": clock.now().astimezone(clock.BEIJING).date().isoformat(), "because": "已改正"}
    assert door.send("PATCH", address, door.far_bureau, body).status_code == 404
    assert door.send("PATCH", address, door.bureau, body | {"removed_on": "2020-01-01"}).status_code == 422
    assert door.client.patch(address, json=body, headers=door.bureau).status_code == 428
    assert door.send("PATCH", address, door.bureau, body).status_code == 200
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 200
    assert door.send("PATCH", address, door.bureau, body).status_code == 409
    kept = door.client.get(f"{ADDRESS}/entries", headers=door.reviewer).get_json()["items"]
    assert kept[0]["removed_because"] == "已改正"


def test_workers_see_only_what_is_published(door: Door, job_id: int) -> None:
    assert door.send("POST", f"{ADDRESS}/imports", door.bureau, _list("arrears", source_url="")).status_code == 422
    door.send("POST", f"{ADDRESS}/imports", door.bureau, _list("arrears"))
    shown = door.client.get(f"/v1/jobs/{job_id}")
    assert shown.status_code == 200  # the rule was not read itself: it is said, and stops nothing
    assert shown.get_json()["publisher"]["flags"] == ["曾拖欠农民工工资（在失信联合惩戒名单上）"]


def test_another_office_cannot_stop_an_employer(door: Door, job_id: int) -> None:
    taken = door.send("POST", f"{ADDRESS}/imports", door.far_bureau, _list()).get_json()
    assert (taken["new"], len(taken["refused"])) == (0, 1)
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 200
    assert door.send("POST", f"{ADDRESS}/imports", door.reviewer, _list()).status_code == 403


def test_rows_that_are_not_taken_say_why(door: Door) -> None:
    rows = [
        {"credit_code": "123", "listed_on": "2026-01-31"},
        {"credit_code": made_up.credit_code(5), "listed_on": "31.1.26"},
        {"credit_code": made_up.credit_code(5), "listed_on": "2099-01-01"},
        {"credit_code": made_up.credit_code(6).lower(), "listed_on": "2026/01/31"},
    ]
    taken = door.send("POST", f"{ADDRESS}/imports", door.bureau, _list(rows=rows)).get_json()
    assert taken["new"] == 1
    assert [row["row"] for row in taken["refused"]] == [1, 2, 3]
    assert all(row["reason"] for row in taken["refused"])


def test_a_table_as_offices_have_it(door: Door) -> None:
    text = f"\ufeff统一社会信用代码,单位名称,列入日期,备注\n{made_up.credit_code(7)},演示厂,2026-01-31,x\n,,,\n"
    body = _list(csv=text)
    body.pop("rows")
    taken = door.send("POST", f"{ADDRESS}/imports", door.bureau, body).get_json()
    assert (taken["new"], taken["refused"][0]["row"]) == (1, 2)
    for odd in ("", "a,b\n1,2", "\x00", '"'):
        refused = door.send("POST", f"{ADDRESS}/imports", door.bureau, body | {"csv": odd})
        assert refused.status_code == 422
    assert door.send("POST", f"{ADDRESS}/imports", door.bureau, body | {"rows": []}).status_code == 422


def test_the_operator_at_the_machine(door: Door, job_id: int) -> None:
    with door.database.write_session() as session:
        rows = lists.rows_of_csv(f"credit_code,listed_on\n{made_up.credit_code(1)},2026-01-31")
        taken = lists.take_in(
            session, "closed", rows, source="演示", source_url="https://example.org", caller=None, now=clock.now()
        )
    assert (taken.new, taken.employers) == (1, 1)
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 404


def test_who_is_gone_is_shut_out_at_once_and_let_in_when_it_was_a_mistake(door: Door, job_id: int) -> None:
    assert door.client.get("/v1/me", headers=door.owner).status_code == 200
    door.send("POST", f"{ADDRESS}/imports", door.bureau, _list("closed"))
    assert door.client.get("/v1/me", headers=door.owner).status_code == 401
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 404
    item = door.client.get(f"{ADDRESS}/entries?list=closed", headers=door.bureau).get_json()["items"][0]
    today = clock.now().astimezone(clock.BEIJING).date().isoformat()
    door.send("PATCH", f"{ADDRESS}/entries/{item['entry_id']}", door.bureau, {"removed_on": today, "because": "列错了"})
    assert door.client.get("/v1/me", headers=door.owner).status_code == 200


def test_a_closing_begins_and_ends_on_its_day(door: Door, job_id: int) -> None:
    door.send("POST", f"{ADDRESS}/imports", door.bureau, _list("closed"))
    item = door.client.get(f"{ADDRESS}/entries?list=closed", headers=door.bureau).get_json()["items"][0]
    later = clock.now() + timedelta(days=30)
    day = later.astimezone(clock.BEIJING).date().isoformat()
    door.send("PATCH", f"{ADDRESS}/entries/{item['entry_id']}", door.bureau, {"removed_on": day, "because": "列错了"})
    assert door.client.get("/v1/me", headers=door.owner).status_code == 401
    for now, status in ((later - timedelta(days=2), 401), (later, 200)):
        with door.database.write_session() as session:
            employer_tasks.close_companies(session, {}, now)
        assert door.client.get("/v1/me", headers=door.owner).status_code == status


def test_a_new_day_settles_what_it_brings(door: Door, job_id: int, handed_in: tuple[int, int]) -> None:
    tomorrow = clock.now() + timedelta(days=400)
    day = tomorrow.astimezone(clock.BEIJING).date().isoformat()
    entry = door.send("POST", f"{ADDRESS}/imports", door.bureau, _list()).get_json()
    assert entry["new"] == 1
    item = door.client.get(f"{ADDRESS}/entries", headers=door.bureau).get_json()["items"][0]
    door.send("PATCH", f"{ADDRESS}/entries/{item['entry_id']}", door.bureau, {"removed_on": day, "because": "期满"})
    assert door.client.get(f"/v1/jobs/{job_id}").status_code == 404  # until that day
    with door.database.write_session() as session:
        job_tasks.settle_all(session, {}, tomorrow)
        made = session.query(Task).filter(Task.kind == settling.SETTLE).one()
        job_tasks.settle_employer(session, made.payload, tomorrow)
        assert made.payload["employer_id"] == handed_in[0]
    with door.database.read_session() as session:
        job = session.get_one(Job, job_id)
        assert (job.status, job.held_for) == ("open", None)
    assert said(1)["credit_code"] == made_up.credit_code(1)
