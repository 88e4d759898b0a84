"""Copies of a job in the stream: deleted when another advert stands for them, given again when they stand for themselves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from service import clock
from service.db import Database
from service.duplicates import tasks
from service.duplicates.mark import mark
from service.jobs.models import Job
from tests.service.conftest import People
from tests.service.open_data.pool import NANCHANG, TRADES, ZHANGGONG, change, new_job

FIRM = "赣州演示甲电子有限公司"


@pytest.fixture
def pool(app: flask.Flask) -> Database:
    """The database of the application."""
    database: Database = app.extensions["database"]
    return database


class Reader:
    """A follower of the whole: what it holds, and what it was told last."""

    def __init__(self, client: FlaskClient, query: str = "") -> None:
        self.client, self.query = client, query
        header, *jobs, _end = map(json.loads, client.get(f"/v1/snapshot/jobs?{query}").get_data().splitlines())
        self.position: str = header["position"]
        self.holds = {job["job_id"]: job for job in jobs}

    def told(self) -> list[tuple[int, str]]:
        """Read on: (job, ``job`` or why it is to be deleted)."""
        body: dict[str, Any] = self.client.get(f"/v1/stream/jobs?since={self.position}&{self.query}").get_json()
        self.position = body["position"]
        self.changes = body["changes"]
        for one in self.changes:
            if one["type"] == "job":
                self.holds[one["job_id"]] = one
            else:
                self.holds.pop(one["job_id"], None)
        return [(one["job_id"], one.get("reason", "job")) for one in self.changes]


def three(pool: Database, **changes: Any) -> tuple[int, int, int]:
    """The employer's own advert, and that of two others for the same job."""
    now = clock.now()
    with pool.write_session() as session:
        own = new_job(session, now, employer_name=FIRM, source_key="direct", publisher_class="employer", **changes).job_id
        others = [new_job(session, now, employer_name=FIRM, source_key=key, **changes) for key in ("one", "two")]
        return own, others[0].job_id, others[1].job_id


def compare(pool: Database, *job_ids: int) -> dict[int, int | None]:
    """As the task after a change does; which stands for which."""
    with pool.write_session() as session:
        mark(session, job_ids, clock.now())
        return {job_id: session.get_one(Job, job_id).duplicate_of_id for job_id in job_ids}


def test_a_copy_is_deleted_with_the_name_of_what_stands_for_it_and_comes_back(client: FlaskClient, pool: Database) -> None:
    ids = own, first, second = three(pool)
    reader = Reader(client)
    assert reader.holds.keys() == set(ids)
    assert compare(pool, *ids) == {own: None, first: own, second: own}
    assert sorted(reader.told()) == [(own, "job"), (first, "duplicate"), (second, "duplicate")]
    copy = next(one for one in reader.changes if one["job_id"] == first)
    assert copy == {
        "type": "tombstone", "job_id": first, "reason": "duplicate", "duplicate_of": own, "kind": "public",
        "trade_codes": [TRADES[0]], "region_code": ZHANGGONG,
    }  # fmt: skip
    assert reader.holds.keys() == {own} == Reader(client).holds.keys()

    with pool.write_session() as session:
        change(session, first, clock.now(), title="叉车司机")  # another job now
    assert compare(pool, *ids) == {own: None, first: None, second: own}
    assert (first, "job") in reader.told()
    assert reader.holds.keys() == {own, first}
    assert reader.holds == Reader(client).holds


def test_when_what_stands_for_them_closes_another_takes_its_place(client: FlaskClient, pool: Database) -> None:
    ids = own, first, second = three(pool)
    compare(pool, *ids)
    reader = Reader(client)
    assert reader.holds.keys() == {own}
    with pool.write_session() as session:
        change(session, own, clock.now(), status="closed", closed_reason="filled")
    assert reader.told() == [(own, "closed")]
    heads = compare(pool, *ids)
    (head,) = [job_id for job_id in (first, second) if heads[job_id] is None]
    (copy,) = {first, second} - {head}
    # That nothing points to the closed one any more is written there too, and said: it does no harm twice.
    assert set(reader.told()) == {(head, "job"), (copy, "duplicate"), (own, "closed")}
    assert [one["duplicate_of"] for one in reader.changes if one["job_id"] == copy] == [head]
    assert reader.holds == Reader(client).holds
    assert reader.holds.keys() == {head}


def test_the_same_when_it_runs_out_by_the_clock(client: FlaskClient, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = own, first, second = three(pool)
    with pool.write_session() as session:
        change(session, own, clock.now(), valid_until=clock.now() + timedelta(minutes=10))
    assert compare(pool, *ids)[own] is None
    reader = Reader(client)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (own, "expired") in reader.told()
    with pool.write_session() as session:
        tasks.follow_the_clock(session, {}, later)
        heads = {job_id: session.get_one(Job, job_id).duplicate_of_id for job_id in (first, second)}
    (head,) = [job_id for job_id, other in heads.items() if other is None]
    assert (head, "job") in reader.told()
    assert reader.holds == Reader(client).holds
    assert reader.holds.keys() == {head}


def test_staff_tell_a_copy_apart_and_it_is_given_again(client: FlaskClient, people: People, pool: Database) -> None:
    ids = own, first, second = three(pool)
    compare(pool, *ids)
    reader = Reader(client)
    answer = client.post(f"/v1/jobs/{first}/not-duplicate", headers=people.bureau | {"Idempotency-Key": "apart-1"})
    assert answer.status_code == 200, answer.get_json()
    assert (first, "job") in reader.told()
    assert reader.holds.keys() == {own, first}
    assert second not in reader.holds


def test_a_copy_that_runs_out_is_told_no_second_time_and_a_freed_one_that_has_run_out_does_not_come_back(
    client: FlaskClient, pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _own, first, second = three(pool)
    with pool.write_session() as session:
        session.execute(update(Job).where(Job.job_id == first).values(valid_until=clock.now() + timedelta(minutes=10)))
    compare(pool, *ids)
    reader = Reader(client)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert reader.told() == []
    compare(pool, first)
    assert all(reason != "job" for job_id, reason in reader.told() if job_id == first)
    assert first not in reader.holds
    assert second not in reader.holds
    assert reader.holds == Reader(client).holds


def test_a_part_hears_of_its_copies_though_what_stands_for_them_is_elsewhere(client: FlaskClient, pool: Database) -> None:
    ids = own, first, second = three(pool)
    there, here = Reader(client, f"region={NANCHANG}"), Reader(client, f"region={ZHANGGONG}&kind=public")
    with pool.write_session() as session:
        for copy in (first, second):  # as when their head is corrected afterwards
            change(session, copy, clock.now(), duplicate_of_id=own)
        change(session, own, clock.now(), region_code=NANCHANG)
    assert sorted(here.told()) == [(own, "moved"), (first, "duplicate"), (second, "duplicate")]
    assert here.holds == {}
    assert there.told() == [(own, "job")]
    assert compare(pool, *ids) == {own: None, first: None, second: first}
    assert (first, "job") in here.told()
    assert here.holds == Reader(client, f"region={ZHANGGONG}").holds
