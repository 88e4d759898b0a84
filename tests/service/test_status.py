"""What ``/status`` says of a service that runs: what program, what tables, how new the index is, what waits."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from service import clock, status
from service.indexing.follower import Follower
from service.migrations.run import heads
from service.tasks import enqueue
from service.tasks.models import Task
from service.tasks.queue import PULSE
from tests.service.conftest import Publish, draft


def _indexed(app: flask.Flask) -> None:
    """The index holds what the database holds, and the follower was there."""
    follower = Follower(app.extensions["database"], app.extensions["settings"].index_dir)
    follower.step()
    follower.beat()
    follower.close()
    app.extensions["live_index"].refresh()


def test_every_part_of_a_service_that_is_well(app: flask.Flask, client: FlaskClient, publish: Publish) -> None:
    database = app.extensions["database"]
    publish()
    _indexed(app)
    now = clock.now()
    with database.write_session() as session:
        pulse = enqueue(session, PULSE)
        session.execute(update(Task).where(Task.task_id == pulse).values(state="done", finished_at=now))
    said = client.get("/status").get_json()
    assert said["ok"], said
    assert said["database"] == {
        "ok": True,
        "kind": "sqlite" if database.is_sqlite else "postgresql",
        "revision": heads()[0],
        "open_jobs": 1,
        "duplicates": 0,
        "headcount": 20,
    }
    index = said["index"]
    assert (index["jobs"], index["changes_waiting"], index["trouble"]) == (1, 0, None)
    for name in ("built_at", "updated_at"):
        assert abs(clock.parse(index[name]) - now) < timedelta(minutes=1), name
    assert said["follower"]["last_rebuild_reason"] == "还没有索引，第一次建立"
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=status.ROOT, capture_output=True, text=True, check=False)
    assert said["commit"] == (asked.stdout[:12] or None)
    assert said["version"] == status.program_version()


def test_what_waits_and_what_was_given_up(app: flask.Flask, client: FlaskClient, publish: Publish) -> None:
    database = app.extensions["database"]
    publish()
    _indexed(app)
    for number in range(3):
        publish(draft(title=f"电焊工（{number}）"))
    with database.write_session() as session:
        session.execute(delete(Task))  # what publishing asked for
        late, given_up = enqueue(session, "test.late"), enqueue(session, "test.dead")
        enqueue(session, "test.later", due_at=clock.now() + timedelta(days=1))
        past = clock.now() - timedelta(minutes=10)
        session.execute(update(Task).where(Task.task_id == late).values(due_at=past))
        session.execute(update(Task).where(Task.task_id == given_up).values(state="dead", finished_at=past))
    said = client.get("/status").get_json()
    assert said["index"]["changes_waiting"] == 3
    tasks = said["tasks"]
    assert (tasks["waiting"], tasks["due"], tasks["dead"], tasks["last_seen_at"]) == (2, 1, 1, None)
    assert 599 <= tasks["oldest_due_seconds"] < 700
    assert not tasks["ok"]
    assert not said["ok"]
