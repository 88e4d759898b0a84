"""Snapshot and stream as one who fetches them sees them."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Timer
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.config import OpenDataSettings
from service.db import Database
from service.jobs.models import Job, JobChange
from service.open_data import routes, snapshot
from service.open_data.policy import policy
from service.open_data.position import Position
from service.open_data.room import Room
from service.open_data.selection import Selection
from service.rate_limit import OwnCounters
from tests.service.open_data.pool import NANCHANG, NANKANG, TRADES, ZHANGGONG, change, new_job


@pytest.fixture
def pool(app: flask.Flask) -> Database:
    """The database of the application."""
    database: Database = app.extensions["database"]
    return database


def lines(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    """The lines of a snapshot."""
    answer = client.get(f"/v1/snapshot/jobs{query}")
    assert answer.status_code == 200, answer.get_json()
    assert answer.mimetype == "application/x-ndjson"
    return [json.loads(line) for line in answer.get_data().splitlines()]


def follow(client: FlaskClient, since: str, query: str = "") -> dict[str, Any]:
    """One answer of the stream."""
    answer = client.get(f"/v1/stream/jobs?since={since}{query}")
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def told(body: dict[str, Any]) -> list[tuple[int, str]]:
    """(job, ``job`` or the reason of its tombstone)."""
    return [(one["job_id"], one.get("reason", one["type"])) for one in body["changes"]]


def test_a_snapshot_holds_what_is_shown_and_says_where_to_go_on(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    with pool.write_session() as session:
        shown = new_job(session, now, description="流水线，电话13800000077，微信：zhangsan01").job_id
        gig = new_job(session, now, kind="gig", region_code=NANKANG).job_id
        new_job(session, now, status="held")
        new_job(session, now, status="closed")
        new_job(session, now, valid_until=now - timedelta(seconds=1))
    header, *jobs, end = lines(client)
    assert [job["job_id"] for job in jobs] == [shown, gig]
    assert end == {"type": "end", "jobs": 2}
    assert (header["licence"]["decided"], header["licence"]["name"], header["licence"]["url"]) == (False, "尚未确定", None)
    assert header["source"] == "http://localhost"
    assert jobs[0]["source"]["legal_basis"] == "用人单位自主发布"
    assert jobs[1]["gig"]["seats"] == 3
    text = json.dumps(jobs, ensure_ascii=False)
    assert "1380000" not in text
    assert "zhangsan01" not in text
    assert "演示联系人" not in text
    assert follow(client, header["position"])["changes"] == []
    assert header["stream"] == f"/v1/stream/jobs?since={header['position']}"


def test_the_operators_licence_is_said_by_each_way_out(app: flask.Flask, client: FlaskClient, pool: Database) -> None:
    with pool.write_session() as session:
        job_id = new_job(session, clock.now()).job_id
    undecided = lines(client)[0]
    assert undecided["licence"]["terms"][0].startswith("发布方还没有确定使用许可")
    chosen = OpenDataSettings("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", "某某县人社局")
    app.extensions["settings"] = replace(app.extensions["settings"], open_data=chosen)
    said = lines(client)[0]["licence"]
    assert (said["decided"], said["name"], said["url"]) == (True, chosen.licence, chosen.licence_url)
    assert said["attribution"].startswith("岗位信息来自某某县人社局")
    assert said["terms"] == undecided["licence"]["terms"][1:]
    assert follow(client, undecided["position"])["licence"] == said
    for path, accept in ((f"/v1/jobs/{job_id}/posting", "*/*"), (f"/v1/jobs/{job_id}", "application/ld+json")):
        posting = client.get(path, headers={"Accept": accept}).get_json(force=True)
        assert posting["subjectOf"]["license"]["url"] == chosen.licence_url


def test_both_are_packed_for_who_takes_it(client: FlaskClient, pool: Database) -> None:
    with pool.write_session() as session:
        since = lines(client)[0]["position"]
        for _ in range(5):
            new_job(session, clock.now())
    for path in ("/v1/snapshot/jobs", f"/v1/stream/jobs?since={since}"):
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert gzip.decompress(packed.get_data()).count(b'"job_id"') == plain.get_data().count(b'"job_id"') == 5


def test_everything_that_happens_to_a_job_is_told(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    with pool.write_session() as session:
        ids = [new_job(session, now).job_id for _ in range(6)]
    since = lines(client)[0]["position"]
    with pool.write_session() as session:
        change(session, ids[0], now, title="改过的")
        change(session, ids[1], now, status="closed", closed_reason="filled")
        change(session, ids[2], now, status="held", held_for=["advert"])
        change(session, ids[3], now, valid_until=now - timedelta(seconds=1))
        fresh = new_job(session, now).job_id
        new_job(session, now, status="held")  # nobody has ever seen it
    body = follow(client, since)
    expected = [(ids[0], "job"), (ids[1], "closed"), (ids[2], "withdrawn"), (ids[3], "expired"), (fresh, "job")]
    assert told(body) == expected
    by_job = {one["job_id"]: one for one in body["changes"]}
    assert by_job[ids[0]]["title"] == "改过的"
    tombstone = {"type": "tombstone", "job_id": ids[1], "reason": "closed", "kind": "public", "trade_codes": [TRADES[0]]}
    assert by_job[ids[1]] == tombstone | {"region_code": ZHANGGONG}
    assert follow(client, body["position"])["changes"] == []
    paged, at = [], since
    while True:
        page = follow(client, at, "&limit=2")
        assert len(page["changes"]) <= 2
        paged += told(page)
        at = page["position"]
        if not page["more"]:
            break
    assert paged == expected


def test_the_end_by_the_clock_is_told_once_and_in_pages(
    client: FlaskClient, pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    end = now + timedelta(hours=1)
    with pool.write_session() as session:
        ids = [new_job(session, now, valid_until=end).job_id for _ in range(7)]
        later = new_job(session, now, valid_until=end + timedelta(seconds=1)).job_id
    since = lines(client)[0]["position"]
    assert follow(client, since)["changes"] == []

    def at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    at(end)
    found: list[tuple[int, str]] = []
    while True:
        body = follow(client, since, "&limit=3")
        found += told(body)
        since = body["position"]
        if not body["more"]:
            break
    assert found == [(job_id, "expired") for job_id in ids]
    at(end + timedelta(seconds=2))
    assert told(follow(client, since)) == [(later, "expired")]


def test_a_clock_that_is_behind_brings_nothing_back(client: FlaskClient, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    with pool.write_session() as session:
        job_id = new_job(session, now, valid_until=now + timedelta(minutes=5)).job_id
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=6))
    since = lines(client)[0]["position"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=1))
    with pool.write_session() as session:
        change(session, job_id, now, title="又改了")
    assert told(follow(client, since)) == [(job_id, "expired")]


def test_a_copy_of_a_part_hears_of_what_leaves_it_and_of_nothing_else(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    part = f"&region={ZHANGGONG}&kind=public&trade=6-25"
    with pool.write_session() as session:
        inside = [new_job(session, now).job_id for _ in range(4)]
        outside = new_job(session, now, region_code=NANCHANG).job_id
        other_trade = new_job(session, now, trade_codes=[TRADES[1]]).job_id
        gig = new_job(session, now, kind="gig").job_id
    header, *jobs, _end = lines(client, "?" + part[1:])
    assert [job["job_id"] for job in jobs] == inside
    assert header["filter"] == {"kind": ["public"], "trade": ["6-25"], "region": ZHANGGONG}
    assert header["stream"].endswith(f"&kind=public&trade=6-25&region={ZHANGGONG}")
    with pool.write_session() as session:
        change(session, inside[0], now, region_code=NANKANG)
        change(session, inside[1], now, trade_codes=[TRADES[2]])
        change(session, inside[2], now, status="closed")
        for number in (outside, other_trade, gig):
            change(session, number, now, title="与这份无关")
        new_job(session, now, region_code=NANCHANG)
    first = follow(client, header["position"], part)
    assert told(first) == [(inside[0], "moved"), (inside[1], "moved"), (inside[2], "closed")]
    assert first["changes"][0]["region_code"] == NANKANG
    with pool.write_session() as session:
        change(session, inside[0], now, region_code=ZHANGGONG)
        change(session, outside, now, region_code=ZHANGGONG)
    assert told(follow(client, first["position"], part)) == [(inside[0], "job"), (outside, "job")]


def test_without_its_history_a_job_is_rather_deleted_once_too_often(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    with pool.write_session() as session:
        job = new_job(session, now, region_code=NANCHANG)
        job.version = 5  # its earlier lines are gone
    since = lines(client)[0]["position"]
    with pool.write_session() as session:
        change(session, job.job_id, now, title="改")
    assert told(follow(client, since, f"&region={ZHANGGONG}")) == [(job.job_id, "moved")]


def test_a_job_that_is_no_more_is_deleted_everywhere(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    with pool.write_session() as session:
        job_id = new_job(session, now).job_id
    since = lines(client)[0]["position"]
    with pool.write_session() as session:
        change(session, job_id, now, title="改")
        session.delete(session.get_one(Job, job_id))
    assert told(follow(client, since, f"&region={NANCHANG}")) == [(job_id, "deleted")]


def test_a_snapshot_in_parts_is_whole(client: FlaskClient, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PAGE", 3)
    monkeypatch.setattr(routes, "PART_SECONDS", 0.0)
    now = clock.now()
    with pool.write_session() as session:
        ids = [new_job(session, now).job_id for _ in range(8)]
    header, *jobs, last = lines(client, f"?region={ZHANGGONG}")
    got = [job["job_id"] for job in jobs]
    with pool.write_session() as session:
        change(session, ids[0], now, status="closed")
    while last["type"] == "next":
        assert last["after"] == got[-1]
        again, *jobs, last = lines(client, last["next"].removeprefix("/v1/snapshot/jobs"))
        assert again["position"] == header["position"]
        got += [job["job_id"] for job in jobs]
    assert got == ids
    assert told(follow(client, header["position"])) == [(ids[0], "closed")]


def test_a_slow_line_gets_whole_answers_too(pool: Database) -> None:
    """One page would take it longer than an answer may last: the answer ends in the middle of the page, and says where."""
    now = clock.now()
    with pool.write_session() as session:
        ids = [new_job(session, now).job_id for _ in range(30)]
        start = snapshot.begin(session, now)
    got: list[int] = []
    for line in snapshot.lines(pool, start, Selection(), "http://localhost", OpenDataSettings(), seconds=0.05):
        said = json.loads(line)
        if said["type"] == "job":
            got.append(said["job_id"])
            time.sleep(0.02)
    assert said["type"] == "next"
    assert 0 < said["jobs"] == len(got) < 10
    assert said["after"] == got[-1]
    behind = snapshot.Start(said["after"], start.position)
    rest = snapshot.lines(pool, behind, Selection(), "http://localhost", OpenDataSettings(), seconds=40)
    assert got + [job["job_id"] for job in map(json.loads, rest) if job["type"] == "job"] == ids


@pytest.mark.parametrize("query", ["?after=3", "?position=abc", "?after=0&position=a", "?trade=电工", "?kind=shop", "?region=x"])
def test_what_a_snapshot_cannot_read_is_422(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/v1/snapshot/jobs{query}")
    assert answer.status_code == 422
    assert answer.get_json()["errors"]


def test_a_wrong_position_is_400_and_an_old_one_410(client: FlaskClient) -> None:
    bad = client.get("/v1/stream/jobs?since=abc")
    assert (bad.status_code, bad.get_json()["error"]) == (400, "position_invalid")
    assert client.get("/v1/stream/jobs").status_code == 422
    now = clock.now()
    old = Position.load(lines(client)[0]["position"]).at(now - policy(now).position_age - timedelta(hours=1)).dump()
    for path in (f"/v1/stream/jobs?since={old}", f"/v1/snapshot/jobs?after=1&position={old}"):
        gone = client.get(path)
        assert (gone.status_code, gone.get_json()["error"]) == (410, "position_gone")
        assert gone.get_json()["details"] == {"snapshot": "/v1/snapshot/jobs"}


@pytest.mark.parametrize("limit", [1, 1000])
def test_what_commits_late_is_not_skipped(client: FlaskClient, pool: Database, limit: int) -> None:
    """Three transactions take their numbers in one order and commit in the other; a position that only remembered the highest
    number it saw would lose two of them."""
    if pool.is_sqlite:
        pytest.skip("one writer at a time: numbers are dealt out in the order of the commits")
    since, now = lines(client)[0]["position"], clock.now()
    with Session(pool.write_engine) as first, Session(pool.write_engine) as second, Session(pool.write_engine) as third:
        ids, numbers = [], []
        for session in (first, second, third):
            ids.append(new_job(session, now).job_id)
            numbers.append(session.scalars(select(JobChange.change_id).where(JobChange.job_id == ids[-1])).one())
        assert numbers == sorted(numbers)
        assert follow(client, since)["changes"] == [], "nothing of what may still go back"
        for session, job_id in zip((third, second, first), reversed(ids), strict=True):
            session.commit()
            body = follow(client, since, f"&limit={limit}")
            assert told(body) == [(job_id, "job")]
            since = body["position"]
    assert follow(client, since)["changes"] == []
    assert [job["job_id"] for job in lines(client)[1:-1]] == ids


def test_a_snapshot_begun_beside_an_open_transaction_hears_of_it(client: FlaskClient, pool: Database) -> None:
    if pool.is_sqlite:
        pytest.skip("one writer at a time")
    with Session(pool.write_engine) as late:
        job_id = new_job(late, clock.now()).job_id
        with pool.write_session() as quick:
            new_job(quick, clock.now())
        header, *jobs, _end = lines(client)
        assert [job["job_id"] for job in jobs] == [job_id + 1]
        assert follow(client, header["position"])["changes"] == [], "what the copy holds is not told again"
        late.commit()
    assert told(follow(client, header["position"])) == [(job_id, "job")]


def test_who_waits_gets_the_change_when_it_comes(app: flask.Flask, client: FlaskClient, pool: Database) -> None:
    app.extensions["room"] = Room.of(4)
    since = lines(client)[0]["position"]

    def later() -> None:
        with pool.write_session() as session:
            new_job(session, clock.now())

    timer = Timer(0.7, later)
    began = time.monotonic()
    timer.start()
    body = follow(client, since, "&wait=15")
    timer.join()
    assert len(body["changes"]) == 1
    assert 0.5 < time.monotonic() - began < 10
    began = time.monotonic()
    assert follow(client, body["position"], "&wait=1")["changes"] == []
    assert 0.9 < time.monotonic() - began < 5
    assert app.extensions["room"].waiting.acquire(blocking=False)  # the place is free again


def test_when_enough_wait_others_are_answered_at_once(app: flask.Flask, client: FlaskClient) -> None:
    since = lines(client)[0]["position"]
    for threads, taken in ((3, False), (4, True)):
        app.extensions["room"] = room = Room.of(threads)
        if taken:
            assert room.waiting.acquire(blocking=False)
        began = time.monotonic()
        answer = client.get(f"/v1/stream/jobs?since={since}&wait=20")
        assert time.monotonic() - began < 5
        assert answer.get_json()["changes"] == []
        assert answer.headers["Retry-After"] == "5"


def test_only_so_many_fetch_at_once_and_places_come_back(app: flask.Flask, client: FlaskClient) -> None:
    app.extensions["room"] = Room.of(4)
    held = client.get("/v1/snapshot/jobs", buffered=False)
    full = client.get("/v1/snapshot/jobs")
    assert (full.status_code, full.get_json()["error"], full.headers["Retry-After"]) == (503, "downloads_full", "30")
    held.close()  # half-way: the line broke
    for _ in range(3):
        head = client.head("/v1/snapshot/jobs")
        head.close()  # as every server does
        assert head.status_code == 200
    assert lines(client)[-1]["type"] == "end"


def test_the_classes_have_their_own_numbers(app: flask.Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    since = lines(client)[0]["position"]
    limit = app.extensions["rate_limit"]
    monkeypatch.setattr(limit, "factor", 0.5)
    monkeypatch.setattr(limit, "own", OwnCounters())
    assert [client.get("/v1/snapshot/jobs").status_code for _ in range(14)] == [200] * 12 + [429] * 2
    assert follow(client, since)["changes"] == []  # one class does not use up the other


def test_a_posting_of_a_job_that_is_shown(client: FlaskClient, pool: Database) -> None:
    now = clock.now()
    with pool.write_session() as session:
        shown, held = new_job(session, now).job_id, new_job(session, now, status="held").job_id
    answer = client.get(f"/v1/jobs/{shown}/posting")
    assert answer.mimetype == "application/ld+json"
    body = answer.get_json(force=True)
    assert (body["@type"], body["title"], body["baseSalary"]["value"]["minValue"]) == ("JobPosting", "电子厂普工", 6000.0)
    assert "13800000001" not in answer.get_data(as_text=True)
    known = client.get(f"/v1/jobs/{shown}/posting", headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304
    assert client.get(f"/v1/jobs/{held}/posting").get_json()["error"] == "job_over"
    assert client.get("/v1/jobs/999999/posting").status_code == 404
