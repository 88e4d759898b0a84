"""Group messages: a pasted one becomes drafts that can be published, and a job becomes a text that can be pasted."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from matching.pasted import MOST_CHARS, parse_message
from service import clock
from service.jobs.bodies import JobDraft
from service.jobs.models import Job, JobChange
from service.jobs.pasted import body_of
from tests.matching.pasted.cases import FILES, TODAY, cases
from tests.service.conftest import People, Publish, gig_draft

PHONE = "13800000001"
MESSAGE = (
    "章贡区演示电子厂急招：\n普工 20名，18-55岁，5000-6500元/月，长白班\n叉车司机 2名，6000元/月\n以上包吃住\n"
    f"地址：章贡区沙河工业园\n电话：{PHONE} 微信demo_0001"
)


def _rows(app: flask.Flask) -> int:
    with app.extensions["database"].read_session() as session:
        return (session.scalar(select(func.count(Job.job_id))) or 0) + (session.scalar(select(func.count(JobChange.job_id))) or 0)


def test_a_message_becomes_drafts_that_can_be_published(app: flask.Flask, client: FlaskClient, people: People) -> None:
    before = _rows(app)
    answer = client.post("/v1/jobs/parse", json={"text": MESSAGE}, headers=people.employer)
    body = answer.get_json()
    assert answer.status_code == 200, body
    assert answer.headers["Cache-Control"] == "no-store"
    assert _rows(app) == before, "nothing is written"
    assert body["message"] == "读出 2 个岗位，请逐项核对后再发布。"
    worker, driver = body["jobs"]
    assert (worker["title"], worker["headcount"], worker["age_min"], worker["age_max"]) == ("普工", 20, 18, 55)
    assert (worker["region"], worker["region_name"], worker["address"]) == ("360702000000", "江西省赣州市章贡区", "沙河工业园")
    assert worker["contact_phone"] == driver["contact_phone"] == PHONE
    start, end = worker["spans"]["contact_phone"][0]
    assert MESSAGE[start:end] == PHONE
    assert worker["trade_name"]
    assert worker["verdict"] in {"publish", "hold"}
    for number, job in enumerate(body["jobs"]):
        written = {name: value for name, value in job["draft"].items() if name != "contact_phone"}
        assert PHONE not in str(written)
        assert "demo_0001" not in str(written)
        made = client.post("/v1/jobs", json=job["draft"], headers=people.employer | {"Idempotency-Key": f"pasted-{number:04d}"})
        assert made.status_code == 201, made.get_json()
        published = made.get_json()
        assert published["wage"]["min"] == job["wage"]["min"]
        assert published["place"]["region_code"] == job["region"]
        assert published["contact"]["phone"] == "138****0001"
        assert {"包吃", "包住"} <= set(published["tags"])


def test_a_station_gets_gigs_with_their_times(client: FlaskClient, people: People) -> None:
    message = f"明天要搬运工8个，200一天，8:00-17:00，日结，章贡区南门口，{PHONE}"
    job = client.post("/v1/jobs/parse", json={"text": message}, headers=people.staff).get_json()["jobs"][0]
    assert job["draft"]["kind"] == "gig"
    assert job["draft"]["gig"]["seats"] == 8
    assert job["draft"]["gig"]["starts_at"].endswith("T08:00:00+08:00")
    assert job["draft"]["gig"]["ends_at"].endswith("T17:00:00+08:00")
    assert job["settlement"] == "day"
    ready = job["draft"] | {"employer_name": "演示仓库", "gig": job["draft"]["gig"] | {"insurance": "意外险，雇主买"}}
    made = client.post("/v1/jobs", json=ready, headers=people.staff | {"Idempotency-Key": "pasted-gig-1"})
    assert made.status_code == 201, made.get_json()


def test_what_is_missing_is_what_the_api_then_asks_for(client: FlaskClient, people: People) -> None:
    message = f"明天要搬运工8个，200一天，8:00-17:00，日结，章贡区南门口，{PHONE}"
    job = client.post("/v1/jobs/parse", json={"text": message}, headers=people.staff).get_json()["jobs"][0]
    lacks = {one["field"]: one["advice"] for one in job["missing"]}
    assert set(lacks) == {"employer_name", "gig.insurance"}
    assert all(advice.endswith("。") for advice in lacks.values())
    asis = client.post("/v1/jobs", json=job["draft"], headers=people.staff | {"Idempotency-Key": "pasted-as-it-is"})
    assert asis.status_code == 422, asis.get_json()
    assert job["verdict"] == "refuse"
    assert set(asis.get_json()["errors"]) == {"employer_name"}


def test_a_station_sends_a_whole_message_as_it_is(client: FlaskClient, people: People) -> None:
    message = f"单位：演示仓库\n明天要搬运工8个，200一天，8:00-17:00，日结，章贡区南门口，{PHONE}"
    job = client.post("/v1/jobs/parse", json={"text": message}, headers=people.staff).get_json()["jobs"][0]
    assert [one["field"] for one in job["missing"]] == ["gig.insurance"]
    assert job["draft"]["employer_name"] == "演示仓库"
    made = client.post("/v1/jobs", json=job["draft"], headers=people.staff | {"Idempotency-Key": "pasted-whole"})
    assert made.status_code == 201, made.get_json()
    assert made.get_json()["employer"]["name"] == "演示仓库"


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("要小工5个，220一天，章贡区", {"gig.starts_at", "gig.ends_at"}),
        ("明天要小工，220一天，章贡区", {"gig.ends_at", "gig.seats"}),
        ("明天8:00-17:00要小工5个", {"wage", "region"}),
    ],
)
def test_each_thing_a_message_leaves_open_is_named(client: FlaskClient, people: People, text: str, lacks: set[str]) -> None:
    job = client.post("/v1/jobs/parse", json={"text": text}, headers=people.staff).get_json()["jobs"][0]
    assert {one["field"] for one in job["missing"]} == lacks | {"employer_name", "gig.insurance"}


def test_an_employer_lacks_nothing(client: FlaskClient, people: People) -> None:
    jobs = client.post("/v1/jobs/parse", json={"text": MESSAGE}, headers=people.employer).get_json()["jobs"]
    assert [job["missing"] for job in jobs] == [[], []]


def test_what_is_not_read_is_told(client: FlaskClient, people: People) -> None:
    text = "".join(f"{letter}招普工{number}名\n" for letter in "abcd" for number in range(1, 21))
    body = client.post("/v1/jobs/parse", json={"text": text}, headers=people.employer).get_json()
    assert len(body["jobs"]) == 60
    assert "后面还有约 20 个没有读" in body["message"]


def test_a_trick_in_the_message_is_found(client: FlaskClient, people: People) -> None:
    text = "招普工10名，6000元/月，章贡区，入职先交押金300元，只要男的"
    job = client.post("/v1/jobs/parse", json={"text": text}, headers=people.employer).get_json()["jobs"][0]
    assert job["verdict"] == "refuse"
    assert any("押金" in finding["words"] for finding in job["findings"])
    assert all(finding["advice"] for finding in job["findings"])
    refused = client.post("/v1/jobs", json=job["draft"], headers=people.employer | {"Idempotency-Key": "pasted-trick"})
    assert refused.status_code == 422


def test_what_a_gig_lacks_is_said(client: FlaskClient, people: People) -> None:
    job = client.post("/v1/jobs/parse", json={"text": f"要小工5个，220一天，{PHONE}"}, headers=people.staff).get_json()["jobs"][0]
    assert "gig" not in job["draft"]
    assert job["verdict"] == "refuse"
    assert "gig_terms" in {finding["rule"] for finding in job["findings"]}


def test_the_place_of_who_pastes_settles_a_name(client: FlaskClient, people: People) -> None:
    job = client.post("/v1/jobs/parse", json={"text": "水西镇招普工3名，5000元/月"}, headers=people.employer).get_json()["jobs"][
        0
    ]
    assert job["region_name"] == "江西省赣州市章贡区水西镇"


def test_talk_gives_nothing(client: FlaskClient, people: People) -> None:
    body = client.post("/v1/jobs/parse", json={"text": "大家早上好"}, headers=people.staff).get_json()
    assert body == {"jobs": [], "message": "没有读出招工信息，请粘贴群里的招工消息原文。"}


def test_only_who_publishes_may_ask(client: FlaskClient, people: People) -> None:
    assert client.post("/v1/jobs/parse", json={"text": MESSAGE}).status_code == 401
    assert client.post("/v1/jobs/parse", json={"text": MESSAGE}, headers=people.worker).status_code == 403
    for headers in (people.staff, people.employer, people.bureau, people.operator):
        assert client.post("/v1/jobs/parse", json={"text": MESSAGE}, headers=headers).status_code == 200


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "招" * (MOST_CHARS + 1)}, {"text": 5}, {"text": "x", "a": 1}])
def test_bad_bodies(client: FlaskClient, people: People, body: dict[str, object]) -> None:
    answer = client.post("/v1/jobs/parse", json=body, headers=people.staff)
    assert answer.status_code == 422, answer.get_json()
    assert answer.get_json()["message"]


def test_half_a_sign_is_refused(client: FlaskClient, people: People) -> None:
    sent = {"data": '{"text": "招\\ud800工"}', "content_type": "application/json"}
    answer = client.post("/v1/jobs/parse", headers=people.staff, **sent)
    assert answer.status_code == 422
    assert "重新复制" in str(answer.get_json()["errors"])


def test_places_are_counted_in_what_was_sent(client: FlaskClient, people: People) -> None:
    message = "  👨‍🍳\t招厨师2名\r\n，6000元/月"
    job = client.post("/v1/jobs/parse", json={"text": message}, headers=people.staff).get_json()["jobs"][0]
    start, end = job["spans"]["headcount"][0]
    assert message[start:end] == "2名"


def test_every_labelled_message_gives_bodies_that_the_api_takes() -> None:
    seen = 0
    for which in FILES:
        for case in cases(which):
            for read in parse_message(case.message, TODAY):
                for is_station in (True, False):
                    body = body_of(read, case.message, is_station=is_station)
                    JobDraft().load(body)
                    assert read.contact_phone is None or read.contact_phone not in body["description"]
                    seen += 1
    assert seen > 200


def test_the_text_for_a_group(app: flask.Flask, client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish()
    url = f"/v1/jobs/{made['job_id']}/group-text"
    own = client.get(url, headers=people.employer).get_json()
    assert own["with_phone"] is True
    assert f"电话：{PHONE}" in own["text"]
    for headers in ({}, people.worker, people.other_employer):
        told = client.get(url, headers=headers)
        assert told.status_code == 200
        assert PHONE not in told.get_data(as_text=True)
        assert told.get_json()["with_phone"] is False
        assert f"岗位编号 {made['job_id']}" in told.get_json()["text"].splitlines()[-1]
        assert "http" not in told.get_json()["text"], "no address that others cannot open"
    again = parse_message(own["text"], TODAY)[0]
    assert (again.title, again.headcount, again.region) == ("电子厂普工", 20, "360702000000")
    assert again.wage is not None
    assert (again.wage.min, again.wage.max) == (6000, 8000)
    assert again.contact_phone == PHONE
    with app.extensions["database"].write_session() as session:
        session.execute(update(Job).values(status="held"))
    assert client.get(url, headers=people.worker).status_code == 404
    assert client.get(url, headers=people.employer).status_code == 200
    assert client.get("/v1/jobs/999999/group-text").status_code == 404


def test_the_text_of_a_gig_says_when(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish(gig_draft(clock.now()), people.staff)
    text = client.get(f"/v1/jobs/{made['job_id']}/group-text").get_json()["text"]
    assert "时间：" in text
    assert "5名" in text
    assert "230元/天" in text
