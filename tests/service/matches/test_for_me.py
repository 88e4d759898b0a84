"""The jobs for a person by the profile, and the people for a job without who they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from service import clock
from service.accounts.models import Account, AccountPhone
from service.consents import record, texts
from service.consents.record import Said
from service.db import Database
from service.indexing.follower import Follower
from service.jobs.models import Job
from service.matches import candidates
from service.matches.models import WorkerMatch
from service.workers.models import Worker
from tests.service.conftest import People, Publish, agree, draft
from tests.service.matches.conftest import Command

Profile = Callable[..., int]
PHONE = "13800000007"


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of the application."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def profile(database: Database, people: People) -> Profile:
    """Write the worker's row directly, with all consents."""

    def write(**columns: Any) -> int:
        with database.write_session() as session:
            account = session.get_one(Account, people.account_ids["worker"])
            row = session.get_one(Worker, account.worker_id)
            agree(session, row.worker_id, texts.BASIC, texts.RANKING, texts.BATCH, texts.CANDIDATE_LIST)
            for name, value in ({"wish": "电子厂普工"} | columns).items():
                setattr(row, name, value)
            return row.worker_id

    return write


@pytest.fixture
def indexed(app: flask.Flask, database: Database) -> Callable[[], None]:
    """Bring the index up to the database."""

    def step() -> None:
        follower = Follower(database, app.extensions["settings"].index_dir)
        follower.step()
        follower.close()

    return step


def found(client: FlaskClient, people: People, **query: Any) -> list[int]:
    answer = client.get("/v1/me/matches", query_string=query, headers=people.worker)
    assert answer.status_code == 200, answer.get_json()
    return [item["job_id"] for item in answer.get_json()["items"]]


class TestMine:
    def test_by_the_profile_with_reasons(
        self, client: FlaskClient, people: People, publish: Publish, profile: Profile, indexed: Callable[[], None]
    ) -> None:
        near = publish(draft(lat=25.83, lng=114.93))["job_id"]
        publish(draft(title="厨师", description="炒菜。"))
        indexed()
        profile(lat=25.83, lng=114.93, birth_month=date(1974, 5, 1), sex="male", wage_min_yuan_month=5000)
        answer = client.get("/v1/me/matches", headers=people.worker).get_json()
        assert [item["job_id"] for item in answer["items"]] == [near]
        assert {reason["code"] for reason in answer["items"][0]["reasons"]} >= {"text", "place", "wage", "age"}

    @pytest.mark.parametrize("how", ["switch", "withdrawn", "never"])
    def test_not_by_the_person_when_switched_off(
        self,
        client: FlaskClient,
        people: People,
        publish: Publish,
        profile: Profile,
        indexed: Callable[[], None],
        database: Database,
        how: str,
    ) -> None:
        publish(draft(lat=25.83, lng=114.93))
        indexed()
        worker_id = profile(lat=25.83, lng=114.93, wage_min_yuan_month=5000, personal_ranking=how != "switch")
        with database.write_session() as session:
            if how == "withdrawn":
                record.withdraw(session, worker_id, texts.RANKING, Said("web", None), clock.now())
            if how == "never":
                record.give(session, worker_id, texts.RANKING, Said("web", None), clock.now(), refused=True)
        (item,) = client.get("/v1/me/matches", headers=people.worker).get_json()["items"]
        assert (item["parts"]["place"], item["parts"]["wage"]) == (0, 0)

    def test_health_limits_leave_out(
        self,
        client: FlaskClient,
        people: People,
        publish: Publish,
        profile: Profile,
        indexed: Callable[[], None],
        database: Database,
    ) -> None:
        low = publish(draft(description="车间里坐着组装，包吃住。"))["job_id"]
        high = publish(draft(description="厂房外墙，要登高作业，包吃住。"))["job_id"]
        indexed()
        worker_id = profile()
        assert set(found(client, people)) == {low, high}
        with database.write_session() as session:
            session.get_one(Worker, worker_id).health_limits = '["no_height"]'
        assert found(client, people) == [low]

    def test_pages_belong_to_the_profile_they_began_with(
        self, client: FlaskClient, people: People, publish: Publish, profile: Profile, indexed: Callable[[], None]
    ) -> None:
        ids = {publish(draft(headcount=n))["job_id"] for n in range(1, 6)}
        indexed()
        profile()
        first = client.get("/v1/me/matches?limit=3", headers=people.worker).get_json()
        second = found(client, people, limit=3, cursor=first["next"])
        assert {item["job_id"] for item in first["items"]} | set(second) == ids
        profile(version=9)
        stale = client.get("/v1/me/matches", query_string={"limit": 3, "cursor": first["next"]}, headers=people.worker)
        assert stale.status_code == 400


