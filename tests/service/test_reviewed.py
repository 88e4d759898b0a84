"""Faults that a reading of the whole found: each of these failed before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from matching.model import Query
from service import clock
from service.app import create_app
from service.db import Database
from service.indexing.follower import Follower
from service.indexing.live import LiveIndex
from service.jobs.models import LiveSession
from service.search.widen import steps
from tests.service.conftest import People, Publish, draft, gig_draft, make_people, settings_for


def _edit(client: FlaskClient, people: People, made: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    answer = client.patch(f"/v1/jobs/{made['job_id']}", json=change, headers=people.employer | {"If-Match": "*"})
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_gig_of_a_year_can_be_edited(client: FlaskClient, people: People, publish: Publish) -> None:
    body = gig_draft(clock.now())
    body["gig"]["ends_at"] = clock.show(clock.now() + timedelta(days=300))
    made = publish(body)
    assert clock.parse(made["valid_until"]) <= clock.now() + timedelta(days=180)
    _edit(client, people, made, {"title": "装卸工 夜班"})


@pytest.mark.parametrize("hours", [4, 96])
def test_the_advert_of_a_gig_ends_with_its_work(client: FlaskClient, people: People, publish: Publish, hours: int) -> None:
    made = publish(gig_draft(clock.now()))
    edited = _edit(client, people, made, {"gig": {"ends_at": clock.show(clock.now() + timedelta(days=1, hours=hours))}})
    assert edited["valid_until"] == edited["gig"]["ends_at"]


def test_a_wrong_region_put_right_is_shown(client: FlaskClient, people: People, publish: Publish) -> None:
    made = publish(draft(region="999999", address="赣州市章贡区沙河工业园"))
    assert made["status"] == "held"
    assert _edit(client, people, made, {"region": "360702"})["status"] == "open"
    assert _edit(client, people, made, {"region": "999999"})["status"] == "held"


def test_one_number_of_a_stream_wanted_by_many(new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    made = create_app(settings_for(new_postgres_url(), tmp_path))
    now = clock.now()
    times = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=1, hours=2), "created_at": now}
    with made.extensions["database"].write_session() as session:
        people = make_people(session, now)
        session.add(LiveSession(code="ZB-1", title="演示", host="演示主播", platform="视频号", room="演示", **times))
    start, statuses = threading.Barrier(5), []

    def send(number: int) -> None:
        start.wait(10)
        body = draft(kind="live", live={"session": "ZB-1", "listing_no": 3})
        headers = people.employer | {"Idempotency-Key": f"race-key-{number}"}
        statuses.append(made.test_client().post("/v1/jobs", json=body, headers=headers).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.extensions["database"].close()
    assert sorted(statuses) == [201, 409, 409, 409, 409]


def _catch_up(app: flask.Flask) -> None:
    settings, database, live = (app.extensions[name] for name in ("settings", "database", "live_index"))
    follower = Follower(database, settings.index_dir)
    while follower.step():
        pass
    follower.close()
    live.refresh()


def test_an_index_thrown_away_under_the_web_comes_back(app: flask.Flask, client: FlaskClient, publish: Publish) -> None:
    publish(draft(title="电焊工"))
    _catch_up(app)
    assert client.get("/v1/jobs").status_code == 200
    wanted = publish(draft(title="食堂厨师"))["job_id"]
    for path in app.extensions["settings"].index_dir.glob("*"):
        if path.name != "LOCK":
            path.unlink()
    _catch_up(app)
    assert app.extensions["live_index"].trouble is None
    assert [item["job_id"] for item in client.get("/v1/jobs?q=厨师").get_json()["items"]] == [wanted]


def test_the_watching_outlives_an_error_of_the_disk(app: flask.Flask, publish: Publish) -> None:
    publish()
    _catch_up(app)
    folder = app.extensions["settings"].index_dir
    live = LiveIndex(folder, 0.02)
    live.start()
    manifest = folder / "MANIFEST"
    kept = manifest.read_bytes()
    manifest.unlink()
    manifest.mkdir()
    time.sleep(0.3)
    assert live.trouble
    manifest.rmdir()
    manifest.write_bytes(kept)
    time.sleep(0.3)
    assert live._thread is not None
    alive, trouble = live._thread.is_alive(), live.trouble
    live.stop()
    assert alive
    assert trouble is None


def test_lines_of_another_server_are_not_read_for_ever(new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    database = Database(new_postgres_url())
    lines = "select n, now(), 1000000000 from generate_series(1, 20000) n"
    with database.write_session() as session:
        session.execute(text(f"insert into job_change (job_id, at, transaction_id) {lines}"))
    follower = Follower(database, tmp_path)
    follower.step()
    assert (tmp_path / "MANIFEST").stat().st_size < 2000
    with database.write_session() as session:
        session.execute(text("insert into job_change (job_id, at) values (7, now())"))
    assert follower.step() == 1
    follower.close()
    database.close()


def test_the_sentence_names_the_distance_that_was_asked_for() -> None:
    sentence, _ = next(steps(Query(now=0, lat=20.0, lng=110.0, radius_km=450.0)))
    assert sentence.startswith("450 公里内")
