"""A clock that jumps forth and back: nothing is lost for it, nothing is done twice, and ``/status`` says so."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.indexing.follower import Follower
from service.jobs.models import Job
from service.tasks.worker import Worker
from tests.service.conftest import People, draft


class Jump:
    """The machine's clock, put forward by ``days``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.days = 0.0
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + self.days * 86400)
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=self.days))


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """A clock to be moved."""
    return Jump(monkeypatch)


@pytest.mark.costly
@pytest.mark.parametrize("days", [8, 400, -8, -400])
def test_forth_and_back(app: flask.Flask, client: FlaskClient, people: People, jump: Jump, days: int) -> None:
    database = app.extensions["database"]
    follower = Follower(database, app.extensions["settings"].index_dir)

    def publish(key: str, title: str) -> tuple[int, int]:
        headers = people.employer | {"Idempotency-Key": f"jump-{key}-0001"}
        answer = client.post("/v1/jobs", json=draft(title=title), headers=headers)
        return answer.status_code, (answer.get_json() or {}).get("job_id", 0)

    def shown() -> list[int]:
        while follower.step():
            pass
        app.extensions["live_index"].refresh()
        answer = client.get("/v1/jobs?limit=50")
        assert answer.status_code == 200
        return sorted(item["job_id"] for item in answer.get_json()["items"])

    status, first = publish("first", "电焊工（一）")
    assert (status, shown()) == (201, [first])

    jump.days = days
    there, second = publish("second", "电焊工（二）")
    # Far ahead the token is over; far back no clock can be: clear refusals both.
    assert there == {8: 201, 400: 401, -8: 201, -400: 503}[days]
    if abs(days) < 100:
        assert publish("first", "电焊工（一）") == (201, first)  # the same answer: no second job
    assert shown() == {8: [first, second], 400: [], -8: [first, second], -400: [first]}[days]
    said = client.get("/status").get_json()["clock"]
    assert not said["ok"]
    assert abs(said["jumped_seconds"]) > 5
    if not database.is_sqlite:
        assert abs(said["difference_seconds"] - days * 86400) < 5

    jump.days = 0
    assert publish("first", "电焊工（一）") == (201, first)
    assert shown() == sorted({first, second} - {0})
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == len({first, second} - {0})
    assert client.get("/status").get_json()["clock"]["ok"]
    follower.close()


def test_tasks_are_done_once_whatever_the_clock_says(app: flask.Flask, jump: Jump) -> None:
    """Timed work is made for every moment once, forth and back; the worker goes on."""
    database = app.extensions["database"]
    worker = Worker(database, app.extensions["settings"])
    made = []
    for days in (0, 400, 0, -400, 0):
        jump.days = days
        made.append(worker.make_timed())
    assert made[0] > 0
    assert made[2] == 0 == made[4]