class TestMinors:
    """16 and 17: only what is allowed. The birthday counts from the day it is sure."""

    @pytest.mark.parametrize(("months_ago", "sees"), [(16 * 12 + 1, False), (18 * 12, False), (18 * 12 + 1, True)])
    def test_the_match_and_the_batch(
        self,
        client: FlaskClient,
        people: People,
        publish: Publish,
        profile: Profile,
        indexed: Callable[[], None],
        database: Database,
        match_all: Command,
        months_ago: int,
        sees: bool,
    ) -> None:
        allowed, barred = publish(draft(age="16-60岁"))["job_id"], publish(draft(age="不限"))["job_id"]
        with database.write_session() as session:
            session.get_one(Job, barred).minors_barred = True
        indexed()
        today = clock.now().astimezone(clock.BEIJING).date()
        born = today.year * 12 + today.month - 1 - months_ago
        profile(birth_month=date(born // 12, born % 12 + 1, 1))
        expected = {allowed, barred} if sees else {allowed}
        assert set(found(client, people)) == expected
        typed = {"headers": people.worker}
        for answer in (
            client.get("/v1/jobs?q=普工", **typed),
            client.get("/v1/jobs?q=普工&age=30&sort=distance&lat=25.83&lng=114.93", **typed),
            client.get("/v1/jobs?q=普工&personal=false", **typed),
            client.post("/v1/match", json={"text": "普工，今年三十岁", "age": 30}, **typed),
        ):
            assert {item["job_id"] for item in answer.get_json()["items"]} == expected, answer.request.url
        alike = client.get(f"/v1/jobs/{allowed}/similar", **typed).get_json()["items"]
        assert {item["job_id"] for item in alike} == expected - {allowed}
        assert match_all("--limit", 5).exit_code == 0
        with database.read_session() as session:
            assert set(session.scalars(select(WorkerMatch.job_id))) == expected


class TestBatch:
    def test_only_who_agreed(
        self, publish: Publish, profile: Profile, indexed: Callable[[], None], database: Database, match_all: Command
    ) -> None:
        publish()
        indexed()
        worker_id = profile()
        changes = (
            lambda session: record.withdraw(session, worker_id, texts.BATCH, Said("web", None), clock.now()),
            lambda session: agree(session, worker_id, texts.BATCH),
            lambda session: setattr(session.get_one(Worker, worker_id), "personal_ranking", False),
            lambda session: setattr(session.get_one(Worker, worker_id), "personal_ranking", True),
            lambda session: setattr(session.get_one(Worker, worker_id), "left_at", clock.now()),
        )
        seen = []
        for change in changes:
            with database.write_session() as session:
                change(session)
            assert match_all("--fresh").exit_code == 0
            with database.read_session() as session:
                seen.append(len(session.scalars(select(WorkerMatch)).all()))
        assert seen == [0, 1, 0, 1, 0]

    def test_withdrawing_takes_the_rows_at_once(
        self, publish: Publish, profile: Profile, indexed: Callable[[], None], database: Database, match_all: Command
    ) -> None:
        publish()
        indexed()
        worker_id = profile()
        match_all()
        with database.write_session() as session:
            assert session.scalars(select(WorkerMatch)).all()
            record.withdraw(session, worker_id, texts.BATCH, Said("web", None), clock.now())
            assert session.scalars(select(WorkerMatch)).all() == []


class TestCandidates:
    @pytest.fixture
    def job_id(
        self,
        publish: Publish,
        profile: Profile,
        indexed: Callable[[], None],
        match_all: Command,
        database: Database,
        people: People,
    ) -> int:
        """A job that the worker has among the best of last night."""
        made: int = publish(draft(lat=25.80, lng=114.80))["job_id"]
        indexed()
        profile(
            birth_month=date(1974, 5, 1), skills=["电焊"], lat=25.83, lng=114.93, display_name="演示老张", real_name="演示张三"
        )  # fmt: skip
        with database.write_session() as session:
            phone = AccountPhone(account_id=people.account_ids["worker"], proved_by="sms", bound_at=clock.now())
            phone.phone = PHONE
            session.add(phone)
        assert match_all().exit_code == 0
        return made

    def test_no_name_no_phone_and_a_line_in_the_ledger(self, client: FlaskClient, people: People, job_id: int) -> None:
        for _ in range(2):
            answer = client.get(f"/v1/jobs/{job_id}/candidates", headers=people.employer)
            (item,) = answer.get_json()["items"]
        assert (item["age_bracket"], item["skills"]) == ("50-59", ["电焊"])
        assert item["distance_km"] == int(item["distance_km"]) > 5
        said = answer.get_data(as_text=True)
        for secret in (PHONE, "演示老张", "演示张三", "worker_id", "1974"):
            assert secret not in said
        ledger = client.get("/v1/me/disclosures", headers=people.worker).get_json()["items"]
        assert [(row["recipient_name"], row["basis"], row["job_id"]) for row in ledger] == [("演示电子厂", "consent", job_id)]

    def test_two_jobs_cannot_be_joined(
        self, database: Database, job_id: int, publish: Publish, client: FlaskClient, people: People
    ) -> None:
        other = publish(draft(title="仓库普工"))["job_id"]
        with database.write_session() as session:
            row = session.scalars(select(WorkerMatch)).first()
            assert row is not None
            session.add(WorkerMatch(worker_id=row.worker_id, day=row.day, rank=9, job_id=other, score=1))
        names = [
            client.get(f"/v1/jobs/{one}/candidates", headers=people.employer).get_json()["items"][0]["candidate"]
            for one in (job_id, other)
        ]
        assert len(set(names)) == 2

    def test_a_minor_is_shown_for_nothing_that_is_closed_to_him(
        self, client: FlaskClient, people: People, job_id: int, profile: Profile, database: Database
    ) -> None:
        today = clock.now().astimezone(clock.BEIJING).date()
        profile(birth_month=today.replace(year=today.year - 17, month=1, day=1))
        for barred, shown in ((False, 1), (True, 0)):
            with database.write_session() as session:
                session.get_one(Job, job_id).minors_barred = barred
            answer = client.get(f"/v1/jobs/{job_id}/candidates", headers=people.employer)
            assert len(answer.get_json()["items"]) == shown

    def test_another_employer_sees_nothing(self, client: FlaskClient, people: People, job_id: int) -> None:
        assert client.get(f"/v1/jobs/{job_id}/candidates", headers=people.other_employer).status_code == 403
        assert client.get(f"/v1/jobs/{job_id}/candidates", headers=people.worker).status_code == 403

    @pytest.mark.parametrize("purpose", [texts.CANDIDATE_LIST, texts.RANKING])
    def test_who_says_no_is_gone_at_once(
        self, client: FlaskClient, people: People, job_id: int, database: Database, purpose: str
    ) -> None:
        with database.write_session() as session:
            who = session.scalars(select(WorkerMatch.worker_id)).one()
            record.withdraw(session, who, purpose, Said("web", None), clock.now())
        assert client.get(f"/v1/jobs/{job_id}/candidates", headers=people.employer).get_json()["items"] == []

    def test_what_cannot_be_noted_is_not_shown(
        self, client: FlaskClient, people: People, job_id: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OperationalError("insert", {}, Exception("disk full"))

        monkeypatch.setattr(candidates, "record_disclosure", full)
        answer = client.get(f"/v1/jobs/{job_id}/candidates", headers=people.employer)
        assert (answer.status_code, answer.get_json()["error"]) == (503, "audit_unavailable")
        assert "items" not in json.loads(answer.get_data())

    def test_yesterday_is_over(self, client: FlaskClient, people: People, job_id: int, database: Database) -> None:
        with database.write_session() as session:
            old = session.scalars(select(WorkerMatch)).one()
            session.add(
                WorkerMatch(worker_id=old.worker_id, day=old.day + timedelta(days=1), rank=1, job_id=job_id + 99, score=1)
            )
        assert client.get(f"/v1/jobs/{job_id}/candidates", headers=people.employer).get_json()["items"] == []
