"""Completeness: of one advert, counted in the database for many, and shown to who may see it."""

from __future__ import annotations

import random
from datetime import timedelta

import flask
from flask.testing import FlaskClient
from sqlalchemy import select

from service import clock
from service.db import Database
from service.jobs.models import GigTerms, Job
from service.jobs.quality import elements, quality
from service.jobs.queries import whole
from service.upkeep.scores import of_employer
from tests.service.conftest import ZHANGGONG, People, Publish, draft, gig_draft

_BY_CODE = {element.code: element for element in elements()}


def test_the_table_is_whole() -> None:
    assert len(_BY_CODE) == len(elements())
    for kind in ("public", "gig", "live"):
        asked = [element for element in elements() if element.concerns(kind)]
        assert sum(element.weight for element in asked) >= 100
    assert all(element.advice.endswith("。") for element in elements())


def test_the_owner_sees_what_is_missing_and_nobody_else(client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish(draft(wage="面议", address=None, contact_phone=None, contact_name=None))["job_id"]
    said = client.get(f"/v1/jobs/{job_id}", headers=people.employer).get_json()["quality"]
    assert 0 < said["score"] < 100
    codes = [row["code"] for row in said["missing"]]
    assert {"wage_number", "address", "contact", "hours", "contract"} == set(codes)
    assert [row["weight"] for row in said["missing"]] == sorted((row["weight"] for row in said["missing"]), reverse=True)
    for who in ({}, people.worker, people.other_employer, people.other_bureau):
        assert "quality" not in client.get(f"/v1/jobs/{job_id}", headers=who).get_json()
    assert client.get(f"/v1/jobs/{job_id}", headers=people.bureau).get_json()["quality"] == said
    tag = client.get(f"/v1/jobs/{job_id}").headers["ETag"]
    more = {"wage": "6000-8000元/月", "address": "沙河工业园", "contact_phone": "13800000001", "contract_kind": "full_time"}
    client.patch(f"/v1/jobs/{job_id}", json=more | {"hours_per_day": 8}, headers=people.employer | {"If-Match": tag})
    whole_now = client.get(f"/v1/jobs/{job_id}", headers=people.employer).get_json()["quality"]
    assert (whole_now["score"], whole_now["missing"]) == (100, [])


def test_a_gig_is_asked_for_its_own(client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish(gig_draft(clock.now()))["job_id"]
    said = client.get(f"/v1/jobs/{job_id}", headers=people.employer).get_json()["quality"]
    assert not {"hours", "contract"} & {row["code"] for row in said["missing"]}


def test_an_employer_sees_what_to_mend_first(client: FlaskClient, people: People, publish: Publish) -> None:
    empty = client.get(f"/v1/employers/{people.employer_id}/quality", headers=people.employer).get_json()
    assert (empty["jobs"], empty["score"], empty["items"]) == (0, None, [])
    poor = publish(draft(wage="面议", address=None))["job_id"]
    rich = publish(draft(title="保安", contract_kind="full_time", hours_per_day=8))["job_id"]
    said = client.get(f"/v1/employers/{people.employer_id}/quality", headers=people.employer).get_json()
    assert said["jobs"] == 2
    assert said["items"][0]["job_id"] == poor
    assert rich not in [row["job_id"] for row in said["items"] if row["score"] == 100]
    assert {"wage_number": 1, "address": 1}.items() <= {row["code"]: row["jobs"] for row in said["gaps"]}.items()
    for who, status in ((people.other_employer, 404), (people.worker, 403), (people.bureau, 200), (people.other_bureau, 404)):
        assert client.get(f"/v1/employers/{people.employer_id}/quality", headers=who).status_code == status


def test_sources_are_seen_by_staff_of_the_place(client: FlaskClient, people: People, publish: Publish) -> None:
    publish()
    (row,) = client.get("/v1/sources/quality", headers=people.bureau).get_json()["items"]
    assert (row["source_key"], row["name"], row["jobs"]) == ("direct", "本平台直接发布", 1), "no single publisher's name"
    assert 0 < row["score"] <= 100
    assert [gap["jobs"] for gap in row["gaps"]] == [1] * len(row["gaps"])
    assert {gap["code"] for gap in row["gaps"]} == {"hours", "contract"}
    assert all(gap["name"] and gap["advice"].endswith("。") for gap in row["gaps"])
    assert client.get("/v1/sources/quality", headers=people.other_bureau).get_json()["items"] == []
    assert client.get("/v1/sources/quality", headers=people.employer).status_code == 403


def test_the_database_counts_as_the_program_does(app: flask.Flask, people: People) -> None:
    """Two hundred adverts with holes at random: one by one in Python, all at once in SQL, the same mean and the same gaps."""
    database: Database = app.extensions["database"]
    chance, now = random.Random(5), clock.now()
    with database.write_session() as session:
        for number in range(200):
            kind = chance.choice(["public", "gig", "live"])
            job = Job(
                kind=kind, title=f"演示{number}", employer_id=people.employer_id, source_name="演示", region_code=ZHANGGONG,
                employer_name=chance.choice(["", "演"  , "演示电子厂"]), headcount=chance.choice([None, 3]),
                education=chance.choice(["", "不限"]), experience="", age_text=chance.choice(["", "18-60岁"]),
                description="好" * chance.choice([0, 19, 20, 50]), wage_text=chance.choice(["", "面议"]),
                wage_min_yuan_month=chance.choice([None, 5000]), wage_max_yuan_month=chance.choice([None, 0, 8000]),
                address=chance.choice(["", "路一号", "演示路一号"]), trade_codes=chance.choice([[], ["6-02-03-04"]]),
                tags=chance.choice([[], ["包吃", "包住"]]), contract_kind=chance.choice([None, "full_time"]),
                hours_per_day=chance.choice([None, 8.0]), shift=chance.choice([None, "day"]),
                settlement=chance.choice([None, "day"]), contact_phone=chance.choice(["", "13800000001"]),
                published_at=now, valid_until=now + timedelta(days=5), created_at=now, updated_at=now,
            )  # fmt: skip
            if kind == "gig":
                job.gig = GigTerms(
                    starts_at=now, ends_at=now + timedelta(days=1), seats=3, seats_taken=0,
                    insurance=chance.choice(["", "意外险"]),
                )  # fmt: skip
            session.add(job)
    with database.read_session() as session:
        jobs = session.scalars(whole().where(Job.employer_id == people.employer_id)).all()
        one_by_one = [quality(job) for job in jobs]
        together = of_employer(session, people.employer_id, now)
        assert together is not None
        assert len(one_by_one) == together.jobs == 200
        assert len({found.score for found in one_by_one}) > 20
        assert together.score == int(sum(found.score for found in one_by_one) / 200 + 0.5)
        for gap in together.gaps:
            assert gap.jobs == sum(gap.element in found.missing for found in one_by_one), gap.element.code
        assert session.scalar(select(Job.job_id).where(Job.contact_phone_sealed == "")) is None
