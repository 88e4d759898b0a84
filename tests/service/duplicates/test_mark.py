"""From publishing to the page: copies are marked in the background, leave the lists, and come back when theirs turn comes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.duplicates import counts, tasks
from service.duplicates.find import find
from service.duplicates.mark import mark
from service.duplicates.models import DuplicateKey, NotSame
from service.indexing.follower import Follower
from service.indexing.rows import jobs_now, open_jobs
from service.jobs.advert import Advert, Source
from service.jobs.marking import MARK
from service.jobs.models import Job, JobHistory
from service.jobs.put import put
from service.tasks import registry
from service.tasks.models import Task
from tests.service.conftest import People, Publish, draft
from tests.service.duplicates.given import cases

Work = Callable[[], int]


@pytest.fixture
def work(app: flask.Flask) -> Work:
    """Do the comparing that was asked for, as the worker does; how many tasks that were."""
    database: Database = app.extensions["database"]

    def run() -> int:
        with database.read_session() as session:
            waiting = list(session.scalars(select(Task).where(Task.kind == MARK, Task.state == "waiting")))
        for task in waiting:
            with database.write_session() as session:
                inside = registry.known(MARK).inside
                assert inside is not None
                inside(session, task.payload, clock.now())
                session.execute(update(Task).where(Task.task_id == task.task_id).values(state="done"))
        return len(waiting)

    return run


def _database(app: flask.Flask) -> Database:
    database: Database = app.extensions["database"]
    return database


def _partner(app: flask.Flask, number: str, **changes: Any) -> int:
    """The same vacancy as ``draft()``, as a feed brings it."""
    said: dict[str, Any] = {
        "kind": "public",
        "title": "急招电子厂普工20名",
        "employer_name": "演示電子廠",
        "headcount": 20,
        "wage": "6000-8000元/月",
        "region": "赣州市章贡区",
        "source": Source(key="feed", name="演示来源", original_id=number, url=f"https://example.org/{number}"),
    }
    with _database(app).write_session() as session:
        return put(session, Advert(**(said | changes)), account_id=None, now=clock.now())[0].job_id


def _heads(app: flask.Flask) -> dict[int, int | None]:
    with _database(app).read_session() as session:
        return {job_id: head for job_id, head in session.execute(select(Job.job_id, Job.duplicate_of_id))}  # noqa: C416  Row


def test_a_copy_points_to_the_one_that_is_shown_and_its_page_still_answers(
    app: flask.Flask, client: FlaskClient, publish: Publish, work: Work
) -> None:
    copy = _partner(app, "1")
    job_id = publish()["job_id"]
    tag = client.get(f"/v1/jobs/{job_id}").headers["ETag"]
    assert work() == 2
    assert _heads(app) == {copy: job_id, job_id: None}

    page = client.get(f"/v1/jobs/{copy}")
    assert page.status_code == 200
    assert page.headers["Link"] == f'</v1/jobs/{job_id}>; rel="canonical"'
    said = page.get_json()["duplicate_of"]
    assert said["job_id"] == job_id
    assert {"单位名称相同", "岗位相同", "工资相同"} <= set(said["reasons"])

    shown = client.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": tag})
    assert shown.status_code == 200, "the page has changed"
    assert "Link" not in shown.headers
    assert shown.get_json()["duplicate_of"] is None
    assert shown.get_json()["also_from"] == [{"job_id": copy, "key": "feed", "name": "演示来源", "url": "https://example.org/1"}]
    assert work() == 0, "marking asks for no further marking"


def test_the_list_shows_one_and_names_the_other_source(
    app: flask.Flask, client: FlaskClient, publish: Publish, work: Work
) -> None:
    follower = Follower(_database(app), app.extensions["settings"].index_dir)
    copy, job_id = _partner(app, "1"), publish()["job_id"]
    follower.step()
    app.extensions["live_index"].refresh()
    assert {item["job_id"] for item in client.get("/v1/jobs?q=普工").get_json()["items"]} == {copy, job_id}
    work()
    late = client.get("/v1/jobs?q=普工").get_json()["items"]
    assert [item["job_id"] for item in late] == [job_id], "an index that has not heard of it yet shows no copy"
    assert [also["job_id"] for also in late[0]["also_from"]] == [copy]
    follower.step()
    follower.close()
    app.extensions["live_index"].refresh()
    answer = client.get("/v1/jobs?q=普工").get_json()
    assert [item["job_id"] for item in answer["items"]] == [job_id]
    with _database(app).read_session() as session:
        assert [job.job_id for job in open_jobs(session)] == [job_id]
        found, gone = jobs_now(session, [copy, job_id])
        assert ([job.job_id for job in found], gone) == ([job_id], [copy])


def test_a_run_over_all_leaves_the_keys_of_what_was_changed_after_it_was_read(
    app: flask.Flask, publish: Publish, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed, same = publish(draft(title="电焊工"))["job_id"], publish(draft(title="保洁员"))["job_id"]
    work()

    def keys(job_id: int) -> set[int]:
        with _database(app).read_session() as session:
            return set(session.scalars(select(DuplicateKey.key).where(DuplicateKey.job_id == job_id)))

    wanted, before = keys(same), keys(changed)
    with _database(app).write_session() as session:
        session.execute(delete(DuplicateKey).where(DuplicateKey.job_id == same))

    def compared(*_: Any) -> dict[int, Any]:  # meanwhile somebody edits the job, and it is compared anew
        with _database(app).write_session() as session:
            job = session.get_one(Job, changed)
            job.title, job.version = "叉车司机", job.version + 1
            session.flush()
            mark(session, [changed], clock.now())
        return {}

    monkeypatch.setattr("service.duplicates.find.grouped", compared)
    find(_database(app), clock.now(), write=True)
    assert keys(changed) != before, "what was read minutes ago is not written over what is there now"
    monkeypatch.undo()
    newer = keys(changed)
    find(_database(app), clock.now(), write=True)
    assert (keys(changed), keys(same)) == (newer, wanted)


def test_a_run_over_all_takes_keys_away_that_a_job_has_no_more(app: flask.Flask, publish: Publish, work: Work) -> None:
    job_id = publish(draft(title="电焊工", description=""))["job_id"]
    work()
    with _database(app).write_session() as session:
        job = session.get_one(Job, job_id)
        job.employer_id, job.employer_name, job.version = None, "", job.version + 1
    find(_database(app), clock.now(), write=True)
    with _database(app).read_session() as session:
        assert session.scalars(select(DuplicateKey.key).where(DuplicateKey.job_id == job_id)).all() == []


def test_when_it_closes_the_next_takes_its_place_and_gives_it_back(
    app: flask.Flask, client: FlaskClient, people: People, publish: Publish, work: Work
) -> None:
    first, second = _partner(app, "1"), _partner(app, "2")
    job_id = publish()["job_id"]
    work()
    assert _heads(app) == {first: job_id, second: job_id, job_id: None}
    assert client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer).status_code == 200
    work()
    assert _heads(app) == {first: None, second: first, job_id: None}
    assert client.get(f"/v1/jobs/{first}").get_json()["also_from"][0]["job_id"] == second
    again = publish()["job_id"]
    work()
    assert _heads(app) == {first: again, second: again, job_id: None, again: None}
    assert "also_from" not in client.get(f"/v1/jobs/{first}").get_json()


def test_what_is_edited_away_stands_for_itself(
    app: flask.Flask, client: FlaskClient, people: People, publish: Publish, work: Work
) -> None:
    job_id, copy = publish()["job_id"], publish(draft(title="普工"))["job_id"]
    work()
    assert _heads(app)[copy] == job_id
    headers = people.employer | {"If-Match": client.get(f"/v1/jobs/{copy}").headers["ETag"]}
    assert client.patch(f"/v1/jobs/{copy}", json={"title": "叉车司机"}, headers=headers).status_code == 200
    work()
    assert _heads(app) == {job_id: None, copy: None}
    with _database(app).read_session() as session:
        assert session.get_one(Job, copy).duplicate_at is None
        lines = session.scalars(
            select(JobHistory).where(JobHistory.job_id == copy, JobHistory.action == "duplicate").order_by(JobHistory.history_id)
        ).all()
        assert [line.changes["duplicate_of_id"] for line in lines] == [[None, job_id], [job_id, None]]
        assert {line.account_id for line in lines} == {None}


def test_when_it_runs_out_the_next_takes_its_place(app: flask.Flask, publish: Publish, work: Work) -> None:
    copy, job_id = _partner(app, "1"), publish()["job_id"]
    work()
    later = clock.now() + timedelta(days=1)
    with _database(app).write_session() as session:
        session.execute(update(Job).where(Job.job_id == job_id).values(valid_until=later - timedelta(hours=1)))
    for moment, head in ((clock.now(), job_id), (later, None)):
        with _database(app).write_session() as session:
            tasks.follow_the_clock(session, {}, moment)
        assert _heads(app)[copy] == head


def test_one_task_for_many_jobs_and_none_for_what_went_back(app: flask.Flask, work: Work) -> None:
    database = _database(app)
    with pytest.raises(RuntimeError), database.write_session() as session:  # noqa: PT012  the block is the transaction
        put(session, Advert("public", "普工", Source("feed", "演示", original_id="x")), account_id=None, now=clock.now())
        raise RuntimeError
    with database.write_session() as session:
        for number in range(5):
            source = Source("feed", "演示", original_id=str(number))
            put(session, Advert("public", "普工", source, region="360702"), account_id=None, now=clock.now())
    with database.read_session() as session:
        waiting = session.scalars(select(Task).where(Task.kind == MARK)).all()
        assert [len(task.payload["job_ids"]) for task in waiting] == [5]


def test_the_headcount_is_counted_once(app: flask.Flask, client: FlaskClient, publish: Publish, work: Work) -> None:
    _partner(app, "1", headcount=30)
    job_id = publish()["job_id"]
    with _database(app).write_session() as session:  # as one of before the number was asked for
        session.execute(update(Job).where(Job.job_id == job_id).values(headcount=None))
    publish(draft(title="叉车司机", headcount=2))
    work()
    with _database(app).read_session() as session:
        now = counts.counts(session, clock.now())
        assert (now.adverts, now.duplicates, now.jobs, now.headcount) == (3, 1, 2, 32)
        assert counts.counts(session, clock.now(), Job.title.contains("叉车")).headcount == 2
    said = client.get("/status").get_json()["database"]
    assert (said["open_jobs"], said["duplicates"], said["headcount"]) == (2, 1, 32)
    assert _heads(app)[job_id] is None


def _pool(session: Session, now: datetime) -> Iterator[int]:
    for case in cases("pairs.txt"):
        if case.line % 3 or case.one.kind == "gig" or case.other.kind == "gig":
            continue
        for row in (case.one, case.other):
            known = {name: getattr(row, name) for name in row._fields if hasattr(Job, name) and name != "job_id"}
            job = Job(
                **(known | {"trade_codes": list(row.trade_codes), "tags": list(row.tags), "missing": []}),
                valid_until=now + timedelta(days=9), created_at=now, updated_at=now, source_name="演示",
            )  # fmt: skip
            session.add(job)
            session.flush()
            yield job.job_id


@pytest.mark.costly
@pytest.mark.parametrize("seed", [1, 2])
def test_step_by_step_in_any_order_gives_what_all_at_once_gives(app: flask.Flask, seed: int) -> None:
    database, now = _database(app), clock.now()
    with database.write_session() as session:
        ids = list(_pool(session, now))
    found = find(database, now, write=True)
    wanted = _heads(app)
    assert found.duplicates == sum(head is not None for head in wanted.values()) > 20
    assert find(database, now, write=False).to_change == 0, "a second run finds nothing to do"
    with database.write_session() as session:
        session.execute(update(Job).values(duplicate_of_id=None, duplicate_reason="", also_from=None))
        session.execute(delete(DuplicateKey))
    random.Random(seed).shuffle(ids)
    for at in range(0, len(ids), 7):
        with database.write_session() as session:
            mark(session, ids[at : at + 7], now)
    assert _heads(app) == wanted


def test_a_dry_run_writes_nothing_and_says_what_it_would(app: flask.Flask, publish: Publish) -> None:
    copy, job_id = _partner(app, "1"), publish()["job_id"]
    said = app.test_cli_runner().invoke(args=["duplicates", "find", "--dry-run"])
    assert said.exit_code == 0, said.output
    assert "在招 2 条，其实是 1 个岗位" in said.output
    assert "逐条相加 40，每个岗位只算一次 20" in said.output
    assert f"{copy} → {job_id}" in said.output
    assert _heads(app) == {copy: None, job_id: None}
    assert "改了 2 条" in app.test_cli_runner().invoke(args=["duplicates", "find"]).output
    assert _heads(app) == {copy: job_id, job_id: None}
    assert "在招 2 条，重复 1 条，共 1 个岗位，招 20 人" in app.test_cli_runner().invoke(args=["duplicates", "status"]).output


def test_staff_tell_two_apart_for_good(
    app: flask.Flask, client: FlaskClient, people: People, publish: Publish, work: Work
) -> None:
    first, second, job_id = _partner(app, "1"), _partner(app, "2"), publish()["job_id"]
    work()
    path = f"/v1/jobs/{first}/not-duplicate"
    assert client.post(path, headers=people.employer).status_code == 403
    refused = client.post(path, headers=people.other_bureau)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "outside_territory")
    done = client.post(path, headers=people.bureau)
    assert done.status_code == 200, done.get_json()
    assert done.get_json() == {"job_id": first, "apart_from": sorted([second, job_id])}
    assert _heads(app) == {first: None, second: job_id, job_id: None}
    twice = client.post(path, headers=people.bureau)
    assert (twice.status_code, twice.get_json()["error"]) == (409, "not_a_duplicate")
    work()
    find(_database(app), clock.now(), write=True)
    assert _heads(app) == {first: None, second: job_id, job_id: None}, "no run joins them again"
    assert client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer).status_code == 200
    work()
    assert _heads(app) == {first: None, second: None, job_id: None}, "nor when another stands for the rest"
    with _database(app).read_session() as session:
        assert {row.account_id for row in session.scalars(select(NotSame))} == {people.account_ids["bureau"]}
    assert client.post("/v1/jobs/999999/not-duplicate", headers=people.bureau).status_code == 404


def test_what_somebody_holds_is_looked_at_again(app: flask.Flask, publish: Publish, work: Work) -> None:
    database = _database(app)
    if database.is_sqlite:
        pytest.skip("one writer after another: nothing is held while it marks")
    copy, job_id = _partner(app, "1"), publish()["job_id"]
    with database.write_session() as holding:
        holding.execute(select(Job.job_id).where(Job.job_id == copy).with_for_update())
        assert work() == 2
        assert _heads(app)[copy] is None
    with database.read_session() as session:
        later = session.scalars(select(Task).where(Task.kind == MARK, Task.state == "waiting")).all()
        assert later
        assert all(copy in task.payload["job_ids"] for task in later)
    work()
    assert _heads(app) == {copy: job_id, job_id: None}
