"""Whom to call: masked on the page, whole for who is signed in, noted before it is shown, and nowhere else in any text."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from service import clock
from service.audit.models import AuditEvent
from service.jobs.contacts import LEFT_OUT, first_phone, without_contacts
from service.jobs.models import Job
from service.jobs.schemas import PHONE_HINT
from tests.service.conftest import People, Publish, gig_draft

PHONE = "13800000001"


def _looks(app: flask.Flask) -> list[AuditEvent]:
    with app.extensions["database"].read_session() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == "job.contact").order_by(AuditEvent.seq)))


def test_a_page_shows_head_and_tail_to_everybody(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish()
    assert made["contact"]["phone"] == "138****0001"
    for headers in ({}, people.worker, people.employer, people.operator):
        for view in ("standard", "elder"):
            answer = client.get(f"/v1/jobs/{made['job_id']}?view={view}", headers=headers)
            assert answer.get_json()["contact"] == {"name": "演示联系人", "phone": "138****0001", "hint": PHONE_HINT}
            assert PHONE not in answer.get_data(as_text=True)


def test_the_whole_number_for_who_is_signed_in_and_it_is_noted(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People
) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    assert client.get(url).status_code == 401
    assert _looks(app) == []
    answer = client.get(url, headers=people.worker)
    assert answer.get_json()["phone"] == PHONE
    assert answer.headers["Cache-Control"] == "no-store"
    look = _looks(app)[0]
    assert (look.account_id, look.role, look.details) == (
        people.account_ids["worker"],
        "worker",
        {"fields": ["contact_phone"]},
    )
    assert look.region_code.startswith("360702")
    assert client.get(url, headers=people.employer).get_json()["phone"] == PHONE
    assert len(_looks(app)) == 1, "one's own number is no news"


def test_other_employers_do_not_collect_numbers(client: FlaskClient, publish: Publish, people: People) -> None:
    answer = client.get(f"/v1/jobs/{publish()['job_id']}/contact", headers=people.other_employer)
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "contact_not_yours"


def test_no_look_without_a_note(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    with app.extensions["database"].write_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_event RENAME TO audit_event_away")
    try:
        answer = client.get(url, headers=people.worker)
    finally:
        with app.extensions["database"].write_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE audit_event_away RENAME TO audit_event")
    assert answer.status_code == 503
    assert PHONE not in answer.get_data(as_text=True)


def test_over_or_without_a_number(app: flask.Flask, client: FlaskClient, publish: Publish, people: People) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    with app.extensions["database"].write_session() as session:
        session.execute(update(Job).values(contact_phone_open="", contact_phone_sealed=None))
    assert client.get(url, headers=people.worker).get_json()["error"] == "no_contact"
    assert client.get(url[:-8]).get_json()["contact"]["hint"] == ""
    with app.extensions["database"].write_session() as session:
        session.execute(update(Job).values(status="closed", contact_phone_open=PHONE))
    assert client.get(url, headers=people.worker).get_json()["error"] == "job_over"
    assert client.get(url, headers=people.employer).get_json()["phone"] == PHONE


def test_numbers_in_texts_go_where_numbers_belong(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People
) -> None:
    planted = ("13900000009", "139-0000-0009", "999999199001010015", "weixin_0001", "someone@example.org")
    body = gig_draft(
        clock.now(),
        contact_phone=None,
        contact_name="演示联系人13900000009",
        description="电话 13900000009，微信：weixin_0001，证件 999999199001010015，someone@example.org，包吃住。",
        skills=["叉车 13900000009"],
        address="沙河工业园 139-0000-0009",
    )
    body |= {"title": "装卸工 13900000009", "employer_name": "演示仓库 13900000009", "tags": ["日结", "电话13900000009"]}
    body["gig"]["insurance"] = "意外险，问 13900000009"
    made = publish(body, people.staff)
    assert [finding["rule"] for finding in made["findings"] if finding["rule"] == "contact_in_text"] == ["contact_in_text"]
    url = f"/v1/jobs/{made['job_id']}"
    for path, accept in ((url, "application/json"), (url, "application/ld+json"), ("/v1/jobs", "application/json")):
        told = client.get(path, headers={"Accept": accept}).get_data(as_text=True)
        assert not [secret for secret in planted if secret in told], path
    assert "包吃" in made["tags"]
    assert made["contact"]["phone"] == "139****0009"
    assert client.get(f"{url}/contact", headers=people.worker).get_json()["phone"] == "13900000009"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("联系 1 3 8 0 0 0 0 0 0 0 1 谢谢", f"联系 {LEFT_OUT} 谢谢"),
        ("wechat operator 招聘", "wechat operator 招聘"),
        ("微信小程序开发", "微信小程序开发"),
        ("微信 demo_0001", LEFT_OUT),
        ("月薪6000-8000元，12薪", "月薪6000-8000元，12薪"),
    ],
)
def test_what_is_a_number_of_a_person(text: str, left: str) -> None:
    assert without_contacts(text) == left


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("电话+86 138-0000-0001", "13800000001"),
        ("证件 999999199001010015 电话13800000001", "13800000001"),
        ("0797-1234567", "07971234567"),
        ("没有", ""),
    ],
)
def test_the_first_number(text: str, phone: str) -> None:
    assert first_phone(text) == phone
