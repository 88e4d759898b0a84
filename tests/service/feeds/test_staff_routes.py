"""The API for those who look after the sources: a run, its records, the digest, taking back, running again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.audit.models import AuditEvent
from service.config import Settings
from service.db import Database
from service.feeds import digest
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.oversight import opened
from service.feeds.staff_tasks import REPLAY, ROLL_BACK
from service.jobs.models import Job
from service.jobs.reviews.models import JobReview
from service.tasks import registry
from service.tasks.models import Task
from service.tasks.registry import Outside
from tests.service.conftest import ZHANGGONG, People, draft
from tests.service.feeds.conftest import MakeSource, WriteCsv, row
from tests.service.feeds.test_rollback import state

KEY = "job51_sample"
Call = Callable[..., Any]


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The application's own."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def run_id(database: Database, settings: Settings, make_run: Callable[[], int]) -> int:
    """A run of a source that belongs to Zhanggong."""
    settings.feeds_dir.mkdir(parents=True, exist_ok=True)
    (settings.feeds_dir / f"{KEY}.toml").write_text(f'[source]\nregion = "{ZHANGGONG}"\n', encoding="utf-8")
    return make_run()


@pytest.fixture
def make_run(database: Database) -> Callable[[], int]:
    """A run that read a record that was published and two that were not."""

    def make() -> int:
        now = clock.now()
        report: dict[str, Any] = {
            "read": 4,
            "published": 1,
            "unchanged": 0,
            "held": 1,
            "rejected": 1,
            "created": 1,
            "closed": 0,
            "mode": "full",
        }
        report["reasons"] = [{"outcome": "rejected", "code": "expired", "count": 1, "example": "有效期到 2020-01-01 已经过了。"}]
        with database.write_session() as session:
            run = FeedRun(source_key=KEY, status="done", started_at=now, heartbeat_at=now, finished_at=now, report=report)
            session.add(run)
            session.flush()
            for number, (outcome, code) in enumerate([("published", ""), ("held", "D-03"), ("rejected", "expired")], 1):
                session.add(
                    FeedRecord(
                        source_key=KEY, original_id=f"V{number}", run_id=run.run_id, row_no=number, content_hash="x",
                        raw={"title": "普工", "联系人": "张三丰", "content": "电话13800000001，联系人：李四"}, outcome=outcome,
                        reason_code=code, reason="“13800000001”：请删掉号码。" if code else "",
                        first_seen_at=now, last_seen_at=now,
                    )
                )  # fmt: skip
            return run.run_id

    return make


def get(client: FlaskClient, path: str, who: dict[str, str]) -> Any:
    answer = client.get(path, headers=who)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


class TestRun:
    def test_counts_reasons_and_what_stands_in_the_way(self, client: FlaskClient, people: People, run_id: int) -> None:
        body = get(client, f"/v1/feeds/{KEY}/runs/{run_id}", people.bureau)
        assert (body["read"], body["published"], body["held"], body["rejected"]) == (4, 1, 1, 1)
        assert body["reasons"][0]["code"] == "expired"
        assert (body["oddities"], body["rolled_back_at"], body["rolls_back_id"], body["blocked_by"]) == ([], None, None, [])

    def test_a_run_of_another_source_is_not_found(self, client: FlaskClient, people: People, run_id: int) -> None:
        for path in (f"shortage_lists/runs/{run_id}", f"{KEY}/runs/999999", f"nobody/runs/{run_id}"):
            assert client.get(f"/v1/feeds/{path}", headers=people.operator).status_code == 404

    def test_records_with_words_masked(self, client: FlaskClient, people: People, run_id: int) -> None:
        path = f"/v1/feeds/{KEY}/runs/{run_id}/records"
        body = get(client, path, people.bureau)
        assert [item["outcome"] for item in body["items"]] == ["published", "held", "rejected"]
        assert body["items"][1]["raw"] == {"title": "普工", "联系人": "张**", "content": "电话***0001，联系人：李**"}
        assert "13800000001" not in str(body)
        assert "***0001" in body["items"][1]["reason"]
        assert (body["next_after"], body["seen_later"]) == (None, 1)
        assert [item["row_no"] for item in get(client, f"{path}?outcome=held", people.bureau)["items"]] == [2]
        assert [item["row_no"] for item in get(client, f"{path}?reason=expired", people.bureau)["items"]] == [3]
        assert client.get(f"{path}?outcome=lost", headers=people.bureau).status_code == 422

    def test_pages_follow_each_other(self, client: FlaskClient, people: People, run_id: int) -> None:
        seen: list[int] = []
        after: int | None = 0
        while after is not None:
            page = get(client, f"/v1/feeds/{KEY}/runs/{run_id}/records?limit=2&after={after}", people.operator)
            seen += [item["row_no"] for item in page["items"]]
            after = page["next_after"]
        assert seen == [1, 2, 3]

    def test_only_the_bureau_of_the_place_and_the_operator(self, client: FlaskClient, people: People, run_id: int) -> None:
        path = f"/v1/feeds/{KEY}/runs/{run_id}/records"
        refused = client.get(path, headers=people.other_bureau)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "not_your_feed")
        for who in (people.worker, people.employer, people.staff):
            assert client.get(path, headers=who).status_code == 403
        # A source of the whole country is the operator's.
        assert client.get(f"/v1/feeds/shortage_lists/runs/{run_id}/records", headers=people.bureau).status_code == 403


class TestStandingAndDigest:
    def test_the_same_as_in_the_terminal(self, client: FlaskClient, people: People, run_id: int) -> None:
        items = {item["source"]: item for item in get(client, "/v1/feeds/status", people.bureau)["items"]}
        mine = items[KEY]
        assert (mine["last_run_id"], mine["last_run_status"], mine["counts"]["read"]) == (run_id, "done", 4)
        assert mine["oddities"] == []
        assert items["shortage_lists"]["last_run_id"] is None

    def test_digest(self, client: FlaskClient, people: People, database: Database, make_run: Callable[[], int]) -> None:
        missing = client.get("/v1/feeds/digest", headers=people.operator)
        assert (missing.status_code, missing.get_json()["error"]) == (404, "digest_not_made")
        run_id = make_run()
        sent = client.post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": "digest-0001"})
        job_id = sent.get_json()["job_id"]
        with database.write_session() as session:
            session.get_one(FeedRun, run_id).status = "failed"
            session.get_one(FeedRun, run_id).message = "对方没有回答，请打13800000001"
            session.flush()
            day = digest.make(session, opened(None), clock.now())
            long_ago = clock.now() - timedelta(days=2)
            late = {"opened_at": long_ago, "due_at": long_ago, "causes": ["advert"], "findings": []}
            session.add(JobReview(job_id=job_id, open_key=job_id, version=1, state="waiting", region_code=ZHANGGONG, **late))
        body = get(client, "/v1/feeds/digest", people.bureau)
        assert body["reviews_overdue"] == 1
        assert body["day"] == day.isoformat()
        assert [line["source"] for line in body["out_of_habit"]] == [KEY]
        assert "对方没有回答，请打***0001" in body["out_of_habit"][0]["oddities"][0]["sentence"]
        assert "shortage_lists" in [line["source"] for line in body["in_habit"]]
        assert get(client, f"/v1/feeds/digest?day={day}", people.operator) == body
        assert client.get("/v1/feeds/digest?day=2021-01-01", headers=people.operator).status_code == 404
        assert client.get("/v1/feeds/digest", headers=people.employer).status_code == 403


class TestTakingBack:
    @pytest.fixture
    def pulled(self, database: Database, settings: Settings, write_csv: WriteCsv, make_source: MakeSource) -> int:
        """A pull of two adverts of a source of Zhanggong."""
        settings.feeds_dir.mkdir(parents=True, exist_ok=True)
        (settings.feeds_dir / f"{KEY}.toml").write_text(f'[source]\nregion = "{ZHANGGONG}"\n', encoding="utf-8")
        until = (clock.now().date() + timedelta(days=90)).isoformat()
        path = write_csv("file.csv", [row(1, until=until), row(2, until=until)])
        report = pull(database, replace(make_source(), key=KEY), now=clock.now(), path=path, write=True)
        assert report.run_id is not None
        return report.run_id

    def post(self, client: FlaskClient, run_id: int, who: dict[str, str], **body: Any) -> Any:
        headers = who | {"Idempotency-Key": f"rollback-{run_id:04d}-{body}".replace(" ", "")}
        return client.post(f"/v1/feeds/{KEY}/runs/{run_id}/rollback", json=body, headers=headers)

    def test_first_what_would_happen_then_in_the_background(
        self, client: FlaskClient, people: People, database: Database, settings: Settings, pulled: int
    ) -> None:
        before = state(database)
        trial = self.post(client, pulled, people.bureau)
        assert trial.status_code == 202, trial.get_json()
        assert trial.get_json() == {
            "run_id": pulled, "source": KEY, "started": False, "jobs": 2, "endings": {"closed": 2}, "contacts": 0, "edited": 0,
        }  # fmt: skip
        with database.read_session() as session:
            assert session.scalar(select(func.count()).where(Task.kind == ROLL_BACK)) == 0
        real = self.post(client, pulled, people.bureau, dry_run=False)
        assert (real.status_code, real.get_json()["started"]) == (202, True)
        assert self.post(client, pulled, people.bureau, dry_run=False).headers["Idempotency-Replayed"] == "true"
        assert state(database) == before
        with database.read_session() as session:
            (task,) = session.scalars(select(Task).where(Task.kind == ROLL_BACK)).all()
            event = session.scalars(select(AuditEvent).where(AuditEvent.action == "feed.rollback")).one()
            assert (event.object_id, event.region_code, event.account_id) == (
                str(pulled), ZHANGGONG, people.account_ids["bureau"],
            )  # fmt: skip
        work = registry.known(ROLL_BACK).outside
        assert work is not None
        for _ in range(2):  # a task may be done twice
            work(Outside(database, settings), task.payload, clock.now())
        with database.read_session() as session:
            assert set(session.scalars(select(Job.status))) == {"closed"}
        body = get(client, f"/v1/feeds/{KEY}/runs/{pulled}", people.bureau)
        assert body["rolled_back_at"] is not None
        again = self.post(client, pulled, people.bureau)
        assert (again.status_code, again.get_json()["error"]) == (409, "feed_run_rolled_back")

    def test_who_may_not(self, client: FlaskClient, people: People, pulled: int) -> None:
        for who, code in ((people.other_bureau, "not_your_feed"), (people.staff, "role_not_allowed")):
            refused = self.post(client, pulled, who, dry_run=False)
            assert (refused.status_code, refused.get_json()["error"]) == (403, code)
        without = client.post(f"/v1/feeds/{KEY}/runs/{pulled}/rollback", json={"dry_run": False}, headers=people.operator)
        assert without.status_code == 428

    @pytest.mark.usefixtures("pulled")
    def test_replay(self, client: FlaskClient, people: People, database: Database, settings: Settings) -> None:
        headers = people.bureau | {"Idempotency-Key": "replay-0001"}
        answer = client.post(f"/v1/feeds/{KEY}/replays", json={"step": "placed"}, headers=headers)
        assert answer.status_code == 202, answer.get_json()
        assert client.post(f"/v1/feeds/{KEY}/replays", json={"step": "fetched"}, headers=headers).status_code == 422
        with database.read_session() as session:
            task = session.get_one(Task, answer.get_json()["task_id"])
        work = registry.known(REPLAY).outside
        assert work is not None
        work(Outside(database, settings), task.payload, clock.now())
        with database.read_session() as session:
            actions = list(session.scalars(select(FeedRun.action).order_by(FeedRun.run_id)))
            assert actions == ["pull", "replay"]
            assert set(session.scalars(select(Job.status))) == {"open"}

    def test_what_was_taken_back_is_not_brought_back_by_a_replay(
        self, people: People, database: Database, settings: Settings, pulled: int
    ) -> None:
        take_back, again = registry.known(ROLL_BACK).outside, registry.known(REPLAY).outside
        assert take_back is not None
        assert again is not None
        outside = Outside(database, settings)
        take_back(outside, {"run_id": pulled, "account_id": people.account_ids["bureau"]}, clock.now())
        again(outside, {"source": KEY, "step": "checked"}, clock.now())
        with database.read_session() as session:
            assert set(session.scalars(select(Job.status))) == {"closed"}
            assert set(session.scalars(select(FeedRecord.reason_code))) == {"rolled_back"}
