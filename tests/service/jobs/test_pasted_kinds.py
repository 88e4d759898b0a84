"""What a pasted message names and means: who hires, whom to call, of which kind it is, and where that can be published."""

from __future__ import annotations

import dataclasses

import flask
import pytest
from flask.testing import FlaskClient

from tests.service.conftest import People, Publish
from tests.service.wechat.conftest import mini_program

PHONE = "13800000001"
MONTHLY = f"演示宏达家具厂 打磨工5个 3000左右 包吃住 月休4天 章贡区 联系 {PHONE} 演示老刘"


def test_a_monthly_job_stays_one_and_says_where_it_goes(client: FlaskClient, people: People) -> None:
    answer = client.post("/v1/jobs/parse", json={"text": MONTHLY}, headers=people.staff).get_json()
    job = answer["jobs"][0]
    draft = job["draft"]
    assert draft["kind"] == "public"
    assert draft["employer_name"] == job["employer_name"] == "演示宏达家具厂"
    assert draft["contact_name"] == job["contact_name"] == "演示老刘"
    assert draft["wage"] == "3000左右"
    assert "联系" not in draft["description"]
    assert "老刘" not in draft["description"]
    assert [one["field"] for one in job["missing"]] == []
    assert not [one for one in job["findings"] if one["field"] in {"employer_name", "gig"}]
    assert "表格导入" in job["elsewhere"]
    assert "用人单位" in job["elsewhere"]
    assert "驿站不能在这里发布" in answer["message"]
    refused = client.post("/v1/jobs", json=draft, headers=people.staff | {"Idempotency-Key": "pasted-monthly"})
    assert (refused.status_code, refused.get_json()["error"]) == (403, "kind_not_allowed")
    by_employer = client.post("/v1/jobs/parse", json={"text": MONTHLY}, headers=people.employer).get_json()["jobs"][0]
    assert by_employer["elsewhere"] is None
    headers = people.employer | {"Idempotency-Key": "pasted-monthly-2"}
    assert client.post("/v1/jobs", json=by_employer["draft"], headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("演示赣江酒店招洗碗阿姨1名，月薪2800，包吃住", "public"),
        ("演示赣江酒店招洗碗阿姨1名，月休4天，工资面议", "public"),
        ("工地小工5个，230一天，包吃住", "gig"),
        ("搬运工3个，200一天，日结", "gig"),
        ("要搬运工3个，章贡区", "gig"),
    ],
)
def test_the_kind_is_what_the_message_means(client: FlaskClient, people: People, text: str, kind: str) -> None:
    job = client.post("/v1/jobs/parse", json={"text": text}, headers=people.staff).get_json()["jobs"][0]
    assert job["draft"]["kind"] == kind
    assert (job["elsewhere"] is None) == (kind == "gig")


def test_what_was_read_is_not_asked_for(client: FlaskClient, people: People) -> None:
    text = f"演示宏达家具厂要搬运工8个，200一天，8:00-17:00，日结，章贡区，{PHONE}"
    job = client.post("/v1/jobs/parse", json={"text": text}, headers=people.staff).get_json()["jobs"][0]
    advice = next(one["advice"] for one in job["findings"] if one["rule"] == "gig_terms")
    assert advice == "零工还要写明哪一天开始。"


def test_the_text_for_a_group_leads_nowhere_that_others_cannot_open(
    app: flask.Flask, client: FlaskClient, publish: Publish
) -> None:
    job_id = publish()["job_id"]

    def last() -> str:
        return str(client.get(f"/v1/jobs/{job_id}/group-text").get_json()["text"].splitlines()[-1])

    assert last() == f"岗位编号 {job_id}"
    plain = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(plain, public_url="https://jobs.example.cn")
    assert last() == f"岗位编号 {job_id}，详情和报名：https://jobs.example.cn/v1/jobs/{job_id}"
    app.extensions["settings"] = dataclasses.replace(plain, wechat=mini_program("http://127.0.0.1:9", qr="mini"))
    assert last() == f"岗位编号 {job_id}，在小程序里搜这个编号看详情和报名"
