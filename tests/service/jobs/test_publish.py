"""Publishing: what goes in is what a worker then reads, in all three kinds, and each poster keeps to his own field."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.jobs.models import Job, JobChange, JobHistory
from service.jobs.schemas import PHONE_HINT
from tests.service.conftest import NANCHANG, ZHANGGONG, People, Publish, draft, gig_draft


def _count(app: flask.Flask, table: Any) -> int:
    with app.extensions["database"].read_session() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


def test_a_vacancy_is_read_and_shown(client: FlaskClient, publish: Publish) -> None:
    made = publish()
    shown = client.get(f"/v1/jobs/{made['job_id']}").get_json()
    assert shown["kind"] == "public"
    assert shown["status"] == "open"
    assert shown["version"] == 1
    assert shown["wage"] == {
        "text": "6000-8000元/月",
        "min": 6000,
        "max": 8000,
        "unit": "month",
        "min_yuan_month": 6000,
        "max_yuan_month": 8000,
        "negotiable": False,
    }
    assert shown["age"] == {"text": "18-60岁", "min": 18, "max": 60}
    assert shown["place"]["region_code"] == ZHANGGONG
    assert shown["place"]["region_name"] == "江西省赣州市章贡区"
    assert shown["place"]["point_source"] == "region"
    assert {"包吃", "包住", "五险", "单休", "坐班"} <= set(shown["tags"])
    line = shown["employer"]
    assert (line["name"], line["verified"], line["verified_note"], line["publisher_class"]) == (
        "演示电子厂",
        True,
        "",
        "employer",
    )
    assert shown["contact"] == {"name": "演示联系人", "phone": "138****0001", "hint": PHONE_HINT}
    assert shown["published_at"].endswith("+08:00")
    assert "gig" not in shown
    assert "live" not in shown


def test_the_answer_says_where_it_is(client: FlaskClient, people: People) -> None:
    response = client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": "where-is-it"})
    assert response.headers["Location"] == f"/v1/jobs/{response.get_json()['job_id']}"
    assert client.get(response.headers["Location"]).headers["ETag"] == response.headers["ETag"]


def test_job_history_and_change_are_one(app: flask.Flask, publish: Publish) -> None:
    publish()
    assert (_count(app, Job), _count(app, JobHistory), _count(app, JobChange)) == (1, 1, 1)


def test_a_gig(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish(gig_draft(clock.now()), people.staff)
    shown = client.get(f"/v1/jobs/{made['job_id']}").get_json()
    assert shown["gig"]["seats"] == 5
    assert shown["gig"]["seats_left"] == 5
    assert shown["gig"]["station"]["name"] == "演示驿站一"
    assert shown["gig"]["settlement"] == "day"
    assert shown["employer"]["name"] == "演示仓库"
    assert shown["valid_until"] == shown["gig"]["ends_at"]


def test_a_listing_of_a_stream(client: FlaskClient, publish: Publish, live_session: str) -> None:
    made = publish(draft(kind="live", live={"session": live_session, "listing_no": 3}))
    shown = client.get(f"/v1/jobs/{made['job_id']}").get_json()
    assert shown["live"]["listing_no"] == 3
    assert shown["live"]["host"] == "演示主播"


def test_a_number_of_a_stream_is_given_once(client: FlaskClient, publish: Publish, people: People, live_session: str) -> None:
    body = draft(kind="live", live={"session": live_session, "listing_no": 3})
    publish(body)
    response = client.post("/v1/jobs", json=body, headers=people.employer | {"Idempotency-Key": "second-three"})
    assert response.status_code == 409
    assert response.get_json()["error"] == "listing_taken"


def test_a_point_in_wgs84_is_converted(publish: Publish) -> None:
    place = publish(draft(lat=25.8300, lng=114.9300, crs="wgs84"))["place"]
    assert place["point_source"] == "given"
    assert 0.001 < abs(place["lat"] - 25.83) + abs(place["lng"] - 114.93) < 0.02


def test_an_employer_nobody_has_checked_waits(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish(who=people.unverified_employer)
    assert made["status"] == "held"
    assert client.get(f"/v1/jobs/{made['job_id']}").status_code == 404
    assert client.get(f"/v1/jobs/{made['job_id']}", headers=people.unverified_employer).status_code == 200
    assert client.get(f"/v1/jobs/{made['job_id']}", headers=people.employer).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"wage": None}, "wage"),
        ({"wage": "8000-3000元/月"}, "wage"),
        ({"headcount": None}, "headcount"),
        ({"description": None, "title": "帮忙的人"}, "description"),
        ({"region": None, "address": None}, "region"),
        ({"region": "没有这个地方", "address": None}, "region"),
        ({"age": "14-50岁"}, "age"),
        ({"description": "组装工，入职交押金500元。"}, "description"),
        ({"description": "组装工，仅限男性。"}, "description"),
        ({"description": "组装工，不要外地人。"}, "description"),
        ({"description": "组装工，入职扣押身份证。"}, "description"),
        ({"description": "前台，未婚未育。"}, "description"),
        ({"valid_until": "2020-01-01T00:00:00+08:00"}, "valid_until"),
        ({"title": "井下采掘工", "age": "16-50岁"}, "age"),
    ],
)
def test_what_the_law_forbids_is_refused(
    client: FlaskClient, people: People, app: flask.Flask, change: dict[str, Any], field: str
) -> None:
    response = client.post("/v1/jobs", json=draft(**change), headers=people.employer | {"Idempotency-Key": "refused-0001"})
    body = response.get_json()
    assert response.status_code == 422, body
    assert body["error"] == "advert_refused"
    assert field in body["errors"]
    assert (_count(app, Job), _count(app, JobChange)) == (0, 0)


@pytest.mark.parametrize(
    "description",
    [
        "不收任何押金，工服免费。",
        "不扣押身份证，当天面试当天入职。",
        "女宿舍空调房，男女不限。",
        "公司承担体检费，农民工工资保证金已缴。",
    ],
)
def test_honest_words_are_not_mistaken(publish: Publish, description: str) -> None:
    assert publish(draft(description=f"组装工。{description}"))["status"] == "open"


def test_script_and_sql_are_only_words(client: FlaskClient, publish: Publish) -> None:
    title = "<script>alert(1)</script>'; DROP TABLE job;-- 普工 😀"
    made = publish(draft(title=title))
    response = client.get(f"/v1/jobs/{made['job_id']}")
    assert response.get_json()["title"] == title
    assert response.mimetype == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


class TestWhoMayPublish:
    def test_nobody_without_signing_in(self, client: FlaskClient) -> None:
        response = client.post("/v1/jobs", json=draft(), headers={"Idempotency-Key": "nobody-0001"})
        assert response.status_code == 401
        assert response.get_json()["error"] == "not_signed_in"
        assert "WWW-Authenticate" in response.headers

    def test_not_a_worker(self, client: FlaskClient, people: People) -> None:
        assert client.post("/v1/jobs", json=draft(), headers=people.worker).status_code == 403

    def test_staff_only_gigs(self, client: FlaskClient, people: People) -> None:
        response = client.post("/v1/jobs", json=draft(), headers=people.staff | {"Idempotency-Key": "staff-0001"})
        assert response.status_code == 403
        assert response.get_json()["error"] == "kind_not_allowed"

    def test_staff_only_their_station(self, client: FlaskClient, people: People) -> None:
        body = gig_draft(clock.now())
        body["gig"]["station_id"] = people.other_station_id
        response = client.post("/v1/jobs", json=body, headers=people.staff | {"Idempotency-Key": "staff-0002"})
        assert response.get_json()["error"] == "not_your_station"

    def test_a_bureau_only_in_its_territory(self, client: FlaskClient, people: People) -> None:
        body = draft(employer_name="演示公司", region=NANCHANG, address=None)
        response = client.post("/v1/jobs", json=body, headers=people.bureau | {"Idempotency-Key": "bureau-0001"})
        assert response.get_json()["error"] == "outside_territory"
        response = client.post("/v1/jobs", json=body, headers=people.other_bureau | {"Idempotency-Key": "bureau-0001"})
        assert response.status_code == 201
