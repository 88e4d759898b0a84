"""What a job waits for: papers, words, a station; and that it follows its employer at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.db import Database
from service.employers.models import Employer, ListEntry
from service.employers.watch import standing_changed
from service.jobs.models import Job, JobChange, JobHistory
from service.jobs.settle import settle
from tests.service.conftest import People, Publish, draft, gig_draft
from tests.service.employers import made_up


def _database(app: flask.Flask) -> Database:
    database: Database = app.extensions["database"]
    return database


def _set(app: flask.Flask, employer_id: int, **values: Any) -> None:
    """Change an employer as its own actions do: and tell."""
    with _database(app).write_session() as session:
        employer = session.get_one(Employer, employer_id)
        for name, value in values.items():
            setattr(employer, name, value)
        standing_changed(session, employer_id, clock.now())


def _job(app: flask.Flask, job_id: int) -> Job:
    with _database(app).read_session() as session:
        return session.get_one(Job, job_id)


def _changes(app: flask.Flask, job_id: int) -> int:
    with _database(app).read_session() as session:
        return session.scalar(select(func.count()).select_from(JobChange).where(JobChange.job_id == job_id)) or 0


def test_papers_found_in_order_show_what_waited_for_them(
    app: flask.Flask, client: FlaskClient, people: People, publish: Publish
) -> None:
    made = publish(who=people.unverified_employer)
    assert (made["status"], made["waits_for"]) == ("held", ["employer"])
    assert made["findings"][0]["rule"] == "employer.papers_unchecked"
    assert client.get(f"/v1/jobs/{made['job_id']}").status_code == 404
    before = _changes(app, made["job_id"])
    _set(app, people.unverified_employer_id, verified_at=clock.now())
    shown = client.get(f"/v1/jobs/{made['job_id']}")
    assert shown.status_code == 200
    assert shown.get_json()["waits_for"] == []
    assert _changes(app, made["job_id"]) == before + 1


def test_words_that_are_not_fit_stay_back(app: flask.Flask, people: People, publish: Publish) -> None:
    made = publish(who=people.unverified_employer)
    with _database(app).write_session() as session:
        session.get_one(Job, made["job_id"]).description = "先交押金200元。"
    _set(app, people.unverified_employer_id, verified_at=clock.now())
    job = _job(app, made["job_id"])
    assert (job.status, job.held_for) == ("held", ["advert"])


def test_held_before_reasons_were_written_down(app: flask.Flask, people: People, publish: Publish) -> None:
    made = publish(who=people.unverified_employer)
    with _database(app).write_session() as session:
        session.get_one(Job, made["job_id"]).held_for = None
    _set(app, people.unverified_employer_id, verified_at=clock.now())
    assert _job(app, made["job_id"]).status == "open"


def test_suspended_at_once_and_back(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    ids = [publish()["job_id"] for _ in range(3)]
    closed = publish()["job_id"]
    client.post(f"/v1/jobs/{closed}/close", json={}, headers=people.employer)
    other = publish(who=people.other_employer)["job_id"]
    _set(app, people.employer_id, suspended_at=clock.now(), suspended_reason="other")
    assert [_job(app, job_id).status for job_id in (*ids, closed, other)] == ["held"] * 3 + ["closed", "open"]
    refused = client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": "suspended-1"})
    assert (refused.status_code, refused.get_json()["error"]) == (403, "employer_refused")
    told = client.post("/v1/jobs/check", json=draft(), headers=people.employer).get_json()
    assert told["verdict"] == "refuse"
    _set(app, people.employer_id, suspended_at=None, suspended_reason="")
    assert [_job(app, job_id).status for job_id in (*ids, closed)] == ["open"] * 3 + ["closed"]
    with _database(app).read_session() as session:
        actions = list(session.scalars(select(JobHistory.action).where(JobHistory.job_id == ids[0])))
    assert actions == ["create", "hold", "release"]


def test_a_listed_employer_is_held_and_told(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    code = made_up.credit_code(1)
    _set(app, people.employer_id, credit_code=code)
    job_id = publish()["job_id"]
    with _database(app).write_session() as session:
        for kind in ("breach", "arrears"):
            session.add(
                ListEntry(
                    list_kind=kind,
                    credit_code=code,
                    name="演示电子厂",
                    region_code="360702000000",
                    source="演示文号",
                    listed_on=date(2026, 1, 1),
                    imported_at=clock.now(),
                )
            )
        standing_changed(session, people.employer_id, clock.now())
    assert _job(app, job_id).held_for == ["employer"]
    own = client.get(f"/v1/jobs/{job_id}", headers=people.employer).get_json()
    assert own["publisher"]["flags"] == ["曾拖欠农民工工资（在失信联合惩戒名单上）"]
    told = client.post("/v1/jobs/check", json=draft(), headers=people.employer).get_json()
    assert told["verdict"] == "hold"
    assert {finding["rule"] for finding in told["findings"]} >= {"employer.list_breach", "employer.list_arrears"}


def test_an_agency_shows_its_licence(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    _set(
        app, people.employer_id, publisher_class="agency", agency_licence_no="演示许可0001", agency_licence_until=date(2099, 1, 1)
    )
    publisher = client.get(f"/v1/jobs/{publish()['job_id']}").get_json()["publisher"]
    assert publisher == {
        "label": "招聘服务",
        "publisher_class": "agency",
        "class_name": "经营性人力资源服务机构",
        "licence_no": "演示许可0001",
        "flags": [],
    }
    _set(app, people.employer_id, agency_licence_until=date(2020, 1, 1))
    assert publish()["waits_for"] == ["employer"]


def test_many_jobs_in_batches(app: flask.Flask, people: People, publish: Publish) -> None:
    ids = [publish()["job_id"] for _ in range(5)]
    with _database(app).write_session() as session:
        session.get_one(Employer, people.employer_id).suspended_at = clock.now()
        steps = [0]
        while (after := settle(session, people.employer_id, clock.now(), after=steps[-1], most=2)) is not None:
            steps.append(after)
    assert steps == [0, ids[1], ids[3]]
    assert {_job(app, job_id).status for job_id in ids} == {"held"}


def _named(people: People, station_id: int) -> dict[str, Any]:
    body = gig_draft(clock.now())
    body.pop("employer_name")
    body["gig"]["station_id"] = station_id
    return body


def test_a_station_is_asked_and_agrees(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    made = publish(_named(people, people.station_id))
    assert made["waits_for"] == ["station"]
    address = f"/v1/jobs/{made['job_id']}"
    headers = people.staff | {"If-Match": "*"}
    assert client.patch(address, json={"headcount": 9}, headers=headers).status_code == 404
    for who in (people.other_staff, people.other_bureau):
        assert client.post(f"{address}/acceptance", json={"accepted": True}, headers=who).status_code == 404
    assert client.post(f"{address}/acceptance", json={"accepted": True}, headers=people.employer).status_code == 403
    agreed = client.post(f"{address}/acceptance", json={"accepted": True}, headers=people.staff)
    assert agreed.get_json()["status"] == "open"
    again = client.post(f"{address}/acceptance", json={"accepted": True}, headers=people.staff)
    assert (again.status_code, again.get_json()["error"]) == (409, "station_not_asked")
    assert client.patch(address, json={"headcount": 9}, headers=headers).status_code == 200
    changed = client.patch(address, json={"headcount": 8}, headers=people.employer | {"If-Match": "*"})
    assert changed.get_json()["status"] == "open"  # the same station need not be asked again


def test_a_station_that_does_not_want_a_gig_has_nothing_to_do_with_it(
    client: FlaskClient, people: People, publish: Publish
) -> None:
    job_id = publish(_named(people, people.station_id))["job_id"]
    answer = client.post(f"/v1/jobs/{job_id}/acceptance", json={"accepted": False}, headers=people.bureau).get_json()
    assert (answer["status"], answer["gig"]["station"]) == ("open", None)
    patched = client.patch(f"/v1/jobs/{job_id}", json={"headcount": 9}, headers=people.staff | {"If-Match": "*"})
    assert patched.status_code == 403


def test_another_station_is_asked_anew(client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish(_named(people, people.station_id))["job_id"]
    client.post(f"/v1/jobs/{job_id}/acceptance", json={"accepted": True}, headers=people.staff)
    headers = people.employer | {"If-Match": "*"}
    moved = client.patch(f"/v1/jobs/{job_id}", json={"gig": {"station_id": people.other_station_id}}, headers=headers)
    assert moved.get_json()["waits_for"] == ["station"]
    assert client.patch(f"/v1/jobs/{job_id}", json={"headcount": 9}, headers=people.staff | {"If-Match": "*"}).status_code == 404


def test_waiting_for_both(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish(_named(people, people.station_id), people.unverified_employer)["job_id"]
    assert _job(app, job_id).held_for == ["employer", "station"]
    _set(app, people.unverified_employer_id, verified_at=clock.now())
    assert _job(app, job_id).held_for == ["station"]
    client.post(f"/v1/jobs/{job_id}/acceptance", json={"accepted": True}, headers=people.staff)
    assert _job(app, job_id).status == "open"


def test_an_office_names_only_stations_of_its_own(client: FlaskClient, people: People) -> None:
    body = gig_draft(clock.now(), region="南昌市东湖区")
    body["gig"]["station_id"] = people.station_id
    answer = client.post("/v1/jobs", json=body, headers=people.other_bureau | {"Idempotency-Key": "far-away-1"})
    assert (answer.status_code, answer.get_json()["error"]) == (403, "not_your_station")


@pytest.mark.parametrize(
    ("wage", "region", "warned"),
    [
        ("1500-1800元/月", "赣州市章贡区", True),  # the figure of 2021: today's was not seen and cannot be lower
        ("17元/小时", "赣州市章贡区", True),
        ("17.3元/小时", "赣州市章贡区", False),
        ("6000-8000元/月", "赣州市章贡区", False),
        ("60元/天", "赣州市章贡区", True),
        ("200元/天", "赣州市章贡区", False),
        ("1000元/月", "南京市鼓楼区", False),  # only the highest class of the province is known: nothing is claimed
    ],
)
def test_pay_below_the_minimum_warns(client: FlaskClient, people: People, wage: str, region: str, warned: bool) -> None:
    told = client.post("/v1/jobs/check", json=draft(wage=wage, region=region), headers=people.employer).get_json()
    found = [finding for finding in told["findings"] if finding["rule"].startswith("D-15")]
    assert bool(found) == warned
    assert told["verdict"] == "publish"
    assert all(finding["severity"] == "warn" and finding["verified"] for finding in found)
